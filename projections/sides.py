"""The two sides of the read models: one serves readers, the other rests until a rebuild has filled it.

Every read model `schedule` is two tables, `schedule_a` and `schedule_b`. One row says which side serves; a checkpoint
per side says up to which position of the log its rows reach, and by which derivation they were made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from ledger.errors import DifferencesFound
from ledger.store.reading import head
from projections.derive import MODELS, findings

Side = Literal["a", "b"]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a side's rows reach, and the derivation that made them ("" for a side never built)."""

    side: Side
    position: int
    derivation: str


def other(side: Side) -> Side:
    """The side that this one is not."""
    return "b" if side == "a" else "a"


def serving(conn: Connection, *, hold: bool = False) -> Side:
    """The side that readers see; `hold` keeps it from being flipped until the transaction ends."""
    # SQLite has one writer at a time, so whoever could be held back is waiting already.
    share = " FOR SHARE" if hold and conn.dialect.name == "postgresql" else ""
    side: Side = conn.exec_driver_sql(f"SELECT side FROM serving{share}").scalar_one()
    return side


def checkpoint(conn: Connection, side: Side) -> Checkpoint:
    """A side's checkpoint."""
    row = conn.exec_driver_sql(
        f"SELECT position, derivation FROM checkpoints WHERE side = '{side}'"
    ).one()
    return Checkpoint(side, *row)


def never_built(conn: Connection, side: Side) -> bool:
    """Whether a side was never filled and holds no row: who reads it is shown nothing."""
    reached = checkpoint(conn, side)
    return (reached.position, reached.derivation) == (0, "") and not any(
        conn.exec_driver_sql(f"SELECT 1 FROM {table} LIMIT 1").first()
        for table in names(side).values()
    )


def refuse_beyond(conn: Connection, reached: Checkpoint) -> None:
    """Raises DifferencesFound where a side says that it reaches further than the log does: its rows are of no log."""
    last = head(conn).position
    if reached.position > last:
        raise DifferencesFound(
            "marker-beyond-log",
            f"the read models say that they reach position {reached.position}, and the log ends at {last}: either their"
            " marker was moved, or the log is an older copy than they are",
            hint="mledger audit verify --anchor PATH says whether the log was cut; then mledger projections rebuild",
            facts={"position": reached.position, "head": last},
        )


def mark(conn: Connection, side: Side, position: int, derivation: str) -> None:
    """Sets a side's checkpoint."""
    conn.exec_driver_sql(
        f"UPDATE checkpoints SET position = {position:d}, derivation = '{derivation}' WHERE side = '{side}'"
    )


def names(side: Side | None) -> dict[str, str]:
    """The name of each read model's table on a side; None names the private tables of a replay."""
    suffix = "" if side is None else f"_{side}"
    return {model.name: model.name + suffix for model in MODELS}


def left_out(conn: Connection, side: Side) -> dict[str, str]:
    """The contracts of which no rows could be derived for a side, and why."""
    table = names(side)["findings"]
    query = f"SELECT contract, detail FROM {table} WHERE rule = '{findings.NOT_DERIVED}' ORDER BY contract, stream"
    return {row[0]: row[1] for row in conn.exec_driver_sql(query)}


def hidden_streams(conn: Connection, side: Side) -> list[int]:
    """The streams that a side shows nothing of but that no rows could be derived."""
    tables = names(side)
    return list(
        conn.exec_driver_sql(
            f"SELECT stream FROM {tables['findings']} f WHERE rule = '{findings.NOT_DERIVED}' AND ordinal = 0"
            f" AND NOT EXISTS (SELECT 1 FROM {tables['contracts']} c WHERE c.stream = f.stream) ORDER BY stream"
        ).scalars()
    )
