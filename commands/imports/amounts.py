"""Amounts as sources write them, in a currency's minor units: exact, or rounded with the source's own text kept."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from ledger.errors import InputInvalid
from ledger.money import MAX_MINOR_DIGITS, display_minor, exponent, round_minor

ROUNDING = "half-up"
# Beyond that many places lies nothing that could be money, and a source could make numbers of any length.
_FINEST = -60
_GROUPED = re.compile(r"[+-]?(?:[0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3})+)(?:\.[0-9]+)?")


class Amount(NamedTuple):
    """Minor units; `written` is the source's text where that is finer than the currency's minor unit, else ""."""

    minor: int
    written: str = ""


def number_in(text: str) -> Decimal | None:
    """The number that a text writes plainly, with thousands commas or none; None for anything else."""
    return Decimal(text.replace(",", "")) if _GROUPED.fullmatch(text) else None


def amount_of(number: Decimal | int, currency: str, rounding: str = ROUNDING) -> Amount:
    """The minor units nearest to an exact number, a half as `rounding` says.

    Raises InputInvalid `amount-invalid` where it is no finite number or has too many digits, `currency-unknown`.
    """
    exact = Decimal(number)
    if not exact.is_finite() or exact.adjusted() > MAX_MINOR_DIGITS:
        raise _out_of_range(exact, currency)
    if exact and exact.adjusted() < _FINEST:
        return Amount(0, str(exact))
    scaled = Fraction(exact) * 10 ** exponent(currency)
    minor = round_minor(scaled, rounding)
    if len(str(abs(minor))) > MAX_MINOR_DIGITS:
        raise _out_of_range(exact, currency)
    return Amount(minor, "" if scaled.denominator == 1 else f"{exact:f}")


def _out_of_range(number: Decimal, currency: str) -> InputInvalid:
    most = display_minor(10**MAX_MINOR_DIGITS - 1, currency)
    return InputInvalid(
        "amount-invalid",
        f"The amount {_short(number)} is more than {MAX_MINOR_DIGITS} digits of minor units.",
        hint=f"The most that {currency} can hold here is {most}.",
    )


def _short(number: Decimal) -> str:
    text = str(number)
    return text if len(text) <= 40 else f"{text[:40]}…"
