"""Many rows into one table by the driver's own way: SQLAlchemy would look at every value of every row."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection


def insert_rows(conn: Connection, table: str, rows: Iterable[tuple[Any, ...]], width: int) -> int:
    """Adds rows of so many values, in the order of the table's columns; they may be streamed. How many were kept.

    Raises the driver's own errors.
    """
    cursor: Any = conn.connection.cursor()
    try:
        if conn.dialect.name == "sqlite":
            cursor.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * width)})", rows)
        else:
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        return int(cursor.rowcount)
    finally:
        cursor.close()
