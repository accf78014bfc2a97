"""Termination: work in progress at its accepted share, the fee, and the advances not recovered, in one settlement."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from fractions import Fraction

import msgspec

from ledger.contract import evolve
from ledger.decisions.acceptance import accepted_part_of
from ledger.decisions.case import Case, find_milestone
from ledger.decisions.delivery import delivered
from ledger.decisions.rules_endings import Settling
from ledger.events import (
    RECORD_TYPES,
    ContractTerminated,
    Fact,
    Line,
    MilestoneAccepted,
    MilestoneCancelled,
    MilestoneDefined,
    MilestoneSubmitted,
    Share,
    Termination,
)
from ledger.money import percent_text, round_minor
from ledger.pricing.order import price
from ledger.pricing.payment_due import payment_due
from ledger.state import Contract
from ledger.terms import Terms

_NAME = "TERMINATION"


def prepare(case: Case, content: Termination) -> Settling:
    """The shares with their milestones, on which it rests; it adds the fee less what is given up."""
    state = case.state
    shares = [(find_milestone(state, share.milestone), share) for share in content.shares]
    case.rests_on = (*case.rests_on, *(milestone.version for milestone, _ in shares))
    given_up = not_performed(state, content.shares)
    case.amount_minor = max(0, content.fee_minor) - given_up
    return Settling(shares, tuple(_settles(state)))


def _settles(state: Contract) -> Iterable[int]:
    """The facts that a settlement looks at: open work and its deliveries, acceptances, and advances paid."""
    for m in state.milestones.values():
        if m.is_open:
            yield m.version
            if m.pending is not None:
                yield m.pending.version
        elif m.acceptance is not None:
            yield m.acceptance.version
    for p in state.payments.values():
        if p.stands and p.milestone and state.milestones[p.milestone].traits.ahead:
            yield p.record


def not_performed(state: Contract, shares: Iterable[Share]) -> int:
    """The amounts of open milestones, less what the shares accept of them."""
    planned = sum(
        m.current.amount_minor or 0
        for m in state.milestones.values()
        if m.is_open and m.traits.delivered
    )
    return planned - sum(share.accepted_minor for share in shares)


def fee_by_clause(terms: Terms, not_performed_minor: int) -> int:
    """What the termination clause gives: its rate of what is not performed; 0 without a clause."""
    if terms.termination is None:
        return 0
    exact = Fraction(terms.termination.fee) * not_performed_minor / 100
    return round_minor(exact, terms.rounding)


def money_added(case: Case, content: Termination) -> int:
    """The shares and the fee owed to the partner: what finds the tier."""
    return sum(share.accepted_minor for share in content.shares) + max(0, content.fee_minor)


class _Ahead:
    """The contract as the events so far leave it: each part is priced on what those before it left."""

    def __init__(self, state: Contract) -> None:
        self.state = deepcopy(state)
        self.state.version += 1  # the approval with which it takes effect
        self.events: list[Fact] = []

    @property
    def next(self) -> int:
        """The version that the next event will have."""
        return self.state.version + 1

    def add(self, event: Fact) -> int:
        """Takes an event into the contract ahead; its version."""
        version = self.next
        record = RECORD_TYPES[type(event)](
            actor="",
            authenticated_as="",
            data=event,
            origin="",
            position=version,
            recorded_at="",
            stream=self.state.stream,
            stream_id=self.state.id,
            version=version,
        )
        evolve(self.state, record)
        self.events.append(event)
        return version


def terminate(case: Case, content: Termination) -> list[Fact]:
    """The contract ends: shares are accepted and priced, the rest is cancelled, fee and open advances are settled."""
    ahead = _Ahead(case.state)
    ended = ContractTerminated(
        on=case.on,
        rests_on=(1, *case.rests_on),
        reason=content.reason,
        proposal=case.the_proposal().version,
    )
    end = ahead.add(ended)
    given_up = not_performed(case.state, content.shares)
    shares = {share.milestone: share.accepted_minor for share in content.shares}
    for name in list(ahead.state.milestones):
        if part_minor := shares.get(name, 0):
            _accept(ahead, case, end, name, part_minor)
    for milestone in list(ahead.state.milestones.values()):
        if milestone.is_open:
            ahead.add(
                MilestoneCancelled(
                    on=case.on,
                    rests_on=(milestone.version, end),
                    milestone=milestone.id,
                    reason="contract terminated",
                )
            )
    if name := _settle(ahead, case, end, content.fee_minor, given_up):
        ahead.events[0] = msgspec.structs.replace(ended, settlement=name)
    return ahead.events


def _accept(ahead: _Ahead, case: Case, end: int, name: str, part_minor: int) -> None:
    """Accepts a share at its price. What was never handed over gets a delivery of no known day: neither early nor
    late by any clause.
    """
    milestone = ahead.state.milestones[name]
    if milestone.pending is None:
        ahead.add(
            MilestoneSubmitted(
                rests_on=(milestone.version, end),
                milestone=name,
                note="work in progress when the contract ended",
            )
        )
    pending = milestone.pending
    assert pending is not None
    again = (milestone.reversed_by,) if milestone.reversed_by else ()
    lines = price(delivered(ahead.state, milestone, pending, part_minor))
    for event in accepted_part_of(
        ahead.state,
        milestone,
        lines,
        part_minor,
        on=case.on,
        rests_on=(milestone.version, pending.version, *again, *case.rests_on, end),
        submission=pending.version,
        first=ahead.next,
        deliverables=milestone.plan.deliverables,
    ):
        ahead.add(event)


def _settle(ahead: _Ahead, case: Case, end: int, fee_minor: int, given_up: int) -> str:
    """Defines and accepts the settlement, where there is anything to settle; its name, or none."""
    lines = settlement_lines(ahead.state, fee_minor, given_up)
    if not lines:
        return ""
    name = _name(ahead.state.milestones)
    defined = ahead.add(
        MilestoneDefined(
            on=case.on,
            rests_on=(end,),
            milestone=name,
            title="Settlement of the termination",
            amount_minor=max(0, fee_minor),
            proposal=case.the_proposal().version,
            kind="settlement",
        )
    )
    recovered = [
        m.acceptance.version
        for m in ahead.state.milestones.values()
        if m.acceptance is not None and (m.traits.ahead or m.recovered_minor)
    ]
    due = payment_due(ahead.state.terms, case.on)
    ahead.add(
        MilestoneAccepted(
            on=case.on,
            rests_on=(*recovered, *case.rests_on, end, defined),
            milestone=name,
            accepted_minor=0,
            lines=lines,
            payment_due=due.day,
            provisional=due.provisional,
            calendar=due.calendar,
        )
    )
    return name


def settlement_lines(state: Contract, fee_minor: int, given_up: int) -> tuple[Line, ...]:
    """The fee, and what is left of the advances, which is recovered whole; a line of nothing is none."""
    found = []
    if fee_minor:
        calculation = {"not_performed_minor": str(given_up)}
        if (clause := state.terms.termination) is not None:
            by_clause = fee_by_clause(state.terms, given_up)
            calculation |= {
                "rate": percent_text(clause.fee),
                "by_clause_minor": str(by_clause),
                "rounding": state.terms.rounding,
            }
        found.append(
            Line(
                step="charge",
                clause="termination-fee",
                amount_minor=fee_minor,
                calculation=calculation,
            )
        )
    if opened := state.open_advance_minor:
        found.append(
            Line(
                step="advance",
                clause="recovered",
                amount_minor=-opened,
                calculation={"open_minor": str(opened), "rest": "yes"},
            )
        )
    return tuple(found)


def _name(taken: Iterable[str]) -> str:
    known, name, number = set(taken), _NAME, 1
    while name in known:
        number += 1
        name = f"{_NAME}-{number}"
    return name
