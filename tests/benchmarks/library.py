"""The same tables filled the library's own way: one event at a time, each in a transaction with its tracking row."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Engine

from ledger.contract import evolve
from ledger.state import Contract
from ledger.store import open_ledger
from ledger.store.database import writing
from projections.derive import MODELS
from projections.rebuild import sink
from projections.sides import Side

TRACKING = "library_tracking"


def per_event(url: str, side: Side, events: int) -> float:
    """Events per second of a projection that follows the notification log, over the first `events` events.

    Each event is read and mapped by the library, changes its contract's state in memory (which spares it the loading
    that the library would do), and the contract's rows are replaced together with the position, in one transaction.
    """
    ledger: Any = open_ledger(url, evolve)
    engine: Engine = ledger.engine
    with writing(engine) as conn:
        conn.exec_driver_sql(f"CREATE TABLE IF NOT EXISTS {TRACKING} (position BIGINT NOT NULL)")
        conn.exec_driver_sql(f"DELETE FROM {TRACKING}")
        conn.exec_driver_sql(f"INSERT INTO {TRACKING} VALUES (0)")
        sink.clear(conn, side)
    states: dict[str, Contract] = {}
    began = time.perf_counter()
    for start in range(1, events + 1, 1_000):
        for stored in ledger.recorder.select_notifications(start=start, limit=1_000):
            event = ledger.mapper.to_domain_event(stored)
            state = evolve(states.get(event.originator_id), event.record)
            states[event.originator_id] = state
            with writing(engine) as conn:
                sink.remove(conn, side, [state.stream])
                sink.write(conn, side, [model.rows(state) for model in MODELS])
                conn.exec_driver_sql(f"UPDATE {TRACKING} SET position = {state.position:d}")
    rate = events / (time.perf_counter() - began)
    with writing(engine) as conn:
        conn.exec_driver_sql(f"DROP TABLE {TRACKING}")
        sink.clear(conn, side)
    engine.dispose()
    return rate


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
