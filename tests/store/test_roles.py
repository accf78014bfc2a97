"""What each of PostgreSQL's roles may do, and what it must not: tried as that role."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest
from psycopg.errors import InsufficientPrivilege, UndefinedTable
from sqlalchemy import make_url

import migrations
from ledger.errors import DatabaseUnusable, InputInvalid, IntegrityViolated, StoreUnavailable
from ledger.store import Ledger, open_ledger, writing
from ledger.store.sealing import seal
from ledger.store.verifying import verify
from migrations.roles import KINDS, SHARED, named
from tests.databases import Cluster, role_of
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
    "LOCK TABLE log_head IN ACCESS EXCLUSIVE MODE",
    "LOCK TABLE log IN SHARE MODE",
    *(
        f"SELECT 1 FROM {table} FOR KEY SHARE"
        for table in ("log", "streams", "keys", "log_checkpoints")
    ),
    "UPDATE log_head SET ledger_id = 'another'",
    "UPDATE log_head SET id = 2",
    "COMMENT ON TABLE log IS 'up to position 9 its logins are claims of another store'",
    "CREATE TEMP TABLE more () INHERITS (log)",
    "CREATE RULE nothing AS ON INSERT TO log DO INSTEAD NOTHING",
    "CREATE FUNCTION to_json(text) RETURNS json LANGUAGE sql AS 'SELECT NULL::json'",
    "ALTER FUNCTION mledger_guard(text) SET search_path = pg_temp",
    "SET SESSION AUTHORIZATION postgres",
    "SET ROLE postgres",
]
FORBIDDEN_TO_READERS = [
    "INSERT INTO log VALUES (1, 1, 1, '{}')",
    "INSERT INTO streams VALUES (1, 'A')",
    "INSERT INTO keys VALUES ('k', '', '', 1, 1, 1, 1, 1)",
    "UPDATE log_head SET position = position",
    "SELECT position FROM log_head FOR UPDATE",
    "SELECT position FROM log_head FOR KEY SHARE",
]


@contextmanager
def as_member(url: str, cluster: Cluster, role: str) -> Iterator[Ledger[Count]]:
    """A ledger opened by a person who has this role and nothing else."""
    role = role_of(url, role)
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


@pytest.mark.parametrize("role", KINDS)
def test_nobody_changes_what_is_recorded(postgresql_url: str, cluster: Cluster, role: str) -> None:
    with as_member(postgresql_url, cluster, role) as ledger:
        for statement in FORBIDDEN_TO_ALL:
            refuses(ledger, statement)


@pytest.mark.parametrize("role", ["projector", "auditor"])
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
    with as_member(postgresql_url, cluster, "writer") as ledger:
        (record,) = ledger.append([("A", 0, started("M1"))], ALICE)
        person = ledger.authenticated_user()
        assert person.startswith("person_")
        assert (record.actor, record.authenticated_as) == (ALICE.actor, person)
        with writing(ledger.engine) as conn:
            conn.exec_driver_sql(f"SET ROLE {role_of(postgresql_url, 'writer')}")
        (record,) = ledger.append([("A", 1, started("M2"))], ALICE)
        assert record.authenticated_as == person


def test_a_sealer_seals_what_a_writer_records_and_an_auditor_verifies(
    postgresql_url: str, cluster: Cluster
) -> None:
    with as_member(postgresql_url, cluster, "writer") as ledger:
        ledger.append([("A", 0, started("M1"))], ALICE)
        with pytest.raises(IntegrityViolated) as guarded:
            seal(ledger.engine, KEY)
        assert guarded.value.code == "guard-refused"
        refuses(ledger, "INSERT INTO log_checkpoints VALUES (1, 'other', '')")
    with as_member(postgresql_url, cluster, "sealer") as ledger:
        seal(ledger.engine, KEY)
        (sealed,) = ledger.stream("~seals")
        assert sealed.actor == sealed.authenticated_as == ledger.authenticated_user()
        with pytest.raises(IntegrityViolated) as guarded:
            ledger.append([("A", 1, started("M2"))], ALICE)
        assert guarded.value.code == "guard-refused"
        refuses(ledger, "INSERT INTO keys VALUES ('k', '', '', 1, 1, 1, 1, 1)")
        refuses(ledger, "DELETE FROM schedule_a")
        refuses(ledger, "UPDATE log_checkpoints SET note = 'other'")
        refuses(ledger, "DELETE FROM log_checkpoints")
    with as_member(postgresql_url, cluster, "auditor") as ledger:
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


@pytest.mark.parametrize("role", ["writer", "sealer", "auditor"])
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
        as_member(postgresql_url, cluster, "projector") as ledger,
        writing(ledger.engine) as conn,
    ):
        for statement in READ_MODEL_WRITES:
            conn.exec_driver_sql(statement)


@pytest.mark.parametrize("runs", ["rebuild_runs", "nightly_runs"])
def test_what_was_run_stays_told(postgresql_url: str, cluster: Cluster, runs: str) -> None:
    migrations.upgrade(postgresql_url)
    with as_member(postgresql_url, cluster, "projector") as ledger:
        with writing(ledger.engine) as conn:
            conn.exec_driver_sql(f"INSERT INTO {runs} VALUES ('s', 't', '{{}}')")
        for statement in (
            f"DELETE FROM {runs}",
            f"UPDATE {runs} SET started_at = ''",
            f"TRUNCATE {runs}",
        ):
            refuses(ledger, statement)


def test_a_stranger_reads_nothing(postgresql_url: str, cluster: Cluster) -> None:
    with (
        pytest.raises(StoreUnavailable) as refused,
        as_member(postgresql_url, cluster, "pg_monitor"),
    ):
        pass
    assert refused.value.code == "database-read-only"


def test_without_the_right_to_make_roles_one_is_told_who_can(
    cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    cluster.execute("CREATE ROLE modest LOGIN")
    with cluster.database("template0") as url:
        try:
            cluster.execute(f"ALTER DATABASE {make_url(url).database} OWNER TO modest")
            own = make_url(url).set(username="modest").render_as_string(hide_password=False)
            with caplog.at_level(logging.WARNING):
                assert migrations.upgrade(own, "nobodys") == (None, migrations.HEAD)
            assert "modest may not create them: nobodys_writer" in caplog.text
            with open_ledger(own, counted) as ledger:
                ledger.append([("A", 0, started("M1"))], ALICE)
            caplog.clear()
            for role in named("nobodys").values():
                cluster.execute(f"CREATE ROLE {role} NOLOGIN")
            migrations.upgrade(own, "nobodys")
            assert caplog.text == ""
        finally:
            cluster.execute("REASSIGN OWNED BY modest TO postgres", make_url(url).database or "")
            drop_roles(cluster, url, "nobodys")
    cluster.execute("DROP ROLE modest")


def drop_roles(cluster: Cluster, url: str, *prefixes: str) -> None:
    for role in [role for prefix in prefixes for role in named(prefix).values()]:
        cluster.execute(f"DROP OWNED BY {role}", make_url(url).database or "")
        cluster.execute(f"DROP ROLE {role}")


# --- two ledgers on one server ---------------------------------------------------------------------

TO_THE_OTHER = [
    "SELECT count(*) FROM log",
    "SELECT count(*) FROM schedule_a",
    "INSERT INTO streams VALUES (1, 'A')",
    "INSERT INTO log VALUES (1, 1, 1, '{}')",
    "INSERT INTO log_checkpoints VALUES (1, 'note', '')",
    "UPDATE log_head SET position = position",
    "DELETE FROM schedule_a",
    "UPDATE serving SET side = side",
]


def strangers(cluster: Cluster, theirs: str, own: str) -> None:
    """Whoever has any role of one ledger does nothing in the other."""
    for kind in KINDS:
        with as_member(own, cluster, kind) as ledger, ledger.snapshot() as conn:
            person = conn.exec_driver_sql("SELECT session_user").scalar_one()
            database = make_url(theirs).database or ""
            schema = make_url(theirs).query.get("options", "=public")
            for statement in TO_THE_OTHER:
                with (
                    cluster.connect(database, person) as session,
                    pytest.raises((InsufficientPrivilege, UndefinedTable)),
                ):
                    session.execute(f"SET search_path = {str(schema).rpartition('=')[2]}".encode())
                    session.execute(statement.encode())


def test_the_logins_of_a_ledger_do_nothing_in_another_database(cluster: Cluster) -> None:
    with cluster.database("template0") as one, cluster.database("template0") as two:
        for url in (one, two):
            migrations.upgrade(url)
        assert role_of(one, "writer") != role_of(two, "writer")
        strangers(cluster, one, two)
        strangers(cluster, two, one)


def test_the_logins_of_a_ledger_do_nothing_in_another_schema(cluster: Cluster) -> None:
    with cluster.database("template0") as url:
        tenants = []
        for tenant in ("north", "south"):
            cluster.execute(f"CREATE SCHEMA {tenant}", make_url(url).database or "")
            tenants.append(f"{url}?options=-csearch_path%3D{tenant}")
            migrations.upgrade(tenants[-1], f"company_{tenant}")
            assert role_of(tenants[-1], "writer") == f"company_{tenant}_writer"
        strangers(cluster, *tenants)
        strangers(cluster, *reversed(tenants))
        with pytest.raises(DatabaseUnusable) as another:
            migrations.upgrade(tenants[1], "company_north")
        assert another.value.code == "roles-of-another"
        assert role_of(tenants[1], "writer") == "company_south_writer"
        drop_roles(cluster, url, "company_north", "company_south")


@pytest.mark.parametrize("prefix", ["", "mledger", "A b", "x; DROP TABLE log", "ü", "a" * 52])
def test_a_prefix_is_a_name_of_its_own(postgresql_url: str, prefix: str) -> None:
    with pytest.raises(InputInvalid) as refused:
        migrations.upgrade(postgresql_url, prefix)
    assert refused.value.code == "role-prefix"


def test_the_roles_that_every_ledger_shared_lose_their_rights(
    postgresql_url: str, cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    database = make_url(postgresql_url).database or ""
    for role in SHARED:
        cluster.execute(f"CREATE ROLE {role} NOLOGIN")
    cluster.execute("CREATE ROLE old_hand LOGIN IN ROLE mledger_writer")
    try:
        cluster.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO mledger_auditor", database)
        cluster.execute("GRANT SELECT, INSERT ON log TO mledger_writer", database)
        own = make_url(postgresql_url).set(username="old_hand").render_as_string(False)
        with caplog.at_level(logging.WARNING):
            migrations.upgrade(postgresql_url)
        assert "mledger_writer has no rights here any more" in caplog.text
        assert "(old_hand)" in caplog.text
        with pytest.raises(StoreUnavailable):
            open_ledger(own, counted).load("A")
        cluster.execute(f"GRANT {role_of(postgresql_url, 'writer')} TO old_hand")
        with open_ledger(own, counted) as ledger:
            ledger.append([("A", 0, started("M1"))], ALICE)
        caplog.clear()
        migrations.upgrade(postgresql_url)
        assert caplog.text == ""
    finally:
        for role in ("old_hand", *SHARED):
            cluster.execute(f"DROP OWNED BY {role}", database)
            cluster.execute(f"DROP ROLE {role}")
