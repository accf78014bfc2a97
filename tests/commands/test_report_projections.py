"""`mledger projections`: how far behind, caught up, rebuilt, and what a drift looks like from outside."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from ledger.store import connect, writing
from projections.sides import serving
from tests.commands.played import asked, mledger

PROMISED = (
    *("run_id", "status", "position", "events", "streams", "rows", "seconds"),
    *("events_per_second", "drift", "engine", "workers"),
)


def tamper(url: str) -> None:
    """Changes a row of the serving side behind the program's back."""
    engine: Engine = connect(url)
    with writing(engine) as conn:
        table = f"schedule_{serving(conn)}"
        conn.exec_driver_sql(f"UPDATE {table} SET paid_minor = 1 WHERE ordinal = 3")
    engine.dispose()


def test_a_rebuild_in_the_promised_form(story_url: str) -> None:
    found = asked(story_url, "projections", "rebuild")
    assert tuple(found)[: len(PROMISED)] == PROMISED
    assert (found["status"], found["position"], found["events"]) == ("rebuilt", 41, 41)
    assert found["drift"]["different"] == []
    again = asked(story_url, "projections", "verify", "--incremental")
    assert again["status"] == "checked"


def test_drift_exits_6_names_the_row_and_keeps_serving(story_url: str) -> None:
    asked(story_url, "projections", "catch-up")
    tamper(story_url)
    side = asked(story_url, "projections", "status")["serving"]
    ran = mledger(story_url, "projections", "rebuild", "--json")
    assert (ran.code, "error[drift]" in ran.err or '"error": "drift"' in ran.err) == (6, True)
    (one,) = ran.json["drift"]["different"]
    assert (one["table"], one["column"], one["serving"], one["rebuilt"]) == (
        "schedule",
        "paid_minor",
        1,
        0,
    )
    told = mledger(story_url, "projections", "status", "--json")
    status = told.json
    assert (told.code, '"error": "last-rebuild-failed"' in told.err) == (6, True)
    assert (status["serving"], status["last_run"]["status"]) == (side, "drift")
    assert asked(story_url, "projections", "rebuild", "--accept-drift")["status"] == "rebuilt"
    assert asked(story_url, "projections", "rebuild")["drift"]["differences"] == 0


def test_the_age_of_the_last_good_rebuild(sqlite_story: str) -> None:
    ran = mledger(sqlite_story, "projections", "status", "--max-age", "26h")
    assert (ran.code, "error[rebuild-too-old]" in ran.err) == (1, True)
    assert "last run    never" in ran.out
    asked(sqlite_story, "projections", "rebuild")
    assert mledger(sqlite_story, "projections", "status", "--max-age", "26h").code == 0
    tamper(sqlite_story)
    assert mledger(sqlite_story, "projections", "rebuild").code == 6
    shown = mledger(sqlite_story, "projections", "status", "--max-age", "26h")
    # However young the last good run is: on the night of a drift the check of the morning fails.
    assert (shown.code, "error[last-rebuild-failed]" in shown.err) == (6, True)
    assert "last run    DRIFT: 1 row(s) differ" in shown.out
    assert "last good   rebuilt, the first build: nothing to compare" in shown.out


@pytest.mark.parametrize("age", ["26", "h", "-1h", "1.5h", "1w"])
def test_an_age_is_a_number_and_a_unit(sqlite_story: str, age: str) -> None:
    ran = mledger(sqlite_story, "projections", "status", f"--max-age={age}")
    assert (ran.code, "as in 26h" in ran.err) == (2, True)


def test_lag_in_events_and_seconds(story_url: str) -> None:
    lag = asked(story_url, "projections", "status")["lag"]
    assert lag["events"] == 41
    assert lag["seconds"] >= 0
    assert asked(story_url, "projections", "catch-up") == {
        "position": 41,
        "streams": 1,
        "left_out": {},
    }
    assert asked(story_url, "projections", "catch-up") == {
        "position": 41,
        "streams": 0,
        "left_out": {},
    }
