"""Workbooks (XLSX) become sheets: each sheet that has the columns looked for is read like a CSV file.

A number is taken in the digits that the file shows, so an amount that a calculation left with a long tail of decimals
is refused, unless the map says how to round it. Formulas are refused too: only their result is a fact, and nobody says
whether it is fresh. What a sheet does not show is not read: a hidden sheet, the cells under a merged one.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from commands.imports.cells import Cell, Unreadable
from commands.imports.columns import Record, Sheet
from commands.imports.found import Reading, bytes_of, files_in
from commands.imports.mapping import OWN_NAMES, Mapping
from commands.imports.rows import gather
from commands.output import escape_cell
from commands.workbook import unescaped
from ledger.errors import InputInvalid

ENDINGS = (".xlsx", ".xlsm")
MAX_BYTES = 500_000_000  # unpacked: far more than a sheet of a million rows
MAX_COLUMNS = 1_000

# Formats that programs for Chinese, Japanese and Korean number without writing them into the file. Some show the date,
# some the time, by the program's language: so the value says which it is.
_UNWRITTEN_DATES = frozenset((*range(27, 37), *range(50, 59)))
_MERGED = re.compile(rb'<mergeCell ref="([A-Z]{1,3}([0-9]{1,7}):[A-Z]{1,3}([0-9]{1,7}))"')
_MERGED_LONGEST = 60
_RANGES = 5

Progress = Callable[[int], None]


def read_xlsx(
    paths: Sequence[Path], mapping: Mapping = OWN_NAMES, progress: Progress | None = None
) -> Reading:
    """All contracts in the workbooks and folders named; sheets without the columns looked for are warned of.

    Bad rows are listed in the reading. Raises InputInvalid `xlsx-…` where a whole file cannot be read, and what
    `rows.gather` raises.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl's, of styles and checks that are no facts
        return _read(paths, mapping, progress)


def _read(paths: Sequence[Path], mapping: Mapping, progress: Progress | None) -> Reading:
    sheets: list[Sheet] = []
    reading_of = Reading()
    for path in files_in(paths, ENDINGS):
        try:
            data = bytes_of(path)
        except OSError as problem:
            raise _unreadable(str(path), problem.strerror or problem) from None
        found = _sheets(data, str(path), reading_of)
        wanted = [sheet for sheet in found if _fits(sheet, mapping)]
        # Where no sheet fits, the first one's error says which column is missing.
        sheets += wanted or found[:1]
        for sheet in found:
            if wanted and sheet not in wanted:
                says = "not read: it has no columns of contract and milestone"
                reading_of.warn(sheet.name, "sheet-ignored", says)
        if progress:
            progress(len(data))
    reading = gather(sheets, mapping)
    read = {sheet.name for sheet in sheets}
    reading.warnings += [
        one for one in reading_of.warnings if one.rule != "cells-merged" or one.place in read
    ]
    return reading


def _fits(sheet: Sheet, mapping: Mapping) -> bool:
    wanted = [mapping.source(name) for name in ("contract", "milestone")]
    return all(source.constant or source.column in sheet.header for source in wanted)


def _sheets(data: bytes, name: str, reading: Reading) -> list[Sheet]:
    """The sheets that show anything; the hidden ones are warned of, and so is what merged cells cover."""
    from openpyxl import load_workbook

    try:
        _check_size(data, name)
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False)
    except InputInvalid:
        raise
    # A workbook is a nest of archives and XML, in which anything may be broken.
    except Exception as problem:
        raise _unreadable(name, problem) from None
    kept: list[Sheet] = []
    hidden: list[str] = []
    for one in book.worksheets:
        place = f"{name}[{one.title}]"
        sheet = _sheet(place, one)
        if sheet is None:
            continue
        if one.sheet_state != "visible":
            hidden.append(place)
            reading.warn(
                place, "sheet-hidden", "not read: it is hidden; unhide it if it belongs here"
            )
            continue
        kept.append(sheet)
        if merged := _merged(one):
            says = f"only the first cell of merged ones holds their value: {merged}"
            reading.warn(place, "cells-merged", f"{says}; unmerge them and fill the rest")
    if hidden and not kept:
        says = f"every sheet that holds anything is hidden: {', '.join(hidden)}"
        raise InputInvalid("xlsx-hidden", says, place=name, hint="unhide the sheet to be read")
    if not kept:
        hint = "the first row names the columns, such as contract, milestone, amount"
        says = "the workbook holds no header and no rows"
        raise InputInvalid("xlsx-empty", says, place=name, hint=hint)
    return kept


def _unreadable(name: str, problem: object) -> InputInvalid:
    says = f"the file is no workbook that can be read: {problem}"
    hint = "open it in a spreadsheet program and save it as .xlsx"
    return InputInvalid("xlsx-unreadable", says, place=name, hint=hint)


def _check_size(data: bytes, name: str) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        size = sum(part.file_size for part in packed.infolist())
    if size > MAX_BYTES:
        says = f"unpacked, the workbook is larger than {MAX_BYTES:,} bytes"
        raise InputInvalid("xlsx-too-large", says, place=name, hint="split it, or save it as CSV")


def _sheet(name: str, sheet: Any) -> Sheet | None:
    """The sheet with its first row that holds anything as header; None where there is none."""
    rows = _rows(name, sheet)
    for line, cells in rows:
        header = [_title(cell) for cell in cells]
        while header and not header[-1]:
            header.pop()
        if header:
            return Sheet(name, header, line, _records(rows, len(header)))
    return None


def _merged(sheet: Any) -> str:
    """The first few ranges of merged cells that reach below their first row; "" where there are none."""
    archive, path = sheet.parent._archive, sheet._worksheet_path
    found: list[str] = []
    with archive.open(path) as file:
        rest = b""
        while piece := file.read(1 << 20):
            text = rest + piece
            found += (m[1].decode() for m in _MERGED.finditer(text) if m[2] != m[3])
            rest = text[-_MERGED_LONGEST:] if not _MERGED.search(text[-_MERGED_LONGEST:]) else b""
    more = len(found) - _RANGES
    return ", ".join(found[:_RANGES]) + (f" and {more} more" if more > 0 else "")


def _rows(name: str, sheet: Any) -> Iterator[tuple[int, Any]]:
    """The rows, numbered; they are parsed one by one, so a broken one shows late."""
    sheet.reset_dimensions()  # what a file says of its own size is often wrong
    try:
        yield from enumerate(sheet.iter_rows(max_col=MAX_COLUMNS), 1)
    except Exception as problem:
        raise _unreadable(name, problem) from None


def _title(cell: Any) -> str:
    value = _value(cell)
    return value.strip() if isinstance(value, str) else str(value)


def _records(rows: Iterator[tuple[int, Any]], width: int) -> Iterator[Record]:
    for line, row in rows:
        values = [_value(cell) for cell in row]
        values += [""] * (width - len(values))
        if any(value for value in values[width:]):
            yield line, f"holds something to the right of the header's {width} columns"
        elif any(not isinstance(value, str) or value.strip() for value in values[:width]):
            yield line, values[:width]


def _value(cell: Any) -> Cell:
    """What a cell holds, in the form that rows understand."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        return Unreadable("holds a formula, not a value: paste values before saving", str(value))
    if cell.data_type == "e":
        return Unreadable(f"holds the error {value}", str(value))
    if isinstance(value, bool):
        shows = str(value).upper()
        return Unreadable(f"holds {shows}, which is neither text, number nor date", shows)
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, (int, float)):
        if cell.style_array.numFmtId in _UNWRITTEN_DATES:
            return _day(value, cell.parent.parent.epoch)
        return _plain(Decimal(repr(value)))
    if isinstance(value, str):
        # As CSV would hold it, so that the one pipeline reads back what was written.
        return escape_cell(unescaped(value))
    return Unreadable(f"holds {value}, which is neither text, number nor date")


def _day(serial: float, epoch: datetime) -> Cell:
    """The day that a workbook's count of days means; less than one is a time of no day."""
    from openpyxl.utils.datetime import from_excel

    try:
        moment = from_excel(serial, epoch)
    except (OverflowError, ValueError):
        moment = None
    if serial < 1 or not isinstance(moment, datetime):
        shows = f"{_plain(Decimal(repr(serial))):f}"
        return Unreadable(f"holds {shows} in a format of dates, which is no day", shows)
    return moment.date()


def _plain(number: Decimal) -> Decimal:
    """The same number without zeros at its end: 120000.0 is 120000."""
    whole = number.to_integral_value()
    return whole if number == whole else number.normalize()
