"""Reading the read models: the serving side as it stands, or a moment of the past folded in memory.

A reader answers the same queries either way. The past is a log cut at a position (`known`) or facts left out by
effective date (`as_of`), folded into private tables in memory; a reader who may not bring the serving side up to date
sees how far it lags, or asks for a fresh fold.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from ledger.state import Contract
from ledger.store.application import Ledger
from ledger.store.reading import (
    check_complete,
    head,
    position_at,
    read_log,
    read_streams,
    stream_count,
    stream_number,
)
from projections.derive import MODELS
from projections.derive.model import ReadModel, Row
from projections.rebuild.fold import no_collection, rows_of
from projections.rebuild.sink import insert_statement
from projections.sides import Side, checkpoint, names, serving

Value = int | str | None
Found = dict[str, Value]

_parameter = re.compile(r"(?<![:\w]):([a-z]\w*)")


@dataclass(frozen=True, slots=True)
class Known:
    """The moment that a reader sees: a position of the log and when it was recorded ("" for an empty log).

    `head` is where the log stands, `lag` how many events the reader's rows are behind it where that was not asked for.
    """

    position: int
    recorded_at: str
    head: int
    lag: int


class Reader:
    """Answers the queries of the read models at one moment."""

    def __init__(
        self, known: Known, run: Callable[[str, Mapping[str, Value]], list[Found]]
    ) -> None:
        self.known = known
        self._run = run

    def select(self, sql: str, **params: Value) -> list[Found]:
        """The rows that a query gives, as dictionaries; `{table}` names a read model, `:name` a parameter."""
        wanted = {name: params.get(name) for name in _parameter.findall(sql)}
        return self._run(sql, wanted)


@contextmanager
def reader(
    ledger: Ledger[Contract],
    *,
    as_of: date | None = None,
    known_position: int | None = None,
    known_time: str | None = None,
    contract: str | None = None,
    fresh: bool = False,
) -> Iterator[Reader]:
    """A reader of the serving side, or, where a moment is given or a fresh fold asked for, of the log itself.

    `known_time` is inclusive UTC text with six digits and Z; a position beyond the head means the head. `contract`
    limits a fold to one stream. The serving side and the row that names it are read in one snapshot.
    """
    with ledger.snapshot() as conn:
        if known_time is not None:
            known_position = position_at(conn, known_time)
        if as_of is None and known_position is None and not fresh:
            yield reader_of(conn, serving(conn))
        else:
            with _folded(conn, as_of, known_position, contract) as folded:
                yield folded


def reader_of(conn: Connection, side: Side) -> Reader:
    """A reader of one side as it stands in the transaction of a connection, whichever serves."""
    reached = checkpoint(conn, side).position
    last = head(conn).position
    tables = names(side)
    typed = conn.dialect.name == "postgresql"

    def run(sql: str, params: Mapping[str, Value]) -> list[Found]:
        statement = sql.format_map(tables)
        if typed:
            # PostgreSQL cannot guess the type of a parameter that is only compared with NULL.
            statement = _parameter.sub(lambda m: _cast(m[1], params[m[1]]), statement)
        result = conn.execute(text(statement), dict(params))
        keys = list(result.keys())
        return [dict(zip(keys, row, strict=True)) for row in result]

    return Reader(Known(reached, _recorded_at(conn, reached), last, last - reached), run)


def _cast(name: str, value: Value) -> str:
    return f"CAST(:{name} AS {'BIGINT' if isinstance(value, int) else 'TEXT'})"


def _recorded_at(conn: Connection, position: int) -> str:
    """When a position was recorded, "" for position 0."""
    if position == 0:
        return ""
    return next(iter(read_log(conn, position - 1, position)))[0].recorded_at


@contextmanager
def _folded(
    conn: Connection, as_of: date | None, position: int | None, contract: str | None
) -> Iterator[Reader]:
    last = head(conn).position
    until = last if position is None else min(position, last)
    private = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for model in MODELS:
            private.execute(create_table(model, model.name))
        streams: Sequence[int] = range(1, stream_count(conn) + 1)
        if contract is not None:
            number = stream_number(conn, contract)
            streams = [] if number is None else [number]
        events = 0
        private.execute("BEGIN")
        with no_collection():
            for records in read_streams(conn, streams, until):
                events += len(records)
                _insert(private, rows_of(records, as_of))
        private.execute("COMMIT")
        if contract is None and events != until:
            # Every stream read is whole, so a position is missing.
            check_complete(conn, until)
        yield Reader(Known(until, _recorded_at(conn, until), last, 0), _in_memory(private))
    finally:
        private.close()


def create_table(model: ReadModel, table: str) -> str:
    """The DDL of a private table; the shared ones are made by migrations, which a test holds equal to this."""
    columns = ", ".join(
        f"{c.name} {c.kind.upper()}{' NOT NULL' if c.required else ''}" for c in model.columns
    )
    return f"CREATE TABLE {table} ({columns}, PRIMARY KEY ({', '.join(model.key)})) WITHOUT ROWID"


def _insert(private: sqlite3.Connection, rows: list[list[Row]]) -> None:
    for model, some in zip(MODELS, rows, strict=True):
        private.executemany(insert_statement(model, model.name), some)


def _in_memory(
    private: sqlite3.Connection,
) -> Callable[[str, Mapping[str, Value]], list[Found]]:
    tables = names(None)

    def run(sql: str, params: Mapping[str, Value]) -> list[Found]:
        cursor: Any = private.execute(sql.format_map(tables), dict(params))
        keys = [column[0] for column in cursor.description]
        return [dict(zip(keys, row, strict=True)) for row in cursor]

    return run
