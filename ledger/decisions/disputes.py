"""A dispute is opened, documented and withdrawn; its resolution is a proposal (changes.py)."""

from __future__ import annotations

from ledger.decisions.case import Case, find, judge, open_case
from ledger.decisions.milestones import about
from ledger.decisions.rules_money import amount_above_zero, dispute_within_amount
from ledger.decisions.rules_state import (
    dispute_from_submission_on,
    dispute_in_time,
    dispute_open,
)
from ledger.decisions.rules_when import DATES
from ledger.decisions.rules_who import (
    Step,
    acting_for_another_needs_delegation,
    dispute_step_by_its_side,
    holds,
)
from ledger.events import DisputeEvidenceAdded, DisputeOpened, DisputeWithdrawn, Fact, Side
from ledger.intents import AddDisputeEvidence, Context, Intent, OpenDispute, WithdrawDispute
from ledger.state import Contract

_SIDES: tuple[tuple[Side, str], ...] = (("client", "manager"), ("partner", "partner"))


def sides(case: Case) -> list[Side]:
    """The sides that the actor speaks for: the manager the client's, the partner the partner's."""
    return [side for side, role in _SIDES if holds(case, role, case.actor)]


def _about_dispute(state: Contract, intent: Intent, context: Context, version: int) -> Case:
    dispute = find(state, "dispute", state.disputes, version)
    milestone = state.milestones[dispute.milestone]
    return open_case(
        state,
        intent,
        context,
        dispute=dispute,
        milestone=milestone,
        rests_on=(milestone.version, version),
    )


def open_dispute(state: Contract, intent: OpenDispute, context: Context) -> list[Fact]:
    """Disputes an amount of a milestone that was submitted; the client's claim holds it."""
    case = about(state, intent, context, intent.milestone)
    spoken_for = sides(case)
    side = next((side for side in spoken_for if intent.side in ("", side)), "")
    case.amount_minor = intent.amount_minor
    judge(
        case.about(Step(side)),
        acting_for_another_needs_delegation,
        dispute_step_by_its_side,
        dispute_from_submission_on,
    )
    milestone = case.the_milestone()
    first = milestone.submissions[0] if milestone.submissions else milestone.acceptance
    assert first is not None
    case.rests_on = (*case.rests_on, first.version)
    case.wait_for(first.on)
    judge(case, *DATES, dispute_in_time, amount_above_zero, dispute_within_amount)
    return [
        DisputeOpened(
            on=case.on,
            rests_on=case.rests_on,
            milestone=intent.milestone,
            side="client" if side == "client" else "partner",
            amount_minor=intent.amount_minor,
            reason=intent.reason,
        )
    ]


def add_evidence(state: Contract, intent: AddDisputeEvidence, context: Context) -> list[Fact]:
    """Either side adds to the file of an open dispute."""
    case = _about_dispute(state, intent, context, intent.dispute)
    step = case.about(Step(next(iter(sides(case)), "")))
    judge(step, acting_for_another_needs_delegation, dispute_step_by_its_side, dispute_open, *DATES)
    return [
        DisputeEvidenceAdded(
            on=case.on,
            rests_on=case.rests_on,
            milestone=case.the_dispute().milestone,
            dispute=intent.dispute,
            note=intent.note,
            evidence=intent.evidence,
        )
    ]


def withdraw_dispute(state: Contract, intent: WithdrawDispute, context: Context) -> list[Fact]:
    """The side that opened a dispute takes it back: nothing is held by it any more."""
    case = _about_dispute(state, intent, context, intent.dispute)
    dispute = case.the_dispute()
    step = case.about(Step(dispute.side if dispute.side in sides(case) else ""))
    judge(step, acting_for_another_needs_delegation, dispute_step_by_its_side, dispute_open)
    if intent.why == "error":
        case.on, case.rests_on = None, (dispute.version,)
    judge(case, *DATES)
    return [
        DisputeWithdrawn(
            on=case.on,
            rests_on=case.rests_on,
            milestone=dispute.milestone,
            dispute=dispute.version,
            why=intent.why,
            reason=intent.reason,
        )
    ]
