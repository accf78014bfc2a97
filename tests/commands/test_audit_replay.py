"""`mledger audit replay`: every step's changes lead from nothing to what the reports show."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from commands.audits.replay import steps
from ledger.contract import fold
from projections.diff import values
from tests.commands.played import ACT_13, CONTRACT, asked, mledger
from tests.stories import double_eleven


def walked(url: str, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = asked(url, "audit", "replay", CONTRACT, *words)["steps"]
    return found


@pytest.mark.parametrize("as_of", [None, date(2026, 10, 28), date(2026, 11, 8), date(2020, 1, 1)])
def test_the_changes_add_up_to_the_state_of_that_day(as_of: date | None) -> None:
    found: dict[tuple[str, str], Any] = {}
    for step in steps(double_eleven(), as_of):
        for change in step.changes:
            assert found.get((change.subject, change.field)) in (change.old, None)
            found[change.subject, change.field] = change.new
    state = fold(double_eleven(), as_of)
    wanted = values(state) if state is not None else {}
    for key, value in found.items():
        assert wanted[key] == value
    assert all(found.get(key, value) == value for key, value in wanted.items())


def test_what_a_payment_changes(story_url: str) -> None:
    paid = next(s for s in walked(story_url) if s["name"] == "PaymentRecorded")
    money = {"currency": "CNY"}
    assert {
        (c["field"], c["old"]["amount"], c["new"]["amount"])
        for c in paid["changes"]
        if c["subject"] == f"{CONTRACT}/M1"
        and isinstance(c["new"], dict)
        and money.items() <= c["new"].items()
    } == {
        ("instructed", "121800.00", "0.00"),
        ("paid", "0.00", "121800.00"),
        ("outstanding", "121800.00", "0.00"),
    }


def test_facts_of_later_days_are_left_out_and_said_so(sqlite_story: str) -> None:
    found = walked(sqlite_story, "--as-of", "2026-08-20")
    assert [step["position"] for step in found if not step["left_out"]] == list(range(1, 11))
    assert all(step["changes"] == [] for step in found if step["left_out"])
    shown = mledger(sqlite_story, "audit", "replay", CONTRACT, "--as-of", "2026-08-20").out
    assert "(left out: ChangeProposed, by manager-1, on 2026-09-10)" in shown


@pytest.mark.parametrize("option", ["--to", "--known-at"])
def test_it_stops_where_it_is_told(sqlite_story: str, option: str) -> None:
    assert len(walked(sqlite_story, option, str(ACT_13))) == ACT_13
    assert len(walked(sqlite_story, option, "2026-11-22")) == 41
    assert walked(sqlite_story, option, "2026-11-21T23:59:59Z") == []


def test_until_and_known_at_together(sqlite_story: str) -> None:
    assert len(walked(sqlite_story, "--to", "30", "--known-at", "20")) == 20
    assert len(walked(sqlite_story, "--to", "10", "--known-at", "20")) == 10


def test_csv_has_a_row_per_change(sqlite_story: str) -> None:
    ran = mledger(sqlite_story, "audit", "replay", CONTRACT, "--to", "8", "--format", "csv")
    header, *rows = ran.out.splitlines()
    assert header.startswith(
        "position,recorded_at,version,name,actor,on,left_out,subject,field,old,new"
    )
    assert any(",BW-2026-014/M1,status,expected,submitted" in row for row in rows)
    assert rows[-1].startswith("8,") and rows[-1].endswith(",,,,")  # an approval changes no figure
