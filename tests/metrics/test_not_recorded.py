"""What no source tells, what an import inferred, and what was not heard of since it was due: outside every rate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from projections.metrics import cycle_times, disputes, exposure, first_pass, on_time, paid_on_time
from projections.metrics.answer import Window
from tests.metrics.rows import KNOWN, Put, answering, day, dispute, line, part

AS_OF = day("2026-11-11")
DUE = "2026-10-16"
BEFORE, AFTER = "2026-10-15", "2026-10-17"
WINDOW = Window(day("2026-10-01"), day("2026-10-31"))


def unknown(ordinal: int = 1, heard: str | None = None, **flags: Any) -> Put:
    """What is not known of the milestone of that ordinal."""
    values = {"stream": 1, "ordinal": ordinal, "heard_on": heard}
    return Put("unknowns", values | flags)


def asked(metric: Any, *rows: Put, **more: Any) -> dict[str, Any]:
    ask: Callable[..., dict[str, Any]] = getattr(metric, metric.__name__.rpartition(".")[2])
    found: dict[str, Any] = ask(answering(*rows), as_of=AS_OF, known_at=KNOWN, **more)["overall"]
    return found


def why(metric: Any, *rows: Put, **more: Any) -> list[tuple[str | None, str]]:
    found = list(metric.behind(answering(*rows), as_of=AS_OF, **more))
    return [(one["verdict"], one["why"]) for one in found]


# --- delivered on time -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "told", "excluded", "said"),
    [
        (
            part("M1", DUE, delivered=BEFORE, ordinal=1),
            unknown(delivered_inferred=1),
            "excluded_inferred",
            "delivered on 2026-10-15 as inferred, which no source states",
        ),
        (
            part("M1", DUE, ordinal=1),
            unknown(no_deliveries=1),
            "excluded_not_recorded",
            "no source tells whether it was delivered",
        ),
        (
            part("M1", DUE, ordinal=1),
            unknown(heard=BEFORE),
            "excluded_not_heard",
            "open when last heard of, on 2026-10-15, which is not after it was due",
        ),
        (
            part("M1", DUE, ordinal=1),
            unknown(heard=DUE),
            "excluded_not_heard",
            "open when last heard of, on 2026-10-16, which is not after it was due",
        ),
    ],
)
def test_a_delivery_that_nobody_can_judge_is_left_out_and_counted_by_its_reason(
    row: Put, told: Put, excluded: str, said: str
) -> None:
    found = asked(on_time, row, told)["current"]
    reasons = ("excluded_inferred", "excluded_not_recorded", "excluded_not_heard")
    assert (found["denominator"], found["excluded_unknown"]) == (0, 1)
    assert {name: found[name] for name in reasons} == {
        name: int(name == excluded) for name in reasons
    }
    assert why(on_time, row, told, references=("current",)) == [("excluded_unknown", said)]


def test_what_was_heard_of_after_it_was_due_is_late_and_what_is_accepted_was_delivered() -> None:
    heard = unknown(heard=AFTER)
    assert asked(on_time, part("M1", DUE, ordinal=1), heard)["current"]["denominator"] == 1
    accepted = part("M1", DUE, accepted="2026-10-20", ordinal=1)
    found = asked(on_time, accepted, unknown(heard=BEFORE))["current"]
    assert (found["denominator"], found["excluded_not_heard"]) == (1, 0)
    assert why(on_time, accepted, unknown(heard=BEFORE), references=("current",)) == [
        ("late", "accepted without a delivery")
    ]
    delivered = part("M1", DUE, delivered=BEFORE, ordinal=1)
    found = asked(on_time, delivered, unknown(heard=BEFORE, no_deliveries=1))["current"]
    assert (found["numerator"], found["excluded_unknown"]) == (1, 0)


def test_of_a_familys_unknown_parts_the_last_reason_is_told_and_the_head_goes_first() -> None:
    head = part("M1", DUE, delivered=BEFORE, ordinal=1)
    rest = part("M1-r1", DUE, of="M1", ordinal=2)
    found = asked(on_time, head, rest, unknown(2, no_deliveries=1))["current"]
    assert (found["excluded_not_recorded"], found["denominator"]) == (1, 0)
    more = part("M1-r2", DUE, of="M1", ordinal=3)
    found = asked(on_time, head, rest, more, unknown(2, no_deliveries=1), unknown(3, heard=DUE))
    assert found["current"]["excluded_not_heard"] == 1
    assert found["current"]["excluded_not_recorded"] == 0
    rows = (head, rest, unknown(1, delivered_inferred=1), unknown(2, no_deliveries=1))
    found = asked(on_time, *rows)["current"]
    assert (found["excluded_inferred"], found["excluded_not_recorded"]) == (1, 0)


def test_a_part_of_an_unknown_amount_counts_as_one_and_is_worth_nothing() -> None:
    parts = [
        part(f"M{n}", DUE, minor, delivered=BEFORE) for n, minor in enumerate((600, None, 400))
    ]
    found = asked(on_time, *parts)["current"]
    assert (found["numerator"], found["excluded_unknown_amounts"]) == (3, 1)
    assert found["by_currency"][0]["denominator"]["amount"] == "10.00"


def test_a_group_in_which_only_parts_count_by_value_is_told() -> None:
    """The family is unknown by count, as its remainder is; by value its head counts."""
    head = part("M1", DUE, 1_000, delivered=BEFORE, ordinal=1)
    rest = part("M1-r1", DUE, 500, of="M1", delivered="unknown", ordinal=2)
    asking = on_time.on_time(answering(head, rest), as_of=AS_OF, known_at=KNOWN, by="stage")
    (group,) = asking["groups"]
    assert group["key"] == {"stage": "build"}
    assert (group["current"]["denominator"], group["current"]["value_rate"]) == (0, "1.0000")


@pytest.mark.parametrize(
    ("window", "counted"),
    [
        (Window(), 1),
        (Window(since=day("2026-10-01")), 0),
        (Window(until=day("2026-10-31")), 0),
        (WINDOW, 0),
    ],
)
def test_a_fact_of_no_known_day_lies_in_no_window_that_is_bounded_on_any_side(
    window: Window, counted: int
) -> None:
    submitted = part("M1", delivered="unknown", ordinal=1)
    assert asked(disputes, submitted, window=window)["denominator"] == counted
    decided = part("M1", delivered=BEFORE, first_pass=1, is_accepted=1, ordinal=1)
    assert asked(first_pass, decided, window=window)["denominator"] == counted


# --- disputes, first pass, intervals -----------------------------------------------------------------------


def test_what_no_source_tells_of_disputes_is_left_out_of_their_rate() -> None:
    rows = (
        part("M1", delivered=BEFORE, ordinal=1),
        part("M2", delivered=BEFORE, ordinal=2),
        dispute("M2", 5),
        unknown(1, no_disputes=1),
    )
    found = asked(disputes, *rows)
    assert (found["numerator"], found["denominator"]) == (1, 1)
    assert (found["excluded_unknown"], found["excluded_not_recorded"]) == (1, 1)
    assert why(disputes, *rows) == [
        ("excluded_unknown", "no source tells whether it was disputed"),
        ("disputed", "1 open, 0 resolved"),
    ]


@pytest.mark.parametrize(("flag", "counted"), [("first_inferred", 0), ("delivered_inferred", 1)])
def test_with_a_window_a_first_submission_of_an_inferred_day_lies_nowhere(
    flag: str, counted: int
) -> None:
    flags: dict[str, Any] = {flag: 1}
    rows = (part("M1", delivered=BEFORE, ordinal=1), unknown(1, **flags))
    found = asked(disputes, *rows, window=WINDOW)
    assert (found["denominator"], found["excluded_unknown"]) == (counted, 1 - counted)
    assert asked(disputes, *rows)["denominator"] == 1


def test_an_open_dispute_of_what_is_left_out_is_not_counted() -> None:
    rows = (part("M1", delivered=BEFORE, ordinal=1), dispute("M1", 5), unknown(1, first_inferred=1))
    found = asked(disputes, *rows, window=WINDOW)
    assert (found["open"], found["resolved"], found["excluded_unknown"]) == (0, 0, 1)
    assert why(disputes, *rows, window=WINDOW) == [
        ("excluded_unknown", "first submitted on no known day")
    ]


def test_a_dispute_of_an_unknown_amount_leaves_its_family_out_of_the_rate_by_value() -> None:
    """Unless what is known of it is all that was submitted already."""
    submitted = part("M1", minor=1_000, delivered=BEFORE, ordinal=1)
    found = asked(disputes, submitted, dispute("M1", None), dispute("M1", 999))
    assert (found["numerator"], found["excluded_unknown_amounts"]) == (1, 1)
    assert found["by_currency"][0]["denominator"]["amount"] == "0.00"
    assert found["by_currency"][0]["numerator"]["amount"] == "0.00"
    found = asked(disputes, submitted, dispute("M1", None), dispute("M1", 1_000))
    assert (found["excluded_unknown_amounts"], found["value_rate"]) == (0, "1.0000")


def test_an_accepted_milestone_of_which_no_source_tells_rejections_is_no_first_pass() -> None:
    accepted = part("M1", delivered=BEFORE, accepted=DUE, first_pass=1, ordinal=1)
    found = asked(first_pass, accepted, unknown(no_rejections=1))
    assert (found["denominator"], found["excluded_unknown"]) == (0, 1)
    assert found["excluded_not_recorded"] == 1
    silent = part("M1", delivered=BEFORE, accepted=DUE, ordinal=1)  # the row knows of no first pass
    assert why(first_pass, silent, unknown(no_rejections=1)) == [
        ("excluded_unknown", "no source tells whether it was rejected before")
    ]
    # one that is not accepted, and was not decided, is in no cohort
    assert why(first_pass, part("M1", delivered=BEFORE, ordinal=1), unknown(no_rejections=1)) == []
    rejected = part("M1", delivered=BEFORE, first_pass=0, ordinal=1)
    assert why(first_pass, rejected, unknown(no_rejections=1))[0][0] == "not_first_pass"


def test_an_inferred_delivery_measures_no_interval_and_leaves_the_others() -> None:
    accepted = part("M1", delivered=BEFORE, accepted=DUE, settled_on="2026-10-20", ordinal=1)
    found = asked(cycle_times, accepted, unknown(delivered_inferred=1))
    first, second, _ = found.values()
    assert (first["n"], first["excluded_unknown"]) == (0, 1)
    assert (second["n"], second["median_days"]) == (1, 4)
    first_alone = asked(cycle_times, accepted, unknown(first_inferred=1))["submit_to_accept"]
    assert (first_alone["n"], first_alone["median_days"]) == (1, 1)


def test_a_dispute_on_a_remainder_that_is_void_still_took_its_time() -> None:
    ended = dispute("M1-r1", 5, BEFORE, family="M1", status="rejected", ended_on=AFTER)
    found = asked(cycle_times, part("M1", delivered=BEFORE, ordinal=1), ended)
    assert found["dispute_to_resolution"]["median_days"] == 2


# --- paid on time, and what is owed ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "heard", "verdict", "said"),
    [
        ({"net_minor": None}, None, "excluded_unknown", "accepted for an unknown amount"),
        ({"due_on": None}, None, "excluded_unknown", "no known payment due date"),
        ({"paid_minor": None}, None, "excluded_unknown", "no source tells whether it was paid"),
        ({"status": "paid"}, None, "excluded_unknown", "settled on no known day"),
        (
            {},
            DUE,
            "excluded_unknown",
            "not paid when last heard of, on 2026-10-16, which is not after it was due",
        ),
        ({}, AFTER, "late", "not settled 26 days after it was due"),
        ({}, None, "late", "not settled 26 days after it was due"),
        ({"held_minor": 10}, None, "held", "held by an open dispute"),
        ({"payable_minor": None}, None, "held", "held by an open dispute"),
        ({"settled_on": DUE}, BEFORE, "on_time", "settled by its due date"),
        ({"settled_on": AFTER}, BEFORE, "late", "settled 1 day late"),
        ({"settled_on": DUE, "payable_minor": None}, None, "on_time", "settled by its due date"),
    ],
)
def test_a_payable_that_nobody_can_judge_is_left_out_of_the_rate(
    changes: dict[str, Any], heard: str | None, verdict: str, said: str
) -> None:
    row = line("M1", DUE, 1_000, ordinal=1, **changes)
    rows = (row, unknown(heard=heard)) if heard else (row,)
    assert why(paid_on_time, *rows) == [(verdict, said)]
    found = asked(paid_on_time, *rows)
    counted = verdict in ("on_time", "late")
    assert (found["denominator"], found["numerator"]) == (int(counted), int(verdict == "on_time"))
    assert (found["held"], found["excluded_unknown"]) == (
        int(verdict == "held"),
        int(verdict == "excluded_unknown"),
    )
    assert found["settled_unknown"] == int(said == "settled on no known day")
    assert found["excluded_not_recorded"] == int("no source" in said)
    assert found["excluded_not_heard"] == int("last heard of" in said)


def test_a_payable_of_nothing_is_in_no_cohort_and_one_due_today_is() -> None:
    assert asked(paid_on_time, line("M1", DUE, 0, ordinal=1))["denominator"] == 0
    today = AS_OF.isoformat()
    assert asked(paid_on_time, line("M1", today, 5, settled=today, ordinal=1))["numerator"] == 1
    later = line("M1", "2026-11-12", 5, settled=today, ordinal=1)
    assert asked(paid_on_time, later)["denominator"] == 0


@pytest.mark.parametrize(
    ("heard", "verdict", "overdue", "not_heard"),
    [
        (BEFORE, "not_heard", "0.00", "10.00"),
        (DUE, "not_heard", "0.00", "10.00"),
        (AFTER, "0-30", "10.00", "0.00"),
    ],
)
def test_what_was_not_heard_of_since_it_was_due_is_owed_and_not_overdue(
    heard: str, verdict: str, overdue: str, not_heard: str
) -> None:
    rows = (line("M1", DUE, 1_000, ordinal=1), unknown(heard=heard))
    select = answering(*rows)
    (found,) = exposure.exposure(select, as_of=AS_OF, known_at=KNOWN)["by_currency"]
    assert (found["overdue"]["amount"], found["not_heard"]["amount"]) == (overdue, not_heard)
    assert found["overdue_since"] == (DUE if verdict == "0-30" else None)
    (behind,) = exposure.behind(select, as_of=AS_OF)
    assert (behind["verdict"], behind["overdue_days"]) == (
        verdict,
        26 if verdict == "0-30" else None,
    )
    # what was paid too much is a claim, whenever it was heard of
    claim = line("M1", DUE, 1_000, ordinal=1, outstanding_minor=-5), unknown(heard=heard)
    (behind,) = exposure.behind(answering(*claim), as_of=AS_OF)
    assert behind["verdict"] == "claim"


@pytest.mark.parametrize(
    ("changes", "verdict", "said"),
    [
        (
            {"status": "submitted", "expected_minor": None},
            "not_accepted",
            "no source tells whether it was accepted",
        ),
        ({"net_minor": None}, "unknown_amount", "accepted for an unknown amount"),
        ({"paid_minor": None}, "not_recorded", "no source tells whether it was paid"),
        ({}, "unknown_hold", "disputed for an unknown amount"),
    ],
)
def test_what_is_open_of_a_line_is_unknown_for_a_reason(
    changes: dict[str, Any], verdict: str, said: str
) -> None:
    row = line("M1", DUE, 1_000, ordinal=1, **({"payable_minor": None} | changes))
    (behind,) = exposure.behind(answering(row), as_of=AS_OF)
    assert (behind["verdict"], behind["why"], behind["open"]) == (verdict, said, None)
    (found,) = exposure.exposure(answering(row), as_of=AS_OF, known_at=KNOWN)["by_currency"]
    assert found["overdue"] is None


def test_a_line_of_which_nothing_is_open_says_what_is_held_retained_or_still_to_come() -> None:
    held: dict[str, Any] = {"outstanding_minor": 3, "held_minor": 3, "payable_minor": 0}
    rows = (
        line("M1", "2026-12-01", 0, status="expected", expected_minor=None, ordinal=1),
        line("M2", "2026-12-02", 0, status="expected", expected_minor=5, ordinal=2),
        line("M3", "2026-12-03", 8, retention_minor=4, ordinal=3, **held),
        line("M4", "2026-12-04", 8, settled=DUE, retention_minor=4, ordinal=4),
        line("M5", "2026-12-05", 8, kind="retention", retention_minor=-8, ordinal=5, **held),
        line("M6", "2026-12-06", 8, kind="retention", retention_minor=-8, settled=DUE, ordinal=6),
    )
    found = list(exposure.behind(answering(*rows), as_of=AS_OF))
    assert [
        (one["verdict"], one["held"]["amount"], one["retained"]["amount"]) for one in found
    ] == [
        ("unknown_plan", "0.00", "0.00"),
        ("expected", "0.00", "0.00"),
        ("held", "0.03", "0.04"),
        ("retained", "0.00", "0.04"),
        ("held", "0.03", "-0.08"),
        ("released", "0.00", "-0.08"),
    ]


def test_what_is_overdue_is_unknown_in_all_only_where_nothing_of_an_age_is_known() -> None:
    rows = (
        line("M1", DUE, 1_000, ordinal=1, payable_minor=None),
        line("M2", DUE, 500, ordinal=2),
    )
    (found,) = exposure.exposure(answering(*rows), as_of=AS_OF, known_at=KNOWN)["by_currency"]
    assert found["overdue"]["amount"] == "5.00"


def test_what_is_not_known_of_a_milestone_says_nothing_of_a_release_of_the_same_number() -> None:
    """A release is numbered by its version: the third milestone's row is no row of release 3."""
    release = line("M1", DUE, 500, kind="retention", ordinal=3)
    rows = (release, unknown(3, heard=BEFORE))
    found = exposure.exposure(answering(*rows), as_of=AS_OF, known_at=KNOWN)["by_currency"]
    assert (found[0]["overdue"]["amount"], found[0]["not_heard"]["amount"]) == ("5.00", "0.00")
