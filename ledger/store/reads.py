"""What a decision reads of the log, and at which version: the condition of its append."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from operator import attrgetter

from ledger.again.judging import SENSELESS
from ledger.contract import fold
from ledger.events import Record
from ledger.state import Contract
from ledger.store import reading
from ledger.store.application import Ledger


class Reads:
    """The log as one decision reads it; `unchanged` has each stream it rests on and the version first seen.

    What is read up to a fixed position needs no condition: nothing is ever added there.
    """

    def __init__(self, ledger: Ledger[Contract]) -> None:
        self.ledger = ledger
        self.unchanged: dict[str, int] = {}

    def rest_on(self, stream: str, version: int) -> None:
        """Makes a stream part of the condition. Seen twice, it must be as it was the first time."""
        self.unchanged.setdefault(stream, version)

    def contract(self, name: str) -> Contract | None:
        """A contract's state now, or None; the ledger's own where it keeps states."""
        state = self.ledger.load(name)
        self.rest_on(name, state.version if state is not None else 0)
        return state

    def contracts(self, names: Collection[str]) -> dict[str, Contract]:
        """The states of those that exist, the caller's own."""
        states = self.ledger.load_all(names) if names else {}
        for name in names:
            self.rest_on(name, states[name].version if name in states else 0)
        return states

    def records(self, stream: str) -> list[Record]:
        """A stream's records in order of version; empty if there are none."""
        found = self.ledger.stream(stream)
        self.rest_on(stream, found[-1].version if found else 0)
        return found

    def ledger_id(self) -> str:
        """The ledger's own id, which never changes."""
        with self.ledger.snapshot() as conn:
            return reading.head(conn).ledger_id

    def looked_through(self) -> Iterator[Contract]:
        """All contracts, one after another: it rests on none of them until one is used (`rest_on`)."""
        with self.ledger.snapshot() as conn:
            count = reading.stream_count(conn)
            yield from contracts_in(reading.read_streams(conn, range(1, count + 1)))


def contracts_in(chunks: Iterable[Sequence[Record]]) -> Iterator[Contract]:
    """The contracts among whole streams; the ledger's own are none, nor is one of which no state can be made."""
    for records in chunks:
        for name, some in groupby(records, attrgetter("stream_id")):
            state = None
            with suppress(*SENSELESS):
                state = None if name.startswith("~") else fold(some)
            if state is not None:
                yield state
