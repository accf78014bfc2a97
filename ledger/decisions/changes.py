"""Proposals: what needs more than one pair of eyes is proposed, approved by its quorum, and then takes effect."""

from __future__ import annotations

from ledger.decisions.case import Case, find, judge, open_case
from ledger.decisions.effects import KINDS
from ledger.decisions.milestones import WHO
from ledger.decisions.quorum import completes, latest, weigh
from ledger.decisions.rules_money import policy_covers_amount
from ledger.decisions.rules_state import proposal_open
from ledger.decisions.rules_when import DATES, not_before_what_it_rests_on
from ledger.decisions.rules_who import (
    acting_for_another_needs_delegation,
    proposer_does_not_approve,
)
from ledger.decisions.signed import signed
from ledger.events import ApprovalGranted, ChangeProposed, ChangeRejected, Fact
from ledger.evolve.common import digest
from ledger.intents import ApproveChange, Context, Intent, ProposeChange, RejectChange
from ledger.state import ADMINISTRATOR, Contract


def about_proposal(state: Contract, intent: Intent, context: Context, version: int) -> Case:
    """The case of an intent on a proposal, on which it rests."""
    proposal = find(state, "proposal", state.proposals, version)
    return open_case(state, intent, context, proposal=proposal, rests_on=(version,))


def propose(state: Contract, intent: ProposeChange, context: Context) -> list[Fact]:
    """Puts a change up for approval, under the policy in force now."""
    kind = KINDS[type(intent.content)]
    case = open_case(state, intent, context, rests_on=(1,), roles=kind.proposed_by)
    kind.prepare(case, intent.content)
    judge(case, *WHO, *DATES, *kind.rules)
    case.amount_minor = amount = kind.amount(case, intent.content)
    quorum = case.facts["quorum"] = kind.quorum(case, intent.content, amount)
    judge(case, policy_covers_amount)
    return [
        ChangeProposed(
            on=case.on,
            rests_on=case.rests_on,
            content=intent.content,
            digest=digest(intent.content),
            amount_minor=amount,
            quorum=quorum,
            signatures=kind.signs(case, intent.content, amount),
        )
    ]


def approve_change(state: Contract, intent: ApproveChange, context: Context) -> list[Fact]:
    """Approves a proposal; with the last approval needed it takes effect in the same decision."""
    case = about_proposal(state, intent, context, intent.proposal)
    proposal = case.the_proposal()
    kind = KINDS[type(proposal.content)]
    judge(case, acting_for_another_needs_delegation, proposal_open, *DATES)
    judge(case, proposer_does_not_approve)
    kind.prepare(case, proposal.content)
    case.rests_on = (proposal.version,)
    judge(case, *kind.approval_rules)
    case.amount_minor = proposal.event.amount_minor
    weigh(case, proposal.approvals, proposal.event.digest, proposal.event.quorum, intent.role)
    approval = ApprovalGranted(
        on=case.on,
        rests_on=case.rests_on,
        subject=proposal.version,
        role=case.facts["counted_role"],
        digest=proposal.event.digest,
    )
    demanded = proposal.event.signatures
    approval = signed(case, approval, intent.signature, demanded=demanded)
    if not completes(case):
        return [approval]
    case.on = latest(case)
    kind.prepare(case, proposal.content)
    judge(case, *kind.rules, not_before_what_it_rests_on)
    first = state.version + 1
    approvals = (*(a.version for a in case.facts["counted"]), first)
    case.rests_on = (proposal.version, *approvals)
    return [approval, *kind.take_effect(case, proposal.content)]


def reject_change(state: Contract, intent: RejectChange, context: Context) -> list[Fact]:
    """Refuses a proposal, by anyone whose role its quorum names, or by who may propose its kind."""
    case = about_proposal(state, intent, context, intent.proposal)
    proposal = case.the_proposal()
    case.roles = (
        *KINDS[type(proposal.content)].proposed_by,
        *proposal.event.quorum,
        ADMINISTRATOR,
    )
    judge(case, *WHO, proposal_open, *DATES)
    return [
        ChangeRejected(
            on=case.on,
            rests_on=case.rests_on,
            proposal=proposal.version,
            reason=intent.reason,
        )
    ]
