"""What a contract's state says of a delivery, for the clauses that price it."""

from __future__ import annotations

from datetime import date, timedelta

from ledger.pricing.delivered import Delivered, Progress
from ledger.state import Baseline, Contract, Milestone, Submission
from ledger.terms import Terms


def in_force(milestone: Milestone, submission: Submission) -> Baseline:
    """The baseline in force when a submission was made: accepted before it, and effective by its day.

    Before the delivery was first entered: neither a later change order nor a correction launders lateness.
    """
    found = milestone.baselines[0]
    for baseline in milestone.baselines[1:]:
        effective = (
            baseline.since is None or submission.on is None or baseline.since <= submission.on
        )
        if baseline.version < submission.first and effective:
            found = baseline
    return found


def delivered(
    state: Contract, milestone: Milestone, submission: Submission, part_minor: int
) -> Delivered:
    """What the clauses look at when this part of this submission is priced."""
    promised = in_force(milestone, submission)
    family = _family(state, milestone)
    return Delivered(
        terms=state.terms,
        milestone=milestone.id,
        planned_minor=milestone.current.amount_minor or 0,
        accepted_minor=part_minor,
        due=promised.due,
        submitted_on=submission.on,
        results=submission.results,
        kind=milestone.kind,
        incentive_due=milestone.plan.incentive_due,
        whole_minor=sum(m.current.amount_minor or 0 for m in family),
        charged_minor=sum(_charged(m, "late") for m in family),
        damages_minor=sum(_charged(m, "damages") for m in family),
        adjusted_minor=milestone.adjustment_minor,
        suspended_days=suspended_days(state, promised, submission.on),
        progress=progress(state) if _looks_at_the_whole(state.terms) else Progress(),
    )


def _family(state: Contract, milestone: Milestone) -> list[Milestone]:
    """The milestone and its remainders, where a clause charges them together."""
    late = state.terms.late_penalty
    if state.terms.late_damages is None and (late is None or late.base == "part"):
        return []
    return [
        m for m in state.milestones.values() if m.family == milestone.family and m.status != "void"
    ]


def _looks_at_the_whole(terms: Terms) -> bool:
    """Whether a clause depends on the contract's progress: only then is it reckoned, for every open submission."""
    early = terms.early_bonus
    return bool(terms.retention or terms.advance or (early and early.contract_cap is not None))


def _charged(milestone: Milestone, clause: str) -> int:
    """What a milestone was charged for lateness by one clause, nothing where it waits (again) to be priced; a waiver
    changes nothing of that.
    """
    lines = (posted.line for posted in milestone.lines)
    return -sum(line.amount_minor for line in lines if line.clause == clause)


def progress(state: Contract) -> Progress:
    """How far the contract has got: what was accepted, and what clauses that look at the whole took and gave."""
    live = [m for m in state.milestones.values() if not m.is_given_up]
    own = [m for m in live if m.traits.delivered]
    return Progress(
        contract_minor=sum(m.current.amount_minor or 0 for m in own),
        completed_minor=sum(m.gross_minor for m in own),
        retained_minor=sum(m.retained_minor for m in own),
        early_bonus_minor=sum(
            posted.line.amount_minor
            for m in own
            for posted in m.lines
            if (posted.line.step, posted.line.clause) == ("bonus", "early")
        ),
        open_advance_minor=state.open_advance_minor,
    )


def suspended_days(state: Contract, promised: Baseline, until: date | None) -> int:
    """The days of suspension, from the promise of the due date to the delivery; a resumption's day is worked.

    A day counts once, also where a suspension was back-dated into another.
    """
    if until is None:
        return 0
    days, end = 0, until + timedelta(days=1)
    reached = promised.since
    for since, ended in sorted((s, e or end) for s, e in state.suspensions if s is not None):
        first = since if reached is None else max(since, reached)
        last = min(ended, end)
        if first < last:
            days, reached = days + (last - first).days, last
    return days


def invoiced_on(state: Contract, milestone: Milestone, without: int = 0) -> date | None:
    """The day of the latest live invoice that covers a milestone, by its own date; `without` one that is sent back."""
    days = [
        invoice.event.issued_on or invoice.on
        for invoice in state.invoices.values()
        if invoice.status == "received"
        and invoice.version != without
        and any(covered.milestone == milestone.id for covered in invoice.event.covers)
    ]
    return max((day for day in days if day is not None), default=None)
