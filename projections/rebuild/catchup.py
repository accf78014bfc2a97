"""Catch-up: the streams that changed since a side's checkpoint are folded again and their rows replaced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from ledger.store.database import writing
from ledger.store.reading import changes, head, read_streams
from projections.derive import DERIVATION
from projections.rebuild import sink
from projections.rebuild.fold import no_collection, rows_of
from projections.sides import Checkpoint, Side, checkpoint, serving

# Positions and streams per transaction: a long import is caught up in steps, between which others can write.
POSITIONS_PER_STEP = 20_000
STREAMS_PER_STEP = 500
# Streams whose rows are replaced by one statement.
BATCH = 200


@dataclass(frozen=True, slots=True)
class Caught:
    """Where the serving side stands after a catch-up, and how many streams were folded again."""

    position: int
    streams: int


def catch_up(engine: Engine) -> Caught:
    """Brings the serving side to where the head stood at the beginning; safe with any number of processes at once."""
    folded, target = 0, None
    while True:
        with writing(engine) as conn:
            if target is None:
                target = head(conn).position
            reached = checkpoint(conn, serving(conn, hold=True))
            if reached.position >= target:
                return Caught(reached.position, folded)
            folded += advance(conn, reached, target)


def advance(conn: Connection, reached: Checkpoint, last: int) -> int:
    """Brings a side one step towards a position, in the caller's transaction; returns the streams folded again.

    The checkpoint is claimed by compare-and-set before any row is touched, so of several processes one does the work
    and the others find it done. Raises IntegrityViolated where a position is missing.
    """
    after = reached.position
    changed, until = changes(conn, after, min(last, after + POSITIONS_PER_STEP), STREAMS_PER_STEP)
    if not _claim(conn, reached, until):
        return 0
    for start in range(0, len(changed), BATCH):
        replace_rows(conn, reached.side, changed[start : start + BATCH], until)
    return len(changed)


@no_collection()
def replace_rows(conn: Connection, side: Side, streams: Sequence[int], until: int) -> None:
    """Replaces the rows of some streams by those of their records up to a position."""
    sink.remove(conn, side, streams)
    for records in read_streams(conn, streams, until):
        sink.write(conn, side, rows_of(records))


def _claim(conn: Connection, reached: Checkpoint, until: int) -> bool:
    # A side that was never built takes the derivation of this program; an older stamp stays until a rebuild.
    stamp = reached.derivation or DERIVATION
    claimed = conn.exec_driver_sql(
        f"UPDATE checkpoints SET position = {until:d}, derivation = '{stamp}'"
        f" WHERE side = '{reached.side}' AND position = {reached.position:d}"
    )
    return claimed.rowcount == 1
