"""The peers of a rebuild: a projection that follows the log event by event, and the library's `repository.get`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import chain
from typing import Any

from sqlalchemy import make_url

from ledger.contract import evolve
from ledger.events import Record
from ledger.state import Contract
from ledger.store import connect, open_ledger
from ledger.store.database import reading, writing
from ledger.store.reading import read_log
from projections.derive import MODELS, ReadModel, Row, derive
from projections.rebuild import sink
from projections.sides import Side, mark, names

Keyed = dict[Row, Row]
"""The rows of one table and contract by their keys."""


def per_event(url: str, side: Side, events: int, *, waits: bool) -> float:
    """Events per second of a projection that follows the log, over the first `events` events.

    It `waits` for the disk at each commit, as both databases do unless told otherwise, or not.
    """
    engine = connect(url)
    with writing(engine) as conn:
        sink.clear(conn, side)
        mark(conn, side, 0, "")
    peer = Peer(url, side, waits=waits)
    began = time.perf_counter()
    for start in range(0, events, 1_000):
        with reading(engine) as conn:
            section = list(read_log(conn, start, min(start + 1_000, events)))
        for record in chain.from_iterable(section):
            peer.take(record)
    rate = events / (time.perf_counter() - began)
    peer.conn.close()
    engine.dispose()
    return rate


class Peer:
    """A projection as a good engineer writes it: after each event, only the rows that it changed, by the bare driver.

    They are committed with the position. States and rows stay in memory, which spares it the loading that the library
    would do.
    """

    def __init__(self, url: str, side: Side, *, waits: bool) -> None:
        self.conn, sign = _bare(url, waits)
        tables = names(side)
        self.writers = [_Writer(model, tables[model.name], sign) for model in MODELS]
        self.reached = f"UPDATE checkpoints SET position = {sign} WHERE side = '{side}'"
        self.states: dict[str, Contract] = {}
        self.rows: dict[str, list[Keyed]] = {}

    def take(self, record: Record) -> None:
        """Writes what one event changes."""
        stream = record.stream_id
        state = self.states[stream] = evolve(self.states.get(stream), record)
        before = self.rows.get(stream) or [{} for _ in MODELS]
        after = self.rows[stream] = [
            writer.keyed(rows)
            for writer, rows in zip(self.writers, derive(state, MODELS), strict=True)
        ]
        cursor = self.conn.cursor()
        cursor.execute("BEGIN")
        for writer, old, new in zip(self.writers, before, after, strict=True):
            if old != new:
                writer.write(cursor, old, new)
        cursor.execute(self.reached, (record.position,))
        cursor.execute("COMMIT")


class _Writer:
    """The statements of one table."""

    def __init__(self, model: ReadModel, table: str, sign: str) -> None:
        width = len(model.columns)
        others = ", ".join(
            f"{name} = excluded.{name}" for name in model.names if name not in model.key
        )
        self.upsert = (
            f"INSERT INTO {table} VALUES ({', '.join([sign] * width)})"
            f" ON CONFLICT ({', '.join(model.key)}) DO UPDATE SET {others}"
        )
        self.delete = (
            f"DELETE FROM {table} WHERE {' AND '.join(f'{k} = {sign}' for k in model.key)}"
        )
        self.at = [model.names.index(name) for name in model.key]

    def keyed(self, rows: Sequence[Row]) -> Keyed:
        return {tuple([row[n] for n in self.at]): row for row in rows}

    def write(self, cursor: Any, old: Keyed, new: Keyed) -> None:
        if gone := [key for key in old if key not in new]:
            cursor.executemany(self.delete, gone)
        if changed := [row for key, row in new.items() if old.get(key) != row]:
            cursor.executemany(self.upsert, changed)


def _bare(url: str, waits: bool) -> tuple[Any, str]:
    """A connection by the driver alone, and its placeholder."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        import sqlite3

        conn: Any = sqlite3.connect(parsed.database or "", isolation_level=None)
        conn.execute(f"PRAGMA synchronous = {'FULL' if waits else 'NORMAL'}")
        return conn, "?"
    import psycopg

    plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
    conn = psycopg.connect(plain, autocommit=True)
    conn.execute(f"SET synchronous_commit = {'on' if waits else 'off'}")
    return conn, "%s"


def repository_get(url: str, streams: list[str]) -> float:
    """Streams' events per second through the library's `repository.get`, one stream after the other."""
    ledger: Any = open_ledger(url, evolve)
    began = time.perf_counter()
    events = 0
    for stream in streams:
        state = ledger.load(stream)
        events += state.version
    rate = events / (time.perf_counter() - began)
    ledger.engine.dispose()
    return float(rate)
