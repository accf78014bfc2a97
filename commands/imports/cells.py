"""What one cell of a sheet means: an id, a date, an amount, a currency; or why it means none."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from commands.imports.figures import Figure
from commands.imports.found import identifier
from commands.output import unescape_cell
from commands.tables import HOSTILE
from ledger.calendars import parse_date, zone
from ledger.errors import InputInvalid
from ledger.money import exponent


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A cell that holds nothing which could be a value, why, and what it shows ("#N/A")."""

    reason: str
    shows: str = ""


@dataclass(frozen=True, slots=True)
class Notation:
    """How a sheet writes dates and amounts, and which of its words mean that a cell is empty.

    Without date formats a date is YYYY-MM-DD; without `rounding` an amount finer than its currency is refused, and
    without a decimal mark one in which a point may part thousands. `scale` is 0 where nobody said it: 1 is then meant.
    """

    date_formats: tuple[str, ...] = ()
    decimal_mark: str = ""
    scale: int = 0
    rounding: str = ""
    empty: frozenset[str] = frozenset()

    def is_empty(self, text: str) -> bool:
        """Whether a text, trimmed, stands for an unknown value."""
        return not text or (bool(self.empty) and text.casefold() in self.empty)


PLAIN = Notation()

# What a sheet's cell holds: its text, or, where the sheet knows more than text, a number or a date.
Cell = str | Decimal | date | Unreadable

DATES = (
    *("baseline_due", "current_due", "delivered", "approved", "paid_on", "disputed_on"),
    *("signed_on", "as_of"),
)
AMOUNTS = ("amount", "paid_amount", "dispute_amount", "contract_value")
OUTCOMES = ("upheld", "rejected", "split", "withdrawn")

# How spreadsheets write a long number into a narrow column.
_SHORTENED = re.compile(r"[0-9](?:[.,][0-9]+)?E\+[0-9]{2,3}")
STATUSES = ("pending", "active", "terminated", "cancelled")
_ADJACENT = re.compile(r"%[a-zA-Z]%[a-zA-Z]")
_TIMESTAMP = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]((?:[01][0-9]|2[0-3]):[0-5][0-9])"
    r"(?::[0-5][0-9](?:\.[0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_DATE_IN_ITS_OFFSET = ("00:00", "23:59")
# Thousands by a point or a space (also the no-break ones), the same throughout.
COMMA_AMOUNT = re.compile(
    "([+-]?)([0-9]+|[0-9]{1,3}(?:([. \u00a0\u202f])[0-9]{3}(?:\\3[0-9]{3})*)?)(?:,([0-9]+))?"
)


def converter(name: str, notation: Notation) -> Callable[[str], Any]:
    """What turns a field's text, trimmed and not empty, into its value, or raises InputInvalid.

    An amount becomes a Figure: its currency may stand in another row.
    """
    if name in DATES:
        return partial(read_date, date_format=notation.date_formats)
    if name in AMOUNTS:
        return partial(
            _figure,
            decimal_mark=notation.decimal_mark,
            scale=notation.scale or 1,
            rounding=notation.rounding,
        )
    return _READERS.get(name, str)


def _figure(text: str, decimal_mark: str, scale: int, rounding: str) -> Figure:
    _no_formula(text)
    return Figure(text, decimal_mark, scale, rounding)


def known_value(name: str, cell: Cell, convert: Callable[[str], Any], notation: Notation) -> Any:
    """The value that a field's cell holds, None for an empty one. Raises InputInvalid.

    A date cell is a date and a number cell an amount whatever notation the map names: that is for text. But a scale
    is of numbers too.
    """
    if isinstance(cell, str):
        text = cell.strip()
        if not text:
            return None
        if text.startswith("'"):
            text = unescape_cell(text)
        return None if notation.is_empty(text) else convert(text)
    if isinstance(cell, Unreadable):
        if cell.shows and notation.is_empty(cell.shows):
            return None
        raise InputInvalid("cell-unreadable", f"The cell {cell.reason}.")
    if isinstance(cell, date):
        return cell if name in DATES else convert(cell.isoformat())
    written = f"{cell:f}"
    if name in DATES:
        raise _number_for_date(cell)
    if name in AMOUNTS:
        return Figure(written, ".", notation.scale or 1, notation.rounding)
    return convert(written)


def shown(cell: Cell) -> str:
    """What a cell shows, for remarks and for whoever looks for its notation."""
    return cell.shows if isinstance(cell, Unreadable) else str(cell).strip()


def _number_for_date(number: Decimal) -> InputInvalid:
    """A spreadsheet counts days; which day a bare number is depends on the workbook, so it is not taken for one."""
    hint = "Format the column as a date, or write YYYY-MM-DD."
    if number == number.to_integral_value() and 20_000 <= number <= 80_000:
        day = date(1899, 12, 30) + timedelta(days=int(number))
        hint = f"If it stands for {day}, format the column as a date."
    return InputInvalid("date-invalid", f"The number {number:f} is not a date.", hint=hint)


def contract_id(text: str) -> str:
    """The id without the sign at which references are split: '#' is %23, and then '%' is %25.

    Raises InputInvalid `id-invalid`.
    """
    if text.startswith("~"):
        raise InputInvalid(
            "id-invalid", f"{_quoted(text)} begins with '~', which no contract does."
        )
    _visible(text)
    return text.replace("%", "%25").replace("#", "%23") if "#" in text else text


def milestone_id(text: str) -> str:
    """The same for a milestone, where '/' too is encoded. Raises InputInvalid `id-invalid`.

    An id without these signs stays as it is: what the product itself encoded is read back.
    """
    _visible(text)
    return identifier(text) if "/" in text or "#" in text else text


def _visible(text: str) -> None:
    if _SHORTENED.fullmatch(text):
        raise InputInvalid(
            "id-shortened",
            f"The id {_quoted(text)} is a number that a spreadsheet cut off: it may be any of many.",
            hint="Format the column as text, and save the sheet again.",
        )
    if found := HOSTILE.search(text):
        raise InputInvalid(
            "id-invalid",
            f"The id {_quoted(text)} holds the character U+{ord(found[0]):04X}.",
            hint="Take out control and invisible characters.",
        )


@lru_cache(maxsize=4096)
def read_date(text: str, date_format: str | tuple[str, ...] = "") -> date:
    """The date that a cell holds: by strptime's rules, or YYYY-MM-DD where no format is given.

    Of several formats any may read it; where two read different days of it, it is refused.

    A time of day is left off, since the date counts, and as written; but an ISO time with an
    offset other than midnight or 23:59 could be another day in the contract's zone, and is
    refused. Raises InputInvalid `date-invalid`.
    """
    _no_formula(text)
    if not date_format:
        stamp = _TIMESTAMP.fullmatch(text)
        if stamp and stamp[3] and stamp[2] not in _DATE_IN_ITS_OFFSET:
            raise InputInvalid(
                "date-invalid",
                f"{text!r} is a time in an offset of its own.",
                hint="Write the date that it was in the contract's time zone.",
            )
        return parse_date(stamp[1] if stamp else text)
    formats = (date_format,) if isinstance(date_format, str) else date_format
    days = sorted({day for one in formats if (day := _by_format(text, one)) is not None})
    if not days:
        forms = " or ".join(formats)
        raise InputInvalid("date-invalid", f"{_quoted(text)} is not a date of the form {forms}.")
    if len(days) > 1:
        either = " or ".join(map(str, days))
        hint = "Leave only the format that the column is written in."
        raise InputInvalid("date-ambiguous", f"{_quoted(text)} may be {either}.", hint=hint)
    return days[0]


def _by_format(text: str, date_format: str) -> date | None:
    try:
        moment = datetime.strptime(text, date_format)  # noqa: DTZ007  only its date is taken
        # Without separators "1022026" would be read as the 10th: every digit must be there.
        if _ADJACENT.search(date_format) and moment.strftime(date_format) != text:
            return None
    except ValueError:
        return None
    return moment.date()


def plain_amount(text: str, decimal_mark: str = "") -> str:
    """The amount as `parse_minor` reads it. Raises InputInvalid `amount-invalid`."""
    _no_formula(text)
    if decimal_mark != ",":
        return text
    match = COMMA_AMOUNT.fullmatch(text)
    if match is None:
        raise InputInvalid(
            "amount-invalid",
            f"The amount {_quoted(text)} is not an amount with a decimal comma.",
            hint="Write it as 1.234,50 or 1 234,50 or 1234,50.",
        )
    whole = match[2].replace(match[3], "") if match[3] else match[2]
    return f"{match[1]}{whole}.{match[4]}" if match[4] else f"{match[1]}{whole}"


def _currency(text: str) -> str:
    _no_formula(text)
    exponent(text)
    return text


def _timezone(text: str) -> str:
    _no_formula(text)
    zone(text)
    return text


def _outcome(text: str) -> str:
    _no_formula(text)
    if text not in OUTCOMES:
        raise InputInvalid(
            "outcome-unknown",
            f"{_quoted(text)} is not an outcome.",
            hint=f"Use {', '.join(OUTCOMES)}, or leave it empty while the dispute is open.",
        )
    return text


def _status(text: str) -> str:
    """A word of OCDS in small letters, any other as it is written."""
    return text.lower() if text.lower() in STATUSES else text


def _no_formula(text: str) -> None:
    if text.startswith("="):
        raise InputInvalid("cell-formula", f"{_quoted(text)} is a formula, not a value.")


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}…")


_READERS: dict[str, Callable[[str], Any]] = {
    "contract": contract_id,
    "milestone": milestone_id,
    "currency": _currency,
    "timezone": _timezone,
    "dispute_outcome": _outcome,
    "contract_status": _status,
}
