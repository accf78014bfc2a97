"""A rate per day on a base, capped: the calculation that early bonus and late penalty share."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from ledger.money import percent_text, round_minor
from ledger.pricing.delivered import Delivered


def per_day(
    delivered: Delivered, days: int, rate: Decimal, cap: Decimal | None
) -> tuple[int, dict[str, str]]:
    """days × rate % × accepted part, at most cap % of it, rounded once; with the inputs a person checks it by."""
    base = delivered.accepted_minor
    exact = Fraction(rate) * days * base / 100
    limit = None if cap is None else Fraction(cap) * base / 100
    capped = limit is not None and exact > limit
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
    if limit is not None:
        calculation["cap_minor"] = str(round_minor(limit, rounding))
        calculation["capped"] = "yes" if capped else "no"
    charged = limit if capped and limit is not None else exact
    return round_minor(charged, rounding), calculation
