"""What the journals of two programs have in common: entries as they pass, and the accounts met on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from ledger.money import format_minor
from projections.exports.entries import Account, Entry, Posting


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


def reference(entry: Entry) -> str:
    """What an entry is about: the milestone's name, else the contract's."""
    return f"{entry.contract}/{entry.milestone}" if entry.milestone else entry.contract


def amount(posting: Posting) -> str:
    """The exact amount with its currency behind it."""
    return f"{format_minor(posting.amount_minor, posting.currency)} {posting.currency}"
