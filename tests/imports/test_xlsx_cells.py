"""What the cells of other people's workbooks are: days in the formats of every language, or refused with the cell."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from commands.imports.found import Reading
from commands.imports.mapping import OWN_NAMES, parse_mapping
from commands.imports.xlsx_reader import read_xlsx
from ledger.errors import InputInvalid

HEADER = ("contract", "milestone", "currency", "amount", "delivered")


def saved(path: Path, cell: Any, number_format: str = "", book: Workbook | None = None) -> Path:
    """A workbook with one milestone, delivered as the cell says."""
    book = book or Workbook()
    sheet = book.active
    sheet.append(list(HEADER))
    sheet.append(["C", "M1", "CNY", 5, None])
    sheet["E2"] = cell
    if number_format:
        sheet["E2"].number_format = number_format
    book.save(path)
    return path


def renumbered(path: Path, number: int) -> Path:
    """The same workbook, its one number format of dates replaced by one that is only numbered."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    styles, count = re.subn(
        rb'numFmtId="(14|16[4-9])"', b'numFmtId="%d"' % number, parts["xl/styles.xml"]
    )
    assert count
    parts["xl/styles.xml"] = re.sub(rb"<numFmts.*?</numFmts>", b"", styles)
    with zipfile.ZipFile(path, "w") as new:
        for name, data in parts.items():
            new.writestr(name, data)
    return path


def delivered(reading: Reading) -> date | None:
    assert reading.skipped == []
    return reading.take_overs[0].milestones[0].submitted_on


def refusal(reading: Reading) -> str:
    (skipped,) = reading.skipped
    assert skipped.place.endswith(":2:delivered")
    return skipped.reason


# 46255 days after 1899-12-30, counted by Python and not by a spreadsheet.
DAY = date(1899, 12, 30) + timedelta(days=46255)


@pytest.mark.parametrize("number", [*range(27, 37), *range(50, 59)])
def test_a_number_in_a_format_of_dates_that_no_file_writes_out_is_a_date(
    tmp_path: Path, number: int
) -> None:
    path = renumbered(saved(tmp_path / "a.xlsx", 46255, "mm-dd-yy"), number)
    assert date(2026, 8, 21) == DAY
    assert delivered(read_xlsx([path])) == DAY


@pytest.mark.parametrize("number", [26, 37, 44, 49, 59])
def test_the_numbers_beside_them_are_no_formats_of_dates(tmp_path: Path, number: int) -> None:
    path = renumbered(saved(tmp_path / "a.xlsx", 46255, "mm-dd-yy"), number)
    assert refusal(read_xlsx([path])).startswith("The number 46255 is not a date.")


@pytest.mark.parametrize("serial", [0.75, 0, -3, 1e9])
def test_a_time_or_a_number_of_no_day_in_such_a_format_is_refused(
    tmp_path: Path, serial: float
) -> None:
    path = renumbered(saved(tmp_path / "a.xlsx", serial, "mm-dd-yy"), 32)
    assert "which is no day" in refusal(read_xlsx([path]))


def test_an_amount_in_such_a_format_is_refused_not_taken_for_a_number(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["contract", "milestone", "currency", "amount"])
    book.active.append(["C", "M1", "CNY", 46255])
    book.active["D2"].number_format = "mm-dd-yy"
    book.save(tmp_path / "a.xlsx")
    (skipped,) = read_xlsx([renumbered(tmp_path / "a.xlsx", 31)]).skipped
    assert "2026-08-21" in skipped.reason and skipped.place.endswith(":2:amount")


@pytest.mark.parametrize(
    "number_format",
    [
        'yyyy"年"m"月"d"日"',
        "yyyy年m月d日",
        '[$-804]yyyy"年"m"月"d"日";@',
        '[DBNum1][$-804]yyyy"年"m"月"d"日"',
        "[$-404]e/m/d",
        "ge.m.d",
        "dd.mm.yyyy",
        "d-mmm-yy",
        "yyyy-mm-dd hh:mm",
    ],
)
def test_written_formats_of_dates_are_dates(tmp_path: Path, number_format: str) -> None:
    assert delivered(read_xlsx([saved(tmp_path / "a.xlsx", 46255, number_format)])) == DAY


@pytest.mark.parametrize(
    "number_format", ["0.00", '0"天"', "#,##0", "[Red]0", '0" days"', "0.00E+00"]
)
def test_written_formats_of_numbers_are_numbers(tmp_path: Path, number_format: str) -> None:
    reason = refusal(read_xlsx([saved(tmp_path / "a.xlsx", 46255, number_format)]))
    assert reason == (
        "The number 46255 is not a date. If it stands for 2026-08-21, format the column as a date."
    )


@pytest.mark.parametrize("numbered", [False, True])
def test_a_workbook_that_counts_from_1904_is_read_from_1904(tmp_path: Path, numbered: bool) -> None:
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    path = saved(tmp_path / "a.xlsx", 100, "mm-dd-yy", book)
    if numbered:
        renumbered(path, 58)
    assert delivered(read_xlsx([path])) == date(1904, 1, 1) + timedelta(days=100)


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (time(12, 30), "holds 12:30:00"),
        (timedelta(hours=30), "neither text, number nor date"),
        ("#N/A", "holds the error #N/A"),
        ("=TODAY()", "holds a formula"),
        (True, "holds TRUE"),
        ("2026年8月21日", "Write a date as YYYY-MM-DD"),
        ("21.08.2026", "Write a date as YYYY-MM-DD"),
    ],
)
def test_what_only_looks_like_a_date_is_refused_with_its_cell(
    tmp_path: Path, cell: Any, says: str
) -> None:
    assert says in refusal(read_xlsx([saved(tmp_path / "a.xlsx", cell)]))


def test_a_chinese_date_written_as_text_is_read_by_a_map(tmp_path: Path) -> None:
    mapping = parse_mapping('date_format: "%Y年%m月%d日"\n')
    path = saved(tmp_path / "a.xlsx", "2026年8月21日")
    assert delivered(read_xlsx([path], mapping)) == DAY


def test_an_error_cell_is_empty_where_the_map_says_so(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.xlsx", "#N/A")
    assert delivered(read_xlsx([path], parse_mapping('empty: ["#N/A"]\n'))) is None


def test_an_amount_as_text_is_read_as_in_a_sheet_of_text(tmp_path: Path) -> None:
    book = Workbook()
    for row in (HEADER, ("C", "M1", "CNY", "1,234.50", None), ("C", "M2", "CNY", "¥ 7", None)):
        book.active.append(list(row))
    book.save(tmp_path / "a.xlsx")
    reading = read_xlsx([tmp_path / "a.xlsx"])
    assert [m.amount_minor for m in reading.take_overs[0].milestones] == [123_450, 700]


@pytest.mark.parametrize("scale", ["", "scale: thousands\n"])
def test_a_scale_is_of_numbers_too(tmp_path: Path, scale: str) -> None:
    reading = read_xlsx([saved(tmp_path / "a.xlsx", None)], parse_mapping(scale or "{}"))
    expected = 500_000 if scale else 500
    assert reading.take_overs[0].milestones[0].amount_minor == expected


def test_a_computed_tail_is_rounded_only_as_the_map_says(tmp_path: Path) -> None:
    book = Workbook()
    for row in (HEADER, ("C", "M1", "CNY", 33.125, None)):
        book.active.append(list(row))
    book.save(tmp_path / "a.xlsx")
    (skipped,) = read_xlsx([tmp_path / "a.xlsx"]).skipped
    assert (skipped.rule, skipped.cell) == ("amount-finer", "33.125")
    reading = read_xlsx([tmp_path / "a.xlsx"], parse_mapping("rounding: half-even\n"))
    (milestone,) = reading.take_overs[0].milestones
    assert (milestone.amount_minor, milestone.source_amount) == (3_312, "33.125")
    assert [w.rule for w in reading.warnings] == ["amount-rounded"]


# --- what a sheet does not show -----------------------------------------------------------------------


def two_sheets(path: Path, change: Callable[[Workbook], None]) -> Reading:
    book = Workbook()
    book.active.title = "shown"
    second = book.create_sheet("second")
    for n, sheet in enumerate((book.active, second), 1):
        for row in (HEADER, ("C", f"M{n}", "CNY", n, None), ("C", f"N{n}", "CNY", n, None)):
            sheet.append(list(row))
    change(book)
    book.save(path)
    return read_xlsx([path], OWN_NAMES)


@pytest.mark.parametrize("how", ["hidden", "veryHidden"])
def test_a_hidden_sheet_is_not_read_and_said(tmp_path: Path, how: str) -> None:
    def hide(book: Workbook) -> None:
        book["second"].sheet_state = how

    reading = two_sheets(tmp_path / "a.xlsx", hide)
    assert [m.id for m in reading.take_overs[0].milestones] == ["M1", "N1"]
    assert [(w.place.rpartition("/")[2], w.rule, w.severity) for w in reading.warnings] == [
        ("a.xlsx[second]", "sheet-hidden", "medium")
    ]


def test_a_workbook_of_which_all_is_hidden_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.xlsx", datetime(2026, 8, 21))  # noqa: DTZ001  a spreadsheet has no zones
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    book = parts["xl/workbook.xml"]
    parts["xl/workbook.xml"] = book.replace(b'state="visible"', b'state="hidden"')
    assert parts["xl/workbook.xml"] != book
    with zipfile.ZipFile(path, "w") as new:
        for name, data in parts.items():
            new.writestr(name, data)
    with pytest.raises(InputInvalid) as refused:
        read_xlsx([path])
    assert refused.value.code == "xlsx-hidden"


def test_merged_cells_are_said_with_their_ranges_and_their_rows_are_left_out(
    tmp_path: Path,
) -> None:
    def merge(book: Workbook) -> None:
        book["shown"].merge_cells("A2:A3")
        book["shown"].merge_cells("D2:E2")  # along a row: nothing below it is hidden

    reading = two_sheets(tmp_path / "a.xlsx", merge)
    merged = [w for w in reading.warnings if w.rule == "cells-merged"]
    assert [w.place.rpartition("/")[2] for w in merged] == ["a.xlsx[shown]"]
    assert "A2:A3" in merged[0].detail and "D2:E2" not in merged[0].detail
    assert [one.place.rpartition("/")[2] for one in reading.skipped][:1] == [
        "a.xlsx[shown]:3:contract"
    ]


@pytest.mark.parametrize(
    ("serial", "day"),
    # As Excel shows them: 25569 is the first day of Unix time.
    [(25_569, "1970-01-01"), (20_000, "1954-10-03"), (80_000, "2119-01-11")],
)
def test_a_bare_count_of_days_is_refused_with_the_day_it_may_be(
    tmp_path: Path, serial: int, day: str
) -> None:
    says = refusal(read_xlsx([saved(tmp_path / "a.xlsx", serial)]))
    assert f"If it stands for {day}, format the column as a date." in says


@pytest.mark.parametrize("number", [19_999, 80_001, 25_569.5])
def test_a_number_that_is_hardly_a_count_of_days_names_no_day(
    tmp_path: Path, number: float
) -> None:
    says = refusal(read_xlsx([saved(tmp_path / "a.xlsx", number)]))
    assert "Format the column as a date, or write YYYY-MM-DD." in says
    assert "stands for" not in says
