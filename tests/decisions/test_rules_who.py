"""Who: roles, delegation and separation of duties, each rule at its edge."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ledger import intents as i
from ledger.contract import fold
from ledger.decisions.quorum import stricter
from ledger.events import Amendment, MilestoneAccepted, RoleRevoked
from ledger.terms import Delegation, Tier
from tests.decisions.builders import (
    SIGNED,
    TERMS,
    TODAY,
    accepted,
    agrees,
    approves,
    bonus,
    contract,
    day,
    days_after,
    disputes,
    last,
    order,
    pays,
    permitted,
    play,
    proposes,
    refused,
    rejects,
    resolution,
    role,
    starts,
    submits,
)
from tests.decisions.marks import permits, refuses
from tests.decisions.spec import Story

BIG = replace(TERMS, roles=TERMS.roles | {"manager": ("manager-1",), "finance": ("manager-1",)})


def delegated(**days: object) -> Story:
    delegation = Delegation(of="partner-1", to="clerk", **days)  # type: ignore[arg-type]
    return contract(delegations=(delegation,))


@permits("acting-for-another-needs-delegation")
def test_a_delegate_acts_for_another_up_to_the_last_day() -> None:
    story = delegated(since=TODAY, until=TODAY)
    permitted(story, starts(), authenticating=True, authenticated_as="clerk")


@permits("acting-for-another-needs-delegation")
def test_where_the_store_does_not_authenticate_both_names_are_not_compared() -> None:
    permitted(contract(), starts(), authenticated_as="whoever")


@refuses("acting-for-another-needs-delegation")
def test_without_a_delegation_in_force_nobody_acts_for_another() -> None:
    rule = "acting-for-another-needs-delegation"
    for story in (
        contract(),
        delegated(until=days_after(TODAY, -1)),
        delegated(since=days_after(TODAY, 1)),
    ):
        refused(story, starts(), rule, authenticating=True, authenticated_as="clerk")
    story = delegated()
    refused(story, starts(by="manager-1"), rule, authenticating=True, authenticated_as="clerk")


@permits("actor-holds-role")
def test_a_role_is_held_from_the_day_it_is_granted() -> None:
    story = play(
        contract(),
        proposes(role("newcomer"), day(9, 1), by="admin-1"),
        agrees(4, day(9, 2), by="admin-2"),
    )
    refused(story, starts(on=day(9, 1), by="newcomer"), "actor-holds-role")
    permitted(story, starts(on=day(9, 2), by="newcomer"))


@refuses("actor-holds-role")
def test_a_role_revoked_since_is_held_no_more_even_for_a_day_when_it_was() -> None:
    story = play(
        contract(),
        proposes(role("partner-1", "partner", grant=False), day(9, 1), by="admin-1"),
        agrees(4, day(9, 2), by="admin-2"),
    )
    refused(story, starts(on=day(9, 1)), "actor-holds-role")


@refuses("actor-holds-role")
def test_each_act_asks_for_its_own_role() -> None:
    story = accepted()
    for act in (
        starts("M2", by="finance-1"),
        submits("M2", by="finance-1"),
        pays("M1", by="manager-1"),
        proposes(bonus(1), by="partner-1"),
        proposes(role("x"), by="manager-1"),
        ("manager-1", i.SuspendContract()),
    ):
        refused(story, act, "actor-holds-role")
    refused(play(story, submits("M2")), rejects("M2", by="finance-1"), "actor-holds-role")


@permits("signed-by-named-administrator")
def test_an_administrator_whom_it_names_signs_the_contract() -> None:
    permitted(Story(contract="C-9"), ("admin-2", i.SignContract(contract="C-9", terms=TERMS)))


@refuses("signed-by-named-administrator")
def test_nobody_else_signs_the_contract() -> None:
    sign = i.SignContract(contract="C-9", terms=TERMS)
    refused(Story(contract="C-9"), ("manager-1", sign), "signed-by-named-administrator")


@permits("submitter-does-not-approve")
def test_somebody_else_than_the_submitter_approves() -> None:
    permitted(play(contract(), submits("M1", by="manager-1")), approves(by="manager-2"))


@permits("submitter-does-not-approve")
def test_in_a_one_person_shop_the_submitter_may_approve() -> None:
    permitted(play(contract(separation=False), submits("M1", by="manager-1")), approves())


@refuses("submitter-does-not-approve")
def test_who_submits_for_the_partner_counts_as_the_submitter() -> None:
    story = play(contract(), submits("M1", by="manager-1"))
    refused(story, approves(by="manager-1"), "submitter-does-not-approve")


@refuses("submitter-does-not-approve")
def test_who_submitted_first_does_not_approve_what_another_corrected() -> None:
    story = play(
        contract(), submits("M1", by="manager-1"), submits("M1", by="manager-2", corrects=True)
    )
    for person in ("manager-1", "manager-2"):
        refused(story, approves(by=person), "submitter-does-not-approve")
    permitted(story, approves(by="manager-3"))


@permits("proposer-does-not-approve")
def test_somebody_else_than_the_proposer_approves() -> None:
    story = play(contract(), proposes(order(("M1", day(9, 1), 1_000_000)), day(8, 20)))
    permitted(story, agrees(last(story), by="manager-2"))


@permits("proposer-does-not-approve")
def test_in_a_one_person_shop_the_proposer_may_approve() -> None:
    story = play(
        contract(separation=False),
        proposes(order(("M1", day(9, 1), 1_000_000)), day(8, 20)),
    )
    permitted(story, agrees(last(story), by="manager-1"))


@refuses("proposer-does-not-approve")
def test_the_proposer_does_not_approve() -> None:
    story = play(contract(), proposes(order(("M1", day(9, 1), 1_000_000)), day(8, 20)))
    refused(story, agrees(last(story), by="manager-1"), "proposer-does-not-approve")


@permits("submitter-does-not-approve")
@refuses("submitter-does-not-approve")
@pytest.mark.parametrize("then", [True, False], ids=["on then, off now", "off then, on now"])
def test_whether_a_submitter_may_approve_is_told_by_the_policy_in_force_at_submission(
    then: bool,
) -> None:
    turned = Amendment(terms=replace(TERMS, separation=not then))
    story = play(contract(separation=then), submits("M1", by="manager-1"))
    play(story, proposes(turned, by="admin-1"), agrees(last(story) + 1, by="admin-2"))
    state = fold(story.records)
    assert state is not None and state.terms.separation is not then
    play(story, submits("M1", by="manager-1", corrects=True))  # no way round the policy either
    if then:
        refused(story, approves(by="manager-1"), "submitter-does-not-approve")
    else:
        permitted(story, approves(by="manager-1"))


@permits("proposer-does-not-approve")
@refuses("proposer-does-not-approve")
@pytest.mark.parametrize("then", [True, False], ids=["on then, off now", "off then, on now"])
def test_whether_a_proposer_may_approve_is_told_by_the_policy_in_force_when_proposed(
    then: bool,
) -> None:
    turned = Amendment(terms=replace(TERMS, separation=not then))
    story = play(contract(separation=then), proposes(order(("M1", day(9, 1), 1_000_000))))
    proposal = last(story)
    play(story, proposes(turned, by="admin-1"), agrees(proposal + 1, by="admin-2"))
    if then:
        refused(story, agrees(proposal, by="manager-1"), "proposer-does-not-approve")
    else:
        permitted(story, agrees(proposal, by="manager-1"))


@permits("opener-does-not-resolve")
def test_people_other_than_the_opener_propose_and_approve_a_resolution() -> None:
    story = play(accepted(), disputes(by="manager-3"))
    play(story, proposes(resolution(last(story), "rejected", 0)))
    permitted(story, agrees(last(story), by="manager-2"))


@refuses("opener-does-not-resolve")
def test_whoever_opened_a_dispute_neither_proposes_nor_approves_its_resolution() -> None:
    story = play(accepted(), disputes(by="manager-3"))
    content = resolution(last(story), "rejected", 0)
    refused(story, proposes(content, by="manager-3"), "opener-does-not-resolve")
    play(story, proposes(content, by="manager-1"))
    refused(story, agrees(last(story), by="manager-3"), "opener-does-not-resolve")


@permits("nobody-grants-to-themselves")
def test_two_other_administrators_give_an_administrator_a_role() -> None:
    story = play(contract(), proposes(role("admin-3"), by="admin-1"))
    permitted(story, agrees(last(story), by="admin-2"))


@permits("nobody-grants-to-themselves")
def test_of_two_administrators_one_can_still_leave() -> None:
    story = play(
        contract(administrators=("admin-1", "admin-2")),
        proposes(role("admin-2", "administrator", grant=False), by="admin-1"),
    )
    events = permitted(story, agrees(last(story), by="admin-2"))
    assert isinstance(events[-1], RoleRevoked)


@permits("nobody-grants-to-themselves")
def test_in_a_one_person_shop_the_administrator_takes_a_role() -> None:
    story = contract(separation=False, administrators=("admin-1",))
    play(story, proposes(role("admin-1"), by="admin-1"))
    permitted(story, agrees(last(story), by="admin-1"))


@refuses("nobody-grants-to-themselves")
def test_nobody_proposes_or_approves_a_role_for_themselves() -> None:
    refused(contract(), proposes(role("admin-1"), by="admin-1"), "nobody-grants-to-themselves")
    story = play(contract(), proposes(role("admin-2"), by="admin-1"))
    refused(story, agrees(last(story), by="admin-2"), "nobody-grants-to-themselves")


@refuses("nobody-grants-to-themselves")
def test_an_amendment_is_no_way_round_to_a_role_or_a_delegation_of_ones_own() -> None:
    roles = TERMS.roles | {"finance": ("finance-1", "finance-2", "admin-2")}
    delegation = Delegation(of="finance-1", to="admin-2")
    for terms in (replace(TERMS, roles=roles), replace(TERMS, delegations=(delegation,))):
        refused(
            contract(),
            proposes(Amendment(terms=terms), by="admin-2"),
            "nobody-grants-to-themselves",
        )
        story = play(contract(), proposes(Amendment(terms=terms), by="admin-1"))
        refused(story, agrees(last(story), by="admin-2"), "nobody-grants-to-themselves")
        permitted(story, agrees(last(story), by="admin-3"))


@permits("nobody-counts-twice")
def test_after_a_withdrawal_the_same_person_may_approve_again() -> None:
    withdraw = ("manager-1", i.WithdrawApproval(milestone="M2"))
    story = play(contract(), submits("M2"), approves("M2"), withdraw)
    permitted(story, approves("M2"))


@refuses("nobody-counts-twice")
def test_one_person_with_two_roles_fills_one_place() -> None:
    story = contract(roles=BIG.roles)
    play(story, submits("M2"), approves("M2", by="manager-1"))
    refused(story, approves("M2", by="manager-1"), "nobody-counts-twice")
    refused(story, approves("M2", by="manager-1", role="finance"), "nobody-counts-twice")


@permits("approver-holds-a-role-of-the-tier")
def test_up_to_its_limit_a_tier_asks_one_manager() -> None:
    story = contract(approval=(Tier(up_to_minor=1_000_000, quorum={"manager": 1}),))
    events = permitted(play(story, submits("M1")), approves("M1"))
    assert isinstance(events[-1], MilestoneAccepted)


@refuses("approver-holds-a-role-of-the-tier")
def test_finance_has_no_place_in_the_managers_tier() -> None:
    story = play(contract(), submits("M1"))
    rule = "approver-holds-a-role-of-the-tier"
    refused(story, approves("M1", by="finance-1"), rule)
    refused(story, approves("M1", by="manager-1", role="finance"), rule)
    refused(story, approves("M1", by="stranger"), rule)


@refuses("approver-holds-a-role-of-the-tier")
def test_an_approver_holds_the_role_on_the_effective_date_too() -> None:
    story = play(
        contract(),
        submits("M1", day(8, 20)),
        proposes(role("newcomer"), day(9, 1), by="admin-1"),
        agrees(5, day(9, 1), by="admin-2"),
    )
    early = approves("M1", day(8, 31), by="newcomer")
    refused(story, early, "approver-holds-a-role-of-the-tier")
    permitted(story, approves("M1", day(9, 1), by="newcomer"))


def test_who_lost_the_role_since_counts_no_more_also_for_an_approval_that_is_dated_back() -> None:
    story = play(contract(), submits("M2"), approves("M2", day(9, 20)))
    leaves = proposes(role("manager-1", grant=False), on=day(9, 24), by="admin-1")
    play(story, leaves, agrees(last(story) + 1, on=day(9, 25), by="admin-2"))
    assert len(permitted(story, approves("M2", day(9, 21), by="finance-1"))) == 1


@permits("approval-fills-an-open-place")
def test_the_second_approval_fills_the_other_role() -> None:
    story = play(contract(), submits("M2"), approves("M2"))
    events = permitted(story, approves("M2", by="finance-1"))
    assert isinstance(events[1], MilestoneAccepted)


@refuses("approval-fills-an-open-place")
def test_a_second_manager_finds_no_open_place_where_one_is_asked_for() -> None:
    story = play(contract(), submits("M2"), approves("M2"))
    for asked in ("", "manager"):
        act = approves("M2", by="manager-2", role=asked)
        refused(story, act, "approval-fills-an-open-place")


@permits("only-own-live-approval-is-withdrawn")
def test_who_approved_takes_the_approval_back_before_the_decision() -> None:
    story = play(contract(), submits("M2"), approves("M2"))
    permitted(story, ("manager-1", i.WithdrawApproval(milestone="M2")))


@refuses("only-own-live-approval-is-withdrawn")
def test_nobody_takes_back_the_approval_of_another_or_one_taken_back_already() -> None:
    story = play(contract(), submits("M2"), approves("M2"))
    rule = "only-own-live-approval-is-withdrawn"
    refused(story, ("manager-2", i.WithdrawApproval(milestone="M2")), rule)
    own = ("manager-1", i.WithdrawApproval(milestone="M2"))
    refused(play(story, own), own, rule)


@permits("dispute-step-by-its-side")
def test_each_side_opens_its_own_disputes() -> None:
    story = play(accepted(), disputes(by="manager-1"), disputes(by="partner-1"))
    assert [d.side for d in story.the_state().disputes.values()] == ["client", "partner"]


def test_who_speaks_for_both_sides_disputes_for_the_client_unless_they_say_otherwise() -> None:
    both = TERMS.roles | {"partner": ("partner-1", "manager-1")}
    unsaid, said = disputes(by="manager-1"), disputes(by="manager-1", side="partner")
    story = play(accepted(roles=both), unsaid, said)
    assert [d.side for d in story.the_state().disputes.values()] == ["client", "partner"]


@refuses("dispute-step-by-its-side")
def test_nobody_speaks_for_the_other_side() -> None:
    rule = "dispute-step-by-its-side"
    refused(accepted(), disputes(by="finance-1"), rule)
    refused(accepted(), disputes(by="partner-1", side="client"), rule)
    story = play(accepted(), disputes(by="manager-1"))
    withdraw = i.WithdrawDispute(dispute=last(story))
    refused(story, ("partner-1", withdraw), rule)
    evidence = i.AddDisputeEvidence(dispute=last(story), note="see annex")
    refused(story, ("finance-1", evidence), rule)
    play(story, ("partner-1", evidence), ("manager-1", withdraw))


def test_a_role_lost_before_the_quorum_no_longer_counts_at_it() -> None:
    story = play(
        contract(),
        submits("M2", day(9, 18)),
        approves("M2", day(9, 20)),
        proposes(role("manager-1", grant=False), day(9, 21), by="admin-1"),
        agrees(6, day(9, 21), by="admin-2"),
    )
    assert len(permitted(story, approves("M2", day(9, 25), by="finance-1"))) == 1
    assert story.the_state().milestones["M2"].status == "submitted"
    permitted(story, approves("M2", day(9, 26), by="manager-2"))
    assert story.the_state().milestones["M2"].status == "accepted"


def test_a_person_with_two_roles_chooses_the_place_to_fill() -> None:
    story = play(contract(roles=BIG.roles | {"manager": ("manager-1", "manager-2")}))
    play(story, submits("M2"), approves("M2", by="manager-1", role="finance"))
    events = permitted(story, approves("M2", by="manager-2"))
    assert isinstance(events[1], MilestoneAccepted)


def test_a_role_granted_later_survives_an_amendment_and_one_revoked_stays_revoked() -> None:
    story = play(
        contract(),
        proposes(role("newcomer"), by="admin-1"),
        agrees(4, by="admin-2"),
        proposes(role("manager-3", grant=False), by="admin-1"),
        agrees(7, by="admin-2"),
    )
    terms = replace(story.the_state().terms, ceiling_minor=6_000_000)
    play(story, proposes(Amendment(terms=terms), by="admin-1"), agrees(10, by="admin-2"))
    state = story.the_state()
    assert state.holds("manager", "newcomer", TODAY)
    assert not state.holds("manager", "manager-3", TODAY)
    assert state.holds("manager", "manager-3", SIGNED)


def test_an_administrator_rejects_what_they_may_neither_propose_nor_approve() -> None:
    story = play(contract(), proposes(order(("M1", day(9, 30), 1_000_000))))
    permitted(story, ("admin-1", i.RejectChange(proposal=last(story), reason="void")))


def test_of_two_quorums_the_stricter_asks_each_role_for_the_more() -> None:
    assert stricter({"manager": 2}, {"manager": 1, "finance": 1}) == {"manager": 2, "finance": 1}


def test_with_a_contract_ends_what_was_rejected_too() -> None:
    story = play(contract(), submits("M1"), rejects("M1"))
    permitted(story, ("admin-1", i.TerminateContract(reason="bankrupt")))
    assert {m.status for m in story.the_state().milestones.values()} == {"cancelled"}
