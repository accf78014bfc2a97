"""`mledger report schedule` gives the scenario's tables to the cent, in the promised form, at any moment."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from commands.json_text import json_parts, quick_json
from commands.output import as_json
from commands.tables import width
from tests.commands.played import ACT_13, asked, mledger

# Promised in interface.md, in this order.
LINE = (
    *("contract", "partner", "milestone", "kind", "title", "status", "due_on", "provisional"),
    *("gross", "bonus", "penalty", "credit", "adjustment", "tax", "retention"),
    *("net", "held", "instructed", "paid", "outstanding", "payable", "events"),
)
TOTAL = ("currency", "net", "held", "paid", "outstanding", "payable", "retention", "expected")
SHOWN = ("gross", "bonus", "penalty", "adjustment", "net", "held", "paid", "outstanding", "payable")

# milestone, status, the figures of SHOWN, due: shared/scenarios/double-11.md
AS_OF_10_28 = """
M1  paid      120000 1800   0 0 121800     0 121800      0      0  2026-09-19
M2  accepted  300000    0   0 0 300000     0      0 300000 300000  2026-11-07
M3  accepted  180000    0 720 0 179280 45000      0 179280 134280  2026-11-21
M4  expected  400000    0   0 0      0     0      0      0      0  projected
M5  expected  100000    0   0 0      0     0      0      0      0  projected
"""
AS_OF_11_20 = """
M1    paid      120000  1800   0      0 121800 0 121800      0      0  2026-09-19
M2    paid      300000     0   0      0 300000 0 300000      0      0  2026-11-07
M3    accepted  180000     0 720 -20000 159280 0      0 159280 159280  2026-11-21
M4    accepted  300000 21500   0      0 321500 0      0 321500 321500  2026-12-17
M4-r1 expected  100000     0   0      0      0 0      0      0      0  projected
M5    expected  100000     0   0      0      0 0      0      0      0  projected
"""
TOTALS_10_28 = (601080, 45000, 121800, 479280, 434280, 0, 500000)
TOTALS_11_20 = (902580, 0, 421800, 480780, 480780, 0, 200000)


def table(report: Any) -> list[list[str]]:
    """The lines as the scenario writes them, sorted by milestone."""
    rows = []
    for line in report["lines"]:
        assert {line[name]["currency"] for name in SHOWN} == {"CNY"}
        settled = line["status"] in ("paid", "accepted")
        figures = [line[name]["amount"].removesuffix(".00") for name in SHOWN]
        name = line["milestone"].rpartition("/")[2]
        rows.append([name, line["status"], *figures, line["due_on"] if settled else "projected"])
    return sorted(rows)


def scenario(text: str) -> list[list[str]]:
    return [line.split() for line in text.strip().splitlines()]


def totals(report: Any) -> tuple[int, ...]:
    (only,) = report["totals"]
    assert tuple(only)[: len(TOTAL)] == TOTAL
    return tuple(int(only[name]["amount"].removesuffix(".00")) for name in TOTAL[1:])


@pytest.mark.parametrize(
    ("moment", "lines", "sums"),
    [
        (("--as-of", "2026-10-28"), AS_OF_10_28, TOTALS_10_28),
        (("--as-of", "2026-11-20"), AS_OF_11_20, TOTALS_11_20),
        ((), AS_OF_11_20, TOTALS_11_20),
        (("--fresh",), AS_OF_11_20, TOTALS_11_20),
    ],
)
def test_the_scenarios_tables(
    story_url: str, moment: tuple[str, ...], lines: str, sums: tuple[int, ...]
) -> None:
    report = asked(story_url, "report", "schedule", *moment)
    assert table(report) == scenario(lines)
    assert totals(report) == sums


def test_a_returned_payment_is_seen_on_its_own_days(sqlite_story: str) -> None:
    def of_m2(day: str) -> list[str]:
        return next(
            r
            for r in table(asked(sqlite_story, "report", "schedule", "--as-of", day))
            if r[0] == "M2"
        )

    assert of_m2("2026-11-08")[-4:-1] == ["300000", "0", "0"]
    assert of_m2("2026-11-11")[-4:-1] == ["0", "300000", "0"]
    report = asked(sqlite_story, "report", "schedule", "--as-of", "2026-11-11")
    instructed = {line["milestone"]: line["instructed"]["amount"] for line in report["lines"]}
    assert instructed["BW-2026-014/M2"] == "300000.00"


def test_what_was_known_after_act_13(story_url: str) -> None:
    report = asked(story_url, "report", "schedule", "--known-at", str(ACT_13))
    rows = {row[0]: row for row in table(report)}
    assert report["known_at"]["position"] == ACT_13
    assert (rows["M3"][7], rows["M3"][10]) == ("0", "179280")
    assert rows["M2"][9] == "300000"
    assert (rows["M4"][1], rows["M5"][1]) == ("expected", "expected")


def test_the_promised_fields_stand_first_and_in_order(sqlite_story: str) -> None:
    report = asked(sqlite_story, "report", "schedule")
    assert list(report)[:4] == ["as_of", "known_at", "lines", "totals"]
    assert list(report["known_at"]) == ["position", "recorded_at"]
    assert all(tuple(line)[: len(LINE)] == LINE for line in report["lines"])
    due = [(line["due_on"], line["milestone"]) for line in report["lines"]]
    assert due == sorted(due)


def test_both_ways_of_reading_print_the_same_bytes(sqlite_story: str) -> None:
    kept = mledger(sqlite_story, "report", "schedule", "--json")
    assert mledger(sqlite_story, "report", "schedule", "--fresh", "--json").out == kept.out
    at_head = mledger(sqlite_story, "report", "schedule", "--known-at", "999999", "--json")
    assert at_head.out == kept.out


def test_a_day_before_everything_gives_an_empty_report(story_url: str) -> None:
    report = asked(story_url, "report", "schedule", "--as-of", "2020-01-01")
    assert (report["lines"], report["totals"]) == ([], [])
    shown = mledger(story_url, "report", "schedule", "--as-of", "2020-01-01")
    assert shown.out.startswith("(nothing is payable or planned)\n")


def test_an_empty_ledger_is_no_error(database_url: str) -> None:
    report = asked(database_url, "report", "schedule")
    assert report["known_at"] == {"position": 0, "recorded_at": None}
    assert report["lines"] == []


def test_csv_has_the_promised_columns_and_exact_amounts(sqlite_story: str) -> None:
    rows = list(csv.DictReader(io.StringIO(mledger(sqlite_story, *CSV).out)))
    assert [row["milestone"] for row in rows][:2] == ["BW-2026-014/M1", "BW-2026-014/M2"]
    assert (rows[0]["net"], rows[0]["currency"], rows[0]["events"]) == (
        "121800.00",
        "CNY",
        "2 7 8 9 10 14 15",
    )
    empty = mledger(sqlite_story, *CSV, "--as-of", "2020-01-01").out
    assert empty.splitlines() == [",".join(rows[0])]


CSV = ("report", "schedule", "--format", "csv")


@pytest.mark.parametrize("limit", [80, 120])
def test_every_report_is_a_table_that_fits_the_screen(
    sqlite_story: str, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(limit))
    for report in ("schedule", "inbox", "register", "on-time", "disputes", "exposure"):
        shown = mledger(sqlite_story, "report", report).out
        assert max(map(width, shown.splitlines())) <= limit, shown
        assert "\n-----" in shown, f"a list of records, not a table:\n{shown}"


def test_quick_json_is_the_json_of_every_other_command() -> None:
    hostile = '\x1b[31m 中\u202e\u200b\x7f\U000e0041 \\ " \n\t\u2028 =1'
    value = {"a": [], "b": {}, "c": [1, [], {"x": None}], "d": hostile, "é": True, hostile: "y"}
    assert quick_json(value) == as_json(value)
    assert quick_json(value, indent=0) == as_json(value, indent=None)
    for length in (0, 1, 2, 501):
        items = [value] * length
        assert "".join(json_parts({"x": 1, "y": iter(items), "z": {}})) == as_json(
            {"x": 1, "y": items, "z": {}}
        )
    assert "".join(json_parts({})) == as_json({})
