"""Retention is released, as a payable of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ledger.decisions.case import judge
from ledger.decisions.milestones import WHO, about
from ledger.decisions.rules_money import amount_above_zero
from ledger.decisions.rules_payment import (
    Release,
    release_by_the_terms,
    release_within_retention,
)
from ledger.decisions.rules_state import milestone_accepted
from ledger.decisions.rules_when import DATES
from ledger.events import Fact, Line, RetentionReleased
from ledger.intents import Context, ReleaseRetention
from ledger.pricing.payment_due import PaymentDue, rolled
from ledger.retaining import fell_due, let_go, released_by, rests_on
from ledger.state import Contract, Milestone


def release(state: Contract, intent: ReleaseRetention, context: Context) -> list[Fact]:
    """Lets go what the terms let go by that day, or so much of it: each part agreed is a payable of its own, due on the
    day on which the terms let it go.
    """
    case = about(state, intent, context, intent.milestone, "finance")
    milestone = case.the_milestone()
    judge(case, *WHO, milestone_accepted)
    acceptance = milestone.acceptance
    assert acceptance is not None
    case.rests_on = (*case.rests_on, acceptance.version)
    on = case.on or case.today
    gone = released_by(state, milestone, on)
    left = max(0, gone - milestone.released_minor)
    case.amount_minor = left if intent.amount_minor is None else intent.amount_minor
    judge(case, *DATES)
    if intent.amount_minor is not None:
        judge(case, amount_above_zero)
    judge(case.about(Release(gone)), release_within_retention, release_by_the_terms)
    case.rests_on = (*case.rests_on, *rests_on(state, milestone, on))
    events: list[Fact] = []
    for before, amount in _by_part(state, milestone, case.amount_minor):
        due = due_of(state, milestone, before - milestone.released_minor + amount, on)
        events.append(
            RetentionReleased(
                on=case.on,
                rests_on=tuple(dict.fromkeys(case.rests_on)),
                milestone=milestone.id,
                acceptance=acceptance.version,
                amount_minor=amount,
                lines=(released(milestone, amount, gone, before),),
                payment_due=due.day,
                provisional=due.provisional,
                calendar=due.calendar,
            )
        )
    return events


def _by_part(state: Contract, milestone: Milestone, amount_minor: int) -> Iterator[tuple[int, int]]:
    """How an amount is taken from the parts that are let go, in order of time: what was released before, how much."""
    before, reached, left = milestone.released_minor, 0, amount_minor
    for _, part in let_go(state, milestone):
        reached += part
        amount = min(left, reached - before)
        if amount > 0:
            yield before, amount
            before, left = before + amount, left - amount
    if left:  # more than the terms let go: only where the rules are not asked
        yield before, left


def due_of(state: Contract, milestone: Milestone, amount_minor: int, on: date) -> PaymentDue:
    """When so much more falls due: on the day by which the terms of its acceptance let it go, rolled as they say."""
    upto = milestone.released_minor + amount_minor
    return rolled(state.terms_of(milestone), fell_due(state, milestone, upto) or on)


def released(milestone: Milestone, amount_minor: int, let_go_minor: int, before_minor: int) -> Line:
    """The line of a release: what was retained, what the terms had let go, and what was released before."""
    return Line(
        step="retention",
        clause="release",
        amount_minor=amount_minor,
        calculation={
            "retained_minor": str(milestone.retained_minor),
            "let_go_minor": str(let_go_minor),
            "released_minor": str(before_minor),
        },
    )
