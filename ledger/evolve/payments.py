"""How retention releases, set-offs and payments change the state."""

from __future__ import annotations

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
    post(contract, touch(contract, data.milestone, record), data.lines, record)
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
    milestone.banked = True
    reserved = payable(milestone, data.release, record)
    reserved.instructed_minor += data.amount_minor + data.discount_minor
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
        reserved.instructed_minor -= payment.reserved_minor
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
    milestone.banked = True
    _moved(payable(milestone, payment.release, record), payment)
    post(contract, milestone, data.lines, record)


def _moved(what: Milestone | Release, payment: Payment) -> None:
    what.paid_minor += payment.paid_minor
    what.payments.append(payment)


def payment_failed(contract: Contract, data: e.PaymentFailed, record: Record) -> None:
    payment = contract.payments[data.instruction]
    milestone = touch(contract, payment.milestone, record)
    payable(milestone, payment.release, record).instructed_minor -= payment.reserved_minor
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
    post(contract, milestone, data.lines, record, data.payment)


def payment_refunded(contract: Contract, data: e.PaymentRefunded, record: Record) -> None:
    """What was paid is less by it; what settled the milestone stays what it was."""
    refund = contract.payments[record.version] = Payment(
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
    _moved(payable(milestone, data.release, record), refund)
