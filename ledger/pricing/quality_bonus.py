"""Step 3, bonus for quality: a fixed amount when a criterion is measured at or above its threshold, paid whole."""

from __future__ import annotations

from ledger.events import Line
from ledger.measured import reached
from ledger.pricing.delivered import Delivered


def lines(delivered: Delivered) -> list[Line]:
    """A line per quality bonus of this milestone that was reached, for its highest tier.

    A value in another unit reaches nothing.
    """
    measured = {result.criterion: result.measured for result in delivered.results}
    found = []
    for clause in delivered.terms.quality_bonuses:
        if clause.milestone != delivered.milestone:
            continue
        place = reached(clause, measured)
        if place is None:
            continue
        step = clause.steps[place]
        calculation = {
            "criterion": clause.criterion,
            "measured": measured[clause.criterion],
            "at_least": step.at_least,
        }
        if clause.tiers:
            calculation["tiers"] = ", ".join(tier.at_least for tier in clause.steps)
        found.append(
            Line(
                step="bonus",
                clause="quality",
                amount_minor=step.amount_minor,
                calculation=calculation,
            )
        )
    return found
