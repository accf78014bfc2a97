"""Money text, rates and intervals, each in the plainest exact arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from typing import Any

Json = dict[str, Any]

Z = Decimal("1.959963984540054")

_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_EXPONENT = {code: digits for digits, codes in _DIGITS.items() for code in codes.split()}


def money(minor: int | None, currency: str) -> Json | None:
    """Exact text with the currency's own digits; an unknown amount stays null."""
    if minor is None:
        return None
    digits = _EXPONENT.get(currency, 2)
    sign, text = "-" if minor < 0 else "", str(abs(minor)).rjust(digits + 1, "0")
    if digits:
        text = f"{text[:-digits]}.{text[-digits:]}"
    return {"amount": sign + text, "currency": currency}


def plus(known: int | None, amount: int | None) -> int | None:
    """The sum of what is known; null where nothing is."""
    return known if amount is None else (known or 0) + amount


def share(whole: int | None, accepted: int, rest: int) -> tuple[int | None, int | None]:
    """`whole` in two parts by largest remainder; where both lack the same, the first gets the unit."""
    if whole is None:
        return None, None
    weight = accepted + rest
    if weight == 0:
        return whole, 0
    first, second = whole * accepted // weight, whole * rest // weight
    if first + second < whole:
        if (whole * accepted) % weight >= (whole * rest) % weight:
            first += 1
        else:
            second += 1
    return first, second


def four_digits(number: Decimal | Fraction) -> str:
    """A number from 0 to 1 as text with four digits, half up."""
    if isinstance(number, Fraction):
        units = (number * 20000 + 1) // 2
        return f"{units // 10000}.{units % 10000:04d}"
    return str(number.quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP))


def rate(numerator: int, denominator: int) -> str | None:
    """No data is null, never 0 %."""
    return None if denominator == 0 else four_digits(Fraction(numerator, denominator))


def wilson(numerator: int, denominator: int) -> list[str] | None:
    """Wilson's 95 % interval, its bounds in four digits."""
    if denominator == 0:
        return None
    with localcontext() as context:
        context.prec = 60
        n, p = Decimal(denominator), Decimal(numerator) / Decimal(denominator)
        middle = p + Z * Z / (2 * n)
        half = Z * (p * (1 - p) / n + Z * Z / (4 * n * n)).sqrt()
        scale = 1 + Z * Z / n
        low = max(Decimal(0), (middle - half) / scale)
        high = min(Decimal(1), (middle + half) / scale)
        return [four_digits(abs(low)), four_digits(high)]


@dataclass
class Tally:
    """A rate's two counts, and its two amounts (minor units) for each currency."""

    numerator: int = 0
    denominator: int = 0
    amounts: dict[str, list[int]] = field(default_factory=dict)

    def count(self, hit: bool) -> None:
        self.numerator += hit
        self.denominator += 1

    def value(self, currency: str, counted: int, of: int) -> None:
        pair = self.amounts.setdefault(currency, [0, 0])
        pair[0] += counted
        pair[1] += of

    def counted(self) -> Json:
        """What every rate shows of its counts."""
        return {
            "numerator": self.numerator,
            "denominator": self.denominator,
            "rate": rate(self.numerator, self.denominator),
            "interval": wilson(self.numerator, self.denominator),
        }

    def value_rate(self) -> str | None:
        """Null where the group spans currencies, and where there is nothing to divide by."""
        if len(self.amounts) != 1:
            return None
        ((counted, of),) = self.amounts.values()
        return rate(counted, of)

    def by_currency(self) -> list[Json]:
        return [
            {
                "currency": currency,
                "numerator": money(counted, currency),
                "denominator": money(of, currency),
                "rate": rate(counted, of),
            }
            for currency, (counted, of) in sorted(self.amounts.items())
        ]
