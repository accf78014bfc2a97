"""The comparison of two sides, row by row: hand-edited, deleted and added rows, and events that were skipped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from heapq import nsmallest
from itertools import count
from typing import Any

from sqlalchemy import Connection

from ledger.contract import evolve
from ledger.store.reading import read_streams
from projections.derive import MODELS
from projections.derive.model import ReadModel, Row, Value
from projections.sides import Side, other

# Differences named one by one; beyond them the number alone is told.
NAMED = 100

Key = tuple[Any, ...]
"""The values of a row's key columns, in their order."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two sides part: the column, what the serving side shows, what the log gives (a missing row: column "*").

    `position` is the first event after which they part: the one that the serving row does not reflect.
    """

    contract: str
    table: str
    key: str
    column: str
    serving: Value
    rebuilt: Value
    position: int

    def as_object(self) -> dict[str, Any]:
        return asdict(self)


def different_keys(
    conn: Connection, model: ReadModel, without: Sequence[int] = ()
) -> tuple[list[Key], int]:
    """The first keys of rows that differ between the sides, or stand on one of them only, and how many there are."""
    differs = "IS NOT" if conn.dialect.name == "sqlite" else "IS DISTINCT FROM"
    a, b = f"{model.name}_a", f"{model.name}_b"
    others = [name for name in model.names if name not in model.key]
    unequal = " OR ".join(f"x.{name} {differs} y.{name}" for name in others)
    same_key = " AND ".join(f"x.{name} = y.{name}" for name in model.key)
    key = ", ".join(f"x.{name}" for name in model.key)
    alone = f"y.{model.key[0]} IS NULL"
    stay = f" AND x.stream NOT IN ({', '.join(map(str, without))})" if without else ""
    rows = _keys(
        conn,
        f"SELECT {key}, {alone} FROM {a} x LEFT JOIN {b} y ON {same_key} WHERE ({alone} OR {unequal}){stay}",
    )
    only_a = 0

    def of_a() -> Iterator[Key]:
        nonlocal only_a
        for row in rows:
            only_a += bool(row[-1])
            yield row[:-1]

    found, count = _first(of_a())
    if without or _count(conn, model, "a") - only_a != _count(conn, model, "b"):
        # Only then can side b have a row that side a has not.
        of_b = f"SELECT {key} FROM {b} x LEFT JOIN {a} y ON {same_key} WHERE {alone}{stay}"
        more, only_b = _first(_keys(conn, of_b))
        found, count = sorted(found + more)[:NAMED], count + only_b
    return found, count


def _keys(conn: Connection, statement: str) -> Iterator[Key]:
    # Streamed: after a change of a derivation every row may differ.
    for row in conn.exec_driver_sql(statement, execution_options={"stream_results": True}):
        yield tuple(row)


def _first(keys: Iterator[Key]) -> tuple[list[Key], int]:
    """The smallest keys, and how many there are."""
    counted = count(1)
    found = nsmallest(NAMED, (key for key, _ in zip(keys, counted, strict=False)))
    return found, next(counted) - 1


def _count(conn: Connection, model: ReadModel, side: str) -> int:
    rows: int = conn.exec_driver_sql(f"SELECT COUNT(*) FROM {model.name}_{side}").scalar_one()
    return rows


def compare(
    conn: Connection, serving: Side, until: int, without: Sequence[int] = ()
) -> tuple[list[Difference], int]:
    """The differences between the sides, but for streams that changed meanwhile; the named ones, and how many."""
    found: list[Difference] = []
    differences = 0
    if conn.dialect.name == "postgresql":
        # Of a side just filled the planner knows nothing yet; taken for empty, it was looped over for each row.
        conn.exec_driver_sql("SET LOCAL enable_nestloop = off")
    for model in MODELS:
        keys, more = different_keys(conn, model, without)
        differences += more
        for key in keys:
            if len(found) < NAMED:
                found += explain(conn, model, key, serving, until)
    return found[:NAMED], differences


def explain(
    conn: Connection, model: ReadModel, key: Key, serving: Side, until: int
) -> list[Difference]:
    """Where one row parts from the log: its columns, both values, and the first event not reflected."""
    shown = _row(conn, model, serving, key)
    rebuilt = _row(conn, model, other(serving), key)
    contract, position = _parted(conn, model, key, shown, until)
    named = "/".join(map(str, key))
    if shown is None or rebuilt is None:
        mine = None if shown is None else "a row"
        right = None if rebuilt is None else "a row"
        return [Difference(contract, model.name, named, "*", mine, right, position)]
    return [
        Difference(contract, model.name, named, name, mine, right, position)
        for name, mine, right in zip(model.names, shown, rebuilt, strict=True)
        if mine != right
    ]


def _row(conn: Connection, model: ReadModel, side: Side, key: Key) -> Row | None:
    mark = "?" if conn.dialect.name == "sqlite" else "%s"
    where = " AND ".join(f"{name} = {mark}" for name in model.key)
    found = conn.exec_driver_sql(f"SELECT * FROM {model.name}_{side} WHERE {where}", key).first()
    return None if found is None else tuple(found)


def _parted(
    conn: Connection, model: ReadModel, key: Key, shown: Row | None, until: int
) -> tuple[str, int]:
    """The contract, and the position after which the row shown no longer follows the log.

    Replays the contract: the last event at which the row was as shown is followed by the one that it missed; a row
    that never was so parts at the last event that changed it.
    """
    stream = key[0]
    records = [r for chunk in read_streams(conn, [stream], until) for r in chunk]
    place = [model.names.index(name) for name in model.key]
    state, before = None, None
    missed, last_change = 0, 0
    for record in records:
        try:
            state = evolve(state, record)
            row = next((r for r in model.rows(state) if tuple(r[n] for n in place) == key), None)
        except Exception:  # no rows follow from here on, which is a finding of its own
            return record.stream_id, record.position
        if row != before:
            last_change = record.position
        if row == shown:
            missed = 0
        elif missed == 0 and before == shown:
            missed = record.position
        before = row
    return (state.id if state else f"stream {stream}"), missed or last_change


def counts(conn: Connection, side: Side) -> dict[str, int]:
    """How many rows each read model has on a side."""
    return {model.name: _count(conn, model, side) for model in MODELS}
