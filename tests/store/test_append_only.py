"""The database itself refuses to change what was recorded, whoever asks."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import IntegrityError

from ledger.errors import IntegrityViolated
from ledger.store import Ledger, open_ledger, writing
from ledger.store.sealing import seal
from ledger.store.verifying import verify
from tests.store.events import ALICE, Count, counted, started
from tests.store.sealed import KEY

CHANGES = [
    "UPDATE log SET record = '{}'",
    "UPDATE log SET version = version + 1 WHERE position = 1",
    "DELETE FROM log",
    "DELETE FROM log WHERE position = 1",
    "UPDATE streams SET stream_id = 'Z'",
    "DELETE FROM streams",
    "UPDATE keys SET digest = 'other'",
    "DELETE FROM keys",
    "DELETE FROM log_head",
    "UPDATE log_head SET position = position - 1",
    "UPDATE log_head SET recorded_at = '2000-01-01T00:00:00.000000Z'",
    "UPDATE log_head SET ledger_id = 'another'",
    "INSERT INTO log_head VALUES (2, 0, '', 'another')",
    "INSERT INTO log VALUES (1, 9, 9, '{}')",
    "INSERT INTO log VALUES (9, 1, 1, '{}')",
    "INSERT INTO log VALUES (3, 1, 3, '{}')",
    "UPDATE log_checkpoints SET note = 'other'",
    "DELETE FROM log_checkpoints",
    "INSERT INTO log_checkpoints VALUES (9, 'other', '')",
]
ON_SQLITE = [
    "INSERT OR REPLACE INTO log VALUES (1, 9, 9, '{}')",
    "INSERT OR REPLACE INTO log VALUES (9, 1, 1, '{}')",
    "UPDATE OR REPLACE log SET position = 2 WHERE position = 1",
    "INSERT OR REPLACE INTO streams VALUES (1, 'Z')",
    "INSERT OR REPLACE INTO streams VALUES (9, 'A')",
    "INSERT OR REPLACE INTO keys VALUES ('k', 'other', 'mallory', 1, 1, 1, 1, 1)",
    "INSERT OR REPLACE INTO log_head VALUES (1, 0, '', 'another')",
    "INSERT OR REPLACE INTO log_checkpoints VALUES (9, 'other', '')",
    "INSERT INTO log_checkpoints VALUES (8, 'earlier', '')",
    "INSERT INTO log VALUES (1, 9, 9, '{}') ON CONFLICT DO UPDATE SET record = excluded.record",
]
ON_POSTGRESQL = [
    "TRUNCATE log",
    "TRUNCATE streams",
    "TRUNCATE keys",
    "TRUNCATE log_head",
    "TRUNCATE log_checkpoints",
    "INSERT INTO log VALUES (1, 9, 9, '{}')"
    " ON CONFLICT (position) DO UPDATE SET record = excluded.record",
]


def refused(ledger: Ledger[Count], statement: str) -> None:
    before = ledger.append([("A", 0, started("M1", "M2"))], replace(ALICE, key="k", digest="d"))
    seal(ledger.engine, KEY)
    with pytest.raises((IntegrityError, IntegrityViolated)), writing(ledger.engine) as conn:
        conn.exec_driver_sql(statement)
    assert ledger.stream("A") == ledger.records_of_key("k") == before
    assert verify(ledger.engine).ok


@pytest.mark.parametrize("statement", CHANGES)
def test_what_is_recorded_stays(ledger: Ledger[Count], statement: str) -> None:
    refused(ledger, statement)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("statement", ON_SQLITE)
def test_sqlite_replaces_nothing(ledger: Ledger[Count], statement: str) -> None:
    refused(ledger, statement)


@pytest.mark.postgres
@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
@pytest.mark.parametrize("statement", ON_POSTGRESQL)
def test_postgresql_truncates_and_replaces_nothing(ledger: Ledger[Count], statement: str) -> None:
    refused(ledger, statement)


def steps_of_an_insert(url: str) -> int:
    """How many steps SQLite's machine takes, in hundreds, for one more row and its triggers."""
    taken: list[None] = []
    with closing(sqlite3.connect(make_url(url).database or "", isolation_level=None)) as conn:
        conn.execute("BEGIN")
        conn.execute("UPDATE log_head SET position = position + 1")
        query = "SELECT position, stream, version, record FROM log ORDER BY position DESC LIMIT 1"
        position, stream, version, record = conn.execute(query).fetchone()
        for name, value in (("position", position), ("version", version)):
            record = record.replace(f'"{name}":{value}', f'"{name}":{value + 1}')
        row = (position + 1, stream, version + 1, record)
        conn.set_progress_handler(lambda: taken.append(None), 100)
        conn.execute("INSERT INTO log VALUES (?, ?, ?, ?)", row)
        conn.set_progress_handler(None, 0)
        conn.execute("ROLLBACK")
    return len(taken)


def test_a_longer_log_does_not_make_an_insert_longer(sqlite_url: str) -> None:
    with open_ledger(sqlite_url, counted) as ledger:
        ledger.append([("A", 0, started("M"))], ALICE)
        short = steps_of_an_insert(sqlite_url)
        ledger.append([("A", 1, started(*["M"] * 5000))], ALICE)
        assert steps_of_an_insert(sqlite_url) <= short + 2
