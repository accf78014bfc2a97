"""Set-off: a claim on the partner from one milestone is taken off what is owed for another."""

from __future__ import annotations

from ledger.decisions.case import Case, find_milestone
from ledger.decisions.rules_endings import Against, net_set_off
from ledger.events import ClaimSetOff, Fact, Line, SetOff
from ledger.state import Contract, Milestone


def prepare(case: Case, content: SetOff) -> Against:
    """The claim and what it is taken off; it rests on what made the claim and on both acceptances."""
    case.milestone = find_milestone(case.state, content.milestone)
    other = find_milestone(case.state, content.against)
    case.rests_on = (*case.rests_on, *_behind(case.state, case.milestone, other))
    case.amount_minor = content.amount_minor
    return Against(other)


def _behind(state: Contract, milestone: Milestone, other: Milestone) -> tuple[int, ...]:
    """The facts on which the two balances rest: definitions, acceptances, lines and payments of the claim's side."""
    found = {milestone.version, other.version}
    found |= {m.acceptance.version for m in (milestone, other) if m.acceptance is not None}
    found |= {posted.version for posted in milestone.lines[-1:]}
    found |= {
        payment.record
        for payment in state.payments.values()
        if payment.milestone == milestone.id and payment.stands
    }
    return tuple(sorted(found))


def set_off(case: Case[Against], content: SetOff) -> list[Fact]:
    """Two facts with opposite lines, each naming the other milestone, so that together they move nothing."""
    milestone, other = case.the_milestone(), case.subject.other
    rests_on = (*_behind(case.state, milestone, other), *case.rests_on)
    back = -net_set_off(milestone, other.id) >= content.amount_minor
    calculation = {
        "claim": milestone.id,
        "outstanding_minor": str(milestone.outstanding_minor),
        "payable_minor": str(other.payable_minor),
    } | ({"gives_back": "yes"} if back else {})
    return [
        ClaimSetOff(
            on=case.on,
            rests_on=rests_on,
            milestone=one.id,
            against=two.id,
            lines=(
                Line(
                    step="settlement",
                    clause="set-off",
                    amount_minor=amount,
                    calculation={"with": two.id, **calculation},
                ),
            ),
            proposal=case.the_proposal().version,
            reason=content.reason,
        )
        for one, two, amount in (
            (milestone, other, content.amount_minor),
            (other, milestone, -content.amount_minor),
        )
    ]
