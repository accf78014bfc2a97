"""Payments and disputes taken over from a source."""

from __future__ import annotations

from typing import Any

from ledger.decisions.case import Rule
from ledger.decisions.history_milestones import take_milestone
from ledger.decisions.rules_money import (
    Told,
    amount_above_zero,
    paid_within_value,
    payment_within_payable,
)
from ledger.decisions.rules_state import dispute_from_submission_on, milestone_accepted
from ledger.decisions.taking import DATES, Taking
from ledger.events import (
    DisputeOpened,
    DisputeResolved,
    DisputeWithdrawn,
    Line,
    Outcome,
    PaymentRecorded,
    PaymentReversed,
)
from ledger.intents import TakenDispute, TakenMilestone, TakenPayment
from ledger.state import Dispute, Milestone, Payment


def ensure(taking: Taking, milestone: str) -> Milestone:
    """The milestone that a payment or dispute names; where the source tells nothing else of it, its id alone."""
    if milestone not in taking.state.milestones:
        take_milestone(taking, TakenMilestone(id=milestone))
    return taking.state.milestones[milestone]


def take_payment(taking: Taking, told: TakenPayment) -> None:
    """A payment not recorded yet is recorded; one told otherwise by a newer source is corrected."""
    known = [taking.state.payments[v] for v in taking.payments.get(told.reference, ())]
    live = next((p for p in known if p.status == "paid"), None)
    if live is not None:
        same = (live.milestone, live.paid_minor, live.paid_on)
        if same == (told.milestone, told.amount_minor, told.paid_on) or not taking.newer:
            return
        _take_back(taking, live)
    elif known and not taking.newer:
        return
    milestone = ensure(taking, told.milestone) if told.milestone else None
    rules: tuple[Rule[Told], ...] = (*DATES, paid_within_value)
    if milestone is not None:
        rules = (*rules, milestone_accepted, payment_within_payable)
    if told.amount_minor < 0:
        rules = (*rules, amount_above_zero)
    version = taking.add(
        PaymentRecorded(
            on=told.paid_on,
            rests_on=(milestone.version if milestone else 1,),
            milestone=told.milestone,
            amount_minor=told.amount_minor,
            reference=told.reference,
            source_amount=told.source_amount,
        ),
        *rules,
        milestone=milestone,
        amount_minor=told.amount_minor,
    )
    taking.payments.setdefault(told.reference, []).append(version)


def _take_back(taking: Taking, payment: Payment) -> None:
    taking.add(
        PaymentReversed(
            rests_on=(payment.record,),
            milestone=payment.milestone,
            payment=payment.record,
            why="error",
            reason="corrected by its source",
        )
    )


def take_dispute(taking: Taking, told: TakenDispute) -> None:
    """A dispute not recorded yet is opened, by the client; with an outcome it ends."""
    milestone = ensure(taking, told.milestone)
    dispute = next(
        (
            d
            for d in milestone.disputes
            if (d.on, d.amount_minor) == (told.opened_on, told.amount_minor)
        ),
        None,
    )
    if dispute is None:
        version = taking.add(
            DisputeOpened(
                on=told.opened_on,
                rests_on=(milestone.version,),
                milestone=told.milestone,
                side="client",
                amount_minor=told.amount_minor,
            ),
            *DATES,
            dispute_from_submission_on,
            milestone=milestone,
        )
        dispute = taking.state.disputes[version]
    if told.outcome and dispute.status == "open":
        _end(taking, dispute, told)


def _end(taking: Taking, dispute: Dispute, told: TakenDispute) -> None:
    """Upheld takes the claim off; what a split came to is not told, so it moves nothing."""
    tied: dict[str, Any] = {
        "on": told.ended_on,
        "rests_on": (dispute.version,),
        "milestone": told.milestone,
        "dispute": dispute.version,
    }
    if told.outcome == "withdrawn":
        taking.add(DisputeWithdrawn(**tied, why="event"), *DATES)
        return
    claimed = dispute.amount_minor or 0
    line = Line(
        step="adjustment",
        clause="dispute",
        amount_minor=-claimed,
        calculation={"outcome": told.outcome, "disputed_minor": str(claimed)},
    )
    outcome: Outcome = told.outcome or "rejected"
    lines = (line,) if told.outcome == "upheld" and claimed else ()
    taking.add(DisputeResolved(**tied, outcome=outcome, lines=lines), *DATES)
