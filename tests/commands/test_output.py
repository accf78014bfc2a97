"""Results as a person and as a program read them."""

from __future__ import annotations

import csv
import io
import json
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth import wcswidth

from commands.asking import confirm
from commands.options import Output
from commands.output import (
    Column,
    Progress,
    Table,
    as_json,
    colourful,
    csv_line,
    emit,
    escape_cell,
    exact,
    flat,
    number,
    progress,
    unescape_cell,
    visible,
    writing,
)
from ledger.errors import InputInvalid

HOSTILE = "a\x1b[31m\u202eb\x00\u200b\r\n\u2028\U000e0041\x9bz"
NET = {"amount": "1.50", "currency": "CNY"}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


# --- tables --------------------------------------------------------------------------------------

PORTFOLIO = Table(
    [exact("milestone"), "title", number("net")],
    [
        ("BW-1/M1", "综合体外墙改造", "1,234.50"),
        ("BW-1/M2", "Façade, phase two", "-5.00"),
        ("BW-1/M3", "한국어 👩\u200d🔧", None),
    ],
    totals=[("total CNY", "", "1,229.50")],
)


def test_a_table_aligns_by_what_characters_take_on_the_screen() -> None:
    assert PORTFOLIO.text() == (
        "milestone  title                   net\n"
        "---------  -----------------  --------\n"
        "BW-1/M1    综合体外墙改造     1,234.50\n"
        "BW-1/M2    Façade, phase two     -5.00\n"
        "BW-1/M3    한국어 👩\u200d🔧\n"
        "---------  -----------------  --------\n"
        "total CNY                     1,229.50\n"
    )


def test_wide_text_wraps_and_nothing_exact_is_cut() -> None:
    title = "综合体外墙改造工程第二阶段竣工验收及移交资料归档 with a long English tail"
    table = Table([exact("id"), "title", number("net")], [("BW-2026-014/M2", title, "1,234.50")])
    lines = list(table.lines(50))
    assert all(wcswidth(line) <= 50 for line in lines)
    assert lines[2].startswith("BW-2026-014/M2  综")
    assert lines[2].endswith("  1,234.50")
    assert "".join(part[16:].strip() for part in lines[3:]).endswith("tail")


def test_very_long_text_is_elided() -> None:
    lines = list(Table(["title"], [("长" * 500,)]).lines(40))
    assert len(lines) == 2 + 4
    assert lines[-1].endswith("...")


def test_what_cannot_fit_becomes_a_record_per_row() -> None:
    columns: list[Column | str] = [
        exact("milestone"),
        *(number(f"amount {n}") for n in range(5)),
        "note",
    ]
    row = ("BW-2026-014/M2", *["123,456,789.00"] * 4, None, "延期 " * 20)
    lines = list(Table(columns, [row, row]).lines(60))
    assert lines[:2] == ["milestone  BW-2026-014/M2", "amount 0   123,456,789.00"]
    assert "amount 4" not in "".join(lines)
    assert all(wcswidth(line) <= 60 for line in lines)
    assert lines.count("") == 1


def test_an_empty_table_says_so() -> None:
    assert Table(["a"], [], title="Open", empty="no disputes").text() == "Open\n\nno disputes\n"


def test_hostile_text_is_shown_escaped_on_one_line() -> None:
    shown = Table(["title"], [(HOSTILE,)]).text()
    assert shown.count("\n") == 3
    assert r"a\x1b[31m\u202eb\x00\u200b\r\n\u2028\U000e0041\x9bz" in shown


def test_harmless_text_stays_as_it_is() -> None:
    text = "综合体 naïve 👩\u200d🔧 क्\u200dष \U000e0100"
    assert visible(text) == text


words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)


@given(st.lists(st.tuples(words, st.integers()), min_size=1, max_size=4), st.integers(30, 120))
def test_numbers_are_whole_and_lines_fit(rows: list[tuple[str, int]], limit: int) -> None:
    text = Table(["title", number("n")], rows).text(limit)
    assert all(str(n) in text for _, n in rows)
    longest = max(len(str(n)) for _, n in rows)
    assert all(wcswidth(line) <= max(limit, longest + 14) for line in text.split("\n"))


# --- CSV -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["=1+1", "+86 138", "-x", "@SUM(A1)", "\tx", "\rx", "'=x", "-1-1"])
def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert escape_cell(text) == "'" + text


@pytest.mark.parametrize("text", ["", "-5", "-1234.50", "1", "'quoted'", "a=b", "–", "’=x"])
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert escape_cell(text) == text


@given(st.text() | st.text("'=+-@\t\r\n,\"1.", max_size=8))
def test_every_cell_reads_back_unchanged(text: str) -> None:
    assert unescape_cell(escape_cell(text)) == text
    assert not escape_cell(text).startswith(("=", "+", "@", "\t", "\r"))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_every_line_of_csv_reads_back_unchanged(cells: list[str]) -> None:
    (row,) = csv.reader(io.StringIO(csv_line(cells), newline=""), strict=True)
    assert [unescape_cell(cell) for cell in row] == cells


def test_an_amount_keeps_its_name_and_its_currency_stands_once() -> None:
    fee = {"amount": "2.00", "currency": "EUR"}
    row = {
        "contract": "C",
        "net": NET,
        "paid": NET,
        "fee": fee,
        "window": {"from": "a", "to": None},
    }
    assert flat(row) == {
        "contract": "C",
        "net": "1.50",
        "currency": "CNY",
        "paid": "1.50",
        "fee": "2.00",
        "fee_currency": "EUR",
        "window_from": "a",
        "window_to": None,
    }


# --- forms ---------------------------------------------------------------------------------------


def emitted(form: str, capsys: pytest.CaptureFixture[str]) -> str:
    rows: list[dict[str, object]] = [
        {"title": "=甲", "net": NET, "ok": True},
        {"title": "乙", "net": None, "events": [1, 2]},
    ]
    emit(Output(form), {"lines": rows}, rows=rows, people=["Two lines", Table(["a"], [(1,)])])
    return capsys.readouterr().out


def test_every_form_shows_the_same_rows(capsys: pytest.CaptureFixture[str]) -> None:
    assert emitted("table", capsys) == "Two lines\na\n-\n1\n"
    assert emitted("csv", capsys) == (
        "title,net,currency,ok,events\n'=甲,1.50,CNY,true,\n乙,,,,1 2\n"
    )
    first, second = emitted("jsonl", capsys).splitlines()
    assert first == '{"title": "=甲", "net": {"amount": "1.50", "currency": "CNY"}, "ok": true}'
    assert json.loads(emitted("json", capsys)) == {"lines": [json.loads(first), json.loads(second)]}


def test_csv_has_its_header_even_without_rows(capsys: pytest.CaptureFixture[str]) -> None:
    emit(Output("csv"), {}, rows=[], columns=["contract", "net"])
    assert capsys.readouterr().out == "contract,net\n"


def test_csv_is_byte_for_byte_for_programs_and_harmless_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"title": "a\x1b[2J\u202eb", "note": "two\nlines"}]
    emit(Output("csv"), {}, rows=rows)
    assert capsys.readouterr().out == 'title,note\na\x1b[2J\u202eb,"two\nlines"\n'
    seen = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", seen)
    emit(Output("csv"), {}, rows=rows)
    assert seen.getvalue() == 'title,note\na\\x1b[2J\\u202eb,"two\nlines"\n'


def test_only_the_form_asked_for_is_computed(capsys: pytest.CaptureFixture[str]) -> None:
    def never() -> dict[str, object]:
        raise AssertionError("computed for nobody")

    emit(Output("csv"), never, rows=[{"a": 1}], people=(str(never()) for _ in "x"))
    assert capsys.readouterr().out == "a\n1\n"


def test_json_is_readable_utf8_and_its_hostile_characters_are_escapes() -> None:
    text = as_json({"标题": HOSTILE, "day": date(2026, 1, 2), "rate": Decimal("0.10")})
    assert text.startswith('{\n  "标题": "a\\u001b[31m\\u202eb')
    assert visible(text, keep="\n") == text
    assert json.loads(text) == {"标题": HOSTILE, "day": "2026-01-02", "rate": "0.10"}


def test_a_file_appears_complete_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "out.json"
    file.write_text("old")
    file.chmod(0o640)
    with pytest.raises(ZeroDivisionError), writing(Output("json", file)) as stream:
        stream.write("half")
        raise ZeroDivisionError
    assert file.read_text() == "old"
    emit(Output("json", file), {"a": "甲"})
    assert json.loads(file.read_text("utf-8")) == {"a": "甲"}
    assert file.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [file]


def test_a_link_and_a_device_are_written_through(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    emit(Output("json", tmp_path / "link"), {})
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "{}\n"
    emit(Output("json", Path("/dev/null")), {})
    assert not Path("/dev/null").is_file()


# --- the terminal --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "colour"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_colour_only_where_it_is_welcome(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], colour: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert colourful(Terminal()) is colour
    assert not colourful(io.StringIO())


def test_a_confirmation_without_a_terminal_names_the_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    confirm("Terminate BW-1?", yes=True)
    with pytest.raises(InputInvalid) as caught:
        confirm("Terminate BW-1?", yes=False)
    assert "--yes" in caught.value.hint


@pytest.mark.parametrize("answer", ["n\n", "\n"])
def test_only_a_yes_at_the_terminal_confirms(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    confirm("Terminate BW-1?", yes=False)
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    with pytest.raises(InputInvalid, match="nothing was recorded"):
        confirm("Terminate BW-1?", yes=False)


def test_progress_shows_rate_and_time_left_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    # What went before the first step, a minute here, says nothing of those that follow.
    clock, stderr = iter([-60.0, 0.0, 9.9]), Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    bar = Progress(3000, "folding")
    bar.shown = 0.0
    bar.advance(10)
    bar.advance(990)
    bar.clear()
    shown = "folding  [#######             ]   33%  1,000/3,000  100/s  0:20 left"
    assert stderr.getvalue() == f"\r{shown}\x1b[K\r\x1b[K"


@pytest.mark.parametrize(
    ("seconds", "left"), [(10, "0:00"), (20, "0:10"), (3_600, "59:50"), (36_010, "10 h 00 min")]
)
def test_time_left_is_told_in_the_unit_of_its_size(seconds: float, left: str) -> None:
    bar = Progress(round(seconds) * 100, "folding")
    bar.done = 1_000  # 100 a second
    assert bar.status(10.0).endswith(f"{left} left")


def test_progress_elsewhere_is_a_line_every_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, stderr = iter([0.0, 5.0, 10.5, 12.0]), io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    with progress(None, "reading") as bar:
        for _ in range(3):
            bar.advance(11)
    assert stderr.getvalue() == "reading  22  2/s\n"
