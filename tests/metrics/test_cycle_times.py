"""cycle_times by their rules: which intervals count, in whole days, median and P85 by nearest rank."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.metrics.answer import Window
from projections.metrics.cycle_times import SPANS, behind, cycle_times, day_number, nearest_rank
from tests.metrics.rows import KNOWN, Put, answering, day, dispute, part

AS_OF = day("2026-12-31")


def asked(*rows: Put, **more: Any) -> dict[str, Any]:
    return cycle_times(answering(*rows), as_of=AS_OF, known_at=KNOWN, **more)


def span(name: str, *rows: Put, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = asked(*rows, **more)["overall"][name]
    return found


def accepted(
    milestone: str, delivered: str, on: str, settled: str | None = None, **more: Any
) -> Put:
    return part(milestone, delivered=delivered, accepted=on, settled_on=settled, **more)


def test_each_span_runs_between_its_two_facts() -> None:
    rows = (
        accepted("M1", "2026-10-10", "2026-10-12", "2026-11-11"),
        dispute("M1", 5, "2026-10-20", status="split", ended_on="2026-10-28"),
        dispute("M1", 5, "2026-10-20"),
    )
    found = asked(*rows)["overall"]
    assert list(found) == list(SPANS)
    assert [(one["n"], one["median_days"], one["p85_days"]) for one in found.values()] == [
        (1, 2, 2),
        (1, 30, 30),
        (1, 8, 8),
    ]
    assert [one["excluded_unknown"] for one in found.values()] == [0, 0, 0]


def test_no_data_is_null_never_zero() -> None:
    assert span("submit_to_accept", part("M1", delivered="2026-10-10")) == {
        "n": 0,
        "median_days": None,
        "p85_days": None,
        "excluded_unknown": 0,
        "excluded_negative": 0,
    }


def test_an_interval_with_an_unknown_or_an_earlier_end_is_excluded_and_counted_as_such() -> None:
    rows = (
        accepted("M1", "unknown", "2026-10-12"),
        accepted("M2", "2026-10-13", "2026-10-12"),
        accepted("M3", "2026-10-12", "2026-10-12"),
        part("M4", delivered="2026-10-10", is_accepted=1),
        accepted("M5", "2026-10-21", "2026-10-20"),
    )
    found = span("submit_to_accept", *rows)
    assert (found["n"], found["median_days"]) == (1, 0)
    assert (found["excluded_unknown"], found["excluded_negative"]) == (2, 2)


def test_a_window_takes_the_intervals_that_end_in_it_with_both_its_ends() -> None:
    ends = ("2026-10-11", "2026-10-12", "2026-10-13", "2026-10-14")
    rows = [accepted(f"M{n}", "2026-10-10", on) for n, on in enumerate(ends)]
    window = Window(day("2026-10-12"), day("2026-10-13"))
    found = span("submit_to_accept", *rows, window=window)
    assert (found["n"], found["median_days"], found["p85_days"]) == (2, 2, 3)


def test_of_ten_intervals_the_median_is_the_fifth_and_p85_the_ninth() -> None:
    """Nearest rank: 50 % of ten are five, 85 % are eight and a half, so nine."""
    ends = [f"2026-10-{10 + n}" for n in range(1, 11)]
    rows = [accepted(f"M{n}", "2026-10-10", on) for n, on in enumerate(ends)]
    found = span("submit_to_accept", *rows)
    assert (found["n"], found["median_days"], found["p85_days"]) == (10, 5, 9)


def test_every_dispute_that_ended_took_its_time_a_withdrawn_one_too() -> None:
    rows = [accepted("M1", "2026-10-10", "2026-10-12")]
    for number, status in enumerate(("upheld", "rejected", "split", "withdrawn"), 1):
        rows.append(dispute("M1", 5, "2026-10-20", status=status, ended_on=f"2026-10-2{number}"))
    found = span("dispute_to_resolution", *rows)
    assert (found["n"], found["median_days"]) == (4, 2)


def test_groups_go_by_the_end_of_the_interval_and_a_dispute_has_its_milestones_stage() -> None:
    rows = (
        accepted("M1", "2026-09-30", "2026-10-02", "2026-11-01", stage="plan"),
        dispute("M1", 5, "2026-10-20", status="upheld", ended_on="2026-12-02"),
    )
    by_month = asked(*rows, by="month")["groups"]
    assert [(g["key"]["month"], [g[name]["n"] for name in SPANS]) for g in by_month] == [
        ("2026-10", [1, 0, 0]),
        ("2026-11", [0, 1, 0]),
        ("2026-12", [0, 0, 1]),
    ]
    assert [g["key"] for g in asked(*rows, by="stage")["groups"]] == [{"stage": "plan"}]


def test_the_intervals_behind_say_how_long_each_took() -> None:
    rows = (
        accepted("M1", "2026-10-10", "2026-10-12", "2026-11-11"),
        accepted("M2", "unknown", "2026-10-12"),
        dispute("M1", 5, "2026-10-20", status="split", ended_on="2026-10-21", version=9),
    )
    found = list(behind(answering(*rows), as_of=AS_OF))
    assert [
        (one["span"], one["milestone"], one["dispute"], one["days"], one["why"]) for one in found
    ] == [
        ("submit_to_accept", "C-1/M1", None, 2, "took 2 days"),
        ("submit_to_accept", "C-1/M2", None, None, "a date is unknown"),
        ("accept_to_paid", "C-1/M1", None, 30, "took 30 days"),
        ("dispute_to_resolution", "C-1/M1", "C-1#9", 1, "took 1 day"),
    ]


def test_the_intervals_behind_go_span_by_span_then_by_contract_and_say_both_days() -> None:
    rows = (
        accepted("M1", "2026-10-10", "2026-10-12", "2026-10-13", contract="C-2", stream=2),
        accepted("M1", "2026-10-11", "2026-10-11", "2026-10-15"),
    )
    found = list(behind(answering(*rows), as_of=AS_OF))
    assert [
        (one["span"], one["milestone"], one["began_on"], one["ended_on"], one["why"])
        for one in found
    ] == [
        ("submit_to_accept", "C-1/M1", "2026-10-11", "2026-10-11", "took 0 days"),
        ("submit_to_accept", "C-2/M1", "2026-10-10", "2026-10-12", "took 2 days"),
        ("accept_to_paid", "C-1/M1", "2026-10-11", "2026-10-15", "took 4 days"),
        ("accept_to_paid", "C-2/M1", "2026-10-12", "2026-10-13", "took 1 day"),
    ]


@pytest.mark.parametrize(
    ("observed", "percent", "expected"),
    [
        ([], 50, None),
        ([4], 85, 4),
        ([1, 2, 3, 4], 50, 2),
        ([1, 2, 3, 4, 5], 50, 3),
        ([15, 20, 35, 40, 50], 30, 20),  # the worked example of nearest rank
        ([15, 20, 35, 40, 50], 100, 50),
        (list(range(1, 21)), 85, 17),
    ],
)
def test_a_percentile_is_the_observation_of_nearest_rank(
    observed: list[int], percent: int, expected: int | None
) -> None:
    assert nearest_rank(Counter(observed), percent) == expected


@given(st.dates(date(1900, 3, 1), date(2100, 2, 28)), st.dates(date(1900, 3, 1), date(2100, 2, 28)))
def test_day_numbers_differ_by_days(one: date, other: date) -> None:
    query = f"SELECT {day_number(':one')} - ({day_number(':other')})"
    dates = {"one": one.isoformat(), "other": other.isoformat()}
    with closing(sqlite3.connect(":memory:")) as conn:
        ((found,),) = conn.execute(query, dates).fetchall()
    assert found == (one - other).days
