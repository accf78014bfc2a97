"""Disputes: what they hold, how they end, and what they leave alone."""

from __future__ import annotations

import pytest

from ledger import intents as i
from ledger.contract import fold
from ledger.state import Milestone
from tests.decisions.builders import (
    accepted,
    agrees,
    approves,
    contract,
    day,
    disputes,
    last,
    pays,
    permitted,
    play,
    proposes,
    records_paid,
    rejects,
    resolution,
    submits,
)
from tests.decisions.spec import Story


def m1(story: Story, *as_of: int) -> Milestone:
    state = fold(story.records, as_of=day(*as_of) if as_of else None)
    assert state is not None
    return state.milestones["M1"]


def test_the_clients_dispute_holds_its_amount_and_the_partners_nothing() -> None:
    assert m1(play(accepted(), disputes(amount=300_000))).held_minor == 300_000
    assert m1(play(accepted(), disputes(amount=300_000, by="partner-1"))).held_minor == 0


def test_open_disputes_hold_together_never_more_than_is_outstanding() -> None:
    story = play(accepted(), disputes(amount=600_000), disputes(amount=600_000))
    assert (m1(story).held_minor, m1(story).payable_minor) == (1_000_000, 0)
    part_paid = play(accepted(), pays(amount=900_000), records_paid(7), disputes(amount=300_000))
    assert m1(part_paid).held_minor == 100_000


def test_a_hold_leaves_what_is_instructed_already_and_nothing_is_payable_below_zero() -> None:
    story = play(accepted(), pays(amount=900_000), disputes(amount=300_000))
    assert (m1(story).held_minor, m1(story).instructed_minor) == (300_000, 900_000)
    assert m1(story).payable_minor == 0


def test_a_dispute_opened_before_acceptance_holds_from_acceptance_on() -> None:
    story = play(contract(), submits("M1", day(8, 21)), disputes(amount=300_000, on=day(8, 22)))
    assert (m1(story).held_minor, m1(story).outstanding_minor) == (0, 0)
    play(story, approves("M1", day(8, 25)))
    assert (m1(story).held_minor, m1(story).payable_minor) == (300_000, 700_000)


def test_a_dispute_resolved_before_acceptance_adjusts_the_net_from_acceptance_on() -> None:
    story = play(contract(), submits("M1", day(8, 21)), disputes(amount=300_000, on=day(8, 22)))
    play(story, proposes(resolution(5, "upheld", -300_000), day(8, 23)), agrees(6, day(8, 23)))
    assert (m1(story).net_minor, m1(story).outstanding_minor, m1(story).payable_minor) == (0, 0, 0)
    play(story, approves("M1", day(8, 25)))
    assert (m1(story).net_minor, m1(story).held_minor) == (700_000, 0)


def test_the_due_date_does_not_move_with_a_dispute() -> None:
    story = play(accepted(on=day(8, 25)), disputes(on=day(8, 26)))
    play(story, proposes(resolution(7, "split", -1), day(9, 30)), agrees(8, day(10, 1)))
    acceptance = m1(story).acceptance
    assert acceptance is not None
    assert acceptance.payment_due == day(9, 24)


@pytest.mark.parametrize(
    ("outcome", "adjustment"), [("upheld", -300_000), ("rejected", 0), ("split", -1)]
)
def test_a_resolution_ends_the_hold_and_adjusts_the_net(outcome: str, adjustment: int) -> None:
    story = play(accepted(), disputes(amount=300_000, on=day(9, 1)))
    play(story, proposes(resolution(7, outcome, adjustment), day(9, 2)), agrees(8, day(9, 5)))
    assert m1(story).held_minor == m1(story, 9, 5).held_minor == 0
    assert m1(story).net_minor == 1_000_000 + adjustment
    assert m1(story).adjustment_minor == adjustment
    assert (m1(story, 9, 4).held_minor, m1(story, 9, 4).net_minor) == (300_000, 1_000_000)
    assert story.the_state().disputes[7].status == outcome


def test_a_partners_dispute_upheld_adds_to_the_net() -> None:
    story = play(accepted(), disputes(amount=300_000, by="partner-1"))
    play(story, proposes(resolution(7, "upheld", 300_000)), agrees(8))
    assert m1(story).net_minor == 1_300_000


def test_on_a_paid_item_a_dispute_becomes_a_claim() -> None:
    story = play(accepted(), pays(), records_paid(7), disputes(amount=300_000))
    assert m1(story).held_minor == 0
    play(story, proposes(resolution(9, "upheld", -300_000)), agrees(10))
    assert (m1(story).outstanding_minor, m1(story).payable_minor) == (-300_000, 0)
    assert m1(story).settled_on is not None


def test_what_remains_after_a_resolution_was_settled_by_the_last_payment() -> None:
    story = play(accepted(), disputes(amount=300_000, on=day(9, 1)))
    play(story, pays(on=day(9, 2)), records_paid(8, on=day(9, 3)))
    assert m1(story).settled_on is None
    play(story, proposes(resolution(7, "upheld", -300_000), day(9, 4)), agrees(10, day(9, 5)))
    assert (m1(story).outstanding_minor, m1(story).settled_on) == (0, day(9, 3))


def test_a_dispute_withdrawn_as_an_event_held_until_then_and_as_an_error_never() -> None:
    for why, held in (("event", 300_000), ("error", 0)):
        story = play(accepted(), disputes(amount=300_000, on=day(9, 1)))
        withdraw = i.WithdrawDispute(dispute=7, why=why, on=day(9, 5))  # type: ignore[arg-type]
        play(story, ("manager-1", withdraw))
        assert m1(story, 9, 4).held_minor == held
        assert m1(story, 9, 5).held_minor == 0


def test_a_partner_disputes_a_rejection() -> None:
    story = play(contract(), submits(), rejects(), disputes(by="partner-1"))
    assert story.the_state().disputes[last(story)].side == "partner"
    permitted(story, submits())


def test_a_resolution_counts_by_the_amount_disputed() -> None:
    story = play(accepted("M2"), disputes("M2", amount=2_000_001))
    play(story, proposes(resolution(last(story), "rejected", 0, "M2")))
    assert len(permitted(story, agrees(last(story)))) == 1
    permitted(story, agrees(last(story) - 1, by="finance-1"))
    assert m1(story).status == "expected"
    assert story.the_state().disputes[8].status == "rejected"


def test_a_dispute_that_is_rejected_posts_no_line_of_nothing() -> None:
    story = play(accepted(), disputes(amount=100))
    play(story, proposes(resolution(7, "rejected", 0)))
    _, resolved = permitted(story, agrees(8))
    assert getattr(resolved, "lines", None) == ()
