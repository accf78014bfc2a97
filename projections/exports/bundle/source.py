"""What a bundle is made of: some contracts, or all, as the log held them at one position."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import groupby

from sqlalchemy import Connection

from ledger.contract import fold
from ledger.events import ContractSigned, Record
from ledger.signers import STREAM as SIGNERS
from ledger.state import Contract
from ledger.store.application import Ledger
from ledger.store.losses import seals_of_losses
from ledger.store.reading import head, read_log, read_streams, stream_count, stream_number
from ledger.store.records import tail_of
from ledger.store.tail import checkpoint_rows
from projections.exports.stored import lines, lines_among


@dataclass(frozen=True)
class Source:
    """A snapshot of the log up to `until`; `names` are the contracts chosen, in the order given, None for all.

    `as_of` leaves facts of later days out of every figure; `today` is the day on which metrics look.
    """

    ledger: Ledger[Contract]
    conn: Connection
    until: int
    names: tuple[str, ...] | None
    as_of: date | None
    today: date

    @property
    def whole(self) -> bool:
        return self.names is None

    @cached_property
    def ledger_id(self) -> str:
        return head(self.conn).ledger_id

    @cached_property
    def recorded_at(self) -> str:
        """When the last position was recorded; "" for an empty log."""
        if self.until == 0:
            return ""
        return next(iter(read_log(self.conn, self.until - 1, self.until)))[0].recorded_at

    @cached_property
    def streams(self) -> Sequence[int]:
        """The numbers of the contracts' streams, and that of the signing keys', ascending."""
        if self.names is None:
            return range(1, stream_count(self.conn) + 1)
        return stream_numbers(self.conn, self.names)

    @property
    def authenticating(self) -> bool:
        """Whether the database itself knows who records."""
        return self.conn.dialect.name == "postgresql"

    def texts(self) -> Iterator[tuple[int, str]]:
        """Position and stored text, with its newline, of every record in the bundle, in the log's order."""
        if self.whole:
            yield from enumerate(lines(self.conn, self.until), 1)
            return
        found = (line for n in self.streams for line in lines_among(self.conn, (n,), self.until))
        yield from sorted((tail_of(0, line).position, line) for line in found)

    def losses(self) -> list[tuple[int, str]]:
        """Position and stored text, with its newline, of the seals that gave something up, where not in `texts`."""
        found = [] if self.whole else seals_of_losses(self.conn)
        return [(position, f"{text}\n") for position, text in found if position <= self.until]

    def contracts(self) -> Iterator[tuple[list[Record], Contract]]:
        """Each contract's records with the state that they lead to; one not signed yet as of then is left out."""
        for chunk in read_streams(self.conn, self.streams, self.until):
            for _, some in groupby(chunk, lambda record: record.stream):
                records = list(some)
                state = fold(records, self.as_of) if _is_contract(records) else None
                if state is not None:
                    yield records, state


def stream_numbers(conn: Connection, names: Sequence[str]) -> list[int]:
    """The streams that a bundle of these contracts holds."""
    found = (stream_number(conn, name) for name in (*names, SIGNERS))
    return sorted({number for number in found if number is not None})


def natural_end(conn: Connection, names: Sequence[str] | None) -> int:
    """Up to where a bundle goes if nobody says: to the last seal where it has everything, so that all is proven."""
    last = head(conn).position
    rows = checkpoint_rows(conn)
    if not rows or names is None:
        return last
    ends = [
        records[-1].position for records in read_streams(conn, stream_numbers(conn, names), chunk=1)
    ]
    return rows[-1].size if max(ends, default=0) <= rows[-1].size else last


def _is_contract(records: Sequence[Record]) -> bool:
    return isinstance(records[0].data, ContractSigned)
