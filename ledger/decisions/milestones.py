"""A milestone is defined, started, submitted, rejected or cancelled."""

from __future__ import annotations

from ledger.decisions.case import Case, find_milestone, judge, open_case
from ledger.decisions.contracts import definition
from ledger.decisions.delivery_day import delivery_of
from ledger.decisions.rules_measured import (
    Submitted,
    criterion_measured_once,
    measured_criterion_known,
    measured_in_its_unit,
)
from ledger.decisions.rules_money import amounts_not_negative, commits, committed_within_ceiling
from ledger.decisions.rules_payment import cancel_without_unrecovered_advance
from ledger.decisions.rules_state import (
    Defined,
    cancel_before_acceptance,
    cancel_without_open_dispute,
    correction_of_a_pending_submission,
    criteria_measured,
    dependencies_exist,
    milestone_defined_once,
    milestone_startable,
    milestone_submittable,
    submission_pending,
)
from ledger.decisions.rules_when import (
    DATES,
    contract_active,
    contract_not_closed,
    delivery_not_to_come,
    one_moment_of_delivery,
)
from ledger.decisions.rules_who import acting_for_another_needs_delegation, actor_holds_role
from ledger.events import (
    Fact,
    MilestoneCancelled,
    MilestoneStarted,
    MilestoneSubmitted,
    SubmissionRejected,
)
from ledger.intents import (
    CancelMilestone,
    Context,
    DefineMilestone,
    Intent,
    RejectSubmission,
    StartMilestone,
    SubmitMilestone,
)
from ledger.state import Contract

WHO = (acting_for_another_needs_delegation, actor_holds_role)


def about(state: Contract, intent: Intent, context: Context, milestone: str, *roles: str) -> Case:
    """The case of an intent on a milestone, which rests on the milestone's definition."""
    found = find_milestone(state, milestone)
    return open_case(
        state, intent, context, milestone=found, rests_on=(found.version,), roles=roles
    )


def define(state: Contract, intent: DefineMilestone, context: Context) -> list[Fact]:
    """Adds a milestone, as baseline 0, within the contract's ceiling."""
    case = open_case(state, intent, context, roles=("manager",), rests_on=(1,))
    case.amount_minor = commits(intent.plan.kind, intent.plan.amount_minor)
    judge(
        case.about(Defined((intent.plan,))),
        *WHO,
        *DATES,
        contract_active,
        milestone_defined_once,
        dependencies_exist,
        amounts_not_negative,
        committed_within_ceiling,
    )
    return [definition(intent.plan, on=case.on, rests_on=case.rests_on)]


def start(state: Contract, intent: StartMilestone, context: Context) -> list[Fact]:
    """Notes that work began."""
    case = about(state, intent, context, intent.milestone, "partner", "manager")
    judge(case, *WHO, *DATES, contract_active, milestone_startable)
    return [MilestoneStarted(on=case.on, rests_on=case.rests_on, milestone=intent.milestone)]


def submit(state: Contract, intent: SubmitMilestone, context: Context) -> list[Fact]:
    """Delivers a milestone; who records it counts as the submitter.

    A correction replaces the pending submission; without a date of its own it keeps the day delivered.
    """
    case = about(state, intent, context, intent.milestone, "partner", "manager")
    terms = state.terms
    delivery = delivery_of(terms, intent, context)
    case.delivery, case.on = delivery, delivery.on
    if intent.corrects:
        judge(case, *WHO, correction_of_a_pending_submission)
        pending = case.the_milestone().pending
        assert pending is not None
        corrects = pending.version
    else:
        judge(case, *WHO, milestone_submittable)
        corrects = 0
    judge(
        case.about(Submitted(intent.results)),
        delivery_not_to_come,
        one_moment_of_delivery,
        *DATES,
        contract_active,
        measured_criterion_known,
        criterion_measured_once,
        criteria_measured,
        measured_in_its_unit,
    )
    return [
        MilestoneSubmitted(
            on=case.on,
            rests_on=(corrects,) if corrects else case.rests_on,
            milestone=intent.milestone,
            at=delivery.at.isoformat() if delivery.at else "",
            results=intent.results,
            evidence=intent.evidence,
            note=intent.note,
            corrects=corrects,
            why="error" if corrects else "event",
        )
    ]


def reject(state: Contract, intent: RejectSubmission, context: Context) -> list[Fact]:
    """Sends a submission back; approvals given to it are void."""
    case = about(state, intent, context, intent.milestone, "manager")
    judge(case, *WHO, submission_pending)
    milestone, pending = case.the_milestone(), case.the_milestone().pending
    assert pending is not None
    case.submission = pending
    case.rests_on = (*case.rests_on, pending.version)
    if milestone.reversed_by:
        case.rests_on = (*case.rests_on, milestone.reversed_by)
    case.wait_for_the_delivery()
    judge(case, *DATES)
    return [
        SubmissionRejected(
            on=case.on,
            rests_on=case.rests_on,
            milestone=intent.milestone,
            submission=pending.version,
            reason=intent.reason,
        )
    ]


def cancel(state: Contract, intent: CancelMilestone, context: Context) -> list[Fact]:
    """Gives a milestone up before its acceptance; its amount is free again."""
    case = about(state, intent, context, intent.milestone, "manager")
    judge(
        case,
        *WHO,
        *DATES,
        contract_not_closed,
        cancel_before_acceptance,
        cancel_without_open_dispute,
        cancel_without_unrecovered_advance,
    )
    return [
        MilestoneCancelled(
            on=case.on,
            rests_on=case.rests_on,
            milestone=intent.milestone,
            reason=intent.reason,
        )
    ]
