"""A rate per day on a base, capped: the calculation that early bonus and late penalty share."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from ledger.money import percent_text, round_minor
from ledger.pricing.delivered import Delivered


def per_day(
    delivered: Delivered, days: int, rate: Decimal, cap: Decimal | None, base: int | None = None
) -> tuple[int, dict[str, str]]:
    """days × rate % × base (the accepted part), at most cap % of it, rounded once; with the inputs to check it by."""
    base = delivered.accepted_minor if base is None else base
    exact = _share(rate, days * base)
    limit = None if cap is None else _share(cap, base)
    rounding = delivered.terms.rounding
    calculation = {
        "days": str(days),
        "rate": percent_text(rate),
        "base_minor": str(base),
        "cap": "no cap" if cap is None else percent_text(cap),
        "rounding": rounding,
        "due": str(delivered.due),
        "submitted": str(delivered.submitted_on),
    }
    return round_minor(at_most(exact, limit, calculation, rounding), rounding), calculation


def _share(percent: Decimal, base: int) -> Fraction:
    numerator, denominator = percent.as_integer_ratio()
    return Fraction(numerator * base, 100 * denominator)


def at_most(
    exact: Fraction, limit: Fraction | None, calculation: dict[str, str], rounding: str
) -> Fraction:
    """The exact amount, or its cap if that is less; the calculation says which."""
    if limit is None:
        return exact
    calculation["cap_minor"] = str(round_minor(limit, rounding))
    calculation["capped"] = "yes" if exact > limit else "no"
    return min(exact, limit)


def rest_excused(delivered: Delivered, calculation: dict[str, str], excused_days: int) -> None:
    """Says which days late are not paid for."""
    if excused_days:
        calculation["excused_days"] = str(excused_days)
    if delivered.suspended_days:
        calculation["suspended_days"] = str(delivered.suspended_days)
