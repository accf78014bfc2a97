"""What each of PostgreSQL's roles may do, and what it must not: tried as that role."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest
from sqlalchemy import make_url

import migrations
from ledger.errors import StoreUnavailable
from ledger.store import Ledger, open_ledger, writing
from ledger.store.sealing import seal
from ledger.store.verifying import verify
from migrations.roles import ROLES
from tests.databases import Cluster
from tests.store.events import ALICE, Count, counted, started
from tests.store.sealed import KEY

pytestmark = pytest.mark.postgres

_people = count(1)

FORBIDDEN_TO_ALL = [
    *(f"UPDATE {table} SET stream = stream" for table in ("log", "streams", "keys")),
    *(f"DELETE FROM {table}" for table in ("log", "streams", "keys", "log_head", "mledger_schema")),
    *(f"TRUNCATE {table}" for table in ("log", "streams", "keys", "log_head")),
    *(f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in ("log", "log_head")),
    "DROP TRIGGER log_no_update ON log",
    "DROP TABLE log",
    "INSERT INTO log_head VALUES (1, 0, '', 'another')",
    "UPDATE mledger_schema SET version_num = '9999'",
    "CREATE OR REPLACE FUNCTION mledger_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
    "SET session_replication_role = replica",
    "CREATE TABLE log2 (x int)",
]
FORBIDDEN_TO_READERS = [
    "INSERT INTO log VALUES (1, 1, 1, '{}')",
    "INSERT INTO streams VALUES (1, 'A')",
    "INSERT INTO keys VALUES ('k', '', '', 1, 1, 1, 1, 1)",
    "UPDATE log_head SET position = position",
]


@contextmanager
def as_member(url: str, cluster: Cluster, role: str) -> Iterator[Ledger[Count]]:
    """A ledger opened by a person who has this role and nothing else."""
    person = f"person_{next(_people)}"
    cluster.execute(f"CREATE ROLE {person} LOGIN IN ROLE {role}")
    own = make_url(url).set(username=person).render_as_string(hide_password=False)
    try:
        with open_ledger(own, counted) as ledger:
            yield ledger
    finally:
        cluster.execute(f"DROP ROLE {person}")


def refuses(ledger: Ledger[Count], statement: str) -> None:
    with pytest.raises(StoreUnavailable) as refused, writing(ledger.engine) as conn:
        conn.exec_driver_sql(statement)
    assert refused.value.code == "database-read-only", statement


@pytest.mark.parametrize("role", ROLES)
def test_nobody_changes_what_is_recorded(postgresql_url: str, cluster: Cluster, role: str) -> None:
    with as_member(postgresql_url, cluster, role) as ledger:
        for statement in FORBIDDEN_TO_ALL:
            refuses(ledger, statement)


@pytest.mark.parametrize("role", ["mledger_projector", "mledger_auditor"])
def test_readers_read_and_do_not_write(postgresql_url: str, cluster: Cluster, role: str) -> None:
    with open_ledger(postgresql_url, counted) as owner:
        owner.append([("A", 0, started("M1"))], ALICE)
    with as_member(postgresql_url, cluster, role) as ledger:
        assert ledger.load("A") == ("M1",)
        assert len(ledger.stream("A")) == 1
        for statement in FORBIDDEN_TO_READERS:
            refuses(ledger, statement)
        with pytest.raises(StoreUnavailable):
            ledger.append([("A", 1, started("M2"))], ALICE)


def test_a_writer_appends_under_its_own_name(postgresql_url: str, cluster: Cluster) -> None:
    with as_member(postgresql_url, cluster, "mledger_writer") as ledger:
        (record,) = ledger.append([("A", 0, started("M1"))], ALICE)
        person = ledger.authenticated_user()
        assert person.startswith("person_")
        assert (record.actor, record.authenticated_as) == (ALICE.actor, person)
        with writing(ledger.engine) as conn:
            conn.exec_driver_sql("SET ROLE mledger_writer")
        (record,) = ledger.append([("A", 1, started("M2"))], ALICE)
        assert record.authenticated_as == person


def test_a_writer_seals_and_an_auditor_verifies(postgresql_url: str, cluster: Cluster) -> None:
    with as_member(postgresql_url, cluster, "mledger_writer") as ledger:
        ledger.append([("A", 0, started("M1"))], ALICE)
        seal(ledger.engine, KEY)
        refuses(ledger, "UPDATE log_checkpoints SET note = 'other'")
        refuses(ledger, "DELETE FROM log_checkpoints")
    with as_member(postgresql_url, cluster, "mledger_auditor") as ledger:
        verdict = verify(ledger.engine)
        assert (verdict.ok, verdict.events) == (True, 2)
        refuses(ledger, "INSERT INTO log_checkpoints VALUES (9, 'other', '')")
        with pytest.raises(StoreUnavailable):
            seal(ledger.engine, KEY)


READ_MODEL_WRITES = [
    "UPDATE serving SET side = side",
    "UPDATE checkpoints SET position = position",
    "DELETE FROM schedule_a",
    "INSERT INTO rebuild_runs VALUES ('r', 't', '{}')",
    "SELECT taken FROM rebuild_lock FOR UPDATE",
]


@pytest.mark.parametrize("role", ["mledger_writer", "mledger_auditor"])
def test_only_the_projector_keeps_the_read_models(
    postgresql_url: str, cluster: Cluster, role: str
) -> None:
    with as_member(postgresql_url, cluster, role) as ledger:
        for statement in READ_MODEL_WRITES:
            refuses(ledger, statement)
        with ledger.snapshot() as conn:
            assert conn.exec_driver_sql("SELECT side FROM serving").scalar_one() == "a"
            assert conn.exec_driver_sql("SELECT count(*) FROM schedule_a").scalar_one() == 0


def test_the_projector_keeps_the_read_models(postgresql_url: str, cluster: Cluster) -> None:
    with (
        as_member(postgresql_url, cluster, "mledger_projector") as ledger,
        writing(ledger.engine) as conn,
    ):
        for statement in READ_MODEL_WRITES:
            conn.exec_driver_sql(statement)


def test_a_stranger_reads_nothing(postgresql_url: str, cluster: Cluster) -> None:
    with (
        pytest.raises(StoreUnavailable) as refused,
        as_member(postgresql_url, cluster, "pg_monitor"),
    ):
        pass
    assert refused.value.code == "database-read-only"


def test_without_the_right_to_make_roles_one_is_told_who_can(
    cluster: Cluster, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The names are the cluster's, where other tests have them: here they are others.
    monkeypatch.setattr("migrations.roles.ROLES", ("mledger_nobody",))
    monkeypatch.setattr("migrations.roles.GRANTS", ("SELECT ON log TO mledger_nobody",))
    monkeypatch.setattr("migrations.roles.READ_MODEL_GRANTS", ())
    cluster.execute("CREATE ROLE modest LOGIN")
    with cluster.database("template0") as url:
        try:
            cluster.execute(f"ALTER DATABASE {make_url(url).database} OWNER TO modest")
            own = make_url(url).set(username="modest").render_as_string(hide_password=False)
            with caplog.at_level(logging.WARNING):
                assert migrations.upgrade(own) == (None, migrations.HEAD)
            assert "modest may not create them: mledger_nobody" in caplog.text
            with open_ledger(own, counted) as ledger:
                ledger.append([("A", 0, started("M1"))], ALICE)
            caplog.clear()
            cluster.execute("CREATE ROLE mledger_nobody NOLOGIN")
            migrations.upgrade(own)
            assert caplog.text == ""
        finally:
            cluster.execute("REASSIGN OWNED BY modest TO postgres", make_url(url).database or "")
            cluster.execute("DROP OWNED BY mledger_nobody", make_url(url).database or "")
            cluster.execute("DROP ROLE mledger_nobody")
    cluster.execute("DROP ROLE modest")
