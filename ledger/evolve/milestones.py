"""How the events of a milestone, up to its submission, change its state."""

from __future__ import annotations

from ledger import events as e
from ledger.events import Record
from ledger.evolve.common import approved, decided, submission, touch
from ledger.money import split
from ledger.state import Baseline, Contract, Milestone, Submission


def milestone_defined(contract: Contract, data: e.MilestoneDefined, record: Record) -> None:
    baselines = [Baseline(data.due, data.amount_minor, data.on, record.version)]
    family = data.milestone
    parent = contract.milestones.get(data.remainder_of)
    if parent is not None:
        family = parent.family
        baselines = _parted(parent, data.amount_minor or 0)
    contract.milestones[data.milestone] = Milestone(
        id=data.milestone,
        ordinal=len(contract.milestones) + 1,
        version=record.version,
        plan=data,
        family=family,
        baselines=baselines,
        position=record.position,
        positions=[record.position],
        source_status=data.source_status,
        twin_status=data.twin_status,
        payment_due=data.payment_due,
        kind=data.kind,
        labels=dict(data.labels),
    )
    if parent is not None:
        parent.positions.append(record.position)
        contract.milestones[data.milestone].positions.insert(0, parent.position)


def _parted(parent: Milestone, rest_minor: int) -> list[Baseline]:
    """Splits every baseline of a milestone between its accepted part and the rest, in their proportion."""
    parent.whole = parent.baselines
    accepted_minor = (parent.current.amount_minor or 0) - rest_minor
    kept, rest = [], []
    for b in parent.baselines:
        if b.amount_minor is None:
            mine, theirs = None, None
        else:
            mine, theirs = split(b.amount_minor, (accepted_minor, rest_minor))
        kept.append(Baseline(b.due, mine, b.since, b.version))
        rest.append(Baseline(b.due, theirs, b.since, b.version))
    parent.baselines = kept
    return rest


def milestone_revised(contract: Contract, data: e.MilestoneRevised, record: Record) -> None:
    """The next baseline; one that only fills in what was unknown completes the last one instead.

    One that rests on the milestone's cancellation (imports) takes it up again.
    """
    milestone = touch(contract, data.milestone, record)
    milestone.labels |= data.labels
    if milestone.cancelled_by and milestone.cancelled_by in data.rests_on:
        milestone.status, milestone.cancelled_on, milestone.cancelled_by = "expected", None, 0
    last = milestone.current
    due = last.due if data.only == "amount" else data.due
    amount_minor = last.amount_minor if data.only == "due" else data.amount_minor
    completes = last.due in (None, due) and last.amount_minor in (None, amount_minor)
    if completes:
        last.due, last.amount_minor = due, amount_minor
    else:
        milestone.baselines.append(Baseline(due, amount_minor, data.on, record.version))
    milestone.source_status = data.source_status or milestone.source_status
    milestone.twin_status = data.twin_status or milestone.twin_status
    milestone.payment_due = data.payment_due or milestone.payment_due
    approved(contract, data.proposal, record)


def milestone_started(contract: Contract, data: e.MilestoneStarted, record: Record) -> None:
    milestone = touch(contract, data.milestone, record)
    milestone.started = True
    milestone.started_on = data.on
    milestone.source_status = data.source_status or milestone.source_status


def milestone_submitted(contract: Contract, data: e.MilestoneSubmitted, record: Record) -> None:
    milestone = touch(contract, data.milestone, record)
    made = Submission(
        version=record.version,
        position=record.position,
        on=data.on,
        actor=record.actor,
        event=data,
        terms=contract.terms,
        results=data.results,
        inferred=data.inferred,
        at=data.at,
        first=record.version,
        submitters=(record.actor,),
    )
    milestone.source_status = data.source_status or milestone.source_status
    wrong = submission(milestone, data.corrects)
    milestone.submissions.append(made)
    if wrong is not None:
        _takes_the_place_of(milestone, wrong, made)
    elif milestone.acceptance is None:
        milestone.status, milestone.cancelled_on, milestone.cancelled_by = "submitted", None, 0


def _takes_the_place_of(milestone: Milestone, wrong: Submission, right: Submission) -> None:
    """A correction stands where its target stood: in its status, under its policy, as the same delivery."""
    right.status, wrong.status = wrong.status, "replaced"
    right.on = wrong.on if right.on is None else right.on
    right.terms, right.first = wrong.terms, wrong.first
    right.submitters = (*wrong.submitters, right.actor)
    if milestone.acceptance is not None and milestone.acceptance.submission is wrong:
        milestone.acceptance.submission = right


def submission_rejected(contract: Contract, data: e.SubmissionRejected, record: Record) -> None:
    milestone = touch(contract, data.milestone, record)
    if (rejected := submission(milestone, data.submission)) is not None:
        rejected.status = "rejected"
    milestone.status, milestone.rejected_on = "rejected", data.on
    decided(milestone, data.on, first_pass=False)


def milestone_cancelled(contract: Contract, data: e.MilestoneCancelled, record: Record) -> None:
    milestone = touch(contract, data.milestone, record)
    milestone.status = "cancelled"
    milestone.cancelled_on = data.on
    milestone.cancelled_by = record.version
    milestone.source_status = data.source_status or milestone.source_status
