"""Step 3, bonus for early delivery: per day before the due date in force, on the accepted part, capped."""

from __future__ import annotations

from ledger.events import Line
from ledger.pricing.delivered import Delivered
from ledger.pricing.per_day import per_day


def lines(delivered: Delivered) -> list[Line]:
    """The bonus line, or none where the clause is absent, delivery was not early, or a date is unknown."""
    clause, late = delivered.terms.early_bonus, delivered.days_late
    if clause is None or late is None or late >= 0:
        return []
    amount, calculation = per_day(delivered, -late, clause.rate, clause.cap)
    if amount == 0:
        return []
    return [Line(step="bonus", clause="early", amount_minor=amount, calculation=calculation)]
