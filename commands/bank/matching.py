"""A bank's entries matched with what was instructed, and what follows for each; nothing is guessed.

An entry is looked for by its EndToEndId, then by a transfer's name or a CONTRACT#VERSION in its text. What names
nothing of ours, or is in a currency that was not instructed, is left out with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from commands.bank.settling import Booking, Foreign, Settlement, fail_all, reverse_all, settle
from commands.bank.spreading import settled_by
from commands.bank.statement import Amount, Entry
from commands.bank.transfers import Part, in_order_of_due_date, part_of
from ledger.money import display_minor

if TYPE_CHECKING:
    from ledger.state import Contract
    from ledger.store import Ledger
    from projections.reading import Found

TRANSFERS = "SELECT DISTINCT transfer, contract FROM {settlements} WHERE transfer <> ''"
_NAMES = re.compile(r"RUN-\d{4}-\d\d-\d\d-\d+-T\d+", re.ASCII)
_NUMBERED = re.compile(r"([^\s#]+)#(\d{1,9})(?!\d)", re.ASCII)
_AROUND = "\"'([<{,;:"


class Unmatched(Exception):
    """Why an entry is left out."""


@dataclass(frozen=True, slots=True)
class Match:
    """What an entry is about: a name for people, and the parts that it settles."""

    name: str
    parts: list[Part]

    def having(self, *statuses: str) -> list[Part]:
        return [part for part in self.parts if part.status in statuses]


class Matcher:
    """Plans entry by entry; what an earlier one settles, a later one finds settled."""

    def __init__(self, ledger: Ledger[Contract], transfers: Iterator[Found] | list[Found]) -> None:
        self._ledger = ledger
        self._transfers: dict[str, set[str]] = {}
        for row in transfers:
            self._transfers.setdefault(str(row["transfer"]), set()).add(str(row["contract"]))
        self._parts: dict[str, dict[int, Part]] = {}

    def plan(self, entry: Entry) -> Settlement:
        """What is to be recorded for an entry; raises Unmatched."""
        match = self.match(entry)
        if len({part.currency for part in match.parts}) > 1:
            raise Unmatched(f"names payments in several currencies: {match.name}")
        if entry.kind == "debit":
            return self._paid(entry, match)
        if entry.kind == "rejected":
            return self._failed(entry, match)
        return self._returned(entry, match)

    # --- which payment -------------------------------------------------------------------------

    def match(self, entry: Entry) -> Match:
        """The transfer or payments that an entry names."""
        for text in (entry.end_to_end, entry.text):
            if found := self._named(text):
                return found
        named = entry.end_to_end or entry.text or "nothing"
        raise Unmatched(f"names no payment of this ledger: {named[:140]}")

    def _named(self, text: str) -> Match | None:
        names = [text.strip(), *_NAMES.findall(text)]
        for name in names:
            if name in self._transfers:
                parts = [
                    part
                    for contract in sorted(self._transfers[name])
                    for part in self._of(contract).values()
                    if part.transfer == name
                ]
                return Match(name, in_order_of_due_date(parts))
        found = {part.reference: part for part in self._numbered(text)}
        return Match(", ".join(found), in_order_of_due_date(found.values())) if found else None

    def _numbered(self, text: str) -> Iterator[Part]:
        for contract, version in _NUMBERED.findall(text):
            part = self._of(contract.lstrip(_AROUND)).get(int(version))
            if part is not None:
                yield part

    def _of(self, contract: str) -> dict[int, Part]:
        """The payments of a contract, kept for the whole import; none where there is no such contract."""
        if contract not in self._parts:
            state = None if contract.startswith("~") else self._ledger.load(contract)
            payments = state.payments.values() if state else ()
            self._parts[contract] = {p.version: part_of(state, p) for p in payments if state}
        return self._parts[contract]

    # --- what it comes to ----------------------------------------------------------------------

    def _paid(self, entry: Entry, match: Match) -> Settlement:
        parts = match.having("instructed")
        if not parts:
            raise Unmatched(f"{match.name} {_so_far(match)}: nothing is left to settle")
        paid, foreign = _settled(entry, match.name, parts)
        fees, beside = _fees(entry, parts[0].currency)
        booking = Booking(entry.booked_on, entry.reference, entry.name, fees)
        found = settle(match.name, parts, paid, booking, foreign, over=True)
        if beside:
            found.remarks.append(("bank-fees-unrecorded", f"{match.name}: {beside}"))
        return found

    def _failed(self, entry: Entry, match: Match) -> Settlement:
        parts = match.having("instructed")
        if not parts:
            raise Unmatched(f"{match.name} {_so_far(match)}: it cannot fail any more")
        return fail_all(parts, entry.reason or "rejected by the bank", entry.booked_on)

    def _returned(self, entry: Entry, match: Match) -> Settlement:
        reason = entry.reason or "returned by the bank"
        paid = match.having("paid")
        if not paid:
            parts = match.having("instructed")
            if not parts:
                raise Unmatched(f"{match.name} {_so_far(match)}: nothing is left to give back")
            # The debit was never booked, or undone before it was: it did not take place.
            return fail_all(parts, reason, entry.booked_on)
        return reverse_all(
            _given_back(entry, match.name, paid), reason, entry.name, entry.booked_on
        )


def _so_far(match: Match) -> str:
    states = {part.status for part in match.parts}
    words = {"paid": "is recorded as paid", "failed": "has failed", "reversed": "was reversed"}
    return " or ".join(words[state] for state in sorted(states) if state in words)


def _settled(entry: Entry, name: str, parts: list[Part]) -> tuple[int, Foreign | None]:
    """What of the contract's currency is paid, and what it came to in another; raises Unmatched for a third."""
    first, booked = parts[0], entry.amount
    source = f"bank entry {entry.reference}"
    assert booked is not None
    if entry.instructed is not None and entry.instructed.currency == first.currency:
        asked = entry.instructed.minor
        if booked.currency == first.currency:
            return asked if _only_fees(entry, booked) else booked.minor, None
        foreign = Foreign(booked.currency, booked.minor, None, entry.booked_on, source)
        return asked, foreign
    if booked.currency == first.currency:
        fees = entry.fees.minor if entry.fees and entry.fees_included else 0
        return booked.minor - fees, None
    told = [part.exchange for part in parts if part.exchange]
    if len(told) == len(parts) and {t.currency for t in told} == {booked.currency}:
        whole = sum(exchange.amount_minor for exchange in told)
        amount = sum(part.amount_minor for part in parts)
        fees = entry.fees.minor if entry.fees and entry.fees_included else 0
        minor = booked.minor - fees
        paid = settled_by(minor, whole, amount, first.rounding)
        return paid, Foreign(booked.currency, minor, None, entry.booked_on, source)
    wanted = " or ".join(sorted({first.currency, *(t.currency for t in told)}))
    raise Unmatched(f"is in {booked.currency}, but {name} was instructed in {wanted}")


def _only_fees(entry: Entry, booked: Amount) -> bool:
    """Whether what was booked beyond what was asked for is the bank's charges and nothing else."""
    assert entry.instructed is not None
    return entry.fees is not None and booked.minor - entry.instructed.minor == entry.fees.minor


def _fees(entry: Entry, currency: str) -> tuple[int, str]:
    """The charges in the contract's currency; those in another are not recorded, and said."""
    if entry.fees is None:
        return 0, ""
    if entry.fees.currency == currency:
        return entry.fees.minor, ""
    amount = f"{display_minor(entry.fees.minor, entry.fees.currency)} {entry.fees.currency}"
    return 0, f"the bank's charges of {amount} are not in {currency}, and are not recorded"


def _given_back(entry: Entry, name: str, paid: list[Part]) -> list[Part]:
    """The parts whose payment came back: all, or the one of exactly that amount; raises Unmatched for another sum."""
    sums: list[tuple[Amount | None, Callable[[Part], int]]] = [
        (_in(entry.instructed, paid[0].currency), lambda part: part.paid_minor),
        (_in(entry.amount, paid[0].currency), lambda part: part.paid_minor),
        (_abroad(entry.amount, paid), lambda part: part.foreign_minor),
    ]
    said = [(amount, minor_of) for amount, minor_of in sums if amount is not None]
    if not said:
        assert entry.amount is not None
        raise Unmatched(f"is in {entry.amount.currency}, but {name} was paid in {paid[0].currency}")
    for amount, minor_of in said:
        if amount.minor == sum(map(minor_of, paid)):
            return paid
    for amount, minor_of in said:
        alone = [part for part in paid if minor_of(part) == amount.minor]
        if len(alone) == 1:
            return alone
    amount, minor_of = said[0]
    back = f"{display_minor(amount.minor, amount.currency)} {amount.currency}"
    whole = display_minor(sum(map(minor_of, paid)), amount.currency)
    raise Unmatched(
        f"gives {back} back of {whole} paid for {name}: record what it undoes with mledger payment reverse"
    )


def _in(amount: Amount | None, currency: str) -> Amount | None:
    return amount if amount is not None and amount.currency == currency else None


def _abroad(amount: Amount | None, paid: list[Part]) -> Amount | None:
    told = {part.exchange.currency for part in paid if part.exchange}
    return amount if amount is not None and told == {amount.currency} else None
