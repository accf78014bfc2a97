"""Money is an integer of minor units beside an ISO 4217 currency, and every calculation is exact.

Nothing here knows a float, and no result depends on the decimal context. Rounding happens where
a function says so, once, and always by name: `half-up` is half away from zero (the custom of
Chinese invoicing), `half-even` is the banker's rule.

Source of the exponents: ISO 4217 list one as published on 2026-01-01 (SIX, maintenance agency),
and list three for the currencies withdrawn since 2015, which imported history still holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from ledger.errors import InputInvalid

if TYPE_CHECKING:
    from fractions import Fraction

ROUNDINGS = ("half-up", "half-even")
UNKNOWN_CURRENCY = "XXX"
MAX_MINOR_DIGITS = 15
MAX_DECIMAL_DIGITS = 28

# Gold, bond units, the SDR and the test code have no minor unit and hold no payment: left out.
_TWO_DECIMALS = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD
    CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS
    GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD
    LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB
    PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP
    SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW
    ZWG"""
_BY_EXPONENT = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: _TWO_DECIMALS,
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_WITHDRAWN = {0: "BYR", 2: "ANG BGN CUC HRK LTL MRO SLL STD VEF ZWL"}
_COLLOQUIAL = {"RMB": "CNY", "CNH": "CNY", "NTD": "TWD", "STG": "GBP", "UKP": "GBP"}

EXPONENTS: Mapping[str, int] = MappingProxyType(
    {
        code: digits
        for table in (_WITHDRAWN, _BY_EXPONENT, {2: UNKNOWN_CURRENCY})
        for digits, codes in table.items()
        for code in codes.split()
    }
)

WHOLE = "(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|[0-9]+)"
"""The digits of a written number before its decimals, as a pattern: in groups of thousands, or without any comma.

No group begins with 0: who writes 0,500 may mean a half.
"""

_AMOUNT = re.compile(rf"([+-]?)({WHOLE})(?:\.([0-9]+))?")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
_PERCENT = re.compile(r"([+-]?[0-9]+(?:\.[0-9]+)?) ?%")


# --- currencies and amounts ----------------------------------------------------------------------


def exponent(currency: str) -> int:
    """The number of decimals of a currency's minor unit: 0, 2, 3 or 4; XXX (unknown) has 2.

    Raises InputInvalid `currency-unknown`. Source: ISO 4217.
    """
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise _currency_unknown(currency) from None


def parse_minor(text: str, currency: str) -> int:
    """The minor units that a written amount means: "120000", "120,000.00", "-3.5".

    An optional sign, digits with well-formed thousands commas or none, "." before the decimals, at
    most as many decimals as the currency has, at most 15 digits of minor units. Raises
    InputInvalid `amount-invalid`, `currency-unknown`.
    """
    digits = exponent(currency)
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise _amount_invalid(text, currency, "is not an amount")
    sign, whole, decimals = match[1], match[2].replace(",", ""), match[3] or ""
    if len(decimals) > digits:
        allowed = f"{digits} decimals" if digits else "no decimals"
        raise _amount_invalid(
            text, currency, f"has {len(decimals)} decimals, but {currency} has {allowed}"
        )
    significant = (whole + decimals.ljust(digits, "0")).lstrip("0")
    if len(significant) > MAX_MINOR_DIGITS:
        raise _amount_invalid(
            text, currency, f"is more than {MAX_MINOR_DIGITS} digits of minor units"
        )
    minor = int(significant or "0")
    return -minor if sign == "-" else minor


def format_minor(minor: int, currency: str) -> str:
    """The exact amount as a plain number: 123450 CNY is "1234.50"; `parse_minor` reads it back."""
    return _written(minor, exponent(currency), "d")


def display_minor(minor: int, currency: str) -> str:
    """The exact amount for a person's eye: 123450 CNY is "1,234.50"; `parse_minor` reads it too."""
    return _written(minor, exponent(currency), ",d")


def _written(minor: int, digits: int, spec: str) -> str:
    sign = "-" if minor < 0 else ""
    if not digits:
        return f"{sign}{abs(minor):{spec}}"
    whole, rest = divmod(abs(minor), 10**digits)
    return f"{sign}{whole:{spec}}.{rest:0{digits}d}"


# --- rounding, percentages, splits ---------------------------------------------------------------


def round_minor(value: Decimal | Fraction | int, rounding: str) -> int:
    """The whole minor units nearest to an exact value; a half goes as `rounding` says.

    Raises ValueError for a rounding that is not one of ROUNDINGS.
    """
    numerator, denominator = value.as_integer_ratio()
    return _divide(numerator, denominator, rounding)


def percent_of(base_minor: int, percent: Decimal, rounding: str) -> int:
    """`percent` per cent of the base in minor units, rounded once: Decimal("0.5") means 0.5 %.

    Raises ValueError for a rounding that is not one of ROUNDINGS.
    """
    numerator, denominator = _ratio(percent)
    return _divide(base_minor * numerator, 100 * denominator, rounding)


_ratio = lru_cache(maxsize=4096)(Decimal.as_integer_ratio)


def _divide(numerator: int, denominator: int, rounding: str) -> int:
    if rounding not in ROUNDINGS:
        raise ValueError(f"rounding is {rounding!r}, not one of {', '.join(ROUNDINGS)}")
    quotient, remainder = divmod(abs(numerator), denominator)
    excess = 2 * remainder - denominator
    if excess > 0 or (excess == 0 and (rounding == "half-up" or quotient % 2)):
        quotient += 1
    return -quotient if numerator < 0 else quotient


def split(total_minor: int, weights: Sequence[int]) -> list[int]:
    """Parts in proportion to the weights, in their order, that always sum to the total.

    Largest remainder (Hamilton): every part is its exact share rounded down or up, never further;
    of equal remainders the earlier is served first; a zero weight gets zero; a negative total is
    the mirror of the positive one. Raises ValueError for a negative weight or when all are zero.
    """
    whole = sum(weights)
    if whole == 0 or min(weights) < 0:
        raise ValueError("split needs weights of zero or more, and one above zero")
    total = abs(total_minor)
    shares = [divmod(total * weight, whole) for weight in weights]
    parts = [floor for floor, _ in shares]
    left = total - sum(parts)
    if left:
        by_remainder = sorted(range(len(parts)), key=lambda place: -shares[place][1])
        for place in by_remainder[:left]:
            parts[place] += 1
    return [-part for part in parts] if total_minor < 0 else parts


# --- exact decimals ------------------------------------------------------------------------------


def canonical(value: Decimal | str | int) -> Decimal:
    """The one Decimal that stands for a value: finite, without exponent or trailing zeros.

    Equal values give equal text, and that text never shows an exponent ("1E+2" is 100, "-0" is 0).
    Raises InputInvalid `number-invalid` for NaN, infinity, what is no number, more than 28 digits,
    or anything but zero below 0.000001, which Decimal itself would write with an exponent.
    """
    return _canonical(value, "number-invalid")


@lru_cache(maxsize=1024, typed=True)
def percent_text(percent: Decimal) -> str:
    """The percentage as people write it: Decimal("0.50") is "0.5%"; `parse_percent` reads it."""
    return f"{canonical(percent)}%"


def parse_percent(text: str) -> Decimal:
    """The canonical value of a written percentage: "0.5%" and "0.5 %" are Decimal("0.5").

    The sign % is required, so that 0.05 is never taken for 5 %. Raises InputInvalid
    `percent-invalid`.
    """
    match = _PERCENT.fullmatch(text)
    if match is None:
        hint = "Write it with '.' and the percent sign, such as 5% or 0.5%."
        message = f"{_quoted(text)} is not a percentage."
        raise InputInvalid("percent-invalid", message, hint=hint, facts={"text": text})
    return _canonical(match[1], "percent-invalid")


def _canonical(value: Decimal | str | int, code: str) -> Decimal:
    if not isinstance(value, (Decimal, str, int)):
        raise TypeError(f"an exact number is Decimal, str or int, not {type(value).__name__}")
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise _number_invalid(value, code, "is not a finite number")
    sign, digits, power = Decimal(value).as_tuple()
    if not isinstance(power, int):  # NaN and infinity have a letter here
        raise _number_invalid(value, code, "is not a finite number")
    coefficient = "".join(map(str, digits)).lstrip("0")
    if not coefficient:
        return Decimal(0)
    stripped = coefficient.rstrip("0")
    power += len(coefficient) - len(stripped)
    if len(stripped) + max(power, 0) > MAX_DECIMAL_DIGITS:
        raise _number_invalid(value, code, f"has more than {MAX_DECIMAL_DIGITS} digits")
    if len(stripped) + power < -5:
        raise _number_invalid(value, code, "is finer than 0.000001")
    return Decimal((sign, tuple(map(int, stripped + "0" * power)), min(power, 0)))


# --- what people are told ------------------------------------------------------------------------


def _quoted(text: str) -> str:
    """The text as typed, on one line, cut where it would flood the screen."""
    return repr(text if len(text) <= 40 else f"{text[:40]}…")


def _currency_unknown(currency: str) -> InputInvalid:
    typed = currency.strip().upper()
    meant = [typed] if typed in EXPONENTS else [_COLLOQUIAL[typed]] if typed in _COLLOQUIAL else []
    if not meant:
        from difflib import get_close_matches  # only ever needed to explain a mistake

        meant = get_close_matches(typed, EXPONENTS, n=3, cutoff=0.6)
    suggestion = f"Did you mean {' or '.join(meant)}? " if meant else ""
    return InputInvalid(
        "currency-unknown",
        f"{_quoted(currency)} is not a currency that amounts can be held in.",
        hint=f"{suggestion}Use the three-letter code of ISO 4217, such as CNY; "
        f"{UNKNOWN_CURRENCY} stands for an unknown currency.",
        facts={"currency": currency, "suggestions": meant},
    )


def _amount_invalid(text: str, currency: str, wrong: str) -> InputInvalid:
    example = display_minor(120_000 * 10 ** exponent(currency), currency)
    return InputInvalid(
        "amount-invalid",
        f"The amount {_quoted(text)} {wrong}.",
        hint=f"Write it in {currency} as {example} or {example.replace(',', '')}: "
        "commas only between thousands, '.' before the decimals.",
        facts={"text": text, "currency": currency},
    )


def _number_invalid(value: Decimal | str | int, code: str, wrong: str) -> InputInvalid:
    return InputInvalid(
        code,
        f"{_quoted(str(value))} {wrong}.",
        hint="Write a plain decimal number, such as 0.5 or 120.",
        facts={"text": str(value)},
    )
