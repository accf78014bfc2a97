"""The bank's entries that no payment explains by itself: the state of the stream `~bank`, and the fold to it.

An entry is booked when it is read, and waits until it is explained: by a payment that it settles, fails or reverses,
as a charge, or by a person who says that it is not ours. Decisions about it: ledger/decisions/bank.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce

from ledger.events import BankEntry, BankEntryBooked, BankEntryExplained, Record

STREAM = "~bank"


@dataclass(slots=True)
class Kept:
    """An entry by the version of its booking; `explained` is what it was about, None while it waits."""

    version: int
    booking: BankEntry
    finding: str
    says: str
    position: int
    explained: BankEntryExplained | None = None

    @property
    def reference(self) -> str:
        """Its name for people: ~bank#VERSION."""
        return f"{STREAM}#{self.version}"


@dataclass(slots=True)
class BankBook:
    """Every entry kept, by the version of its booking; `version` counts the stream's events."""

    version: int = 0
    entries: dict[int, Kept] = field(default_factory=dict)

    def waiting(self) -> list[Kept]:
        """The entries that nothing explains yet, in the order of booking."""
        return [kept for kept in self.entries.values() if kept.explained is None]

    def undone(self) -> set[str]:
        """The payments whose debit was seen: of one that a credit had failed before, no other is to come."""
        return {
            name
            for kept in self.entries.values()
            if kept.explained is not None and kept.explained.verdict in ("settled", "undone")
            for name in kept.explained.payments
        }


def evolve(book: BankBook, record: Record) -> BankBook:
    """The entries after one more record of `~bank`; the same object. Never refuses."""
    said = record.data
    match said:
        case BankEntryBooked():
            book.entries[record.version] = Kept(
                record.version, said.booking, said.finding, said.says, record.position
            )
        case BankEntryExplained():
            book.entries[said.entry].explained = said
    book.version = record.version
    return book


def fold(records: Iterable[Record]) -> BankBook:
    """The entries as the records of `~bank`, in order of version, leave them."""
    return reduce(evolve, records, BankBook())
