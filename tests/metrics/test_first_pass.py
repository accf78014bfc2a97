"""first_pass_acceptance_rate by its rules: the first decision counts, once per milestone."""

from __future__ import annotations

from typing import Any

from projections.metrics.answer import Window
from projections.metrics.first_pass import behind, first_pass
from tests.metrics.rows import KNOWN, Put, answering, day, part

AS_OF = day("2026-11-01")
OCTOBER = Window(day("2026-10-01"), day("2026-10-31"))


def decided(milestone: str, passed: int | None, on: str | None = "2026-10-12", **more: Any) -> Put:
    return part(milestone, delivered="2026-10-10", first_pass=passed, first_decided_on=on, **more)


def asked(*rows: Put, **more: Any) -> dict[str, Any]:
    return first_pass(answering(*rows), as_of=AS_OF, known_at=KNOWN, **more)


def count(*rows: Put, **more: Any) -> tuple[int, int]:
    found = asked(*rows, **more)["overall"]
    return found["numerator"], found["denominator"]


def test_only_decided_milestones_count_and_remainders_do_not() -> None:
    rows = (
        decided("M1", 1),
        decided("M2", 0),
        decided("M3", None, None),
        decided("M2-r1", 1, of="M2"),
    )
    found = asked(*rows)["overall"]
    assert found == {
        "numerator": 1,
        "denominator": 2,
        "rate": "0.5000",
        "interval": ["0.0945", "0.9055"],
        "excluded_unknown": 0,
        "excluded_not_recorded": 0,
    }


def test_no_data_is_null_never_zero() -> None:
    found = asked()["overall"]
    assert (found["denominator"], found["rate"], found["interval"]) == (0, None, None)


def test_a_window_includes_both_its_ends() -> None:
    days = ("2026-09-30", "2026-10-01", "2026-10-31", "2026-11-01")
    rows = [decided(f"M{n}", 1, on) for n, on in enumerate(days)]
    assert count(*rows, window=OCTOBER) == (2, 2)


def test_a_decision_of_no_known_day_counts_only_without_a_window() -> None:
    assert count(decided("M1", 1, None)) == (1, 1)
    found = asked(decided("M1", 1, None), window=OCTOBER)["overall"]
    assert (found["denominator"], found["excluded_unknown"]) == (0, 1)
    assert found["excluded_not_recorded"] == 0


def test_groups_go_by_the_first_decision() -> None:
    rows = decided("M1", 1), decided("M2", 0, "2026-09-30"), decided("M3", 1, None)
    found = asked(*rows, by="month")["groups"]
    assert [(g["key"]["month"], g["rate"]) for g in found] == [
        ("2026-09", "0.0000"),
        ("2026-10", "1.0000"),
        (None, "1.0000"),
    ]


def test_the_milestones_behind_say_why() -> None:
    rows = decided("M1", 1), decided("M2", 0), decided("M3", 1, None)
    found = list(behind(answering(*rows), as_of=AS_OF, window=OCTOBER))
    assert [(one["milestone"], one["verdict"], one["why"]) for one in found] == [
        ("C-1/M1", "first_pass", "accepted whole at the first submission"),
        ("C-1/M2", "not_first_pass", "rejected or accepted in part at first"),
        ("C-1/M3", "excluded_unknown", "first decided on no known day"),
    ]


def test_the_milestones_behind_say_how_often_each_was_submitted_and_when_first() -> None:
    rows = decided("M1", 0, submissions=3), decided("M2", 1)
    found = list(behind(answering(*rows), as_of=AS_OF))
    assert [
        (one["submissions"], one["first_submitted_on"], one["first_decided_on"]) for one in found
    ] == [(3, "2026-10-10", "2026-10-12"), (1, "2026-10-10", "2026-10-12")]


def test_without_a_grouping_there_are_no_groups_and_a_grouping_of_nothing_has_none() -> None:
    assert asked(decided("M1", 1))["groups"] == []
    assert asked(by="month")["groups"] == []
