"""exposure by its rules: what is due, overdue and how long, held, claimed and expected, per currency."""

from __future__ import annotations

from typing import Any

import pytest

from projections.metrics.exposure import behind, exposure
from tests.metrics.rows import KNOWN, Put, answering, day, line

AS_OF = day("2026-11-11")


def asked(*rows: Put, **more: Any) -> list[dict[str, Any]]:
    found = exposure(answering(*rows), as_of=AS_OF, known_at=KNOWN, **more)
    assert list(found) == ["metric", "version", "as_of", "known_at", "by_currency"]
    currencies: list[dict[str, Any]] = found["by_currency"]
    return currencies


def amounts(found: dict[str, Any]) -> dict[str, str]:
    """Every amount that is not zero."""
    flat = {**found, **found["aging"]}
    return {
        name: one["amount"]
        for name, one in flat.items()
        if isinstance(one, dict) and "amount" in one and one["amount"] != "0.00"
    }


def test_no_line_is_no_currency() -> None:
    assert asked() == []


@pytest.mark.parametrize(
    ("due", "bucket"),
    [
        ("2026-11-12", None),
        ("2026-11-11", None),
        (None, None),
        ("2026-11-10", "0-30"),
        ("2026-10-12", "0-30"),
        ("2026-10-11", "31-60"),
        ("2026-09-12", "31-60"),
        ("2026-09-11", "61-90"),
        ("2026-08-13", "61-90"),
        ("2026-08-12", "90+"),
    ],
)
def test_an_amount_ages_from_the_day_after_it_was_due(due: str | None, bucket: str | None) -> None:
    (found,) = asked(line("M1", due, 30_000_000))
    expected = (
        {"due": "300000.00"} if bucket is None else {"overdue": "300000.00", bucket: "300000.00"}
    )
    assert amounts(found) == expected
    assert found["overdue_since"] == (due if bucket else None)


def test_the_oldest_overdue_date_is_told_with_its_days() -> None:
    rows = line("M2", "2026-11-07", 5), line("M1", "2026-09-19", 5, settled="2026-09-19")
    (found,) = asked(*rows)
    assert (found["overdue_since"], found["overdue_days"]) == ("2026-11-07", 4)


def test_held_claims_and_plans_stand_apart() -> None:
    rows = (
        line("M1", "2026-11-21", 17_928_000, held_minor=4_500_000),
        line("M2", "2026-11-01", 100, outstanding_minor=-2_000_000),
        line("M3", "2026-12-12", 0, status="expected", expected_minor=40_000_000),
    )
    (found,) = asked(*rows)
    assert amounts(found) == {
        "due": "134280.00",
        "held": "45000.00",
        "claims": "20000.00",
        "expected": "400000.00",
    }


def test_currencies_are_never_added() -> None:
    rows = (
        line("M1", None, 100, currency="USD"),
        line("M2", None, 100),
        line("M3", None, 7, currency="JPY"),
    )
    assert [(one["currency"], one["due"]["amount"]) for one in asked(*rows)] == [
        ("CNY", "1.00"),
        ("JPY", "7"),
        ("USD", "1.00"),
    ]
    assert [one["currency"] for one in asked(*rows, partner="Nobody")] == []


def test_the_lines_behind_say_where_their_open_part_stands() -> None:
    rows = (
        line("M1", "2026-11-07", 30_000_000),
        line("M2", "2026-11-21", 100, held_minor=40),
        line("M3", "2026-12-12", 0, status="expected", expected_minor=40_000_000),
        line("M4", "2026-07-01", 100, held_minor=100),
        line("M5", "2026-07-02", 100, outstanding_minor=-100),
        line("M6", "2026-07-03", 100),
        line("M7", None, 100),
        line("M8", "2026-07-03", 100, settled="2026-07-03"),
    )
    found = list(behind(answering(*rows), as_of=AS_OF))
    assert [
        (one["milestone"], one["verdict"], one["overdue_days"], one["why"]) for one in found
    ] == [
        ("C-1/M4", "held", None, "held by an open dispute"),
        ("C-1/M5", "claim", None, "paid more than is owed"),
        ("C-1/M6", "90+", 131, "overdue by 131 days"),
        ("C-1/M1", "0-30", 4, "overdue by 4 days"),
        ("C-1/M2", "due", None, "owed, and not due before the as-of date"),
        ("C-1/M3", "expected", None, "planned, not accepted yet"),
        ("C-1/M7", "due", None, "owed, and not due before the as-of date"),
    ]


def test_a_release_of_retention_is_named_by_its_own_number_and_a_milestone_by_its_name() -> None:
    rows = (
        line("M1", "2026-11-21", 500, kind="retention", ordinal=12),
        line("M2", "2026-11-22", 700, kind="milestone", ordinal=3),
        line("M3", "2026-11-23", 0, kind="retention", ordinal=14, retention_minor=-100),
        line("M4", "2026-11-24", 0, kind="milestone", ordinal=5, retention_minor=100),
        line("A", "2026-11-25", 900, kind="advance", ordinal=6),
    )
    found = list(behind(answering(*rows), as_of=AS_OF))
    assert [(one["kind"], one["reference"], one["verdict"]) for one in found] == [
        ("retention", "C-1#12", "due"),
        ("milestone", "C-1/M2", "due"),
        ("retention", "C-1#14", "released"),
        ("milestone", "C-1/M4", "retained"),
        ("advance", "C-1/A", "due"),
    ]


@pytest.mark.parametrize(
    ("due", "verdict"),
    [
        ("2026-11-11", "due"),
        ("2026-11-10", "0-30"),
        ("2026-10-12", "0-30"),
        ("2026-10-11", "31-60"),
        ("2026-09-12", "31-60"),
        ("2026-09-11", "61-90"),
        ("2026-08-13", "61-90"),
        ("2026-08-12", "90+"),
    ],
)
def test_a_line_behind_stands_in_the_bucket_that_its_amount_ages_in(due: str, verdict: str) -> None:
    """On the as-of date, and 1, 30, 31, 60, 61, 90 and 91 days before it."""
    (found,) = behind(answering(line("M1", due, 100)), as_of=AS_OF)
    assert found["verdict"] == verdict


def test_of_a_line_paid_for_an_unknown_amount_nobody_can_tell_what_is_open() -> None:
    row = line("M1", "2026-10-11", 100, status="paid")
    unknown = {"net_minor": None, "outstanding_minor": None, "payable_minor": None}
    row.values |= unknown
    (found,) = behind(answering(row), as_of=AS_OF)
    assert (found["verdict"], found["open"]) == ("unknown_amount", None)
