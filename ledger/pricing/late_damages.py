"""Step 4, penalty (liquidated damages): a fixed amount per day late, capped."""

from __future__ import annotations

from ledger.events import Line
from ledger.pricing.delivered import Delivered
from ledger.pricing.per_day import rest_excused


def lines(delivered: Delivered) -> list[Line]:
    """The deduction as a negative line; a milestone's parts are charged together, as for one delivery."""
    clause = delivered.terms.late_damages
    if clause is None:
        return []
    days = delivered.charged_days(clause.excused_days)
    accrued = days * clause.per_day_minor
    charged = accrued if clause.cap_minor is None else min(accrued, clause.cap_minor)
    calculation = {
        "days": str(days),
        "per_day_minor": str(clause.per_day_minor),
        "accrued_minor": str(accrued),
        "cap": "no cap" if clause.cap_minor is None else "amount",
        "due": str(delivered.due),
        "submitted": str(delivered.submitted_on),
    }
    if clause.cap_minor is not None:
        calculation["cap_minor"] = str(clause.cap_minor)
        calculation["capped"] = "yes" if accrued > clause.cap_minor else "no"
    rest_excused(delivered, calculation, clause.excused_days)
    if delivered.damages_minor:
        calculation["charged_minor"] = str(delivered.damages_minor)
    amount = charged - delivered.damages_minor
    if amount <= 0:
        return []
    return [Line(step="penalty", clause="damages", amount_minor=-amount, calculation=calculation)]
