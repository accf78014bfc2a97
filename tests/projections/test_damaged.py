"""A page of the read models that cannot be read any more: the log is not blamed, and a rebuild makes it anew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from ledger.contract import evolve
from ledger.errors import IntegrityViolated
from ledger.state import Contract
from ledger.store import Ledger, open_ledger
from ledger.store.verifying import verify
from projections.reading import reader
from projections.rebuild.full import Options, rebuild
from tests.databases import Cluster
from tests.projections.portfolios import fill, served
from tests.store.events import ALICE
from tests.store.pages import overwrite


def damaged(ledger: Ledger[Contract]) -> dict[str, str]:
    return {check.name: check.detail() for check in verify(ledger.engine).checks if not check.ok}


@pytest.mark.parametrize("side", ["a", "b"])
@pytest.mark.parametrize("incremental", [False, True])
@pytest.mark.parametrize("behind", [False, True])
def test_a_rebuild_makes_a_damaged_table_of_either_side_anew(
    sqlite_url: str, side: str, incremental: bool, behind: bool
) -> None:
    with open_ledger(sqlite_url, evolve) as ledger:
        fill(ledger, 3, 10)
        rebuild(ledger.engine, Options())
        rebuild(ledger.engine, Options())  # both sides are full; side a serves
        rows = served(ledger)
        if behind:
            ledger.append([("BW-0000009", 0, [ledger.stream("BW-0000000")[0].data])], ALICE)
    overwrite(sqlite_url, f"schedule_{side}")
    with open_ledger(sqlite_url, evolve) as ledger:
        said = damaged(ledger)
        assert said.keys() == {"read models"}
        assert f"the table schedule_{side} is damaged" in said["read models"]
        assert "the log is not: mledger projections rebuild" in said["read models"]
        if side == "a":
            with pytest.raises(IntegrityViolated) as told, reader(ledger) as found:
                found.select("SELECT * FROM {schedule}")
            assert "mledger projections rebuild" in told.value.hint
        first = rebuild(ledger.engine, Options(incremental=incremental))
        assert first.status == "rebuilt"
        assert (first.damaged is not None) == (side == "a")
        second = rebuild(ledger.engine, Options(incremental=incremental))
        assert (second.status, second.differences, second.damaged) == ("rebuilt", 0, None)
        assert damaged(ledger) == {}
        now = served(ledger)
        assert now["schedule"] == rows["schedule"]
        assert len(now["contracts"]) == 3 + behind


@pytest.mark.postgres
def test_so_it_does_on_postgresql(postgresql_url: str, cluster: Cluster) -> None:
    with open_ledger(postgresql_url, evolve) as ledger:
        fill(ledger, 3, 10)
        rebuild(ledger.engine, Options())
        rebuild(ledger.engine, Options())
        rows = served(ledger)
    with _copied(cluster, make_url(postgresql_url).database or "") as copy:
        _overwrite(cluster, copy, "schedule_a")
        with open_ledger(cluster.url(copy), evolve) as ledger:
            assert damaged(ledger).keys() == {"read models"}
            assert rebuild(ledger.engine, Options()).damaged is not None
            assert rebuild(ledger.engine, Options()).status == "rebuilt"
            assert (damaged(ledger), served(ledger)) == ({}, rows)


@contextmanager
def _copied(cluster: Cluster, database: str) -> Iterator[str]:
    """A copy of the files of a database, of which the server has no page in memory."""
    copy = f"{database}_copied"
    try:
        cluster.execute(f"CREATE DATABASE {copy} TEMPLATE {database} STRATEGY file_copy")
    except psycopg.errors.SyntaxError:  # before PostgreSQL 15 there was no other way
        cluster.execute(f"CREATE DATABASE {copy} TEMPLATE {database}")
    try:
        yield copy
    finally:
        cluster.execute(f"DROP DATABASE {copy} WITH (FORCE)")


def _overwrite(cluster: Cluster, database: str, table: str) -> None:
    asked = f"SELECT current_setting('data_directory') || '/' || pg_relation_filepath('{table}')"
    with cluster.connect(database) as conn:
        found = conn.execute(asked.encode()).fetchone()
    assert found is not None
    with Path(found[0]).open("r+b") as file:
        file.write(b"\xff" * 8192)
