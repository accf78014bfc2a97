"""Workbooks: what was written is read back, to the cent and the letter; what is no value is refused with its cell."""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from commands.imports.csv_reader import read_csv
from commands.imports.found import Reading
from commands.imports.mapping import FIELDS, OWN_NAMES, parse_mapping
from commands.imports.xlsx_reader import read_xlsx
from commands.output import csv_line, money
from commands.workbook import Page, escaped, unescaped, write_workbook
from ledger.errors import InputInvalid
from ledger.intents import TakeOver
from ledger.money import EXPONENTS, MAX_MINOR_DIGITS, format_minor, parse_minor

HEADER = ("contract", "milestone", "currency", "amount", "delivered", "title")


def made(path: Path, rows: Iterable[Iterable[Any]], title: str = "Sheet1") -> Path:
    """A workbook as a person's spreadsheet program writes it."""
    book = Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    for cell in (cell for row in sheet.iter_rows() for cell in row):
        if isinstance(cell.value, float):
            cell._value = repr(cell.value)  # all 17 digits, as Excel writes them; openpyxl rounds
    book.save(path)
    return path


def only(reading: Reading) -> TakeOver:
    (take_over,) = reading.take_overs
    assert reading.skipped == []
    return take_over


def skipped(reading: Reading) -> dict[str, str]:
    """Sheet, row and column → reason."""
    return {one.place.rpartition("/")[2]: one.reason for one in reading.skipped}


# --- round trips -----------------------------------------------------------------------------------

HOSTILE = ("=1+1", "+1", "-x", "@a", "\ta", "\ra", "a\rb", "'=x", "_x000D_", "a\nb", "\x01", "''+")
AMOUNT = st.tuples(
    st.integers(-(10**MAX_MINOR_DIGITS) + 1, 10**MAX_MINOR_DIGITS - 1),
    st.sampled_from(sorted(EXPONENTS)),
)


def workbook(pages: list[Page]) -> bytes:
    file = io.BytesIO()
    write_workbook(pages, file)
    return file.getvalue()


def cells_of(data: bytes) -> list[list[Any]]:
    return [list(row) for row in load_workbook(io.BytesIO(data)).worksheets[0].iter_rows()]


@given(AMOUNT)
def test_every_amount_is_read_back_exactly(amount: tuple[int, str]) -> None:
    minor, currency = amount
    data = workbook([Page("p", [{"amount": money(minor, currency)}])])
    (_, (cell, beside)) = cells_of(data)
    assert cell.data_type == "n"
    assert parse_minor(_digits(cell.value, currency), currency) == minor
    assert beside.value == currency
    assert cell.number_format == (
        f"#,##0.{'0' * EXPONENTS[currency]}" if EXPONENTS[currency] else "#,##0"
    )


def _digits(value: int | float, currency: str) -> str:
    """What the number is, with the currency's decimals; more of them would show here."""
    exact = Decimal(repr(value))
    text = f"{exact:f}"
    whole, _, decimals = text.partition(".")
    kept = decimals.rstrip("0").ljust(EXPONENTS[currency], "0")
    return f"{whole}.{kept}" if kept else whole


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text_and_read_back_unchanged(text: str) -> None:
    data = workbook([Page("p", [{"title": text}])])
    (_, (cell,)) = cells_of(data)
    assert cell.data_type == "s"
    assert unescaped(cell.value) == text


@given(st.text())
def test_any_text_is_escaped_and_back(text: str) -> None:
    assert unescaped(escaped(text)) == text


def test_the_bytes_depend_on_the_contents_alone() -> None:
    page = Page("p", [{"on": "2026-01-02", "amount": money(5, "USD"), "n": 3, "ok": True}])
    assert workbook([page]) == workbook([page])


def test_days_are_those_of_a_spreadsheet() -> None:
    """1900-01-01 is its day 1, 1900-02-28 its day 59, 2026-01-02 its day 46024 (Excel's DATEVALUE)."""
    days = {"1900-01-01": 1, "1900-02-28": 59, "1900-03-01": 61, "2026-01-02": 46_024}
    data = workbook([Page("p", [{"on": day} for day in days], ("on",))])
    sheet = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml").decode()
    assert re.findall(r"<v>(\d+)</v>", sheet) == [str(count) for count in days.values()]
    _, *rows = cells_of(data)
    assert [str(cell.value.date()) for (cell,) in rows] == list(days)
    assert {cell.number_format for (cell,) in rows} == {"yyyy-mm-dd"}


def test_yes_and_no_are_those_of_a_spreadsheet() -> None:
    _, (yes, no) = cells_of(workbook([Page("p", [{"a": True, "b": False}])]))
    assert (yes.data_type, yes.value, no.data_type, no.value) == ("b", True, "b", False)


@pytest.mark.parametrize(
    ("column", "is_day"),
    [
        *((name, True) for name in ("paid_on", "payment_due", "valid_until", "on", "by", "due")),
        *((name, True) for name in ("since", "until", "from", "to")),
        *((name, False) for name in ("title", "month", "once", "residue", "partner_to")),
    ],
)
def test_a_day_is_a_day_in_columns_of_days_and_a_text_in_others(column: str, is_day: bool) -> None:
    (_, (cell,)) = cells_of(workbook([Page("p", [{column: "2026-01-02"}])]))
    assert cell.is_date == is_day


def test_a_sheet_of_more_rows_than_programs_read_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("commands.workbook._MAX_ROWS", 3)
    assert len(cells_of(workbook([Page("p", [{"n": 1}] * 2, ("n",))]))) == 3
    for columns in (None, ("n",)):
        with pytest.raises(InputInvalid, match="the sheet p would have more rows"):
            workbook([Page("p", [{"n": 1}] * 3, columns)])
    monkeypatch.setattr("commands.workbook._MAX_BYTES", 1_000)
    with pytest.raises(InputInvalid, match="the sheet p"):
        workbook([Page("p", [{"n": "x" * 1_000}])])


def test_the_columns_beyond_z_have_two_letters() -> None:
    data = workbook([Page("p", [{f"n{n}": n for n in range(800)}])])
    assert [cell.value for cell in cells_of(data)[1]] == list(range(800))
    assert cells_of(data)[1][799].coordinate == "ADT2"  # 1 × 26² + 4 × 26 + 20 = 800


def test_rows_are_written_as_they_come() -> None:
    file, written = io.BytesIO(), list[int]()

    def rows() -> Iterator[dict[str, Any]]:
        for n in range(20_000):
            written.append(file.tell())
            yield {"n": n * 7919}

    write_workbook([Page("p", rows(), ("n",))], file)
    assert written[2_000] < written[10_000] < written[-1]


FACTS = {
    "contract": "C-1",
    "milestone": "M1",
    "title": "=SUM(A1)",
    "stage": "'-x",
    "currency": "CNY",
    "amount": money(12_345_678_901_234, "CNY"),
    "baseline_due": "2026-08-21",
    "current_due": "2026-09-01",
    "delivered": "2026-08-30",
    "approved": "2026-08-31",
    "paid_on": "2026-09-19",
    "paid_amount": money(10_000_001, "CNY"),
    "timezone": "Asia/Shanghai",
}


def test_the_same_rows_as_csv_and_as_a_workbook_are_the_same_history(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(workbook([Page("history", [FACTS])]))
    from commands.output import flat

    cells = flat(FACTS)
    with (tmp_path / "a.csv").open("w", newline="") as file:
        file.write(csv_line(cells) + csv_line(cells.values()))
    by_workbook = only(read_xlsx([tmp_path / "a.xlsx"]))
    assert by_workbook == only(read_csv([tmp_path / "a.csv"]))
    (milestone,) = by_workbook.milestones
    assert (milestone.title, milestone.stage) == ("=SUM(A1)", "'-x")
    assert (milestone.amount_minor, milestone.due) == (12_345_678_901_234, date(2026, 9, 1))


@given(
    st.dictionaries(
        st.sampled_from([name for name in FIELDS if name not in ("contract", "milestone")]),
        st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12),
    )
)
def test_no_text_in_any_field_breaks_the_reader(facts: dict[str, str]) -> None:
    row = {"contract": "C", "milestone": "M", **facts}
    data = workbook([Page("p", [row])])
    reading = _read_bytes(data)
    assert len(reading.take_overs) + len(reading.skipped) == 1


def _read_bytes(data: bytes) -> Reading:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.xlsx"
        path.write_bytes(data)
        return read_xlsx([path])


# --- what people's own workbooks hold --------------------------------------------------------------


def test_dates_and_numbers_of_a_spreadsheet(tmp_path: Path) -> None:
    day = datetime(2026, 8, 30, 17, 30)  # noqa: DTZ001  a spreadsheet knows no zones
    rows = [HEADER, ("C", 101, "CNY", 1234.5, day, "A"), ("C", "M2", "CNY", 7, date(2026, 9, 1))]
    (first, second) = only(read_xlsx([made(tmp_path / "a.xlsx", rows)])).milestones
    assert (first.id, first.amount_minor) == ("101", 123_450)
    assert first.submitted_on == date(2026, 8, 30)
    assert (second.amount_minor, second.submitted_on) == (700, date(2026, 9, 1))


def test_dates_as_text_follow_the_map_and_true_dates_do_not_need_it(tmp_path: Path) -> None:
    mapping = parse_mapping('date_format: "%d.%m.%Y"\ndecimal_mark: ","\n')
    rows = [
        HEADER,
        ("C", "M1", "EUR", "1.234,50", "30.08.2026", "A"),
        ("C", "M2", "EUR", 1234.5, date(2026, 8, 30), "B"),
    ]
    first, second = only(read_xlsx([made(tmp_path / "a.xlsx", rows)], mapping)).milestones
    assert first.amount_minor == second.amount_minor == 123_450
    assert first.submitted_on == second.submitted_on == date(2026, 8, 30)


@pytest.mark.parametrize(
    ("currency", "amount", "reason"),
    [
        ("CNY", 3702.2999999999997, "has 13 decimals, but CNY has 2 decimals"),
        ("CNY", 0.1 + 0.2, "has 17 decimals"),
        ("JPY", 100.5, "has 1 decimals, but JPY has no decimals"),
        ("CNY", 1e16, "more than 15 digits"),
        ("CNY", "=1+1", "holds a formula"),
        ("CNY", "#N/A", "holds the error #N/A"),
        ("CNY", True, "holds TRUE"),
        ("CNY", time(12, 0), "holds 12:00:00"),
        ("CNY", date(2026, 1, 1), "is not an amount"),
    ],
)
def test_an_amount_that_is_not_exact_is_refused_with_sheet_row_and_column(
    tmp_path: Path, currency: str, amount: Any, reason: str
) -> None:
    rows = [HEADER, ("C", "M1", currency, amount, None, "A"), ("C", "M2", currency, 5, None, "B")]
    reading = read_xlsx([made(tmp_path / "a.xlsx", rows, "七月")])
    ((place, why),) = skipped(reading).items()
    assert place == "a.xlsx[七月]:2:amount"
    assert reason in why
    assert [m.id for take_over in reading.take_overs for m in take_over.milestones] == ["M2"]


def test_a_number_is_no_date(tmp_path: Path) -> None:
    rows = [HEADER, ("C", "M1", "CNY", 5, 45_000, "A")]
    reading = read_xlsx([made(tmp_path / "a.xlsx", rows)])
    hint = "If it stands for 2023-03-15, format the column as a date."  # 45,000 days on 1899-12-30
    says = f"The number 45000 is not a date. {hint}"
    assert skipped(reading) == {"a.xlsx[Sheet1]:2:delivered": says}


def test_sheets_without_the_columns_are_warned_of(tmp_path: Path) -> None:
    book = Workbook()
    book.active.title = "notes"
    book.active.append(["hello"])
    book.create_sheet("empty")
    sheet = book.create_sheet("data")
    for row in ((), HEADER, (), ("C", "M1", "CNY", 5, None, "A")):
        sheet.append(list(row))
    book.save(tmp_path / "a.xlsx")
    reading = read_xlsx([tmp_path / "a.xlsx"])
    assert [m.id for m in only(reading).milestones] == ["M1"]
    assert [(w.place.rpartition("/")[2], w.rule) for w in reading.warnings] == [
        ("a.xlsx[notes]", "sheet-ignored")
    ]


def test_a_cell_beyond_the_header_is_told(tmp_path: Path) -> None:
    rows = [HEADER, ("C", "M1", "CNY", 5, None, "A", "lost")]
    reading = read_xlsx([made(tmp_path / "a.xlsx", rows)])
    assert skipped(reading) == {
        "a.xlsx[Sheet1]:2": "holds something to the right of the header's 6 columns"
    }


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "xlsx-unreadable"), (b"contract,milestone\n", "xlsx-unreadable")],
)
def test_what_is_no_workbook(tmp_path: Path, data: bytes, code: str) -> None:
    (tmp_path / "a.xlsx").write_bytes(data)
    with pytest.raises(InputInvalid) as refused:
        read_xlsx([tmp_path / "a.xlsx"])
    assert (refused.value.code, refused.value.place) == (code, str(tmp_path / "a.xlsx"))


def test_a_workbook_cut_short_or_torn_is_refused_or_read(tmp_path: Path) -> None:
    """Whatever byte is lost: InputInvalid or a reading, never another exception."""
    whole = workbook([Page("p", [FACTS])])
    for at in range(0, len(whole), 97):
        torn = bytearray(whole)
        torn[at] ^= 0xFF
        for data in (whole[:at], bytes(torn)):
            (tmp_path / "a.xlsx").write_bytes(data)
            try:
                read_xlsx([tmp_path / "a.xlsx"])
            except InputInvalid:
                continue


def test_an_empty_workbook_and_one_without_the_columns(tmp_path: Path) -> None:
    with pytest.raises(InputInvalid) as empty:
        read_xlsx([made(tmp_path / "a.xlsx", [])])
    assert empty.value.code == "xlsx-empty"
    with pytest.raises(InputInvalid) as lacking:
        read_xlsx([made(tmp_path / "a.xlsx", [("contract", "amount")])], OWN_NAMES)
    assert lacking.value.code == "csv-column-missing"
    assert lacking.value.place.endswith("a.xlsx[Sheet1]:1")


def test_nothing_is_warned_of_on_the_way(tmp_path: Path) -> None:
    path = made(tmp_path / "a.xlsx", [HEADER, ("C", "M1", "CNY", 5, None, "A")])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        only(read_xlsx([path]))


def test_csv_reads_what_a_spreadsheet_program_saves_of_the_export() -> None:
    """The exact text of an amount is the same in both exports."""
    row = {"amount": money(123_450, "CNY")}
    line = next(csv.reader(io.StringIO(csv_line(["1234.50", "CNY"]))))
    (_, (cell, _)) = cells_of(workbook([Page("p", [row])]))
    assert line[0] == format_minor(123_450, "CNY") == _digits(cell.value, "CNY")
