"""Rows into the tables of a side, in bulk, on both databases."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Engine

from ledger.errors import IntegrityViolated
from ledger.store.bulk import insert_rows
from ledger.store.database import writing
from ledger.store.failures import DAMAGED
from projections.derive import MODELS
from projections.derive.model import ReadModel, Row
from projections.sides import Side, names


def insert_statement(model: ReadModel, table: str) -> str:
    """The INSERT of a whole row, with SQLite's placeholders."""
    return f"INSERT INTO {table} VALUES ({', '.join('?' * len(model.columns))})"


def write(conn: Connection, side: Side, rows: Sequence[list[Row]]) -> int:
    """Adds rows to a side, in the order of MODELS; returns how many."""
    tables = names(side)
    for model, some in zip(MODELS, rows, strict=True):
        if not some:
            continue
        insert_rows(conn, tables[model.name], some, len(model.columns))
    return sum(map(len, rows))


def remove(conn: Connection, side: Side, streams: Sequence[int]) -> None:
    """Takes the rows of some streams out of a side."""
    among = ", ".join(map(str, streams))
    for table in names(side).values():
        conn.exec_driver_sql(f"DELETE FROM {table} WHERE stream IN ({among})")


def clear(conn: Connection, side: Side) -> None:
    """Takes every row out of a side."""
    for table in names(side).values():
        empty(conn, table)


def empty(conn: Connection, table: str) -> None:
    """Takes every row out of a table; readers of an older snapshot still see theirs."""
    conn.exec_driver_sql(f"DELETE FROM {table}")


def empty_damaged(engine: Engine, table: str) -> None:
    """Takes every row out of a table in one transaction, also where its pages cannot be read any more.

    SQLite then forgets such pages and begins the table anew: VACUUM gives their room back. PostgreSQL truncates it, and
    may want the owner of the tables for that.
    """
    try:
        with writing(engine) as conn:
            empty(conn, table)
    except IntegrityViolated as damaged:
        if damaged.code != DAMAGED:
            raise
        if engine.dialect.name == "sqlite":
            engine.dispose()  # no connection keeps what it read of a damaged page
        with writing(engine) as conn:
            _begin_anew(conn, table)


def _begin_anew(conn: Connection, table: str) -> None:
    if conn.dialect.name != "sqlite":
        conn.exec_driver_sql(f"TRUNCATE {table}")
        return
    of_table = f"FROM sqlite_master WHERE tbl_name = '{table}'"
    definitions = conn.exec_driver_sql(
        f"SELECT sql {of_table} AND sql IS NOT NULL ORDER BY type DESC"
    )
    made = list(definitions.scalars())
    conn.exec_driver_sql("PRAGMA writable_schema = ON")
    conn.exec_driver_sql(f"DELETE {of_table}")
    conn.exec_driver_sql("PRAGMA writable_schema = RESET")
    for definition in made:
        conn.exec_driver_sql(definition)
