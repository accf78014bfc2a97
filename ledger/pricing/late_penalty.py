"""Step 4, penalty (liquidated damages): per day after the due date in force, on this payable's part, capped."""

from __future__ import annotations

from ledger.events import Line
from ledger.pricing.delivered import Delivered
from ledger.pricing.per_day import per_day


def lines(delivered: Delivered) -> list[Line]:
    """The deduction as a negative line, or none where the clause is absent, delivery was in time, or a date unknown."""
    clause, late = delivered.terms.late_penalty, delivered.days_late
    if clause is None or late is None or late <= 0:
        return []
    amount, calculation = per_day(delivered, late, clause.rate, clause.cap)
    if amount == 0:
        return []
    return [Line(step="penalty", clause="late", amount_minor=-amount, calculation=calculation)]
