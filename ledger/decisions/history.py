"""History taken over from a source: what it says is recorded as it is, with the rules it breaks named in the event.

A source tells the state of a contract as it sees it. Compared with what is recorded already, a raised value is an
amendment, a moved due date a revision, a corrected delivery date a correction. A source older than the newest seen
only adds what is missing; what a source leaves out is left as it was.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import date
from typing import Any

import msgspec

from ledger.contract import evolve
from ledger.decisions.case import Rule, broken, open_case
from ledger.decisions.rules_money import committed_within_ceiling
from ledger.decisions.rules_state import cancel_before_acceptance
from ledger.decisions.rules_when import (
    not_after_today,
    not_before_signature,
    not_before_what_it_rests_on,
)
from ledger.decisions.signing import unsigned
from ledger.events import (
    RECORD_TYPES,
    AcceptanceReversed,
    ContractAmended,
    ContractSigned,
    Fact,
    HistoryImported,
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
from ledger.intents import Context, TakenMilestone, TakeOver
from ledger.money import UNKNOWN_CURRENCY
from ledger.pricing.order import take_back
from ledger.state import Contract, Milestone
from ledger.terms import Terms

# An import is always back-dated, so the window is not asked for; who recorded and approved is not told.
DATES: tuple[Rule, ...] = (not_before_signature, not_after_today, not_before_what_it_rests_on)
_RANK = {"expected": 0, "started": 1, "submitted": 2, "rejected": 2, "accepted": 3, "cancelled": 4}


class Taking:
    """The events taken over so far, and the state after them: the source's own order of facts is kept."""

    def __init__(self, state: Contract | None, intent: TakeOver, context: Context) -> None:
        self.given = state
        self.state: Contract = state or unsigned(intent.contract, _terms(intent, context))
        self.intent = intent
        self.context = context
        self.events: list[Fact] = []
        # By reference the versions that name them: a source of ten thousand payments looks each one up.
        self.payments: dict[str, list[int]] = {}
        for version, payment in self.state.payments.items():
            self.payments.setdefault(payment.reference, []).append(version)
        newest = max(self.state.sources.values(), default="")
        self.newer = not intent.known_claim or intent.known_claim >= newest
        self.told_on = date.fromisoformat(intent.known_claim[:10]) if intent.known_claim else None

    def add(self, event: Fact, *rules: Rule, **about: Any) -> int:
        """Records an event with the rules it breaks; returns its version. The state given is never changed."""
        if self.state is self.given:
            self.state = deepcopy(self.state)
        case = open_case(self.state, self.intent, self.context, **about)
        case.on, case.rests_on = event.on, event.rests_on
        breaches = broken(case, rules) if rules else ()
        if breaches or self.intent.known_claim:
            event = msgspec.structs.replace(
                event, breaches=breaches, known_claim=self.intent.known_claim
            )
        version = self.state.version + 1
        record = RECORD_TYPES[type(event)](
            actor=self.context.actor,
            authenticated_as="",
            data=event,
            origin="",
            position=0,
            recorded_at="",
            stream=0,
            stream_id=self.intent.contract,
            version=version,
        )
        self.state = evolve(self.state if version > 1 else None, record)
        self.events.append(event)
        return version


def _terms(intent: TakeOver, context: Context) -> Terms:
    administrators = intent.administrators or (context.actor,)
    return Terms(
        title=intent.title,
        client=intent.client,
        partner=intent.partner,
        currency=intent.currency,
        timezone=intent.timezone,
        signed_on=intent.signed_on,
        ceiling_minor=intent.value_minor,
        separation=len(administrators) > 1,
        administrators=administrators,
    )


def take_over(state: Contract | None, intent: TakeOver, context: Context) -> list[Fact]:
    """The events by which a source adds to what is recorded; none where it says nothing new."""
    taking = Taking(state, intent, context)
    if (intent.source, intent.digest) in taking.state.sources:
        return []
    _take_contract(taking)
    for milestone in intent.milestones:
        take_milestone(taking, milestone)
    from ledger.decisions.history_money import take_dispute, take_payment

    for payment in intent.payments:
        take_payment(taking, payment)
    for dispute in intent.disputes:
        take_dispute(taking, dispute)
    if intent.source:
        taking.add(HistoryImported(rests_on=(1,), source=intent.source, digest=intent.digest))
    return taking.events


def _take_contract(taking: Taking) -> None:
    intent, terms = taking.intent, taking.state.terms
    if taking.state.version == 0:
        taking.add(ContractSigned(on=intent.signed_on, terms=terms, imported=True))
        return
    said: dict[str, Any] = {
        "title": intent.title,
        "client": intent.client,
        "partner": intent.partner,
        "ceiling_minor": intent.value_minor,
        "signed_on": intent.signed_on,
    }
    told = {name: value for name, value in said.items() if value not in (None, "")}
    if not taking.newer:
        told = {k: v for k, v in told.items() if getattr(terms, k) in (None, "")}
    if terms.currency == UNKNOWN_CURRENCY:
        told["currency"] = intent.currency
    updated = replace(terms, **told)
    if updated != terms:
        taking.add(ContractAmended(on=taking.told_on, rests_on=(1,), terms=updated))


# --- milestones ------------------------------------------------------------------------------------------------


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
        ),
        committed_within_ceiling,
        amount_minor=told.amount_minor or 0,
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
        due, amount = told.due or now.due, told.amount_minor
        if amount is None:
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
    same = (payment_due, twin) == (milestone.payment_due, milestone.twin_status)
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
        ),
        committed_within_ceiling,
        amount_minor=(amount or 0) - (now.amount_minor or 0),
    )


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
