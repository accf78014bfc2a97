"""After retention: what advances paid recover, the lesser of a rate of this milestone and what is still open.

FAR 52.232-16(b): the lesser of the open progress payments and the liquidation rate times the invoice.
"""

from __future__ import annotations

from fractions import Fraction

from ledger.events import Line
from ledger.money import percent_text, round_minor
from ledger.pricing.delivered import Delivered


def lines(delivered: Delivered) -> list[Line]:
    """The recovery as a negative line, or none where nothing was advanced, or all of it is recovered."""
    clause, opened = delivered.terms.advance, delivered.progress.open_advance_minor
    if clause is None or opened <= 0:
        return []
    net = sum(line.amount_minor for line in delivered.lines) + delivered.adjusted_minor
    base = delivered.accepted_minor if clause.base == "gross" else max(0, net)
    rounding = delivered.terms.rounding
    by_rate = round_minor(Fraction(clause.rate) * base / 100, rounding)
    amount = min(by_rate, opened)
    if amount == 0:
        return []
    calculation = {
        "rate": percent_text(clause.rate),
        "base": clause.base,
        "base_minor": str(base),
        "open_minor": str(opened),
        "capped": "yes" if by_rate > opened else "no",
        "rounding": rounding,
    }
    return [Line(step="advance", clause="recovered", amount_minor=-amount, calculation=calculation)]
