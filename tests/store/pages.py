"""The pages of an SQLite file, as a disk that fails leaves them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import make_url


@contextmanager
def raw(url: str) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(make_url(url).database or "", isolation_level=None)) as conn:
        yield conn


def overwrite(url: str, table: str) -> None:
    """A page of a table is zeroed, as a disk that fails leaves it."""
    with raw(url) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        ((page,),) = conn.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,))
        ((size,),) = conn.execute("PRAGMA page_size")
    with Path(make_url(url).database or "").open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\0" * size)
