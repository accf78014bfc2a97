"""The ledger's own registers as they were at a position, folded from their records: a partner's at a time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from ledger import payees, signers
from ledger.events import (
    InvoiceNumbered,
    InvoiceNumberFreed,
    InvoiceReceived,
    PayeeApproved,
    PayeeProposed,
    PayeeRevoked,
    Record,
)
from ledger.invoice_numbers import compared
from ledger.payees import Payees
from ledger.signers import Signers


class KnownSigners:
    """The signing keys before any position; states are kept, for they are few."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = records
        self._positions = [record.position for record in records]
        self._at: dict[int, Signers] = {}

    def before(self, position: int) -> Signers:
        count = bisect_left(self._positions, position)
        if count not in self._at:
            self._at[count] = signers.fold(self._records[:count])
        return self._at[count]


class KnownPayees:
    """A partner's accounts before any position."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._of: dict[str, list[Record]] = {}
        partners: dict[int, str] = {}
        for record in records:
            said = record.data
            if isinstance(said, PayeeProposed):
                partners[record.version] = said.partner
                self._of.setdefault(said.partner, []).append(record)
            elif isinstance(said, PayeeApproved | PayeeRevoked) and said.proposal in partners:
                self._of[partners[said.proposal]].append(record)

    def before(self, position: int, partner: str) -> Payees:
        return payees.fold(one for one in self._of.get(partner, ()) if one.position < position)


class KnownNumbers:
    """Who held an invoice's number before any position, and which invoice took one in its own append."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._history: dict[tuple[str, str], list[tuple[int, str]]] = {}
        self._taken: set[int] = set()
        for record in records:
            said = record.data
            if isinstance(said, InvoiceNumbered | InvoiceNumberFreed):
                place = (said.partner, compared(said.number))
                holder = said.contract if isinstance(said, InvoiceNumbered) else ""
                self._history.setdefault(place, []).append((record.position, holder))
            if isinstance(said, InvoiceNumbered):
                self._taken.add(_append(record, said.contract, said.number))

    def holder(self, position: int, partner: str, number: str) -> str:
        """The contract on which it was taken, or an empty text."""
        holder = ""
        for at, taken_by in self._history.get((partner, compared(number)), ()):
            if at < position:
                holder = taken_by
        return holder

    def numbered(self, record: Record) -> bool:
        """Whether the number of a received invoice was taken in the append that received it."""
        said = record.data
        assert isinstance(said, InvoiceReceived)
        return _append(record, record.stream_id, said.number) in self._taken


def _append(record: Record, contract: str, number: str) -> int:
    return hash((record.recorded_at, contract, compared(number)))
