"""What an import is told to have come to: losses loudest, alike remarks once, with the setting that reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from commands.imports.found import Reading, Warned
from commands.imports.notation import suggested
from commands.imports.recording import Taken
from commands.imports.telling import Told, as_data, as_pages, groups_of, problem_of
from commands.main import main

Out = pytest.CaptureFixture[str]
HEADER = "contract,milestone,currency,amount,delivered\n"


def sheet(path: Path, bad: int, good: int, cell: str = "13/{n:02}/2010") -> str:
    rows = [f"B,M{n},CNY,1,{cell.format(n=n % 12 + 1)}" for n in range(bad)]
    rows += [f"G,M{n},CNY,1,2010-01-01" for n in range(good)]
    path.write_text(HEADER + "\n".join(rows) + "\n", "utf-8")
    return str(path)


def told(out: Out, url: str, *words: str, code: int) -> tuple[str, str]:
    assert main([*words, "--database", url]) == code
    return out.readouterr()


def test_alike_refusals_are_one_group_with_a_count_and_the_setting_that_reads_them(
    tmp_path: Path, sqlite_url: str, capsys: Out
) -> None:
    path = sheet(tmp_path / "a.csv", bad=300, good=100)
    out, err = told(capsys, sqlite_url, "import", "csv", path, code=6)
    assert "ATTENTION: 300 of 400 rows (75 %) are left out: most of it is not in the ledger" in out
    assert "date-invalid in column delivered, 300 times" in out
    assert 'hint: in a map, date_format: "%d/%m/%Y" reads them' in out
    assert "and 297 more: --json lists them all" in out
    assert len(out.splitlines()) < 15
    assert "error[import-incomplete]: 300 of 400 rows" in err
    # Followed, the hint helps.
    (tmp_path / "map.yaml").write_text('date_format: ["%d/%m/%Y", "%Y-%m-%d"]\n')
    words = ("import", "csv", path, "--map", str(tmp_path / "map.yaml"))
    out, err = told(capsys, sqlite_url, *words, code=0)
    assert "skipped" not in out and err == ""


def test_json_keeps_every_place_and_the_groups_beside_them(
    tmp_path: Path, sqlite_url: str, capsys: Out
) -> None:
    path = sheet(tmp_path / "a.csv", bad=30, good=1)
    assert main(["import", "csv", path, "--json", "--database", sqlite_url]) == 6
    out, err = capsys.readouterr()
    data: dict[str, Any] = json.loads(out)
    assert [one["place"] for one in data["skipped"]] == [
        f"{path}:{n}:delivered" for n in range(2, 32)
    ]
    assert {one["severity"] for one in data["skipped"]} == {"high"}
    assert (data["rows"], data["lost"]) == ({"read": 31, "left_out": 30}, 30)
    (group,) = data["groups"]
    assert (group["rule"], group["column"], group["count"]) == ("date-invalid", "delivered", 30)
    assert group["hint"] == 'date_format: "%d/%m/%Y" reads them'
    problem = json.loads(err)
    assert (problem["error"], problem["exit_code"]) == ("import-incomplete", 6)
    assert problem["facts"] == {"lost": 30, "rows": 31, "left_out": 30}


@pytest.mark.parametrize(("bad", "good", "loud"), [(1, 10, False), (1, 9, True), (5, 5, True)])
def test_a_sheet_is_loud_from_a_tenth_left_out(
    tmp_path: Path, sqlite_url: str, capsys: Out, bad: int, good: int, loud: bool
) -> None:
    path = sheet(tmp_path / "a.csv", bad, good)
    out, _ = told(capsys, sqlite_url, "import", "csv", path, code=6)
    assert ("ATTENTION" in out) == loud
    assert "most of it" not in out


@pytest.mark.parametrize(("bad", "good", "share"), [(2, 1, "67 %"), (1, 2, "33 %"), (1, 7, "13 %")])
def test_the_share_left_out_is_the_nearest_percent(
    tmp_path: Path, sqlite_url: str, capsys: Out, bad: int, good: int, share: str
) -> None:
    path = sheet(tmp_path / "a.csv", bad, good)
    out, _ = told(capsys, sqlite_url, "import", "csv", path, code=6)
    assert f"{bad} of {bad + good} rows ({share}) are left out" in out


def test_a_dry_run_says_what_would_be_lost_by_the_same_code(
    tmp_path: Path, sqlite_url: str, capsys: Out
) -> None:
    path = sheet(tmp_path / "a.csv", bad=1, good=1)
    _, err = told(capsys, sqlite_url, "import", "csv", path, "--dry-run", code=6)
    assert "the rest would be recorded" in err


@pytest.mark.parametrize(
    ("rule", "cells", "hint"),
    [
        ("date-invalid", ["13/01/2010", "01/02/2010"], 'date_format: "%d/%m/%Y" reads them'),
        ("date-invalid", ["01/13/2010"], 'date_format: "%m/%d/%Y" reads them'),
        (
            "date-invalid",
            ["01/02/2010"],
            'date_format: "%d/%m/%Y" or date_format: "%m/%d/%Y" reads them: '
            "which is meant, the cells do not tell",
        ),
        (
            "date-invalid",
            ["2-Jun-06", "13/01/2010"],
            'date_format: ["%d/%m/%Y", "%d-%b-%y"] reads them',
        ),
        ("date-invalid", ["2026年8月21日"], 'date_format: "%Y年%m月%d日" reads them'),
        ("date-invalid", ["13/01/2010", "33.33.2010"], ""),
        ("date-invalid", ["N/A"], 'empty: ["N/A"] takes them as unknown'),
        ("date-invalid", ["soon"], ""),
        (
            "date-invalid",
            ["Date Not Captured", "Date Not Captured", "13/01/2010"],
            'date_format: "%d/%m/%Y" reads them; empty: ["Date Not Captured"] takes them as unknown',
        ),
        ("amount-invalid", ["1.234,50", "7,00"], 'decimal_mark: "," reads them'),
        ("amount-invalid", ["1.234,50", "7.00.1"], ""),
        (
            "amount-finer",
            ["1.005"],
            "rounding: half-up takes them rounded, with what was written beside them",
        ),
        ("id-missing", ["", ""], ""),
        ("row-contradicts", ["N/A", "N/A"], ""),
    ],
)
def test_a_setting_is_suggested_only_if_it_reads_every_cell(
    rule: str, cells: list[str], hint: str
) -> None:
    assert suggested(rule, cells) == hint


@pytest.mark.parametrize(("count", "more"), [(3, []), (4, ["  and 1 more: --json lists them all"])])
def test_of_many_alike_three_places_are_named_and_the_rest_is_counted(
    count: int, more: list[str]
) -> None:
    warnings = [Warned(f"p{n}", "amount-rounded", "d") for n in range(count)]
    lines = list(as_pages(outcome(*warnings)))
    assert [line for line in lines if "lists them all" in line] == more
    assert [line for line in lines if line.endswith(": d")] == [f"  p{n}: d" for n in range(3)]


def outcome(*warnings: Warned, contracts: int = 1, **skipped: Any) -> Told:
    reading = Reading(warnings=list(warnings))
    if skipped:
        reading.skip(**skipped)
    return Told("ocds", "a.json", reading, Taken(contracts=contracts), dry_run=False)


LOW, MEDIUM, HIGH = (
    Warned("p", rule, "d") for rule in ("paid-above-value", "amount-rounded", "date-unreadable")
)


@pytest.mark.parametrize(
    ("remarks", "code", "strictly"),
    [
        ((), None, None),
        ((LOW,), None, None),
        ((MEDIUM,), None, 2),
        ((HIGH,), 6, 2),
        ((LOW, HIGH), 6, 2),
    ],
)
def test_severity_decides_on_the_exit_code_and_on_what_strict_refuses(
    remarks: tuple[Warned, ...], code: int | None, strictly: int | None
) -> None:
    loose = problem_of(outcome(*remarks), strict=False)
    assert (loose and loose.exit_code) == code
    strict = problem_of(outcome(*remarks), strict=True)
    assert (strict and strict.exit_code) == strictly


@pytest.mark.parametrize(
    ("severity", "contracts", "code"),
    [("high", 1, 6), ("low", 1, None), ("high", 0, 2), ("low", 0, 2)],
)
def test_what_was_skipped_weighs_too_and_nothing_at_all_is_an_error(
    severity: str, contracts: int, code: int | None
) -> None:
    found = outcome(contracts=contracts, place="p", reason="r", severity=severity)
    problem = problem_of(found, strict=False)
    assert (problem and problem.exit_code) == code


def test_what_breaks_a_rule_of_the_domain_is_recorded_and_no_loss() -> None:
    found = outcome()
    found.taken.warned.append(Warned("p", "paid-within-value", "d", "high"))
    assert problem_of(found, strict=True) is None
    assert as_data(found)["lost"] == 0
    assert [g.severity for g in groups_of(found)] == ["high"]


def test_groups_stand_by_severity_and_columns_are_told_apart() -> None:
    reading = Reading(warnings=[LOW, MEDIUM])
    for column in ("a", "b", "a"):
        reading.skip(f"p:{column}", "why", "date-invalid")
    from dataclasses import replace

    reading.skipped = [replace(s, column=s.place[-1]) for s in reading.skipped]
    found = Told("csv", "a.csv", reading, Taken(contracts=1), dry_run=False)
    assert [(g.kind, g.rule, g.column, len(g.remarks)) for g in groups_of(found)] == [
        ("skipped", "date-invalid", "a", 2),
        ("skipped", "date-invalid", "b", 1),
        ("warning", "amount-rounded", "", 1),
        ("warning", "paid-above-value", "", 1),
    ]


def test_what_was_dropped_stands_before_what_is_no_obligation_whatever_the_remark_is() -> None:
    reading = Reading(warnings=[Warned("p", "amount-unreadable", "M1 value is 'x': dropped")])
    reading.skip("p", "a release without contracts", "", "low")
    found = Told("ocds", "a.json", reading, Taken(), dry_run=False)
    assert [(g.severity, g.kind) for g in groups_of(found)] == [
        ("high", "warning"),
        ("low", "skipped"),
    ]


@pytest.mark.parametrize(
    ("cell", "reads"),
    # A spreadsheet's calendar begins with 1900; no contract of today ends after 2199.
    [("31.12.1899", False), ("01.01.1900", True), ("31.12.2199", True), ("01.01.2200", False)],
)
def test_no_format_is_told_that_reads_years_in_which_no_contract_lies(
    cell: str, reads: bool
) -> None:
    said = 'date_format: "%d.%m.%Y" reads them' if reads else ""
    assert suggested("date-invalid", [cell]) == said
