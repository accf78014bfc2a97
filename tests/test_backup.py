"""Back-up and restore as the run-book describes them, on both databases: the restored ledger is the same ledger."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

import migrations
from ledger.contract import evolve
from ledger.errors import StoreUnavailable
from ledger.events import MilestoneStarted
from ledger.state import Contract
from ledger.store import Envelope, Ledger, open_ledger
from ledger.store.database import reading, writing
from ledger.store.reading import check_complete, head
from projections.rebuild.catchup import catch_up
from projections.rebuild.full import Options, rebuild
from tests.databases import Cluster, postgresql_binaries, role_of
from tests.projections.portfolios import fill, served

CONTRACTS, EVENTS = 30, 20
Rows = list[tuple[object, ...]]


def log_of(ledger: Ledger[Contract]) -> dict[str, Rows]:
    """Everything that is the truth, byte for byte."""
    tables = {"log": "position", "streams": "stream", "keys": "key", "log_head": "id"}
    with reading(ledger.engine) as conn:
        return {
            table: [
                tuple(row) for row in conn.exec_driver_sql(f"SELECT * FROM {table} ORDER BY {by}")
            ]
            for table, by in tables.items()
        }


def append_one(ledger: Ledger[Contract], key: str) -> int:
    """Appends one event to the first contract; returns its position."""
    name = "BW-0000000"
    version = len(ledger.stream(name))
    envelope = Envelope(actor="bench", origin="test", key=key, digest="d")
    (record,) = ledger.append([(name, version, [MilestoneStarted(milestone="M1")])], envelope)
    return record.position


def is_the_same_ledger(url: str, source: dict[str, Rows]) -> None:
    """The same records; read models without drift; appends go on at the next position; history is still guarded."""
    with open_ledger(url, evolve) as restored:
        assert log_of(restored) == source
        checked = rebuild(restored.engine, Options(check=True))
        assert (checked.status, checked.different) == ("checked", [])
        assert checked.compared == checked.streams == CONTRACTS
        last = len(source["log"])
        assert append_one(restored, "after") == last + 1
        assert restored.find_key("before") is not None
        with reading(restored.engine) as conn:
            check_complete(conn, last + 1)
        catch_up(restored.engine)
        assert served(restored)["contracts"]
        with (
            pytest.raises(Exception, match="log is append-only"),
            writing(restored.engine) as conn,
        ):
            conn.exec_driver_sql("DELETE FROM log WHERE position = 1")
    assert migrations.upgrade(url)[0] == migrations.upgrade(url)[1]


def prepared(url: str) -> dict[str, Rows]:
    with open_ledger(url, evolve) as ledger:
        fill(ledger, CONTRACTS, EVENTS)
        append_one(ledger, "before")
        catch_up(ledger.engine)
        return log_of(ledger)


# --- SQLite --------------------------------------------------------------------------------------


def by_backup(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


def by_vacuum(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as one:
        one.execute("VACUUM INTO ?", (str(target),))


@pytest.mark.parametrize("back_up", [by_backup, by_vacuum], ids=["backup", "vacuum into"])
def test_an_sqlite_ledger_is_restored_from_its_copy(
    sqlite_url: str, tmp_path: Path, back_up: Callable[[Path, Path], None]
) -> None:
    source = prepared(sqlite_url)
    copy = tmp_path / "backup.sqlite3"
    with open_ledger(sqlite_url, evolve) as ledger, reading(ledger.engine) as conn:
        assert head(conn).position == len(source["log"])
        back_up(tmp_path / "ledger.sqlite3", copy)  # while a reader has it open
    is_the_same_ledger(f"sqlite:///{copy}", source)


def test_a_copy_made_while_others_write_ends_at_one_position(
    sqlite_url: str, tmp_path: Path
) -> None:
    prepared(sqlite_url)
    copy = tmp_path / "backup.sqlite3"
    with (
        open_ledger(sqlite_url, evolve) as ledger,
        closing(sqlite3.connect(tmp_path / "ledger.sqlite3")) as one,
        closing(sqlite3.connect(copy)) as other,
    ):
        written: list[int] = []

        def meanwhile(*_: int) -> None:
            if len(written) < 3:
                written.append(append_one(ledger, f"meanwhile {len(written)}"))

        one.backup(other, pages=20, progress=meanwhile)
        assert len(written) == 3
        catch_up(ledger.engine)
    with open_ledger(f"sqlite:///{copy}", evolve) as restored:
        with reading(restored.engine) as conn:
            last = head(conn).position
            check_complete(conn, last)
        assert rebuild(restored.engine, Options()).different == []
        assert append_one(restored, "after") == last + 1


# --- PostgreSQL ----------------------------------------------------------------------------------


def program(name: str) -> Path:
    folder = postgresql_binaries()
    found = folder / name if folder else Path(name)
    if not found.exists():
        pytest.skip(f"{name} is missing beside the server's programs: back-up was not tried")
    return found


def run(name: str, *arguments: str) -> None:
    done = subprocess.run(
        [program(name), *arguments], check=False, capture_output=True, text=True, env=os.environ
    )
    assert done.returncode == 0, done.stderr


def address(url: str) -> str:
    """The URL as PostgreSQL's own programs read it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


@pytest.mark.postgres
def test_a_postgresql_ledger_is_restored_from_its_dump(
    postgresql_url: str, cluster: Cluster, tmp_path: Path
) -> None:
    source = prepared(postgresql_url)
    dump = str(tmp_path / "ledger.dump")
    run("pg_dump", "--format=custom", f"--file={dump}", address(postgresql_url))
    with cluster.database("template0") as url:
        run(
            "pg_restore",
            "--exit-on-error",
            "--single-transaction",
            f"--dbname={address(url)}",
            dump,
        )
        is_the_same_ledger(url, source)
        _rights_are_restored(url, cluster)


def _rights_are_restored(url: str, cluster: Cluster) -> None:
    """An auditor of the restored ledger reads it, and is refused every change."""
    cluster.execute(f"CREATE ROLE restored_auditor LOGIN IN ROLE {role_of(url, 'auditor')}")
    own = make_url(url).set(username="restored_auditor").render_as_string(hide_password=False)
    try:
        with open_ledger(own, evolve) as ledger:
            assert len(ledger.stream("BW-0000000")) == EVENTS + 2
            with pytest.raises(StoreUnavailable):
                append_one(ledger, "by an auditor")
    finally:
        cluster.execute("DROP OWNED BY restored_auditor", database=str(make_url(url).database))
        cluster.execute("DROP ROLE restored_auditor")
