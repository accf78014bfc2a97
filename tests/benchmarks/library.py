"""The same tables filled the library's own way: one event at a time, each in a transaction with its tracking row."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from sqlalchemy import Engine

from ledger.contract import evolve
from ledger.events import EVENT_TYPES, RECORD_TYPES, Record
from ledger.state import Contract
from ledger.store import open_ledger
from ledger.store.database import writing
from ledger.store.reading import stream_ids
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
    with ledger.snapshot() as conn:
        numbers = {name: number for number, name in enumerate(stream_ids(conn), start=1)}
    began = time.perf_counter()
    for start in range(1, events + 1, 1_000):
        for stored in ledger.recorder.select_notifications(start=start, limit=1_000):
            record = _record_of(stored, numbers)
            state = evolve(states.get(record.stream_id), record)
            states[record.stream_id] = state
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


def _record_of(stored: Any, numbers: dict[str, int]) -> Record:
    """A notification's event, decoded as the library's mapper would, in an envelope for our evolve."""
    event_type = EVENT_TYPES[stored.topic]
    return RECORD_TYPES[event_type](
        actor="bench",
        authenticated_as="",
        data=msgspec.json.decode(stored.state, type=event_type),
        origin="",
        position=stored.id,
        recorded_at="",
        stream=numbers[stored.originator_id],
        stream_id=stored.originator_id,
        version=stored.originator_version,
    )


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
