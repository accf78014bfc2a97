"""The sentences of events about invoices, retention, set-offs, payments and the accounts that are paid."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from commands.sentence_parts import because, corrected, on_day, sum_of
from ledger import events as e
from ledger.accounts import address_line
from ledger.events import BankAccount, Exchange, Fact
from ledger.money import display_minor
from ledger.payees import masked

if TYPE_CHECKING:
    from commands.sentence_parts import Told
    from ledger.state import Payment


def _what(milestone: str, release: int) -> str:
    """What a payment pays: the milestone itself, or a release of its retention."""
    return f"{milestone} (retention #{release})" if release else milestone


def _in_exchange(exchange: Exchange | None) -> str:
    if exchange is None:
        return ""
    amount = f"{display_minor(exchange.amount_minor, exchange.currency)} {exchange.currency}"
    source = f", {exchange.source}" if exchange.source else ""
    of = f" of {exchange.rate_on}" if exchange.rate_on else ""
    return f" as {amount} (rate {exchange.rate}{of}{source})"


# --- retention, set-off and withholding ----------------------------------------------------------


def _released(fact: e.RetentionReleased, told: Told) -> str:
    name = told.milestone(fact.milestone)
    due = f"; payment due {fact.payment_due}" if fact.payment_due else ""
    sure = " (provisional)" if fact.provisional else ""
    amount = told.money(fact.amount_minor)
    return f"{told.numbered()} retention of {name} released{on_day(fact.on)}: {amount}{due}{sure}"


def _set_off(fact: e.ClaimSetOff, told: Told) -> str:
    moved = sum_of(fact.lines, "settlement")
    one, two = told.milestone(fact.milestone), told.milestone(fact.against)
    act = f"{one} set off{on_day(fact.on)} against {two}"
    by = f" by {told.numbered(fact.proposal)}" if fact.proposal else ""
    return f"{act}: {told.money(moved)}{by}{because(fact.reason)}"


def _filed(fact: e.WithholdingFiled, told: Told) -> str:
    amount = told.money(fact.amount_minor)
    name = told.milestone(fact.milestone)
    return f"{name} withholding tax of {amount} filed{on_day(fact.on)}, reference {fact.reference}"


# --- invoices ------------------------------------------------------------------------------------


def _invoiced(fact: e.InvoiceReceived, told: Told) -> str:
    tax = f", tax {told.bare(fact.tax_minor)} included" if fact.tax_minor else ""
    covers = ", ".join(
        f"{covered.milestone} {told.bare(covered.amount_minor)}"
        + (f" due {covered.payment_due}" if covered.payment_due else "")
        for covered in fact.covers
    )
    issued = f", issued {fact.issued_on}" if fact.issued_on else ""
    said = f"{told.money(fact.amount_minor)}{tax} for {covers or 'no milestone'}"
    act = f"invoice {fact.number} ({fact.kind}) received{on_day(fact.on)}{issued}"
    return f"{told.numbered()} {act}: {said}"


def _uninvoiced(fact: e.InvoiceRejected, told: Told) -> str:
    invoice = told.contract.invoices.get(fact.invoice)
    number = f" {invoice.event.number}" if invoice else ""
    name = told.numbered(fact.invoice)
    return f"{name} invoice{number} rejected{on_day(fact.on)}{because(fact.reason)}"


def _numbered(fact: e.InvoiceNumbered, told: Told) -> str:
    return f"invoice number {fact.number} of {fact.partner} taken by {fact.contract}"


def _freed(fact: e.InvoiceNumberFreed, told: Told) -> str:
    return f"invoice number {fact.number} of {fact.partner} free again, rejected in {fact.contract}"


# --- payments ------------------------------------------------------------------------------------


def _instructed(fact: e.PaymentInstructed, told: Told) -> str:
    run = f" in {fact.run}" if fact.run else ""
    run += f", transfer {fact.transfer}" if fact.transfer else ""
    run += f", to account {masked(fact.account)}" if fact.account else ""
    if fact.discount_minor:
        run += f", {told.bare(fact.discount_minor)} off for paying early"
    run += ", signed" if fact.signature else ""
    amount = told.money(fact.amount_minor) + _in_exchange(fact.exchange)
    what = _what(fact.milestone, fact.release)
    return f"{told.numbered()} payment of {amount} for {what} instructed{on_day(fact.on)}{run}"


def _paid(fact: e.PaymentRecorded, told: Told) -> str:
    what = f"for {_what(fact.milestone, fact.release)}"
    if not fact.milestone:
        what = "that names no milestone"
    more = f", reference {fact.reference}" if fact.reference else ""
    more += f", entry {fact.entry}" if fact.entry else ""
    more += f", fees {told.bare(fact.fees_minor)}" if fact.fees_minor else ""
    if discount := -sum_of(fact.lines, "settlement"):
        more += f", {told.bare(discount)} saved by paying early"
    amount = told.money(fact.amount_minor) + _in_exchange(fact.exchange)
    name = told.numbered(fact.instruction)
    return f"{name} payment of {amount} {what} recorded{on_day(fact.on)}{more}"


def _refunded(fact: e.PaymentRefunded, told: Told) -> str:
    what = _what(told.milestone(fact.milestone), fact.release)
    more = f", reference {fact.reference}" if fact.reference else ""
    more += f", entry {fact.entry}" if fact.entry else ""
    more += f", fees {told.bare(fact.fees_minor)}" if fact.fees_minor else ""
    amount = told.money(fact.amount_minor)
    return f"{told.numbered()} refund of {amount} for {what} recorded{on_day(fact.on)}{more}"


def _failed(fact: e.PaymentFailed, told: Told) -> str:
    payment = told.contract.payments.get(fact.instruction)
    what = _what(fact.milestone, payment.release if payment else 0)
    name = told.numbered(fact.instruction)
    entry = f", entry {fact.entry}" if fact.entry else ""
    return f"{name} payment for {what} failed{on_day(fact.on)}{entry}{because(fact.reason)}"


def _unpaid(fact: e.PaymentReversed, told: Told) -> str:
    payment = _of_record(told, fact.payment)
    name = told.numbered(payment.version if payment else fact.payment)
    amount = f" of {told.money(abs(payment.paid_minor))}" if payment else ""
    what = _what(fact.milestone, payment.release if payment else 0)
    lost = sum_of(fact.lines, "settlement")
    discount = f", and its discount of {told.bare(lost)}" if lost else ""
    kept = f", of which the bank kept {told.bare(fact.fees_minor)}" if fact.fees_minor else ""
    kind = "refund" if payment and payment.refunded else "payment"
    act = f"{kind}{amount} for {what} reversed{corrected(fact)}{kept}{discount}"
    return f"{name} {act}{because(fact.reason)}"


def _of_record(told: Told, version: int) -> Payment | None:
    return next((p for p in told.contract.payments.values() if p.record == version), None)


# --- the partners' accounts ----------------------------------------------------------------------


def _account(account: BankAccount) -> str:
    bank = " ".join(part for part in (account.bank_name, account.bank) if part)
    clearing = f"{account.clearing} {account.member}".strip()
    said = [account.holder, account.number, bank, clearing, account.currency]
    said += [address_line(account.address), account.purpose and f"for {account.purpose}"]
    return ", ".join(part for part in said if part)


def _payee_proposed(fact: e.PayeeProposed, told: Told) -> str:
    number = told.record.version
    said = f"account #{number} of {fact.partner} proposed{on_day(fact.on)}"
    sign = ", signed" if fact.signature else ""
    return f"{said} by {told.record.actor}: {_account(fact.account)}{sign}{because(fact.reason)}"


def _payee_approved(fact: e.PayeeApproved, told: Told) -> str:
    sign = ", signed" if fact.signature else ""
    return f"account #{fact.proposal} approved{on_day(fact.on)} by {told.record.actor}{sign}"


def _payee_revoked(fact: e.PayeeRevoked, told: Told) -> str:
    return f"account #{fact.proposal} revoked{on_day(fact.on)}{because(fact.reason)}"


SENTENCES_OF_PAYMENT: dict[type[Fact], Callable[[Any, Told], str]] = {
    e.RetentionReleased: _released,
    e.ClaimSetOff: _set_off,
    e.WithholdingFiled: _filed,
    e.InvoiceReceived: _invoiced,
    e.InvoiceRejected: _uninvoiced,
    e.InvoiceNumbered: _numbered,
    e.InvoiceNumberFreed: _freed,
    e.PaymentInstructed: _instructed,
    e.PaymentRecorded: _paid,
    e.PaymentFailed: _failed,
    e.PaymentReversed: _unpaid,
    e.PaymentRefunded: _refunded,
    e.PayeeProposed: _payee_proposed,
    e.PayeeApproved: _payee_approved,
    e.PayeeRevoked: _payee_revoked,
}
