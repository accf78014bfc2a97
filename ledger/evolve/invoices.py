"""How invoices, and what was filed of the tax withheld, change the state."""

from __future__ import annotations

import msgspec

from ledger import events as e
from ledger.events import Covered, Record
from ledger.evolve.common import touch
from ledger.state import Contract, Invoice, Milestone


def invoice_received(contract: Contract, data: e.InvoiceReceived, record: Record) -> None:
    """Where payment is counted from the invoice, what was accepted before falls due by the latest of its invoices."""
    contract.invoices[record.version] = Invoice(
        record.version, record.position, data, data.on, positions=[record.position]
    )
    for covered in data.covers:
        milestone = touch(contract, covered.milestone, record)
        milestone.invoiced_minor += covered.amount_minor
        due = milestone.acceptance.payment_due if milestone.acceptance is not None else None
        if covered.payment_due is not None and (due is None or due < covered.payment_due):
            _falls_due(milestone, covered)


def invoice_rejected(contract: Contract, data: e.InvoiceRejected, record: Record) -> None:
    """What it covered is not invoiced; where payment is counted from the invoice, the event says when it now is due."""
    invoice = contract.invoices[data.invoice]
    invoice.status, invoice.rejected_on = "rejected", data.on
    invoice.positions.append(record.position)
    for covered in invoice.event.covers:
        touch(contract, covered.milestone, record).invoiced_minor -= covered.amount_minor
    for left in data.covers:
        _falls_due(contract.milestones[left.milestone], left)


def _falls_due(milestone: Milestone, covered: Covered) -> None:
    if milestone.acceptance is not None:
        milestone.acceptance = msgspec.structs.replace(
            milestone.acceptance,
            payment_due=covered.payment_due,
            provisional=covered.provisional,
        )


def withholding_filed(contract: Contract, data: e.WithholdingFiled, record: Record) -> None:
    touch(contract, data.milestone, record).filed_minor += data.amount_minor
