"""dispute_rate by its rules: which deliveries count, what is disputed, and how much of the value."""

from __future__ import annotations

from typing import Any

from projections.metrics.answer import Window
from projections.metrics.disputes import behind, disputes
from tests.metrics.rows import KNOWN, Put, answering, day, dispute, part

AS_OF = day("2026-11-01")
OCTOBER = Window(day("2026-10-01"), day("2026-10-31"))


def asked(*rows: Put, **more: Any) -> dict[str, Any]:
    return disputes(answering(*rows), as_of=AS_OF, known_at=KNOWN, **more)


def overall(*rows: Put, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = asked(*rows, **more)["overall"]
    return found


def count(*rows: Put, **more: Any) -> tuple[int, int]:
    found = overall(*rows, **more)
    return found["numerator"], found["denominator"]


def submitted(milestone: str = "M1", on: str = "2026-10-10", **more: Any) -> Put:
    return part(milestone, delivered=on, **more)


def test_the_object_has_the_keys_of_the_interface_page_in_its_order() -> None:
    found = asked(submitted(), dispute("M1", 4_500_000), by="stage")
    assert list(found)[-2:] == ["groups", "overall"]
    (group,) = found["groups"]
    assert list(group)[:8] == [
        *("key", "numerator", "denominator", "rate", "interval", "value_rate", "open", "resolved")
    ]
    assert (group["key"], group["rate"], group["value_rate"]) == (
        {"stage": "build"},
        "1.0000",
        "0.4500",
    )


def test_no_data_is_null_never_zero() -> None:
    found = overall(part("M1"))
    assert (found["denominator"], found["rate"], found["value_rate"]) == (0, None, None)
    assert (found["open"], found["resolved"]) == (0, 0)


def test_what_was_never_submitted_is_not_in_the_cohort_and_what_was_cancelled_is() -> None:
    assert count(part("M1"), submitted("M2"), submitted("M3", status="cancelled")) == (0, 2)


def test_a_milestone_counts_once_however_many_disputes_it_and_its_remainders_have() -> None:
    rows = (
        submitted(),
        submitted("M1-r1", of="M1", minor=1_000_000),
        dispute("M1", 1_000_000, status="split"),
        dispute("M1", 1_000_000, status="withdrawn"),
        dispute("M1-r1", 1_000_000, family="M1"),
    )
    found = overall(*rows)
    assert (found["numerator"], found["denominator"]) == (1, 1)
    assert (found["open"], found["resolved"]) == (1, 2)
    assert found["value_rate"] == "0.3000"


def test_no_more_is_disputed_than_was_submitted() -> None:
    found = overall(submitted(), dispute("M1", 8_000_000), dispute("M1", 8_000_000))
    assert found["value_rate"] == "1.0000"


def test_disputes_after_the_as_of_date_do_not_count_and_those_of_no_known_day_do() -> None:
    assert count(submitted(), dispute("M1", 1, "2026-11-01")) == (1, 1)
    assert count(submitted(), dispute("M1", 1, "2026-11-02")) == (0, 1)
    assert count(submitted(), dispute("M1", 1, None)) == (1, 1)


def test_a_dispute_of_another_contracts_milestone_of_the_same_name_does_not_count() -> None:
    assert count(submitted(), dispute("M1", 1, stream=2, contract="C-2")) == (0, 1)


def test_a_window_includes_both_its_ends() -> None:
    days = ("2026-09-30", "2026-10-01", "2026-10-31", "2026-11-01")
    rows = [submitted(f"M{n}", on) for n, on in enumerate(days)]
    assert count(*rows, window=OCTOBER) == (0, 2)
    assert count(*rows) == (0, 4)


def test_a_submission_of_no_known_day_counts_only_without_a_window() -> None:
    rows = submitted("M1", "unknown"), dispute("M1", 4_500_000)
    assert count(*rows) == (1, 1)
    found = overall(*rows, window=OCTOBER)
    assert (found["denominator"], found["rate"], found["excluded_unknown"]) == (0, None, 1)
    assert (found["open"], found["by_currency"]) == (0, [])
    assert [group["key"] for group in asked(*rows, by="month")["groups"]] == [{"month": None}]


def test_unknown_amounts_count_nothing_by_value_and_are_named() -> None:
    rows = (
        submitted("M1", submitted_minor=None),
        dispute("M1", 5),
        submitted("M2"),
        dispute("M2", None),
    )
    found = overall(*rows)
    assert (found["numerator"], found["denominator"]) == (2, 2)
    assert (found["value_rate"], found["excluded_unknown_amounts"]) == (None, 2)


def test_a_rate_by_value_is_null_across_currencies_with_the_currencies_beside_it() -> None:
    rows = submitted("M1"), submitted("M1", stream=2, currency="USD"), dispute("M1", 5_000_000)
    found = overall(*rows)
    assert (found["rate"], found["value_rate"]) == ("0.5000", None)
    assert [(one["currency"], one["rate"]) for one in found["by_currency"]] == [
        ("CNY", "0.5000"),
        ("USD", "0.0000"),
    ]


def test_groups_go_by_the_first_submission_and_the_first_part() -> None:
    rows = submitted(), submitted("M2", "2026-07-01", partner="A", stage="plan")
    assert [g["key"] for g in asked(*rows, by="quarter")["groups"]] == [
        {"quarter": "2026-Q3"},
        {"quarter": "2026-Q4"},
    ]
    assert [g["key"] for g in asked(*rows, by="partner")["groups"]] == [
        {"partner": "A"},
        {"partner": "Studio"},
    ]
    assert count(*rows, partner="A") == (0, 1)


def test_the_milestones_behind_say_why() -> None:
    rows = (
        submitted(),
        dispute("M1", 4_500_000),
        submitted("M2"),
        submitted("M3", "unknown"),
        part("M4"),
    )
    found = list(behind(answering(*rows), as_of=AS_OF, window=OCTOBER, by="month"))
    assert [(one["milestone"], one["verdict"], one["why"]) for one in found] == [
        ("C-1/M1", "disputed", "1 open, 0 resolved"),
        ("C-1/M2", "undisputed", "no dispute"),
        ("C-1/M3", "excluded_unknown", "first submitted on no known day"),
    ]
    assert found[0]["disputed"] == {"amount": "45000.00", "currency": "CNY"}
    assert found[0]["submitted"] == {"amount": "100000.00", "currency": "CNY"}
    assert found[0]["key"] == {"month": "2026-10"}


def test_a_family_disputed_for_an_unknown_amount_says_no_amount() -> None:
    rows = submitted(), dispute("M1", None), submitted("M2"), dispute("M2", 3_000_000)
    assert [one["disputed"] for one in behind(answering(*rows), as_of=AS_OF)] == [
        None,
        {"amount": "30000.00", "currency": "CNY"},
    ]


def test_a_resolved_dispute_of_a_remainder_is_one_of_the_first_milestones() -> None:
    rows = submitted(), dispute("M1-r1", 1_000_000, family="M1", status="upheld")
    (found,) = behind(answering(*rows), as_of=AS_OF)
    assert (found["verdict"], found["why"]) == ("disputed", "0 open, 1 resolved")
