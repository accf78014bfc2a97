"""on_time_rate by its rules: who is in the cohort, what is on time, by count and by value, in which group."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from projections.metrics.answer import EVER, Window
from projections.metrics.on_time import behind, on_time
from tests.metrics.rows import KNOWN, Put, answering, day, part

AS_OF = day("2026-11-01")
LATER = "2026-12-04"


def asked(*rows: Put, as_of: date = AS_OF, **more: Any) -> dict[str, Any]:
    return on_time(answering(*rows), as_of=as_of, known_at=KNOWN, **more)


def count(*rows: Put, reference: str = "original", **more: Any) -> tuple[int, int]:
    found = asked(*rows, **more)["overall"][reference]
    return found["numerator"], found["denominator"]


def value(*rows: Put, reference: str = "original", **more: Any) -> list[tuple[str, str, str]]:
    found = asked(*rows, **more)["overall"][reference]["by_currency"]
    return [
        (one["currency"], one["numerator"]["amount"], one["denominator"]["amount"]) for one in found
    ]


def early(milestone: str = "M1", **more: Any) -> Put:
    return part(milestone, delivered="2026-10-10", accepted="2026-10-12", **more)


def test_of_several_remainders_one_that_is_late_makes_the_whole_late() -> None:
    rests = (
        early("M1-r1", of="M1"),
        part("M1-r2", delivered="2026-10-17", accepted="2026-10-20", of="M1"),
    )
    for parts in ((early(), *rests), (early(), *reversed(rests))):
        assert count(*parts) == (0, 1)
    assert count(early(), rests[0]) == (1, 1)


# --- the frame -----------------------------------------------------------------------------------


def test_the_object_has_the_keys_of_the_interface_page_in_its_order() -> None:
    found = asked(early(), by="partner", window=Window(day("2026-10-01"), day("2026-10-31")))
    assert list(found) == [
        *("metric", "version", "as_of", "known_at", "window", "groups", "overall")
    ]
    assert found["window"] == {"from": "2026-10-01", "to": "2026-10-31"}
    assert (found["metric"], found["version"], found["as_of"]) == ("on_time_rate", 2, "2026-11-01")
    assert found["known_at"] == KNOWN
    (group,) = found["groups"]
    assert list(group) == ["key", "original", "current"]
    assert group["key"] == {"partner": "Studio"}
    assert list(group["original"])[:6] == [
        *("numerator", "denominator", "rate", "interval", "value_rate", "by_currency")
    ]
    assert group["original"]["by_currency"] == [
        {
            "currency": "CNY",
            "numerator": {"amount": "100000.00", "currency": "CNY"},
            "denominator": {"amount": "100000.00", "currency": "CNY"},
            "rate": "1.0000",
        }
    ]


def test_no_data_is_null_never_zero() -> None:
    found = asked()["overall"]["original"]
    assert (found["numerator"], found["denominator"]) == (0, 0)
    assert (found["rate"], found["interval"], found["value_rate"]) == (None, None, None)
    assert found["by_currency"] == []


def test_only_the_references_asked_for_are_given() -> None:
    found = asked(early(), by="stage", references=("current",))
    assert list(found["overall"]) == ["current"]
    assert list(found["groups"][0]) == ["key", "current"]


def test_an_unknown_reference_or_grouping_is_refused() -> None:
    with pytest.raises(ValueError, match="original or current, not 'first'"):
        asked(references=("first",))
    with pytest.raises(ValueError, match="not by 'colour'"):
        asked(by="colour")


# --- the cohort and the verdict ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (part("M1", delivered="2026-10-16"), (1, 1)),
        (part("M1", delivered="2026-10-17"), (0, 1)),
        (part("M1"), (0, 1)),
        (part("M1", due="2026-11-01"), (0, 0)),
        (part("M1", due="2026-11-01", delivered="2026-10-30"), (0, 0)),
        (part("M1", due=LATER, delivered="2026-10-30", accepted="2026-10-31"), (1, 1)),
        (part("M1", status="cancelled"), (0, 0)),
    ],
    ids=[
        "delivered on the day is on time",
        "delivered the day after is late",
        "open and overdue is late",
        "due on the as-of date and open is not in the cohort yet",
        "nor when it is delivered but undecided",
        "accepted counts before it is due",
        "cancelled is not in the cohort",
    ],
)
def test_who_counts_and_what_is_on_time(row: Put, expected: tuple[int, int]) -> None:
    assert count(row) == expected


def test_a_window_includes_both_its_ends() -> None:
    rows = [
        early(f"M{n}", due=due) for n, due in enumerate(("2026-10-15", "2026-10-16", "2026-10-17"))
    ]
    assert count(*rows, window=Window(day("2026-10-16"), day("2026-10-16"))) == (1, 1)
    assert count(*rows, window=Window(None, day("2026-10-16"))) == (2, 2)
    assert count(*rows, window=Window(day("2026-10-16"), None)) == (2, 2)
    assert count(*rows, window=EVER) == (3, 3)


def test_each_reference_has_its_own_due_date_and_amount() -> None:
    moved = part(
        "M1",
        due="2026-10-09",
        delivered="2026-10-12",
        reference_due="2026-10-16",
        reference_minor=12_000_000,
    )
    assert (count(moved), count(moved, reference="current")) == ((0, 1), (1, 1))
    assert value(moved) == [("CNY", "0.00", "100000.00")]
    assert value(moved, reference="current") == [("CNY", "120000.00", "120000.00")]


@pytest.mark.parametrize(
    "row",
    [
        part("M1", due=None, delivered="2026-10-12", accepted="2026-10-13"),
        part("M1", delivered="unknown", accepted="2026-10-13"),
    ],
    ids=["due", "delivery"],
)
def test_an_unknown_date_is_excluded_and_counted_as_such(row: Put) -> None:
    found = asked(row, early("M2"))["overall"]["original"]
    assert (found["numerator"], found["denominator"]) == (1, 1)
    assert found["excluded_unknown"] == 1
    assert value(row, early("M2")) == [("CNY", "100000.00", "100000.00")]


def test_an_unknown_delivery_outside_the_window_is_not_counted_as_excluded() -> None:
    row = part("M1", delivered="unknown", accepted="2026-10-13")
    found = asked(row, window=Window(None, day("2026-10-15")))
    assert found["overall"]["original"]["excluded_unknown"] == 0


def test_an_unknown_amount_counts_nothing_by_value_and_is_named() -> None:
    found = asked(early("M1", minor=None), early("M2"))["overall"]["original"]
    assert (found["numerator"], found["denominator"]) == (2, 2)
    assert found["excluded_unknown_amounts"] == 1
    assert found["value_rate"] == "1.0000"
    alone = asked(early("M1", minor=None))["overall"]["original"]
    assert (alone["rate"], alone["value_rate"]) == ("1.0000", None)


# --- remainders ----------------------------------------------------------------------------------


def rest(milestone: str = "M1-r1", of: str = "M1", **more: Any) -> Put:
    return part(milestone, of=of, minor=5_000_000, **more)


def test_a_family_counts_once_and_by_value_each_part_counts_its_share() -> None:
    rows = early(), rest()
    assert count(*rows) == (0, 1)
    assert value(*rows) == [("CNY", "100000.00", "150000.00")]


def test_a_family_is_on_time_when_every_part_is() -> None:
    assert count(early(), rest(delivered="2026-10-16", accepted="2026-10-20")) == (1, 1)


def test_a_family_with_a_part_outside_is_outside_by_count_but_not_by_value() -> None:
    rows = early(), rest(due=LATER)
    assert count(*rows) == (0, 0)
    assert value(*rows) == [("CNY", "100000.00", "100000.00")]


def test_a_cancelled_remainder_is_no_part_of_its_family() -> None:
    rows = early(), rest(status="cancelled")
    assert count(*rows) == (1, 1)
    assert value(*rows) == [("CNY", "100000.00", "100000.00")]


def test_a_family_with_an_unknown_part_is_excluded_unless_another_part_is_outside() -> None:
    def excluded(*rows: Put) -> int:
        found: int = asked(*rows)["overall"]["original"]["excluded_unknown"]
        return found

    assert excluded(early(), rest(due=None)) == 1
    assert excluded(early(due=LATER, is_accepted=0), rest(due=None)) == 0


def test_a_family_whose_first_part_is_cancelled_goes_by_the_others() -> None:
    rows = early(status="cancelled"), rest(delivered="2026-10-16")
    assert count(*rows) == (1, 1)
    assert value(*rows) == [("CNY", "50000.00", "50000.00")]


def test_the_unknown_amount_of_a_remainder_is_named_too() -> None:
    found = asked(early(), rest(reference_minor=None, original_minor=None))["overall"]["original"]
    assert (found["value_rate"], found["excluded_unknown_amounts"]) == ("1.0000", 1)


def test_the_same_milestone_id_in_two_contracts_is_two_families() -> None:
    other: dict[str, Any] = {"stream": 2, "contract": "C-2"}
    assert count(early(), early(**other)) == (2, 2)
    assert count(early(), early(**other), rest(**other)) == (1, 2)


# --- groups --------------------------------------------------------------------------------------


def keys(*rows: Put, by: str, **more: Any) -> list[Any]:
    return [group["key"][by] for group in asked(*rows, by=by, **more)["groups"]]


def test_groups_are_sorted_by_code_point_and_sum_to_the_whole() -> None:
    names = ("b", "a", "B", "杭", "é")
    rows = [early(f"M{n}", partner=name, stream=n) for n, name in enumerate(names)]
    assert keys(*rows, by="partner") == ["B", "a", "b", "é", "杭"]
    groups = asked(*rows, by="partner")["groups"]
    assert sum(group["original"]["denominator"] for group in groups) == count(*rows)[1] == 5


def test_a_group_without_anybody_in_the_cohort_is_not_listed() -> None:
    rows = early(), part("M2", due=LATER, stage="close"), part("M3", due=None, stage="unknown")
    assert keys(*rows, by="stage") == ["build"]
    assert asked(*rows, by="stage")["overall"]["original"]["excluded_unknown"] == 1


def test_a_group_of_one_reference_has_no_data_in_the_other() -> None:
    rows = (early(reference_due="2026-11-20"),)
    found = asked(*rows, by="month")["groups"]
    assert [group["key"]["month"] for group in found] == ["2026-10", "2026-11"]
    assert found[1]["original"]["rate"] is None
    assert found[1]["current"]["rate"] == "1.0000"


def test_a_family_is_in_the_group_of_its_first_part_and_the_month_of_its_latest() -> None:
    rows = (
        early(due="2026-09-30", stage="plan"),
        rest(due="2026-10-01", stage="close", delivered="2026-10-01"),
    )
    assert keys(*rows, by="stage") == ["plan"]
    assert keys(*rows, by="month") == ["2026-10"]
    assert keys(*rows, by="quarter") == ["2026-Q4"]
    assert keys(*rows, by="contract") == ["C-1"]


@pytest.mark.parametrize(
    ("due", "quarter"),
    [
        ("2026-01-31", "1"),
        ("2026-03-31", "1"),
        ("2026-04-01", "2"),
        ("2026-09-30", "3"),
        ("2025-12-31", "4"),
    ],
)
def test_quarters_are_calendar_quarters(due: str, quarter: str) -> None:
    assert keys(early(due=due), by="quarter") == [f"{due[:4]}-Q{quarter}"]


def test_a_rate_by_value_is_null_across_currencies_with_the_currencies_beside_it() -> None:
    rows = early("M1", currency="USD", stream=2), early("M2"), part("M3")
    overall = asked(*rows)["overall"]["original"]
    assert (overall["rate"], overall["value_rate"]) == ("0.6667", None)
    assert [(one["currency"], one["rate"]) for one in overall["by_currency"]] == [
        ("CNY", "0.5000"),
        ("USD", "1.0000"),
    ]
    by_currency = asked(*rows, by="currency")["groups"]
    assert [g["original"]["value_rate"] for g in by_currency] == ["0.5000", "1.0000"]


def test_contract_and_partner_limit_what_is_counted() -> None:
    rows = (
        early(),
        early(stream=2, contract="C-2"),
        early(stream=3, contract="C-3", partner="Other"),
    )
    assert count(*rows, contract="C-2") == (1, 1)
    assert count(*rows, partner="Studio") == (2, 2)


# --- the milestones behind -----------------------------------------------------------------------


def test_the_milestones_behind_say_why_and_add_up_to_the_rates() -> None:
    rows = (
        early("M1"),
        part("M2", due="2026-10-16", delivered="2026-10-20"),
        part("M3", due="2026-10-28"),
        part("M4", delivered="unknown"),
        part("M5", due=None),
        part("M6", due=LATER),
        part("M7", accepted="2026-10-30", due=LATER),
        part("M8", delivered="2026-10-16"),
        rest("M8-r1", "M8"),
        part("M9", status="cancelled"),
    )
    found = list(behind(answering(*rows), as_of=AS_OF, references=("original",)))
    assert [
        (one["milestone"], one["verdict"], one["family_verdict"], one["why"]) for one in found
    ] == [
        ("C-1/M1", "on_time", "on_time", "delivered 6 days early"),
        ("C-1/M2", "late", "late", "delivered 4 days late"),
        ("C-1/M3", "late", "late", "not delivered 4 days after it was due"),
        ("C-1/M4", "excluded_unknown", "excluded_unknown", "delivered on no known day"),
        ("C-1/M5", "excluded_unknown", "excluded_unknown", "no known due date"),
        ("C-1/M7", "late", "late", "accepted without a delivery"),
        ("C-1/M8", "on_time", "late", "delivered on the day"),
        ("C-1/M8-r1", "late", "late", "not delivered 16 days after it was due"),
    ]
    assert count(*rows) == (1, 5)
    assert found[0] == {
        "reference": "original",
        "stream": 1,
        "milestone": "C-1/M1",
        "family": "C-1/M1",
        "partner": "Studio",
        "stage": "build",
        "due_on": "2026-10-16",
        "delivered_on": "2026-10-10",
        "inferred": [],
        "heard_on": None,
        "accepted_on": "2026-10-12",
        "amount": {"amount": "100000.00", "currency": "CNY"},
        "verdict": "on_time",
        "family_verdict": "on_time",
        "why": "delivered 6 days early",
        "events": [1],
    }


def test_the_milestones_behind_carry_the_key_of_their_familys_group() -> None:
    rows = early(due="2026-09-30", stage="plan"), rest(due="2026-10-01", stage="close")
    for by, expected in (("stage", "plan"), ("month", "2026-10")):
        found = list(behind(answering(*rows), as_of=AS_OF, by=by, references=("current",)))
        assert [one["key"] for one in found] == [{by: expected}] * 2
