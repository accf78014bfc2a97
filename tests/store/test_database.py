"""Databases that are not what they should be: each has its name, its exit code and its next step."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import make_url

import migrations
from ledger.errors import Conflict, ConnectionLost, DatabaseUnusable, LedgerError, StoreUnavailable
from ledger.store import connect, database, open_ledger, recorder, writing
from ledger.store.failures import translate
from tests.databases import Cluster, asking_for_a_password, free_port, role_of, unprivileged
from tests.store.events import ALICE, counted, started


def refusal(url: str) -> LedgerError:
    with pytest.raises(LedgerError) as error:
        connect(url)
    return error.value


def execute(url: str, *statements: str) -> None:
    """Runs statements in a database, whatever is in it."""
    engine = database.engine_for(url, create=True)
    with writing(engine) as conn:
        for statement in statements:
            conn.exec_driver_sql(statement)
    engine.dispose()


def path_of(url: str) -> Path:
    return Path(make_url(url).database or "")


def test_an_empty_database_is_not_initialised(empty_url: str) -> None:
    error = refusal(empty_url)
    assert (error.code, error.exit_code) == ("database-not-initialised", 2)
    assert error.hint == "mledger init"


def test_looking_for_a_database_does_not_make_one(tmp_path: Path) -> None:
    assert refusal(f"sqlite:///{tmp_path}/a.sqlite3").code == "database-not-initialised"
    assert migrations.current(f"sqlite:///{tmp_path}/a.sqlite3") is None
    assert list(tmp_path.iterdir()) == []


def test_a_database_with_other_tables_is_not_ours(empty_url: str) -> None:
    execute(empty_url, "CREATE TABLE recipes (name TEXT)")
    error = refusal(empty_url)
    assert (error.code, error.exit_code) == ("database-not-ours", 2)
    with pytest.raises(DatabaseUnusable) as refused:
        migrations.upgrade(empty_url)
    assert refused.value.code == "database-not-ours"


def test_a_file_that_is_no_database_is_not_ours_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear partner, " * 200)
    error = refusal(f"sqlite:///{path}")
    assert (error.code, type(error)) == ("database-not-ours", DatabaseUnusable)
    with pytest.raises(DatabaseUnusable):
        migrations.upgrade(f"sqlite:///{path}")
    assert path.read_text() == "Dear partner, " * 200


@pytest.mark.parametrize(
    ("version", "code", "hint"),
    [("0000", "database-older", "mledger init"), ("9999", "database-newer", "release")],
)
def test_another_schema_is_named(database_url: str, version: str, code: str, hint: str) -> None:
    execute(database_url, f"UPDATE mledger_schema SET version_num = '{version}'")
    error = refusal(database_url)
    assert (error.code, error.exit_code) == (code, 2)
    assert hint in error.hint
    assert error.facts == {"schema": version, "needed": migrations.HEAD}


def test_a_newer_database_is_not_upgraded(database_url: str) -> None:
    execute(database_url, "UPDATE mledger_schema SET version_num = '9999'")
    with pytest.raises(DatabaseUnusable) as refused:
        migrations.upgrade(database_url)
    assert refused.value.code == "database-newer"
    assert migrations.current(database_url) == "9999"


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    error = refusal(f"sqlite:///{tmp_path}")
    assert (error.code, error.exit_code) == ("database-unreachable", 1)


def test_a_server_that_is_not_there_is_unreachable_and_no_password_is_shown() -> None:
    url = f"postgresql://alice:s3cret@localhost:{free_port()}/ledger?sslpassword=s3cret"
    error = refusal(url)
    assert (error.code, type(error)) == ("database-unreachable", StoreUnavailable)
    assert "s3cret" not in str(error) + repr(error.facts)
    assert "alice:***@localhost" in error.message


@pytest.mark.postgres
def test_a_database_that_is_not_on_the_server_is_missing(cluster: Cluster) -> None:
    error = refusal(cluster.url("nowhere"))
    assert (error.code, type(error)) == ("database-missing", StoreUnavailable)
    assert "nowhere" in error.message


@pytest.mark.postgres
def test_a_user_whom_the_server_does_not_know_is_refused(cluster: Cluster) -> None:
    error = refusal(cluster.url("postgres", "nobody_at_all"))
    assert (error.code, type(error)) == ("login-refused", StoreUnavailable)


@pytest.mark.postgres
@pytest.mark.parametrize("why", ["wrong password", "no password", "expired", "no login"])
def test_a_login_that_is_refused_is_told_from_a_server_that_is_not_there(
    cluster: Cluster, why: str
) -> None:
    cluster.execute("CREATE ROLE guest LOGIN PASSWORD 'right'")
    password = {"wrong password": ":s3cret", "no password": ""}.get(why, ":right")
    try:
        with asking_for_a_password(cluster, "guest"):
            if why == "expired":
                cluster.execute("ALTER ROLE guest VALID UNTIL '2020-01-01'")
            if why == "no login":
                cluster.execute("ALTER ROLE guest NOLOGIN")
            error = refusal(f"postgresql://guest{password}@localhost:{cluster.port}/postgres")
    finally:
        cluster.execute("DROP ROLE guest")
    assert error.code == "login-refused", error.message
    assert "s3cret" not in str(error)
    assert "rolvaliduntil" in error.hint  # the server says the same of an expired password


@pytest.mark.postgres
def test_a_server_that_is_full_says_to_try_again(cluster: Cluster) -> None:
    cluster.execute("CREATE ROLE crowd LOGIN CONNECTION LIMIT 0")
    try:
        error = refusal(cluster.url("postgres", "crowd"))
    finally:
        cluster.execute("DROP ROLE crowd")
    assert (error.code, error.exit_code) == ("too-many-connections", 4)


# What PostgreSQL 16 and its client say, from their sources (postmaster.c, auth.c, fe-connect.c, fe-misc.c).
SAID = {
    "connection failed: FATAL:  sorry, too many clients already": "too-many-connections",
    "connection failed: FATAL:  remaining connection slots are reserved for roles with": "too-many-connections",
    "connection failed: FATAL:  the database system is starting up": "server-not-ready",
    "connection failed: FATAL:  the database system is shutting down": "server-not-ready",
    'connection failed: FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "a", database "b"': "login-refused",
    'connection failed: connection to server at "db" failed: Connection refused': "database-unreachable",
    "connection timeout expired": "database-unreachable",
    "[Errno -2] Name or service not known": "database-unreachable",
    "failed to resolve host 'db': [Errno -2] Name or service not known": "database-unreachable",
    "server closed the connection unexpectedly": "connection-lost",
    "the connection is lost": "connection-lost",
    "consuming input failed: could not receive data from server: Connection reset by peer": "connection-lost",
}


@pytest.mark.parametrize("said", SAID)
def test_what_a_server_says_is_told_apart(said: str) -> None:
    psycopg = pytest.importorskip("psycopg")
    with pytest.raises(LedgerError) as told, translate(make_url("postgresql://u@h/d")):
        raise psycopg.OperationalError(said)
    assert told.value.code == SAID[said]
    assert told.value.hint


@pytest.mark.postgres
@pytest.mark.parametrize(
    "options", ["-csearch_path=public", "-c work_mem=4MB -c lock_timeout=300ms", ""]
)
def test_a_url_with_options_of_its_own_keeps_the_lock_limit(
    postgresql_url: str,
    options: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(database, "LOCK_WAIT_SECONDS", 1)
    monkeypatch.setattr(database, "WAIT_TOLD_SECONDS", 0.1)
    url = make_url(postgresql_url)
    if options:
        url = url.update_query_dict({"options": options})
    with (
        open_ledger(postgresql_url, counted) as other,
        open_ledger(url.render_as_string(False), counted) as ledger,
    ):
        with writing(other.engine) as holder:
            holder.exec_driver_sql("SELECT position FROM log_head FOR UPDATE")
            began = monotonic()
            with pytest.raises(Conflict) as locked:
                ledger.append([("A", 0, started("M1"))], ALICE)
            assert monotonic() - began < 5
        assert locked.value.code == "database-locked"
        assert "waiting for another process that writes" in caplog.text
        caplog.clear()
        monkeypatch.setattr(database, "WAIT_TOLD_SECONDS", 60)
        ledger.append([("A", 0, started("M1"))], ALICE)
        assert caplog.text == ""


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ledger.sqlite3",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://alice:s3cret@db/x",
        "postgresql://alice:s3cret@db:port/x",
        "postgresql+asyncpg://alice:s3cret@db/x",
    ],
)
def test_a_url_that_names_no_database_of_ours_is_refused_without_its_password(url: str) -> None:
    error = refusal(url)
    assert (error.code, error.exit_code) == ("database-url", 2)
    assert "s3cret" not in str(error)


def test_a_held_lock_is_a_conflict(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "LOCK_WAIT_SECONDS", 0.2)
    with (
        open_ledger(database_url, counted) as ledger,
        open_ledger(database_url, counted) as other,
        writing(other.engine) as conn,
    ):
        if conn.dialect.name == "postgresql":  # a file is held since the transaction began
            conn.exec_driver_sql("SELECT position FROM log_head FOR UPDATE")
        with pytest.raises(Conflict) as conflict:
            ledger.append([("A", 0, started("M1"))], ALICE)
        assert (conflict.value.code, conflict.value.exit_code) == ("database-locked", 4)
        assert ledger.load("A") is None


@pytest.mark.postgres
def test_whoever_waits_for_the_head_in_vain_is_told_who_holds_it(
    postgresql_url: str, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may record can hold the head by SQL of its own: no right to move it goes without."""
    monkeypatch.setattr(database, "LOCK_WAIT_SECONDS", 0.2)
    name = make_url(postgresql_url).database or ""
    cluster.execute(f"CREATE ROLE holder LOGIN IN ROLE {role_of(postgresql_url, 'writer')}")
    try:
        with (
            open_ledger(postgresql_url, counted) as ledger,
            closing(cluster.connect(name, "holder")) as holder,
        ):
            holder.execute("BEGIN")
            holder.execute("SELECT position FROM log_head FOR UPDATE")
            with pytest.raises(Conflict) as locked:
                ledger.append([("A", 0, started("M1"))], ALICE)
            pid = holder.info.backend_pid
            assert locked.value.code == "database-locked"
            assert f"holder (session {pid}) holds the log's head" in locked.value.message
            assert locked.value.facts["holders"] == [{"session": pid, "user": "holder"}]
            # The hint, word for word.
            ends = locked.value.hint.rpartition("by itself: ")[2]
            cluster.execute(ends)
            ledger.append([("A", 0, started("M1"))], ALICE)
    finally:
        cluster.execute("DROP ROLE holder")


@pytest.mark.postgres
def test_a_process_of_ours_that_stands_still_does_not_hold_the_others(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_ledger(postgresql_url, counted) as ledger:
        with pytest.raises(ConnectionLost) as lost, writing(ledger.engine) as conn:
            monkeypatch.setattr(recorder, "STANDS_STILL_SECONDS", 0.1)
            recorder.LogRecorder(ledger.engine).claim(conn, 1, ALICE)
            monkeypatch.undo()
            ledger.append([("A", 0, started("M1"))], ALICE)
        assert lost.value.code == "connection-lost"
        assert [record.position for record in ledger.stream("A")] == [1]


def test_a_full_disk_is_named_and_nothing_is_recorded(sqlite_url: str) -> None:
    with open_ledger(sqlite_url, counted) as ledger:
        with writing(ledger.engine) as conn:
            pages = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
            conn.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreUnavailable) as failure:
            ledger.append([("A", 0, started(*(f"M{n}" for n in range(1000))))], ALICE)
        assert (failure.value.code, failure.value.exit_code) == ("disk-full", 1)
        assert ledger.load("A") is None


@pytest.mark.postgres
def test_a_full_disk_of_a_server_is_named(postgresql_url: str) -> None:
    raises = "DO $$ BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full'; END $$"
    engine = connect(postgresql_url)
    with pytest.raises(StoreUnavailable) as failure, writing(engine) as conn:
        conn.exec_driver_sql(raises)
    engine.dispose()
    assert failure.value.code == "disk-full"


@pytest.mark.postgres
def test_a_replica_says_that_it_is_read_only(postgresql_url: str) -> None:
    url = f"{postgresql_url}?options=-c%20default_transaction_read_only%3Don"
    with open_ledger(url, counted) as ledger:
        assert ledger.load("A") is None
        with pytest.raises(StoreUnavailable) as failure:
            ledger.append([("A", 0, started("M1"))], ALICE)
    assert failure.value.code == "database-read-only"


def read_and_write(url: str, user: dict[str, Any], answer: Connection) -> None:
    """What a process without any rights of its own can read, and what it is told when it writes."""
    if "user" in user:
        os.setgroups([])
        os.setgid(user["group"])
        os.setuid(user["user"])
    with open_ledger(url, counted) as ledger:
        answer.send(ledger.load("A"))
        try:
            ledger.append([("A", 1, started("M2"))], ALICE)
        except StoreUnavailable as error:
            answer.send(error.code)


@pytest.mark.parametrize("folder_too", [False, True])
def test_a_file_without_the_right_to_write_can_be_read(folder_too: bool) -> None:
    with TemporaryDirectory() as folder:
        user = unprivileged(Path(folder))
        url = f"sqlite:///{folder}/ledger.sqlite3"
        migrations.upgrade(url)
        with open_ledger(url, counted) as ledger:
            ledger.append([("A", 0, started("M1"))], ALICE)
        path_of(url).chmod(0o444)
        Path(folder).chmod(0o555 if folder_too else 0o755)
        # A fork, since a fresh interpreter may lie where only its owner can start it.
        processes = get_context("fork")
        heard, said = processes.Pipe(duplex=False)
        child = processes.Process(target=read_and_write, args=(url, user, said))
        child.start()
        said.close()
        assert heard.recv() == ("M1",)
        assert heard.recv() == "database-read-only"
        child.join()
        Path(folder).chmod(0o755)


def test_an_sqlite_ledger_keeps_every_commit_and_lets_readers_read(sqlite_url: str) -> None:
    engine = connect(sqlite_url)
    with writing(engine) as conn:
        pragma = {
            name: conn.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "application_id")
        }
    engine.dispose()
    assert pragma == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "application_id": 0x4D4C4447,
    }


def test_a_path_may_hold_any_character(tmp_path: Path) -> None:
    path = tmp_path / "a b%20c?d#é.sqlite3"
    url = f"sqlite:///{str(path).replace('%', '%25').replace('?', '%3F').replace('#', '%23')}"
    migrations.upgrade(url)
    connect(url).dispose()
    assert path.exists()


def test_the_folder_of_a_new_database_is_made(tmp_path: Path) -> None:
    migrations.upgrade(f"sqlite:///{tmp_path}/a/b/ledger.sqlite3")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable) as failure:
        migrations.upgrade(f"sqlite:///{tmp_path}/file/ledger.sqlite3")
    assert failure.value.code == "database-unreachable"


def test_a_damaged_file_is_named(sqlite_url: str) -> None:
    with open_ledger(sqlite_url, counted) as ledger:
        ledger.append([("A", 0, started(*(f"M{n}" for n in range(1000))))], ALICE)
    path = path_of(sqlite_url)
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    path.write_bytes(content)
    with open_ledger(sqlite_url, counted) as ledger, pytest.raises(LedgerError) as error:
        ledger.stream("A")
    assert error.value.exit_code == 5


def test_the_store_is_named_without_loading_it() -> None:
    program = "import sys, ledger.store, migrations; print('sqlalchemy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def test_sqlite3_itself_sees_a_sound_file(sqlite_url: str) -> None:
    with closing(sqlite3.connect(path_of(sqlite_url))) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
