"""Milestones taken over from a source: defined, revised, delivered, accepted, or taken back."""

from __future__ import annotations

from ledger.decisions.rules_money import amounts_not_negative, committed_within_ceiling
from ledger.decisions.rules_state import cancel_before_acceptance
from ledger.decisions.rules_when import (
    not_after_today,
    not_before_signature,
)
from ledger.decisions.taking import DATES, Taking
from ledger.events import (
    AcceptanceReversed,
    Line,
    MilestoneAccepted,
    MilestoneCancelled,
    MilestoneDefined,
    MilestoneRevised,
    MilestoneStarted,
    MilestoneSubmitted,
    SubmissionRejected,
    Why,
)
from ledger.intents import TakenMilestone
from ledger.pricing.order import take_back
from ledger.state import Milestone

_RANK = {"expected": 0, "started": 1, "submitted": 2, "rejected": 2, "accepted": 3, "cancelled": 4}


def take_milestone(taking: Taking, told: TakenMilestone) -> None:
    known = taking.state.milestones.get(told.id)
    untold = known is None or (not known.source_status and _reached(known) == "expected")
    if known is None:
        _define(taking, told)
    else:
        _revise(taking, told)
    milestone = taking.state.milestones[told.id]
    if taking.newer or untold:
        _take_progress(taking, milestone, told)
    elif milestone.submissions and milestone.submissions[-1].on is None:
        _correct_delivery(taking, milestone, told)


def _define(taking: Taking, told: TakenMilestone) -> None:
    version = taking.add(
        MilestoneDefined(
            rests_on=(1,),
            milestone=told.id,
            title=told.title,
            stage=told.stage,
            owner=told.owner,
            due=told.baseline_due or told.due,
            amount_minor=told.amount_minor,
            source_status=told.source_status,
            twin_status=told.twin_status,
            payment_due=told.payment_due,
            source_amount=told.source_amount,
            labels=told.labels,
        ),
        committed_within_ceiling,
        amounts_not_negative,
        amount_minor=told.amount_minor or 0,
        amounts=(told.amount_minor,),
    )
    if told.baseline_due and told.due and told.due != told.baseline_due:
        taking.add(
            MilestoneRevised(
                rests_on=(version,),
                milestone=told.id,
                due=told.due,
                amount_minor=told.amount_minor,
            )
        )


def _revise(taking: Taking, told: TakenMilestone) -> None:
    """A moved due date or a changed amount; from an older source only what was unknown."""
    milestone = taking.state.milestones[told.id]
    now = milestone.current
    if taking.newer:
        due, amount = told.due, told.amount_minor
        if due is None and "due" not in told.withdrawn:
            due = now.due
        # The amount of a delivery with a payment twin is the twin's to take back.
        gone = "amount" in told.withdrawn and (told.twin_status or not milestone.twin_status)
        if amount is None and not gone:
            amount = now.amount_minor
        source = told.source_status or milestone.source_status
        twin = told.twin_status or milestone.twin_status
        payment_due = told.payment_due or milestone.payment_due
    else:
        due, amount = now.due or told.due, now.amount_minor
        if amount is None:
            amount = told.amount_minor
        source = milestone.source_status or told.source_status
        twin = milestone.twin_status or told.twin_status
        payment_due = milestone.payment_due or told.payment_due
    moved = (due, amount) != (now.due, now.amount_minor)
    progresses = taking.newer and _RANK[_status(told)] > _RANK[_reached(milestone)]
    labels = _labels(taking, milestone, told)
    same = (payment_due, twin) == (milestone.payment_due, milestone.twin_status) and not labels
    if not moved and same and (source == milestone.source_status or progresses):
        return
    if milestone.acceptance is not None and amount != now.amount_minor:
        _reverse(taking, milestone, "error")
    taking.add(
        MilestoneRevised(
            on=taking.told_on,
            rests_on=(milestone.version,),
            milestone=told.id,
            due=due,
            amount_minor=amount,
            source_status=source,
            twin_status=twin,
            payment_due=payment_due,
            source_amount=told.source_amount if amount == told.amount_minor else "",
            labels=labels,
        ),
        committed_within_ceiling,
        amounts_not_negative,
        amounts=(told.amount_minor,),
        amount_minor=(amount or 0) - (now.amount_minor or 0),
    )


def _labels(taking: Taking, milestone: Milestone, told: TakenMilestone) -> dict[str, str]:
    """The labels that a source adds, and from a newer one those that it changes."""
    known = milestone.labels
    return {
        name: value
        for name, value in told.labels.items()
        if name not in known or (taking.newer and known[name] != value)
    }


def _status(told: TakenMilestone) -> str:
    return "expected" if told.status == "defined" else told.status


def _reached(milestone: Milestone) -> str:
    return "started" if milestone.status == "expected" and milestone.started else milestone.status


def _take_progress(taking: Taking, milestone: Milestone, told: TakenMilestone) -> None:
    """Brings a milestone to where the source says it is, forwards or back."""
    wanted = _status(told)
    # A source that leaves the status out takes nothing back.
    if told.source_status and _RANK[wanted] < _RANK[_reached(milestone)]:
        _take_back(taking, told)
    if wanted == "started" and not milestone.started:
        taking.add(
            MilestoneStarted(
                rests_on=(milestone.version,), milestone=told.id, source_status=told.source_status
            )
        )
    if wanted in ("submitted", "accepted", "rejected"):
        _deliver(taking, told)
        if wanted == "accepted":
            _accept(taking, told)
        elif wanted == "rejected":
            _reject(taking, told.id, "rejected, as its source says")
    if wanted == "cancelled" and taking.state.milestones[told.id].status != "cancelled":
        taking.add(
            MilestoneCancelled(
                on=taking.told_on,
                rests_on=(milestone.version,),
                milestone=told.id,
                reason="cancelled, as its source says",
                source_status=told.source_status,
            ),
            cancel_before_acceptance,
            milestone=taking.state.milestones[told.id],
        )


def _deliver(taking: Taking, told: TakenMilestone) -> None:
    milestone = taking.state.milestones[told.id]
    if milestone.submissions and milestone.status in ("submitted", "accepted", _status(told)):
        _correct_delivery(taking, milestone, told)
        return
    taking.add(
        MilestoneSubmitted(
            on=told.submitted_on,
            rests_on=(milestone.version,),
            milestone=told.id,
            at=told.submitted_at,
            inferred=told.submitted_inferred,
            source_status=told.source_status,
        ),
        *DATES,
    )


def _correct_delivery(taking: Taking, milestone: Milestone, told: TakenMilestone) -> None:
    """Another delivery date than the one recorded is a correction of that fact."""
    last = milestone.submissions[-1]
    better = told.submitted_on is not None and not (told.submitted_inferred and last.on is not None)
    if not better or (told.submitted_on, told.submitted_at) == (last.on, last.at):
        return
    taking.add(
        MilestoneSubmitted(
            on=told.submitted_on,
            rests_on=(last.version,),
            milestone=told.id,
            at=told.submitted_at,
            corrects=last.version,
            why="error",
            inferred=told.submitted_inferred,
            source_status=told.source_status,
        ),
        not_before_signature,
        not_after_today,
    )


def _accept(taking: Taking, told: TakenMilestone) -> None:
    milestone = taking.state.milestones[told.id]
    if milestone.acceptance is not None:
        return
    amount = milestone.current.amount_minor
    plan = {"planned_minor": str(amount)}
    gross = Line(step="gross", clause="accepted-part", amount_minor=amount or 0, calculation=plan)
    submission = milestone.submissions[-1].version
    reversal = (milestone.reversed_by,) if milestone.reversed_by else ()
    taking.add(
        MilestoneAccepted(
            on=told.accepted_on,
            rests_on=(milestone.version, submission, *reversal),
            milestone=told.id,
            submission=submission,
            accepted_minor=amount,
            lines=(gross,) if amount is not None else (),
            payment_due=told.payment_due or milestone.payment_due,
            source_status=told.source_status,
        ),
        *DATES,
    )


def _reverse(taking: Taking, milestone: Milestone, why: Why) -> None:
    """As an error where another amount is told of the same acceptance, as an event where it is told no more."""
    acceptance = milestone.acceptance
    assert acceptance is not None
    posted = [p for p in milestone.lines if p.version >= acceptance.version]
    taking.add(
        AcceptanceReversed(
            on=taking.told_on,
            rests_on=(acceptance.version,),
            milestone=milestone.id,
            acceptance=acceptance.version,
            why=why,
            lines=take_back([p.line for p in posted], [p.version for p in posted]),
            reason="taken back, as its source says",
        )
    )


def _reject(taking: Taking, milestone: str, reason: str) -> None:
    found = taking.state.milestones[milestone]
    if found.pending is not None:
        taking.add(
            SubmissionRejected(
                on=taking.told_on,
                rests_on=(found.version, found.pending.version),
                milestone=milestone,
                submission=found.pending.version,
                reason=reason,
            )
        )


def _take_back(taking: Taking, told: TakenMilestone) -> None:
    """A source that says less than before: the acceptance is reversed, the submission sent back.

    What was cancelled is taken up again, with the plan that it had.
    """
    milestone = taking.state.milestones[told.id]
    if milestone.acceptance is not None:
        _reverse(taking, milestone, "event")
    if milestone.status == "cancelled" and _status(told) in ("expected", "started"):
        now = milestone.current
        taking.add(
            MilestoneRevised(
                on=taking.told_on,
                rests_on=(milestone.version, milestone.cancelled_by),
                milestone=told.id,
                due=now.due,
                amount_minor=now.amount_minor,
                source_status=told.source_status,
            )
        )
    if _status(told) not in ("submitted", "accepted"):
        _reject(taking, told.id, "taken back, as its source says")
