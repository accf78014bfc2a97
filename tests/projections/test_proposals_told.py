"""What a proposal would change, in words and before and after; where it stands, and who approved it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as replace_event

from ledger.events import (
    Amendment,
    AmendmentPatch,
    ApprovalGranted,
    BonusProposal,
    BonusRevocation,
    MilestonePatch,
    OrderPatch,
    Proposed,
    Resolution,
    Reversal,
    RoleChange,
    SetOff,
    Share,
    Termination,
    TermsPatch,
    Waiver,
)
from ledger.intents import WithdrawApproval
from ledger.state import Proposal
from ledger.terms import Delegation, MilestonePlan
from projections.derive.proposals import (
    Changed,
    changes,
    content_changes,
    content_in_words,
    proposal_in_words,
    standing,
)
from tests.decisions import builders as b
from tests.decisions.builders import TERMS, day
from tests.decisions.spec import Story
from tests.decisions.told import M1, after

# --- in one sentence ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (BonusProposal(amount_minor=50, reason="", **M1), "a bonus of 0.50 CNY for M1"),
        (
            BonusRevocation(bonus=7, why="event", reason="", **M1),
            "revoke bonus #7 of M1",
        ),
        (
            BonusRevocation(bonus=7, why="error", reason="", **M1),
            "revoke bonus #7 of M1 as an error",
        ),
        (
            Waiver(penalty=6, amount_minor=40, reason="", **M1),
            "waive 0.40 CNY of penalty #6 on M1",
        ),
        (
            Resolution(dispute=5, outcome="split", adjustment_minor=-70, **M1),
            "resolve dispute #5 of M1 as split, -0.70 CNY",
        ),
        (
            Resolution(dispute=5, outcome="rejected", adjustment_minor=0, **M1),
            "resolve dispute #5 of M1 as rejected",
        ),
        (
            RoleChange(role="manager", person="newcomer", grant=True),
            "newcomer is to hold the role manager",
        ),
        (
            RoleChange(role="manager", person="newcomer", grant=False),
            "newcomer is no longer to hold the role manager",
        ),
        (Reversal(acceptance=4, why="event", reason="", **M1), "reverse the acceptance of M1"),
        (
            Reversal(acceptance=4, why="error", reason="", **M1),
            "reverse the acceptance of M1 as an error",
        ),
        (
            SetOff(against="M2", amount_minor=80, **M1),
            "set off 0.80 CNY claimed for M1 against M2",
        ),
        (Termination(), "terminate the contract, accepting no work in progress"),
        (
            Termination(
                shares=(
                    Share(milestone="M1", accepted_minor=10),
                    Share(milestone="M2", accepted_minor=20),
                ),
                fee_minor=30,
            ),
            "terminate the contract, accepting M1 at 0.10 CNY, M2 at 0.20 CNY, with a fee of 0.30 CNY owed"
            " by the client",
        ),
        (
            Termination(fee_minor=-30),
            "terminate the contract, accepting no work in progress, with a fee of 0.30 CNY owed by the partner",
        ),
    ],
)
def test_each_kind_of_proposal_in_one_sentence(content: Proposed, said: str) -> None:
    assert content_in_words(content, after(), {}) == said


def test_a_bonus_to_be_revoked_is_told_with_its_amount() -> None:
    story = b.play(
        b.accepted(), b.proposes(b.bonus(5_000), on=day(9, 1)), b.agrees(7, on=day(9, 2))
    )
    content = BonusRevocation(bonus=b.last(story), why="event", reason="", **M1)
    said = content_in_words(content, story.the_state(), {})
    assert said == f"revoke bonus #{b.last(story)} of M1, 50.00 CNY"


def the_proposal(story: Story) -> Proposal:
    return list(story.the_state().proposals.values())[-1]


def told(story: Story) -> list[Changed]:
    return changes(story.the_state(), the_proposal(story))


def amends(by: str = "admin-1", **terms: Any) -> b.Act:
    define = terms.pop("define", ())
    content = Amendment(terms=replace(TERMS, **terms), define=define)
    return b.proposes(content, on=day(9, 1), by=by)


def test_a_change_order_tells_before_and_after_and_nothing_that_stays() -> None:
    story = b.play(
        b.contract(),
        b.proposes(
            b.order(("M1", day(8, 30), 1_000_000), ("M2", day(9, 18), 3_200_000)), on=day(8, 5)
        ),
    )
    assert told(story) == [
        Changed("M1 due", "2026-08-21", "2026-08-30"),
        Changed("M2 amount", "30,000.00 CNY", "32,000.00 CNY"),
    ]
    said = proposal_in_words(story.the_state(), the_proposal(story))
    assert said == "M1 due 2026-08-30 (was 2026-08-21); M2 32,000.00 CNY (was 30,000.00 CNY)"


def test_an_amendment_tells_its_terms_its_roles_and_its_new_milestones() -> None:
    plan = MilestonePlan(id="M3", due=day(9, 30), amount_minor=500_000)
    bare = MilestonePlan(id="M4", due=None, amount_minor=None)
    roles = TERMS.roles | {"finance": ("finance-2", "finance-1", "newcomer")}
    story = b.play(
        b.contract(),
        amends(ceiling_minor=6_000_000, title="Hall", roles=roles, define=(plan, bare)),
    )
    found = {changed.what: (changed.before, changed.after) for changed in told(story)}
    assert found.pop("ceiling") == ("50,000.00 CNY", "60,000.00 CNY")
    assert found.pop("title") == (None, "Hall")
    assert found.pop("M3") == (None, "new, 5,000.00 CNY due 2026-09-30")
    assert found.pop("M4") == (None, "new, an unknown amount")
    (((role, (_, after_it)),)) = found.items()
    assert role.startswith("roles.finance")
    assert after_it is not None and "newcomer" in after_it
    said = proposal_in_words(story.the_state(), the_proposal(story))
    assert said.startswith("amend the contract: ")
    # three of the five are told
    assert said.endswith("; and 2 more changes")
    assert said.count(";") == 3


def test_three_changes_are_all_told_and_none_is_announced() -> None:
    story = b.play(b.contract(), amends(title="Hall", client="BW", backdating_days=30))
    said = proposal_in_words(story.the_state(), the_proposal(story))
    assert "more changes" not in said
    assert said.count(";") == 2


def test_people_named_in_another_order_are_no_change() -> None:
    """The order of who holds a role says nothing; only another person does."""
    administrators = ("admin-3", "admin-1", "admin-2")
    story = b.play(b.contract(), amends(title="Hall", administrators=administrators))
    assert [changed.what for changed in told(story)] == ["title"]


def test_people_stated_in_another_order_than_before_are_no_change() -> None:
    """A proposal of the first release states all that it leaves as it is."""
    people = ("manager-3", "manager-1", "manager-2")
    content = AmendmentPatch(terms=TermsPatch(roles={"manager": people}))
    before = {"roles.manager": tuple(sorted(people))}
    assert list(content_changes(content, after(), before)) == []
    assert content_in_words(content, after(), before) == "amend the contract"
    (found,) = content_changes(content, after(), {"roles.manager": ("manager-1",)})
    assert found.what.startswith("roles.manager")


def test_what_was_not_agreed_before_is_told_without_it() -> None:
    story = b.contract(b.defined("M1", due=None))
    b.play(story, b.proposes(b.order(("M1", day(8, 30), 1_000_000)), on=day(8, 5)))
    assert proposal_in_words(story.the_state(), the_proposal(story)) == "M1 due 2026-08-30"


def test_what_an_order_states_as_it_was_is_no_change_of_it() -> None:
    state = b.contract().the_state()
    stated = MilestonePatch(milestone="M1", due=day(8, 21), amount_minor=900_000)
    before = {"M1 due": day(8, 21), "M1 amount": 1_000_000}
    found = list(content_changes(OrderPatch(revisions=(stated,)), state, before))
    assert found == [Changed("M1 amount", "10,000.00 CNY", "9,000.00 CNY")]


# --- where it stands ---------------------------------------------------------------------------------------


def stands(story: Story) -> tuple[list[int], list[int], dict[str, int]]:
    """The versions of the approvals that count and of those that do not, and who is missing."""
    found = standing(story.the_state(), the_proposal(story))
    counted, void = ([a.version for a in some] for some in (found.counted, found.void))
    return counted, void, found.missing


def large() -> Story:
    """A change order of 20,000.01 more, which a manager and a finance clerk approve."""
    story = b.contract(ceiling_minor=9_000_000)
    order = b.order(("M1", day(8, 21), 3_000_001))
    return b.play(story, b.proposes(order, on=day(9, 1)))


def test_an_approval_counts_while_it_lives_and_its_role_is_held() -> None:
    story = large()
    assert stands(story) == ([], [], {"manager": 1, "finance": 1})
    b.play(story, b.agrees(4, on=day(9, 2)))
    assert stands(story) == ([5], [], {"finance": 1})
    b.play(story, ("manager-2", WithdrawApproval(proposal=4)))
    assert stands(story) == ([], [5], {"manager": 1, "finance": 1})


def test_who_lost_the_role_counts_no_more() -> None:
    story = b.play(large(), b.agrees(4, on=day(9, 2)))
    leaves = b.proposes(b.role("manager-2", grant=False), on=day(9, 3), by="admin-1")
    b.play(story, leaves, b.agrees(6, on=day(9, 4), by="admin-2"))
    state = story.the_state()
    found = standing(state, state.proposals[4])
    assert ([a.version for a in found.counted], [a.version for a in found.void]) == ([], [5])


def test_what_took_effect_counts_as_it_was_approved() -> None:
    story = b.play(
        b.accepted(), b.proposes(b.bonus(5_000), on=day(9, 1)), b.agrees(7, on=day(9, 2))
    )
    found = standing(story.the_state(), the_proposal(story))
    assert ([a.version for a in found.counted], found.missing) == ([8], {})
    assert (found.priced, found.outdated) == ((), ())


def test_of_what_took_effect_those_count_who_approved_it_as_it_was_decided() -> None:
    """A bonus of 20,000.01 at no tax; the terms come to 6 % before the second approves: both approve anew."""
    story = b.play(b.accepted(ceiling_minor=None), b.proposes(b.bonus(2_000_001), on=day(9, 1)))
    b.play(story, b.agrees(7, on=day(9, 2)))
    accepts_tax = story.records[-1].data
    assert isinstance(accepts_tax, ApprovalGranted)
    other = replace_event(accepts_tax, digest="of another price")
    story.records[-1] = replace_event(story.records[-1], data=other)
    b.play(story, b.agrees(7, on=day(9, 3), by="manager-3"))
    b.play(story, b.agrees(7, on=day(9, 3), by="finance-1"))
    found = standing(story.the_state(), the_proposal(story))
    assert ([a.version for a in found.counted], [a.version for a in found.void]) == ([9, 10], [8])


def test_an_open_proposal_tells_what_it_would_post_and_an_outdated_one_nothing() -> None:
    story = b.play(b.accepted(), b.proposes(b.bonus(5_000), on=day(9, 1)))
    found = standing(story.the_state(), the_proposal(story))
    assert [(f.step, f.amount_minor, f.milestone) for f in found.priced] == [("bonus", 5_000, "M1")]
    assert found.outdated == ()
    back = b.proposes(b.reversal(6), on=day(9, 2), by="manager-2")
    b.play(story, back, b.agrees(8, on=day(9, 3), by="manager-3"))
    state = story.the_state()
    found = standing(state, state.proposals[7])
    assert (found.priced, [change.what for change in found.outdated]) == ((), ["M1 acceptance"])
    # accepted again, it would post the same, on an acceptance that its approvers did not see
    b.play(story, b.approves(on=day(9, 4)))
    state = story.the_state()
    found = standing(state, state.proposals[7])
    assert (found.priced, [change.what for change in found.outdated]) == ((), ["M1 acceptance"])


def test_what_cannot_take_effect_as_things_stand_posts_nothing() -> None:
    """The ceiling leaves 10,000.00; a bonus of 9,000.00 waits while another one takes it up."""
    story = b.play(
        b.accepted(ceiling_minor=5_000_000),
        b.proposes(b.bonus(900_000), on=day(9, 1)),
        b.proposes(b.bonus(900_000), on=day(9, 1), by="manager-2"),
        b.agrees(8, on=day(9, 2), by="manager-3"),
    )
    state = story.the_state()
    assert standing(state, state.proposals[7]).priced == ()


def test_a_delegation_that_an_amendment_adds_is_told() -> None:
    story = b.play(b.contract(), amends(delegations=(Delegation(of="partner-1", to="clerk"),)))
    assert any(changed.after is not None and "clerk" in changed.after for changed in told(story))
