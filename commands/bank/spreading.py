"""An amount that the bank paid, spread over the parts of its transfer: no minor unit is lost or made."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

from ledger.money import canonical, exponent, round_minor, split

_TWELVE_DIGITS = Context(prec=12, rounding=ROUND_HALF_EVEN)


def spread(amounts: Sequence[int], paid: int) -> list[int]:
    """What of `paid` falls on each amount, one after the other until it is used up; what is left over falls on the
    last. The sum is always `paid`.
    """
    shares = []
    left = paid
    for amount in amounts:
        share = min(amount, left)
        shares.append(share)
        left -= share
    shares[-1] += left
    return shares


def in_proportion(total: int, shares: Sequence[int]) -> list[int]:
    """A total split by the shares (largest remainder); all on the first where no share is above zero."""
    if any(share > 0 for share in shares):
        return split(total, shares)
    return [total, *(0 for _ in shares[1:])]


def settled_by(foreign: int, told_foreign: int, told: int, rounding: str) -> int:
    """What a payment in another currency settles: all that was told for exactly its amount, else in proportion."""
    if foreign == told_foreign:
        return told
    return round_minor(Fraction(told * foreign, told_foreign), rounding)


def rate_between(minor: int, base: str, foreign: int, quote: str) -> Decimal:
    """The rate at which an amount came to another, to 12 significant digits."""
    exact = Fraction(foreign * 10 ** exponent(base), minor * 10 ** exponent(quote))
    return canonical(_TWELVE_DIGITS.divide(Decimal(exact.numerator), Decimal(exact.denominator)))
