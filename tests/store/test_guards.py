"""What the database itself compares when somebody with the right to append writes past the program.

Every attack is made by a login that may record, in SQL of its own; each is refused by the guard that is named, and
leaves the log as it was.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

import migrations
from ledger.errors import IntegrityViolated
from ledger.store import Ledger, open_ledger
from ledger.store.sealing import seal
from ledger.store.verifying import verify
from tests.databases import Cluster
from tests.store.events import ALICE, Count, counted, started
from tests.store.raw import ATTACKS, KEYED, NUMBERED, SEALED, Attack, Raw, starts, under_a_key
from tests.store.sealed import KEY, does, unguarded


@pytest.fixture
def played(postgresql_url: str) -> Iterator[tuple[str, Ledger[Count]]]:
    """A at positions 1 and 2, long ago enough for its time to be told from now."""
    with open_ledger(postgresql_url, counted) as ledger:
        ledger.append([("A", 0, started("M1", "M2"))], ALICE)
        early = "replace(record, substring(record from '\"recorded_at\":\"([^\"]*)'), '2026-01-01T00:00:00.000000Z')"
        unguarded(
            ledger.engine,
            does(
                f"UPDATE log SET record = {early}",
                "UPDATE log_head SET recorded_at = '2026-01-01T00:00:00.000000Z'",
            ),
        )
        yield postgresql_url, ledger


def answer(cluster: Cluster, database: str, attack: Attack) -> str:
    """What the database says to an attack, at the latest at its commit; nothing where it takes it."""
    with closing(cluster.connect(database, "recorder")) as conn:
        try:
            with conn.transaction():
                attack(Raw(conn))
                conn.execute("SET CONSTRAINTS ALL IMMEDIATE")
                raise psycopg.Rollback
        except psycopg.Error as refused:
            return str(refused)
    return ""


@pytest.mark.postgres
def test_whoever_may_record_records_nothing_but_its_own_acts(
    played: tuple[str, Ledger[Count]], cluster: Cluster
) -> None:
    url, ledger = played
    cluster.execute("CREATE ROLE recorder LOGIN")
    cluster.execute(
        "GRANT INSERT, SELECT ON log, streams, keys, log_checkpoints TO recorder;"
        " GRANT SELECT, UPDATE ON log_head TO recorder",
        make_url(url).database or "",
    )
    try:
        answers = {
            name: answer(cluster, make_url(url).database or "", attack)
            for name, (attack, _) in ATTACKS.items()
        }
        wrong = [
            f"{name}: {said or 'taken'}"
            for name, said in answers.items()
            if ATTACKS[name][1] not in said
        ]
        assert not wrong, "\n".join(wrong)
        with (
            closing(cluster.connect(make_url(url).database or "", "recorder")) as conn,
            conn.transaction(),
        ):
            under_a_key()(Raw(conn))  # what is right is recorded
            starts(2, 'Ä"\\ B')(Raw(conn))
        assert [record.position for record in ledger.stream("A")] == [1, 2, 3]
        assert verify(ledger.engine).ok
    finally:
        cluster.execute("DROP OWNED BY recorder", make_url(url).database or "")
        cluster.execute("DROP ROLE recorder")


# --- a head that was moved before there was a guard ------------------------------------------------


def way_back(block: int = 0) -> list[str]:
    """The statements of the run-book, as an owner copies them: a server's, or a file's."""
    page = (Path(__file__).parents[2] / "docs" / "run-book.md").read_text("utf-8")
    section = page.partition("### The head was moved\n")[2].partition("\n### ")[0]
    return section.split("```sql\n")[1 + block].partition("```")[0].split(";\n")[:-1]


MOVED = "UPDATE log_head SET position = 10^12, recorded_at = '2999-01-01T00:00:00.000000Z'"
BEYOND = """INSERT INTO log SELECT 10^12 + 1, 1, 3, replace(replace(record, '"position":2', '"position":1000000000001'),
    '"version":2', '"version":3') FROM log WHERE position = 2"""


@pytest.mark.postgres
@pytest.mark.parametrize("recorded", [(), (BEYOND,)], ids=["nothing", "an act"])
def test_the_owner_brings_a_moved_head_back(postgresql_url: str, recorded: tuple[str, ...]) -> None:
    with open_ledger(postgresql_url, counted) as ledger:
        before = ledger.append([("A", 0, started("M1", "M2"))], ALICE)
        unguarded(ledger.engine, does(MOVED, *recorded))
        with pytest.raises(IntegrityViolated) as refused:
            ledger.append([("A", 2 + len(recorded), started("M3"))], ALICE)
        assert refused.value.code == "guard-refused"
        assert "The head was moved" in refused.value.hint
        with psycopg.connect(bare(postgresql_url), autocommit=True) as owner:
            for statement in way_back():
                owner.execute(statement.encode())
            aside = owner.execute("SELECT count(*) FROM set_aside.log").fetchone()
            assert aside == (len(recorded),)
        assert ledger.stream("A") == before
        (record,) = ledger.append([("A", 2, started("M3"))], ALICE)
        assert (record.position, record.recorded_at < "2999") == (3, True)
        assert verify(ledger.engine).ok


@pytest.mark.parametrize(
    ("recorded", "back"),
    [((), True), ((BEYOND,), True), ((BEYOND,), False)],
    ids=["nothing", "an act", "an act, and no guard is left"],
)
def test_the_owner_brings_the_moved_head_of_a_file_back(
    sqlite_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    recorded: tuple[str, ...],
    back: bool,
) -> None:
    monkeypatch.chdir(tmp_path)
    with open_ledger(sqlite_url, counted) as ledger:
        before = ledger.append([("A", 0, started("M1", "M2"))], ALICE)
        moved = (one.replace("10^12", "1000000000000") for one in (MOVED, *recorded))
        unguarded(ledger.engine, does(*moved), back)
        if back:
            with pytest.raises(IntegrityViolated) as refused:
                ledger.append([("A", 2 + len(recorded), started("M3"))], ALICE)
            assert refused.value.code == "guard-refused"
    with closing(
        sqlite3.connect(make_url(sqlite_url).database or "", isolation_level=None)
    ) as owner:
        for statement in way_back(1):
            owner.execute(statement)
        assert owner.execute("SELECT count(*) FROM set_aside.log").fetchone() == (len(recorded),)
    migrations.upgrade(sqlite_url)
    migrations.restore(sqlite_url)
    with open_ledger(sqlite_url, counted) as ledger:
        assert ledger.stream("A") == before
        (record,) = ledger.append([("A", 2, started("M3"))], ALICE)
        assert (record.position, record.recorded_at < "2999") == (3, True)
        assert verify(ledger.engine).ok


def bare(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


# --- what SQLite compares --------------------------------------------------------------------------

ON_SQLITE = {
    "INSERT INTO streams VALUES (9, 'C')": NUMBERED,
    "INSERT INTO keys VALUES ('j', 'd', 'a', 1, 1, 2, 1, 2)": KEYED,
    "INSERT INTO keys VALUES ('j', 'd', 'alice', 1, 1, 1, 1, 99)": KEYED,
    "INSERT INTO log_checkpoints VALUES (2, 'note', '')": SEALED,
    "UPDATE log_head SET position = position + 1, recorded_at = 'now'": "at a time",
    "UPDATE log_head SET recorded_at = '2999-01-01T00:00:00.000000Z'": "from the end of the log only",
    "UPDATE log_head SET position = position": "from the end of the log only",
    "INSERT INTO log SELECT 3, 1, 3, record FROM log WHERE position = 1": "append-only|guard",
}
AFTER_A_CLAIM = {
    "INSERT INTO log SELECT 3, 1, 3, record FROM log WHERE position = 1": "where it stands",
    "INSERT INTO log SELECT 3, 1, 3, 'x' || record FROM log WHERE position = 1": "JSON",
    "INSERT INTO log SELECT 4, 1, 3, record FROM log WHERE position = 1": "append-only|guard",
    "UPDATE log_head SET position = position + 1": "from the end of the log only",
}


@pytest.mark.parametrize(
    ("claims", "statement", "guard"),
    [
        *((0, statement, guard) for statement, guard in ON_SQLITE.items()),
        *((1, statement, guard) for statement, guard in AFTER_A_CLAIM.items()),
    ],
)
def test_sqlite_compares_what_it_can(
    sqlite_url: str, claims: int, statement: str, guard: str
) -> None:
    with open_ledger(sqlite_url, counted) as ledger:
        ledger.append([("A", 0, started("M1", "M2"))], ALICE)
    with closing(
        sqlite3.connect(make_url(sqlite_url).database or "", isolation_level=None)
    ) as conn:
        conn.execute("BEGIN")
        if claims:
            conn.execute("UPDATE log_head SET position = position + 1")
        with pytest.raises(sqlite3.Error, match=guard):
            conn.execute(statement)


def test_what_the_guard_refuses_is_told_as_a_violation(ledger: Ledger[Count]) -> None:
    ledger.append([("A", 0, started("M1"))], ALICE)
    seal(ledger.engine, KEY)
    unguarded(ledger.engine, does("UPDATE log_head SET position = 9"))
    with pytest.raises(IntegrityViolated) as refused:
        ledger.append([("A", 1, started("M2"))], ALICE)
    assert (refused.value.code, refused.value.exit_code) == ("guard-refused", 5)
    assert "password" not in refused.value.message and "CONTEXT" not in refused.value.message
