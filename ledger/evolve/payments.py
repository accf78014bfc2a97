"""How retention releases, set-offs and payments change the state."""

from __future__ import annotations

from datetime import date

from ledger import events as e
from ledger.events import Record
from ledger.evolve.common import approved, post, touch
from ledger.state import Contract, Milestone, Payment, Release


def retention_released(contract: Contract, data: e.RetentionReleased, record: Record) -> None:
    """Its lines are not the milestone's: net stays without retention, and the release is owed beside it."""
    touch(contract, data.milestone, record).releases.append(
        Release(
            record.version,
            record.position,
            data.amount_minor,
            data.on,
            data.payment_due,
            data.provisional,
            positions=[record.position],
        )
    )


def claim_set_off(contract: Contract, data: e.ClaimSetOff, record: Record) -> None:
    post(touch(contract, data.milestone, record), data.lines, record)
    approved(contract, data.proposal, record)


def payable(milestone: Milestone, release: int, record: Record) -> Milestone | Release:
    """What a payment pays: the milestone itself, or one of its releases."""
    for found in milestone.releases if release else ():
        if found.version == release:
            found.positions.append(record.position)
            return found
    return milestone


def payment_instructed(contract: Contract, data: e.PaymentInstructed, record: Record) -> None:
    milestone = touch(contract, data.milestone, record)
    payable(milestone, data.release, record).instructed_minor += data.amount_minor
    if data.signature is not None:
        contract.nonces.add(data.signature.nonce)
    contract.payments[record.version] = Payment(
        record.version,
        record.position,
        milestone.id,
        data.amount_minor,
        data.on,
        data.run,
        positions=[record.position],
        release=data.release,
        instruction=data,
    )


def payment_recorded(contract: Contract, data: e.PaymentRecorded, record: Record) -> None:
    payment = contract.payments.get(data.instruction)
    if payment is None:
        payment = Payment(
            record.version,
            record.position,
            data.milestone,
            data.amount_minor,
            None,
            release=data.release,
        )
        contract.payments[record.version] = payment
    elif payment.status == "instructed":
        reserved = payable(contract.milestones[payment.milestone], payment.release, record)
        reserved.instructed_minor -= payment.amount_minor
    payment.status = "paid"
    payment.record = record.version
    payment.paid_minor = data.amount_minor
    payment.paid_on = data.on
    payment.reference = data.reference
    payment.recorded = data
    payment.positions.append(record.position)
    if not data.milestone:
        contract.unallocated_minor += data.amount_minor
        contract.unallocated_positions.append(record.position)
        return
    milestone = touch(contract, data.milestone, record)
    _paid(payable(milestone, payment.release, record), data.amount_minor, data.on)
    post(milestone, data.lines, record)


def _paid(what: Milestone | Release, amount_minor: int, on: date | None) -> None:
    open_before = what.outstanding_minor > 0
    what.paid_minor += amount_minor
    what.last_paid_on = on
    if open_before and what.outstanding_minor <= 0:
        what.settled_on = on


def payment_failed(contract: Contract, data: e.PaymentFailed, record: Record) -> None:
    payment = contract.payments[data.instruction]
    milestone = touch(contract, payment.milestone, record)
    payable(milestone, payment.release, record).instructed_minor -= payment.amount_minor
    payment.status = "failed"
    payment.ended_on = data.on
    payment.ended_by = data.entry
    payment.positions.append(record.position)


def payment_reversed(contract: Contract, data: e.PaymentReversed, record: Record) -> None:
    payment = next((p for p in contract.payments.values() if p.record == data.payment), None)
    if payment is None:
        return
    payment.status = "reversed"
    payment.ended_on = data.on
    payment.ended_by, payment.return_fees_minor = data.entry, data.fees_minor
    payment.undone = data.why == "error"
    payment.positions.append(record.position)
    if not payment.milestone:
        contract.unallocated_minor -= payment.paid_minor
        contract.unallocated_positions.append(record.position)
        return
    milestone = touch(contract, payment.milestone, record)
    returned = payable(milestone, payment.release, record)
    returned.paid_minor -= payment.paid_minor
    post(milestone, data.lines, record)
    if returned.outstanding_minor > 0:
        returned.settled_on = None


def payment_refunded(contract: Contract, data: e.PaymentRefunded, record: Record) -> None:
    """What was paid is less by it; what settled the milestone stays what it was."""
    contract.payments[record.version] = Payment(
        record.version,
        record.position,
        data.milestone,
        -data.amount_minor,
        None,
        status="refunded",
        record=record.version,
        paid_minor=-data.amount_minor,
        paid_on=data.on,
        reference=data.reference,
        positions=[record.position],
        release=data.release,
        refunded=data,
    )
    milestone = touch(contract, data.milestone, record)
    payable(milestone, data.release, record).paid_minor -= data.amount_minor
