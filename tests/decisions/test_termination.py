"""What a termination settles, to the cent: shares by the usual clauses, fee, advances, retention, disputes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from ledger.contract import fold
from ledger.decisions.effects_termination import fee_by_clause, not_performed
from ledger.events import (
    ChangeProposed,
    ClaimSetOff,
    ContractTerminated,
    MilestoneAccepted,
    MilestoneCancelled,
    MilestoneDefined,
    MilestoneSubmitted,
    PenaltyAssessed,
    Share,
)
from ledger.retaining import completed_on
from ledger.rule_versions import FIRST
from ledger.state import Milestone
from ledger.terms import Retention, Tax
from projections.derive import milestones as register
from projections.derive import schedule
from projections.derive.inbox import tasks
from projections.explain import explain
from tests.decisions import builders as b
from tests.decisions import endings as e
from tests.decisions.spec import Story


def _lines(milestone: Milestone) -> list[tuple[str, int]]:
    return [(p.line.clause, p.line.amount_minor) for p in milestone.lines]


# --- shares ------------------------------------------------------------------------------------------


def test_a_submitted_milestone_is_priced_by_its_delivery_and_the_rest_is_cancelled() -> None:
    story = b.play(b.contract(), b.submits("M1", on=b.day(8, 26)))  # 5 days late
    events = e.ended(story, ("M1", 400_000))
    assert [type(event) for event in events[1:]] == [
        ContractTerminated,
        MilestoneAccepted,
        PenaltyAssessed,
        MilestoneDefined,
        MilestoneCancelled,
        MilestoneCancelled,
    ]
    done, rest = e.of(story, "M1"), e.of(story, "M1-r1")
    assert _lines(done) == [("accepted-part", 400_000), ("late", -2_000)]
    assert (done.status, done.net_minor, done.current.amount_minor) == (
        "accepted",
        398_000,
        400_000,
    )
    assert (rest.status, rest.current.amount_minor, e.of(story, "M2").status) == (
        "cancelled",
        600_000,
        "cancelled",
    )


def test_work_never_handed_over_is_neither_early_nor_late() -> None:
    story = b.contract()  # M1 and M2 are long overdue by the end
    events = e.ended(story, ("M1", 1_000_000), ("M2", 500_000))
    assert [fact.on for fact in e.facts(events, MilestoneSubmitted)] == [None, None]
    assert not e.facts(events, PenaltyAssessed)
    assert [e.of(story, m).net_minor for m in ("M1", "M2")] == [1_000_000, 500_000]
    state = story.the_state()
    delivery = register.MODEL.names.index("delivery")
    assert [row[delivery] for row in register.rows(state)] == ["unknown", "unknown", "none"]


def test_a_rejected_submission_counts_as_not_handed_over() -> None:
    story = b.play(b.contract(), b.submits("M1", on=b.day(9, 21)), b.rejects("M1", on=b.day(9, 22)))
    e.ended(story, ("M1", 300_000))
    assert _lines(e.of(story, "M1")) == [("accepted-part", 300_000)]


def test_a_share_of_what_was_accepted_and_reversed_rests_on_the_reversal() -> None:
    story = b.play(b.accepted("M1"), b.proposes(b.reversal(6), on=b.day(9, 1)))
    b.play(story, b.agrees(7, on=b.day(9, 1)))
    reversed_by = b.last(story)
    (accepted,) = e.facts(e.ended(story, ("M1", 1_000_000)), MilestoneAccepted)
    assert reversed_by in accepted.rests_on


def test_each_share_is_priced_on_what_those_before_it_left() -> None:
    """Retention of 10 % up to half of the contract's 4,000,000: M1 lies below, M2 crosses it."""
    kept = Retention(rate=Decimal(10), until=Decimal(50))
    story = b.contract(retention=kept)
    e.ended(story, ("M2", 1_500_000), ("M1", 1_000_000))
    assert e.of(story, "M1").retained_minor == 100_000
    assert e.of(story, "M2").retained_minor == 100_000  # 10 % of the 1,000,000 below the half
    assert story.the_state().open_advance_minor == 0


def test_the_shares_recover_the_advance_by_its_rate_and_the_settlement_the_rest() -> None:
    story = e.advanced()
    events = e.ended(story, ("M1", 500_000))
    ended = e.facts(events, ContractTerminated)[0]
    settled = e.of(story, ended.settlement)
    assert e.of(story, "M1").recovered_minor == 150_000
    assert _lines(settled) == [("recovered", -450_000)]
    assert story.the_state().open_advance_minor == 0
    assert e.outstanding(story) == 350_000 - 450_000 == -100_000


def test_without_anything_left_to_settle_there_is_no_settlement() -> None:
    story = e.advanced()
    events = e.ended(story, ("M2", 3_000_000))
    assert e.facts(events, ContractTerminated)[0].settlement == ""
    assert e.of(story, "M2").recovered_minor == e.ADVANCE


def test_a_claim_out_of_the_settlement_is_set_off_by_decision() -> None:
    story = e.advanced()
    e.ended(story, ("M1", 500_000))
    assert [e.of(story, m).payable_minor for m in ("M1", "TERMINATION")] == [350_000, 0]
    events = e.approved(story, e.sets_off(350_000, "TERMINATION", "M1", on=b.day(11, 2)))
    assert [type(event) for event in events[1:]] == [ClaimSetOff, ClaimSetOff]
    assert [e.of(story, m).outstanding_minor for m in ("M1", "TERMINATION")] == [0, -100_000]


# --- the fee -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("fee", "net"), [(123_456, 123_456), (-50_000, -50_000)])
def test_the_fee_is_a_line_of_the_settlement_owed_by_either(fee: int, net: int) -> None:
    story = b.contract(termination=e.FEE)
    e.ended(story, fee=fee)
    settled = e.of(story, "TERMINATION")
    assert _lines(settled) == [("termination-fee", net)]
    assert settled.lines[0].line.calculation == {
        "not_performed_minor": "4000000",
        "rate": "10%",
        "by_clause_minor": "400000",
        "rounding": "half-up",
    }
    assert (settled.outstanding_minor, settled.payable_minor) == (net, max(0, net))


def test_the_clause_gives_its_rate_of_what_is_not_performed_rounded_once() -> None:
    state = b.contract(b.defined("M1", amount_minor=333_335), termination=e.FEE).the_state()
    assert not_performed(state, ()) == 333_335
    assert fee_by_clause(state.terms, 333_335) == 33_334  # 33,333.5, half up
    left = not_performed(state, (Share(milestone="M1", accepted_minor=333_335),))
    assert fee_by_clause(state.terms, left) == 0
    assert fee_by_clause(b.TERMS, 1_000_000) == 0


def test_advances_count_as_nothing_performed_or_not() -> None:
    assert not_performed(e.advanced().the_state(), ()) == 4_000_000


def test_the_settlement_finds_a_name_of_its_own() -> None:
    story = b.contract(b.defined("TERMINATION", amount_minor=1), termination=e.FEE)
    events = e.ended(story, fee=1)
    assert e.facts(events, ContractTerminated)[0].settlement == "TERMINATION-2"


# --- who, and when -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shares", "fee", "quorum"),
    [
        ((), 0, {"administrator": 1}),
        ((), -9_000_000, {"administrator": 1}),
        ((("M1", 400_000),), 100_000, {"manager": 1, "administrator": 1}),
        ((("M2", 3_000_000),), 0, {"manager": 1, "finance": 1, "administrator": 1}),
    ],
)
def test_the_tier_of_the_money_it_adds_and_another_administrator_approve(
    shares: tuple[tuple[str, int], ...], fee: int, quorum: dict[str, int]
) -> None:
    story = b.play(b.contract(), e.ends(*shares, fee=fee))
    proposed = story.records[-1].data
    assert isinstance(proposed, ChangeProposed)
    assert proposed.quorum == quorum
    b.refused(story, b.agrees(b.last(story), by="admin-1"), "proposer-does-not-approve")


def test_managers_do_not_propose_it() -> None:
    b.refused(b.contract(), e.ends(by="manager-1"), "actor-holds-role")


def test_a_fee_above_the_ceiling_is_refused() -> None:
    """4,000,000 of 5,000,000 is committed; ending it frees all of that."""
    b.play(b.contract(), e.ends(fee=5_000_000))
    b.refused(b.contract(), e.ends(fee=5_000_001), "committed-within-ceiling")
    b.refused(b.accepted("M1"), e.ends(fee=4_000_001), "committed-within-ceiling")


def test_a_fee_owed_by_the_partner_makes_no_room_under_the_ceiling() -> None:
    """10,000.00 stay committed for M1, of a ceiling of 9,000.00; 1,000.01 that the partner owes commit nothing.

    As the first version of the rules judged: by those of today an ending that adds nothing is permitted above it.
    """
    story = b.contract(ceiling_minor=900_000)
    ends = e.ends(("M1", 1_000_000), fee=-100_001)
    b.refused(story, ends, "committed-within-ceiling", rules=FIRST)
    b.permitted(story, ends)


def test_what_the_partner_owes_by_a_settlement_is_not_committed() -> None:
    story = b.contract(termination=e.FEE)
    e.ended(story, ("M1", 1_000_000), fee=-50_000)
    assert story.the_state().committed_minor == 1_000_000
    assert e.of(story, "TERMINATION").current.amount_minor == 0


def test_a_fee_owed_by_the_partner_lowers_no_tier() -> None:
    """What M2 is accepted for, 20,000.01, needs finance, whatever the partner owes beside it."""
    story = b.play(b.contract(), e.ends(("M2", 2_000_001), fee=-100))
    proposed = story.records[-1].data
    assert isinstance(proposed, ChangeProposed)
    assert proposed.quorum == {"manager": 1, "finance": 1, "administrator": 1}


def test_what_was_decided_since_it_was_proposed_is_judged_again() -> None:
    story = b.play(b.contract(), b.submits("M1"), e.ends(("M1", 400_000)))
    proposal = b.last(story)
    b.play(story, b.approves("M1", on=b.day(9, 1)))
    b.refused(story, b.agrees(proposal, on=e.END, by="admin-2"), "proposal-not-outdated")


def test_two_terminations_do_not_both_take_effect() -> None:
    story = b.play(b.contract(), e.ends(), e.ends())
    first, second = b.last(story) - 1, b.last(story)
    b.play(story, b.agrees(first, on=e.END, by="admin-2"))
    b.refused(story, b.agrees(second, on=e.END, by="admin-2"), "contract-not-closed")
    assert story.the_state().proposals[first].status == "approved"


def test_a_suspended_contract_is_terminated_and_its_suspension_ends_with_it() -> None:
    from ledger import intents as i

    story = b.play(b.contract(), ("admin-1", i.SuspendContract(on=b.day(10, 1))))
    e.ended(story, ("M1", 1_000))
    state = story.the_state()
    assert (state.status, state.suspensions) == ("terminated", [(b.day(10, 1), e.END)])


def test_before_its_day_nothing_of_it_has_happened() -> None:
    story = e.advanced()
    e.ended(story, ("M1", 500_000))
    before = fold(story.records, e.END.replace(month=10, day=31))
    assert before is not None
    assert before.status == "active"
    assert [m.status for m in before.milestones.values()] == ["accepted", "expected", "expected"]
    on_the_day = fold(story.records, e.END)
    assert on_the_day == story.the_state()


# --- what then stands ----------------------------------------------------------------------------------


def test_termination_completes_the_contract_and_lets_retention_go() -> None:
    from ledger import intents as i

    story = b.accepted("M1", **e.retained())
    e.ended(story, ("M2", 1_000_000), fee=5_000)
    assert completed_on(story.the_state()) == e.END
    for name, kept in (("M1", 50_000), ("M2", 50_000)):
        events = b.permitted(
            story, ("finance-1", i.ReleaseRetention(milestone=name, on=b.day(11, 2)))
        )
        assert sum(getattr(event, "amount_minor", 0) for event in events) == kept


def test_open_disputes_stay_open_hold_and_can_be_resolved() -> None:
    story = b.play(b.accepted("M1"), b.disputes("M1", 200_000, on=b.day(9, 1)))
    e.ended(story, fee=1_000)
    assert e.of(story, "M1").held_minor == 200_000
    waits = {task.task for task in tasks(story.the_state())}
    assert waits == {"pay", "propose a resolution"}
    dispute = next(iter(story.the_state().disputes))
    content = b.resolution(dispute, "upheld", -200_000)
    e.approved(story, b.proposes(content, on=b.day(11, 5)))
    assert (e.of(story, "M1").held_minor, e.of(story, "M1").net_minor) == (0, 800_000)


def test_the_settlement_itself_is_disputed_from_its_acceptance_on_and_untaxed() -> None:
    story = e.advanced(tax=Tax(vat=Decimal(6)))
    e.ended(story)
    opened = b.disputes("TERMINATION", e.ADVANCE, on=b.day(11, 2), by="partner-1")
    b.play(story, opened)
    content = b.resolution(b.last(story), "split", 100_000, "TERMINATION")
    e.approved(story, b.proposes(content, on=b.day(11, 5)))
    assert e.of(story, "TERMINATION").outstanding_minor == 100_000 - e.ADVANCE


def test_the_settlement_is_a_milestone_of_the_schedule_and_none_of_the_register() -> None:
    story = b.contract(termination=e.FEE)
    e.ended(story, fee=400_000)
    state = story.the_state()
    names = schedule.MODEL.names
    rows = [dict(zip(names, row, strict=True)) for row in schedule.rows(state)]
    assert [(row["milestone"], row["kind"], row["net_minor"]) for row in rows] == [
        ("TERMINATION", "milestone", 400_000)
    ]
    assert len(register.rows(state)) == 2
    assert state.committed_minor == 400_000


def test_an_audit_reckons_every_share_again() -> None:
    story = b.play(
        e.advanced(**e.retained()),
        b.submits("M1", on=b.day(8, 26)),
        b.disputes("M1", 5, b.day(9, 1)),
    )
    e.ended(story, ("M1", 400_000), ("M2", 1_234_567), fee=77)
    for name in ("M1", "M2"):
        told = explain(story.records, name)
        assert told is not None
        assert (told.differences, told.dues_checked) == ([], 1)
        assert told.checked > 1


def _altered(story: Story, kind: type[Any], more_minor: int) -> Story:
    """The same history, in which the first line of the last such fact is another amount."""
    at = b.version_of(story, kind) - 1
    data: Any = story.records[at].data
    line = structs.replace(data.lines[0], amount_minor=data.lines[0].amount_minor + more_minor)
    changed = structs.replace(data, lines=(line, *data.lines[1:]))
    story.records[at] = structs.replace(story.records[at], data=changed)
    return story


def test_an_audit_reckons_the_settlement_again_from_what_was_approved() -> None:
    story = e.advanced(termination=e.FEE)
    e.ended(story, ("M1", 400_000), fee=360_000)
    told = explain(story.records, "TERMINATION")
    assert told is not None
    assert (told.checked, told.differences) == (2, [])
    assert [line.calculation for line in told.lines] == [
        "10% × 36,000.00 not performed = 3,600.00",
        "all that is left of the advances paid: 4,800.00",
    ]
    assert {approval.actor for approval in told.approvals} == {"admin-2", "manager-1"}
    told = explain(_altered(story, MilestoneAccepted, 1).records, "TERMINATION")
    assert told is not None
    assert [d.clause for d in told.differences] == ["termination-fee"]


def test_an_audit_reckons_a_set_off_again() -> None:
    story = e.money_claimed()
    e.approved(story, e.sets_off())
    told = explain(story.records, "M2")
    assert told is not None
    assert told.differences == []
    told = explain(_altered(story, ClaimSetOff, 1).records, "M2")
    assert told is not None
    assert [d.clause for d in told.differences] == ["set-off"]
