"""An approval is taken back while its subject still waits for a decision."""

from __future__ import annotations

from ledger.decisions.case import find_milestone, judge
from ledger.decisions.changes import about_proposal
from ledger.decisions.milestones import about
from ledger.decisions.rules_proposal import proposal_open
from ledger.decisions.rules_state import submission_pending
from ledger.decisions.rules_when import DATES
from ledger.decisions.rules_who import (
    acting_for_another_needs_delegation,
    only_own_live_approval_is_withdrawn,
)
from ledger.events import (
    ApprovalWithdrawn,
    Fact,
)
from ledger.intents import Context, WithdrawApproval
from ledger.state import Contract, Proposal, Submission


def withdraw(state: Contract, intent: WithdrawApproval, context: Context) -> list[Fact]:
    """Takes back the actor's own approval while the subject still waits for its decision."""
    if intent.milestone:
        case = about(state, intent, context, intent.milestone)
        judge(case, acting_for_another_needs_delegation, submission_pending)
        subject: Submission | Proposal | None = find_milestone(state, intent.milestone).pending
    else:
        case = about_proposal(state, intent, context, intent.proposal)
        judge(case, acting_for_another_needs_delegation, proposal_open)
        subject = case.proposal
    assert subject is not None
    own = next((a for a in subject.approvals if a.live and a.actor == case.actor), None)
    judge(case.about(own), only_own_live_approval_is_withdrawn)
    assert own is not None
    case.wait_for(own.on)
    on = None if intent.why == "error" else case.on
    case.on = on
    case.rests_on = (own.version,)
    judge(case, *DATES)
    return [
        ApprovalWithdrawn(
            on=on,
            rests_on=case.rests_on,
            subject=subject.version,
            approval=own.version,
            why=intent.why,
            milestone=intent.milestone,
            reason=intent.reason,
        )
    ]
