"""A partner's invoice is received, or sent back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from ledger.decisions.case import find, find_milestone, judge, open_case
from ledger.decisions.delivery import delivered, invoiced_on
from ledger.decisions.milestones import WHO
from ledger.decisions.rules_invoice import (
    Arrived,
    Billed,
    invoice_covers_above_zero,
    invoice_covers_add_up,
    invoice_covers_what_was_delivered,
    invoice_issued_before_receipt,
    invoice_live,
    invoice_not_paid,
    invoice_number_once,
    invoice_tax_within_amount,
    not_over_invoiced,
)
from ledger.decisions.rules_when import DATES
from ledger.errors import InputInvalid
from ledger.events import Covered, Fact, InvoiceReceived, InvoiceRejected, Line
from ledger.intents import Context, ReceiveInvoice, RejectInvoice
from ledger.invoice_kinds import KINDS
from ledger.invoicing import invoiceable, vat_of
from ledger.known import Known
from ledger.money import round_minor
from ledger.pricing.order import price
from ledger.pricing.payment_due import payment_due
from ledger.state import Contract, Milestone

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
# What changes the payment, not the invoice.
_NOT_INVOICED = ("retention", "advance", "settlement")


def receive(state: Contract, intent: ReceiveInvoice, context: Context, known: Known) -> list[Fact]:
    """Takes an invoice in; where payment is counted from it, accepted milestones fall due by it."""
    number = _checked(intent)
    case = open_case(state, intent, context, roles=("finance", "partner"), known=known)
    milestones = [find_milestone(state, covered.milestone) for covered in intent.covers]
    case.rests_on = tuple(dict.fromkeys(v for m in milestones for v in _delivery(m)))
    judge(
        case.about(Arrived(number, milestones, intent.issued_on)),
        *WHO,
        invoice_covers_what_was_delivered,
        *DATES,
        invoice_issued_before_receipt,
        invoice_number_once,
    )
    covers = list(zip(milestones, _amounts(state, milestones, intent), strict=True))
    total = sum(amount for _, amount in covers)
    case.amount_minor = total if intent.amount_minor is None else intent.amount_minor
    if intent.tax_minor is None:
        tax_minor = sum(_tax_in(state, milestone, amount) for milestone, amount in covers)
    else:
        tax_minor = intent.tax_minor
    judge(
        case.about(Billed(covers, tax_minor)),
        invoice_covers_above_zero,
        invoice_covers_add_up,
        invoice_tax_within_amount,
        not_over_invoiced,
    )
    day = intent.issued_on or case.on
    return [
        InvoiceReceived(
            on=case.on,
            rests_on=case.rests_on,
            number=number,
            kind=intent.kind,
            amount_minor=case.amount_minor,
            covers=tuple(_covered(state, m, amount, day) for m, amount in covers),
            tax_minor=tax_minor,
            issued_on=intent.issued_on,
            sha256=intent.sha256,
            uri=intent.uri,
        )
    ]


def reject(state: Contract, intent: RejectInvoice, context: Context) -> list[Fact]:
    """Sends an invoice back: its number is free again, and due dates that it set are those of the invoices left."""
    invoice = find(state, "invoice", state.invoices, intent.invoice)
    case = open_case(state, intent, context, rests_on=(invoice.version,), roles=("finance",))
    judge(case.about(invoice), *WHO, invoice_live, *DATES, invoice_not_paid)
    # One that does not count from its invoice is left out: sending the invoice back must not take its due date.
    left = tuple(
        _covered(state, m, covered.amount_minor, invoiced_on(state, m, invoice.version))
        for covered in invoice.event.covers
        for m in [state.milestones[covered.milestone]]
        if _counts_from_invoice(state, m)
    )
    return [
        InvoiceRejected(
            on=case.on,
            rests_on=case.rests_on,
            invoice=invoice.version,
            reason=intent.reason,
            covers=left,
        )
    ]


def _checked(intent: ReceiveInvoice) -> str:
    """The number without the space around it; raises InputInvalid where the request cannot be understood."""
    number = intent.number.strip()
    names = [covered.milestone for covered in intent.covers]
    twice = sorted({name for name in names if names.count(name) > 1})
    if not number:
        raise InputInvalid(
            "invoice-number-empty", "the invoice has no number", hint="give its number"
        )
    if intent.kind not in KINDS:
        raise InputInvalid(
            "invoice-kind-unknown",
            f"{intent.kind!r} is no kind of invoice",
            hint=f"the kinds are {', '.join(KINDS)}",
        )
    if not names or twice:
        raise InputInvalid(
            "invoice-covers-unclear",
            f"{', '.join(twice)} is named twice" if twice else "it names no milestone",
            hint="name each milestone that it covers once: --milestone M1 --milestone M2",
        )
    if intent.sha256 and not _SHA256.fullmatch(intent.sha256):
        raise InputInvalid(
            "digest-invalid",
            f"{intent.sha256!r} is no SHA-256",
            hint="it has 64 hexadecimal digits, in lower case",
        )
    return number


def _delivery(milestone: Milestone) -> Iterator[int]:
    """The facts that an invoice of a milestone rests on: its definition, and the delivery that is invoiced."""
    yield milestone.version
    submission = milestone.acceptance.submission if milestone.acceptance else milestone.pending
    if submission is not None:
        yield submission.version


def _amounts(state: Contract, milestones: list[Milestone], intent: ReceiveInvoice) -> Iterator[int]:
    """What the invoice covers of each milestone: as said, else what is left to be invoiced.

    Of an amount given in all, the one milestone without an amount of its own has the rest.
    """
    said = [covered.amount_minor for covered in intent.covers]
    rest = None
    if intent.amount_minor is not None and said.count(None) == 1:
        rest = intent.amount_minor - sum(amount for amount in said if amount is not None)
    for milestone, amount in zip(milestones, said, strict=True):
        if amount is not None:
            yield amount
        elif rest is not None:
            yield rest
        else:
            yield _whole(state, milestone)[0] - milestone.invoiced_minor


def _whole(state: Contract, milestone: Milestone) -> tuple[int, int]:
    """What a milestone's invoices come to with tax, and the tax in it; before acceptance, as it would be accepted."""
    accepted = invoiceable(milestone)
    if accepted is not None:
        return accepted, vat_of(milestone)
    if milestone.pending is None:
        return 0, 0
    planned = milestone.current.amount_minor or 0
    lines = price(delivered(state, milestone, milestone.pending, planned))
    wanted = [line for line in lines if _invoiced(line)]
    vat = sum(line.amount_minor for line in wanted if line.step == "tax")
    return sum(line.amount_minor for line in wanted) + milestone.adjustment_minor, vat


def _invoiced(line: Line) -> bool:
    return line.step not in _NOT_INVOICED and (line.step, line.clause) != ("tax", "withholding")


def _tax_in(state: Contract, milestone: Milestone, amount_minor: int) -> int:
    """The part of a milestone's value added tax that an amount of it has."""
    whole, vat = _whole(state, milestone)
    rounding = state.terms_of(milestone).rounding
    return round_minor(Fraction(amount_minor * vat, whole), rounding) if whole else 0


def _counts_from_invoice(state: Contract, milestone: Milestone) -> bool:
    agreed = state.terms_of(milestone).payment
    return agreed is not None and agreed.after == "invoice"


def _covered(state: Contract, milestone: Milestone, amount_minor: int, day: date | None) -> Covered:
    """A milestone as an invoice of that day covers it; only one that is accepted has a due date."""
    acceptance = milestone.acceptance
    if acceptance is None or not _counts_from_invoice(state, milestone):
        return Covered(milestone=milestone.id, amount_minor=amount_minor)
    due = payment_due(acceptance.terms, acceptance.on, day)
    return Covered(
        milestone=milestone.id,
        amount_minor=amount_minor,
        payment_due=due.day,
        provisional=due.provisional,
        calendar=due.calendar,
    )
