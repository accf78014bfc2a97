"""What the bank paid, failed to pay or gave back becomes requests on the contracts that the transfer pays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from commands.bank.spreading import in_proportion, rate_between, spread
from ledger.events import Exchange
from ledger.intents import FailPayment, RecordPayment, ReversePayment
from ledger.money import display_minor

if TYPE_CHECKING:
    from commands.bank.transfers import Part
    from ledger.events import Why
    from ledger.store.request_digest import Request


@dataclass(frozen=True, slots=True)
class Foreign:
    """What a payment came to in another currency; without a rate it is the one that follows from the amounts."""

    currency: str
    amount_minor: int
    rate: Decimal | None = None
    rate_on: date | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Booking:
    """What stands at the bank: its day, its names, its charges."""

    on: date | None
    reference: str = ""
    entry: str = ""
    fees_minor: int = 0


@dataclass(slots=True)
class Settlement:
    """What is to be recorded, and what a person is to be told: (rule, detail)."""

    requests: list[Request] = field(default_factory=list)
    remarks: list[tuple[str, str]] = field(default_factory=list)


def settle(
    name: str,
    parts: Sequence[Part],
    paid_minor: int,
    booking: Booking,
    foreign: Foreign | None = None,
    over: bool = False,
) -> Settlement:
    """Records an amount over the open parts, in their order: exact, short or over; the parts end with the plan's
    state, so that a later entry of the same statement sees them so.

    A part that nothing is left for fails, and is payable again. `over` lets the last part take more than instructed.
    """
    found = Settlement()
    currency, told = parts[0].currency, sum(part.amount_minor for part in parts)
    shares = spread([part.amount_minor for part in parts], paid_minor)
    abroad = in_proportion(foreign.amount_minor, shares) if foreign else [0] * len(parts)
    fees = in_proportion(booking.fees_minor, shares)
    for part, share, minor, fee in zip(parts, shares, abroad, fees, strict=True):
        if share <= 0 < len(parts) - 1:
            found.requests.append(_uncovered(name, part, booking))
            continue
        exchange = _exchange(foreign, minor, part, share) if foreign else None
        found.requests.append(
            (
                part.contract,
                RecordPayment(
                    instruction=part.version,
                    amount_minor=share,
                    reference=booking.reference,
                    exchange=exchange,
                    fees_minor=fee,
                    entry=booking.entry,
                    over=over and share > part.amount_minor,
                    on=booking.on,
                ),
            )
        )
        part.status, part.paid_minor, part.foreign_minor = "paid", share, minor
        part.paid_in, part.entry = foreign.currency if foreign else "", booking.entry
    found.remarks += _remarks(name, parts, paid_minor, told, booking.fees_minor, currency)
    return found


def _uncovered(name: str, part: Part, booking: Booking) -> Request:
    part.status = "failed"
    reason = f"{name} was short: nothing was left for it"
    return part.contract, FailPayment(instruction=part.version, reason=reason, on=booking.on)


def _exchange(foreign: Foreign, minor: int, part: Part, share: int) -> Exchange:
    rate = foreign.rate or rate_between(share, part.currency, minor, foreign.currency)
    return Exchange(
        currency=foreign.currency,
        amount_minor=minor,
        rate=str(rate),
        rate_on=foreign.rate_on,
        source=foreign.source,
    )


def _remarks(
    name: str, parts: Sequence[Part], paid: int, told: int, fees: int, currency: str
) -> list[tuple[str, str]]:
    def money(minor: int) -> str:
        return f"{display_minor(minor, currency)} {currency}"

    found = []
    if paid < told:
        left = [
            f"{part.name} {display_minor(part.amount_minor - part.paid_minor, currency)}"
            for part in parts
            if part.paid_minor < part.amount_minor
        ]
        says = f"{name}: {money(paid)} paid of {money(told)}; payable again: {', '.join(left)}"
        found.append(("bank-short", says))
    if paid > told:
        claim = f"a claim on {parts[0].partner} from {parts[-1].name}"
        says = f"{name}: {money(paid)} paid, {money(paid - told)} more than instructed: {claim}"
        found.append(("bank-over", says))
    if fees:
        found.append(("bank-fees", f"{name}: the bank charged {money(fees)} beside the amount"))
    return found


def fail_all(parts: Sequence[Part], reason: str, on: date | None, entry: str = "") -> Settlement:
    """The bank did not pay: every reservation ends."""
    found = Settlement()
    for part in parts:
        part.status, part.ended_by, part.ended_on = "failed", entry, on
        intent = FailPayment(instruction=part.version, reason=reason, entry=entry, on=on)
        found.requests.append((part.contract, intent))
    return found


def reverse_all(
    parts: Sequence[Part],
    reason: str,
    entry: str,
    on: date | None,
    fees_minor: int = 0,
    why: Why = "event",
) -> Settlement:
    """The money came back, less what the bank kept of it (or was never paid): every payment is reversed."""
    found = Settlement()
    fees = in_proportion(fees_minor, [part.paid_minor for part in parts])
    for part, fee in zip(parts, fees, strict=True):
        part.status, part.ended_by, part.ended_on = "reversed", entry, on
        intent = ReversePayment(
            payment=part.version, why=why, reason=reason, entry=entry, fees_minor=fee, on=on
        )
        found.requests.append((part.contract, intent))
    if fees_minor:
        currency = parts[0].currency
        kept = f"{display_minor(fees_minor, currency)} {currency}"
        names = ", ".join(dict.fromkeys(part.transfer or part.reference for part in parts))
        found.remarks.append(("bank-fees", f"{names}: the bank kept {kept} of what came back"))
    return found
