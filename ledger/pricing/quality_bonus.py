"""Step 3, bonus for quality: a fixed amount when a criterion is measured at or above its threshold, paid whole."""

from __future__ import annotations

from ledger.events import Line
from ledger.pricing.delivered import Delivered
from ledger.written import measure


def lines(delivered: Delivered) -> list[Line]:
    """A line per quality bonus of this milestone that was reached; a value in another unit reaches nothing."""
    measured = {result.criterion: result.measured for result in delivered.results}
    found = []
    for clause in delivered.terms.quality_bonuses:
        if clause.milestone != delivered.milestone or clause.criterion not in measured:
            continue
        value, unit = measure(measured[clause.criterion])
        threshold, wanted_unit = measure(clause.at_least)
        if unit == wanted_unit and value >= threshold:
            found.append(
                Line(
                    step="bonus",
                    clause="quality",
                    amount_minor=clause.amount_minor,
                    calculation={
                        "criterion": clause.criterion,
                        "measured": measured[clause.criterion],
                        "at_least": clause.at_least,
                    },
                )
            )
    return found
