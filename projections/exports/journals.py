"""What the journals of two programs have in common: entries as they pass, and the accounts met on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from ledger.money import format_minor
from projections.exports.entries import Account, Entry, Posting

THE_BANK = "the bank"  # whom a charge is paid to


@dataclass(slots=True)
class Met:
    """The accounts that entries used, since when, and in which currencies; far fewer than entries."""

    accounts: dict[Account, date] = field(default_factory=dict)
    currencies: dict[Account, set[str]] = field(default_factory=dict)

    def passing(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The same entries, looked at."""
        for entry in entries:
            for posting in entry.postings:
                first = self.accounts.get(posting.account, entry.on)
                self.accounts[posting.account] = min(first, entry.on)
                self.currencies.setdefault(posting.account, set()).add(posting.currency)
            yield entry

    def all_currencies(self) -> list[str]:
        """Every currency, sorted."""
        return sorted({one for some in self.currencies.values() for one in some})

    def in_order(self) -> list[Account]:
        """Every account, sorted; one that is nobody's before those of partners."""
        return sorted(self.accounts, key=lambda a: (a.root, a.name, a.partner or "", a.part))


def reference(entry: Entry) -> str:
    """What an entry is about: the milestone's name, else the contract's, else the entry of the bank."""
    if entry.bank_entry:
        return entry.bank_entry
    return f"{entry.contract}/{entry.milestone}" if entry.milestone else entry.contract


def amount(posting: Posting) -> str:
    """The exact amount with its currency behind it."""
    return f"{format_minor(posting.amount_minor, posting.currency)} {posting.currency}"
