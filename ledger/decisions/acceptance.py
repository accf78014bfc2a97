"""A submission is approved, and with the last approval needed it is accepted and priced."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from ledger.decisions.binding import figures, part_now, share_of, submission_digest
from ledger.decisions.case import Case, judge
from ledger.decisions.delivery import delivered, invoiced_on
from ledger.decisions.milestones import about
from ledger.decisions.quorum import tier, weigh
from ledger.decisions.rules_money import (
    Part,
    committed_within_ceiling,
    part_within_whole,
)
from ledger.decisions.rules_state import (
    Accepted,
    dependencies_accepted_first,
    submission_pending,
)
from ledger.decisions.rules_when import DATES
from ledger.decisions.rules_who import (
    acting_for_another_needs_delegation,
    submitter_does_not_approve,
)
from ledger.decisions.signatures import signed, tier_signs
from ledger.errors import InputInvalid
from ledger.events import (
    ApprovalGranted,
    BonusAwarded,
    Fact,
    Line,
    MilestoneAccepted,
    MilestoneDefined,
    PenaltyAssessed,
)
from ledger.intents import ApproveMilestone, Context
from ledger.known import Known
from ledger.pricing.order import price
from ledger.pricing.payment_due import payment_due
from ledger.rule_versions import FIRST
from ledger.state import Approval, Contract, Milestone


def accepted_part(state: Contract, milestone: Milestone, intent: ApproveMilestone) -> int:
    """The part that a reviewer proposes, in minor units: a percentage, an amount, or deliverables in equal shares."""
    part = intent.part.strip()
    known = milestone.plan.deliverables
    if intent.deliverables:
        if part:
            raise InputInvalid(
                "part-told-twice",
                f"the part {part} and the deliverables {', '.join(intent.deliverables)} are two"
                " ways to say what is accepted",
                hint="give one of the two",
            )
        if unknown := [name for name in intent.deliverables if name not in known]:
            raise InputInvalid(
                "deliverable-unknown",
                f"{milestone.id} has no deliverable {', '.join(unknown)}",
                hint="its deliverables are: " + (", ".join(known) or "(none)"),
            )
    return share_of(state, milestone, part, len(set(intent.deliverables)))


def approve_milestone(
    state: Contract, intent: ApproveMilestone, context: Context, known: Known
) -> list[Fact]:
    """Approves the pending submission; with the last approval needed the milestone is accepted and priced."""
    case = about(state, intent, context, intent.milestone)
    case.known = known
    judge(case, acting_for_another_needs_delegation, submission_pending)
    milestone = case.the_milestone()
    submission = milestone.pending
    assert submission is not None
    case.submission = submission
    case.rests_on = (*case.rests_on, submission.version)
    if milestone.reversed_by:  # else a day between both acceptances would see their lines twice
        case.rests_on = (*case.rests_on, milestone.reversed_by)
    case.wait_for_the_delivery()
    part_minor = accepted_part(state, milestone, intent)
    part = Part(part_minor, "" if intent.deliverables else intent.part.strip())
    judge(case.about(part), part_within_whole, *DATES, submitter_does_not_approve)
    lines = price(delivered(state, milestone, submission, part_minor))
    bonus_minor = sum(line.amount_minor for line in lines if line.step == "bonus")
    case.amount_minor = part_minor + bonus_minor
    named = _named(milestone, intent)
    priced = figures(lines)
    bound = priced if context.rules > FIRST else None
    subject = submission_digest(submission.version, submission.event, part_minor, named, bound)
    quorum = tier(submission.terms, case.amount_minor)
    given = [a for a in submission.approvals if bound is None or _of_this_part(case, a)]
    weighed = weigh(case, given, subject, quorum, intent.role)
    approval = ApprovalGranted(
        on=case.on,
        rests_on=case.rests_on,
        subject=submission.version,
        role=weighed.role,
        digest=subject,
        milestone=milestone.id,
        accepted_minor=part_minor,
        part=intent.part or ", ".join(intent.deliverables),
        deliverables=tuple(named) if bound is not None else (),
        price=bound or (),
    )
    demanded = tier_signs(submission.terms, case.amount_minor)
    approval = signed(case, approval, intent.signature, demanded=demanded)
    if not weighed.is_last:
        return [approval]
    case.amount_minor = bonus_minor
    on = weighed.decided_on(case.on)
    judge(case.about(Accepted(on)), dependencies_accepted_first, committed_within_ceiling)
    rest = tuple(name for name in milestone.plan.deliverables if name not in named)
    approvals = (*(a.version for a in weighed.counted), state.version + 1)
    return [
        approval,
        *accepted_part_of(
            state,
            milestone,
            lines,
            part_minor,
            on=on,
            rests_on=(*case.rests_on, *approvals),
            submission=submission.version,
            first=state.version + 2,
            deliverables=rest,
        ),
    ]


def _of_this_part(case: Case, approval: Approval) -> bool:
    """Whether what an approval names, the whole or a share of it, is still what it was when it was given."""
    part_minor = part_now(case.state, case.the_milestone(), approval)
    return part_minor == (approval.accepted_minor or 0)


def wants_signature(before: Contract, approval: ApprovalGranted) -> bool:
    """Whether the policy wanted an approval signed, as it was decided on the contract before it."""
    if not approval.milestone:
        return before.proposals[approval.subject].event.signatures
    milestone = before.milestones[approval.milestone]
    for submission in milestone.submissions:
        if submission.version == approval.subject:
            part_minor = approval.accepted_minor or 0
            lines = price(delivered(before, milestone, submission, part_minor))
            bonus_minor = sum(line.amount_minor for line in lines if line.step == "bonus")
            return tier_signs(submission.terms, part_minor + bonus_minor)
    return False


def _named(milestone: Milestone, intent: ApproveMilestone) -> list[str]:
    """The deliverables accepted where only some are: the same amount for others is another content."""
    named = sorted(set(intent.deliverables))
    return named if len(named) < len(set(milestone.plan.deliverables)) else []


def accepted_part_of(
    state: Contract,
    milestone: Milestone,
    lines: list[Line],
    part_minor: int,
    *,
    on: date | None,
    rests_on: tuple[int, ...],
    submission: int,
    first: int,
    deliverables: tuple[str, ...],
) -> list[Fact]:
    """The events by which a part is accepted at its price: the acceptance, a bonus or penalty per line, the remainder.

    `first` is the version of the acceptance itself, `deliverables` are those not accepted.
    """
    due = payment_due(state.terms, on, invoiced_on(state, milestone))
    whole = milestone.current.amount_minor or 0
    rest = _remainder_id(state, milestone) if part_minor < whole else ""
    events: list[Fact] = [
        MilestoneAccepted(
            on=on,
            rests_on=rests_on,
            milestone=milestone.id,
            submission=submission,
            accepted_minor=part_minor,
            lines=tuple(line for line in lines if line.step not in ("bonus", "penalty")),
            payment_due=due.day,
            provisional=due.provisional,
            calendar=due.calendar,
            remainder=rest,
        )
    ]
    tied: dict[str, Any] = {
        "on": on,
        "rests_on": (milestone.version, first),
        "milestone": milestone.id,
    }
    for line in lines:
        if line.step == "bonus":
            events.append(BonusAwarded(**tied, kind=line.clause, lines=(line,)))
        elif line.step == "penalty":
            events.append(PenaltyAssessed(**tied, lines=(line,)))
    if rest:
        remainder = _remainder(milestone, rest, whole - part_minor, on, first)
        events.append(msgspec.structs.replace(remainder, deliverables=deliverables))
    return events


def _remainder_id(state: Contract, milestone: Milestone) -> str:
    number = 1
    while f"{milestone.family}-r{number}" in state.milestones:
        number += 1
    return f"{milestone.family}-r{number}"


def _remainder(
    milestone: Milestone, rest: str, amount_minor: int, on: date | None, accepted: int
) -> MilestoneDefined:
    """What was not accepted, as a milestone of its own with the same plan and due date."""
    plan = milestone.plan
    return MilestoneDefined(
        on=on,
        rests_on=(milestone.version, accepted),
        milestone=rest,
        title=plan.title,
        stage=plan.stage,
        owner=plan.owner,
        due=milestone.current.due,
        amount_minor=amount_minor,
        deliverables=plan.deliverables,
        criteria=plan.criteria,
        depends_on=plan.depends_on,
        remainder_of=milestone.id,
        kind=milestone.kind,
        incentive_due=plan.incentive_due,
    )
