"""`projections rebuild --oracle`: the nightly job asks the independent oracle, which finds a planted bug."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from commands import second_opinion
from tests.commands.played import mledger


def test_the_oracle_agrees_on_a_healthy_ledger(story_url: str) -> None:
    ran = mledger(story_url, "projections", "rebuild", "--check", "--oracle")
    assert ran.code == 0
    assert "agrees on schedule, on-time, disputes, exposure, first-pass" in ran.err


def test_the_oracle_finds_a_figure_that_no_comparison_of_two_sides_can(sqlite_story: str) -> None:
    """A bug in a derivation makes both sides wrong alike: planted here by altering a served row behind its back."""
    mledger(sqlite_story, "projections", "catch-up")
    with closing(sqlite3.connect(sqlite_story.removeprefix("sqlite:///"))) as conn, conn:
        for side in "ab":
            conn.execute(f"UPDATE schedule_{side} SET held_minor = 1 WHERE milestone = 'M3'")
    ran = mledger(sqlite_story, "projections", "rebuild", "--check", "--oracle", "--accept-drift")
    assert (ran.code, "oracle-disagrees" in ran.err) == (6, True)
    assert "schedule, exposure" in ran.err


def test_without_the_sources_the_option_says_where_the_oracle_is(
    sqlite_story: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_opinion, "SOURCES", tmp_path)
    ran = mledger(sqlite_story, "projections", "rebuild", "--oracle")
    assert (ran.code, "oracle-missing" in ran.err) == (2, True)
