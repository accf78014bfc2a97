"""How payments change the state."""

from __future__ import annotations

from ledger import events as e
from ledger.events import Record
from ledger.evolve.common import touch
from ledger.state import Contract, Payment


def payment_instructed(contract: Contract, data: e.PaymentInstructed, record: Record) -> None:
    milestone = touch(contract, data.milestone, record)
    milestone.instructed_minor += data.amount_minor
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
    )


def payment_recorded(contract: Contract, data: e.PaymentRecorded, record: Record) -> None:
    payment = contract.payments.get(data.instruction)
    if payment is None:
        payment = Payment(record.version, record.position, data.milestone, data.amount_minor, None)
        contract.payments[record.version] = payment
    elif payment.status == "instructed":
        contract.milestones[payment.milestone].instructed_minor -= payment.amount_minor
    payment.status = "paid"
    payment.record = record.version
    payment.paid_minor = data.amount_minor
    payment.paid_on = data.on
    payment.reference = data.reference
    payment.positions.append(record.position)
    if not data.milestone:
        contract.unallocated_minor += data.amount_minor
        contract.unallocated_positions.append(record.position)
        return
    milestone = touch(contract, data.milestone, record)
    open_before = milestone.outstanding_minor > 0
    milestone.paid_minor += data.amount_minor
    milestone.last_paid_on = data.on
    if open_before and milestone.outstanding_minor <= 0:
        milestone.settled_on = data.on


def payment_failed(contract: Contract, data: e.PaymentFailed, record: Record) -> None:
    payment = contract.payments[data.instruction]
    touch(contract, payment.milestone, record).instructed_minor -= payment.amount_minor
    payment.status = "failed"
    payment.ended_on = data.on
    payment.positions.append(record.position)


def payment_reversed(contract: Contract, data: e.PaymentReversed, record: Record) -> None:
    payment = next((p for p in contract.payments.values() if p.record == data.payment), None)
    if payment is None:
        return
    payment.status = "reversed"
    payment.ended_on = data.on
    payment.positions.append(record.position)
    if not payment.milestone:
        contract.unallocated_minor -= payment.paid_minor
        contract.unallocated_positions.append(record.position)
        return
    milestone = touch(contract, payment.milestone, record)
    milestone.paid_minor -= payment.paid_minor
    if milestone.outstanding_minor > 0:
        milestone.settled_on = None
