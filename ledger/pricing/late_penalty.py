"""Step 4, penalty (liquidated damages): a rate per day late, on this payable's part or the milestone, capped."""

from __future__ import annotations

from ledger.events import Line
from ledger.pricing.delivered import Delivered
from ledger.pricing.per_day import per_day, rest_excused


def lines(delivered: Delivered) -> list[Line]:
    """The deduction as a negative line, or none where the clause is absent, delivery was in time, or a date unknown.

    On the whole milestone its parts are charged together: what an earlier part was charged is taken off.
    """
    clause = delivered.terms.late_penalty
    if clause is None:
        return []
    days = delivered.charged_days(clause.excused_days)
    if days == 0:
        return []
    whole = clause.base == "milestone"
    base = delivered.whole_minor if whole else delivered.accepted_minor
    amount, calculation = per_day(delivered, days, clause.rate, clause.cap, base)
    rest_excused(delivered, calculation, clause.excused_days)
    if whole and delivered.charged_minor:
        calculation["charged_minor"] = str(delivered.charged_minor)
        amount = max(0, amount - delivered.charged_minor)
    if amount == 0:
        return []
    return [Line(step="penalty", clause="late", amount_minor=-amount, calculation=calculation)]
