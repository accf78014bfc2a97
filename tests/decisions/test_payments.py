"""Payments: reserved, recorded, failed and reversed; never twice, never more than is payable."""

from __future__ import annotations

from ledger import intents as i
from ledger.contract import fold
from ledger.events import BonusAwarded, PaymentFailed, PaymentReversed, PenaltyWaived
from ledger.state import Milestone
from tests.decisions.builders import (
    Act,
    accepted,
    agrees,
    approves,
    bonus,
    contract,
    day,
    last,
    pays,
    permitted,
    play,
    proposes,
    records_paid,
    refused,
    revocation,
    submits,
    version_of,
)
from tests.decisions.spec import Story


def m1(story: Story, *as_of: int) -> Milestone:
    state = fold(story.records, as_of=day(*as_of) if as_of else None)
    assert state is not None
    return state.milestones["M1"]


def fails(instruction: int, on: tuple[int, int]) -> Act:
    return "finance-1", i.FailPayment(instruction=instruction, on=day(*on))


def reverses(payment: int, on: tuple[int, int], why: str = "event") -> Act:
    return "finance-1", i.ReversePayment(payment=payment, on=day(*on), why=why)  # type: ignore[arg-type]


def test_an_instruction_reserves_its_amount_until_it_is_recorded() -> None:
    story = play(accepted(), pays(amount=400_000, on=day(9, 1)))
    assert (m1(story).instructed_minor, m1(story).payable_minor) == (400_000, 600_000)
    play(story, records_paid(7, on=day(9, 3)))
    assert (m1(story).instructed_minor, m1(story).paid_minor) == (0, 400_000)
    assert m1(story, 9, 2).instructed_minor == 400_000
    assert m1(story).payable_minor == 600_000


def test_an_instruction_recorded_for_less_frees_the_rest() -> None:
    story = play(accepted(), pays(amount=400_000), records_paid(7, 300_000))
    assert (m1(story).instructed_minor, m1(story).payable_minor) == (0, 700_000)


def test_a_failed_payment_frees_its_amount_from_that_day() -> None:
    story = play(accepted(), pays(on=day(9, 1)), fails(7, (9, 3)))
    assert isinstance(story.records[-1].data, PaymentFailed)
    assert (m1(story, 9, 2).payable_minor, m1(story, 9, 3).payable_minor) == (0, 1_000_000)


def test_no_outcome_is_dated_before_its_instruction_and_no_reversal_before_its_record() -> None:
    rule = "not-before-what-it-rests-on"
    story = play(accepted(), pays(on=day(9, 2)))
    refused(story, records_paid(7, on=day(9, 1)), rule)
    refused(story, fails(7, (9, 1)), rule)
    play(story, records_paid(7, on=day(9, 4)))
    refused(story, reverses(7, (9, 3)), rule)
    permitted(story, reverses(7, (9, 4)))


def test_no_payment_is_instructed_before_the_day_of_acceptance() -> None:
    refused(accepted(on=day(8, 25)), pays(on=day(8, 24)), "not-before-what-it-rests-on")


def test_a_bank_return_acts_from_its_own_day() -> None:
    story = play(accepted(), pays(on=day(9, 1)), records_paid(7, on=day(9, 2)))
    play(story, reverses(7, (9, 10)))
    assert (m1(story, 9, 9).paid_minor, m1(story, 9, 9).settled_on) == (1_000_000, day(9, 2))
    assert (m1(story).paid_minor, m1(story).settled_on) == (0, None)


def test_a_payment_recorded_by_error_was_never_made() -> None:
    story = play(accepted(), pays(on=day(9, 1)), records_paid(7, on=day(9, 2)))
    (event,) = permitted(story, reverses(7, (9, 10), "error"))
    assert isinstance(event, PaymentReversed)
    assert event.on is None
    assert m1(story, 9, 2).paid_minor == m1(story).paid_minor == 0


def test_settled_is_the_day_on_which_nothing_was_left_to_pay() -> None:
    story = play(accepted(), pays(amount=400_000), records_paid(7, on=day(11, 22)))
    assert m1(story).settled_on is None
    play(story, pays(), records_paid(9))
    assert m1(story).settled_on == day(11, 22)


def test_a_bonus_after_the_payment_is_payable_again_until_it_is_paid() -> None:
    story = play(accepted(), pays(on=day(9, 1)), records_paid(7, on=day(9, 1)))
    play(story, proposes(bonus(5_000), day(9, 2)), agrees(9, day(9, 2)))
    assert (m1(story).payable_minor, m1(story).settled_on) == (5_000, None)
    play(story, pays(on=day(9, 3)), records_paid(12, on=day(9, 4)))
    assert m1(story).settled_on == day(9, 4)


def test_a_bonus_revoked_after_it_was_paid_is_a_claim() -> None:
    story = play(contract(), submits("M1", day(8, 20)), approves("M1", day(8, 25)))
    award = version_of(story, BonusAwarded)
    play(story, pays(), records_paid(last(story) + 1))
    play(story, proposes(revocation(award)), agrees(last(story) + 1))
    assert (m1(story).outstanding_minor, m1(story).payable_minor) == (-5_000, 0)


def test_waivers_and_failures_are_always_events() -> None:
    for kind in (PenaltyWaived, PaymentFailed):
        assert "why" not in kind.__struct_fields__
