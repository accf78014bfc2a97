"""What one cell of a sheet means: an id, a date, an amount, a currency; or why it means none."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

from commands.imports.found import identifier
from commands.output import unescape_cell
from commands.tables import HOSTILE
from ledger.calendars import parse_date, zone
from ledger.errors import InputInvalid
from ledger.money import exponent


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A cell that holds nothing which could be a value, and why."""

    reason: str


# What a sheet's cell holds: its text, or, where the sheet knows more than text, a number or a date.
Cell = str | Decimal | date | Unreadable

DATES = ("baseline_due", "current_due", "delivered", "approved", "paid_on", "disputed_on")
AMOUNTS = ("amount", "paid_amount", "dispute_amount")
OUTCOMES = ("upheld", "rejected", "split", "withdrawn")

_ADJACENT = re.compile(r"%[a-zA-Z]%[a-zA-Z]")
_TIMESTAMP = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]((?:[01][0-9]|2[0-3]):[0-5][0-9])"
    r"(?::[0-5][0-9](?:\.[0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_DATE_IN_ITS_OFFSET = ("00:00", "23:59")
# Thousands by a point or a space (also the no-break ones), the same throughout.
_COMMA_AMOUNT = re.compile(
    "([+-]?)([0-9]+|[0-9]{1,3}(?:([. \u00a0\u202f])[0-9]{3}(?:\\3[0-9]{3})*)?)(?:,([0-9]+))?"
)


def converter(name: str, date_format: str, decimal_mark: str) -> Callable[[str], Any]:
    """What turns a field's text, trimmed and not empty, into its value, or raises InputInvalid.

    An amount stays text, with '.' before its decimals: its currency may stand in another row.
    """
    if name in DATES:
        return partial(read_date, date_format=date_format)
    if name in AMOUNTS:
        return partial(plain_amount, decimal_mark=decimal_mark)
    return _READERS.get(name, str)


def known_value(name: str, cell: Cell, convert: Callable[[str], Any]) -> Any:
    """The value that a field's cell holds, None for an empty one. Raises InputInvalid.

    A date cell is a date and a number cell an amount whatever notation the map names: that is for text.
    """
    if isinstance(cell, Unreadable):
        raise InputInvalid("cell-unreadable", f"The cell {cell.reason}.")
    if isinstance(cell, date):
        return cell if name in DATES else convert(cell.isoformat())
    if isinstance(cell, Decimal):
        written = f"{cell:f}"
        if name in DATES:
            raise InputInvalid("date-invalid", f"The number {written} is not a date.")
        return written if name in AMOUNTS else convert(written)
    text = cell.strip()
    if text.startswith("'"):
        text = unescape_cell(text)
    return convert(text) if text else None


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
    if found := HOSTILE.search(text):
        raise InputInvalid(
            "id-invalid",
            f"The id {_quoted(text)} holds the character U+{ord(found[0]):04X}.",
            hint="Take out control and invisible characters.",
        )


@lru_cache(maxsize=4096)
def read_date(text: str, date_format: str = "") -> date:
    """The date that a cell holds: by strptime's rules, or YYYY-MM-DD where no format is given.

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
    try:
        moment = datetime.strptime(text, date_format)  # noqa: DTZ007  only its date is taken
        # Without separators "1022026" would be read as the 10th: every digit must be there.
        if _ADJACENT.search(date_format) and moment.strftime(date_format) != text:
            raise ValueError
    except ValueError:
        raise InputInvalid(
            "date-invalid", f"{_quoted(text)} is not a date of the form {date_format}."
        ) from None
    return moment.date()


def plain_amount(text: str, decimal_mark: str = ".") -> str:
    """The amount as `parse_minor` reads it. Raises InputInvalid `amount-invalid`."""
    _no_formula(text)
    if decimal_mark == ".":
        return text
    match = _COMMA_AMOUNT.fullmatch(text)
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
}
