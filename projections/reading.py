"""Reading the read models: the serving side as it stands, or a moment of the past folded in memory.

A reader answers the same queries either way. The past is a log cut at a position (`known`) or facts left out by
effective date (`as_of`), folded into private tables; a reader who may not bring the serving side up to date
sees how far it lags, or asks for a fresh fold.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
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
from projections.sides import Side, checkpoint, names, refuse_beyond, serving

Value = int | str | None
Found = dict[str, Value]

_parameter = re.compile(r"(?<![:\w]):([a-z]\w*)")
_narrowing = re.compile(r"\(:(\w+) IS NULL OR ((?:\w+\.)?)(\w+) = :\1\)")
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Known:
    """The moment that a reader sees: a position of the log and when it was recorded ("" for an empty log).

    `head` is where the log stands, `lag` how many events the reader's rows are behind it where that was not asked for.
    """

    position: int
    recorded_at: str
    head: int
    lag: int


Run = Callable[[str, Mapping[str, Value]], Generator[Found]]


class Reader:
    """Answers the queries of the read models at one moment.

    In a query `{table}` names a read model and `:name` a parameter; `(:name IS NULL OR column = :name)` narrows it
    where the parameter is given, and is left out where it is not. A contract, and those of a partner, are found by the
    numbers of their streams, with which the key of every read model begins; `number` tells it of a contract's name.
    """

    def __init__(
        self, known: Known, run: Run, number: Callable[[str], int | None] = lambda name: None
    ) -> None:
        self.known = known
        self._run, self._number = run, number
        self._begun: list[Generator[Found]] = []

    def stream(self, sql: str, **params: Value) -> Iterator[Found]:
        """The rows that a query gives, as dictionaries, a few in memory at a time."""
        sql = _narrowing.sub(lambda m: self._narrowed(m, params.get(m[1])), sql)
        wanted = {name: params.get(name) for name in _parameter.findall(sql)}
        begun = self._run(sql, wanted)
        self._begun.append(begun)
        return begun

    def end(self) -> None:
        """Ends what was not read to its end, while the connection still stands."""
        for begun in self._begun:
            begun.close()

    def _narrowed(self, found: re.Match[str], value: Value) -> str:
        name, table, column = found.groups()
        if value is None:
            return "1 = 1"
        if column == "contract" and (number := self._number(str(value))) is not None:
            return f"{table}stream = {number:d}"
        if column == "partner":
            return f"{table}stream IN (SELECT stream FROM {{contracts}} WHERE partner = :{name})"
        return f"{table}{column} = :{name}"

    def select(self, sql: str, **params: Value) -> list[Found]:
        """The same rows, all at once: for those that are few."""
        return list(self.stream(sql, **params))

    def rows(self, sql: str, **params: Value) -> Rows:
        """The same rows, for whoever reads them, or only the first of them, or counts them."""
        return Rows(self, sql, params)


@dataclass(frozen=True, slots=True)
class Rows:
    """What a query gives: read anew, and a few at a time, by whoever iterates over it."""

    reader: Reader
    sql: str
    params: Mapping[str, Value]

    def __iter__(self) -> Iterator[Found]:
        return self.reader.stream(self.sql, **self.params)

    def first(self, most: int) -> list[Found]:
        """The first rows, of which the database looks for no more."""
        return self.reader.select(f"{self.sql} LIMIT {most:d}", **self.params)

    def count(self) -> int:
        """How many there are."""
        (row,) = self.reader.select(
            f"SELECT COUNT(*) AS n FROM ({self.sql}) AS counted", **self.params
        )
        return int(row["n"] or 0)


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
            serves = reader_of(conn, serving(conn))
            try:
                yield serves
            finally:
                serves.end()
        else:
            with _folded(conn, as_of, known_position, contract) as folded:
                yield folded


def reader_of(conn: Connection, side: Side) -> Reader:
    """A reader of one side as it stands in the transaction of a connection, whichever serves.

    Raises DifferencesFound for a side that says that it is beyond the log.
    """
    refuse_beyond(conn, checkpoint(conn, side))
    reached = checkpoint(conn, side).position
    last = head(conn).position
    tables = names(side)
    typed = conn.dialect.name == "postgresql"

    def run(sql: str, params: Mapping[str, Value]) -> Generator[Found]:
        statement = sql.format_map(tables)
        if typed:
            # PostgreSQL cannot guess the type of a parameter that is only compared with NULL.
            statement = _parameter.sub(lambda m: _cast(m[1], params[m[1]]), statement)
        # Without it the driver of PostgreSQL would fetch the whole result first.
        some = {"yield_per": _AT_ONCE}
        with conn.execute(text(statement), dict(params), execution_options=some) as result:
            keys = list(result.keys())
            for row in result:
                yield dict(zip(keys, row, strict=True))

    known = Known(reached, _recorded_at(conn, reached), last, last - reached)
    return Reader(known, run, partial(stream_number, conn))


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
    # A private database without a name: it lies in memory, and on the disk where that would be too much.
    private = sqlite3.connect("", isolation_level=None)
    try:
        private.execute("PRAGMA journal_mode = OFF")
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
        known = Known(until, _recorded_at(conn, until), last, 0)
        yield Reader(known, _private(private), partial(stream_number, conn))
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


def _private(private: sqlite3.Connection) -> Run:
    tables = names(None)

    def run(sql: str, params: Mapping[str, Value]) -> Generator[Found]:
        cursor: Any = private.execute(sql.format_map(tables), dict(params))
        keys = [column[0] for column in cursor.description]
        for row in cursor:
            yield dict(zip(keys, row, strict=True))

    return run
