"""Rates of exchange from a CSV file: `date,from,to,rate,source`, a row per day and pair of currencies.

    date,from,to,rate,source
    2026-11-20,CNY,USD,0.1392,PBoC central parity

One unit of `from` costs `rate` units of `to`, an exact decimal above zero; `source` may be empty or left out. The
rate in force on a day is the latest one on or before it. A pair that is only listed the other way round is turned
about, to 12 significant digits, and says so.
"""

from __future__ import annotations

import csv
import io
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from pathlib import Path

from ledger.calendars import parse_date
from ledger.errors import InputInvalid
from ledger.money import canonical, exponent, round_minor

HEADER = ("date", "from", "to", "rate", "source")
MAX_BYTES = 20_000_000
_TWELVE_DIGITS = Context(prec=12, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Rate:
    """What one unit of `base` costs in `quote` from a day on; `inverse` where it was listed the other way round."""

    on: date | None
    base: str
    quote: str
    rate: Decimal
    source: str = ""
    inverse: bool = False

    def inverted(self) -> Rate:
        """The same pair seen from the other side, to 12 significant digits."""
        turned = canonical(_TWELVE_DIGITS.divide(Decimal(1), self.rate))
        source = f"{self.source} (inverse of {self.rate})".strip()
        return Rate(self.on, self.quote, self.base, turned, source, inverse=True)

    def convert(self, minor: int, rounding: str) -> int:
        """Minor units of `base` as minor units of `quote`, rounded once."""
        return converted(minor, self.base, self.quote, self.rate, rounding)


def converted(minor: int, base: str, quote: str, rate: Decimal, rounding: str) -> int:
    """Minor units of one currency as minor units of another, exact up to the one rounding at the end."""
    shift = Fraction(10) ** (exponent(quote) - exponent(base))
    return round_minor(minor * Fraction(rate) * shift, rounding)


def parse_rate(text: str) -> Decimal:
    """A rate as typed: a plain decimal above zero. Raises InputInvalid `rate-invalid`."""
    hint = "write what one unit of the contract's currency costs in the other, such as 0.1392"
    if not re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", text.strip()):
        says = f"{text.strip()[:40]!r} is not a rate"
        raise InputInvalid("rate-invalid", says, hint=hint, facts={"text": text})
    try:
        rate = canonical(text.strip())
    except InputInvalid as bad:
        raise InputInvalid("rate-invalid", bad.message, hint=hint, facts=bad.facts) from None
    if rate <= 0:
        says = f"a rate is above zero, not {text.strip()!r}"
        raise InputInvalid("rate-invalid", says, hint=hint, facts={"text": text})
    return rate


class Rates:
    """The rates that were read; of two for the same pair and day the later one listed would be a contradiction,
    which reading refuses.
    """

    def __init__(self, rates: Iterable[Rate]) -> None:
        self._pairs: dict[tuple[str, str], list[Rate]] = {}
        for rate in rates:
            self._pairs.setdefault((rate.base, rate.quote), []).append(rate)
        for listed in self._pairs.values():
            listed.sort(key=lambda rate: rate.on or date.min)

    def find(self, base: str, quote: str, on: date) -> Rate | None:
        """The latest rate on or before a day, by preference one listed in this direction; None where none is."""
        if base == quote:
            return Rate(on, base, quote, Decimal(1))
        direct = self._latest(base, quote, on)
        if direct is not None:
            return direct
        other = self._latest(quote, base, on)
        return other.inverted() if other is not None else None

    def _latest(self, base: str, quote: str, on: date) -> Rate | None:
        listed = self._pairs.get((base, quote), [])
        found = bisect_right(listed, on, key=lambda rate: rate.on or date.min)
        return listed[found - 1] if found else None


def read_rates(path: Path) -> Rates:
    """The rates in a file. Raises InputInvalid `rates-…` with file, row and column."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as problem:
        says = f"the rates cannot be read: {problem.strerror or problem}"
        raise InputInvalid("rates-unreadable", says, place=str(path)) from None
    if len(data) > MAX_BYTES:
        says = f"the file of rates is larger than {MAX_BYTES:,} bytes"
        raise InputInvalid("rates-too-large", says, place=str(path), hint="split it by year")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        place = f"{path}:byte {problem.start}"
        raise InputInvalid("rates-encoding", "the rates are not UTF-8", place=place) from None
    return parse_rates(text, str(path))


def parse_rates(text: str, name: str = "rates") -> Rates:
    """The rates in a CSV text; two that contradict each other are refused. Raises InputInvalid `rates-…`."""
    seen: dict[tuple[str, str, date], tuple[Decimal, int]] = {}
    rates: list[Rate] = []
    for line, row in _rows(text, name):
        rate = _rate(row, f"{name}:{line}")
        assert rate.on is not None
        key = (rate.base, rate.quote, rate.on)
        before, where = seen.setdefault(key, (rate.rate, line))
        if before != rate.rate:
            says = f"{rate.base} to {rate.quote} on {rate.on} is {rate.rate} here, and {before} in line {where}"
            hint = "keep one of the two"
            raise InputInvalid("rates-contradict", says, hint=hint, place=f"{name}:{line}:rate")
        if where == line:
            rates.append(rate)
    return Rates(rates)


def _rows(text: str, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [title.strip() for title in next(reader, [])]
        missing = [column for column in HEADER[:4] if header.count(column) != 1]
        if missing:
            says = f"the rates have no column {missing[0]!r}, or several"
            hint = f"the first line is {','.join(HEADER)}"
            raise InputInvalid("rates-column", says, hint=hint, place=f"{name}:1")
        for cells in reader:
            if any(cell.strip() for cell in cells):
                filled = [cell.strip() for cell in cells] + [""] * (len(header) - len(cells))
                yield reader.line_num, dict(zip(header, filled, strict=False))
    except csv.Error as problem:
        place = f"{name}:{reader.line_num}"
        raise InputInvalid("rates-csv", f"broken quoting: {problem}", place=place) from None


def _rate(row: dict[str, str], place: str) -> Rate:
    column = "date"
    try:
        on = parse_date(row["date"])
        for column in ("from", "to"):
            exponent(row[column])
        column = "rate"
        rate = parse_rate(row["rate"])
    except InputInvalid as bad:
        where = f"{place}:{column}"
        raise InputInvalid("rates-row", bad.message, hint=bad.hint, place=where) from None
    return Rate(on, row["from"], row["to"], rate, row.get("source", "").lstrip("'"))
