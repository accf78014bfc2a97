"""How proposals, approvals and acceptances change the state."""

from __future__ import annotations

from typing import Any

import msgspec

from ledger import events as e
from ledger.events import Record
from ledger.evolve.common import approved, decided, post, submission, touch
from ledger.patches import with_roles_dropped
from ledger.premises import premises
from ledger.state import Acceptance, Approval, Contract, Proposal
from ledger.upcasting import patch_of


def change_proposed(contract: Contract, data: e.ChangeProposed, record: Record) -> None:
    contract.proposals[record.version] = Proposal(
        record.version,
        record.position,
        data,
        record.actor,
        data.on,
        contract.terms,
        positions=[record.position],
        premises=premises(contract, data.content),
    )


def change_proposed_1(contract: Contract, old: e.ChangeProposed1, record: Record) -> None:
    """What states everything in full also takes away the roles that it does not name."""
    data = patch_of(old)
    content = with_roles_dropped(data.content, contract.terms)
    change_proposed(contract, msgspec.structs.replace(data, content=content), record)


def change_rejected(contract: Contract, data: e.ChangeRejected, record: Record) -> None:
    proposal = contract.proposals[data.proposal]
    proposal.status = "rejected"
    proposal.positions.append(record.position)


def approval_granted(contract: Contract, data: e.ApprovalGranted, record: Record) -> None:
    """Only a person's latest approval of a subject stands: who approves another part takes the first back."""
    approval = Approval(
        record.version,
        record.position,
        data.subject,
        record.actor,
        data.role,
        data.digest,
        data.on,
        data.accepted_minor,
        part=data.part,
        deliverables=data.deliverables,
        price=data.price,
    )
    if data.signature is not None:
        contract.nonces.add(data.signature.nonce)
    if data.milestone:
        milestone = touch(contract, data.milestone, record)
        if (delivery := submission(milestone, data.subject)) is not None:
            _stands(delivery.approvals, approval)
    else:
        proposal = contract.proposals[data.subject]
        _stands(proposal.approvals, approval)
        proposal.positions.append(record.position)


def _stands(approvals: list[Approval], latest: Approval) -> None:
    for earlier in approvals:
        earlier.live = earlier.live and earlier.actor != latest.actor
    approvals.append(latest)


def approval_withdrawn(contract: Contract, data: e.ApprovalWithdrawn, record: Record) -> None:
    if data.milestone:
        subjects: list[Any] = list(touch(contract, data.milestone, record).submissions)
    else:
        subjects = [contract.proposals[data.subject]]
        subjects[0].positions.append(record.position)
    for subject in subjects:
        for approval in subject.approvals:
            if approval.version == data.approval:
                approval.live = False


def milestone_accepted(contract: Contract, data: e.MilestoneAccepted, record: Record) -> None:
    milestone = touch(contract, data.milestone, record)
    delivery = submission(milestone, data.submission)
    if delivery is not None:
        delivery.status = "accepted"
    deliveries = [s for s in milestone.submissions if s.status != "replaced"]
    first_pass = len(deliveries) == 1 and not data.remainder
    milestone.status = "accepted"
    milestone.source_status = data.source_status or milestone.source_status
    milestone.acceptance = Acceptance(
        record.version,
        record.position,
        data.on,
        delivery,
        data.accepted_minor,
        data.payment_due,
        data.provisional,
        data.remainder,
        contract.terms,
    )
    decided(milestone, data.on, first_pass)
    post(contract, milestone, data.lines, record)


def acceptance_reversed(contract: Contract, data: e.AcceptanceReversed, record: Record) -> None:
    """The submission waits again, with no approvals; the remainder is void; a reversed acceptance was no decision."""
    milestone = touch(contract, data.milestone, record)
    acceptance = milestone.acceptance
    if acceptance is None:
        return
    post(contract, milestone, data.lines, record, data.acceptance)
    milestone.acceptance = None
    milestone.releases = []
    milestone.status = "submitted"
    if data.why == "event":
        milestone.reversed_by = record.version
    if milestone.first_pass is not None and milestone.first_decided_on == acceptance.on:
        rejected = any(s.status == "rejected" for s in milestone.submissions)
        if not rejected:
            milestone.first_pass = milestone.first_decided_on = None
    if acceptance.submission is not None:
        acceptance.submission.status = "pending"
        for approval in acceptance.submission.approvals:
            approval.live = False
    if acceptance.remainder and milestone.whole is not None:
        milestone.baselines, milestone.whole = milestone.whole, None
        contract.milestones[acceptance.remainder].status = "void"
    for award in contract.awards.values():
        if award.milestone == milestone.id and award.version > acceptance.version:
            award.revoked = True
    for assessment in contract.assessments.values():
        if assessment.milestone == milestone.id and assessment.version > acceptance.version:
            assessment.waived_minor = assessment.amount_minor
    approved(contract, data.proposal, record)
