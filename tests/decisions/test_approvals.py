"""Approvals: what they count for, who fills which place, and how they are taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger import intents as i
from ledger.contract import fold
from ledger.decisions.acceptance import wants_signature
from ledger.events import (
    AcceptanceReversed,
    Amendment,
    ApprovalGranted,
    BonusAwarded,
    BonusRevoked,
    ChangeProposed,
    Fact,
    MilestoneAccepted,
    MilestoneRevised,
)
from ledger.terms import Tier
from tests.decisions.builders import (
    TERMS,
    accepted,
    agrees,
    approves,
    bonus,
    contract,
    day,
    defined,
    last,
    order,
    permitted,
    play,
    proposes,
    refused,
    rejects,
    reversal,
    revocation,
    submits,
    version_of,
)
from tests.decisions.spec import Story

TWO_MANAGERS = (Tier(quorum={"manager": 2}),)


def kinds(events: list[Fact]) -> list[str]:
    return [type(event).__name__ for event in events]


def proposal(story: Story) -> ChangeProposed:
    event = story.records[-1].data
    assert isinstance(event, ChangeProposed)
    return event


# --- the count ---------------------------------------------------------------------------------------------------


def test_the_last_approval_accepts_and_is_dated_the_latest_of_them() -> None:
    story = play(contract(), submits("M2"), approves("M2", day(9, 28)))
    events = permitted(story, approves("M2", day(9, 20), by="finance-1"))
    assert kinds(events) == ["ApprovalGranted", "MilestoneAccepted"]
    assert [event.on for event in events] == [day(9, 20), day(9, 28)]
    acceptance = story.the_state().milestones["M2"].acceptance
    assert acceptance is not None
    assert acceptance.payment_due == day(10, 28)


def test_a_quorum_of_two_managers_needs_two_people() -> None:
    story = play(contract(approval=TWO_MANAGERS), submits("M1"), approves("M1"))
    refused(story, approves("M1"), "nobody-counts-twice")
    assert "MilestoneAccepted" in kinds(permitted(story, approves("M1", by="manager-2")))


def test_a_changed_part_starts_the_count_anew() -> None:
    story = play(contract(), submits("M2"), approves("M2", part="80%"))
    assert len(permitted(story, approves("M2", by="finance-1", part="90%"))) == 1
    assert len(permitted(story, approves("M2", by="manager-2", part="90%"))) > 1


def test_who_approves_another_part_no_longer_stands_for_the_first() -> None:
    story = play(
        contract(),
        submits("M2"),
        approves("M2", part="80%"),
        approves("M2", part="90%"),
    )
    assert len(permitted(story, approves("M2", by="finance-1", part="80%"))) == 1


def test_the_same_amount_for_other_deliverables_is_another_part() -> None:
    story = contract(
        defined("M2", deliverables=("shop", "films")), approval=TWO_MANAGERS, early_bonus=None
    )
    play(story, submits("M2"), approves("M2", deliverables=("shop",)))
    assert len(permitted(story, approves("M2", by="manager-2", deliverables=("films",)))) == 1
    events = permitted(story, approves("M2", by="manager-3", deliverables=("shop",)))
    assert kinds(events)[-1] == "MilestoneDefined"
    rest = story.the_state().milestones["M2-r1"]
    assert rest.plan.deliverables == ("films",)
    assert rest.current.amount_minor == 1_500_000


@pytest.mark.parametrize("name", ["1", "300000", "2026"])
def test_the_only_deliverable_may_be_called_as_an_amount_is_written(name: str) -> None:
    story = contract(defined("M2", deliverables=(name,)), approval=TWO_MANAGERS)
    play(story, submits("M2"), approves("M2", deliverables=(name,)))
    events = permitted(story, approves("M2", by="manager-2", deliverables=(name,)))
    assert kinds(events) == ["ApprovalGranted", "MilestoneAccepted"]


def test_all_the_deliverables_are_the_whole_whichever_way_it_is_told() -> None:
    story = contract(defined("M2", deliverables=("shop", "films")), approval=TWO_MANAGERS)
    play(story, submits("M2"), approves("M2", deliverables=("films", "shop")))
    events = permitted(story, approves("M2", by="manager-2"))
    assert kinds(events) == ["ApprovalGranted", "MilestoneAccepted"]


def test_an_approval_wants_a_signature_by_the_tier_of_the_part_with_its_bonus() -> None:
    """Of 10,000.00 a day early 50.00 are a bonus: above the tier of 10,000.00, in one that is signed."""
    signs = (
        Tier(up_to_minor=1_000_000, quorum={"manager": 1}),
        Tier(quorum={"manager": 1}, signatures=True),
    )
    for delivered, wanted in ((day(8, 20), True), (day(8, 21), False)):
        story = play(contract(approval=signs), submits("M1", on=delivered))
        approval = ApprovalGranted(
            on=day(8, 25),
            subject=4,
            role="manager",
            digest="",
            milestone="M1",
            accepted_minor=1_000_000,
        )
        assert wants_signature(story.the_state(), approval) is wanted


def test_a_corrected_submission_starts_the_count_anew() -> None:
    story = play(contract(), submits("M2"), approves("M2"), submits("M2", corrects=True))
    assert len(permitted(story, approves("M2", by="finance-1"))) == 1


def test_a_rejection_voids_the_approvals() -> None:
    story = play(contract(), submits("M2"), approves("M2"), rejects("M2"), submits("M2"))
    assert len(permitted(story, approves("M2", by="finance-1"))) == 1


def test_the_policy_in_force_at_submission_stays_with_it() -> None:
    looser = replace(TERMS, approval=(Tier(quorum={"manager": 1}),))
    story = play(
        contract(),
        submits("M2"),
        proposes(Amendment(terms=looser), by="admin-1"),
        agrees(5, by="admin-2"),
    )
    assert len(permitted(story, approves("M2"))) == 1
    play(story, submits("M2", corrects=True))  # no way round the policy either
    assert len(permitted(story, approves("M2"))) == 1
    play(story, rejects("M2"), submits("M2"))
    assert len(permitted(story, approves("M2"))) > 1


def test_the_policy_in_force_when_proposed_stays_with_a_proposal() -> None:
    stricter = replace(TERMS, approval=TWO_MANAGERS)
    story = play(
        contract(),
        proposes(order(("M1", day(9, 1), 1_000_000))),
        proposes(Amendment(terms=stricter), by="admin-1"),
        agrees(5, by="admin-2"),
    )
    assert isinstance(permitted(story, agrees(4))[-1], MilestoneRevised)


# --- the tier ----------------------------------------------------------------------------------------------------


def test_a_change_order_counts_by_every_increase_and_a_new_date_counts_nothing() -> None:
    def amount(*revisions: tuple[str, object, int]) -> int:
        story = contract(ceiling_minor=9_000_000)
        return proposal(
            play(story, proposes(order(*revisions)))  # type: ignore[arg-type]
        ).amount_minor

    assert amount(("M1", day(9, 1), 1_000_000)) == 0
    assert amount(("M1", day(9, 1), 1)) == 0
    assert amount(("M1", None, 3_000_001), ("M2", None, 1)) == 2_000_001


def test_a_change_order_that_adds_more_than_the_first_tier_needs_both_roles() -> None:
    story = contract(ceiling_minor=9_000_000)
    play(story, proposes(order(("M1", None, 3_000_000))))
    assert proposal(story).quorum == {"manager": 1}
    play(story, proposes(order(("M1", None, 3_000_001))))
    assert proposal(story).quorum == {"manager": 1, "finance": 1}


def test_a_reversal_needs_the_quorum_of_the_acceptance_even_when_its_bonus_was_revoked() -> None:
    tiers = (
        Tier(up_to_minor=1_000_000, quorum={"manager": 1}),
        Tier(quorum={"manager": 1, "finance": 1}),
    )
    story = play(contract(approval=tiers), submits("M1", day(8, 20)))  # 5,000 of bonus
    play(story, approves("M1"), approves("M1", by="finance-1"))
    award = version_of(story, BonusAwarded)
    play(story, proposes(revocation(award)), agrees(last(story) + 1))
    assert isinstance(story.records[-1].data, BonusRevoked)
    play(story, proposes(reversal(version_of(story, MilestoneAccepted))))
    assert proposal(story).quorum == {"manager": 1, "finance": 1}


def test_a_revocation_is_approved_under_the_policy_that_decided_the_bonus() -> None:
    looser = replace(TERMS, approval=(Tier(quorum={"finance": 1}),))
    story = play(contract(), submits("M1", day(8, 20)), approves("M1"))
    award = version_of(story, BonusAwarded)
    play(
        story,
        proposes(Amendment(terms=looser), by="admin-1"),
        agrees(last(story) + 1, by="admin-2"),
    )
    play(story, proposes(revocation(award)))
    assert proposal(story).quorum == {"manager": 1}


def test_a_reversal_is_approved_and_signed_under_the_policy_that_decided_the_acceptance() -> None:
    stricter = replace(TERMS, approval=(Tier(quorum={"finance": 2}, signatures=True),))
    story = accepted()
    acceptance = version_of(story, MilestoneAccepted)
    play(story, proposes(Amendment(terms=stricter), by="admin-1"))
    play(story, agrees(last(story), by="admin-2"))
    asked = proposal(play(story, proposes(reversal(acceptance))))
    assert (asked.quorum, asked.signatures) == ({"manager": 1}, False)
    # What is accepted from now on is undone under the policy of now.
    late = proposal(play(story, proposes(order(("M2", None, 3_500_000)))))
    assert (late.quorum, late.signatures) == ({"finance": 2}, True)


# --- partial acceptance ------------------------------------------------------------------------------------------


def family(story: Story, name: str) -> list[list[int | None]]:
    """The amounts of every baseline, part by part, of a milestone and its remainders in force."""
    return [
        [b.amount_minor for b in m.baselines]
        for m in story.the_state().milestones.values()
        if m.family == name and m.status != "void"
    ]


def revised() -> Story:
    """M2 has three baselines: 3,000,000, then 2,000,001, then 1,000,000."""
    story = contract()
    for amount in (2_000_001, 1_000_000):
        play(story, proposes(order(("M2", day(9, 20), amount)), day(8, 5)))
        play(story, agrees(last(story), day(8, 5)))
    return story


def test_every_baseline_is_split_in_the_proportion_of_the_parts() -> None:
    story = play(revised(), submits("M2", day(9, 20)), approves("M2", part="33.3333%"))
    assert family(story, "M2") == [[999_999, 666_666, 333_333], [2_000_001, 1_333_335, 666_667]]
    milestones = story.the_state().milestones
    assert [b.due for b in milestones["M2-r1"].baselines] == [day(9, 18), day(9, 20), day(9, 20)]


def test_a_remainder_is_accepted_in_part_again_and_stays_in_the_family() -> None:
    story = play(revised(), submits("M2", day(9, 20)), approves("M2", part="50%"))
    play(story, submits("M2-r1", day(11, 22)), approves("M2-r1", part="50%"))
    milestones = story.the_state().milestones
    assert set(milestones) == {"M1", "M2", "M2-r1", "M2-r2"}
    assert milestones["M2-r2"].plan.remainder_of == "M2-r1"
    assert milestones["M2-r2"].family == "M2"
    assert [sum(a or 0 for a in amounts) for amounts in zip(*family(story, "M2"), strict=True)] == [
        3_000_000,
        2_000_001,
        1_000_000,
    ]


def test_a_remainder_pays_its_own_penalty_and_the_first_part_none() -> None:
    story = contract(defined("M1", amount_minor=1_000_000), early_bonus=None)
    play(story, submits("M1"), approves("M1", day(8, 21), part="40%"))
    play(story, submits("M1-r1", day(8, 31)), approves("M1-r1"))
    milestones = story.the_state().milestones
    assert milestones["M1"].penalty_minor == 0
    assert milestones["M1-r1"].penalty_minor == 6_000  # 0.1 % × 600,000 × 10 days, not of the whole


def test_a_reversal_makes_the_milestone_whole_again_and_its_next_remainder_is_the_second() -> None:
    story = play(revised(), submits("M2", day(9, 20)), approves("M2", part="40%"))
    play(story, proposes(reversal(version_of(story, MilestoneAccepted), milestone="M2")))
    play(story, agrees(last(story)))
    assert family(story, "M2") == [[3_000_000, 2_000_001, 1_000_000]]
    assert story.when(i.StartMilestone(milestone="M2-r1")).fails("milestone-unknown")
    play(story, approves("M2", part="25%"))
    assert family(story, "M2")[1] == [2_250_000, 1_500_001, 750_000]
    assert story.the_state().milestones["M2-r2"].status == "expected"
    assert story.the_state().committed_minor == 2_000_000


# --- taken back --------------------------------------------------------------------------------------------------


def first_approval(story: Story, as_of: tuple[int, int]) -> bool:
    state = fold(story.records, as_of=day(*as_of))
    assert state is not None
    return state.milestones["M2"].submissions[0].approvals[0].live


def test_an_approval_withdrawn_as_an_event_counted_until_then() -> None:
    story = play(contract(), submits("M2", day(9, 18)), approves("M2", day(9, 20)))
    play(story, ("manager-1", i.WithdrawApproval(milestone="M2", on=day(9, 25))))
    assert [first_approval(story, (9, at)) for at in (24, 25)] == [True, False]


def test_an_approval_withdrawn_as_an_error_never_counted() -> None:
    story = play(contract(), submits("M2", day(9, 18)), approves("M2", day(9, 20)))
    play(story, ("manager-1", i.WithdrawApproval(milestone="M2", why="error")))
    assert not first_approval(story, (9, 20))


def test_an_approval_of_a_proposal_is_withdrawn_too() -> None:
    story = contract(approval=TWO_MANAGERS)
    play(story, proposes(order(("M1", day(9, 1), 1_000_000))), agrees(4, by="manager-2"))
    play(story, ("manager-2", i.WithdrawApproval(proposal=4)))
    assert len(permitted(story, agrees(4, by="manager-3"))) == 1


def net(story: Story, month: int, number: int) -> tuple[str, int]:
    state = fold(story.records, as_of=day(month, number))
    assert state is not None
    return state.milestones["M1"].status, state.milestones["M1"].net_minor


def reversed_on(why: str) -> Story:
    """M1 is accepted with a bonus on 25 August, and that is reversed on 12 September."""
    story = play(contract(), submits("M1", day(8, 20)), approves("M1", day(8, 25)))
    acceptance = version_of(story, MilestoneAccepted)
    play(
        story, proposes(reversal(acceptance, why), day(9, 10)), agrees(last(story) + 1, day(9, 12))
    )
    assert isinstance(story.records[-1].data, AcceptanceReversed)
    return story


def test_an_acceptance_reversed_as_an_event_stood_until_then() -> None:
    story = reversed_on("event")
    assert net(story, 9, 11) == ("accepted", 1_005_000)
    assert net(story, 9, 12) == ("submitted", 0)


def test_an_acceptance_reversed_as_an_error_never_stood() -> None:
    story = reversed_on("error")
    assert net(story, 8, 24) == net(story, 8, 25) == net(story, 9, 11) == ("submitted", 0)
    assert story.records[-1].data.rests_on == (6,)


def test_after_a_reversal_the_milestone_is_accepted_anew_and_counted_once_on_any_day() -> None:
    story = play(reversed_on("event"), approves("M1", day(9, 20)))
    assert net(story, 9, 11) == net(story, 9, 20) == ("accepted", 1_005_000)
    assert net(story, 9, 19) == ("submitted", 0)
    assert story.the_state().milestones["M1"].first_pass is True
    again = play(reversed_on("event"), rejects("M1", day(9, 13)), submits("M1", day(8, 20)))
    refused(again, approves("M1", day(9, 11)), "not-before-what-it-rests-on")


def test_a_revoked_bonus_was_owed_until_then_or_never() -> None:
    for why, between in (("event", 5_000), ("error", 0)):
        story = play(accepted(), proposes(bonus(5_000), day(8, 26)), agrees(7, day(8, 27)))
        play(story, proposes(revocation(9, why), day(9, 1)), agrees(10, day(9, 2)))
        assert net(story, 9, 1)[1] == 1_000_000 + between
        assert net(story, 9, 2)[1] == 1_000_000


# --- baselines ---------------------------------------------------------------------------------------------------


def late_then(*acts: tuple[str, i.Intent]) -> int:
    """The penalty of M1, submitted ten days late, when this happens between submission and approval."""
    story = play(contract(), submits("M1", day(8, 31)), *acts, approves("M1", day(9, 20)))
    return story.the_state().milestones["M1"].penalty_minor


def moved(proposal: int, on: tuple[int, int] = (8, 15)) -> list[tuple[str, i.Intent]]:
    content = order(("M1", day(9, 10), 1_000_000))
    return [proposes(content, day(*on)), agrees(proposal, day(*on))]


def test_a_change_order_before_the_submission_moves_the_due_date_of_bonus_and_penalty() -> None:
    story = play(contract(), *moved(4), submits("M1", day(9, 8)), approves("M1", day(9, 20)))
    milestone = story.the_state().milestones["M1"]
    assert (milestone.bonus_minor, milestone.penalty_minor) == (10_000, 0)


def test_a_change_order_after_the_submission_launders_no_lateness_even_back_dated() -> None:
    assert late_then() == 10_000
    assert late_then(*moved(5)) == 10_000


def test_nor_does_it_with_a_correction_of_the_submission_after_it() -> None:
    correction = submits("M1", day(8, 31), corrects=True)
    assert late_then(*moved(5), correction) == 10_000
    assert late_then(*moved(5), submits("M1", corrects=True), correction) == 10_000


def test_a_change_order_effective_after_the_day_of_delivery_is_not_in_force_for_it() -> None:
    story = play(
        contract(), *moved(4, (9, 2)), submits("M1", day(9, 1)), approves("M1", day(9, 20))
    )
    assert story.the_state().milestones["M1"].penalty_minor == 11_000
    same_day = play(contract(), *moved(4, (9, 1)), submits("M1", day(9, 1)), approves("M1"))
    assert same_day.the_state().milestones["M1"].penalty_minor == 0


def test_a_new_submission_after_a_rejection_counts_against_the_baseline_then_in_force() -> None:
    story = play(contract(), submits("M1", day(8, 31)), rejects("M1", day(9, 1)), *moved(6, (9, 1)))
    play(story, submits("M1", day(9, 10)), approves("M1", day(9, 20)))
    assert story.the_state().milestones["M1"].penalty_minor == 0


# --- corrected submissions -----------------------------------------------------------------------------------------


def test_a_correction_without_a_day_keeps_the_day_of_delivery() -> None:
    story = play(contract(), submits("M1", day(8, 20)), submits("M1", corrects=True))
    wrong, right = story.the_state().milestones["M1"].submissions
    assert (wrong.status, right.status, right.on) == ("replaced", "pending", day(8, 20))


def test_a_corrected_day_of_delivery_is_what_is_priced() -> None:
    assert late_then(submits("M1", day(8, 26), corrects=True)) == 5_000


def test_a_correction_is_no_second_attempt() -> None:
    story = play(contract(), submits("M1"), submits("M1", corrects=True), approves("M1"))
    assert story.the_state().milestones["M1"].first_pass is True
    story = play(contract(), submits("M1"), rejects("M1"), submits("M1"), approves("M1"))
    assert story.the_state().milestones["M1"].first_pass is False


def test_an_approval_names_the_subject_its_role_and_the_part() -> None:
    (event,) = permitted(play(contract(), submits("M2")), approves("M2", part="80%"))
    assert isinstance(event, ApprovalGranted)
    assert (event.subject, event.role, event.accepted_minor) == (4, "manager", 2_400_000)


def test_an_order_in_which_one_milestone_stays_as_it_is_is_refused() -> None:
    both = order(("M1", day(8, 30), 1_000_000), ("M2", day(9, 18), 3_000_000))
    refused(contract(), proposes(both, on=day(8, 5)), "proposal-changes-something")


def test_a_reversal_is_approved_as_its_acceptance_was_whatever_was_added_since() -> None:
    """The bonus of 15,000.00 has its own decision; with it the sum would need finance as well."""
    story = play(accepted(ceiling_minor=9_000_000), proposes(bonus(1_500_000), on=day(9, 1)))
    play(story, agrees(7, on=day(9, 2)), proposes(reversal(6), on=day(9, 3)))
    assert (proposal(story).amount_minor, proposal(story).quorum) == (1_000_000, {"manager": 1})


def test_a_reversal_is_approved_by_the_policy_that_stayed_with_the_submission() -> None:
    story = play(contract(), submits("M1"))
    finance = Amendment(terms=replace(TERMS, approval=(Tier(quorum={"finance": 1}),)))
    play(story, proposes(finance, on=day(8, 22), by="admin-1"), agrees(5, day(8, 23), by="admin-2"))
    play(story, approves(on=day(8, 25)))
    accepted_by = version_of(story, MilestoneAccepted)
    play(story, proposes(reversal(accepted_by), on=day(9, 1)))
    assert proposal(story).quorum == {"manager": 1}
