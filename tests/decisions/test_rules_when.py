"""When: dates and the contract's own state, each rule at its edge."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from ledger import intents as i
from ledger.events import AcceptanceReversed, MilestoneSubmitted
from ledger.terms import MilestonePlan, Tier
from tests.decisions.builders import (
    SIGNED,
    TERMS,
    TODAY,
    Act,
    accepted,
    agrees,
    approves,
    cancels,
    contract,
    day,
    defines,
    disputes,
    last,
    permitted,
    play,
    proposes,
    refused,
    rejects,
    reversal,
    starts,
    submits,
    version_of,
    withdraws,
)
from tests.decisions.marks import permits, refuses
from tests.decisions.spec import Story

SUSPEND = ("admin-1", i.SuspendContract(on=day(9, 1)))
TERMINATE = ("admin-1", i.TerminateContract(on=day(9, 1), reason="bankrupt"))


@permits("not-before-signature")
def test_a_fact_may_be_dated_on_the_day_of_signature() -> None:
    permitted(contract(), starts(on=SIGNED))


@refuses("not-before-signature")
def test_no_fact_is_dated_the_day_before_signature() -> None:
    refused(contract(), starts(on=SIGNED - timedelta(days=1)), "not-before-signature")


@permits("not-after-today")
def test_today_is_the_contract_zones_day() -> None:
    late_utc = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)  # midnight in Shanghai: the 23rd begins
    permitted(contract(), starts(on=day(11, 23)), now=late_utc)


@refuses("not-after-today")
def test_tomorrow_in_the_contract_zone_is_refused_although_it_is_today_elsewhere() -> None:
    before_midnight = datetime(2026, 11, 22, 15, 59, tzinfo=UTC)
    refused(contract(), starts(on=day(11, 23)), "not-after-today", now=before_midnight)


@refuses("not-after-today")
def test_a_contract_is_not_signed_tomorrow() -> None:
    sign = i.SignContract(contract="C-9", terms=TERMS, on=TODAY + timedelta(days=1))
    refused(Story(contract="C-9"), ("admin-1", sign), "not-after-today")


@permits("within-backdating-window")
def test_a_fact_may_be_as_old_as_the_window() -> None:
    permitted(contract(backdating_days=30), starts(on=TODAY - timedelta(days=30)))


@refuses("within-backdating-window")
def test_a_fact_one_day_older_than_the_window_is_refused() -> None:
    late = starts(on=TODAY - timedelta(days=31))
    refused(contract(backdating_days=30), late, "within-backdating-window")


@permits("not-before-what-it-rests-on")
def test_a_decision_may_fall_on_the_day_of_its_submission() -> None:
    permitted(play(contract(), submits("M1", day(8, 20))), approves("M1", day(8, 20)))


@refuses("not-before-what-it-rests-on")
def test_no_decision_is_dated_before_its_submission() -> None:
    story = play(contract(), submits("M1", day(8, 20)))
    refused(story, approves("M1", day(8, 19)), "not-before-what-it-rests-on")
    refused(story, rejects("M1", day(8, 19)), "not-before-what-it-rests-on")


@refuses("not-before-what-it-rests-on")
def test_no_decision_is_dated_before_a_corrected_day_of_delivery() -> None:
    story = play(contract(), submits("M1", day(8, 20)), submits("M1", day(8, 25), corrects=True))
    refused(story, approves("M1", day(8, 24)), "not-before-what-it-rests-on")
    refused(story, rejects("M1", day(8, 24)), "not-before-what-it-rests-on")
    permitted(story, approves("M1", day(8, 25)))


@refuses("not-before-what-it-rests-on")
def test_what_is_decided_anew_is_not_dated_before_the_reversal_that_was_an_event() -> None:
    story = play(accepted(), proposes(reversal(6), day(9, 10)), agrees(7, day(9, 12)))
    assert version_of(story, AcceptanceReversed) == last(story)
    refused(story, approves("M1", day(9, 11)), "not-before-what-it-rests-on")
    refused(story, rejects("M1", day(9, 11)), "not-before-what-it-rests-on")
    permitted(story, approves("M1", day(9, 12)))


@permits("not-before-what-it-rests-on")
def test_after_an_acceptance_by_error_the_right_one_may_be_dated_earlier() -> None:
    story = play(accepted(), proposes(reversal(6, "error"), day(9, 10)), agrees(7, day(9, 12)))
    permitted(story, approves("M1", day(8, 23)))


@refuses("not-before-what-it-rests-on")
def test_a_contract_is_not_terminated_before_a_milestone_that_it_cancels_was_defined() -> None:
    story = play(contract(), defines("M3", on=day(9, 2)))
    refused(story, TERMINATE, "not-before-what-it-rests-on")


@permits("contract-active")
def test_work_goes_on_after_the_contract_is_resumed() -> None:
    resume = ("admin-2", i.ResumeContract(on=day(9, 1)))
    permitted(play(contract(), SUSPEND, resume), submits("M1"))


@refuses("contract-active")
def test_nothing_is_defined_started_or_submitted_while_the_contract_is_suspended() -> None:
    story = play(contract(), SUSPEND)
    for act in (starts(), submits(), defines("M9", on=day(9, 2))):
        refused(story, act, "contract-active")


@permits("contract-not-closed")
def test_a_milestone_may_be_cancelled_while_the_contract_is_suspended() -> None:
    permitted(play(contract(), SUSPEND), cancels("M1"))


@refuses("contract-not-closed")
def test_nothing_is_cancelled_or_terminated_under_a_terminated_contract() -> None:
    story = play(accepted(), TERMINATE)
    refused(story, cancels("M2"), "contract-not-closed")
    refused(story, TERMINATE, "contract-not-closed")


def test_what_was_accepted_stays_payable_after_termination_and_the_rest_is_cancelled() -> None:
    state = play(accepted(), TERMINATE).the_state()
    assert state.status == "terminated"
    assert state.milestones["M1"].payable_minor == 1_000_000
    assert state.milestones["M2"].status == "cancelled"


def test_the_effective_date_is_today_in_the_contract_zone_where_none_is_given() -> None:
    late_utc = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
    (event,) = permitted(contract(), starts(), now=late_utc)
    assert event.on == day(11, 23)


def test_a_contract_without_a_day_is_signed_today_in_its_own_zone() -> None:
    late_utc = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)  # one in the morning of the 23rd, Shanghai
    terms = replace(TERMS, signed_on=None)
    sign = i.SignContract(contract="C-9", terms=terms, milestones=())
    (event,) = permitted(Story(contract="C-9"), ("admin-1", sign), now=late_utc)
    assert event.on == day(11, 23)


def test_a_delivery_after_the_cut_off_counts_for_the_next_day() -> None:
    at = datetime.fromisoformat("2026-08-21T18:00:01+08:00")
    (event,) = permitted(contract(cut_off="18:00"), submits("M1", at=at))
    assert isinstance(event, MilestoneSubmitted)
    assert event.on == day(8, 22)


def test_without_a_cut_off_only_the_day_in_the_contract_zone_counts() -> None:
    at = datetime.fromisoformat("2026-08-21T11:30:00-04:00")  # half past eleven at night, Shanghai
    (event,) = permitted(contract(), submits("M1", at=at))
    assert event.on == day(8, 21)


def test_a_contract_is_dated_by_its_terms_where_no_day_is_given() -> None:
    plans = (MilestonePlan(id="M1", amount_minor=1),)
    sign = i.SignContract(contract="C-9", terms=TERMS, milestones=plans)
    events = permitted(Story(contract="C-9"), ("admin-1", sign))
    assert [event.on for event in events] == [SIGNED, SIGNED]


# --- one moment of delivery ----------------------------------------------------------------------

CUT = {"cut_off": "18:00", "timezone": "Asia/Shanghai"}


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


def delivered(act: Act, now: str = "2026-11-22T12:00:00", **terms: Any) -> MilestoneSubmitted:
    (event,) = permitted(contract(**{**CUT, **terms}), act, now=shanghai(now))
    assert isinstance(event, MilestoneSubmitted)
    return event


def typed(on: date | None = None, at: str = "", **more: Any) -> Act:
    moment = shanghai(at) if at else None
    return "partner-1", i.SubmitMilestone(milestone="M1", on=on, at=moment, **more)


@permits("one-moment-of-delivery")
@pytest.mark.parametrize(
    ("on", "at", "counts"),
    [
        (day(8, 21), "2026-08-21T18:00:00", day(8, 21)),
        (day(8, 22), "2026-08-21T23:59:00", day(8, 22)),
        (None, "2026-08-21T18:00:01", day(8, 22)),
    ],
)
def test_a_time_and_the_day_for_which_it_counts_agree(
    on: date | None, at: str, counts: date
) -> None:
    assert delivered(typed(on, at)).on == counts


@refuses("one-moment-of-delivery")
@pytest.mark.parametrize(
    ("on", "at", "terms"),
    [
        (day(8, 21), "2026-08-21T23:59:00", CUT),
        (day(8, 10), "2026-11-02T10:00:00", CUT),
        (day(8, 21), "2026-08-22T00:00:00", {}),
    ],
)
def test_a_time_and_a_day_that_disagree_are_refused(
    on: date, at: str, terms: dict[str, str]
) -> None:
    refused(contract(**terms), typed(on, at), "one-moment-of-delivery")
    story = play(contract(**terms), submits("M1", day(8, 20)))
    refused(story, typed(on, at, corrects=True), "one-moment-of-delivery")


@permits("delivery-not-to-come")
def test_what_arrives_in_the_evening_is_recorded_that_evening_for_the_next_day() -> None:
    event = delivered(typed(at="2026-11-22T18:40:00"), now="2026-11-22T18:41:00")
    assert event.on == day(11, 23)


def test_the_moment_of_recording_is_kept_to_the_second() -> None:
    event = delivered(typed(), now="2026-11-22T17:59:59.999999")
    assert (event.on, event.at) == (day(11, 22), "2026-11-22T17:59:59+08:00")


@refuses("delivery-not-to-come")
@pytest.mark.parametrize("terms", [CUT, {}])
def test_what_is_still_to_come_is_not_delivered_not_even_a_minute_ahead(
    terms: dict[str, str],
) -> None:
    for at in ("2026-11-22T12:01:00", "2026-11-22T18:40:00", "2026-12-24T09:00:00"):
        act = typed(at=at)
        refused(contract(**terms), act, "delivery-not-to-come", now=shanghai("2026-11-22T12:00:00"))


@pytest.mark.parametrize(
    ("now", "on", "counts"),
    [
        ("2026-11-22T18:00:00", None, day(11, 22)),
        ("2026-11-22T18:01:00", None, day(11, 23)),
        ("2026-11-22T18:01:00", day(11, 22), day(11, 23)),
        ("2026-11-22T18:01:00", day(11, 23), day(11, 23)),
        ("2026-11-22T18:01:00", day(11, 21), day(11, 21)),
    ],
)
def test_without_a_time_the_moment_of_recording_counts_and_an_earlier_day_as_it_is_given(
    now: str, on: date | None, counts: date
) -> None:
    event = delivered(typed(on), now=now)
    assert event.on == counts
    assert event.at == ("" if on == day(11, 21) else f"{now}+08:00")


@refuses("not-after-today")
def test_tomorrow_is_still_to_come_before_the_cut_off() -> None:
    refused(contract(**CUT), typed(day(11, 23)), "not-after-today")


@permits("not-after-today")
def test_what_rests_on_a_delivery_of_the_evening_counts_for_the_next_day_too() -> None:
    evening = {"now": shanghai("2026-11-22T18:41:00")}
    for act in (approves(), rejects(), disputes()):
        story = contract(**CUT)
        permitted(story, typed(at="2026-11-22T18:40:00"), **evening)
        (event, *_) = permitted(story, act, **evening)
        assert event.on == day(11, 23)


def test_an_approval_of_a_delivery_of_the_evening_is_withdrawn_for_the_next_day_too() -> None:
    evening = {"now": shanghai("2026-11-22T18:41:00")}
    story = contract(**CUT, approval=(Tier(quorum={"manager": 2}),))
    for act in (typed(at="2026-11-22T18:40:00"), approves(), withdraws()):
        (event,) = permitted(story, act, **evening)
        assert event.on == day(11, 23)


@refuses("not-after-today")
def test_nothing_else_of_the_evening_counts_for_the_next_day() -> None:
    evening = {"now": shanghai("2026-11-22T18:41:00")}
    story = contract(**CUT)
    permitted(story, typed(at="2026-11-22T18:40:00"), **evening)
    refused(story, starts("M2", on=day(11, 23)), "not-after-today", **evening)
    refused(story, approves(on=day(11, 24)), "not-after-today", **evening)


def test_a_correction_without_a_moment_of_its_own_keeps_the_day_delivered() -> None:
    story = play(contract(**CUT), submits("M1", day(8, 20)))
    permitted(story, typed(corrects=True), now=shanghai("2026-11-22T18:41:00"))
    pending = story.the_state().milestones["M1"].pending
    assert pending is not None and pending.on == day(8, 20)


@permits("signed-on-its-day")
def test_a_day_that_repeats_the_day_of_signature_is_taken() -> None:
    sign = i.SignContract(contract="C-9", terms=TERMS, on=SIGNED)
    permitted(Story(contract="C-9"), ("admin-1", sign))


@refuses("signed-on-its-day")
def test_two_days_of_signature_are_refused() -> None:
    sign = i.SignContract(contract="C-9", terms=TERMS, on=SIGNED + timedelta(days=1))
    refused(Story(contract="C-9"), ("admin-1", sign), "signed-on-its-day")
