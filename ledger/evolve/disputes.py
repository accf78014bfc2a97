"""How disputes change the state."""

from __future__ import annotations

from ledger import events as e
from ledger.events import Record
from ledger.evolve.common import approved, post, touch
from ledger.state import Contract, Dispute


def dispute_opened(contract: Contract, data: e.DisputeOpened, record: Record) -> None:
    milestone = touch(contract, data.milestone, record)
    dispute = Dispute(
        record.version,
        record.position,
        milestone.id,
        data.side,
        data.amount_minor,
        data.on,
        record.actor,
        data.reason,
        positions=[record.position],
    )
    milestone.disputes.append(dispute)
    contract.disputes[record.version] = dispute


def dispute_evidence(contract: Contract, data: e.DisputeEvidenceAdded, record: Record) -> None:
    contract.disputes[data.dispute].positions.append(record.position)
    touch(contract, data.milestone, record)


def dispute_resolved(contract: Contract, data: e.DisputeResolved, record: Record) -> None:
    milestone = touch(contract, data.milestone, record)
    dispute = contract.disputes[data.dispute]
    dispute.status = data.outcome
    dispute.ended_on = data.on
    dispute.positions.append(record.position)
    post(contract, milestone, data.lines, record)
    approved(contract, data.proposal, record)


def dispute_withdrawn(contract: Contract, data: e.DisputeWithdrawn, record: Record) -> None:
    touch(contract, data.milestone, record)
    dispute = contract.disputes[data.dispute]
    dispute.status = "withdrawn"
    dispute.ended_on = contract.dates[data.dispute] if data.why == "error" else data.on
    dispute.positions.append(record.position)
