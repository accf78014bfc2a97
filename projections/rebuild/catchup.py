"""Catch-up: the streams that changed since a side's checkpoint are folded again and their rows replaced."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic, sleep

from sqlalchemy import Connection, Engine

from ledger.store.database import reading, writing
from ledger.store.reading import changes, head, read_streams
from projections.derive import DERIVATION, MODELS, findings
from projections.derive.model import Row
from projections.rebuild import sink
from projections.rebuild.fold import no_collection, rows_of
from projections.sides import Checkpoint, Side, checkpoint, refuse_beyond, serving

# Positions and streams per step: a long import is caught up in steps, between which others can write.
POSITIONS_PER_STEP = 20_000
STREAMS_PER_STEP = 100


@dataclass(frozen=True, slots=True)
class Caught:
    """Where the serving side stands after a catch-up, how many streams were folded again, and of which no rows could
    be derived, and why.
    """

    position: int
    streams: int
    left_out: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """What brings a side from its checkpoint to a position: the streams that changed, and all their rows then."""

    reached: Checkpoint
    until: int
    streams: list[int]
    rows: list[list[Row]]


def catch_up(engine: Engine) -> Caught:
    """Brings the serving side to where the head stood at the beginning; safe with any number of processes at once.

    Raises DifferencesFound where the side is beyond the log, IntegrityViolated where the log is damaged.
    """
    folded, target, missing = 0, None, dict[str, str]()
    while True:
        with reading(engine) as conn:
            if target is None:
                target = head(conn).position
            reached = checkpoint(conn, serving(conn))
            refuse_beyond(conn, reached)
            if reached.position >= target:
                return Caught(reached.position, folded, missing)
            step = prepare(conn, reached, target)
        with writing(engine) as conn:
            if serving(conn, hold=True) == reached.side and take(conn, step):
                folded += len(step.streams)
                missing |= _left_out(step)


def _left_out(step: Step) -> dict[str, str]:
    """The contracts of a step of which no rows could be derived, and why."""
    model, rows = next(
        (m, r) for m, r in zip(MODELS, step.rows, strict=True) if m is findings.MODEL
    )
    name, rule, detail = (model.names.index(column) for column in ("contract", "rule", "detail"))
    return {str(row[name]): str(row[detail]) for row in rows if row[rule] == findings.NOT_DERIVED}


def may_catch_up(engine: Engine) -> bool:
    """Whether this login may keep rows: on PostgreSQL that of the projector, who alone is given the right."""
    if engine.dialect.name == "sqlite":
        return True
    with reading(engine) as conn:
        query = "SELECT has_table_privilege('checkpoints', 'UPDATE')"
        return bool(conn.exec_driver_sql(query).scalar_one())


def reaches(engine: Engine, seconds: float) -> bool:
    """Whether somebody else brings the serving side to the head as it is now, within so many seconds."""
    until, target = monotonic() + seconds, None
    while True:
        with reading(engine) as conn:
            target = head(conn).position if target is None else target
            if checkpoint(conn, serving(conn)).position >= target:
                return True
        if monotonic() > until:
            return False
        sleep(0.05)


def bring_forward(engine: Engine, side: Side, target: int) -> None:
    """Brings a side to a position, step by step."""
    while True:
        with reading(engine) as conn:
            reached = checkpoint(conn, side)
            if reached.position >= target:
                return
            step = prepare(conn, reached, target)
        with writing(engine) as conn:
            take(conn, step)


@no_collection()
def prepare(conn: Connection, reached: Checkpoint, last: int) -> Step:
    """The next step of a side towards a position; raises IntegrityViolated where a position is missing.

    It only reads, and what it reads never changes, so no writer has to wait for it.
    """
    after = reached.position
    changed, until = changes(conn, after, min(last, after + POSITIONS_PER_STEP), STREAMS_PER_STEP)
    rows: list[list[Row]] = [[] for _ in MODELS]
    for records in read_streams(conn, changed, until):
        for into, found in zip(rows, rows_of(records), strict=True):
            into += found
    return Step(reached, until, changed, rows)


def take(conn: Connection, step: Step) -> bool:
    """Takes a step, in the caller's transaction; False where the side has moved on meanwhile.

    The checkpoint is claimed by compare-and-set before any row is touched: of several processes one does it.
    """
    if not _claim(conn, step.reached, step.until):
        return False
    sink.remove(conn, step.reached.side, step.streams)
    sink.write(conn, step.reached.side, step.rows)
    return True


def _claim(conn: Connection, reached: Checkpoint, until: int) -> bool:
    # A side that was never built takes the derivation of this program; an older stamp stays until a rebuild.
    stamp = reached.derivation or DERIVATION
    claimed = conn.exec_driver_sql(
        f"UPDATE checkpoints SET position = {until:d}, derivation = '{stamp}'"
        f" WHERE side = '{reached.side}' AND position = {reached.position:d}"
        f" AND derivation = '{reached.derivation}'"
    )
    return claimed.rowcount == 1
