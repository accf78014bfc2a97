"""Every schema that was ever released becomes today's, once, by however many processes."""

from __future__ import annotations

import re
import sqlite3
import warnings
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import migrations
from ledger.errors import IntegrityViolated
from ledger.store import Ledger, connect, open_ledger, reading, writing
from ledger.store.schema import VERSION_TABLE
from ledger.store.tables import metadata
from tests.databases import Cluster
from tests.store.events import ALICE, Count, counted, started
from tests.store.workers import PROCESSES, at_once, upgrade

GOLDEN = sorted((Path(__file__).parent.parent / "golden").glob("schema_*.sql"))


def test_head_is_the_newest_revision_and_there_is_one_line_of_them() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [migrations.HEAD]
    revisions = [script.revision for script in scripts.walk_revisions()]
    assert revisions == sorted(revisions, reverse=True)
    assert len(revisions) == int(migrations.HEAD)


def test_an_empty_database_is_upgraded_once(empty_url: str) -> None:
    assert migrations.current(empty_url) is None
    assert migrations.upgrade(empty_url) == (None, migrations.HEAD)
    assert migrations.upgrade(empty_url) == (migrations.HEAD, migrations.HEAD)
    assert migrations.current(empty_url) == migrations.HEAD
    connect(empty_url).dispose()


def test_four_processes_upgrade_the_same_database_at_once(empty_url: str) -> None:
    before = [before for before, _ in at_once(upgrade, empty_url)]
    assert sorted(before, key=str) == [migrations.HEAD] * (PROCESSES - 1) + [None]
    connect(empty_url).dispose()


def test_a_failed_upgrade_leaves_nothing_behind(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = migrations._run

    def fail_at_the_end(conn: object) -> None:
        run(conn)  # type: ignore[arg-type]
        raise RuntimeError("no power")

    monkeypatch.setattr(migrations, "_run", fail_at_the_end)
    with pytest.raises(RuntimeError):
        migrations.upgrade(empty_url)
    assert migrations.current(empty_url) is None
    monkeypatch.undo()
    assert migrations.upgrade(empty_url) == (None, migrations.HEAD)


def test_every_ledger_has_an_id_of_its_own(tmp_path: Path) -> None:
    ids = set()
    for name in ("a", "b"):
        migrations.upgrade(f"sqlite:///{tmp_path}/{name}")
        with open_ledger(f"sqlite:///{tmp_path}/{name}", counted) as ledger, ledger.snapshot() as c:
            ids.add(reading.head(c).ledger_id)
    assert len(ids) == 2


def test_the_tables_are_those_that_the_store_describes(ledger: Ledger[Count]) -> None:
    described = set(metadata.tables)
    # An index over an expression is asked by it, which no description could be held against.
    with ledger.snapshot() as conn, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based")
        context = MigrationContext.configure(
            conn,
            opts={
                "include_name": lambda name, kind, parents: (
                    name != "log_what" and (kind != "table" or name in described)
                ),
                "version_table": VERSION_TABLE,
            },
        )
        # The comment on the head keeps the prefix of this ledger's roles: no part of what the store describes.
        found = [
            one for one in compare_metadata(context, metadata) if one[0] != "remove_table_comment"
        ]
        assert found == []


@pytest.mark.postgres
@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_text_of_postgresql_is_ordered_by_code_point(ledger: Ledger[Count]) -> None:
    with ledger.snapshot() as conn:
        other = conn.exec_driver_sql(
            "SELECT table_name || '.' || column_name FROM information_schema.columns"
            " WHERE table_schema = current_schema() AND data_type = 'text'"
            " AND collation_name IS DISTINCT FROM 'C'"
        )
        assert list(other.scalars()) == []


@pytest.mark.parametrize("dump", GOLDEN, ids=lambda path: path.stem)
def test_a_released_schema_is_upgraded_with_its_rows(dump: Path, tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite3"
    with closing(sqlite3.connect(path)) as conn:
        conn.executescript(dump.read_text("utf-8"))
        before = conn.execute("SELECT * FROM log ORDER BY position").fetchall()
    url = f"sqlite:///{path}"
    assert migrations.upgrade(url) == (dump.stem.removeprefix("schema_"), migrations.HEAD)
    with open_ledger(url, counted) as ledger:
        with ledger.snapshot() as conn:
            rows = conn.exec_driver_sql("SELECT * FROM log ORDER BY position").all()
            reading.check_complete(conn, len(before))
        assert [tuple(row) for row in rows] == before
        assert ledger.load("C-1") == ("M1", "M2")
        assert ledger.load("C-2") == ("M1",)
        assert [record.position for record in ledger.records_of_key("key-1")] == [2, 3]
        (record,) = ledger.append([("C-1", 2, started("M3"))], ALICE)
        assert record.position == len(before) + 1


@pytest.mark.postgres
@pytest.mark.parametrize("revision", [f"{number:04}" for number in range(1, int(migrations.HEAD))])
def test_a_released_schema_of_postgresql_is_upgraded_with_its_rows(
    cluster: Cluster, revision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    golden = (Path(__file__).parent.parent / "golden" / f"schema_{revision}.sql").read_text("utf-8")
    tables = "log|streams|keys|log_head"
    rows = re.findall(rf'^INSERT INTO "?({tables})"? (VALUES.*;)$', golden, re.MULTILINE)
    with cluster.database("template0") as url:
        with monkeypatch.context() as then:
            then.setattr(migrations, "HEAD", revision)
            then.setattr(migrations, "grant", lambda conn, prefix: None)
            migrations.upgrade(url)
        with psycopg.connect(url.replace("+psycopg", "")) as conn:
            conn.execute("SET session_replication_role = replica")
            conn.execute("DELETE FROM log_head")
            for table, values in rows:
                conn.execute(f"INSERT INTO {table} {values}".encode())
            before = conn.execute("SELECT * FROM log ORDER BY position").fetchall()
        assert migrations.upgrade(url) == (revision, migrations.HEAD)
        with open_ledger(url, counted) as ledger:
            with ledger.snapshot() as conn:
                after = conn.exec_driver_sql("SELECT * FROM log ORDER BY position").all()
            assert [tuple(row) for row in after] == before
            assert len(before) == 3
            (record,) = ledger.append([("C-1", 2, started("M3"))], ALICE)
            assert record.position == 4
            with pytest.raises(IntegrityViolated), writing(ledger.engine) as conn:
                conn.exec_driver_sql("INSERT INTO streams VALUES (3, 'C-3')")


def test_there_is_a_dump_of_every_released_schema() -> None:
    earlier = range(1, int(migrations.HEAD))
    assert [dump.stem for dump in GOLDEN] == [f"schema_{number:04}" for number in earlier]
