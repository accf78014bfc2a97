"""Exceptions about the accounts that were paid: changed shortly before, approved by nobody, kept by strangers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ledger.counting import in_days
from ledger.payees import Payee, Payees, masked, same_place
from ledger.state import ADMINISTRATOR, Payment
from projections.exception_rules.rule import (
    Findings,
    Hit,
    Limits,
    Seen,
    Unchecked,
    exception_rule,
    rule_of_payees,
)

_UNNAMED = "the payment names no account"


def _paid(seen: Seen) -> Iterator[tuple[Payment, int, Payee | None]]:
    """(payment, position of its instruction or record, the account that it names) of what was not called off."""
    for payment in seen.contract.payments.values():
        if payment.status != "failed" and payment.refunded is None:
            told = payment.instruction
            yield payment, payment.position, seen.payees.accounts.get(told.payee) if told else None


@exception_rule(
    "high",
    "No account was approved within `days` before a payment was instructed to it.",
    "a changed account is how payments are diverted",
    days=14,
)
def payee_changed_before_payment(seen: Seen) -> Findings:
    days = seen.limit("days")
    for payment, position, payee in _paid(seen):
        if payee is None or payee.approved_on is None:
            yield Unchecked(_UNNAMED)
            continue
        payee = _first(seen, payee)
        assert payee.approved_on is not None, "what replaced it was approved"
        if (age := (_recorded(seen, payment) - payee.approved_on).days) < days:
            old = seen.payees.accounts.get(payee.replaces)
            number = masked(payee.account.number)
            was = f"changed from {masked(old.account.number)} to" if old else "new account"
            detail = (
                f"{was} {number} (#{payee.version}) on {payee.approved_on} by {payee.proposed_by}"
                f" and {payee.approved_by}, {in_days(age)} before the instruction"
            )
            yield Hit(
                payment.milestone, detail, (payee.approved_at, position), _paid_minor(payment)
            )


def _paid_minor(payment: Payment) -> int:
    return payment.paid_minor or payment.amount_minor


def _first(seen: Seen, payee: Payee) -> Payee:
    """The approval since which that number is paid: one that only adds an address, say, changes no number."""
    while (old := seen.payees.accounts.get(payee.replaces)) is not None:
        if not same_place(old.account, payee.account):
            break
        payee = old
    return payee


def _recorded(seen: Seen, payment: Payment) -> date:
    """The day on which its instruction was recorded, in UTC like every day of an account."""
    record = next(r for r in seen.records if r.version == payment.version)
    return date.fromisoformat(record.recorded_at[:10])


@exception_rule(
    "high",
    "Where a partner has an approved account, every payment goes to it.",
    "a payment past the account that two people checked went to one that nobody did",
)
def paid_to_unapproved_account(seen: Seen) -> Findings:
    terms = seen.contract.terms
    for payment, position, payee in _paid(seen):
        told = payment.instruction
        currency = told.exchange.currency if told and told.exchange else terms.currency
        right = seen.payees.paid_at(position, terms.partner, currency)
        if told is None:
            yield Unchecked("the payment has no instruction that could name an account (imported)")
        elif told.payee and (payee is None or not payee.counted_at(position)):
            detail = (
                f"to account #{told.payee} ({masked(told.account)}), which was not approved then"
            )
            yield Hit(payment.milestone, detail, (position,), _paid_minor(payment))
        elif payee is not None and not _same(payee, told.account, terms.partner):
            detail = (
                f"to {masked(told.account)} as account #{payee.version}, which is"
                f" {masked(payee.account.number)} of {payee.partner}"
            )
            yield Hit(payment.milestone, detail, (position,), _paid_minor(payment))
        elif payee is None and right is not None:
            detail = f"to no account, though {terms.partner} has #{right.version} ({masked(right.account.number)})"
            yield Hit(
                payment.milestone, detail, (right.approved_at, position), _paid_minor(payment)
            )
        elif payee is None:
            yield Unchecked("the partner had no approved account")


def _same(payee: Payee, number: str, partner: str) -> bool:
    return (payee.account.number, payee.partner) == (number, partner)


@exception_rule(
    "medium",
    "Both who proposed and approved an account that is paid are finance or administrators of the contract.",
    "whoever signs a contract of their own with a partner could change where all others pay",
)
def payee_kept_by_strangers(seen: Seen) -> Findings:
    known = {g.person for g in seen.contract.grants if g.role in ("finance", ADMINISTRATOR)}
    for payment, position, payee in _paid(seen):
        if payee is None:
            yield Unchecked(_UNNAMED)
        elif strangers := sorted({payee.proposed_by, payee.approved_by} - {*known, ""}):
            detail = (
                f"account #{payee.version} ({masked(payee.account.number)}) was kept by"
                f" {' and '.join(strangers)}, without a role in {seen.contract.id}"
            )
            yield Hit(
                payment.milestone, detail, (payee.approved_at, position), _paid_minor(payment)
            )


@rule_of_payees(
    "high",
    "Nobody approves an account that they proposed.",
    "no rule lets it pass: it was imported, or written past the program",
)
def payee_approved_by_proposer(payees: Payees, limits: Limits) -> Findings:
    for payee in payees.accounts.values():
        if payee.approved_by and payee.approved_by == payee.proposed_by:
            number = masked(payee.account.number)
            detail = f"account #{payee.version} ({number}) of {payee.partner} by {payee.approved_by} alone"
            yield Hit("", detail, (payee.approved_at,))
