"""`mledger move`: what people and auditors see afterwards is what they saw before."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

import migrations
from ledger.store.database import connect, reading
from ledger.store.reading import head
from migrations.roles import KINDS, named
from tests.commands.played import CONTRACT, Ran, asked, mledger, record
from tests.databases import Cluster, role_of
from tests.stories import double_eleven

REPORTS = ("schedule", "register", "on-time", "inbox", "cycle-times")


def sealed(url: str, tmp_path: Path) -> list[str]:
    """The scenario, sealed once; the options by which auditors verify it."""
    record(url, double_eleven())
    key, pin, anchor = (str(tmp_path / name) for name in ("key.pem", "pin", "anchor"))
    for words in (
        ("keygen", "--key", key, "--pin", pin),
        ("seal", "--key", key, "--anchor", anchor),
    ):
        assert mledger(url, "audit", *words).code == 0
    return ["--trusted-key", pin, "--anchor", anchor]


def shown(url: str) -> dict[str, Any]:
    """What the reports say, and the log itself."""
    moment = ("--as-of", "2026-11-22")
    found = {name: asked(url, "report", name, *moment) for name in REPORTS}
    return found | {
        "log": asked(url, "audit", "log"),
        "explain": asked(url, "audit", "explain", f"{CONTRACT}/M2"),
    }


def moves(source: str, target: str, *words: str) -> Ran:
    return mledger("unused.sqlite3", "move", source, target, *words)


@pytest.mark.postgres
@pytest.mark.parametrize("initialised", [False, True], ids=["an empty database", "after init"])
def test_a_ledger_moves_to_postgresql_and_back(
    sqlite_url: str, cluster: Cluster, tmp_path: Path, initialised: bool
) -> None:
    trusting = sealed(sqlite_url, tmp_path)
    before = shown(sqlite_url)
    with cluster.database("template0") as url:
        if initialised:
            migrations.upgrade(url, "moving")
        prefix = () if initialised else ("--role-prefix", "moving")
        ran = moves(sqlite_url, url, *prefix, *trusting)
        assert (ran.code, ran.err) == (0, "")
        assert "proven up to position" in ran.out and "every check of audit verify holds" in ran.out
        assert shown(url) == before
        assert mledger(url, "audit", "verify", *trusting).code == 0
        assert mledger(url, "projections", "verify").code == 0
        assert [role_of(url, kind) for kind in KINDS] == list(named("moving").values())
        assert mledger(url, "init").code == 0  # the roles are this ledger's own
        back = f"sqlite:///{tmp_path / 'back.sqlite3'}"
        assert moves(url, back, *trusting).code == 0
        assert shown(back) == before
        for role in named("moving").values():
            cluster.execute(f"DROP OWNED BY {role}", make_url(url).database or "")
            cluster.execute(f"DROP ROLE {role}")


def test_what_was_moved_is_counted(sqlite_url: str, tmp_path: Path) -> None:
    sealed(sqlite_url, tmp_path)
    target = str(tmp_path / "target.sqlite3")
    ran = moves(sqlite_url, target, "--json")
    assert ran.code == 0
    verified = asked(target, "audit", "verify")
    told = {name: ran.json[name] for name in ("events", "streams", "keys", "seals", "root")}
    assert told == {"events": 42, "streams": 2, "keys": 0, "seals": 1, "root": verified["root"]}


def test_reports_are_built_by_the_move_and_nothing_is_said_to_be_compared(
    sqlite_url: str, tmp_path: Path
) -> None:
    sealed(sqlite_url, tmp_path)
    target = str(tmp_path / "target.sqlite3")
    assert moves(sqlite_url, target).code == 0
    status = asked(target, "projections", "status")
    assert (status["lag"]["events"], status["last_run"]["status"]) == (0, "rebuilt")
    assert (status["last_run"]["first"], status["last_run"]["compared"]) == (True, 0)


def test_an_empty_ledger_is_not_moved_and_its_hint_makes_one_there(
    sqlite_url: str, tmp_path: Path
) -> None:
    target = tmp_path / "target.sqlite3"
    ran = moves(sqlite_url, str(target))
    assert (ran.code, "error[nothing-to-move]" in ran.err) == (2, True)
    assert not target.exists()
    hinted = re.search(r"mledger init --database (\S+)", ran.err)
    assert hinted
    assert mledger("unused.sqlite3", "init", "--database", hinted[1]).code == 0
    assert target.exists()


def test_one_of_a_kind_is_told_as_one(sqlite_url: str, tmp_path: Path) -> None:
    sealed(sqlite_url, tmp_path)
    said = moves(sqlite_url, str(tmp_path / "target.sqlite3")).out
    assert "moved 42 events of 2 streams, 0 keys and 1 seal into" in said


def test_a_damaged_log_is_not_moved(sqlite_url: str, tmp_path: Path) -> None:
    from tests.test_run_book import UNGUARDED, change

    record(sqlite_url, double_eleven())
    change(sqlite_url, *UNGUARDED, "DELETE FROM log WHERE position = 7")
    target = tmp_path / "target.sqlite3"
    ran = moves(sqlite_url, str(target))
    assert ran.code == 5
    assert "position 7 is missing" in ran.err and "nothing was moved" in ran.err
    assert not target.exists()


def test_an_anchor_that_the_source_does_not_reach_stops_the_move(
    sqlite_url: str, tmp_path: Path
) -> None:
    trusting = sealed(sqlite_url, tmp_path)
    other = f"sqlite:///{tmp_path / 'other.sqlite3'}"
    migrations.upgrade(other)
    record(other, double_eleven())
    ran = moves(other, str(tmp_path / "target.sqlite3"), *trusting)
    assert ran.code == 5
    assert "anchor" in ran.err


@pytest.mark.postgres
def test_roles_of_another_ledger_stop_the_move_while_nothing_is_moved(
    sqlite_url: str, cluster: Cluster, postgresql_url: str
) -> None:
    record(sqlite_url, double_eleven())
    prefix = role_of(postgresql_url, "writer").removesuffix("_writer")
    with cluster.database("template0") as url:
        ran = moves(sqlite_url, url, "--role-prefix", prefix)
        assert ran.code == 2
        assert "error[roles-of-another]" in ran.err
        engine = connect(url)
        with reading(engine) as conn:
            assert head(conn).position == 0
        engine.dispose()


def test_a_source_or_a_target_that_cannot_be_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    missing = moves(str(tmp_path / "missing.sqlite3"), str(tmp_path / "target.sqlite3"))
    assert (missing.code, "error[database-not-initialised]" in missing.err) == (2, True)
    assert "mledger config show" in missing.err and "mledger init" not in missing.err
    assert not (tmp_path / "target.sqlite3").exists()
    record(sqlite_url, double_eleven())
    itself = moves(sqlite_url, sqlite_url)
    assert (itself.code, "error[target-not-empty]" in itself.err) == (2, True)
