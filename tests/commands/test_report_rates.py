"""The reports that are metrics: the scenario's rates, the promised frame, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from commands import shortening
from tests.commands.played import asked, mledger

FRAME = ["metric", "version", "as_of", "known_at", "window", "groups", "overall"]
COUNTS = ["numerator", "denominator", "rate", "interval", "value_rate"]

# shared/scenarios/double-11.md, "Rates": report, as-of, reference, by count with interval, by value
RATES: list[tuple[str, str, str, tuple[Any, ...]]] = [
    ("on-time", "2026-10-28", "original", (1, 3, "0.3333", ["0.0615", "0.7923"], "0.2000")),
    ("on-time", "2026-10-28", "current", (2, 3, "0.6667", ["0.2077", "0.9385"], "0.7000")),
    ("on-time", "2026-11-20", "original", (1, 4, "0.2500", ["0.0456", "0.6994"], "0.4200")),
    ("on-time", "2026-11-20", "current", (2, 4, "0.5000", ["0.1500", "0.8500"], "0.7200")),
    ("disputes", "2026-10-28", "", (1, 3, "0.3333", ["0.0615", "0.7923"], "0.0750")),
    ("disputes", "2026-11-20", "", (1, 4, "0.2500", ["0.0456", "0.6994"], "0.0450")),
]
COUNTED = [
    ("first-pass", "2026-10-28", (2, 3)),
    ("first-pass", "2026-11-20", (2, 4)),
    ("paid-on-time", "2026-10-28", (1, 1)),
    ("paid-on-time", "2026-11-20", (1, 2)),
]


@pytest.mark.parametrize(("report", "as_of", "reference", "expected"), RATES)
def test_the_scenarios_rates(
    sqlite_story: str, report: str, as_of: str, reference: str, expected: tuple[Any, ...]
) -> None:
    found = asked(sqlite_story, "report", report, "--as-of", as_of)
    assert list(found)[: len(FRAME)] == FRAME
    (group,) = found["groups"]
    assert group["key"] == {"partner": "Hangzhou Content Studio"}
    for figures in (found["overall"], group):
        rate = figures[reference] if reference else figures
        assert [name for name in rate if name != "key"][: len(COUNTS)] == COUNTS
        assert tuple(rate[name] for name in COUNTS) == expected


@pytest.mark.parametrize(("report", "as_of", "expected"), COUNTED)
def test_the_scenarios_counts(
    sqlite_story: str, report: str, as_of: str, expected: tuple[int, int]
) -> None:
    overall = asked(sqlite_story, "report", report, "--as-of", as_of)["overall"]
    assert (overall["numerator"], overall["denominator"]) == expected


def test_no_data_is_null_and_said_so(sqlite_story: str) -> None:
    found = asked(sqlite_story, "report", "on-time", "--as-of", "2026-08-01")
    assert (found["groups"], found["overall"]["original"]["rate"]) == ([], None)
    shown = mledger(sqlite_story, "report", "on-time", "--as-of", "2026-08-01")
    assert "no data" in shown.out


def test_a_window_and_a_grouping(sqlite_story: str) -> None:
    words = ("--as-of", "2026-11-20", "--by", "month", "--from", "2026-09-01", "--to", "2026-10-31")
    found = asked(sqlite_story, "report", "on-time", *words)
    assert found["window"] == {"from": "2026-09-01", "to": "2026-10-31"}
    assert [group["key"] for group in found["groups"]] == [
        {"month": "2026-09"},
        {"month": "2026-10"},
    ]


def test_the_milestones_behind_a_rate(sqlite_story: str) -> None:
    words = ("--as-of", "2026-11-20", "--reference", "current", "--milestones")
    found = asked(sqlite_story, "report", "on-time", *words)
    verdicts = {m["milestone"].rpartition("/")[2]: m["verdict"] for m in found["milestones"]}
    assert verdicts == {
        "M1": "on_time",
        "M2": "on_time",
        "M3": "late",
        "M4": "on_time",
        "M4-r1": "late",
    }
    assert list(found["overall"]) == ["current"]
    rows = mledger(sqlite_story, "report", "on-time", *words, "--format", "jsonl").out
    assert len(rows.splitlines()) == len(found["milestones"])


@pytest.mark.parametrize("report", ["on-time", "exposure"])
def test_of_many_lines_behind_a_figure_people_see_the_first_and_programs_all(
    sqlite_story: str, monkeypatch: pytest.MonkeyPatch, report: str
) -> None:
    words = ("report", report, "--as-of", "2026-11-11", "--milestones")
    every = mledger(sqlite_story, *words, "--format", "jsonl").out.splitlines()
    header, *rows = mledger(sqlite_story, *words, "--format", "csv").out.splitlines()
    assert len(rows) == len(every) > 1
    assert set(header.split(",")) >= {"milestone", "why", "currency"}
    monkeypatch.setattr(shortening, "MOST", 1)
    ran = mledger(sqlite_story, *words)
    assert (
        f"the first 1 of {len(every)} lines; --contract or --partner narrows them down" in ran.out
    )


def test_csv_has_a_row_per_group_and_the_whole_last(sqlite_story: str) -> None:
    ran = mledger(sqlite_story, "report", "disputes", "--as-of", "2026-11-20", "--format", "csv")
    header, group, whole = ran.out.splitlines()
    assert header.startswith("partner,numerator,denominator,rate,")
    assert group.startswith("Hangzhou Content Studio,1,4,0.2500,")
    assert whole.startswith(",1,4,0.2500,")


def test_a_window_that_ends_before_it_begins_is_refused(sqlite_story: str) -> None:
    words = ("report", "on-time", "--from", "2026-11-02", "--to", "2026-11-01")
    ran = mledger(sqlite_story, *words)
    assert (ran.code, ran.out) == (2, "")
    assert "error[window-backwards]" in ran.err


def test_exposure_ages_by_the_as_of_date(sqlite_story: str) -> None:
    found = asked(sqlite_story, "report", "exposure", "--as-of", "2026-11-11")
    (cny,) = found["by_currency"]
    assert cny["aging"]["0-30"]["amount"] == "300000.00"
    assert (cny["overdue_days"], cny["expected"]["amount"]) == (4, "500000.00")
    later = asked(sqlite_story, "report", "exposure", "--as-of", "2026-11-11", "--known-at", "9")
    assert later["known_at"]["position"] == 9


def test_definitions_name_every_metric(sqlite_story: str) -> None:
    found = asked(sqlite_story, "report", "definitions")["definitions"]
    names = {entry["name"] for entry in found}
    assert {"on_time_rate", "dispute_rate", "first_pass_acceptance_rate", "exposure"} <= names
    assert mledger(sqlite_story, "report", "definitions", "on_time").code == 2
