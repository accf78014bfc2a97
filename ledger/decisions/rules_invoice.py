"""What an invoice may say, when it is sent back, and what is paid on it: the rules on invoices."""

from __future__ import annotations

from datetime import date

import msgspec

from ledger.decisions.case import Case, Objection, rule
from ledger.decisions.rules_money import written
from ledger.invoice_numbers import compared
from ledger.invoicing import covered_left, invoiceable, spent_of, tolerance
from ledger.state import Invoice, Milestone


class Arrived(msgspec.Struct, frozen=True):
    """An invoice as it says of itself: its number, the milestones that it names, and its own date, if it has one."""

    number: str
    milestones: list[Milestone]
    issued_on: date | None


class Billed(msgspec.Struct, frozen=True):
    """What an invoice covers of each milestone with its tax, and the tax in all of it."""

    covers: list[tuple[Milestone, int]]
    tax_minor: int


@rule(
    "A partner's invoice number is used once, on whichever contract, until its invoice is rejected."
)
def invoice_number_once(case: Case[Arrived]) -> Objection | None:
    number, state = case.subject.number, case.state
    hint = "it is recorded already; reject that one first if it was wrong"
    for invoice in state.invoices.values():
        same = compared(invoice.event.number) == compared(number)
        if same and invoice.status == "received":
            received = f"received on {invoice.on} as {state.id}#{invoice.version}"
            return Objection(f"invoice {number} of {state.terms.partner} was {received}", hint)
    holder = case.known.numbers.holder(state.terms.partner, number)
    if not holder:
        return None
    return Objection(
        f"invoice {number} of {state.terms.partner} was received on contract {holder}",
        f"{hint}: mledger invoice list --contract {holder}",
    )


@rule("An invoice covers milestones that were submitted or accepted.")
def invoice_covers_what_was_delivered(case: Case[Arrived]) -> Objection | None:
    for milestone in case.subject.milestones:
        if milestone.status not in ("submitted", "accepted"):
            status = "not submitted yet" if milestone.status == "expected" else milestone.status
            return Objection(
                f"{case.state.id}/{milestone.id} is {status}",
                "record its delivery first, or leave it out of the invoice",
            )
    return None


@rule("An invoice is issued on or before the day on which it is received.")
def invoice_issued_before_receipt(case: Case[Arrived]) -> Objection | None:
    issued = case.subject.issued_on
    if issued is None or case.on is None or issued <= case.on:
        return None
    return Objection(
        f"it was issued on {issued} and received on {case.on}", "correct --issued or --on"
    )


@rule("What an invoice covers of each milestone is above zero.")
def invoice_covers_above_zero(case: Case[Billed]) -> Objection | None:
    for milestone, amount in case.subject.covers:
        if amount <= 0:
            name = f"{case.state.id}/{milestone.id}"
            return Objection(
                f"{written(case, amount)} of {name} is not above zero;"
                f" {written(case, milestone.invoiced_minor)} of it is invoiced already",
                f"leave it out, or give its amount: --milestone {milestone.id}=AMOUNT",
            )
    return None


@rule("The milestones that an invoice covers add up to its amount.")
def invoice_covers_add_up(case: Case[Billed]) -> Objection | None:
    covers = case.subject.covers
    total = sum(amount for _, amount in covers)
    if total == case.amount_minor:
        return None
    parts = " + ".join(f"{m.id} {written(case, amount)}" for m, amount in covers)
    each = " ".join(f"--milestone {m.id}=AMOUNT" for m, _ in covers)
    return Objection(
        f"{parts} is {written(case, total)}, and the invoice is for {written(case, case.amount_minor)}",
        f"give each milestone's amount, tax included: {each}",
    )


@rule("The tax in an invoice is between zero and its amount.")
def invoice_tax_within_amount(case: Case[Billed]) -> Objection | None:
    tax = case.subject.tax_minor
    if 0 <= tax <= case.amount_minor:
        return None
    return Objection(
        f"a tax of {written(case, tax)} in an invoice of {written(case, case.amount_minor)}",
        "give the amount with its tax, and the tax in it",
    )


@rule(
    "Invoices of an accepted milestone come to what was accepted with its tax, within the tolerance."
)
def not_over_invoiced(case: Case[Billed]) -> Objection | None:
    allowed = tolerance(case.state)
    for milestone, amount in case.subject.covers:
        wanted = invoiceable(milestone)
        invoiced = milestone.invoiced_minor
        if wanted is not None and invoiced + amount > wanted + allowed:
            beyond = f", {written(case, allowed)} of tolerance" if allowed else ""
            return Objection(
                f"{case.state.id}/{milestone.id} was accepted for {written(case, wanted)} with tax{beyond};"
                f" {written(case, invoiced)} is invoiced, and this covers {written(case, amount)}",
                f"at most {written(case, max(0, wanted + allowed - invoiced))} more is invoiced;"
                " ask the partner for a corrected invoice",
            )
    return None


@rule("An invoice is rejected once.")
def invoice_live(case: Case[Invoice]) -> Objection | None:
    invoice = case.subject
    if invoice.status == "received":
        return None
    return Objection(
        f"invoice {invoice.event.number} ({case.state.id}#{invoice.version}) was rejected on"
        f" {invoice.rejected_on}",
        "nothing is to be done",
    )


@rule("An invoice is not rejected after a payment that it covers.")
def invoice_not_paid(case: Case[Invoice]) -> Objection | None:
    """A payment made before the invoice came does not need it, and one that other invoices cover does not either."""
    invoice = case.subject
    for covered in invoice.event.covers:
        milestone = case.state.milestones[covered.milestone]
        others = milestone.invoiced_minor - covered.amount_minor
        since = [
            payment
            for payment in case.state.payments.values()
            if payment.version > invoice.version
            and payment.milestone == milestone.id
            and payment.status in ("instructed", "paid")
        ]
        if since and spent_of(milestone) > others:
            latest = since[-1]
            return Objection(
                f"{case.state.id}#{latest.version} pays {case.state.id}/{milestone.id}, which invoice"
                f" {invoice.event.number} covers: {written(case, spent_of(milestone))} is paid or"
                f" instructed, and other invoices cover {written(case, others)}",
                "fail or reverse the payment first, or settle the difference with a dispute",
            )
    return None


@rule("Where the contract requires invoices, a payment stays within what invoices received cover.")
def invoice_before_payment(case: Case) -> Objection | None:
    milestone = case.the_milestone()
    left = covered_left(case.state, milestone, case.on)
    if left is None or case.amount_minor <= left:
        return None
    return Objection(
        f"invoices received by {case.on} leave {written(case, left)} of {case.state.id}/{milestone.id} to"
        f" be paid, not {written(case, case.amount_minor)}"
        f" ({written(case, spent_of(milestone))} is paid or instructed)",
        f"record the partner's invoice first: mledger invoice receive {case.state.id} NUMBER"
        f" --milestone {milestone.id}",
    )
