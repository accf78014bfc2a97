"""paid_on_time_rate by its rules: which payables are due, and which were settled in time."""

from __future__ import annotations

from typing import Any

import pytest

from projections.metrics.answer import Window
from projections.metrics.paid_on_time import behind, paid_on_time
from tests.metrics.rows import KNOWN, Put, answering, day, line

AS_OF = day("2026-11-20")
DUE = "2026-11-07"


def asked(*rows: Put, **more: Any) -> dict[str, Any]:
    return paid_on_time(answering(*rows), as_of=AS_OF, known_at=KNOWN, **more)


def overall(*rows: Put, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = asked(*rows, **more)["overall"]
    return found


def count(*rows: Put, **more: Any) -> tuple[int, int]:
    found = overall(*rows, **more)
    return found["numerator"], found["denominator"]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (line("M1", DUE, 100, settled=DUE), (1, 1)),
        (line("M1", DUE, 100, settled="2026-11-08"), (0, 1)),
        (line("M1", DUE, 100), (0, 1)),
        (line("M1", "2026-11-20", 100), (0, 1)),
        (line("M1", "2026-11-21", 100, settled="2026-11-12"), (0, 0)),
        (line("M1", DUE, 0), (0, 0)),
        (line("M1", DUE, 100, status="expected"), (0, 0)),
        (line("M1", DUE, 100, kind="unallocated"), (0, 0)),
    ],
    ids=[
        "settled on the due date is on time",
        "settled the day after is late",
        "unsettled is late",
        "due on the as-of date is in the cohort",
        "due after it is not, though settled",
        "nothing owed is no payable",
        "what is not accepted is no payable",
        "a payment that names no milestone is no payable",
    ],
)
def test_which_payables_count_and_what_is_on_time(row: Put, expected: tuple[int, int]) -> None:
    assert count(row) == expected


def test_a_held_payable_is_apart() -> None:
    found = overall(line("M1", DUE, 100, held_minor=40), line("M2", DUE, 100, settled=DUE))
    assert (found["numerator"], found["denominator"], found["held"]) == (1, 1, 1)


def test_a_payable_of_no_known_due_date_is_excluded_and_counted_as_such() -> None:
    found = overall(line("M1", None, 100, settled=DUE))
    assert (found["denominator"], found["rate"], found["excluded_unknown"]) == (0, None, 1)


def test_a_payable_settled_on_no_known_day_is_excluded_and_counted_as_such() -> None:
    found = overall(line("M1", DUE, 100, status="paid"))
    assert (found["denominator"], found["rate"]) == (0, None)
    assert (found["settled_unknown"], found["excluded_unknown"]) == (1, 1)


def test_a_window_includes_both_its_ends() -> None:
    days = ("2026-11-06", "2026-11-07", "2026-11-08", "2026-11-09")
    rows = [line(f"M{n}", due, 100, settled="2026-11-01") for n, due in enumerate(days)]
    assert count(*rows, window=Window(day("2026-11-07"), day("2026-11-08"))) == (2, 2)


def test_groups_go_by_the_payment_due_date() -> None:
    rows = line("M1", DUE, 100, settled=DUE), line("M2", "2026-09-19", 100), line("M3", None, 100)
    found = asked(*rows, by="quarter")["groups"]
    assert [(g["key"]["quarter"], g["rate"]) for g in found] == [
        ("2026-Q3", "0.0000"),
        ("2026-Q4", "1.0000"),
    ]


def test_the_payables_behind_say_why() -> None:
    rows = (
        line("M1", DUE, 100, settled=DUE),
        line("M2", DUE, 100, settled="2026-11-12"),
        line("M3", DUE, 100, held_minor=40),
        line("M4", "2026-11-19", 100),
        line("M5", None, 100),
        line("M6", DUE, 100, status="paid"),
        line("M7", "2026-11-21", 100),
    )
    found = list(behind(answering(*rows), as_of=AS_OF))
    assert [(one["milestone"], one["verdict"], one["why"]) for one in found] == [
        ("C-1/M1", "on_time", "settled by its due date"),
        ("C-1/M2", "late", "settled 5 days late"),
        ("C-1/M3", "held", "held by an open dispute"),
        ("C-1/M4", "late", "not settled 1 day after it was due"),
        ("C-1/M5", "excluded_unknown", "no known payment due date"),
        ("C-1/M6", "excluded_unknown", "settled on no known day"),
    ]
    held = found[2]
    assert (held["net"]["amount"], held["held"]["amount"]) == ("1.00", "0.40")


def test_a_release_of_retention_is_a_payable_by_itself_of_which_all_is_known() -> None:
    """Its number may be a milestone's too; what is not known of that milestone is not said of the release."""
    rows = (
        line("M1", DUE, 100, kind="retention", ordinal=12),
        Put("unknowns", {"stream": 1, "ordinal": 12, "heard_on": DUE}),
    )
    assert count(*rows) == (0, 1)
    assert count(line("M1", DUE, 100, ordinal=12), rows[1]) == (0, 0)


def test_what_is_paid_in_part_by_its_due_date_is_late_and_not_unknown() -> None:
    part_paid = line("M1", "2026-10-16", 100, paid_minor=40, outstanding_minor=60, payable_minor=60)
    found = overall(part_paid)
    assert (found["numerator"], found["denominator"], found["excluded_unknown"]) == (0, 1, 0)
