"""`audit verify` names every guard that is not as it was made, and `mledger init` puts it back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine

import migrations
from ledger.errors import IntegrityViolated
from ledger.store import Ledger, open_ledger, writing
from ledger.store.database import reading
from ledger.store.guard_digests import DIGESTS
from ledger.store.guards import definitions, digest_of, wrong
from ledger.store.sealing import seal
from ledger.store.verifying import verify
from tests.databases import Cluster
from tests.store.events import ALICE, Count, counted, started
from tests.store.sealed import KEY, does


def change(engine: Engine, *statements: str) -> None:
    with writing(engine) as conn:
        does(*statements)(conn)


def told(ledger: Ledger[Count]) -> str:
    """What verify says of the guards, "" where they hold."""
    (check,) = [check for check in verify(ledger.engine).checks if check.name == "guards"]
    return "" if check.ok else check.detail()


def restored(ledger: Ledger[Count]) -> list[str]:
    return migrations.restore(ledger.engine.url.render_as_string(hide_password=False))


def test_the_guards_that_are_expected_are_those_that_the_migrations_make(
    ledger: Ledger[Count],
) -> None:
    with reading(ledger.engine) as conn:
        made = {name: digest_of(text) for name, (text, _) in definitions(conn).items()}
    assert made == DIGESTS[ledger.engine.dialect.name]
    assert told(ledger) == ""
    assert restored(ledger) == []


def test_every_trigger_and_index_that_is_dropped_is_named_and_put_back(
    ledger: Ledger[Count],
) -> None:
    ledger.append([("A", 0, started("M1"))], ALICE)
    on_table = ledger.engine.dialect.name == "postgresql"
    ours = ("trigger", "index log_")
    made = [name for name in DIGESTS[ledger.engine.dialect.name] if name.startswith(ours)]
    assert len(made) > 15
    for name in made:
        what, _, table = name.partition(" on ")
        change(ledger.engine, f"DROP {what}{f' ON {table}' if on_table else ''}")
        assert (
            told(ledger)
            == f"{name} is missing: mledger init, as the owner of the tables, puts it back"
        )
        assert restored(ledger) == [name]
        with reading(ledger.engine) as conn:
            assert wrong(conn) == {}
    ledger.append([("A", 1, started("M2"))], ALICE)


ADDED = "is none of this program's, and may change, refuse or swallow what is recorded"
ALTERED = "puts it back"
LIES = "LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"


def test_a_trigger_that_is_altered_or_added_on_sqlite_is_named(sqlite_url: str) -> None:
    with open_ledger(sqlite_url, counted) as ledger:
        change(
            ledger.engine,
            "DROP TRIGGER log_no_update",
            "CREATE TRIGGER log_no_update BEFORE UPDATE ON log WHEN 0 BEGIN SELECT 1; END",
            swallowing("sqlite", "keys", "INSERT"),
        )
        said = told(ledger)
        assert "trigger log_no_update on log is altered: mledger init" in said
        assert f"trigger hidden on keys {ADDED}: DROP TRIGGER hidden" in said
        assert restored(ledger) == ["trigger log_no_update on log"]
        change(ledger.engine, "DROP TRIGGER hidden")
        assert told(ledger) == ""


def test_a_table_that_was_made_anew_without_its_constraint_is_named(sqlite_url: str) -> None:
    with open_ledger(sqlite_url, counted) as ledger:
        change(
            ledger.engine,
            "CREATE TABLE kept AS SELECT * FROM log_checkpoints",
            "DROP TABLE log_checkpoints",
            "ALTER TABLE kept RENAME TO log_checkpoints",
        )
        assert "table log_checkpoints on log_checkpoints was altered: restore a backup" in told(
            ledger
        )


# What an owner does on PostgreSQL, what is said of it, and how it is undone where init does not.
ON_POSTGRESQL = {
    "a trigger disabled": (
        ["ALTER TABLE log DISABLE TRIGGER log_no_delete"],
        f"trigger log_no_delete on log is disabled: mledger init, as the owner of the tables, {ALTERED}",
        "",
    ),
    "a trigger for replicas only": (
        ["ALTER TABLE log ENABLE REPLICA TRIGGER log_inserted"],
        "trigger log_inserted on log is disabled",
        "",
    ),
    "a trigger of the same name that does nothing": (
        [
            f"CREATE FUNCTION nothing() RETURNS trigger {LIES}",
            "DROP TRIGGER keys_inserted ON keys",
            "CREATE TRIGGER keys_inserted AFTER INSERT ON keys EXECUTE FUNCTION nothing()",
        ],
        "trigger keys_inserted on keys is altered",
        "",
    ),
    "a function replaced": (
        [f"CREATE OR REPLACE FUNCTION mledger_head_stands() RETURNS trigger {LIES}"],
        "function mledger_head_stands() is altered",
        "",
    ),
    "a function with another search path": (
        ["ALTER FUNCTION mledger_log_inserted() SET search_path = public"],
        "function mledger_log_inserted() is altered",
        "",
    ),
    "a function dropped with its triggers": (
        ["DROP FUNCTION mledger_stream_named() CASCADE"],
        "function mledger_stream_named() is missing",
        "",
    ),
    "a function that runs as its owner": (
        ["ALTER FUNCTION mledger_keys_inserted() SECURITY DEFINER"],
        "function mledger_keys_inserted() is altered",
        "",
    ),
    "a constraint dropped": (
        ["ALTER TABLE log DROP CONSTRAINT log_stream_version"],
        f"constraint log_stream_version on log is missing: mledger init, as the owner of the tables, {ALTERED}",
        "",
    ),
    "a column that may be empty": (
        ["ALTER TABLE log ALTER COLUMN record DROP NOT NULL"],
        "table log was altered: restore a backup",
        "ALTER TABLE log ALTER COLUMN record SET NOT NULL",
    ),
    "a rule": (
        ["CREATE RULE silent AS ON INSERT TO keys DO INSTEAD NOTHING"],
        f"rule silent on keys {ADDED}: DROP RULE silent on keys",
        "DROP RULE silent on keys",
    ),
    "a trigger added": (
        [
            f"CREATE FUNCTION nothing() RETURNS trigger {LIES}",
            "CREATE TRIGGER hidden BEFORE INSERT ON log FOR EACH ROW EXECUTE FUNCTION nothing()",
        ],
        f"trigger hidden on log {ADDED}: DROP TRIGGER hidden on log",
        "DROP TRIGGER hidden on log",
    ),
    "rows hidden": (
        ["ALTER TABLE log ENABLE ROW LEVEL SECURITY"],
        f"row security on log {ADDED}: ALTER TABLE log DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE log DISABLE ROW LEVEL SECURITY",
    ),
    "a check added": (
        ["ALTER TABLE log ADD CONSTRAINT few CHECK (position < 9)"],
        f"constraint few on log {ADDED}: ALTER TABLE log DROP CONSTRAINT few",
        "ALTER TABLE log DROP CONSTRAINT few",
    ),
    "a login without triggers": (
        ["CREATE ROLE free", "ALTER ROLE free SET session_replication_role = replica"],
        f"session_replication_role of ROLE free {ADDED}: ALTER ROLE free RESET session_replication_role",
        "DROP ROLE free",
    ),
}


@pytest.mark.postgres
def test_what_the_owner_does_to_the_guards_on_postgresql_is_named_with_the_step_that_undoes_it(
    postgresql_url: str,
) -> None:
    with open_ledger(postgresql_url, counted) as ledger:
        for name, (statements, words, undone) in ON_POSTGRESQL.items():
            change(ledger.engine, *statements)
            assert words in told(ledger), name
            if undone:
                assert restored(ledger) == [], name
                change(ledger.engine, undone)
            else:
                assert restored(ledger) != [], name
            assert told(ledger) == "", name
            change(ledger.engine, "DROP FUNCTION IF EXISTS nothing()")
        ledger.append([("A", 0, started("M1"))], ALICE)


@pytest.mark.postgres
def test_who_does_not_own_the_tables_puts_nothing_back(
    postgresql_url: str, cluster: Cluster
) -> None:
    with open_ledger(postgresql_url, counted) as ledger:
        change(ledger.engine, "DROP TRIGGER log_no_delete ON log", "CREATE ROLE guest LOGIN")
        try:
            with writing(ledger.engine) as conn:
                schema = conn.exec_driver_sql("SELECT current_schema()").scalar_one()
                does(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO guest")(conn)
            database = ledger.engine.url.database or ""
            assert migrations.restore(cluster.url(database, "guest")) == []
            assert "log_no_delete" in told(ledger)
        finally:
            change(ledger.engine, "DROP OWNED BY guest", "DROP ROLE guest")


# --- an insert that a trigger swallows ---------------------------------------------------------------


def swallowing(dialect: str, table: str, act: str) -> str:
    if dialect == "sqlite":
        return f"CREATE TRIGGER hidden BEFORE {act} ON {table} BEGIN SELECT RAISE(IGNORE); END"
    return (
        f"CREATE TRIGGER a_hidden BEFORE {act} ON {table} FOR EACH ROW EXECUTE FUNCTION nothing()"
    )


@pytest.mark.parametrize(
    ("table", "act"),
    [("log", "INSERT"), ("streams", "INSERT"), ("keys", "INSERT"), ("log_head", "UPDATE")],
)
def test_an_append_of_which_a_row_is_swallowed_records_nothing_and_says_so(
    ledger: Ledger[Count], table: str, act: str
) -> None:
    dialect = ledger.engine.dialect.name
    ledger.append([("A", 0, started("M1"))], ALICE)
    if dialect == "postgresql":
        change(ledger.engine, f"CREATE FUNCTION nothing() RETURNS trigger {LIES}")
    change(ledger.engine, swallowing(dialect, table, act))
    with pytest.raises(IntegrityViolated) as swallowed:
        ledger.append([("B", 0, started("M1"))], replace(ALICE, key="k", digest="d"))
    assert swallowed.value.code in ("insert-swallowed", "guard-refused")
    if table != "log_head":
        assert f"for the table {table} the database kept 0" in swallowed.value.message
    assert ledger.stream("B") == []
    assert "hidden on " + table in told(ledger)


def test_a_seal_whose_checkpoint_is_swallowed_is_not_made(ledger: Ledger[Count]) -> None:
    dialect = ledger.engine.dialect.name
    ledger.append([("A", 0, started("M1"))], ALICE)
    if dialect == "postgresql":
        change(ledger.engine, f"CREATE FUNCTION nothing() RETURNS trigger {LIES}")
    change(ledger.engine, swallowing(dialect, "log_checkpoints", "INSERT"))
    with pytest.raises(IntegrityViolated) as swallowed:
        seal(ledger.engine, KEY)
    assert swallowed.value.code == "insert-swallowed"
    assert ledger.stream("~seals") == []
