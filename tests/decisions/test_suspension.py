"""Suspension excuses days: what a late delivery is charged when work had been stopped, and what stays late."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from ledger import intents as i
from ledger.contract import fold
from ledger.decisions.delivery import suspended_days
from ledger.events import ContractResumed, ContractSigned, ContractSuspended
from projections.derive import milestones as register
from tests.decisions import builders as b
from tests.decisions.spec import Story, given

DUE = b.day(8, 21)  # of M1, worth 1,000,000: 1,000 a day late


def stopped(since: date, until: date | None = None) -> list[b.Act]:
    """The contract is suspended on a day, and resumed on another."""
    acts: list[b.Act] = [("admin-1", i.SuspendContract(on=since))]
    return acts + ([("admin-1", i.ResumeContract(on=until))] if until else [])


def penalty(*acts: b.Act, delivered: date, **terms: Any) -> tuple[int, dict[str, str]]:
    """What M1 is charged after these acts, and the calculation that it keeps."""
    story = b.play(b.contract(**terms), *acts, b.submits("M1", on=delivered))
    b.play(story, b.approves("M1", on=b.day(11, 1)))
    milestone = story.the_state().milestones["M1"]
    lines = [p.line for p in milestone.lines if p.line.step == "penalty"]
    return milestone.penalty_minor, dict(lines[0].calculation) if lines else {}


@pytest.mark.parametrize(
    ("periods", "delivered", "charged"),
    [
        ([], b.day(8, 31), 10),  # never stopped
        ([(b.day(8, 10), b.day(8, 14))], b.day(8, 31), 6),  # wholly before the due date
        ([(b.day(8, 19), b.day(8, 25))], b.day(8, 31), 4),  # across it
        ([(b.day(8, 23), b.day(8, 26))], b.day(8, 31), 7),  # wholly after it
        ([(b.day(8, 10), b.day(8, 12)), (b.day(8, 23), b.day(8, 26))], b.day(8, 31), 5),  # twice
        ([(b.day(8, 12), b.day(8, 12))], b.day(8, 31), 10),  # resumed the same day
        ([(b.day(8, 12), b.day(8, 13))], b.day(8, 31), 9),  # the day of resumption is worked
        ([(b.SIGNED, b.day(8, 31))], b.day(8, 31), 0),  # more than the delay: never below zero
        ([(b.day(8, 30), b.day(9, 30))], b.day(8, 29), 8),  # begun after the delivery
    ],
)
def test_the_days_of_suspension_are_not_charged(
    periods: list[tuple[date, date]], delivered: date, charged: int
) -> None:
    acts = [act for since, until in periods for act in stopped(since, until)]
    amount, kept = penalty(*acts, delivered=delivered)
    assert amount == charged * 1_000
    days = sum((min(u, delivered) - s).days for s, u in periods if s <= delivered)
    assert kept.get("suspended_days") == (str(days) if days and charged else None)


def test_excused_days_of_the_clause_come_on_top() -> None:
    from dataclasses import replace

    late = b.TERMS.late_penalty
    assert late is not None
    terms = {"late_penalty": replace(late, excused_days=2)}
    amount, kept = penalty(*stopped(b.day(8, 10), b.day(8, 14)), delivered=b.day(8, 31), **terms)
    assert (amount, kept["days"], kept["excused_days"], kept["suspended_days"]) == (
        4_000,
        "4",
        "2",
        "4",
    )


def test_suspensions_that_overlap_excuse_a_day_once() -> None:
    """A back-dated suspension may begin inside an earlier one."""
    acts = [*stopped(b.day(8, 10), b.day(8, 16)), *stopped(b.day(8, 14), b.day(8, 18))]
    amount, kept = penalty(*acts, delivered=b.day(8, 31))
    assert (amount, kept["suspended_days"]) == (2_000, "8")


def test_a_date_promised_during_a_suspension_counts_only_what_follows() -> None:
    """The new date was agreed in the knowledge of the days lost before."""
    story = b.play(b.contract(), *stopped(b.day(8, 10)))
    b.play(story, b.proposes(b.order(("M1", b.day(9, 1), 1_000_000)), on=b.day(8, 14)))
    b.play(story, b.agrees(b.last(story), on=b.day(8, 15)))
    b.play(story, ("admin-1", i.ResumeContract(on=b.day(8, 20))))
    b.play(story, b.submits("M1", on=b.day(9, 11)), b.approves("M1", on=b.day(9, 12)))
    milestone = story.the_state().milestones["M1"]
    assert milestone.penalty_minor == (10 - 5) * 1_000


def test_a_contract_still_suspended_takes_no_delivery() -> None:
    story = b.play(b.contract(), *stopped(b.day(8, 10)))
    b.refused(story, b.submits("M1", on=b.day(8, 31)), "contract-active")


def test_a_delivery_made_before_is_priced_during_the_suspension() -> None:
    """Approved while still suspended: the days up to the delivery count, none after it."""
    story = b.play(b.contract(), b.submits("M1", on=b.day(8, 31)), *stopped(b.day(8, 28)))
    b.play(story, b.approves("M1", on=b.day(9, 15)))
    milestone = story.the_state().milestones["M1"]
    assert milestone.penalty_minor == 6_000  # 10 late, stopped from 28 to 31 August
    assert milestone.lines[-1].line.calculation["suspended_days"] == "4"


def test_lateness_itself_is_not_excused() -> None:
    story = b.play(
        b.contract(), *stopped(b.day(8, 10), b.day(8, 30)), b.submits("M1", on=b.day(8, 31))
    )
    b.play(story, b.approves("M1", on=b.day(9, 1)))
    state = story.the_state()
    assert state.milestones["M1"].penalty_minor == 0
    row = dict(zip(register.MODEL.names, register.rows(state)[0], strict=True))
    assert (row["original_due"], row["reference_due"]) == (DUE.isoformat(), DUE.isoformat())
    assert row["delivered_on"] == "2026-08-31"


def test_an_early_bonus_is_not_moved_by_a_suspension() -> None:
    story = b.play(
        b.contract(), *stopped(b.day(8, 5), b.day(8, 10)), b.submits("M1", on=b.day(8, 19))
    )
    b.play(story, b.approves("M1", on=b.day(8, 20)))
    assert story.the_state().milestones["M1"].bonus_minor == 10_000  # 2 days early × 0.5 %


def _unknown(*days: date | None) -> Story:
    """A contract from a source that knows no days."""
    first = ContractSigned(terms=b.TERMS, imported=True)
    acts = [
        ContractSuspended(on=days[0], rests_on=(1,)),
        ContractResumed(on=days[1], rests_on=(1,)),
    ]
    return given(first, b.defined("M1"), *acts)


def test_a_suspension_since_no_known_day_excuses_nothing() -> None:
    state = _unknown(None, b.day(8, 30)).the_state()
    promised = state.milestones["M1"].current
    assert suspended_days(state, promised, b.day(8, 31)) == 0
    assert suspended_days(state, promised, None) == 0


def test_one_whose_end_is_not_known_lasts_until_the_delivery() -> None:
    state = _unknown(b.day(8, 30), None).the_state()
    assert suspended_days(state, state.milestones["M1"].current, b.day(8, 31)) == 2


def test_as_of_a_day_the_suspension_is_what_it_was_then() -> None:
    story = b.play(b.contract(), *stopped(b.day(8, 10), b.day(8, 14)))
    seen = {}
    for day in (b.day(8, 9), b.day(8, 10), b.day(8, 13), b.day(8, 14)):
        state = fold(story.records, day)
        assert state is not None
        seen[day] = (state.status, suspended_days(state, state.milestones["M1"].current, day))
    assert seen == {
        b.day(8, 9): ("active", 0),
        b.day(8, 10): ("suspended", 1),
        b.day(8, 13): ("suspended", 4),
        b.day(8, 14): ("active", 4),
    }


def test_what_was_charged_stays_when_a_suspension_is_entered_later() -> None:
    """Lines are facts: a suspension back-dated after the acceptance moves no money; a waiver does."""
    story = b.play(b.contract(), b.submits("M1", on=b.day(8, 31)), b.approves("M1", on=b.day(9, 1)))
    b.play(story, *stopped(DUE + timedelta(days=1), b.day(8, 25)))
    assert story.the_state().milestones["M1"].penalty_minor == 10_000
