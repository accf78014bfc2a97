"""Step 8, retention: part of what is accepted is kept back, up to a share of the contract's completion."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from ledger.events import Line
from ledger.money import percent_text, round_minor
from ledger.pricing.delivered import Delivered
from ledger.terms import Retention


def lines(delivered: Delivered) -> list[Line]:
    """The retained part as a negative line; of a milestone that crosses the completion share, each side at its rate."""
    clause = delivered.terms.retention
    if clause is None or delivered.accepted_minor == 0:
        return []
    rounding, accepted = delivered.terms.rounding, delivered.accepted_minor
    before = _before(delivered, clause)
    after = accepted - before
    exact = (Fraction(clause.rate) * before + Fraction(clause.then) * after) / 100
    calculation = {
        "rate": percent_text(clause.rate),
        "base_minor": str(accepted),
        "rounding": rounding,
    }
    if clause.until is not None:
        progress = delivered.progress
        calculation |= {
            "until": percent_text(clause.until),
            "completed_minor": str(progress.completed_minor),
            "contract_minor": str(progress.contract_minor),
            "first_minor": str(before),
            "then": percent_text(clause.then),
            "then_minor": str(after),
        }
    amount = round_minor(exact, rounding)
    if clause.limit is not None:
        amount = _limited(delivered, clause.limit, amount, calculation)
    if amount == 0:
        return []
    return [
        Line(step="retention", clause="retained", amount_minor=-amount, calculation=calculation)
    ]


def _before(delivered: Delivered, clause: Retention) -> int:
    """The part accepted before the completion share is reached, in whole minor units, rounded down."""
    if clause.until is None:
        return delivered.accepted_minor
    progress = delivered.progress
    reach = Fraction(clause.until) * progress.contract_minor / 100
    return max(0, min(delivered.accepted_minor, int(reach) - progress.completed_minor))


def _limited(delivered: Delivered, limit: Decimal, amount: int, calculation: dict[str, str]) -> int:
    """What the limit on all retention together leaves."""
    progress = delivered.progress
    most = round_minor(Fraction(limit) * progress.contract_minor / 100, delivered.terms.rounding)
    left = max(0, most - progress.retained_minor)
    calculation |= {"limit": percent_text(limit), "limit_left_minor": str(left)}
    return min(amount, left)
