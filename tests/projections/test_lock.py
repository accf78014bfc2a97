"""One rebuild at a time: who holds the lock is told, a dead process holds none, and a reader can take none."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest
from sqlalchemy import make_url

from ledger.contract import evolve
from ledger.errors import Conflict, StoreUnavailable
from ledger.state import Contract
from ledger.store import Ledger, open_ledger
from ledger.store.database import reading
from projections.rebuild.full import Options, rebuild
from projections.rebuild.lock import only_one
from tests.databases import Cluster, role_of
from tests.projections.children import child
from tests.projections.portfolios import change, fill, standing

NOON = "2026-11-22T04:00:00.000000Z"

_people = count(1)


def test_a_second_run_is_told_who_holds_the_lock(ledger: Ledger[Contract]) -> None:
    before = standing(ledger)
    with only_one(ledger.engine, "first", NOON), pytest.raises(Conflict) as refused:
        rebuild(ledger.engine, Options())
    assert (refused.value.code, refused.value.exit_code) == ("rebuild-running", 4)
    assert f"process {os.getpid()} on {platform.node()} since {NOON}" in refused.value.message
    assert refused.value.facts["run_id"] == "first"
    assert standing(ledger) == before
    assert rebuild(ledger.engine, Options()).status == "rebuilt"


def test_the_lock_of_a_killed_process_is_void(ledger: Ledger[Contract], database_url: str) -> None:
    with child("hold", database_url) as holder:
        with pytest.raises(Conflict) as refused:
            rebuild(ledger.engine, Options())
        assert refused.value.facts["pid"] == holder.pid
        holder.kill()
        holder.wait()
        _until_free(ledger)
        assert rebuild(ledger.engine, Options()).status == "rebuilt"


def _until_free(ledger: Ledger[Contract]) -> None:
    """A server takes a moment to notice that a client is gone."""
    for _ in range(1_000):
        try:
            with only_one(ledger.engine, "try", NOON):
                return
        except Conflict:
            continue
    raise AssertionError("the lock is still held")


@pytest.mark.parametrize(
    ("holder", "void"),
    [
        ({"pid": os.getpid(), "began": "1"}, True),
        ({"host": "elsewhere", "pid": 1, "began": "1"}, False),
        ({"pid": 1, "began": None}, False),
    ],
    ids=["a number used again", "on another machine", "somebody else's process"],
)
def test_on_sqlite_a_holder_counts_as_long_as_it_may_run(
    sqlite_url: str, holder: dict[str, object], void: bool
) -> None:
    from projections.rebuild.lock import _began

    named = {"run_id": "r", "host": platform.node(), "started_at": NOON} | holder
    if named["began"] is None:
        named["began"] = _began(1)
    with open_ledger(sqlite_url, evolve) as ledger:
        change(ledger, f"UPDATE rebuild_holder SET holder = '{json.dumps(named)}'")
        if void:
            assert rebuild(ledger.engine, Options()).status == "rebuilt"
        else:
            with pytest.raises(Conflict):
                rebuild(ledger.engine, Options())


def test_nothing_of_the_lock_stays_behind(ledger: Ledger[Contract]) -> None:
    rebuild(ledger.engine, Options())
    with reading(ledger.engine) as conn:
        assert conn.exec_driver_sql("SELECT holder FROM rebuild_holder").scalar_one() == ""


@contextmanager
def as_member(url: str, cluster: Cluster, role: str) -> Iterator[Ledger[Contract]]:
    """A ledger opened by a person who has this role and nothing else."""
    person = f"runner_{next(_people)}"
    cluster.execute(f"CREATE ROLE {person} LOGIN IN ROLE {role_of(url, role)}")
    own = make_url(url).set(username=person).render_as_string(hide_password=False)
    try:
        with open_ledger(own, evolve) as ledger:
            yield ledger
    finally:
        cluster.execute(f"DROP ROLE {person}")


@pytest.mark.postgres
@pytest.mark.parametrize("role", ["auditor", "writer"])
def test_a_role_that_may_not_write_rows_cannot_take_the_lock(
    postgresql_url: str, cluster: Cluster, role: str
) -> None:
    with as_member(postgresql_url, cluster, role) as ledger:
        with pytest.raises(StoreUnavailable) as refused, only_one(ledger.engine, "r", NOON):
            raise AssertionError("the lock was taken")
        assert refused.value.code == "database-read-only"
        with pytest.raises(StoreUnavailable):
            rebuild(ledger.engine, Options())


@pytest.mark.postgres
def test_the_projector_can_rebuild(postgresql_url: str, cluster: Cluster) -> None:
    with open_ledger(postgresql_url, evolve) as owner:
        fill(owner, 20, 10)
    with as_member(postgresql_url, cluster, "projector") as ledger:
        found = rebuild(ledger.engine, Options(workers=2))
        assert (found.status, found.events) == ("rebuilt", 200)
