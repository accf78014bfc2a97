"""The amounts in a sheet's cells: sign, currency sign, thousands, decimal mark and scale, or why they are none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from commands.imports.amounts import Amount, amount_of, number_in
from ledger.errors import InputInvalid
from ledger.money import EXPONENTS, ROUNDINGS, UNKNOWN_CURRENCY, exponent, parse_minor

SCALES = {
    "thousands": 10**3,
    "millions": 10**6,
    "billions": 10**9,
    "千": 10**3,
    "万": 10**4,
    "百万": 10**6,
    "亿": 10**8,
}
"""How many units of a currency one of a sheet's amounts stands for, by name."""

_DOLLARS = "USD AUD BBD BMD BND BSD BZD CAD FJD GYD HKD JMD KYD LRD NAD NZD SBD SGD SRD TTD TWD XCD MXN COP CLP ARS"
_SIGNS = {
    "$": frozenset(_DOLLARS.split()),
    "US$": frozenset({"USD"}),
    "€": frozenset({"EUR"}),
    "£": frozenset({"GBP", "EGP", "SHP", "FKP", "GIP"}),
    "¥": frozenset({"CNY", "JPY"}),
    "￥": frozenset({"CNY", "JPY"}),
    "元": frozenset({"CNY"}),
    "₹": frozenset({"INR"}),
    "₩": frozenset({"KRW"}),
    "₽": frozenset({"RUB"}),
    "₫": frozenset({"VND"}),
    "₦": frozenset({"NGN"}),
    "₱": frozenset({"PHP"}),
    "฿": frozenset({"THB"}),
}
_SIGN = "|".join((*map(re.escape, sorted(_SIGNS, key=len, reverse=True)), "[A-Z]{3}"))
_GAP = "[ \u00a0\u202f]?"
_MINUS = "[+\\-\u2212]"
# An amount in brackets, or with a minus before or behind it, is below zero; a currency sign stands on either side.
_WRITTEN = re.compile(
    rf"(?P<open>\()?{_GAP}(?P<minus>{_MINUS})?{_GAP}(?P<before>{_SIGN})?{_GAP}(?P<inner>{_MINUS})?"
    rf"(?P<number>[0-9](?:.*[0-9])?)"
    rf"{_GAP}(?P<behind>{_SIGN})?{_GAP}(?P<trailing>-|\u2212)?(?P<close>\))?"
)
# Whole thousands in groups by one mark throughout; no group begins with 0, for 0,500 may mean a half.
_WHOLE = "[0-9]+|[1-9][0-9]{{0,2}}(?:(?P<mark>[{marks}])[0-9]{{3}}(?:(?P=mark)[0-9]{{3}})*)"
_NUMBERS = {
    ".": re.compile(
        f"(?P<whole>{_WHOLE.format(marks=chr(39) + ', ’' + chr(160) + chr(0x202F))})(?:[.](?P<rest>[0-9]+))?"
    ),
    ",": re.compile(
        f"(?P<whole>{_WHOLE.format(marks=chr(39) + '. ’' + chr(160) + chr(0x202F))})(?:,(?P<rest>[0-9]+))?"
    ),
}
# 120.000 is a hundred and twenty, or as many thousands: what a sheet means by its point has to be said.
_EITHER_MARK = re.compile("[^0-9]*[1-9][0-9]{0,2}[.][0-9]{3}[^0-9]*")


@dataclass(frozen=True, slots=True)
class Figure:
    """An amount as a cell writes it, and how its sheet writes amounts; without a decimal mark nobody said which."""

    text: str
    decimal_mark: str = "."
    scale: int = 1
    rounding: str = ""

    def amount(self, currency: str) -> Amount:
        """Its minor units of a currency.

        Raises InputInvalid `amount-invalid`, `amount-finer`, `amount-ambiguous`, `amount-currency`.
        """
        if self.scale == 1 and self.decimal_mark != ",":
            try:  # nearly every amount is written plainly
                return Amount(parse_minor(self.text, currency))
            except InputInvalid:
                pass
        return _amount(self, currency)


def _amount(figure: Figure, currency: str) -> Amount:
    number = _number(figure, currency) * figure.scale
    found = amount_of(number, currency, figure.rounding or ROUNDINGS[0])
    # What the point is comes before how to round it.
    if figure.scale == 1 and not figure.decimal_mark:
        one_meaning(figure.text, currency)
    if found.written and not figure.rounding:
        raise _finer(figure, number, currency)
    # With a scale the source's own text is the cell's, not what it comes to.
    return found if not found.written else Amount(found.minor, figure.text)


def one_meaning(text: str, currency: str) -> None:
    """Passes where a point in an amount can only be its decimal mark. Raises InputInvalid `amount-ambiguous`."""
    if exponent(currency) == 3 or not _EITHER_MARK.fullmatch(text):
        return
    thousands = text.replace(".", ",")
    raise InputInvalid(
        "amount-ambiguous",
        f"The amount {_quoted(text)} may be {_quoted(thousands)} or have 3 decimals, which {currency} has not.",
        hint='Say in a map what the point is: `decimal_mark: ","` if it parts thousands, else `decimal_mark: "."`.',
    )


def _number(figure: Figure, currency: str) -> Decimal:
    if figure.decimal_mark != "," and (plain := number_in(figure.text)) is not None:
        return plain
    match = _WRITTEN.fullmatch(figure.text)
    number = _NUMBERS[figure.decimal_mark or "."].fullmatch(match["number"]) if match else None
    if match is None or number is None or bool(match["open"]) != bool(match["close"]):
        raise _none(figure, currency)
    signs = [match[name] for name in ("minus", "inner", "trailing") if match[name]]
    if len(signs) + bool(match["open"]) > 1 or (match["before"] and match["behind"]):
        raise _none(figure, currency)
    if sign := match["before"] or match["behind"]:
        _fits(sign, figure, currency)
    whole = re.sub("[^0-9]", "", number["whole"])
    value = Decimal(f"{whole}.{number['rest'] or '0'}")
    below = bool(match["open"]) or (bool(signs) and signs[0] != "+")
    return -value if below else value


def _fits(sign: str, figure: Figure, currency: str) -> None:
    """Passes where the currency sign is that of the currency; one of many is taken where the currency is unknown."""
    if sign == currency or currency in _SIGNS.get(sign, ()):
        return
    if sign in _SIGNS and currency == UNKNOWN_CURRENCY:
        return
    if sign not in _SIGNS and sign not in EXPONENTS:
        raise _none(figure, currency)
    known = "is not stated" if currency == UNKNOWN_CURRENCY else f"is {currency}"
    raise InputInvalid(
        "amount-currency",
        f"The amount {_quoted(figure.text)} is in {sign}, but the contract's currency {known}.",
        hint=f"Give the currency in its column, or in the map: `currency: {{constant: {sign}}}`."
        if sign in EXPONENTS
        else "Give the currency in its column, or in the map.",
    )


def _finer(figure: Figure, number: Decimal, currency: str) -> InputInvalid:
    decimals = -int(number.normalize().as_tuple().exponent)
    digits = exponent(currency)
    allowed = f"{digits} decimals" if digits else "no decimals"
    return InputInvalid(
        "amount-finer",
        f"The amount {_quoted(figure.text)} has {decimals} decimals, but {currency} has {allowed}.",
        hint="Round it in the sheet, or say `rounding: half-up` in a map.",
    )


def _none(figure: Figure, currency: str) -> InputInvalid:
    """Why a text is no amount; the money module says how one is written."""
    if figure.decimal_mark == ",":
        return InputInvalid(
            "amount-invalid",
            f"The amount {_quoted(figure.text)} is not an amount with a decimal comma.",
            hint="Write it as 1.234,50 or 1 234,50 or 1234,50.",
        )
    try:
        parse_minor(figure.text, currency)
    except InputInvalid as bad:
        return bad
    return InputInvalid(
        "amount-invalid",
        f"The amount {_quoted(figure.text)} is not an amount.",
        hint="Write it as 120,000.00 or 120000.00: commas only between thousands, '.' before the decimals.",
    )


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}…")
