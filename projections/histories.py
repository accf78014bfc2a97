"""Which events are one milestone's history: those that touched it, and the proposals that are about it."""

from __future__ import annotations

from ledger.state import Contract
from projections.explain import concerns


def history_of(contract: Contract, milestone: str) -> set[int]:
    """The positions of everything that happened to a milestone, and of each proposal that would change it."""
    found = contract.milestones[milestone]
    positions = {found.position, *found.positions}
    for proposal in contract.proposals.values():
        if concerns(proposal.content, milestone) or _of_its_dispute(
            contract, proposal.content, milestone
        ):
            positions |= {proposal.position, *proposal.positions}
            positions |= {approval.position for approval in proposal.approvals}
    return positions


def _of_its_dispute(contract: Contract, content: object, milestone: str) -> bool:
    dispute = contract.disputes.get(getattr(content, "dispute", 0))
    return dispute is not None and dispute.milestone == milestone
