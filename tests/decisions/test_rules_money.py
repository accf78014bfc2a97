"""How much: ceilings, payables, reservations and claims, each rule at its edge."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from msgspec import structs

from ledger import intents as i
from ledger.events import Amendment, ApprovalGranted, MilestoneAccepted, PenaltyAssessed
from ledger.intents import TakenPayment, TakeOver
from ledger.rule_versions import FIRST
from ledger.terms import EarlyBonus, MilestonePlan, Retention, RetentionRelease, Tier
from tests.decisions.builders import (
    TERMS,
    accepted,
    agrees,
    approves,
    bonus,
    contract,
    day,
    defined,
    defines,
    disputes,
    last,
    order,
    pays,
    permitted,
    play,
    proposes,
    records_paid,
    refused,
    resolution,
    submits,
    version_of,
    waiver,
)
from tests.decisions.marks import permits, refuses
from tests.decisions.spec import Story, given


def late() -> Story:
    """M1 is accepted ten days late: a penalty of 10 × 0.1 % × 1,000,000 = 10,000."""
    return play(contract(), submits("M1", day(8, 31)), approves("M1", day(9, 1)))


@permits("amount-above-zero")
def test_the_smallest_amount_is_one_minor_unit() -> None:
    permitted(accepted(), pays(amount=1))
    permitted(accepted(), disputes(amount=1))
    permitted(accepted(), proposes(bonus(1)))


@refuses("amount-above-zero")
def test_no_amount_asked_for_is_zero_or_less() -> None:
    for amount in (0, -1):
        for act in (pays(amount=amount), disputes(amount=amount), proposes(bonus(amount))):
            refused(accepted(), act, "amount-above-zero")
    penalty = version_of(late(), PenaltyAssessed)
    refused(late(), proposes(waiver(penalty, 0)), "amount-above-zero")
    refused(play(accepted(), pays()), records_paid(7, 0), "amount-above-zero")
    all_paid = play(accepted(), pays())
    refused(all_paid, pays(), "amount-above-zero")


@permits("amounts-not-negative")
def test_a_milestone_may_be_worth_nothing() -> None:
    permitted(contract(), defines("M3", 0))
    permitted(contract(), proposes(order(("M1", day(8, 21), 0))))


@refuses("amounts-not-negative")
def test_no_milestone_is_worth_less_than_nothing() -> None:
    refused(contract(), defines("M3", -1), "amounts-not-negative")
    refused(contract(), proposes(order(("M1", day(8, 21), -1))), "amounts-not-negative")
    plan = MilestonePlan(id="M3", amount_minor=-1)
    amendment = Amendment(terms=TERMS, define=(plan,))
    refused(contract(), proposes(amendment, by="admin-1"), "amounts-not-negative")
    sign = i.SignContract(contract="C-9", terms=TERMS, milestones=(plan,))
    refused(Story(contract="C-9"), ("admin-1", sign), "amounts-not-negative")


@permits("committed-within-ceiling")
def test_milestones_changes_and_bonuses_may_reach_the_ceiling() -> None:
    permitted(contract(), defines("M3", 1_000_000))
    permitted(contract(), proposes(order(("M1", day(8, 21), 2_000_000))))
    permitted(accepted(), proposes(bonus(1_000_000)))
    raised = replace(TERMS, ceiling_minor=5_000_001)
    plan = MilestonePlan(id="M3", amount_minor=1_000_001)
    permitted(contract(), proposes(Amendment(terms=raised, define=(plan,)), by="admin-1"))


@refuses("committed-within-ceiling")
def test_one_minor_unit_above_the_ceiling_is_refused() -> None:
    rule = "committed-within-ceiling"
    refused(contract(), defines("M3", 1_000_001), rule)
    refused(contract(), proposes(order(("M1", day(8, 21), 2_000_001))), rule)
    refused(accepted(), proposes(bonus(1_000_001)), rule)
    lowered = Amendment(terms=replace(TERMS, ceiling_minor=3_999_999))
    refused(contract(), proposes(lowered, by="admin-1"), rule)
    plans = (MilestonePlan(id="M1", amount_minor=5_000_001),)
    sign = i.SignContract(contract="C-9", terms=TERMS, milestones=plans)
    refused(Story(contract="C-9"), ("admin-1", sign), rule)


@refuses("committed-within-ceiling")
def test_the_ceiling_is_asked_again_when_a_change_takes_effect() -> None:
    story = play(contract(), proposes(order(("M1", day(8, 21), 2_000_000)), day(8, 10)))
    play(story, defines("M3", 1))
    refused(story, agrees(4), "committed-within-ceiling")


@refuses("committed-within-ceiling")
def test_the_bonus_that_comes_with_an_acceptance_counts_against_the_ceiling() -> None:
    early = submits("M1", day(8, 20))  # one day: 0.5 % of 1,000,000
    story = play(contract(ceiling_minor=4_004_999), early)
    refused(story, approves("M1"), "committed-within-ceiling")
    permitted(play(contract(ceiling_minor=4_005_000), early), approves("M1"))


@permits("payment-within-payable")
def test_all_that_is_payable_may_be_instructed_and_without_an_amount_is() -> None:
    permitted(accepted(), pays(amount=1_000_000))
    (event,) = permitted(play(accepted(), disputes(amount=300_000)), pays())
    assert getattr(event, "amount_minor", None) == 700_000


@refuses("payment-within-payable")
def test_what_is_held_or_instructed_is_not_payable() -> None:
    rule = "payment-within-payable"
    refused(accepted(), pays(amount=1_000_001), rule)
    refused(play(accepted(), disputes(amount=300_000)), pays(amount=700_001), rule)
    refused(play(accepted(), pays(amount=400_000)), pays(amount=600_001), rule)
    paid = play(accepted(), pays(amount=400_000), records_paid(7))
    refused(paid, pays(amount=600_001), rule)


@refuses("payment-within-payable")
def test_what_is_held_of_a_release_is_told_as_its_own() -> None:
    """9,500.00 are disputed of all 10,000.00: 9,000.00 of it is the milestone's, and 500.00 the release's."""
    parts = (RetentionRelease(share=Decimal(100), after="acceptance"),)
    story = accepted(retention=Retention(rate=Decimal(10), release=parts))
    play(story, ("finance-1", i.ReleaseRetention(milestone="M1")), disputes(amount=950_000))
    pays_release = i.InstructPayment(milestone="M1", release=7, amount_minor=50_001)
    refusal = story.when(pays_release, by="finance-1").refused("payment-within-payable")
    assert "(outstanding 1,000.00 CNY, held 500.00 CNY, instructed 0.00 CNY)" in str(refusal)
    play(story, ("finance-1", structs.replace(pays_release, amount_minor=50_000)))


@permits("record-within-instruction")
def test_a_payment_is_recorded_for_what_was_instructed_or_less() -> None:
    permitted(play(accepted(), pays(amount=400)), records_paid(7, 400))
    permitted(play(accepted(), pays(amount=400)), records_paid(7, 399))


@refuses("record-within-instruction")
def test_no_more_is_recorded_than_was_instructed() -> None:
    story = play(accepted(), pays(amount=400))
    refused(story, records_paid(7, 401), "record-within-instruction")


@permits("dispute-within-amount")
def test_the_whole_milestone_may_be_disputed() -> None:
    permitted(accepted(), disputes(amount=1_000_000))
    permitted(play(contract(), submits("M1", day(8, 31))), disputes(amount=1_000_000))


@permits("dispute-within-amount")
def test_a_milestone_is_worth_its_bonus_too() -> None:
    story = play(contract(), submits("M1", day(8, 20)), approves("M1"))
    permitted(story, disputes(amount=1_005_000))


@refuses("dispute-within-amount")
def test_no_more_is_disputed_than_the_milestone_is_worth() -> None:
    refused(accepted(), disputes(amount=1_000_001), "dispute-within-amount")


@permits("resolution-fits-outcome")
def test_a_resolution_gives_all_nothing_or_a_part() -> None:
    for by, sign in (("manager-3", -1), ("partner-1", 1)):
        for outcome, given_minor in (
            ("upheld", 100_000),
            ("rejected", 0),
            ("split", 1),
            ("split", 99_999),
        ):
            story = play(accepted(), disputes(amount=100_000, by=by))
            permitted(story, proposes(resolution(7, outcome, sign * given_minor)))


@refuses("resolution-fits-outcome")
def test_a_resolution_that_does_not_fit_its_outcome_is_refused() -> None:
    story = play(accepted(), disputes(amount=100_000))
    for outcome, adjustment in (
        ("upheld", -99_999),
        ("upheld", 100_000),
        ("rejected", -1),
        ("split", 0),
        ("split", -100_000),
        ("split", 1),
    ):
        act = proposes(resolution(7, outcome, adjustment))
        refused(story, act, "resolution-fits-outcome")


@permits("waiver-within-penalty")
def test_the_whole_penalty_may_be_waived_in_parts() -> None:
    story = late()
    penalty = version_of(story, PenaltyAssessed)
    play(story, proposes(waiver(penalty, 4_000)), agrees(last(story) + 1))
    play(story, proposes(waiver(penalty, 6_000)), agrees(last(story) + 1))
    milestone = story.the_state().milestones["M1"]
    assert (milestone.penalty_minor, milestone.net_minor) == (0, 1_000_000)


@refuses("waiver-within-penalty")
def test_no_more_is_waived_than_is_left_of_the_penalty() -> None:
    story = late()
    penalty = version_of(story, PenaltyAssessed)
    refused(story, proposes(waiver(penalty, 10_001)), "waiver-within-penalty")
    play(story, proposes(waiver(penalty, 4_000)), proposes(waiver(penalty, 6_001)))
    play(story, agrees(last(story) - 1))
    refused(story, agrees(last(story) - 2), "waiver-within-penalty")


@permits("part-within-whole")
def test_a_part_may_be_anything_from_one_minor_unit_to_the_whole() -> None:
    for part in ("0.01", "9,999.99", "10,000.00", "100%", "0.0001%"):
        permitted(play(contract(), submits("M1")), approves("M1", part=part))


@refuses("part-within-whole")
def test_nothing_and_more_than_the_whole_are_no_parts() -> None:
    story = play(contract(), submits("M1"))
    for part in ("0%", "0.00", "10,000.01", "100.0001%", "-1%", "0.000001%"):
        refused(story, approves("M1", part=part), "part-within-whole")


@refuses("part-within-whole")
@pytest.mark.parametrize(
    "part", ["149%", "100.001 %", "100.0000001%", "-0.001%", "0%", "49%", "99.9%", "0.01%"]
)
def test_a_percentage_is_judged_as_written_not_as_rounded(part: str) -> None:
    story = play(contract(defined("M1", amount_minor=1)), submits("M1"))
    refused(story, approves("M1", part=part), "part-within-whole")


def of_unknown_amount() -> Story:
    """A milestone that was imported without an amount, and is delivered here."""
    return play(contract(defined("M1", amount_minor=None)), submits("M1"))


@refuses("part-within-whole")
@pytest.mark.parametrize("part", ["", "50%", "100%", "0.00"])
def test_of_an_amount_that_is_not_known_nothing_is_accepted_but_what_is_stated(part: str) -> None:
    """Not known is not nothing: 0 would be accepted, on the word of the lowest tier."""
    refused(of_unknown_amount(), approves("M1", part=part), "part-within-whole")


@permits("part-within-whole")
def test_of_an_amount_that_is_not_known_a_stated_amount_is_accepted_by_its_own_tier() -> None:
    story = of_unknown_amount()
    permitted(story, approves("M1", part="20,000.00"))
    assert story.the_state().milestones["M1"].gross_minor == 2_000_000
    larger = of_unknown_amount()
    permitted(larger, approves("M1", part="20,000.01"))
    assert larger.the_state().milestones["M1"].acceptance is None


def test_of_an_amount_that_is_not_known_what_was_not_accepted_is_no_remainder() -> None:
    """Nobody knows whether anything is left: less than nothing is not."""
    events = permitted(of_unknown_amount(), approves("M1", part="20,000.00"))
    assert [type(event) for event in events] == [ApprovalGranted, MilestoneAccepted]
    assert isinstance(events[1], MilestoneAccepted)
    assert events[1].remainder == ""


@permits("part-within-whole")
def test_once_the_amount_is_agreed_the_whole_is_accepted() -> None:
    story = of_unknown_amount()
    play(story, proposes(order(("M1", TERMS.signed_on, 900_000))), agrees(last(story) + 1))
    permitted(story, approves("M1"))
    assert story.the_state().milestones["M1"].gross_minor == 900_000


def test_the_first_release_accepted_nothing_of_an_unknown_amount() -> None:
    by, intent = approves("M1")
    of_unknown_amount().when(intent, by=by, rules=FIRST).happened()


@pytest.mark.parametrize("part", ["0.001", "1e2", "5,0.00", "50,5%", "５０%", "1_000.00", "50 %%"])
def test_what_is_no_amount_and_no_percentage_is_no_part(part: str) -> None:
    by, intent = approves("M1", part=part)
    story = play(contract(), submits("M1"))
    assert story.when(intent, by=by).refusal is not None
    assert story.refusal is not None and story.refusal.code in ("amount-invalid", "percent-invalid")


@permits("policy-covers-amount")
def test_the_last_tier_covers_its_limit() -> None:
    tiers = (Tier(up_to_minor=1_000_000, quorum={"manager": 1}),)
    permitted(play(contract(approval=tiers), submits("M1")), approves("M1"))


@refuses("policy-covers-amount")
def test_an_amount_above_the_last_tier_is_approved_by_nobody() -> None:
    tiers = (Tier(up_to_minor=999_999, quorum={"manager": 1}),)
    story = play(contract(approval=tiers), submits("M1"))
    refused(story, approves("M1"), "policy-covers-amount")
    change = proposes(order(("M1", day(8, 21), 2_000_000)))
    refused(contract(approval=tiers), change, "policy-covers-amount")


@refuses("policy-covers-amount")
def test_an_administrator_alone_does_not_approve_money_that_no_tier_covers() -> None:
    tiers = (Tier(up_to_minor=999_999, quorum={"manager": 1}),)
    amendment = Amendment(
        terms=replace(TERMS, approval=tiers),
        define=(MilestonePlan(id="M3", amount_minor=1_000_000),),
    )
    story = contract(approval=tiers)
    refused(story, proposes(amendment, by="admin-1"), "policy-covers-amount")


@refuses("policy-covers-amount")
def test_the_tier_is_found_by_the_part_and_its_bonus() -> None:
    tiers = (Tier(up_to_minor=1_000_000, quorum={"manager": 1}),)
    story = play(contract(approval=tiers), submits("M1", day(8, 20)))  # 5,000 of bonus
    refused(story, approves("M1"), "policy-covers-amount")
    permitted(story, approves("M1", part="99%"))


def imported(amount: int) -> TakeOver:
    payment = TakenPayment(reference="T1", amount_minor=amount)
    return TakeOver(contract="C-1", currency="CNY", value_minor=100, payments=(payment,))


@permits("paid-within-value")
def test_imported_payments_up_to_the_value_break_nothing() -> None:
    events = permitted(given(), ("importer", imported(100)))
    assert [event.breaches for event in events] == [(), ()]


@refuses("paid-within-value")
def test_imported_payments_beyond_the_value_are_recorded_with_the_rule_they_break() -> None:
    events = permitted(given(), ("importer", imported(101)))
    assert [event.breaches for event in events] == [(), ("paid-within-value",)]


def finer(written: str) -> TakeOver:
    payment = TakenPayment(reference="T1", amount_minor=10, source_amount=written)
    return TakeOver(contract="C-1", currency="CNY", payments=(payment,))


@permits("amount-in-minor-units")
def test_an_imported_amount_that_its_currency_holds_breaks_nothing() -> None:
    events = permitted(given(), ("importer", finer("")))
    assert [event.breaches for event in events] == [(), ()]


@refuses("amount-in-minor-units")
def test_an_imported_amount_finer_than_its_currency_is_recorded_with_the_rule_it_breaks() -> None:
    events = permitted(given(), ("importer", finer("0.099")))
    assert [event.breaches for event in events] == [(), ("amount-in-minor-units",)]


def test_a_bonus_is_capped_and_its_cap_rounds_as_the_contract_says() -> None:
    clause = EarlyBonus(rate=TERMS.early_bonus.rate, cap=TERMS.early_bonus.cap)  # type: ignore[union-attr]
    story = contract(defined("M1", amount_minor=30), early_bonus=clause)
    play(story, submits("M1", day(8, 4)), approves("M1", day(8, 5)))
    assert story.the_state().milestones["M1"].bonus_minor == 2  # 5 % of 30 is 1.5: half up
    even = contract(defined("M1", amount_minor=50), rounding="half-even")
    play(even, submits("M1", day(8, 4)), approves("M1", day(8, 5)))
    assert even.the_state().milestones["M1"].bonus_minor == 2  # 2.5 rounds to even
