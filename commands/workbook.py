"""Workbooks (XLSX): a sheet per table, amounts as exact numbers, text that no program takes for a formula.

The bytes of a workbook depend on nothing but its contents. What Excel cannot hold as it is, control characters and
returns, is written the way that Excel itself writes it (`_x000D_`), and read back so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import chain, islice
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from commands.csv_text import csv_text, flat
from commands.sheet_xml import (
    AMOUNT,
    CLOSING,
    day,
    head,
    number,
    opening,
    parts,
    row_of,
    sheet_name,
    truth,
    words,
)
from ledger.errors import InputInvalid
from ledger.money import exponent

_ISO = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DAYS = ("_on", "_due", "_until")  # how the names of columns end that hold dates
_DAY_NAMES = ("on", "by", "due", "since", "until", "from", "to")
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_WRITTEN = re.compile("_x([0-9A-Fa-f]{4})_")
_QUOTED = tuple("=+-@\t\r\n'")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a ZIP file knows
_FIRST_YEAR = 1900  # of the days that a spreadsheet counts
_MAX_TITLE, _MAX_TEXT, _WIDEST, _MEASURED = 31, 32_767, 60, 1_000
_MAX_ROWS, _MAX_BYTES = (
    1_048_576,
    2**31 - 2**20,
)  # the former Excel's, the latter of a ZIP file without extensions


@dataclass(frozen=True, slots=True)
class Page:
    """A sheet: rows as `output.emit` takes them; `columns` in their order, default the rows' own keys."""

    title: str
    rows: Iterable[Mapping[str, Any]]
    columns: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount as exact text, and the decimals that its currency has."""

    text: str
    digits: int


def write_workbook(pages: Iterable[Page], file: IO[bytes]) -> None:
    """Writes the workbook of these pages, row by row.

    Raises InputInvalid `workbook-too-long` for a sheet of more rows, or more text, than programs read.
    """
    with ZipFile(file, "w") as archive:
        titles = [_write_page(archive, place, page) for place, page in enumerate(pages, 1)]
        for name, text in parts(titles).items():
            archive.writestr(_entry(name), text)


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, _EPOCH)
    entry.compress_type, entry.external_attr = ZIP_DEFLATED, 0o600 << 16
    return entry


def _write_page(archive: ZipFile, place: int, page: Page) -> str:
    """Writes a sheet; returns its title. The first rows tell how wide its columns are."""
    rows = map(cells, page.rows)
    first = list(rows if page.columns is None else islice(rows, _MEASURED))
    columns = page.columns or list(dict.fromkeys(name for row in first for name in row))
    with archive.open(_entry(sheet_name(place)), "w") as sheet:
        left = _MAX_BYTES - sheet.write(opening(_widths(columns, first)).encode())
        sheet.write(row_of(1, (head(1, n, name) for n, name in enumerate(columns, 1))).encode())
        for number, row in enumerate(chain(first, rows), 2):
            told = (_cell(number, n, row.get(name)) for n, name in enumerate(columns, 1))
            left -= sheet.write(row_of(number, told).encode())
            if number > _MAX_ROWS or left < 0:
                raise _too_long(page.title)
        sheet.write(CLOSING.encode())
    return page.title[:_MAX_TITLE]


def _too_long(title: str) -> InputInvalid:
    return InputInvalid(
        "workbook-too-long",
        f"the sheet {title} would have more rows or text than programs read ({_MAX_ROWS:,} rows)",
        hint="narrow it down with --contract or --partner, or take --format csv, which has no limit",
        facts={"sheet": title, "rows": _MAX_ROWS},
    )


def _widths(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[int]:
    longest = (max((len(_shown(row.get(name))) for row in rows), default=0) for name in columns)
    return [min(max(n, len(name)) + 2, _WIDEST) for n, name in zip(longest, columns, strict=True)]


def cells(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row's columns, as in CSV (`output.flat`), with amounts and dates as what they are."""
    amounts = dict(_amounts(row))
    found = dict[str, Any]()
    for name, value in flat(row).items():
        if name in amounts:
            found[name] = amounts[name]
        elif isinstance(value, str) and _is_day(name) and _ISO.fullmatch(value):
            found[name] = date.fromisoformat(value)
        else:
            found[name] = value
    return found


@cache
def _is_day(name: str) -> bool:
    return name.endswith(_DAYS) or name in _DAY_NAMES


def _amounts(row: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Amount]]:
    for name, value in row.items():
        if not isinstance(value, Mapping):
            continue
        if value.keys() == {"amount", "currency"}:
            yield prefix + name, Amount(value["amount"], exponent(value["currency"]))
        else:
            yield from _amounts(value, f"{prefix}{name}_")


def _shown(value: object) -> str:
    return value.text if isinstance(value, Amount) else csv_text(value)


def _cell(row: int, place: int, value: object) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, Amount):
        return number(row, place, value.text, AMOUNT + value.digits)
    if isinstance(value, Decimal):
        # In these very digits: a float would round them.
        return number(row, place, f"{value:f}")
    if isinstance(value, bool):
        return truth(row, place, value)
    if isinstance(value, int):
        return number(row, place, str(value))
    if isinstance(value, date) and value.year >= _FIRST_YEAR:
        return day(row, place, value)
    text = csv_text(value)
    return words(row, place, escaped(text)[:_MAX_TEXT], text[:1] in _QUOTED)


def escaped(text: str) -> str:
    """The text as it stands in the file."""
    return _UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def unescaped(text: str) -> str:
    """What `escaped` was given."""
    return _WRITTEN.sub(lambda found: chr(int(found[1], 16)), text)
