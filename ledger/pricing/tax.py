"""Step 7, tax: value added tax on top of what was earned, and tax withheld from it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from ledger.events import Line
from ledger.money import percent_text, round_minor
from ledger.pricing.delivered import Delivered
from ledger.terms import Terms


def lines(delivered: Delivered) -> list[Line]:
    """A line for each of the taxes agreed."""
    clause = delivered.terms.tax
    if clause is None:
        return []
    gross = clause.base == "gross"
    base = delivered.sum_of("gross") if gross else delivered.earned_minor
    return taxes(delivered.terms, base, {})


def taxes(terms: Terms, base_minor: int, posted: dict[str, int]) -> list[Line]:
    """Tax on a base, less what of each was posted before: so all lines together are the tax on the whole."""
    clause = terms.tax
    if clause is None:
        return []
    found = []
    for name, rate, sign in (("vat", clause.vat, 1), ("withholding", clause.withholding, -1)):
        before = posted.get(name, 0)
        amount = sign * _tax(base_minor, rate, terms.rounding) - before
        if amount:
            calculation = {
                "rate": percent_text(rate),
                "base_minor": str(base_minor),
                "rounding": terms.rounding,
            }
            if before:
                calculation["posted_minor"] = str(before)
            found.append(
                Line(step="tax", clause=name, amount_minor=amount, calculation=calculation)
            )
    return found


def _tax(base_minor: int, rate: Decimal, rounding: str) -> int:
    return round_minor(Fraction(rate) * base_minor / 100, rounding)
