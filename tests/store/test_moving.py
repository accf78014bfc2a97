"""A ledger moved to another database is the same ledger, and a move that ends early moved nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

import migrations
from ledger.errors import Conflict, DatabaseUnusable, IntegrityViolated, NotFound
from ledger.store import Ledger, open_ledger
from ledger.store.database import connect, reading, writing
from ledger.store.moving import TABLES, move
from ledger.store.reading import head
from ledger.store.sealing import seal
from ledger.store.verifying import verify
from tests.store.events import ALICE, Count, counted, started
from tests.store.sealed import KEY, Sealing, does, sealed_twice, unguarded

DIRECTIONS = [
    ("sqlite", "sqlite"),
    pytest.param(("sqlite", "postgresql"), marks=pytest.mark.postgres),
    pytest.param(("postgresql", "sqlite"), marks=pytest.mark.postgres),
]


@pytest.fixture
def target(direction: tuple[str, str], request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A ledger in which nothing is recorded, where the move goes."""
    if direction[1] == "sqlite":
        url = f"sqlite:///{request.getfixturevalue('tmp_path') / 'target.sqlite3'}"
        migrations.upgrade(url, roles=False)
        engine = connect(url)
    else:
        engine = connect(request.getfixturevalue("postgresql_url"))
    yield engine
    engine.dispose()


@pytest.fixture(params=DIRECTIONS, ids=" to ".join)
def direction(request: pytest.FixtureRequest) -> tuple[str, str]:
    source, target = request.param
    return source, target


@pytest.fixture
def source(direction: tuple[str, str], request: pytest.FixtureRequest) -> Iterator[Ledger[Count]]:
    with open_ledger(request.getfixturevalue(f"{direction[0]}_url"), counted) as ledger:
        yield ledger


Rows = dict[str, list[tuple[Any, ...]]]


def rows_of(engine: Engine) -> Rows:
    """Everything that is the truth."""
    with reading(engine) as conn:
        return {
            t.name: [tuple(r) for r in conn.execute(t.select().order_by(*t.primary_key))]
            for t in TABLES
        }


def is_empty(engine: Engine) -> bool:
    found = rows_of(engine)
    (own,) = found.pop("log_head")
    return own[1:3] == (0, "") and not any(found.values())


def guards(engine: Engine) -> list[tuple[Any, ...]]:
    """The triggers of the database, each with what it does or whether it is on."""
    query = {
        "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name",
        "postgresql": "SELECT tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgname",
    }
    with reading(engine) as conn:
        found = [tuple(row) for row in conn.exec_driver_sql(query[engine.dialect.name])]
    assert len(found) > 12
    return found


def test_a_moved_ledger_has_the_same_bytes_under_the_same_seals(
    source: Ledger[Count], target: Engine
) -> None:
    sealing = sealed_twice(source)
    before = guards(target)
    moved = move(source.engine, target)
    assert rows_of(target) == rows_of(source.engine)
    assert moved.rows == {"log": 12, "streams": 4, "keys": 1, "log_checkpoints": 2, "log_head": 1}
    holds(target, sealing)
    assert guards(target) == before
    with pytest.raises(DBAPIError, match="append-only"), writing(target) as conn:
        conn.exec_driver_sql("DELETE FROM log")


def holds(target: Engine, sealing: Sealing) -> None:
    """Every check holds, the anchor's too, and the next act and the next seal go on from there."""
    verdict = verify(target, sealing.keys, sealing.anchor)
    assert [check.name for check in verdict.checks if not check.ok] == []
    assert (verdict.events, verdict.proven_until) == (12, 11)
    with Ledger(target, counted) as moved:
        assert moved.find_key("k") is not None
        (record,) = moved.append([("A", 5, started("M6"))], ALICE)
        assert record.position == 13
        assert seal(target, KEY, anchor=sealing.anchor).checkpoint.size == 14


def test_there_and_back_again_is_the_same(
    source: Ledger[Count], target: Engine, tmp_path: Any
) -> None:
    sealed_twice(source)
    back = f"sqlite:///{tmp_path / 'back.sqlite3'}"
    migrations.upgrade(back)
    move(source.engine, target)
    engine = connect(back)
    move(target, engine)
    assert rows_of(engine) == rows_of(source.engine)
    engine.dispose()


TEXTS = ["é", "漢字 ＡＢ", "a\tb\nc", "\\", "\\N", 'quo"te', "\x01", "\U0001f3d7"]


def test_every_text_arrives_as_it_was(source: Ledger[Count], target: Engine) -> None:
    for text in TEXTS:
        source.append([(text, 0, started(text, "M2"))], ALICE)
    move(source.engine, target)
    assert rows_of(target) == rows_of(source.engine)
    assert verify(target).ok


# --- what is refused -------------------------------------------------------------------------------


def test_a_target_in_which_anything_is_recorded_stays_as_it_is(
    source: Ledger[Count], target: Engine
) -> None:
    source.append([("A", 0, started("M1"))], ALICE)
    with Ledger(target, counted) as other:
        other.append([("B", 0, started("M2"))], ALICE)
        before = rows_of(target)
        with pytest.raises(DatabaseUnusable) as refused:
            move(source.engine, target)
        assert (refused.value.code, refused.value.facts["position"]) == ("target-not-empty", 1)
        assert rows_of(target) == before


@pytest.mark.parametrize(
    "left", ["streams VALUES (1, 'A')", "keys VALUES ('k', '', '', 1, 1, 1, 1, 1)"]
)
def test_a_target_whose_head_alone_is_empty_is_not_empty(
    source: Ledger[Count], target: Engine, left: str
) -> None:
    source.append([("A", 0, started("M1"))], ALICE)
    unguarded(target, does(f"INSERT INTO {left}"))
    with pytest.raises(DatabaseUnusable) as refused:
        move(source.engine, target)
    assert refused.value.code == "target-not-empty"


def test_nothing_recorded_is_nothing_to_move(source: Ledger[Count], target: Engine) -> None:
    with pytest.raises(NotFound) as refused:
        move(source.engine, target)
    assert refused.value.code == "nothing-to-move"


@pytest.mark.postgres
def test_only_the_owner_of_the_tables_moves_into_them(
    sqlite_url: str, postgresql_url: str, cluster: Any
) -> None:
    from tests.store.test_roles import as_member

    with (
        open_ledger(sqlite_url, counted) as source,
        as_member(postgresql_url, cluster, "writer") as writer,
    ):
        source.append([("A", 0, started("M1"))], ALICE)
        with pytest.raises(DatabaseUnusable) as refused:
            move(source.engine, writer.engine)
        assert refused.value.code == "target-of-another"


def test_a_source_that_grows_meanwhile_is_not_left_behind(
    source: Ledger[Count], target: Engine
) -> None:
    source.append([("A", 0, started("M1"))], ALICE)

    def grow(conn: Connection, formerly: str) -> None:
        source.append([("A", 1, started("M2"))], ALICE)

    with pytest.raises(Conflict) as refused:
        move(source.engine, target, finish=grow)
    assert refused.value.code == "source-grew"
    assert is_empty(target)
    assert move(source.engine, target).rows["log"] == 2


def test_what_is_read_back_differently_is_not_moved(
    source: Ledger[Count], target: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ledger.store import bulk, moving

    source.append([("A", 0, started("M1", "M2"))], ALICE)
    before = guards(target)
    whole = bulk.insert_rows

    def lossy(conn: Connection, table: str, rows: Any, width: int) -> None:
        every = list(rows)
        whole(conn, table, every[:1] if table == "log" else every, width)

    monkeypatch.setattr(moving, "insert_rows", lossy)
    with pytest.raises(IntegrityViolated) as refused:
        move(source.engine, target)
    assert refused.value.code == "move-differs"
    assert is_empty(target)
    assert guards(target) == before


def test_a_move_leaves_no_guard_off(
    source: Ledger[Count], target: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ledger.store import moving

    source.append([("A", 0, started("M1"))], ALICE)
    before = guards(target)
    switch: Callable[..., None] = moving._guards
    monkeypatch.setattr(
        moving, "_guards", lambda conn, guards, on: switch(conn, guards, on=on) if not on else None
    )
    with pytest.raises(IntegrityViolated) as refused:
        move(source.engine, target)
    assert refused.value.code == "guards-differ"
    assert is_empty(target)
    assert guards(target) == before


# --- killed ----------------------------------------------------------------------------------------

MOVER = """
import os, signal, sys
from ledger.store.database import connect, reading, writing
from ledger.store.moving import move

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

source, target, where = sys.argv[1:]
move(connect(source), connect(target), **{where: die})
"""


@pytest.mark.parametrize("where", ["advance", "finish"])
def test_a_killed_move_leaves_the_target_empty_and_can_be_done_again(
    source: Ledger[Count], target: Engine, where: str
) -> None:
    before = guards(target)
    source.append([("A", 0, started(*(f"M{n}" for n in range(1_500))))], ALICE)
    urls = [e.url.render_as_string(hide_password=False) for e in (source.engine, target)]
    done = subprocess.run([sys.executable, "-c", MOVER, *urls, where], check=False)
    assert done.returncode == -signal.SIGKILL
    assert is_empty(target)
    assert guards(target) == before
    assert move(source.engine, target).rows["log"] == 1_500
    with reading(target) as conn:
        assert head(conn).position == 1_500
