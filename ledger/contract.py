"""evolve: (state, record) → state, and the fold over it. Neither ever refuses: what is stored has happened."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from ledger import events as e
from ledger.events import Fact, Record
from ledger.evolve import (
    agreement,
    approvals,
    bonuses,
    disputes,
    invoices,
    milestones,
    payments,
)
from ledger.state import Contract, Finding
from ledger.upcasting import UPCASTERS, through

EVOLVERS: dict[type[Fact], Callable[[Any, Any, Record], None]] = {
    e.HistoryImported: agreement.history_imported,
    e.ContractAmended: agreement.contract_amended,
    e.RoleGranted: agreement.role_granted,
    e.RoleRevoked: agreement.role_revoked,
    e.ContractSuspended: agreement.becomes("suspended"),
    e.ContractResumed: agreement.becomes("active"),
    e.ContractTerminated: agreement.becomes("terminated"),
    e.ContractCompleted: agreement.becomes("completed"),
    e.NoteAdded: agreement.note_added,
    e.MilestoneDefined: milestones.milestone_defined,
    e.MilestoneRevised: milestones.milestone_revised,
    e.MilestoneStarted: milestones.milestone_started,
    e.MilestoneSubmitted: milestones.milestone_submitted,
    e.SubmissionRejected: milestones.submission_rejected,
    e.MilestoneCancelled: milestones.milestone_cancelled,
    e.ChangeProposed: approvals.change_proposed,
    e.ChangeRejected: approvals.change_rejected,
    e.ApprovalGranted: approvals.approval_granted,
    e.ApprovalWithdrawn: approvals.approval_withdrawn,
    e.MilestoneAccepted: approvals.milestone_accepted,
    e.AcceptanceReversed: approvals.acceptance_reversed,
    e.BonusAwarded: bonuses.bonus_awarded,
    e.BonusRevoked: bonuses.bonus_revoked,
    e.PenaltyAssessed: bonuses.penalty_assessed,
    e.PenaltyWaived: bonuses.penalty_waived,
    e.DisputeOpened: disputes.dispute_opened,
    e.DisputeEvidenceAdded: disputes.dispute_evidence,
    e.DisputeResolved: disputes.dispute_resolved,
    e.DisputeWithdrawn: disputes.dispute_withdrawn,
    e.InvoiceReceived: invoices.invoice_received,
    e.InvoiceRejected: invoices.invoice_rejected,
    e.WithholdingFiled: invoices.withholding_filed,
    e.RetentionReleased: payments.retention_released,
    e.ClaimSetOff: payments.claim_set_off,
    e.PaymentInstructed: payments.payment_instructed,
    e.PaymentRecorded: payments.payment_recorded,
    e.PaymentFailed: payments.payment_failed,
    e.PaymentReversed: payments.payment_reversed,
    e.PaymentRefunded: payments.payment_refunded,
}

EVOLVERS |= {old: through(lift, EVOLVERS) for old, lift in UPCASTERS.items()}
EVOLVERS[e.ChangeProposed1] = approvals.change_proposed_1  # which also needs the roles there are

# Which field of a correction names its target; with `why` error it acts from the target's date.
_TARGETS: dict[type[Fact], str] = {
    e.MilestoneSubmitted: "corrects",
    e.ApprovalWithdrawn: "approval",
    e.AcceptanceReversed: "acceptance",
    e.BonusRevoked: "bonus",
    e.DisputeWithdrawn: "dispute",
    e.PaymentReversed: "payment",
}


def acting_date(dates: dict[int, date | None], data: Fact) -> date | None:
    """The day from which a fact acts: its own, or that of the fact which it corrects as an error."""
    target = _TARGETS.get(type(data))
    if target is not None and getattr(data, "why", "") == "error":
        version = getattr(data, target)
        if version in dates:
            return dates[version]
    return data.on


def evolve(state: Contract | None, record: Record) -> Contract:
    """The state after a record. The state given is used up: whoever folds owns it."""
    data = record.data
    if state is None:
        if not isinstance(data, e.ContractSigned):
            raise AssertionError(f"stream {record.stream_id} does not begin with ContractSigned")
        state = agreement.contract_signed(data, record)
    else:
        EVOLVERS[type(data)](state, data, record)
    version = state.version = record.version
    state.position = record.position
    state.dates[version] = data.on if type(data) not in _TARGETS else acting_date(state.dates, data)
    for rule in data.breaches:
        milestone = getattr(data, "milestone", "")
        detail = getattr(data, "source_amount", "") if rule == "amount-in-minor-units" else ""
        state.findings.append(Finding(rule, milestone, record.position, version, detail))
    return state


def fold(records: Iterable[Record], as_of: date | None = None) -> Contract | None:
    """The state that a stream's records lead to, in version order.

    With `as_of`, facts that act later are left out, and so are those that rest on one left out.
    """
    state: Contract | None = None
    if as_of is None:
        for record in records:
            state = evolve(state, record)
        return state
    dates: dict[int, date | None] = {}
    left_out: set[int] = set()
    for record in records:
        data = record.data
        acts_on = dates[record.version] = acting_date(dates, data)
        later = acts_on is not None and acts_on > as_of
        if later or any(version in left_out for version in data.rests_on):
            left_out.add(record.version)
        else:
            state = evolve(state, record)
    return state
