"""Filling a side from a range of streams: what one process does, alone, in a pool or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, event

from ledger.errors import Conflict
from ledger.store.database import engine_for, reading, writing
from ledger.store.reading import STREAMS_PER_CHUNK, read_streams
from projections.derive import MODELS
from projections.derive.model import Row
from projections.rebuild import sink
from projections.rebuild.fold import no_collection, rows_of
from projections.sides import Side, checkpoint, names

# Streams that are read in one look at the log.
STREAMS_PER_LOOK = 4 * STREAMS_PER_CHUNK
# Rows to commit together. On SQLite a writer of the log waits for them, so they are few; on PostgreSQL nobody does,
# and with more of them the server stores rows while this process still formats the next ones (tried: a third less).
ROWS_PER_COMMIT = {"sqlite": 1, "postgresql": 16_000}
# Streams per task of a pool: small enough to share the work out evenly.
STREAMS_PER_TASK = 32 * STREAMS_PER_CHUNK
_MODULUS = 1 << 256

_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Built:
    """What was built: counts, and per read model the number of rows and a digest of them.

    A digest is the sum, modulo 2^256, of the SHA-256 of each chunk's rows as JSON; chunks are blocks of 16 stream
    numbers from 1 on, so that it does not depend on how the work was shared out.
    """

    events: int = 0
    streams: int = 0
    rows: list[int] = field(default_factory=lambda: [0] * len(MODELS))
    digests: list[int] = field(default_factory=lambda: [0] * len(MODELS))
    workers: int = 1

    def count(self, rows: list[list[Row]], events: int) -> None:
        """Adds one chunk's rows."""
        self.events += events
        self.streams += len(rows[0])
        for number, some in enumerate(rows):
            if some:
                self.rows[number] += len(some)
                digest = int.from_bytes(sha256(_encode(some)).digest(), "big")
                self.digests[number] = (self.digests[number] + digest) % _MODULUS

    def add(self, other: Built) -> None:
        """Adds what another range gave."""
        self.events += other.events
        self.streams += other.streams
        self.rows = [a + b for a, b in zip(self.rows, other.rows, strict=True)]
        sums = zip(self.digests, other.digests, strict=True)
        self.digests = [(a + b) % _MODULUS for a, b in sums]


@dataclass(frozen=True, slots=True)
class Job:
    """What a rebuild asks for: every stream of a database up to a position, as rows of a side.

    `stamp` is what the side's checkpoint bears while this run fills it: whoever finds another there comes too late.
    """

    url: str = field(repr=False)
    side: Side
    streams: int
    until: int
    stamp: str
    workers: int = 1


Tick = Callable[[int], None]
"""Told the events done."""
BuildAll = Callable[[Job, Tick], Built]
"""An engine: how the work of a job is shared out."""
Write = Callable[[range, Sequence[list[Row]]], None]
"""Told some streams and all their rows: keeps these, committed."""


@contextmanager
def bulk_engine(url: str) -> Iterator[Engine]:
    """An engine for rows that can be made again: SQLite need not wait for the disk at each commit."""
    engine = engine_for(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _hurry)
    try:
        yield engine
    finally:
        engine.dispose()


def _hurry(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA synchronous = NORMAL")


def adding(engine: Engine, job: Job) -> Write:
    """Adds rows to the job's side, in one transaction each time, as long as the run goes on."""

    def write(streams: range, rows: Sequence[list[Row]]) -> None:
        with writing(engine) as conn:
            check_stamp(conn, job)
            sink.write(conn, job.side, rows)

    return write


def start_anew(engine: Engine, job: Job, streams: range) -> None:
    """Takes out the rows of a range that a process left half done; it is gone, but its last commit may be under way."""
    with writing(engine) as conn:
        if conn.dialect.name == "postgresql":
            # Whoever still writes for this run holds a share of this lock.
            conn.exec_driver_sql(f"SELECT 1 FROM checkpoints WHERE side = '{job.side}' FOR UPDATE")
        check_stamp(conn, job)
        for table in names(job.side).values():
            conn.exec_driver_sql(
                f"DELETE FROM {table} WHERE stream BETWEEN {streams[0]:d} AND {streams[-1]:d}"
            )


def check_stamp(conn: Connection, job: Job) -> None:
    """Raises Conflict "rebuild-over" where the run has ended or another has begun: a late process changes nothing."""
    if conn.dialect.name == "postgresql":
        # The lock lets others of this run look as well, and makes the run's end wait for this transaction.
        conn.exec_driver_sql(f"SELECT 1 FROM checkpoints WHERE side = '{job.side}' FOR SHARE")
    if checkpoint(conn, job.side).derivation != job.stamp:
        raise Conflict(
            "rebuild-over",
            "this rebuild has ended, or another has begun; the late task changed nothing",
            facts={"side": job.side},
        )


@no_collection()
def build(engine: Engine, write: Write, streams: range, until: int, tick: Tick) -> Built:
    """Hands on the rows of a range of streams, up to a position of the log, bit by bit.

    The range begins at a block of chunks. `tick` is told the events done. No transaction is held from one commit to
    the next: positions make the log its own snapshot.
    """
    built = Built()
    enough = ROWS_PER_COMMIT[engine.dialect.name]
    written = streams.start
    rows: list[list[Row]] = [[] for _ in MODELS]
    for first in range(streams.start, streams.stop, STREAMS_PER_LOOK):
        some = range(first, min(first + STREAMS_PER_LOOK, streams.stop))
        events = built.events
        with reading(engine) as conn:
            for records in read_streams(conn, some, until):
                chunk = rows_of(records)
                built.count(chunk, len(records))
                for into, found in zip(rows, chunk, strict=True):
                    into += found
        if sum(map(len, rows)) >= enough or (some.stop == streams.stop and any(rows)):
            write(range(written, some.stop), rows)
            written = some.stop
            rows = [[] for _ in MODELS]
        tick(built.events - events)
    return built


def ranges(streams: int, size: int = STREAMS_PER_TASK) -> list[range]:
    """The tasks of a job: ranges of stream numbers, each beginning at a block of chunks if `size` is one."""
    last = streams + 1
    return [range(n, min(n + size, last)) for n in range(1, last, size)]
