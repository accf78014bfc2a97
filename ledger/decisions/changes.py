"""Proposals: what needs more than one pair of eyes is proposed, approved by its quorum, and then takes effect."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from ledger.decisions.binding import figures_of, proposal_digest
from ledger.decisions.case import Case, broken, find, judge, open_case
from ledger.decisions.effects import KINDS, Kind
from ledger.decisions.milestones import WHO
from ledger.decisions.quorum import stricter, weigh
from ledger.decisions.renewing import nothing_left, renewed
from ledger.decisions.rules_money import policy_covers_amount
from ledger.decisions.rules_proposal import (
    Renewable,
    proposal_not_outdated,
    proposal_open,
    proposal_outdated,
)
from ledger.decisions.rules_when import (
    DATES,
    contract_not_closed,
    not_before_what_it_rests_on,
)
from ledger.decisions.rules_who import (
    acting_for_another_needs_delegation,
    proposer_does_not_approve,
)
from ledger.decisions.signatures import signed
from ledger.errors import LedgerError
from ledger.events import (
    ApprovalGranted,
    ChangeProposed,
    ChangeRejected,
    Fact,
    Figure,
    Proposed,
    Termination,
)
from ledger.evolve.common import digest
from ledger.intents import (
    ApproveChange,
    Context,
    Intent,
    ProposeChange,
    RejectChange,
    RenewChange,
)
from ledger.known import Known
from ledger.patches import as_patch
from ledger.premises import premises
from ledger.rule_versions import FIRST
from ledger.state import ADMINISTRATOR, Contract, Proposal

OUTDATED = "outdated, proposed anew"
NOBODY = Context(actor="", now=datetime.min.replace(tzinfo=UTC))  # who only looks


def about_proposal(state: Contract, intent: Intent, context: Context, version: int) -> Case:
    """The case of an intent on a proposal, on which it rests."""
    proposal = find(state, "proposal", state.proposals, version)
    return open_case(state, intent, context, proposal=proposal, rests_on=(version,))


def propose(state: Contract, intent: ProposeChange, context: Context) -> list[Fact]:
    """Puts a change up for approval, as a patch of what is in force, under the policy in force now."""
    content = as_patch(state, intent.content, intent.typed)
    case = open_case(state, intent, context, rests_on=(1,))
    return [_put_up(case, content)]


def _put_up(case: Case, content: Proposed) -> ChangeProposed:
    kind = KINDS[type(content)]
    case.roles = kind.proposed_by
    subject = kind.prepare(case, content)
    if not isinstance(content, Termination):  # which has a rule of its own for what it settles
        # What it changes was put in force by these: it is dated no earlier, and outdated where they no longer hold.
        behind = (one.version for one in premises(case.state, content))
        case.rests_on = tuple(dict.fromkeys((*case.rests_on, *behind)))
    judge(case.about(subject), *WHO, *DATES, *kind.rules)
    amount = _amount(case, kind, content)
    case.amount_minor = amount or 0
    quorum = kind.quorum(case, content, amount)
    judge(case.about(quorum), policy_covers_amount)
    return ChangeProposed(
        on=case.on,
        rests_on=case.rests_on,
        content=content,
        digest=digest(content),
        amount_minor=case.amount_minor,
        quorum=quorum,
        signatures=kind.signs(case, content, amount),
    )


def _amount(case: Case, kind: Kind[Any, Any], content: Proposed) -> int | None:
    """What finds the tier; None is not known, which the first release took for nothing."""
    found = kind.amount(case, content)
    return 0 if found is None and case.context.rules == FIRST else found


def renew(state: Contract, intent: RenewChange, context: Context) -> list[Fact]:
    """Rejects an outdated proposal, and proposes what is left of its changes on what is in force now."""
    case = about_proposal(state, intent, context, intent.proposal)
    proposal = case.the_proposal()
    case.roles = KINDS[type(proposal.content)].proposed_by
    judge(case, *WHO, proposal_open, *DATES, proposal_outdated)
    rejected = ChangeRejected(
        on=case.on, rests_on=case.rests_on, proposal=proposal.version, reason=OUTDATED
    )
    again = open_case(state, intent, context, rests_on=(1,))
    return [rejected, _put_up(again, renewed(state, proposal))]


def approve_change(
    state: Contract, intent: ApproveChange, context: Context, known: Known
) -> list[Fact]:
    """Approves a proposal; with the last approval needed it takes effect in the same decision.

    What it adds, and with it the tier and whether it is signed, is found again each time: the proposal itself is still
    approved by no fewer than it was proposed to.
    """
    case: Case[Any] = about_proposal(state, intent, context, intent.proposal)
    case.known = known
    proposal = case.the_proposal()
    kind = KINDS[type(proposal.content)]
    judge(case, acting_for_another_needs_delegation, proposal_open, *DATES)
    judge(case, proposer_does_not_approve)
    if context.rules > FIRST:
        up_to_date(case)
    case = case.about(kind.prepare(case, proposal.content))
    case.rests_on = (proposal.version,)
    judge(case, *kind.approval_rules)
    quorum, demanded = _demanded_now(case, kind)
    priced = price_now(case) if context.rules > FIRST else ()
    subject = proposal_digest(proposal.event.digest, priced)
    weighed = weigh(case, proposal.approvals, subject, quorum, intent.role)
    approval = ApprovalGranted(
        on=case.on,
        rests_on=case.rests_on,
        subject=proposal.version,
        role=weighed.role,
        digest=subject,
        price=priced,
    )
    approval = signed(case, approval, intent.signature, demanded=demanded)
    if not weighed.is_last:
        return [approval]
    case.on = weighed.decided_on(case.on)
    case = case.about(kind.prepare(case, proposal.content))
    judge(case, *kind.rules, not_before_what_it_rests_on)
    first = state.version + 1
    approvals = (*(a.version for a in weighed.counted), first)
    case.rests_on = (proposal.version, *approvals)
    return [approval, *kind.take_effect(case, proposal.content)]


def up_to_date(case: Case) -> None:
    """Refuses a proposal that is outdated, with the step that is left."""
    state, proposal = case.state, case.the_proposal()
    if contract_not_closed in KINDS[type(proposal.content)].rules:
        judge(case, contract_not_closed)
    judge(case.about(Renewable(not_renewable(state, proposal))), proposal_not_outdated)


def not_renewable(state: Contract, proposal: Proposal) -> str:
    """Why an outdated proposal cannot be proposed anew as things stand, in words; "" where it can."""
    content = renewed(state, proposal)
    if nothing_left(state, content):
        return "nothing is left of it to change"
    case, kind = read_case(state, proposal, NOBODY), KINDS[type(content)]
    case.proposal = None  # a new one is judged by the policy of now
    try:
        judge(case.about(kind.prepare(case, content)), *kind.rules)
    except LedgerError as why:
        return f"it cannot be proposed anew, {why.message}"
    return ""


def _demanded_now(case: Case[Any], kind: Kind[Any, Any]) -> tuple[dict[str, int], bool]:
    """The quorum, and whether approvals are signed: as it was proposed, and as what it adds now demands."""
    event, content = case.the_proposal().event, case.the_proposal().content
    case.amount_minor = event.amount_minor
    if case.context.rules == FIRST:  # by which a proposal kept the tier that it was proposed to
        return event.quorum, event.signatures
    if broken(case, kind.rules):  # it cannot take effect as things stand, and is priced when it can
        return event.quorum, event.signatures
    amount = _amount(case, kind, content)
    case.amount_minor = amount or 0
    if amount == event.amount_minor:
        return event.quorum, event.signatures
    now = kind.quorum(case, content, amount)
    quorum = stricter(event.quorum, now) if now else {}
    return quorum, event.signatures or kind.signs(case, content, amount)


def price_now(case: Case[Any]) -> tuple[Figure, ...]:
    """The price lines that follow if the proposal of a prepared case takes effect now; none where it cannot."""
    content: Any = case.the_proposal().content
    kind = KINDS[type(content)]
    if broken(case, kind.rules):
        return ()
    return figures_of(kind.take_effect(case, content))


def read_case(state: Contract, proposal: Proposal, context: Context) -> Case:
    """The case of a proposal that is only looked at: nobody acts, on no day."""
    day = proposal.on or date.min
    return Case(state, context, Intent(), day, None, (proposal.version,), proposal=proposal)


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
