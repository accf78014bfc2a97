"""What came after an acceptance, reckoned again: tax that follows, releases, invoices' due dates, discounts.

Each from the contract as it stood just before, folded anew, by the terms under which what it adjusts was accepted:
terms amended since, before or after it, play no part.
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger import events as e
from ledger.contract import fold
from ledger.decisions.adjusting import tax_of
from ledger.decisions.delivery import invoiced_on
from ledger.decisions.retention import due_of, released
from ledger.events import Covered, Record
from ledger.payables import early_payment
from ledger.pricing.payment_due import PaymentDue, payment_due
from ledger.retaining import released_by
from ledger.state import Contract, Milestone
from projections.reckoning import Checked, Differs, due_differs

_FOLLOWED = e.BonusAwarded | e.BonusRevoked | e.PenaltyWaived | e.DisputeResolved
_Later = _FOLLOWED | e.RetentionReleased | e.InvoiceReceived | e.InvoiceRejected | e.PaymentRecorded


def reckon_later(checked: Checked, log: Sequence[Record], record: Record, milestone: str) -> None:
    """Adds what one fact says of a milestone, if it says anything that can be reckoned again."""
    data = record.data
    if not isinstance(data, _Later) or not _is_about(data, milestone):
        return
    before = fold(one for one in log if one.version < record.version)
    found = before.milestones.get(milestone) if before is not None else None
    if before is None or found is None:
        return
    if isinstance(data, _FOLLOWED):
        _tax(checked, before, found, record)
    elif isinstance(data, e.RetentionReleased):
        _release(checked, before, found, data, record.position)
    elif isinstance(data, e.PaymentRecorded):
        _discount(checked, before, log, data, record.position)
    else:
        for covered in data.covers:
            if covered.milestone == milestone:
                checked.due(_invoiced(before, found, data, covered, record.position))


def _is_about(data: e.Fact, milestone: str) -> bool:
    if isinstance(data, e.InvoiceReceived | e.InvoiceRejected):
        return any(covered.milestone == milestone for covered in data.covers)
    return getattr(data, "milestone", None) == milestone


def _tax(checked: Checked, before: Contract, milestone: Milestone, record: Record) -> None:
    """By how much tax follows a decision of people: what comes with an acceptance is taxed there."""
    data = record.data
    if not getattr(data, "proposal", 0):
        return
    own = [line for line in getattr(data, "lines", ()) if line.step != "tax"]
    stored = [line for line in getattr(data, "lines", ()) if line.step == "tax"]
    wanted = tax_of(before, milestone, own) if own else []
    checked.compare(stored, wanted, record.position)


def _release(
    checked: Checked,
    before: Contract,
    milestone: Milestone,
    data: e.RetentionReleased,
    position: int,
) -> None:
    """A release may be of a part, never of more than the terms let go by its day, less what was released before."""
    if data.on is None:
        return
    gone = released_by(before, milestone, data.on)
    left = max(0, gone - milestone.released_minor)
    amount = min(data.amount_minor, left)
    checked.compare(
        list(data.lines), [released(milestone, amount, gone, milestone.released_minor)], position
    )
    due = due_of(before, milestone, amount, data.on)
    if due.calendar == data.calendar:
        stored = PaymentDue(data.payment_due, data.provisional)
        same = stored[:2] == due[:2]
        checked.due(True if same else due_differs(stored, due, position))


def _invoiced(
    before: Contract,
    milestone: Milestone,
    data: e.InvoiceReceived | e.InvoiceRejected,
    covered: Covered,
    position: int,
) -> Differs | bool | None:
    """When payment falls due by an invoice, or by those that are left; None where it does not count from them."""
    terms, acceptance = before.terms_of(milestone), milestone.acceptance
    if terms.payment is None or terms.payment.after != "invoice" or acceptance is None:
        return None
    if isinstance(data, e.InvoiceReceived):
        day = data.issued_on or data.on
    else:
        day = invoiced_on(before, milestone, data.invoice)
    due = payment_due(terms, acceptance.on, day)
    if due.calendar != covered.calendar:
        return None
    stored = PaymentDue(covered.payment_due, covered.provisional)
    return True if stored[:2] == due[:2] else due_differs(stored, due, position)


def _discount(
    checked: Checked,
    before: Contract,
    log: Sequence[Record],
    data: e.PaymentRecorded,
    position: int,
) -> None:
    """A discount is what the terms gave on the day of the instruction."""
    if not data.lines:
        return
    earlier = fold(one for one in log if one.version < data.instruction)
    payment = before.payments.get(data.instruction)
    if earlier is None or payment is None:
        return
    gives = early_payment(earlier, earlier.milestones[data.milestone], payment.on)
    wanted = [e.Line(step="settlement", clause="discount", amount_minor=-gives)]
    stored = [
        e.Line(step=line.step, clause=line.clause, amount_minor=line.amount_minor)
        for line in data.lines
    ]
    checked.compare(stored, wanted, position)
