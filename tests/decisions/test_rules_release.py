"""Retention released, tax filed, a discount taken, an advance recovered: never more, nor sooner, than agreed.

M1 is worth 10,000.00 and M2 30,000.00; 10 % of each is retained (1,000.00 and 3,000.00), a half of it let go with the
contract's completion and the rest 30 days later.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ledger import intents as i
from ledger.events import RetentionReleased, WithholdingFiled
from ledger.retaining import completed_on, released_by
from ledger.terms import (
    AdvanceRecovery,
    EarlyPayment,
    PaymentTerms,
    Retention,
    RetentionRelease,
    Tax,
)
from projections.recompute import reckon_all
from tests.decisions.builders import (
    Act,
    accepted,
    agrees,
    approves,
    bonus,
    cancels,
    contract,
    day,
    defined,
    defines,
    last,
    pays,
    permitted,
    play,
    proposes,
    records_paid,
    refused,
    reversal,
    submits,
    version_of,
)
from tests.decisions.marks import permits, refuses
from tests.decisions.spec import Story

HALVES = Retention(
    rate=Decimal(10),
    release=(
        RetentionRelease(share=Decimal(50)),
        RetentionRelease(share=Decimal(50), days=30),
    ),
)


def releases(
    milestone: str = "M1", amount: int | None = None, on: date | None = None, by: str = "finance-1"
) -> Act:
    return by, i.ReleaseRetention(milestone=milestone, amount_minor=amount, on=on)


def files(
    reference: str = "T-1", amount: int | None = None, on: date | None = None, by: str = "finance-1"
) -> Act:
    return by, i.FileWithholding(milestone="M1", reference=reference, amount_minor=amount, on=on)


def begun(**terms: Any) -> Story:
    """M1 accepted on 25 August; M2 is open."""
    plain = {"early_bonus": None, "late_penalty": None, "retention": HALVES}
    return accepted(**(plain | terms))


def completed(**terms: Any) -> Story:
    """M2 accepted too, on 25 September: the contract is complete on that day."""
    story = play(begun(**terms), submits("M2"), approves("M2", on=day(9, 25)))
    return play(story, approves("M2", on=day(9, 25), by="finance-1"))


# --- releases ------------------------------------------------------------------------------------


@permits("release-within-retention")
@permits("release-by-the-terms")
def test_what_the_terms_let_go_is_released_and_falls_due_on_its_day() -> None:
    story = completed()
    (first,) = permitted(story, releases(on=day(10, 1)))
    assert isinstance(first, RetentionReleased)
    # a half of 10 % of 10,000.00, let go on the day of completion
    assert (first.amount_minor, first.payment_due) == (50_000, day(9, 25))
    assert first.rests_on[:2] == (2, 6)  # what M1 is, and its acceptance
    assert first.lines[0].calculation == {
        "retained_minor": "100000",
        "let_go_minor": "50000",
        "released_minor": "0",
    }
    (second,) = permitted(story, releases(on=day(10, 25)))
    assert isinstance(second, RetentionReleased)
    assert (second.amount_minor, second.payment_due) == (50_000, day(10, 25))


def test_a_part_falls_due_on_the_day_by_which_it_was_let_go() -> None:
    story = completed()
    dues = []
    for amount in (40_000, 10_000, 50_000):
        (event,) = permitted(story, releases(amount=amount, on=day(11, 1)))
        assert isinstance(event, RetentionReleased)
        dues.append(event.payment_due)
    assert dues == [day(9, 25), day(9, 25), day(10, 25)]


THIRDS = Retention(
    rate=Decimal(10),
    release=(
        RetentionRelease(share=Decimal("33.3"), after="acceptance"),
        RetentionRelease(share=Decimal("33.3"), after="acceptance", days=10),
        RetentionRelease(share=Decimal("33.4"), after="acceptance", days=20),
    ),
)


@pytest.mark.parametrize(
    "amounts", [(None,), (33_300, 33_300, 33_400), (10_000, None), (50_000, 50_000)]
)
def test_parts_released_together_are_payables_of_their_own_each_due_on_its_day(
    amounts: tuple[int | None, ...],
) -> None:
    """1,000.00 in thirds, let go on 25 August, 4 and 14 September: all are due when they are released on 1 October."""
    story = accepted("M1", on=day(8, 25), retention=THIRDS)
    for amount in amounts:
        play(story, releases("M1", amount, on=day(10, 1)))
    due: dict[date | None, int] = {}
    for one in story.the_state().milestones["M1"].releases:
        due[one.payment_due] = due.get(one.payment_due, 0) + one.amount_minor
    assert due == {day(8, 25): 33_300, day(9, 4): 33_300, day(9, 14): 33_400}
    checked = reckon_all(story.records, story.records, "M1")
    assert checked.differences == []


def test_a_part_that_is_not_let_go_yet_is_not_released_with_the_others() -> None:
    story = accepted("M1", on=day(8, 25), retention=THIRDS)
    (one, two) = permitted(story, releases("M1", on=day(9, 4)))
    assert isinstance(one, RetentionReleased)
    assert isinstance(two, RetentionReleased)
    assert [e.lines[0].calculation["released_minor"] for e in (one, two)] == ["0", "33300"]
    assert story.the_state().milestones["M1"].released_minor == 66_600


@refuses("release-within-retention")
def test_no_more_is_released_than_is_held() -> None:
    story = completed()
    refused(story, releases(amount=100_001, on=day(11, 1)), "release-within-retention")
    play(story, releases(amount=60_000, on=day(11, 1)))
    refused(story, releases(amount=40_001, on=day(11, 1)), "release-within-retention")
    permitted(story, releases(amount=40_000, on=day(11, 1)))


@refuses("release-by-the-terms")
def test_nothing_is_released_before_the_terms_let_it_go() -> None:
    refused(begun(), releases(on=day(9, 1)), "release-by-the-terms")
    story = completed()
    refused(story, releases(on=day(9, 24)), "release-by-the-terms")
    refused(story, releases(amount=50_001, on=day(10, 24)), "release-by-the-terms")


def test_what_was_released_is_not_released_twice() -> None:
    story = play(completed(), releases(on=day(10, 1)))
    refused(story, releases(on=day(10, 1)), "release-by-the-terms")
    refused(story, releases(amount=0, on=day(10, 25)), "amount-above-zero")


def test_a_release_is_by_finance_and_of_an_accepted_milestone() -> None:
    refused(completed(), releases(by="manager-1", on=day(10, 1)), "actor-holds-role")
    refused(begun(), releases("M2", on=day(10, 1)), "milestone-accepted")


def test_a_contract_whose_last_milestone_is_cancelled_is_complete_on_that_day() -> None:
    story = play(begun(), cancels("M2", on=day(9, 10)))
    assert completed_on(story.the_state()) == day(9, 10)
    refused(story, releases(on=day(9, 9)), "release-by-the-terms")
    (event,) = permitted(story, releases(on=day(9, 10)))
    cancelled = last(story) - 1
    assert isinstance(event, RetentionReleased)
    assert (event.payment_due, cancelled in event.rests_on) == (day(9, 10), True)


def test_a_part_after_acceptance_does_not_wait_for_completion() -> None:
    parts = (
        RetentionRelease(share=Decimal(40), after="acceptance", days=10),
        RetentionRelease(share=Decimal(60)),
    )
    story = completed(retention=Retention(rate=Decimal(10), release=parts))
    state = story.the_state()
    m1 = state.milestones["M1"]
    # 40 % of 1,000.00 ten days after 25 August, the rest on 25 September
    days = (day(9, 3), day(9, 4), day(9, 24), day(9, 25))
    assert [released_by(state, m1, on) for on in days] == [0, 40_000, 40_000, 100_000]
    (event,) = permitted(story, releases(on=day(9, 4)))
    assert version_of(story, type(story.records[-2].data)) not in event.rests_on


def test_an_acceptance_is_not_reversed_once_its_retention_is_instructed() -> None:
    story = play(completed(), releases(on=day(10, 1)))
    released = last(story)
    intent = i.InstructPayment(milestone="M1", release=released, on=day(10, 1))
    play(story, ("finance-1", intent))
    acceptance = story.the_state().milestones["M1"].acceptance
    assert acceptance is not None
    act = proposes(reversal(acceptance.version), on=day(10, 2))
    refused(story, act, "reversal-before-payment")


def test_a_contract_is_completed_when_its_retention_is_released_and_paid() -> None:
    story = completed()
    for milestone in ("M1", "M2"):
        play(story, pays(milestone, on=day(10, 1)), records_paid(last(story) + 1, on=day(10, 1)))
    complete = ("admin-1", i.CompleteContract(on=day(11, 1)))
    refused(story, complete, "everything-settled")
    for milestone in ("M1", "M2"):
        play(story, releases(milestone, on=day(10, 30)))
        refused(story, complete, "everything-settled")
        for release in [r.version for r in story.the_state().milestones[milestone].releases]:
            intent = i.InstructPayment(milestone=milestone, release=release, on=day(10, 30))
            play(story, ("finance-1", intent), records_paid(last(story) + 1, on=day(10, 30)))
    permitted(story, complete)


# --- tax withheld --------------------------------------------------------------------------------

WITHHOLDING = Tax(vat=Decimal(6), withholding=Decimal(10))  # of 10,000.00: 600.00 and 1,000.00


@permits("filing-within-withheld")
def test_what_was_withheld_is_filed_in_parts() -> None:
    story = play(begun(tax=WITHHOLDING), files(amount=40_000, on=day(9, 1)))
    (event,) = permitted(story, files("T-2", on=day(9, 2)))
    assert isinstance(event, WithholdingFiled)
    assert (event.amount_minor, event.reference) == (60_000, "T-2")


@refuses("filing-within-withheld")
def test_no_more_is_filed_than_was_withheld_nor_twice() -> None:
    rule = "filing-within-withheld"
    story = begun(tax=WITHHOLDING)
    refused(story, files(amount=100_001, on=day(9, 1)), rule)
    refused(story, files(amount=0, on=day(9, 1)), rule)
    play(story, files(on=day(9, 1)))
    refused(story, files(on=day(9, 1)), rule)
    refused(begun(), files(on=day(9, 1)), rule)


def test_a_filing_rests_on_every_fact_that_withheld_something() -> None:
    """10 % of M1, and of the bonus that was awarded for it since."""
    story = play(begun(tax=WITHHOLDING), proposes(bonus(50_000), on=day(8, 27)))
    play(story, agrees(last(story), on=day(8, 28)))
    awarded = last(story)
    (event,) = permitted(story, files(on=day(9, 1)))
    assert isinstance(event, WithholdingFiled)
    assert (event.amount_minor, event.rests_on) == (105_000, (2, 6, awarded))


def test_a_filing_names_its_reference_and_is_by_finance() -> None:
    story = begun(tax=WITHHOLDING)
    by, intent = files(" ", on=day(9, 1))
    story.when(intent, by=by).fails("reference-missing")
    refused(story, files(by="partner-1", on=day(9, 1)), "actor-holds-role")
    refused(story, files(on=day(8, 24)), "not-before-what-it-rests-on")


# --- the discount for paying early ---------------------------------------------------------------

# 2 % of 10,000.00 within ten days of 25 August
EARLY = PaymentTerms(net_days=30, discount=EarlyPayment(rate=Decimal(2), days=10))


def pays_early(amount: int | None = None, on: date | None = None) -> Act:
    return "finance-1", i.InstructPayment(milestone="M1", amount_minor=amount, discount=True, on=on)


@permits("discount-as-agreed")
def test_the_discount_is_taken_up_to_its_last_day() -> None:
    story = begun(payment=EARLY, retention=None)
    (event,) = permitted(story, pays_early(on=day(9, 4)))
    assert (event.amount_minor, event.discount_minor) == (980_000, 20_000)  # type: ignore[attr-defined]
    play(story, records_paid(last(story), on=day(9, 4)))
    milestone = story.the_state().milestones["M1"]
    assert (milestone.outstanding_minor, milestone.offset_minor) == (0, -20_000)


@refuses("discount-as-agreed")
def test_no_discount_is_taken_too_late_or_for_a_part_or_without_a_clause() -> None:
    rule = "discount-as-agreed"
    story = begun(payment=EARLY, retention=None)
    refused(story, pays_early(on=day(9, 5)), rule)
    refused(story, pays_early(amount=500_000, on=day(9, 4)), rule)
    refused(story, pays_early(amount=980_001, on=day(9, 4)), rule)
    refused(begun(), pays_early(on=day(9, 4)), rule)


# --- advances ------------------------------------------------------------------------------------

RECOVERY = AdvanceRecovery(rate=Decimal(50))


def advanced(amount: int) -> Story:
    """An advance on M1 and M2, paid; they would recover 5,000.00 and 15,000.00."""
    plans = (defined("M1"), defined("M2"), defined("ADV", amount_minor=amount, kind="advance"))
    story = contract(*plans, advance=RECOVERY, early_bonus=None, ceiling_minor=9_000_000)
    play(story, submits("ADV", on=day(8, 4)), approves("ADV", on=day(8, 5)))
    return play(story, pays("ADV", on=day(8, 6)), records_paid(last(story) + 1, on=day(8, 6)))


@permits("cancel-without-unrecovered-advance")
def test_a_milestone_is_cancelled_where_the_others_recover_what_was_advanced() -> None:
    permitted(advanced(1_500_000), cancels("M1"))


@refuses("cancel-without-unrecovered-advance")
def test_a_milestone_that_is_needed_to_recover_an_advance_is_not_cancelled() -> None:
    rule = "cancel-without-unrecovered-advance"
    refused(advanced(1_500_001), cancels("M1"), rule)
    refused(advanced(500_001), cancels("M2"), rule)


@refuses("cancel-without-unrecovered-advance")
def test_an_advance_that_is_still_to_be_paid_recovers_nothing() -> None:
    """Without M1 only the 15,000.00 of M2 are recovered: a second advance is no work to recover the first from."""
    story = play(advanced(1_500_001), defines("ADV2", 1_000_000, kind="advance"))
    refused(story, cancels("M1"), "cancel-without-unrecovered-advance")


@permits("cancel-without-unrecovered-advance")
def test_where_no_clause_recovers_an_advance_no_milestone_is_needed_for_it() -> None:
    plans = (defined("M1"), defined("ADV", amount_minor=1_000, kind="advance"))
    story = play(contract(*plans), submits("ADV", on=day(8, 4)), approves("ADV", on=day(8, 5)))
    play(story, pays("ADV", on=day(8, 6)), records_paid(last(story) + 1, on=day(8, 6)))
    permitted(story, cancels("M1"))
