"""Step 3, bonus for early delivery: per day before the due date or by a table, on the accepted part, capped."""

from __future__ import annotations

from fractions import Fraction

from ledger.events import Line
from ledger.money import percent_text, round_minor
from ledger.pricing.delivered import Delivered, days_after
from ledger.pricing.per_day import at_most, per_day
from ledger.terms import EarlyBonus


def lines(delivered: Delivered) -> list[Line]:
    """The bonus line, or none where the clause is absent, delivery was not early, or a date is unknown."""
    clause = delivered.terms.early_bonus
    late = days_after(delivered.incentive_due or delivered.due, delivered.submitted_on)
    if clause is None or late is None or late >= 0:
        return []
    if clause.table:
        amount, calculation = _by_table(delivered, clause, -late)
    else:
        amount, calculation = per_day(delivered, -late, clause.rate, clause.cap)
    if delivered.incentive_due is not None:
        calculation["incentive_due"] = str(delivered.incentive_due)
    amount = _within_contract(delivered, clause, amount, calculation)
    if amount == 0:
        return []
    return [Line(step="bonus", clause="early", amount_minor=amount, calculation=calculation)]


def _by_table(delivered: Delivered, clause: EarlyBonus, days: int) -> tuple[int, dict[str, str]]:
    """The rate of the last step reached, once, not per day."""
    steps = sorted(clause.table, key=lambda step: step.days)
    reached = next((step for step in reversed(steps) if step.days <= days), None)
    base, rounding = delivered.accepted_minor, delivered.terms.rounding
    calculation = {
        "days": str(days),
        "step_days": str(reached.days) if reached else "",
        "rate": percent_text(reached.rate) if reached else "0%",
        "base_minor": str(base),
        "cap": percent_text(clause.cap),
        "rounding": rounding,
        "due": str(delivered.due),
        "submitted": str(delivered.submitted_on),
    }
    exact = Fraction(reached.rate) * base / 100 if reached else Fraction(0)
    limit = Fraction(clause.cap) * base / 100
    return round_minor(at_most(exact, limit, calculation, rounding), rounding), calculation


def _within_contract(
    delivered: Delivered, clause: EarlyBonus, amount: int, calculation: dict[str, str]
) -> int:
    """What all early bonuses together still leave of their share of the contract."""
    if clause.contract_cap is None:
        return amount
    progress = delivered.progress
    limit = Fraction(clause.contract_cap) * progress.contract_minor / 100
    left = max(0, round_minor(limit, delivered.terms.rounding) - progress.early_bonus_minor)
    calculation["contract_cap"] = percent_text(clause.contract_cap)
    calculation["contract_left_minor"] = str(left)
    return min(amount, left)
