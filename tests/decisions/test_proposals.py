"""A proposal is a patch: it holds what it changes, rests on what that was, and is judged again when it takes effect."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import permutations

import msgspec
import pytest

from ledger import intents as i
from ledger.contract import fold
from ledger.decisions.binding import moved
from ledger.errors import Refused
from ledger.events import (
    Amendment,
    ApprovalGranted,
    ChangeOrder,
    ChangeProposed,
    ChangeProposed1,
    DisputeOpened,
    DisputeResolved,
    Figure,
    MilestoneAccepted,
    Record,
    Revision,
    encode,
)
from ledger.evolve.common import digest
from ledger.rule_versions import FIRST
from ledger.terms import (
    Delegation,
    MilestonePlan,
    PaymentTerms,
    Retention,
    Tax,
    TerminationClause,
    Tier,
)
from tests.decisions.builders import (
    PLANS,
    TERMS,
    Act,
    accepted,
    agrees,
    approves,
    bonus,
    contract,
    day,
    last,
    order,
    permitted,
    play,
    proposes,
    refused,
    rejects,
    resolution,
    reversal,
    role,
    submits,
    version_of,
)
from tests.decisions.endings import ends
from tests.decisions.marks import permits, refuses
from tests.decisions.spec import Story, record

DUE, AMOUNT = date(2026, 8, 21), 1_000_000


def moves(due: date = date(2026, 9, 30)) -> Act:
    """A date-only order, as the command line makes it: the price is filled in, and not asked for."""
    content = order(("M1", due, AMOUNT))
    return "manager-1", i.ProposeChange(content=content, typed=("due",))


def reprices(minor: int, due: date = DUE) -> Act:
    content = order(("M1", due, minor))
    return "manager-1", i.ProposeChange(content=content, typed=("amount_minor",))


def m1(story: Story) -> tuple[date | None, int | None]:
    now = story.the_state().milestones["M1"].current
    return now.due, now.amount_minor


# --- change orders ------------------------------------------------------------------------------------


@permits("proposal-not-outdated")
@pytest.mark.parametrize("approved", list(permutations((4, 5))))
def test_two_orders_on_disjoint_fields_both_take_effect_in_any_order(
    approved: tuple[int, int],
) -> None:
    story = play(contract(), moves(), reprices(500_000))
    for version in approved:
        play(story, agrees(version))
    assert m1(story) == (day(9, 30), 500_000)


@pytest.mark.parametrize("days", list(permutations((day(10, 1), day(10, 5)))))
def test_disjoint_orders_act_from_their_own_days_whatever_the_order_of_recording(
    days: tuple[date, date],
) -> None:
    story = play(contract(), moves(), reprices(500_000))
    story.records[3:] = [replaced(one, day(9, 1)) for one in story.records[3:]]
    play(story, agrees(4, days[0]), agrees(5, days[1]))
    state = fold(story.records, day(10, 3))
    assert state is not None
    now = state.milestones["M1"].current
    moved_first = days[0] < days[1]
    expected = (day(9, 30), AMOUNT) if moved_first else (DUE, 500_000)
    assert (now.due, now.amount_minor) == expected
    assert m1(story) == (day(9, 30), 500_000)


def replaced(one: Record, on: date) -> Record:
    """The record with its proposal dated earlier."""
    data = msgspec.structs.replace(one.data, on=on)
    return msgspec.structs.replace(one, data=data)


def test_a_date_only_order_leaves_the_price_open_and_names_what_it_rests_on() -> None:
    story = play(contract(), moves())
    event = story.records[-1].data
    assert isinstance(event, ChangeProposed)
    assert encode(event.content) == (
        b'{"revisions":[{"due":"2026-09-30","milestone":"M1"}],"type":"change-order"}'
    )
    assert 2 in event.rests_on  # the definition that set the date


@refuses("proposal-not-outdated")
def test_two_orders_on_the_same_price_the_second_is_outdated_and_says_by_what() -> None:
    story = play(contract(), reprices(1_200_000), reprices(800_000), agrees(5))
    changed = last(story)
    story.when(i.ApproveChange(proposal=4), by="manager-2")
    refusal = story.refused("proposal-not-outdated")
    said = {"what": "M1 amount", "before": "10,000.00 CNY", "after": "8,000.00 CNY"}
    assert refusal.facts["changes"] == [said | {"by": f"C-1#{changed}"}]
    assert refusal.hint.endswith("mledger contract renew 'C-1#4'")


@permits("proposal-outdated")
def test_an_outdated_proposal_is_proposed_anew_and_then_takes_effect() -> None:
    story = play(contract(), reprices(1_200_000), reprices(800_000), agrees(5))
    permitted(story, ("manager-1", i.RenewChange(proposal=4)))
    state = story.the_state()
    assert (state.proposals[4].status, state.proposals[last(story)].status) == ("rejected", "open")
    # 8,000.00 → 12,000.00 adds 4,000.00, and no longer 2,000.00.
    assert state.proposals[last(story)].event.amount_minor == 400_000
    play(story, agrees(last(story)))
    assert m1(story) == (DUE, 1_200_000)


@refuses("proposal-outdated")
def test_a_proposal_that_is_up_to_date_is_not_proposed_anew() -> None:
    story = play(contract(), moves())
    refused(story, ("manager-1", i.RenewChange(proposal=4)), "proposal-outdated")


def test_what_another_proposal_did_already_is_only_rejected() -> None:
    story = play(contract(), reprices(800_000), reprices(800_000), agrees(4))
    story.when(i.ApproveChange(proposal=5), by="manager-2")
    assert "reject 'C-1#5'" in story.refused("proposal-not-outdated").hint
    refused(story, ("manager-1", i.RenewChange(proposal=5)), "proposal-changes-something")


def test_a_price_changed_and_changed_back_outdates_nothing() -> None:
    story = play(contract(), reprices(1_200_000), reprices(800_000), agrees(5))
    play(story, reprices(AMOUNT), agrees(last(story) + 1))
    permitted(story, agrees(4))


def test_no_money_is_added_on_fewer_words_than_its_tier_demands() -> None:
    """The case as it was found: a date-only order brought the old price back on one manager's word."""
    story = play(contract(ceiling_minor=None), reprices(3_500_000), moves())
    play(story, agrees(4), agrees(4, by="finance-1"), agrees(5))
    assert m1(story) == (day(9, 30), 3_500_000)
    story = play(contract(ceiling_minor=None), moves(), reprices(100_000))
    play(story, agrees(5), agrees(4))
    assert m1(story) == (day(9, 30), 100_000)


# --- orders stored by the first release ------------------------------------------------------------------


def stored(story: Story, content: ChangeOrder | Amendment, by: str, quorum: dict[str, int]) -> None:
    """A proposal as the first release recorded it: stated in full."""
    event = ChangeProposed1(
        on=day(9, 1),
        rests_on=(1, 2),
        content=content,
        digest=digest(content),
        amount_minor=0,
        quorum=quorum,
    )
    story.records.append(record(event, len(story.records) + 1, by))


def test_an_order_stated_in_full_sets_both_and_is_outdated_by_either() -> None:
    full = ChangeOrder(revisions=(Revision(milestone="M1", due=day(9, 30), amount_minor=AMOUNT),))
    story = contract()
    stored(story, full, "manager-1", {"manager": 1})
    permitted(story, agrees(4))
    assert m1(story) == (day(9, 30), AMOUNT)
    story = contract()
    stored(story, full, "manager-1", {"manager": 1})
    play(story, reprices(500_000), agrees(5))
    refused(story, agrees(4), "proposal-not-outdated")
    permitted(story, ("manager-1", i.RenewChange(proposal=4)))
    play(story, agrees(last(story)))
    assert m1(story) == (day(9, 30), 500_000), "only the date was meant to change"


def test_an_order_stored_with_no_amount_needs_the_words_that_it_was_put_to_and_those_of_what_it_adds() -> (
    None
):
    """1,000.00 are added, for which one manager is enough: the finance clerk whom it was put to is asked as well."""
    raised = order(("M1", DUE, AMOUNT + 100_000))
    story = contract()
    stored(story, raised, "manager-1", {"finance": 1})
    permitted(story, agrees(4, by="finance-1"))
    assert story.the_state().proposals[4].status == "open"
    permitted(story, agrees(4))
    assert m1(story) == (DUE, AMOUNT + 100_000)
    story = contract()
    stored(story, raised, "manager-1", {"finance": 1})
    permitted(story, agrees(4))
    assert story.the_state().proposals[4].status == "open"


@refuses("approval-signed-where-the-tier-demands")
def test_an_order_stored_with_no_amount_is_signed_where_the_tier_of_what_it_adds_demands_it() -> (
    None
):
    tiers = (
        Tier(up_to_minor=100_000, quorum={"manager": 1}),
        Tier(quorum={"manager": 1}, signatures=True),
    )
    story = contract(approval=tiers)
    stored(story, order(("M1", DUE, AMOUNT + 100_001)), "manager-1", {"manager": 1})
    refused(story, agrees(4), "approval-signed-where-the-tier-demands")


def test_an_amendment_stated_in_full_keeps_its_meaning() -> None:
    terms = replace(TERMS, title="one", roles=dict(list(TERMS.roles.items())[:2]))
    story = contract()
    stored(story, Amendment(terms=terms), "admin-1", {"administrator": 1})
    permitted(story, agrees(4, by="admin-2"))
    assert story.the_state().terms == terms, "the role that it does not name is gone"
    story = contract()
    stored(story, Amendment(terms=terms), "admin-1", {"administrator": 1})
    play(story, proposes(role("manager-3", grant=False), by="admin-1"), agrees(5, by="admin-2"))
    refused(story, agrees(4, by="admin-2"), "proposal-not-outdated")


# --- amendments -----------------------------------------------------------------------------------------


def amends(**terms: object) -> Act:
    return proposes(Amendment(terms=replace(TERMS, **terms)), by="admin-1")  # type: ignore[arg-type]


@pytest.mark.parametrize("approved", list(permutations((4, 5))))
def test_of_two_amendments_of_different_clauses_both_hold(approved: tuple[int, int]) -> None:
    tax, net = Tax(vat=Decimal(6)), PaymentTerms(net_days=60)
    story = play(contract(), amends(tax=tax), amends(payment=net))
    for version in approved:
        play(story, agrees(version, by="admin-2"))
    terms = story.the_state().terms
    assert (terms.tax, terms.payment) == (tax, net)
    assert replace(terms, tax=None, payment=TERMS.payment) == TERMS


@refuses("proposal-not-outdated")
def test_of_two_amendments_of_one_clause_the_second_is_outdated() -> None:
    story = play(
        contract(),
        amends(payment=PaymentTerms(net_days=60)),
        amends(payment=PaymentTerms(net_days=90)),
        agrees(5, by="admin-2"),
    )
    refused(story, agrees(4, by="admin-2"), "proposal-not-outdated")
    permitted(story, ("admin-1", i.RenewChange(proposal=4)))
    play(story, agrees(last(story), by="admin-2"))
    assert story.the_state().terms.payment == PaymentTerms(net_days=60)


def test_an_amendment_neither_gives_back_a_role_revoked_meanwhile_nor_takes_one_granted() -> None:
    story = play(
        contract(),
        amends(title="one"),
        proposes(role("manager-3", grant=False), by="admin-1"),
        proposes(role("finance-3", "finance"), by="admin-1"),
    )
    for version in (5, 6, 4):
        play(story, agrees(version, by="admin-2"))
    state = story.the_state()
    assert state.terms.title == "one"
    assert not state.holds("manager", "manager-3", None)
    assert state.holds("finance", "finance-3", None)


def test_an_amendment_that_removes_a_clause_is_told_from_one_that_leaves_it() -> None:
    story = play(
        contract(tax=Tax(vat=Decimal(6))),
        proposes(Amendment(terms=replace(TERMS, tax=None)), by="admin-1"),
        agrees(4, by="admin-2"),
    )
    assert story.the_state().terms.tax is None


def test_an_amendment_and_an_order_on_another_field_of_one_milestone_both_hold() -> None:
    dated = Amendment(
        terms=TERMS, revisions=(Revision(milestone="M1", due=day(9, 30), amount_minor=AMOUNT),)
    )
    story = play(contract(), proposes(dated, by="admin-1"), reprices(700_000), agrees(5))
    play(story, agrees(4, by="admin-2"))
    assert m1(story) == (day(9, 30), 700_000)


# --- terminations, reversals -------------------------------------------------------------------------------


def test_a_termination_is_outdated_by_the_work_that_it_reckoned_on() -> None:
    story = play(contract(termination=TerminationClause(fee=Decimal(10))), ends(("M1", 400_000)))
    proposal = last(story)
    play(story, reprices(2_000_000), agrees(last(story) + 1))
    refused(story, agrees(proposal, by="admin-2"), "proposal-not-outdated")
    permitted(story, ("admin-1", i.RenewChange(proposal=proposal)))
    again = story.records[-1].data
    assert isinstance(again, ChangeProposed)
    assert [s.accepted_minor for s in again.content.shares] == [800_000]  # type: ignore[union-attr]


def test_a_share_of_work_that_was_sent_back_is_renewed_with_the_others() -> None:
    """M1 was rejected before; 40 % of it, as it is worth now, are 8,000.00."""
    story = play(contract(termination=TerminationClause(fee=Decimal(10))), submits("M1"))
    play(story, rejects("M1"), ends(("M1", 400_000), on=None))
    proposal = last(story)
    play(story, reprices(2_000_000), agrees(last(story) + 1))
    permitted(story, ("admin-1", i.RenewChange(proposal=proposal)))
    again = story.records[-1].data
    assert isinstance(again, ChangeProposed)
    assert [s.accepted_minor for s in again.content.shares] == [800_000]  # type: ignore[union-attr]


def test_a_change_takes_effect_on_the_latest_day_of_its_approvals() -> None:
    """The last to approve dates it the 5th, the one before the 10th: it is not in force sooner than that."""
    story = play(contract(), proposes(order(("M2", day(9, 18), 3_900_000)), on=day(9, 1)))
    play(story, proposes(order(("M1", day(8, 21), None)), on=day(9, 1)))
    play(story, agrees(5, on=day(9, 10)))
    events = permitted(story, agrees(5, on=day(9, 5), by="finance-1"))
    assert [event.on for event in events] == [day(9, 5), day(9, 10)]


def test_whoever_its_quorum_names_rejects_a_proposal() -> None:
    """An amount that is not known needs the highest tier: finance is asked, and may say no."""
    story = play(contract(), proposes(order(("M1", day(8, 21), None))))
    permitted(story, ("finance-1", i.RejectChange(proposal=4, reason="too dear")))
    small = play(contract(), proposes(order(("M1", day(8, 21), 900_000))))
    refuses_it = ("finance-1", i.RejectChange(proposal=4, reason="too dear"))
    refused(small, refuses_it, "actor-holds-role")


def test_the_tier_of_a_reversal_is_found_by_what_is_accepted_now() -> None:
    """Three days early is a bonus of 150.00; the first acceptance, reversed since, had one too."""
    story = play(contract(), submits(on=day(8, 18)), approves(on=day(8, 19)))
    play(story, proposes(reversal(6), on=day(8, 19)), agrees(last(story) + 1, on=day(8, 19)))
    play(story, approves(on=day(8, 20)))
    second = version_of(story, MilestoneAccepted)
    (event,) = permitted(story, proposes(reversal(second), on=day(8, 21)))
    assert isinstance(event, ChangeProposed)
    assert event.amount_minor == 1_015_000


# --- what the first release proposed, and did --------------------------------------------------------------------


def test_what_the_first_release_took_for_nothing_is_signed_where_its_tier_now_demands_it() -> None:
    """An order to an unknown amount was proposed as adding nothing; it needs the highest tier, which signs."""
    tiers = (Tier(up_to_minor=100, quorum={"manager": 1}), Tier(quorum={"manager": 1}))
    story = contract(approval=(tiers[0], replace(tiers[1], signatures=True)))
    by, intent = proposes(order(("M1", day(8, 21), None)))
    story.when(intent, by=by, rules=FIRST).happened()
    refused(story, agrees(4), "approval-signed-where-the-tier-demands")
    unsigned = play(contract(approval=tiers), proposes(order(("M1", day(8, 21), None))))
    permitted(unsigned, agrees(4))


def test_the_first_release_put_in_force_what_was_outdated() -> None:
    story = play(contract(), reprices(1_100_000), reprices(1_200_000), agrees(4))
    by, intent = agrees(5)
    story.when(intent, by=by, rules=FIRST).happened()
    assert m1(story)[1] == 1_200_000


def test_who_holds_a_delegation_already_gains_nothing_by_an_amendment() -> None:
    held = (Delegation(of="manager-1", to="admin-2"),)
    amended = Amendment(terms=replace(TERMS, delegations=held, title="Another"))
    story = play(contract(delegations=held), proposes(amended, by="admin-1"))
    permitted(story, agrees(4, by="admin-2"))


def test_lines_of_one_clause_are_compared_by_what_they_come_to() -> None:
    """Two quality bonuses of 100 and 200 are 300, in whichever order; 100 more is told as from 300 to 400."""
    first, second, third = (
        Figure(step="bonus", clause="quality", amount_minor=minor, milestone="M1")
        for minor in (100, 200, 300)
    )
    assert moved((first, second), (second, first)) == []
    assert [(one.before, one.after) for one in moved((first, second), (first, third))] == [
        (300, 400)
    ]


# --- approvals bind to the price ------------------------------------------------------------------------------

VAT_6, VAT_13 = Tax(vat=Decimal(6)), Tax(vat=Decimal(13))


def half_approved() -> Story:
    """M2 under two approvals: a manager approved it at VAT 6 %, then the terms say 13 %."""
    story = play(contract(tax=VAT_6), submits("M2"), approves("M2"))
    terms = replace(TERMS, tax=VAT_13)
    return play(story, proposes(Amendment(terms=terms), by="admin-1"), agrees(6, by="admin-2"))


def test_the_count_starts_anew_where_the_price_changed_between_the_approvals() -> None:
    story = half_approved()
    events = permitted(story, approves("M2", by="finance-1"))
    assert [type(event) for event in events] == [ApprovalGranted]
    events = permitted(story, approves("M2"))
    accepted_now = next(e for e in events if isinstance(e, MilestoneAccepted))
    assert sum(line.amount_minor for line in accepted_now.lines) == 3_390_000
    assert set(accepted_now.rests_on) >= {9, 10}
    assert 5 not in accepted_now.rests_on


def test_an_approval_says_the_price_that_it_was_given_for() -> None:
    story = play(contract(tax=VAT_6), submits("M2"), approves("M2"))
    event = story.records[-1].data
    assert isinstance(event, ApprovalGranted)
    assert {(f.step, f.amount_minor) for f in event.price} == {
        ("gross", 3_000_000),
        ("tax", 180_000),
    }


def test_a_price_that_came_back_counts_again() -> None:
    story = half_approved()
    back = Amendment(terms=replace(TERMS, tax=VAT_6))
    play(story, proposes(back, by="admin-1"), agrees(last(story) + 1, by="admin-2"))
    events = permitted(story, approves("M2", by="finance-1"))
    assert any(isinstance(event, MilestoneAccepted) for event in events)


def test_an_approval_of_the_first_release_bound_no_price_and_is_given_anew() -> None:
    story = play(contract(), submits("M2"))
    old = digest(
        {
            "accepted_minor": 3_000_000,
            "deliverables": [],
            "digest": digest(story.records[-1].data),
            "subject": 4,
        }
    )
    event = ApprovalGranted(
        on=day(9, 18),
        rests_on=(3, 4),
        subject=4,
        role="manager",
        digest=old,
        milestone="M2",
        accepted_minor=3_000_000,
    )
    story.records.append(record(event, 5, "manager-1"))
    events = permitted(story, approves("M2", by="finance-1"))
    assert [type(event) for event in events] == [ApprovalGranted]
    events = permitted(story, approves("M2"))
    assert any(isinstance(event, MilestoneAccepted) for event in events)


def test_a_reversal_that_would_take_back_more_by_now_is_approved_anew() -> None:
    story = accepted("M2")
    proposal = last(story) + 1
    play(story, proposes(reversal(version_of(story, MilestoneAccepted), milestone="M2")))
    play(story, agrees(proposal))
    play(story, proposes(bonus(5_000, "M2")), agrees(last(story) + 1))
    permitted(story, agrees(proposal, by="finance-1"))
    assert story.the_state().proposals[proposal].status == "open"
    permitted(story, agrees(proposal))
    assert story.the_state().proposals[proposal].status == "approved"


def test_retention_that_another_acceptance_moved_makes_a_new_count() -> None:
    limited = Retention(rate=Decimal(10), limit=Decimal(5))
    one_tier = (Tier(quorum={"manager": 1, "finance": 1}),)
    story = play(
        contract(retention=limited, approval=one_tier),
        submits("M1"),
        submits("M2"),
        approves("M1"),
        approves("M2"),
        approves("M2", by="finance-1"),  # keeps the 2,000.00 that the limit leaves
    )
    assert PLANS[0].amount_minor == AMOUNT
    permitted(story, approves("M1", by="finance-1"))
    assert story.the_state().milestones["M1"].acceptance is None
    play(story, approves("M1"))
    assert story.the_state().milestones["M1"].retained_minor == 0


def test_a_refusal_of_an_outdated_proposal_is_the_same_for_everybody() -> None:
    story = play(contract(), reprices(1_200_000), reprices(800_000), agrees(5))
    for person in ("manager-2", "manager-3"):
        story.when(i.ApproveChange(proposal=4), by=person)
        assert isinstance(story.refusal, Refused)
        assert story.refusal.code == "proposal-not-outdated"


# --- an amount that is not known --------------------------------------------------------------------------


def with_unknown_dispute() -> Story:
    """M1 accepted, and a dispute of which an import knew everything but the amount."""
    story = accepted("M1")
    opened = DisputeOpened(
        on=day(9, 1), milestone="M1", side="client", amount_minor=None, rests_on=(2,)
    )
    story.records.append(record(opened, last(story) + 1, "manager-3"))
    return story


def test_what_is_about_an_unknown_amount_needs_the_highest_tier() -> None:
    """It may be any amount: 1,000,000 would need one manager, what is not known a finance clerk as well."""
    story = with_unknown_dispute()
    content = resolution(last(story), "rejected", 0)
    play(story, proposes(content))
    proposed = story.records[-1].data
    assert isinstance(proposed, ChangeProposed)
    assert proposed.quorum == {"manager": 1, "finance": 1}
    play(story, agrees(last(story), by="manager-2"))
    assert isinstance(story.records[-1].data, ApprovalGranted)  # and nothing took effect
    play(story, agrees(last(story) - 1, by="finance-1"))
    assert isinstance(story.records[-1].data, DisputeResolved)


def test_the_first_release_took_an_unknown_amount_for_nothing() -> None:
    """Its proposals are judged as they were: by the lowest tier."""
    story = with_unknown_dispute()
    content = resolution(last(story), "rejected", 0)
    by, intent = proposes(content)
    story.when(intent, by=by, rules=FIRST).happened()
    proposed = story.records[-1].data
    assert isinstance(proposed, ChangeProposed)
    assert proposed.quorum == {"manager": 1}


def test_the_first_release_counted_what_it_knew_of_what_an_amendment_adds() -> None:
    plans = (MilestonePlan(id="M8", amount_minor=2_000_001), MilestonePlan(id="M9"))
    free = replace(TERMS, ceiling_minor=None)
    by, intent = proposes(Amendment(terms=free, define=plans), by="admin-1")
    story = contract(ceiling_minor=None)
    story.when(intent, by=by, rules=FIRST).happened()
    proposed = story.records[-1].data
    assert isinstance(proposed, ChangeProposed)
    assert (proposed.amount_minor, proposed.quorum["finance"]) == (2_000_001, 1)


def test_what_would_make_an_amount_unknown_needs_the_highest_tier() -> None:
    """A milestone without an amount may cost anything; so may one that is added without."""
    plan = MilestonePlan(id="M9", due=day(9, 1))
    for content, by, wanted in (
        (order(("M1", PLANS[0].due, None)), "manager-1", {"manager": 1, "finance": 1}),
        (
            Amendment(terms=TERMS, define=(plan,)),
            "admin-1",
            {"manager": 1, "finance": 1, "administrator": 1},
        ),
    ):
        story = play(contract(), proposes(content, by=by))
        proposed = story.records[-1].data
        assert isinstance(proposed, ChangeProposed)
        assert proposed.quorum == wanted
