"""The failures that the run-book shows are those that the program prints."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from ledger.store import connect
from projections.rebuild.catchup import catch_up
from projections.rebuild.lock import only_one
from projections.sides import serving
from tests.commands.played import mledger, record
from tests.stories import double_eleven

PAGE = (Path(__file__).parent.parent / "docs" / "run-book.md").read_text("utf-8")
REBUILD = ("projections", "rebuild")
UNGUARDED = ("DROP TRIGGER log_no_update", "DROP TRIGGER log_no_delete")


def change(url: str, *statements: str) -> None:
    """What a hand with every right does to the file."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as conn:
        for statement in statements:
            conn.execute(statement)
        conn.commit()


def lagging(url: str) -> Any:
    return nullcontext()


def drifted(url: str) -> Any:
    engine = connect(url)
    catch_up(engine)
    with engine.connect() as conn:
        side = serving(conn)
    engine.dispose()
    change(url, f"UPDATE schedule_{side} SET paid_minor = 1 WHERE ordinal = 3")
    return nullcontext()


@contextmanager
def locked(url: str) -> Iterator[None]:
    engine = connect(url)
    with only_one(engine, "run", "2026-11-22T02:30:11.000000Z"):
        yield
    engine.dispose()


def damaged(statement: str) -> Callable[[str], Any]:
    def damage(url: str) -> Any:
        change(url, *UNGUARDED, statement)
        return nullcontext()

    return damage


@pytest.mark.parametrize(
    ("words", "bad_day", "code"),
    [
        (("projections", "status"), lagging, 0),
        (("projections", "status", "--max-age", "26h"), lagging, 1),
        (REBUILD, drifted, 6),
        (REBUILD, locked, 4),
        (REBUILD, damaged("DELETE FROM log WHERE position = 7"), 5),
        (
            REBUILD,
            damaged(
                """UPDATE log SET record = replace(record, '"milestone":', '"milestone":7,"x":')"""
                " WHERE position = 8"
            ),
            5,
        ),
        (
            REBUILD,
            damaged(
                "UPDATE log SET record = replace(record, 'PaymentRecorded/1', 'PaymentRecorded/9')"
                " WHERE position = (SELECT min(position) FROM log"
                " WHERE record LIKE '%PaymentRecorded/1%')"
            ),
            5,
        ),
    ],
    ids=["lag", "too old", "drift", "locked", "position", "record", "unknown event"],
)
def test_a_failure_looks_as_the_run_book_says(
    sqlite_url: str, words: tuple[str, ...], bad_day: Callable[[str], Any], code: int
) -> None:
    record(sqlite_url, double_eleven())
    with bad_day(sqlite_url):
        ran = mledger(sqlite_url, *words)
    assert ran.code == code
    told = ran.err if code else ran.out
    assert general(told.strip()) in general(PAGE)
    if code:
        assert f"exit {code}\n" in PAGE.partition(told.splitlines()[1])[2][:30]


def general(text: str) -> str:
    """The text without what differs from run to run: ages, processes and hosts."""
    text = re.sub(r"process \d+ on \S+", "process N on HOST", text)
    return re.sub(r"\d+ (?:s|min|h|d)\b", "AGE", text)


def test_every_error_that_the_run_book_names_exists() -> None:
    named = set(re.findall(r"error\[([a-z-]+)\]", PAGE))
    sources = [
        file.read_text("utf-8")
        for folder in ("ledger", "projections", "commands")
        for file in (Path(__file__).parent.parent / folder).rglob("*.py")
    ]
    assert named
    assert not {code for code in named if not any(f'"{code}"' in text for text in sources)}
