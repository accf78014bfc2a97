"""Workbooks (XLSX): a sheet per table, amounts as exact numbers, text that no program takes for a formula.

The bytes of a workbook depend on nothing but its contents. What Excel cannot hold as it is, control characters and
returns, is written the way that Excel itself writes it (`_x000D_`), and read back so.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from commands.output import csv_text, flat
from ledger.money import exponent

_ISO = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DAYS = ("_on", "_due", "_until")  # how the names of columns end that hold dates
_DAY_NAMES = ("on", "by", "due", "since", "until", "from", "to")
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_WRITTEN = re.compile("_x([0-9A-Fa-f]{4})_")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a ZIP file knows
_STAMP = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(<)")
_MAX_TITLE, _MAX_TEXT, _WIDEST = 31, 32_767, 60


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


def workbook(pages: Iterable[Page]) -> bytes:
    """The workbook of these pages."""
    book = Workbook(write_only=True)
    for page in pages:
        _write_page(book, page)
    written = io.BytesIO()
    book.save(written)
    return _timeless(written.getvalue())


def _write_page(book: Any, page: Page) -> None:
    rows = [cells(row) for row in page.rows]
    columns = page.columns or list(dict.fromkeys(name for row in rows for name in row))
    sheet = book.create_sheet(page.title[:_MAX_TITLE])
    sheet.freeze_panes = "A2"
    for place, name in enumerate(columns, 1):
        longest = max((len(_shown(row.get(name))) for row in rows), default=0)
        width = min(max(longest, len(name)) + 2, _WIDEST)
        sheet.column_dimensions[get_column_letter(place)].width = width
    heads = [_cell(sheet, name) for name in columns]
    for head in heads:
        head.font = Font(bold=True)
    sheet.append(heads)
    for row in rows:
        sheet.append([_cell(sheet, row.get(name)) for name in columns])


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


def _cell(sheet: Any, value: object) -> Any:
    if value is None or value == "":
        return WriteOnlyCell(sheet)
    if isinstance(value, Amount):
        return _number(
            sheet, value.text, f"#,##0.{'0' * value.digits}" if value.digits else "#,##0"
        )
    if isinstance(value, Decimal):
        return _number(sheet, f"{value:f}", "General")
    if isinstance(value, (bool, int, date)):
        cell = WriteOnlyCell(sheet, value)
        if isinstance(value, date):
            cell.number_format = "yyyy-mm-dd"
        return cell
    return _text(sheet, csv_text(value))


def _number(sheet: Any, text: str, number_format: str) -> Any:
    """A number in these very digits: by its own road openpyxl would make a float of it, and round that."""
    cell = WriteOnlyCell(sheet, 0)
    cell.number_format = number_format
    cell._value = text
    return cell


def _text(sheet: Any, text: str) -> Any:
    """A text, whatever it begins with."""
    cell = WriteOnlyCell(sheet)
    cell._value = escaped(text)[:_MAX_TEXT]
    cell.data_type = "s"
    cell.quotePrefix = text[:1] in tuple("=+-@\t\r\n'")
    return cell


def escaped(text: str) -> str:
    """The text as it stands in the file."""
    return _UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def unescaped(text: str) -> str:
    """What `escaped` was given."""
    return _WRITTEN.sub(lambda found: chr(int(found[1], 16)), text)


def _timeless(data: bytes) -> bytes:
    """The same workbook without the time at which it was made."""
    found = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as made,
        zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as kept,
    ):
        for name in made.namelist():
            part = made.read(name)
            if name == "docProps/core.xml":
                part = _STAMP.sub(rb"\g<1>1980-01-01T00:00:00Z\g<2>", part)
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            kept.writestr(entry, part)
    return found.getvalue()
