"""What a termination's settlement and a set-off come to, reckoned again from what was approved."""

from __future__ import annotations

import msgspec

from ledger import events as e
from ledger.decisions.effects_termination import settlement_lines
from ledger.events import Line
from ledger.state import Contract, Milestone


def of_settlement(before: Contract, settlement: Milestone) -> list[Line]:
    """The fee as approved, and what is left of the advances; not performed is what was cancelled with the contract."""
    proposal = before.proposals.get(settlement.plan.proposal)
    if proposal is None or not isinstance(proposal.content, e.Termination):
        return []
    ended = max(settlement.plan.rests_on)
    given_up = sum(
        m.current.amount_minor or 0
        for m in before.milestones.values()
        if m.kind == "milestone" and m.status == "cancelled" and m.cancelled_by > ended
    )
    return list(settlement_lines(before, proposal.content.fee_minor, given_up))


def of_set_off(before: Contract, data: e.ClaimSetOff) -> list[Line]:
    """The lines with the amount that was approved: added to the claim, taken off the other milestone."""
    proposal = before.proposals.get(data.proposal)
    if proposal is None or not isinstance(proposal.content, e.SetOff):
        return []
    content = proposal.content
    sign = 1 if content.milestone == data.milestone else -1
    amount = sign * content.amount_minor
    return [msgspec.structs.replace(line, amount_minor=amount) for line in data.lines]
