"""What stands behind a thing: every event that changed it, so that a row names all that it rests on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger import intents as i
from ledger.events import Amendment, BonusAwarded
from tests.decisions.builders import (
    TERMS,
    Act,
    accepted,
    agrees,
    approves,
    bonus,
    contract,
    day,
    disputes,
    last,
    order,
    pays,
    play,
    proposes,
    records_paid,
    resolution,
    reversal,
    revocation,
    role,
    submits,
    version_of,
)
from tests.decisions.spec import Story


def early() -> Story:
    """M1 delivered a day early and accepted: with a bonus."""
    return play(contract(), submits("M1", day(8, 20)), approves("M1"))


def disputed() -> Story:
    return play(accepted(), disputes())


PROPOSED: dict[str, tuple[Story, Act]] = {
    "order": (contract(), proposes(order(("M1", day(9, 1), 1_000_000)))),
    "amendment": (
        contract(),
        proposes(Amendment(terms=replace(TERMS, title="anew")), by="admin-1"),
    ),
    "role": (contract(), proposes(role("somebody"), by="admin-1")),
    "bonus": (accepted(), proposes(bonus(1_000))),
    "revocation": (early(), proposes(revocation(version_of(early(), BonusAwarded)))),
    "resolution": (disputed(), proposes(resolution(last(disputed()), "rejected", 0))),
    "reversal": (accepted(), proposes(reversal(6))),
}


@pytest.mark.parametrize("kind", PROPOSED)
def test_a_proposal_that_took_effect_is_approved_and_open_no_more(kind: str) -> None:
    story, act = PROPOSED[kind]
    play(story, act)
    proposal = last(story)
    assert story.the_state().proposals[proposal].status == "open"
    by = "admin-2" if act[0] == "admin-1" else "manager-2"
    play(story, agrees(proposal, by=by))
    found = story.the_state().proposals[proposal]
    assert found.status == "approved"
    # Behind it: the proposal, the approval, and what it led to.
    assert set(found.positions) >= {proposal, proposal + 1}
    story.when(agrees(proposal, by=by)[1], by=by).refused("proposal-open")


@pytest.mark.parametrize(
    ("acts", "behind"),
    [
        ((), [7]),
        ((records_paid(7),), [7, 8]),
        (((("finance-1", i.FailPayment(instruction=7, reason="closed"))),), [7, 8]),
        (
            (records_paid(7), ("finance-1", i.ReversePayment(payment=7, reason="closed"))),
            [7, 8, 9],
        ),
    ],
    ids=["instructed", "paid", "failed", "came back"],
)
def test_behind_a_payment_stand_all_its_events(acts: tuple[Act, ...], behind: list[int]) -> None:
    story = play(accepted(), pays("M1"), *acts)
    assert story.the_state().payments[7].positions == behind


def test_behind_a_submission_and_a_proposal_stands_the_approval_taken_back() -> None:
    story = play(contract(), submits("M2"), approves("M2"))
    play(story, ("manager-1", i.WithdrawApproval(milestone="M2")))
    assert {4, 5, 6} <= set(story.the_state().milestones["M2"].positions)
