"""Step 4, disincentive: per day after the incentive date, booked apart from liquidated damages; both may apply."""

from __future__ import annotations

from ledger.events import Line
from ledger.pricing.delivered import Delivered, days_after
from ledger.pricing.per_day import per_day, rest_excused


def lines(delivered: Delivered) -> list[Line]:
    """The deduction as a negative line, or none where there is no such clause or the incentive date was kept.

    Days of suspension are excused, as for every penalty.
    """
    bonus = delivered.terms.early_bonus
    clause = bonus.disincentive if bonus is not None else None
    incentive = delivered.incentive_due or delivered.due
    late = (days_after(incentive, delivered.submitted_on) or 0) - delivered.suspended_days
    if clause is None or late <= 0:
        return []
    amount, calculation = per_day(delivered, late, clause.rate, clause.cap)
    calculation["incentive_due"] = str(incentive)
    rest_excused(delivered, calculation, 0)
    if amount == 0:
        return []
    return [
        Line(step="penalty", clause="disincentive", amount_minor=-amount, calculation=calculation)
    ]
