"""The database itself refuses to change what was recorded, whoever asks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from ledger.store import Ledger, writing
from tests.store.events import ALICE, Count, started

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
]
ON_SQLITE = [
    "INSERT OR REPLACE INTO log VALUES (1, 9, 9, '{}')",
    "INSERT OR REPLACE INTO log VALUES (9, 1, 1, '{}')",
    "UPDATE OR REPLACE log SET position = 2 WHERE position = 1",
    "INSERT OR REPLACE INTO streams VALUES (1, 'Z')",
    "INSERT OR REPLACE INTO streams VALUES (9, 'A')",
    "INSERT OR REPLACE INTO keys VALUES ('k', 'other', 'mallory', 1, 1, 1, 1, 1)",
    "INSERT OR REPLACE INTO log_head VALUES (1, 0, '', 'another')",
    "INSERT INTO log VALUES (1, 9, 9, '{}') ON CONFLICT DO UPDATE SET record = excluded.record",
]
ON_POSTGRESQL = [
    "TRUNCATE log",
    "TRUNCATE streams",
    "TRUNCATE keys",
    "TRUNCATE log_head",
    "INSERT INTO log VALUES (1, 9, 9, '{}')"
    " ON CONFLICT (position) DO UPDATE SET record = excluded.record",
]


def refused(ledger: Ledger[Count], statement: str) -> None:
    before = ledger.append([("A", 0, started("M1", "M2"))], replace(ALICE, key="k", digest="d"))
    with pytest.raises(IntegrityError), writing(ledger.engine) as conn:
        conn.exec_driver_sql(statement)
    assert ledger.stream("A") == ledger.records_of_key("k") == before


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
