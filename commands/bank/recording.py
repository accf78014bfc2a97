"""What a person records of the bank's doing: a payment or a whole transfer paid, or failed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from commands.bank.by_hand import entry_of, explaining, within_entry
from commands.bank.settling import (
    Booking,
    Foreign,
    Settlement,
    fail_all,
    reverse_all,
    settle,
)
from commands.bank.spreading import settled_by
from commands.bank.transfers import Part, Transfer, of_id, part_of
from commands.terminal import say
from ledger.decisions.case import find
from ledger.errors import InputInvalid
from ledger.events import Exchange
from ledger.money import parse_minor

if TYPE_CHECKING:
    from commands.bank.exchange import Abroad
    from commands.reference_names import VersionName
    from commands.session import Session
    from ledger.events import Why
    from ledger.store.request_digest import Request


@dataclass(frozen=True, slots=True)
class Paid:
    """What was typed of a payment: amounts are text, in the currency of the contract."""

    amount: str | None = None
    reference: str = ""
    fees: str | None = None
    over: bool = False
    abroad: Abroad | None = None
    entry: int | None = None


def record_paid(session: Session, settled: VersionName | str, paid: Paid) -> None:
    """Records a payment by its instruction, or all that is open of a transfer, and says what was short or over."""
    name, parts = _open(session, settled)
    currency = parts[0].currency
    told = sum(part.amount_minor for part in parts)
    minor = told if paid.amount is None else _minor(paid.amount, currency)
    fees = fees_of(paid.fees, currency)
    entry = entry_of(session, paid.entry)
    booking = Booking(entry.on(session), paid.reference or entry.reference, entry.name, fees)
    foreign = _foreign(session, parts, minor, paid.abroad)
    paid_in = foreign.currency if foreign else ""
    within_entry(session, entry, minor + fees, currency, paid_in)
    settlement = settle(name, parts, minor, booking, foreign, paid.over)
    _record(session, settlement, parts, explaining(session, entry, "settled", *_names(parts)))


def fees_of(text: str | None, currency: str) -> int:
    """The bank's fees as typed, in minor units; none where nothing was. Raises InputInvalid where they are below 0."""
    fees = 0 if text is None else _minor(text, currency)
    if fees < 0:
        raise InputInvalid("fees-negative", f"the bank's fees are {text!r}, below zero")
    return fees


def record_failed(
    session: Session, settled: VersionName | str, reason: str, number: int | None = None
) -> None:
    """Records that the bank did not pay an instruction, or all that is open of a transfer."""
    _, parts = _open(session, settled)
    entry = entry_of(session, number)
    settlement = fail_all(parts, reason, entry.on(session), entry.name)
    _record(session, settlement, parts, explaining(session, entry, "failed", *_names(parts)))


def record_reversed(
    session: Session,
    payment: VersionName | str,
    why: Why,
    reason: str,
    fees: str | None,
    number: int | None,
) -> None:
    """Records that a payment or a transfer came back, less what the bank kept of it, or was never made."""
    parts = _paid_parts(session, payment)
    kept = fees_of(fees, parts[0].currency)
    if kept and why == "error":
        says = "what was never paid did not come back, and the bank kept nothing of it"
        raise InputInvalid("fees-of-error", says, hint="leave out either --fees or --error")
    entry = entry_of(session, number)
    settlement = reverse_all(parts, reason, entry.name, entry.on(session), kept, why)
    explains = explaining(session, entry, "reversed", *_names(parts))
    session.show(session.perform([*settlement.requests, *explains]))


def _paid_parts(session: Session, payment: VersionName | str) -> list[Part]:
    """What may come back of a transfer, or one payment by its instruction or its record."""
    if isinstance(payment, str):
        transfer = of_id(session, payment)
        return [part for part in transfer.parts if part.status == "paid"] or _last(transfer)
    state = session.contract(payment.contract)
    by_record = {p.record: p for p in state.payments.values() if p.record}
    return [part_of(state, find(state, "payment", state.payments | by_record, payment.version))]


def _names(parts: list[Part]) -> list[str]:
    return [part.reference for part in parts]


def _record(
    session: Session, settlement: Settlement, parts: list[Part], explains: list[Request]
) -> None:
    outcome = session.perform([*settlement.requests, *explains])
    session.show(outcome)
    if len(parts) > 1 or any(rule == "bank-over" for rule, _ in settlement.remarks):
        for _, detail in settlement.remarks:
            say(detail)


def _open(session: Session, settled: VersionName | str) -> tuple[str, list[Part]]:
    """What is still to be settled; an instruction that is settled is left to the rules to refuse."""
    if not isinstance(settled, str):
        state = session.contract(settled.contract)
        payment = find(state, "payment", state.payments, settled.version)
        return str(settled), [part_of(state, payment)]
    transfer = of_id(session, settled)
    parts = [part for part in transfer.parts if part.status == "instructed"]
    return settled, parts or _last(transfer)


def _last(transfer: Transfer) -> list[Part]:
    """A part that is settled: the rules then say what is wrong, by their own name."""
    return transfer.parts[:1]


def _minor(text: str, currency: str) -> int:
    return parse_minor(text.strip().replace("\u2212", "-"), currency)


def _foreign(
    session: Session, parts: list[Part], minor: int, abroad: Abroad | None
) -> Foreign | None:
    """What it came to in another currency: at the rate given, else as it was instructed."""
    first = parts[0]
    if abroad is not None:
        today = session.settings.today()
        found = abroad.exchange(minor, first.currency, first.rounding, session.on, today)
        return None if found is None else _as_foreign(found, found.amount_minor)
    told = first.exchange
    if told is None:
        return None
    whole = sum(part.exchange.amount_minor for part in parts if part.exchange)
    amount = sum(part.amount_minor for part in parts)
    return _as_foreign(told, settled_by(minor, amount, whole, first.rounding))


def _as_foreign(exchange: Exchange, amount_minor: int) -> Foreign:
    rate = Decimal(exchange.rate)
    return Foreign(exchange.currency, amount_minor, rate, exchange.rate_on, exchange.source)
