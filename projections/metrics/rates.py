"""Rates and intervals as exact decimal text with four digits, and null where there is no data.

A rate is rounded once, half up, from its whole counts or minor units; no float takes part.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, localcontext
from functools import lru_cache

from ledger.money import format_minor

Z = Decimal("1.959963984540054")  # the 97.5 % quantile of the normal distribution
PRECISION = 60  # digits; four are shown, so no count that a ledger can hold gets near a wrong digit
SCALE = 10_000


def rate(numerator: int, denominator: int) -> str | None:
    """The quotient of two whole numbers of zero or more, half up to four digits: 3 of 4 is "0.7500".

    None, "no data", where the denominator is 0.
    """
    if denominator == 0:
        return None
    return _text((2 * SCALE * numerator + denominator) // (2 * denominator))


def wilson(numerator: int, denominator: int) -> list[str] | None:
    """The two bounds of Wilson's score interval at 95 %, within [0, 1], half up to four digits.

    None where the denominator is 0. Source: E. B. Wilson, Probable inference, the law of succession, and
    statistical inference, Journal of the American Statistical Association 22 (1927).
    """
    return None if denominator == 0 else list(_wilson(numerator, denominator))


def value_rate(amounts: Mapping[str, tuple[int, int]]) -> str | None:
    """The rate of (numerator, denominator) minor units per currency; None where they span currencies."""
    if len(amounts) != 1:
        return None
    ((numerator, denominator),) = amounts.values()
    return rate(numerator, denominator)


def money(minor: int, currency: str) -> dict[str, str]:
    """An amount as every report writes it: exact text beside its currency."""
    return {"amount": format_minor(minor, currency), "currency": currency}


@lru_cache(maxsize=4096)  # a report of thousands of groups has few different small counts
def _wilson(numerator: int, denominator: int) -> tuple[str, str]:
    with localcontext() as context:
        context.prec = PRECISION
        n, hits = Decimal(denominator), Decimal(numerator)
        square = Z * Z
        middle = 2 * hits + square
        reach = Z * (square + 4 * hits * (n - hits) / n).sqrt()
        width = 2 * (n + square)
        return _bound((middle - reach) / width), _bound((middle + reach) / width)


def _bound(value: Decimal) -> str:
    # Within [0, 1] but for the last of its digits, which four do not show.
    return _text(int(value * SCALE + Decimal("0.5")))


def _text(scaled: int) -> str:
    return f"{scaled // SCALE}.{scaled % SCALE:04d}"
