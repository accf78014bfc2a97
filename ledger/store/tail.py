"""The log as bytes: its rows as they stand, where every stream ends, and the tree that goes on from a checkpoint.

Nothing here decodes a record: what is hashed is the text that is stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, select

from ledger.errors import IntegrityViolated
from ledger.proof.heads import Heads, StreamHead
from ledger.proof.merkle import Frontier, leaf_hash, leaf_hashes
from ledger.store.tables import log_checkpoints, streams

ROWS_PER_SECTION = 256  # with their records decoded, this much stays in a processor's cache
SEALS = "~seals"

StoredRow = tuple[int, int, int, bytes]
"""position, stream, version, record: the columns as they are, the text as UTF-8."""

Columns = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[bytes, ...]]
"""The same, turned: all positions, all streams, all versions, all records."""

_RECORD = {"sqlite": "CAST({0}record AS BLOB)", "postgresql": "convert_to({0}record, 'UTF8')"}
_SECTION = "SELECT position, stream, version, {record} FROM log WHERE {where} ORDER BY position LIMIT {most:d}"
_HEADS = (
    "SELECT s.stream, s.stream_id, l.version, l.position, {record} FROM streams s"
    " JOIN log l ON l.stream = s.stream AND l.version = (SELECT version FROM log"
    " WHERE stream = s.stream AND position <= {until:d} ORDER BY version DESC LIMIT 1)"
    " ORDER BY s.stream"
)


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """A row of `log_checkpoints`."""

    size: int
    note: str
    frontier: str


def sections(
    conn: Connection,
    after: int | None = None,
    until: int | None = None,
    most: int = ROWS_PER_SECTION,
) -> Iterator[list[StoredRow]]:
    """The rows after one position up to another, in order of position; all there are by default."""
    record = _RECORD[conn.dialect.name].format("")
    bounds = [] if until is None else [f"position <= {until:d}"]
    while True:
        where = [*bounds, "1 = 1" if after is None else f"position > {after:d}"]
        query = _SECTION.format(record=record, where=" AND ".join(where), most=most)
        # Straight through the driver: SQLAlchemy's rows would double the time of reading.
        cursor: Any = conn.connection.cursor()
        rows = cursor.execute(query).fetchall()
        cursor.close()
        if not rows:
            return
        yield rows
        after = rows[-1][0]


def stream_heads(conn: Connection, until: int) -> Heads:
    """Where every stream ended at a position; raises IntegrityViolated where a number is left out."""
    heads = Heads()
    record = _RECORD[conn.dialect.name].format("l.")
    cursor: Any = conn.connection.cursor()  # straight through the driver, as in `sections`
    for number, name, version, position, text in cursor.execute(
        _HEADS.format(record=record, until=until)
    ).fetchall():
        if number != len(heads) + 1:
            raise _stream_missing(len(heads) + 1)
        heads.put(number, StreamHead(name, version, position, leaf_hash(bytes(text))))
    cursor.close()
    return heads


def last_checkpoint(conn: Connection) -> CheckpointRow | None:
    """The last of the stored checkpoints, or None."""
    query = select(log_checkpoints).order_by(log_checkpoints.c.size.desc()).limit(1)
    row = conn.execute(query).one_or_none()
    return None if row is None else CheckpointRow(*row)


def last_size(conn: Connection) -> int:
    """The size of the last stored checkpoint; 0 if there is none."""
    size: int = conn.execute(
        select(func.coalesce(func.max(log_checkpoints.c.size), 0))
    ).scalar_one()
    return size


def checkpoint_rows(conn: Connection) -> list[CheckpointRow]:
    """Every stored checkpoint, in order of size."""
    rows = conn.execute(select(log_checkpoints).order_by(log_checkpoints.c.size))
    return [CheckpointRow(*row) for row in rows]


@dataclass(slots=True)
class Tail:
    """The tree over the first records of the log, and where every stream ends in them."""

    frontier: Frontier = field(default_factory=Frontier)
    heads: Heads = field(default_factory=Heads)

    @property
    def size(self) -> int:
        """How many records the tree covers."""
        return self.frontier.size

    def absorb(self, conn: Connection, until: int) -> None:
        """Goes on to a position; raises IntegrityViolated where one is missing on the way."""
        names = self._new_names(conn) if until > self.size else {}
        for rows in sections(conn, self.size, until):
            expected = range(self.size + 1, self.size + len(rows) + 1)
            for (position, *_), wanted in zip(rows, expected, strict=True):
                if position != wanted:
                    raise missing(wanted)
            leaves = leaf_hashes(row[3] for row in rows)
            self.frontier.extend(leaves)
            for (position, number, version, _), leaf in zip(rows, leaves, strict=True):
                known = self.heads.get(number)
                if known is None and number != len(self.heads) + 1:
                    raise _stream_missing(len(self.heads) + 1)
                name = known.stream_id if known else names.get(number)
                if name is None:
                    raise _stream_missing(number)
                self.heads.put(number, StreamHead(name, version, position, leaf))
        if self.size < until:
            raise missing(self.size + 1)

    def _new_names(self, conn: Connection) -> dict[int, str]:
        query = select(streams.c.stream, streams.c.stream_id).where(
            streams.c.stream > len(self.heads)
        )
        return {row[0]: row[1] for row in conn.execute(query)}


def missing(position: int) -> IntegrityViolated:
    """The refusal of a log without one of its positions."""
    return IntegrityViolated(
        "position-missing",
        f"position {position} is missing from the log",
        hint="the log was altered: mledger audit verify",
        facts={"position": position},
    )


def _stream_missing(number: int) -> IntegrityViolated:
    return IntegrityViolated(
        "stream-missing",
        f"stream {number} is missing, though later ones have records",
        hint="the log was altered: mledger audit verify",
        facts={"stream": number},
    )
