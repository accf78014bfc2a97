"""What an entry's amounts come to for the payments that it names: exactly them, or why it is not certain.

A debit pays what was instructed where it is that amount, or the bank tells that it was (as the amount instructed or
of the transaction), or it is that amount and the charges it says it holds. What is left is the bank's charge, or in
another currency part of what the exchange cost. Nothing else settles anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from commands.bank.settling import Foreign
from commands.bank.transfers import Part
from ledger.events import BankAmount, BankEntry
from ledger.money import display_minor


@dataclass(frozen=True, slots=True)
class Exactly:
    """An entry is about exactly these payments: what it cost beside them, and what a person is to be told."""

    fees_minor: int = 0
    foreign: Foreign | None = None
    remarks: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Differs:
    """An entry is not the amount: by how much in the contract's currency, where that can be said, and why."""

    why: str
    by_minor: int | None = None


def paid(entry: BankEntry, parts: Sequence[Part], name: str) -> Exactly | Differs:
    """Whether a debit pays these parts exactly; none of them is settled yet."""
    currency, told = parts[0].currency, sum(part.amount_minor for part in parts)
    exchange = told_abroad(parts)
    whole = exchange or BankAmount(minor=told, currency=currency)
    booked = _booked(entry)
    own = _told(entry, {currency, whole.currency})
    if own is not None:
        if (own.minor, own.currency) not in {(told, currency), (whole.minor, whole.currency)}:
            return Differs(f"the bank says that {_money(own)} was instructed, not {_money(whole)}")
        return _with_rest(entry, booked, told, currency, whole, name)
    if booked == whole:
        return _held(entry, booked, whole, currency, name)
    if booked == BankAmount(minor=told, currency=currency):
        return _held(entry, booked, booked, currency, name)
    if booked.currency not in (currency, whole.currency):
        wanted = " or ".join(sorted({currency, whole.currency}))
        return Differs(f"is in {booked.currency}, but {name} was instructed in {wanted}")
    base = whole if booked.currency == whole.currency else BankAmount(minor=told, currency=currency)
    charges = charged(entry, booked.currency)
    if charges > 0 and _may_be_held(entry) and booked.minor - charges == base.minor:
        return _cost(entry, booked, base, currency, charges, name)
    by = booked.minor - base.minor
    more = "more" if by > 0 else "less"
    by_amount = _money(BankAmount(minor=abs(by), currency=base.currency))
    why = f"is {_money(booked)}, {by_amount} {more} than {name}, {_money(base)}"
    return Differs(why, by)


def returned(entry: BankEntry, parts: Sequence[Part], name: str) -> Exactly | Differs:
    """Whether a credit gives exactly these parts back, less charges that it names; `parts` are paid, or none is."""
    currency = parts[0].currency
    booked = _booked(entry)
    amounts = [BankAmount(minor=sum(map(amount, parts)), currency=currency)]
    if (abroad := _abroad(parts)) is not None:
        amounts.append(abroad)
    if booked in amounts:
        return Exactly()
    charges = charged(entry, booked.currency)
    for one in amounts:
        if one.currency != booked.currency:
            continue
        if charges > 0 and booked.minor + charges == one.minor:
            if one.currency == currency:
                return Exactly(charges)
            lost = _money(BankAmount(minor=charges, currency=booked.currency))
            return Exactly(0, None, (("bank-fees-unrecorded", _unrecorded(name, lost, currency)),))
        back = _money(booked)
        by = booked.minor - one.minor
        return Differs(f"gives {back} back of {_money(one)} for {name}", by)
    paid_in = " or ".join(one.currency for one in amounts)
    return Differs(f"is in {booked.currency}, but {name} was paid in {paid_in}")


def told_abroad(parts: Sequence[Part]) -> BankAmount | None:
    """What the parts were instructed to come to in another currency, where all of them were in the same."""
    told = [part.exchange for part in parts if part.exchange]
    if len(told) != len(parts) or len({one.currency for one in told}) != 1:
        return None
    return BankAmount(minor=sum(t.amount_minor for t in told), currency=told[0].currency)


def booked_abroad(currency: str, minor: int, last: BankEntry) -> Foreign:
    """What several debits came to in another currency, as of the last of them."""
    return Foreign(currency, minor, None, last.booked_on, f"bank entry {last.reference}")


def charged(entry: BankEntry, currency: str) -> int:
    """The charges told in a currency that whoever pays bears."""
    found = (c for c in entry.charges if c.currency == currency and c.bearer != "CRED")
    return sum(charge.minor for charge in found)


def _booked(entry: BankEntry) -> BankAmount:
    return BankAmount(minor=entry.amount_minor or 0, currency=entry.currency)


def _told(entry: BankEntry, currencies: set[str]) -> BankAmount | None:
    """The amount that the bank says it was about: instructed, else of the transaction, else exchanged."""
    for told in (entry.instructed, entry.transaction, entry.counter):
        if told is not None and told.currency in currencies:
            return told
    return None


def _may_be_held(entry: BankEntry) -> bool:
    return not any(charge.included is False for charge in entry.charges)


def _with_rest(
    entry: BankEntry,
    booked: BankAmount,
    told: int,
    currency: str,
    whole: BankAmount,
    name: str,
) -> Exactly | Differs:
    """The bank tells that it was exactly this: the rest of what it booked is a charge, or the cost of the exchange."""
    for base in (BankAmount(minor=told, currency=currency), whole):
        if base.currency == booked.currency:
            rest = booked.minor - base.minor
            if rest >= 0:
                return _cost(entry, booked, base, currency, rest, name)
            if base.currency == currency:
                why = f"is {_money(booked)}, less than {_money(base)}, which the bank says was paid"
                return Differs(why, rest)
    return Exactly(0, _foreign(entry, booked), _beside(entry, name, currency, set()))


def _held(
    entry: BankEntry, booked: BankAmount, base: BankAmount, currency: str, name: str
) -> Exactly | Differs:
    """The amount booked is the amount: then no charge may be said to be inside it."""
    inside = sum(
        c.minor
        for c in entry.charges
        if c.included and c.bearer != "CRED" and c.currency == booked.currency
    )
    if inside > 0:
        held = _money(BankAmount(minor=inside, currency=booked.currency))
        return Differs(f"is {_money(booked)} and says that {held} of it are charges")
    return _cost(entry, booked, base, currency, 0, name)


def _cost(
    entry: BankEntry, booked: BankAmount, base: BankAmount, currency: str, rest: int, name: str
) -> Exactly:
    """What was booked beyond the base: a charge in the contract's currency, else part of the exchange."""
    if base.currency == currency and booked.currency == currency:
        held = {charge.currency for charge in entry.charges if rest > 0}
        remarks = _beside(entry, name, currency, held)
        if rest > 0 and entry.charges and charged(entry, currency) != rest:
            told = _money(BankAmount(minor=charged(entry, currency), currency=currency))
            more = _money(BankAmount(minor=rest, currency=currency))
            says = f"{name}: {more} beside the amount, of which the bank names {told} as charges"
            remarks = (*remarks, ("bank-fees-differ", says))
        return Exactly(rest, None, remarks)
    remarks = _beside(entry, name, currency, {booked.currency} if rest > 0 else set())
    if rest > 0:
        cost = _money(BankAmount(minor=rest, currency=booked.currency))
        remarks = (*remarks, ("bank-fees-unrecorded", _unrecorded(name, cost, currency)))
    return Exactly(0, _foreign(entry, booked), remarks)


def _foreign(entry: BankEntry, booked: BankAmount) -> Foreign:
    source = f"bank entry {entry.reference}"
    return Foreign(booked.currency, booked.minor, None, entry.booked_on, source)


def _beside(
    entry: BankEntry, name: str, currency: str, held: set[str]
) -> tuple[tuple[str, str], ...]:
    """What is told of charges that this entry does not hold: they come as an entry of their own."""
    found: dict[str, int] = {}
    for charge in entry.charges:
        if charge.bearer != "CRED" and charge.currency not in held:
            found[charge.currency] = found.get(charge.currency, 0) + charge.minor
    return tuple(
        (
            "bank-fees-apart",
            f"{name}: the bank tells of charges of {_money(BankAmount(minor=minor, currency=of))} that this entry"
            " does not hold; they are recorded when they are booked",
        )
        for of, minor in found.items()
        if minor
    )


def _unrecorded(name: str, amount: str, currency: str) -> str:
    return f"{name}: the bank's charges of {amount} are not in {currency}, and count as cost of the exchange"


def amount(part: Part) -> int:
    """What a part comes to: as it was paid, else as it was instructed."""
    return part.paid_minor if part.status == "paid" else part.amount_minor


def _abroad(parts: Sequence[Part]) -> BankAmount | None:
    """What the parts came to in another currency, as it was recorded; of those not paid, as instructed."""
    if any(part.status != "paid" for part in parts):
        return told_abroad(parts)
    if len({part.paid_in for part in parts}) != 1 or not parts[0].paid_in:
        return None
    return BankAmount(minor=sum(p.foreign_minor for p in parts), currency=parts[0].paid_in)


def _money(amount: BankAmount) -> str:
    return f"{display_minor(amount.minor, amount.currency)} {amount.currency}"
