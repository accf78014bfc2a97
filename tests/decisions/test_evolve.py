"""What each fact makes of a contract, field by field: nothing is kept in another's place, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from msgspec import structs

from ledger import events as e
from ledger.contract import evolve, fold
from ledger.events import Fact
from ledger.state import (
    Acceptance,
    Approval,
    Assessment,
    Award,
    Baseline,
    Grant,
    Milestone,
    Premise,
    Proposal,
    Submission,
)
from tests.decisions.builders import SIGNED, TERMS, day
from tests.decisions.spec import record
from tests.decisions.told import DEFINED, KEYED, M1, accepted, after, line, m1, told

# --- the contract ------------------------------------------------------------------------------------------


def test_a_signed_contract_has_the_roles_of_its_terms_from_ever() -> None:
    state = after()
    held = {(g.role, g.person) for g in state.grants}
    named = {(role, person) for role, people in TERMS.roles.items() for person in people}
    assert held == named | {("administrator", person) for person in TERMS.administrators}
    assert {(g.since, g.until) for g in state.grants} == {(None, None)}
    assert (state.signed_by, state.position, state.version) == ("person-1", 101, 1)
    assert (state.dates, state.status_positions) == ({1: SIGNED}, [101])


def test_a_role_is_held_from_its_grant_until_before_its_revocation() -> None:
    state = after(
        e.RoleGranted(on=day(9, 1), role="manager", person="newcomer"),
        e.RoleRevoked(on=day(9, 5), role="manager", person="newcomer"),
        e.RoleRevoked(on=day(9, 6), role="administrator", person="admin-1"),
    )
    assert Grant("manager", "newcomer", day(9, 1), day(9, 5)) in state.grants
    days = (day(8, 31), day(9, 1), day(9, 4), day(9, 5), None)
    assert [state.holds("manager", "newcomer", on) for on in days] == [
        False,
        True,
        True,
        False,
        False,
    ]
    assert (state.holds("finance", "newcomer", day(9, 1)), state.holds("manager", "x", None)) == (
        False,
    ) * 2
    assert state.holds("manager", "manager-1", None)
    assert state.terms.administrators == ("admin-2", "admin-3")
    assert state.terms.roles == TERMS.roles
    assert state.put_by == {"roles.manager": 3, "administrators": 4}


def test_amended_terms_revoke_the_roles_that_they_drop_and_grant_those_that_they_add() -> None:
    roles = TERMS.roles | {"finance": ("finance-2", "newcomer")}
    terms = replace(TERMS, roles=roles, title="anew")
    state = after(e.ContractAmended(on=day(9, 1), terms=terms))
    ended = [g for g in state.grants if g.until is not None]
    assert ended == [Grant("finance", "finance-1", None, day(9, 1))]
    assert state.grants[-1] == Grant("finance", "newcomer", day(9, 1))
    assert len(state.grants) == len(after().grants) + 1
    assert (state.put_by, state.policies) == ({"title": 2, "roles.finance": 2}, [1, 2])
    assert [state.policy(v) for v in (0, 2, 3)] == [2, 1, 2]


def test_an_amendment_leaves_a_role_that_ended_before_and_gives_it_anew_to_whom_it_names() -> None:
    without = TERMS.roles | {"manager": ("manager-1", "manager-2")}
    gone = e.RoleRevoked(on=day(9, 1), role="manager", person="manager-3")
    amended = e.ContractAmended(on=day(9, 5), terms=replace(TERMS, roles=without))
    state = after(gone, amended)
    assert [g for g in state.grants if g.person == "manager-3"] == [
        Grant("manager", "manager-3", None, day(9, 1))
    ]
    assert state.status_positions == [101, 103]
    again = after(gone, structs.replace(amended, terms=TERMS))
    assert [g for g in again.grants if g.person == "manager-3"] == [
        Grant("manager", "manager-3", None, day(9, 1)),
        Grant("manager", "manager-3", day(9, 5)),
    ]


def test_who_gives_one_role_up_keeps_the_others() -> None:
    both = e.RoleGranted(on=day(9, 1), role="finance", person="manager-1")
    gone = e.RoleRevoked(on=day(9, 5), role="manager", person="manager-1")
    assert [(g.role, g.until) for g in after(both, gone).grants if g.person == "manager-1"] == [
        ("manager", day(9, 5)),
        ("finance", None),
    ]


def test_a_person_is_named_once_for_a_role_however_often_it_is_granted() -> None:
    state = after(e.RoleGranted(on=day(9, 1), role="manager", person="manager-1"))
    assert sorted(state.terms.roles["manager"]) == ["manager-1", "manager-2", "manager-3"]


def test_a_suspension_lasts_until_it_is_resumed_or_ended() -> None:
    facts = [e.ContractSuspended(on=day(9, 1)), e.ContractResumed(on=day(9, 3))]
    state = after(facts[0])
    assert (state.suspended_by, state.suspensions) == (2, [(day(9, 1), None)])
    state = after(*facts)
    assert (state.status, state.suspended_by) == ("active", 0)
    assert state.suspensions == [(day(9, 1), day(9, 3))]
    ended = e.ContractTerminated(on=day(9, 9), reason="")
    assert after(*facts, ended).suspensions == [(day(9, 1), day(9, 3))]
    assert after(facts[0], ended).suspensions == [(day(9, 1), day(9, 9))]
    assert after(facts[0], ended).status_positions == [101, 102, 103]


@pytest.mark.parametrize("suspended", [(), (e.ContractSuspended(on=day(9, 1)),)])
def test_a_contract_ends_as_decided_suspended_or_not(suspended: tuple[Fact, ...]) -> None:
    assert after(*suspended, e.ContractTerminated(on=day(9, 9), reason="")).status == "terminated"
    assert after(*suspended, e.ContractCompleted(on=day(9, 9))).status == "completed"


@pytest.mark.parametrize(
    ("status", "told", "standing", "ended"),
    [
        ("active", "", "active", False),
        ("active", "active", "active", False),
        ("active", "terminated", "terminated", True),
        ("active", "cancelled", "cancelled", True),
        ("active", "completed", "completed", True),
        ("active", "pending", "pending", False),
        ("suspended", "terminated", "suspended", False),
        ("terminated", "active", "terminated", True),
        ("completed", "", "completed", True),
    ],
)
def test_what_the_source_says_counts_where_nothing_was_done_here(
    status: str, told: str, standing: str, ended: bool
) -> None:
    state = after()
    state.status, state.source_status = status, told
    assert (state.standing, state.ended) == (standing, ended)


def test_what_is_committed_is_the_amounts_in_force_and_bonuses_without_advances() -> None:
    state = after(
        DEFINED,
        e.MilestoneDefined(on=SIGNED, milestone="M2", amount_minor=30),
        e.MilestoneDefined(on=SIGNED, milestone="A", amount_minor=500, kind="advance"),
        e.MilestoneDefined(on=SIGNED, milestone="M3"),
        e.BonusAwarded(on=SIGNED, kind="quality", lines=(line(7, "bonus"),), **M1),
        e.MilestoneCancelled(on=SIGNED, milestone="M2", reason=""),
    )
    assert state.committed_minor == 1_000 + 7
    state.milestones["M1"].status = "void"
    assert state.committed_minor == 0


def test_an_advance_is_open_for_what_was_paid_less_what_milestones_recovered() -> None:
    state = after(
        *accepted(lines=(line(1_000), line(-300, "advance"))),
        e.MilestoneDefined(on=SIGNED, milestone="A", amount_minor=500, kind="advance"),
        e.PaymentRecorded(on=day(8, 4), milestone="A", amount_minor=450),
        e.PaymentRecorded(on=day(8, 4), amount_minor=100, **M1),
    )
    assert state.open_advance_minor == 450 - 300


# --- up to the submission ----------------------------------------------------------------------------------


def test_a_milestone_begins_with_what_it_was_defined_as() -> None:
    other = structs.replace(
        DEFINED,
        milestone="M2",
        on=day(8, 4),
        kind="advance",
        source_status="planned",
        twin_status="met",
        payment_due=day(10, 1),
        labels={"a": "1"},
    )
    assert after(DEFINED, other).milestones["M2"] == Milestone(
        id="M2",
        ordinal=2,
        version=3,
        plan=other,
        family="M2",
        baselines=[Baseline(day(8, 21), 1_000, day(8, 4), 3)],
        position=103,
        positions=[103],
        source_status="planned",
        twin_status="met",
        payment_due=day(10, 1),
        kind="advance",
        labels={"a": "1"},
    )


def test_the_rest_of_a_milestone_parts_every_baseline_with_it() -> None:
    """Of 1,000 (1,500 at first) 400 are the rest: 600 of the first baseline's 1,500."""
    state = after(
        structs.replace(DEFINED, amount_minor=1_500),
        e.MilestoneRevised(on=day(8, 10), due=day(8, 25), amount_minor=1_000, **M1),
        e.MilestoneDefined(
            on=day(8, 26), milestone="M1-r1", due=day(8, 25), amount_minor=400, remainder_of="M1"
        ),
    )
    parent, rest = state.milestones["M1"], state.milestones["M1-r1"]
    assert parent.baselines == [
        Baseline(day(8, 21), 900, SIGNED, 2),
        Baseline(day(8, 25), 600, day(8, 10), 3),
    ]
    assert rest.baselines == [
        Baseline(day(8, 21), 600, SIGNED, 2),
        Baseline(day(8, 25), 400, day(8, 10), 3),
    ]
    assert parent.whole == [
        Baseline(day(8, 21), 1_500, SIGNED, 2),
        Baseline(day(8, 25), 1_000, day(8, 10), 3),
    ]
    assert (rest.family, rest.ordinal) == ("M1", 2)
    assert (parent.positions, rest.positions) == ([102, 103, 104], [102, 104])


@pytest.mark.parametrize(
    ("due", "amount", "revised", "baselines"),
    [
        # what was unknown is filled in, whatever of the two it was
        (None, 1_000, (day(8, 21), 1_000), [(day(8, 21), 1_000)]),
        (day(8, 21), None, (day(8, 21), 1_000), [(day(8, 21), 1_000)]),
        (None, None, (day(8, 21), 1_000), [(day(8, 21), 1_000)]),
        # what was known and is another now is a baseline of its own, also where the other was unknown
        (None, 900, (day(8, 21), 1_000), [(None, 900), (day(8, 21), 1_000)]),
        (day(8, 20), None, (day(8, 21), 1_000), [(day(8, 20), None), (day(8, 21), 1_000)]),
        (day(8, 20), 1_000, (day(8, 21), 1_000), [(day(8, 20), 1_000), (day(8, 21), 1_000)]),
    ],
)
def test_a_revision_completes_what_was_unknown_and_else_is_the_next_baseline(
    due: date | None,
    amount: int | None,
    revised: tuple[date, int],
    baselines: list[tuple[date | None, int | None]],
) -> None:
    milestone = m1(
        structs.replace(DEFINED, due=due, amount_minor=amount),
        e.MilestoneRevised(on=day(8, 10), due=revised[0], amount_minor=revised[1], **M1),
    )
    assert [(b.due, b.amount_minor) for b in milestone.baselines] == baselines
    if len(baselines) > 1:
        assert (milestone.current.since, milestone.current.version) == (day(8, 10), 3)


def test_a_revision_of_one_leaves_the_other_as_it_is_on_that_day() -> None:
    one: dict[str, Any] = {"due": day(1, 1), "amount_minor": 1} | M1
    milestone = m1(
        DEFINED,
        e.MilestoneRevised(on=day(8, 10), only="due", **(one | {"due": day(8, 25)})),
        e.MilestoneRevised(on=day(8, 11), only="amount", **(one | {"amount_minor": 900})),
    )
    assert [(b.due, b.amount_minor) for b in milestone.baselines] == [
        (day(8, 21), 1_000),
        (day(8, 25), 1_000),
        (day(8, 25), 900),
    ]


def test_what_a_source_says_stays_until_it_says_something_else() -> None:
    told = structs.replace(
        DEFINED, source_status="planned", twin_status="met", payment_due=day(10, 1)
    )
    silent = e.MilestoneRevised(on=day(8, 10), due=day(8, 21), amount_minor=1_000, **M1)
    milestone = m1(told, silent)
    said = (milestone.source_status, milestone.twin_status, milestone.payment_due)
    assert said == ("planned", "met", day(10, 1))
    milestone = m1(
        told,
        structs.replace(
            silent, source_status="met", twin_status="x", payment_due=day(10, 2), labels={"b": "2"}
        ),
    )
    said = (milestone.source_status, milestone.twin_status, milestone.payment_due)
    assert (*said, milestone.labels) == ("met", "x", day(10, 2), {"b": "2"})
    for fact in (
        e.MilestoneStarted(on=day(8, 10), **M1),
        e.MilestoneSubmitted(on=day(8, 10), **M1),
        e.MilestoneCancelled(on=day(8, 10), reason="", **M1),
    ):
        assert m1(told, fact).source_status == "planned"
        assert m1(told, structs.replace(fact, source_status="met")).source_status == "met"


def test_labels_of_a_revision_join_those_that_a_milestone_has() -> None:
    labels = {"b": "2", "c": "3"}
    revised = e.MilestoneRevised(
        on=day(8, 10), due=day(8, 21), amount_minor=1_000, labels=labels, **M1
    )
    milestone = m1(structs.replace(DEFINED, labels={"a": "1", "b": "1"}), revised)
    assert milestone.labels == {"a": "1", "b": "2", "c": "3"}


def test_a_cancelled_milestone_is_taken_up_again_by_a_revision_that_rests_on_it() -> None:
    cancelled = e.MilestoneCancelled(on=day(8, 10), reason="", **M1)
    revised = e.MilestoneRevised(on=day(8, 11), due=day(8, 21), amount_minor=1_000, **M1)
    milestone = m1(DEFINED, cancelled, revised)
    assert (milestone.status, milestone.cancelled_on, milestone.cancelled_by) == (
        "cancelled",
        day(8, 10),
        3,
    )
    again = m1(DEFINED, cancelled, structs.replace(revised, rests_on=(3,)))
    assert (again.status, again.cancelled_on, again.cancelled_by) == ("expected", None, 0)


def test_a_milestone_has_started_on_the_day_told() -> None:
    milestone = m1(DEFINED, e.MilestoneStarted(on=day(8, 10), **M1))
    assert (milestone.started, milestone.started_on) == (True, day(8, 10))


def test_what_is_submitted_after_its_cancellation_is_cancelled_no_more() -> None:
    cancelled = e.MilestoneCancelled(on=day(8, 10), reason="", **M1)
    again = m1(DEFINED, cancelled, e.MilestoneSubmitted(on=day(8, 12), **M1))
    assert (again.status, again.cancelled_on, again.cancelled_by) == ("submitted", None, 0)


def test_a_submission_keeps_what_was_handed_in_and_the_policy_of_its_day() -> None:
    fact = e.MilestoneSubmitted(
        on=day(8, 20), at="17:00", results=(e.Result(criterion="x", measured="1"),), **M1
    )
    state = after(DEFINED, structs.replace(fact, inferred=True))
    assert state.milestones["M1"].submissions == [
        Submission(
            version=3,
            position=103,
            on=day(8, 20),
            actor="person-3",
            event=structs.replace(fact, inferred=True),
            terms=TERMS,
            results=fact.results,
            status="pending",
            inferred=True,
            at="17:00",
            first=3,
            submitters=("person-3",),
        )
    ]
    assert state.milestones["M1"].status == "submitted"


def test_a_correction_stands_where_its_target_stood() -> None:
    looser = replace(TERMS, separation=False)
    right = e.MilestoneSubmitted(on=day(8, 22), corrects=3, **M1)
    milestone = m1(*accepted()[:2], e.ContractAmended(on=day(8, 21), terms=looser), right)
    wrong, now = milestone.submissions
    assert (wrong.status, now.status, now.on) == ("replaced", "pending", day(8, 22))
    assert (now.terms, now.first, now.submitters) == (TERMS, 3, ("person-3", "person-5"))
    undated = m1(*accepted()[:2], structs.replace(right, on=None)).submissions[-1]
    assert (undated.on, undated.version) == (day(8, 21), 4)
    decided = m1(*accepted(), right)
    assert decided.acceptance is not None
    assert (decided.acceptance.submission, decided.status) == (decided.submissions[-1], "accepted")
    assert decided.submissions[-1].status == "accepted"


def test_a_late_submission_of_what_is_accepted_changes_nothing_of_that() -> None:
    milestone = m1(*accepted(), e.MilestoneSubmitted(on=day(8, 26), **M1))
    assert (milestone.status, milestone.pending) == ("accepted", None)


# --- decided -----------------------------------------------------------------------------------------------


def test_an_approval_is_kept_whole_and_takes_the_same_persons_earlier_one_back() -> None:
    fact = e.ApprovalGranted(
        on=day(8, 22),
        subject=3,
        role="manager",
        digest="d" * 64,
        accepted_minor=900,
        part="90%",
        deliverables=("a",),
        price=(e.Figure(step="gross", clause="gross", amount_minor=900),),
        signature=KEYED,
        **M1,
    )
    records = told(*accepted()[:2], fact, structs.replace(fact, part="80%"), fact)
    records[4] = structs.replace(records[4], actor="person-4")
    state = fold(records)
    assert state is not None
    approvals = state.milestones["M1"].submissions[0].approvals
    assert approvals[0] == Approval(
        version=4,
        position=104,
        subject=3,
        actor="person-4",
        role="manager",
        digest="d" * 64,
        on=day(8, 22),
        accepted_minor=900,
        live=False,
        part="90%",
        deliverables=("a",),
        price=fact.price,
    )
    assert [a.live for a in approvals] == [False, True, True]
    assert state.nonces == {"n-1"}
    withdrawn = e.ApprovalWithdrawn(on=day(8, 23), subject=3, approval=6, why="event", **M1)
    later = fold([*records, structs.replace(record(withdrawn, 7), position=107)])
    assert later is not None
    live = [a.live for a in later.milestones["M1"].submissions[0].approvals]
    assert live == [False, True, False]


def test_a_proposal_is_kept_with_what_it_rests_on_and_every_step_on_it() -> None:
    content = e.BonusProposal(milestone="M1", amount_minor=50, reason="fast")
    proposed = e.ChangeProposed(
        on=day(9, 1), content=content, digest="d", amount_minor=50, quorum={"manager": 2}
    )
    granted = e.ApprovalGranted(
        on=day(9, 2), subject=5, role="manager", digest="d", signature=KEYED
    )
    withdrawn = e.ApprovalWithdrawn(on=day(9, 3), subject=5, approval=6, why="event")
    later = e.ContractAmended(on=day(9, 4), terms=replace(TERMS, title="later"))
    rejected = e.ChangeRejected(on=day(9, 5), proposal=5, reason="no")
    facts = (*accepted(), proposed, granted, withdrawn, later, rejected)
    state = after(*facts)
    assert state.proposals == {
        5: Proposal(
            version=5,
            position=105,
            event=proposed,
            actor="person-5",
            on=day(9, 1),
            terms=TERMS,
            approvals=[
                Approval(6, 106, 5, "person-6", "manager", "d", day(9, 2), live=False),
            ],
            status="rejected",
            positions=[105, 106, 107, 109],
            premises=(Premise("M1 acceptance", 4, 4),),
        )
    }
    assert state.nonces == {"n-1"}
    awarded = e.BonusAwarded(
        on=day(9, 3), kind="discretionary", lines=(line(50, "bonus"),), proposal=5, **M1
    )
    decided = structs.replace(awarded, on=day(9, 6))
    assert after(*facts[:4], later, decided).awards[7].terms == TERMS
    found = after(*facts[:5], awarded)
    assert (found.proposals[5].status, found.proposals[5].positions) == (
        "approved",
        [105, 106, 107],
    )
    assert found.awards[7].terms == TERMS


def test_an_acceptance_keeps_its_terms_and_the_submission_is_accepted_with_it() -> None:
    state = after(*accepted(900, provisional=True, remainder="M1-r1", source_status="met"))
    milestone = state.milestones["M1"]
    assert milestone.acceptance == Acceptance(
        version=4,
        position=104,
        on=day(8, 25),
        submission=milestone.submissions[0],
        accepted_minor=900,
        payment_due=day(9, 24),
        provisional=True,
        remainder="M1-r1",
        terms=TERMS,
    )
    assert (milestone.submissions[0].status, milestone.source_status) == ("accepted", "met")


@pytest.mark.parametrize(
    ("facts", "passed"),
    [
        (accepted(), True),
        (accepted(remainder="M1-r1"), False),
        # a corrected entry is the same delivery
        (
            (
                *accepted()[:2],
                e.MilestoneSubmitted(on=day(8, 22), corrects=3, **M1),
                e.MilestoneAccepted(on=day(8, 25), submission=4, accepted_minor=1_000, **M1),
            ),
            True,
        ),
        (
            (
                *accepted()[:2],
                e.SubmissionRejected(on=day(8, 22), submission=3, reason="", **M1),
                e.MilestoneSubmitted(on=day(8, 23), **M1),
                e.MilestoneAccepted(on=day(8, 25), submission=5, accepted_minor=1_000, **M1),
            ),
            False,
        ),
        # of what was never submitted nothing passed
        ((DEFINED, e.MilestoneAccepted(on=day(8, 25), accepted_minor=1_000, **M1)), False),
    ],
)
def test_what_is_accepted_whole_at_its_first_delivery_passed_at_once(
    facts: tuple[Fact, ...], passed: bool
) -> None:
    milestone = m1(*facts)
    assert milestone.first_pass is passed
    first = next(f.on for f in facts if isinstance(f, e.SubmissionRejected | e.MilestoneAccepted))
    assert milestone.first_decided_on == first


def test_a_reversed_acceptance_waits_again_and_was_no_decision() -> None:
    back = e.AcceptanceReversed(
        on=day(9, 1), acceptance=4, why="event", lines=(line(-1_000),), **M1
    )
    milestone = m1(*accepted(), back)
    assert (milestone.status, milestone.acceptance, milestone.reversed_by) == ("submitted", None, 5)
    assert (milestone.first_pass, milestone.first_decided_on) == (None, None)
    assert (milestone.pending, milestone.posted_minor) == (milestone.submissions[0], 0)
    error = m1(*accepted(), structs.replace(back, why="error"))
    assert (error.reversed_by, error.lines[-1].on) == (0, day(8, 25))
    assert (milestone.lines[-1].on, milestone.lines[-1].version) == (day(9, 1), 5)


def test_a_rejection_on_the_day_of_a_reversed_acceptance_stays_the_first_decision() -> None:
    facts = (
        *accepted()[:2],
        e.SubmissionRejected(on=day(8, 25), submission=3, reason="", **M1),
        e.MilestoneSubmitted(on=day(8, 25), **M1),
        e.MilestoneAccepted(on=day(8, 25), submission=5, accepted_minor=1_000, **M1),
    )
    milestone = m1(*facts, e.AcceptanceReversed(on=day(9, 1), acceptance=6, why="event", **M1))
    assert (milestone.first_pass, milestone.first_decided_on) == (False, day(8, 25))


def test_with_an_acceptance_every_approval_of_it_is_void() -> None:
    granted = e.ApprovalGranted(on=day(8, 22), subject=3, role="manager", digest="d", **M1)
    decided = e.MilestoneAccepted(on=day(8, 25), submission=3, accepted_minor=1_000, **M1)
    back = e.AcceptanceReversed(on=day(9, 1), acceptance=6, why="event", **M1)
    milestone = m1(*accepted()[:2], granted, granted, decided, back)
    assert [a.live for a in milestone.submissions[0].approvals] == [False, False]


def test_with_an_acceptance_its_bonus_penalty_and_retention_go() -> None:
    state = after(
        *accepted(),
        e.BonusAwarded(on=day(8, 25), kind="early", lines=(line(50, "bonus"),), **M1),
        e.PenaltyAssessed(on=day(8, 25), lines=(line(-30, "penalty"),), **M1),
        e.RetentionReleased(on=day(8, 26), acceptance=4, amount_minor=10, lines=(), **M1),
        e.AcceptanceReversed(on=day(9, 1), acceptance=4, why="event", **M1),
    )
    assert (state.awards[5].revoked, state.assessments[6].waived_minor) == (True, 30)
    assert state.milestones["M1"].releases == []


def test_another_milestones_bonus_and_penalty_stay_and_those_of_an_acceptance_before() -> None:
    other = structs.replace(DEFINED, milestone="M2")
    bonus = e.BonusAwarded(on=day(8, 25), milestone="M2", kind="early", lines=(line(50, "bonus"),))
    penalty = e.PenaltyAssessed(on=day(8, 25), milestone="M2", lines=(line(-30, "penalty"),))
    back = e.AcceptanceReversed(on=day(9, 1), acceptance=4, why="event", **M1)
    state = after(*accepted(), other, bonus, penalty, back)
    assert (state.awards[6].revoked, state.assessments[7].waived_minor) == (False, 0)
    earlier = structs.replace(bonus, milestone="M1"), structs.replace(penalty, milestone="M1")
    again = e.MilestoneAccepted(on=day(9, 2), submission=3, accepted_minor=1_000, **M1)
    back = structs.replace(back, acceptance=7)
    state = after(*accepted(), *earlier, again, back)
    assert (state.awards[5].revoked, state.assessments[6].waived_minor) == (False, 0)


def test_with_a_reversed_part_the_whole_is_promised_again_and_its_remainder_is_void() -> None:
    rest = structs.replace(DEFINED, milestone="M1-r1", amount_minor=400, remainder_of="M1")
    back = e.AcceptanceReversed(on=day(9, 1), acceptance=4, why="event", **M1)
    state = after(*accepted(600, remainder="M1-r1"), rest, back)
    whole = state.milestones["M1"]
    assert whole.baselines == [Baseline(day(8, 21), 1_000, SIGNED, 2)]
    assert (whole.whole, state.milestones["M1-r1"].status) == (None, "void")


def test_a_bonus_is_kept_with_the_terms_that_decided_it_and_a_penalty_as_what_is_deducted() -> None:
    later = replace(TERMS, title="later")
    state = after(
        *accepted(),
        e.ContractAmended(on=day(8, 26), terms=later),
        e.BonusAwarded(
            on=day(8, 27), kind="early", lines=(line(50, "bonus"), line(3, "tax", "vat")), **M1
        ),
        e.PenaltyAssessed(on=day(8, 28), lines=(line(-30, "penalty"), line(-2, "tax")), **M1),
        e.PenaltyWaived(
            on=day(8, 29), penalty=7, lines=(line(10, "penalty"), line(1, "tax", "vat")), **M1
        ),
        e.BonusRevoked(
            on=day(8, 30), bonus=6, why="error", lines=(line(-50, "bonus"), line(-3, "tax")), **M1
        ),
    )
    assert state.awards == {6: Award(6, "M1", "early", 50, day(8, 27), TERMS, revoked=True)}
    assert state.assessments == {7: Assessment(7, "M1", 32, day(8, 28), waived_minor=10)}
    milestone = state.milestones["M1"]
    assert (milestone.bonus_minor, milestone.penalty_minor, milestone.tax_minor) == (0, 20, -1)
    assert milestone.taxable_minor == 1_000 - 20
    # a bonus taken back as an error acts from the day on which it was awarded
    assert {p.on for p in milestone.lines if p.version == 9} == {day(8, 27)}


@pytest.mark.parametrize(
    ("step", "field", "kept"),
    [
        ("gross", "gross_minor", 7),
        ("bonus", "bonus_minor", 7),
        ("penalty", "penalty_minor", -7),
        ("adjustment", "adjustment_minor", 7),
        ("tax", "tax_minor", 7),
        ("retention", "retained_minor", -7),
        ("advance", "recovered_minor", -7),
        ("settlement", "offset_minor", 7),
    ],
)
def test_each_step_of_the_price_adds_to_its_own_sum(step: str, field: str, kept: int) -> None:
    milestone = m1(*accepted(lines=(line(7, step),)))
    sums = {
        name: getattr(milestone, name)
        for name in Milestone.__struct_fields__
        if name.endswith("_minor") and getattr(milestone, name)
    }
    assert sums == {field: kept, "posted_minor": 7}


def test_what_is_taxed_is_the_price_with_its_bonus_and_adjustment_less_its_penalty() -> None:
    steps = {"gross": 1_000, "bonus": 50, "penalty": -30, "adjustment": -7, "retention": -100}
    milestone = m1(*accepted(lines=tuple(line(amount, step) for step, amount in steps.items())))
    assert milestone.taxable_minor == 1_000 + 50 - 30 - 7


def test_a_bonus_of_an_acceptance_was_decided_by_the_policy_of_its_submission() -> None:
    submitted, taken = accepted()[1:]
    later = e.ContractAmended(on=day(8, 22), terms=replace(TERMS, title="later"))
    bonus = e.BonusAwarded(on=day(8, 25), kind="early", lines=(line(50, "bonus"),), **M1)
    state = after(DEFINED, submitted, later, taken, bonus)
    assert state.terms.title == "later"
    assert state.awards[6].terms == TERMS


def test_what_is_waived_of_a_penalty_adds_up() -> None:
    penalty = e.PenaltyAssessed(on=day(8, 28), lines=(line(-30, "penalty"),), **M1)
    waived = e.PenaltyWaived(on=day(8, 29), penalty=5, lines=(line(10, "penalty"),), **M1)
    state = after(*accepted(), penalty, waived, waived)
    assert state.assessments[5].waived_minor == 20


# --- taken over from a source ------------------------------------------------------------------------------


def read(*knows: str, **more: Any) -> e.HistoryImported:
    """A source that can tell of these was read to its end."""
    return e.HistoryImported(source="s.csv", digest="d", knows=knows, **more)


def test_what_sources_can_tell_adds_up_and_the_latest_day_of_hearing_counts() -> None:
    facts = [
        DEFINED,
        structs.replace(DEFINED, milestone="M2"),
        read("deliveries", "payments", whole=("payments",), heard_on=day(10, 1), silent=("M2",)),
        read("acceptances", whole=("disputes",), heard_on=day(9, 30), leaves_out=("M2",)),
    ]
    one, two = (after(*facts[:n], imported=True) for n in (3, 4))
    assert one.told == [(1, 4)]
    assert one.told_whole == frozenset({"payments"})
    assert one.milestones["M1"].knows == frozenset({"deliveries", "payments"})
    assert one.milestones["M2"].knows == frozenset(
        {"payments"}
    )  # how far it got, this one does not say
    assert one.milestones["M2"].heard_on == day(10, 1)
    assert two.told == [(1, 4), (5, 5)]
    assert two.told_whole == frozenset({"payments", "disputes"})
    assert two.milestones["M1"].knows == frozenset({"deliveries", "payments", "acceptances"})
    assert two.milestones["M2"].knows == frozenset({"payments"})
    assert {m.heard_on for m in two.milestones.values()} == {day(10, 1)}
    later = read("deliveries", heard_on=day(10, 2), leaves_out=("M2",))
    heard = [m.heard_on for m in after(*facts, later, imported=True).milestones.values()]
    assert heard == [day(10, 2), day(10, 1)]
    claimed = read("deliveries", heard_on=day(9, 1), known_claim="2026-11-01T00:00:00Z")
    assert after(*facts[:2], claimed, imported=True).milestones["M1"].heard_on == day(9, 1)
    timeless = after(*facts, read("deliveries", since=6), imported=True)
    assert [m.heard_on for m in timeless.milestones.values()] == [None, None]
    assert timeless.told[-1] == (6, 6)
    # what people did in between came with no source
    here = e.MilestoneStarted(on=day(10, 3), **M1)
    assert after(*facts, here, read(since=7), imported=True).told[-1] == (7, 7)


def test_what_an_older_release_took_over_counts_as_known_whole() -> None:
    old = e.HistoryImported(source="s", digest="d", known_claim="2026-09-30T08:00:00Z")
    state = after(DEFINED, old, read("payments", heard_on=day(10, 1)), imported=True)
    assert (state.told, state.sources) == (
        [(1, 3), (4, 4)],
        {("s", "d"): "2026-09-30T08:00:00Z", ("s.csv", "d"): ""},
    )
    assert state.milestones["M1"].knows is None
    assert state.milestones["M1"].heard_on == day(10, 1)
    assert after(DEFINED, old, imported=True).milestones["M1"].heard_on == day(9, 30)


def test_dates_that_an_import_infers_are_so_until_somebody_states_them() -> None:
    inferred = e.ContractAmended(on=day(9, 1), terms=TERMS, inferred=("signed_on",))
    state = after(inferred, imported=True)
    assert state.inferred == ("signed_on",)
    for changes, left in ((("title",), ("signed_on",)), (("signed_on",), ())):
        patch = e.ContractAmended(on=day(9, 2), terms=TERMS, changes=changes)
        assert after(inferred, patch, imported=True).inferred == left
    assert after(inferred, structs.replace(inferred, inferred=()), imported=True).inferred == ()


# --- the fold ---------------------------------------------------------------------------------------------


def test_findings_name_the_rule_the_fact_and_the_milestone() -> None:
    fact = structs.replace(DEFINED, breaches=("amount-in-minor-units", "not-after-today"))
    state = after(structs.replace(fact, source_amount="1.005"))
    assert [(f.rule, f.milestone, f.position, f.version, f.detail) for f in state.findings] == [
        ("amount-in-minor-units", "M1", 102, 2, "1.005"),
        ("not-after-today", "M1", 102, 2, ""),
    ]


def test_as_of_a_day_what_acts_later_is_left_out_with_all_that_rests_on_it() -> None:
    facts = (
        *accepted(),
        e.DisputeOpened(on=day(9, 1), side="client", amount_minor=1, **M1),
        e.DisputeResolved(on=day(8, 30), rests_on=(5,), dispute=5, outcome="rejected", **M1),
    )
    state = fold(told(*facts), as_of=day(8, 31))
    assert state is not None
    assert (state.version, state.disputes) == (4, {})
    state = fold(told(*facts), as_of=day(9, 1))
    assert state is not None
    assert state.disputes[5].status == "rejected"


def test_a_history_begins_with_the_signature() -> None:
    with pytest.raises(AssertionError, match="does not begin with ContractSigned"):
        evolve(None, record(DEFINED, 1))
