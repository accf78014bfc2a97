"""A record is found by its position and by its stream; where an index leaves it out, `audit verify` says so.

So it does of pages that the database itself finds damaged: of the log, or only of the read models.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection

from ledger.store import Ledger, open_ledger, writing
from ledger.store.verifying import verify
from tests.databases import Cluster
from tests.store.events import ALICE, Count, counted, started
from tests.store.pages import overwrite, raw
from tests.store.sealed import does, unguarded


def found(ledger: Ledger[Count]) -> dict[str, str]:
    return {check.name: check.detail() for check in verify(ledger.engine).checks if not check.ok}


@contextmanager
def without_index(url: str) -> Iterator[sqlite3.Connection]:
    """A connection that knows nothing of the log's index of streams, nor of any trigger: both are back afterwards."""
    with raw(url) as conn:
        schema = conn.execute(
            "SELECT rowid, * FROM sqlite_master WHERE tbl_name = 'log'"
        ).fetchall()
        conn.execute("PRAGMA writable_schema = ON")
        conn.execute("DELETE FROM sqlite_master WHERE tbl_name = 'log' AND type <> 'table'")
        conn.execute(
            "UPDATE sqlite_master SET sql = replace(sql,"
            " 'record TEXT NOT NULL,\n    CONSTRAINT log_stream_version UNIQUE (stream, version)',"
            " 'record TEXT NOT NULL') WHERE name = 'log'"
        )
    with raw(url) as conn:
        yield conn
    with raw(url) as conn:
        conn.execute("PRAGMA writable_schema = ON")
        conn.execute("DELETE FROM sqlite_master WHERE tbl_name = 'log'")
        conn.executemany(
            "INSERT INTO sqlite_master (rowid, type, name, tbl_name, rootpage, sql)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            schema,
        )


def test_a_record_that_the_index_of_streams_leaves_out_is_found(sqlite_url: str) -> None:
    with open_ledger(sqlite_url, counted) as ledger:
        ledger.append([("A", 0, started("M1", "M2")), ("B", 0, started("M1"))], ALICE)
    with raw(sqlite_url) as conn:
        row = conn.execute("SELECT * FROM log WHERE position = 2").fetchone()
        guard = conn.execute(
            "SELECT sql FROM sqlite_master WHERE name = 'log_no_delete'"
        ).fetchone()
        conn.execute("DROP TRIGGER log_no_delete")
        conn.execute("DELETE FROM log WHERE position = 2")
        conn.execute(*guard)
    with without_index(sqlite_url) as conn:
        conn.execute("INSERT INTO log VALUES (?, ?, ?, ?)", row)
    with open_ledger(sqlite_url, counted) as ledger:
        assert [record.version for record in ledger.stream("A")] == [1]  # what readers see of it
        said = found(ledger)
        assert said.keys() == {"database", "orders"}
        assert said["orders"] == (
            "stream 1 has 2 records by position and 1 by version: the index log_stream_version is not the table's;"
            " as its owner: REINDEX log"
        )
        assert "missing from index" in said["database"] and "REINDEX log" in said["database"]
    with raw(sqlite_url) as conn:
        conn.execute("REINDEX log")
    with open_ledger(sqlite_url, counted) as ledger:
        assert found(ledger) == {}
        assert [record.version for record in ledger.stream("A")] == [1, 2]


def test_an_index_of_streams_that_leads_to_another_record_is_found(sqlite_url: str) -> None:
    """Records of A and B change places in the table, not in the index: each stream still counts as many."""
    with open_ledger(sqlite_url, counted) as ledger:
        ledger.append([("A", 0, started("M1", "M2")), ("B", 0, started("M3", "M4"))], ALICE)
    with without_index(sqlite_url) as conn:
        rows = dict(conn.execute("SELECT position, stream FROM log").fetchall())
        for position, other in ((2, 4), (4, 2)):
            conn.execute("UPDATE log SET stream = ? WHERE position = ?", (rows[other], position))
    with open_ledger(sqlite_url, counted) as ledger:
        said = found(ledger)["orders"]
        assert "stream 1 has 2 records by position and 2 by version, in other places" in said


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("index", "says"),
    [
        ("log_stream_version", "stream 1 has 3 records by position and 2 by version"),
        (
            "log_pkey",
            "the table holds 3 records, and its key log_pkey 2; as its owner: REINDEX TABLE log",
        ),
    ],
)
@pytest.mark.parametrize("amcheck", [False, True])
def test_a_record_that_an_index_leaves_out_is_found_on_postgresql(
    postgresql_url: str, index: str, says: str, amcheck: bool, cluster: Cluster
) -> None:
    with open_ledger(postgresql_url, counted) as ledger:
        ledger.append([("A", 0, started("M1", "M2", "M3"))], ALICE)
        with writing(ledger.engine) as conn:
            if amcheck:
                conn.exec_driver_sql("CREATE EXTENSION amcheck")
            row = conn.exec_driver_sql("SELECT * FROM log WHERE position = 3").one()
        ready = f"UPDATE pg_index SET indisready = {{}} WHERE indexrelid = '{index}'::regclass"
        unguarded(ledger.engine, does("DELETE FROM log WHERE position = 3", ready.format("false")))

        def again(conn: Connection) -> None:
            conn.exec_driver_sql("INSERT INTO log VALUES (%s, %s, %s, %s)", tuple(row))

        unguarded(ledger.engine, again)
        unguarded(ledger.engine, does(ready.format("true")))
        verdict = verify(ledger.engine)
        said = found(ledger)
        assert says in said["orders"]
        assert ("database" in said) == amcheck
        assert ("engine" in verdict.not_checked) != amcheck
        if amcheck:
            assert "REINDEX TABLE log" in said["database"]
        with writing(ledger.engine) as conn:
            conn.exec_driver_sql("REINDEX TABLE log")
        assert found(ledger) == {}


# --- damaged pages -----------------------------------------------------------------------------------


def test_a_damaged_page_of_the_log_is_told_as_that(sqlite_url: str) -> None:
    with open_ledger(sqlite_url, counted) as ledger:
        ledger.append([("A", 0, started("M1"))], ALICE)
    overwrite(sqlite_url, "log")
    with open_ledger(sqlite_url, counted) as ledger:
        said = found(ledger)
        assert said.keys() == {"database"}
        assert "the table log is damaged" in said["database"]
        assert "restore a backup, then run: mledger audit verify" in said["database"]
        assert verify(ledger.engine).not_checked["records"]


def test_a_damaged_page_of_a_read_model_is_not_blamed_on_the_log(sqlite_url: str) -> None:
    with open_ledger(sqlite_url, counted) as ledger:
        ledger.append([("A", 0, started("M1"))], ALICE)
    overwrite(sqlite_url, "milestones_a")
    with open_ledger(sqlite_url, counted) as ledger:
        said = found(ledger)
        assert said.keys() == {"read models"}
        assert "the table milestones_a is damaged" in said["read models"]
        assert "the log is not: mledger projections rebuild" in said["read models"]


def test_one_thing_that_the_database_finds_wrong_is_enough(sqlite_url: str) -> None:
    """The head row's own constraint, passed by with a pragma: the engine says it in a single line."""
    with open_ledger(sqlite_url, counted) as ledger:
        ledger.append([("A", 0, started("M1"))], ALICE)
        around = ("PRAGMA ignore_check_constraints = ON", "UPDATE log_head SET id = 2")
        unguarded(ledger.engine, does(*around))
    with open_ledger(sqlite_url, counted) as ledger:
        said = found(ledger)["database"]
        assert "the table log_head is damaged: CHECK constraint failed in log_head" in said
