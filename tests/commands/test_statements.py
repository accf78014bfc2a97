"""`report statement` and `report application`: every figure is the schedule's, at any moment, on both databases."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from commands.reports.schedule import MORE_TOTALS, TOTALS
from commands.reports.statement_parts import masked
from commands.workbook import unescaped
from ledger.money import parse_minor
from tests.commands import transcripts
from tests.commands.acting import ENVIRON, today
from tests.commands.played import asked, mledger, record
from tests.fit_out import PARTNER, fit_out
from tests.stories import double_eleven

__all__ = ["today"]

CONTRACT = "FX-2026-003"
RATES = """\
date,from,to,rate,source
2026-11-20,USD,CNY,7.1000,central parity
2026-11-23,USD,CNY,7.2000,central parity
"""
HISTORY = ("contract", "milestone", "currency", "amount", "title")
ROWS = [("H-1", "M1", "CNY", 1234.5, "Plan"), ("H-1", "M2", "CNY", "=2*3", "Build")]


@pytest.fixture
def url(database_url: str) -> str:
    """A database with the fit-out contract, once on SQLite and once on PostgreSQL."""
    record(database_url, fit_out())
    return database_url


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Rates, a workbook of history, and the same as CSV."""
    (tmp_path / "rates.csv").write_text(RATES)
    (tmp_path / "no-workbook.xlsx").write_text("contract,milestone\n")
    (tmp_path / "history.csv").write_text("contract,milestone,currency,amount\nH-2,M1,CNY,5\n")
    book = Workbook()
    for row in (HISTORY, *ROWS):
        book.active.append(list(row))
    book.save(tmp_path / "history.xlsx")
    return tmp_path


@pytest.mark.usefixtures("today")
@pytest.mark.parametrize("name", ["statements.txt", "statements_80.txt"])
def test_a_transcript(name: str, sqlite_url: str, files: Path) -> None:
    record(sqlite_url, fit_out())
    wide = {"COLUMNS": "80"} if "80" in name else {"COLUMNS": "120"}
    transcripts.check(Path(__file__).with_name(name), files, ENVIRON | wide)


def minor(amount: dict[str, str] | None) -> int:
    assert amount is not None
    return parse_minor(amount["amount"], amount["currency"])


# --- the statement ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("today")
@pytest.mark.parametrize("moment", [(), ("--as-of", "2026-10-15"), ("--known-at", "20")])
def test_each_figure_is_the_schedules(url: str, moment: tuple[str, ...]) -> None:
    schedule = asked(url, "report", "schedule", *moment)
    statement = asked(url, "report", "statement", PARTNER, *moment)
    (expected,), (found,) = schedule["totals"], statement["totals"]
    names = (*TOTALS, *MORE_TOTALS)
    assert {n: found[n] for n in names} == {n: expected[n] for n in names}
    own = [{n: v for n, v in line.items() if n != "accepted_on"} for line in statement["lines"]]
    assert own == schedule["lines"]
    assert minor(found["retention"]) == sum(minor(row["kept"]) for row in statement["retained"])
    owed = sum(minor(row["outstanding"]) for row in statement["due"])
    claims = sum(minor(row["amount"]) for row in statement["claims"])
    assert owed - claims == minor(expected["outstanding"])
    paid = sum(minor(row["paid"]) for row in statement["payments"] if row["status"] == "paid")
    assert paid == minor(expected["paid"])
    assert asked(url, "report", "statement", PARTNER, *moment, "--fresh") == statement


@pytest.mark.usefixtures("today")
def test_what_is_held_retained_advanced_and_saved_by_paying_early(url: str) -> None:
    statement = asked(url, "report", "statement", PARTNER)
    (held,) = statement["held"]
    assert (held["milestone"], held["since"], held["reason"]) == (
        f"{CONTRACT}/M2",
        "2026-11-16",
        "scratches",
    )
    assert held["amount"] == {"amount": "5000.00", "currency": "USD"}
    kept = [
        (row["milestone"], row["due_on"], row["kept"]["amount"]) for row in statement["retained"]
    ]
    assert kept == [
        (f"{CONTRACT}/M2", "2026-12-15", "3000.00"),
        (f"{CONTRACT}/M1", "2027-12-20", "5000.00"),
        (f"{CONTRACT}/M2", "2027-12-20", "3000.00"),
    ]
    (advance,) = statement["advances"]
    assert (advance["paid"]["amount"], advance["open"]["amount"]) == ("40000.00", "8000.00")
    (due,) = statement["due"]
    # 2 % of the 40,600.00 payable, until ten days after acceptance.
    assert (due["discount"]["amount"], due["discount_until"]) == ("812.00", "2026-11-25")
    assert statement["totals"][0]["bonus_open"]["amount"] == "4000.00"


@pytest.mark.usefixtures("today")
def test_bonuses_follow_the_moment_that_is_looked_at(url: str) -> None:
    """On 10-15 M2 was still open, and the change order to 90,000.00 not yet agreed."""
    statement = asked(url, "report", "statement", PARTNER, "--as-of", "2026-10-15")
    told = {
        (one["milestone"].rpartition("/")[2], one["clause"]): [
            (step["by"], step["amount"]["amount"]) for step in one["steps"]
        ]
        for one in statement["bonuses_open"]
    }
    assert told["M2", "early"] == [("2026-11-02", "1200.00"), ("2026-11-07", "600.00")]
    assert told["M4", "early"] == [("2026-12-10", "1600.00"), ("2026-12-15", "800.00")]
    # 1 % of 290,000.00, less the 1,000.00 of M1, and 2,000.00 for quality.
    assert statement["totals"][0]["bonus_open"]["amount"] == "3900.00"


@pytest.mark.usefixtures("today")
def test_a_contract_of_another_partner_is_not_in_it(url: str) -> None:
    ran = mledger(url, "report", "statement", "Nobody")
    assert (ran.code, "error[partner-unknown]" in ran.err) == (2, True)
    assert asked(url, "report", "statement", PARTNER, "--contract", CONTRACT)["lines"]


@pytest.mark.parametrize(
    ("account", "shown"),
    [("", ""), ("1234", "…"), ("DE02 1203 0000 0000 2020 51", "…2051"), ("…2051", "…2051")],
)
def test_accounts_are_masked(account: str, shown: str) -> None:
    assert masked(account) == shown


# --- the pay application ---------------------------------------------------------------------------


@pytest.mark.usefixtures("today")
def test_an_application_and_what_is_claimed_above_it(url: str) -> None:
    words = ("report", "application", CONTRACT, "--from", "2026-11-01")
    made = asked(url, *words)
    assert made["period"] == {"from": "2026-11-01", "to": "2026-11-22"}
    assert made["summary"]["due"] == {"amount": "54000.00", "currency": "USD"}
    assert made["summary"]["balance"]["amount"] == "151000.00"
    ran = mledger(url, *words, "--claimed", "54,200.00", "--json")
    assert (ran.code, ran.json["claim"]["difference"]["amount"]) == (6, "200.00")
    assert "claim-differs" in ran.err
    assert mledger(url, *words, "--claimed", "54,000.00").code == 0


@pytest.mark.usefixtures("today")
def test_applications_month_by_month_sum_to_what_was_earned(sqlite_url: str) -> None:
    record(sqlite_url, double_eleven())
    due = 0
    for month in range(8, 12):
        period = ("--from", f"2026-{month:02}-01", "--to", f"2026-{month:02}-28")
        if month > 8:
            period = ("--from", f"2026-{month - 1:02}-29", "--to", f"2026-{month:02}-28")
        due += minor(
            asked(sqlite_url, "report", "application", "BW-2026-014", *period)["summary"]["due"]
        )
    (total,) = asked(sqlite_url, "report", "schedule")["totals"]
    assert due == minor(total["net"]) == 90_258_000


# --- the reporting currency ------------------------------------------------------------------------


@pytest.mark.usefixtures("today")
@pytest.mark.parametrize("report", [("schedule",), ("statement", PARTNER)])
def test_a_converted_total_stands_beside_the_others(
    url: str, files: Path, report: tuple[str, ...]
) -> None:
    plain = asked(url, "report", *report)
    words = ("--in", "CNY", "--rates", str(files / "rates.csv"))
    found = asked(url, "report", *report, *words)
    reporting = found.pop("reporting")
    assert found == plain
    assert (reporting["currency"], reporting["converted"]) == ("CNY", True)
    assert reporting["rates"] == [
        {"from": "USD", "rate": "7.1", "on": "2026-11-20", "source": "central parity"}
    ]
    net = Decimal(plain["totals"][0]["net"]["amount"]) * Decimal("7.1")
    assert Decimal(reporting["totals"]["net"]["amount"]) == net


@pytest.mark.usefixtures("today")
def test_a_missing_rate_is_null_and_said(url: str, files: Path) -> None:
    words = ("--in", "EUR", "--rates", str(files / "rates.csv"))
    reporting = asked(url, "report", "exposure", *words)["reporting"]
    assert (reporting["missing"], reporting["totals"]["due"]) == (["USD"], None)
    before = ("--in", "CNY", "--rates", str(files / "rates.csv"), "--as-of", "2026-11-19")
    assert asked(url, "report", "exposure", *before)["reporting"]["missing"] == ["USD"]


# --- workbooks -------------------------------------------------------------------------------------


def sheets(path: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of each sheet of a workbook."""
    found = {}
    for sheet in load_workbook(path).worksheets:
        names, *rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
        found[sheet.title] = [dict(zip(names, row, strict=True)) for row in rows]
    return found


@pytest.mark.usefixtures("today")
def test_the_exported_workbook_holds_the_schedule_to_the_cent(url: str, tmp_path: Path) -> None:
    file = tmp_path / "ledger.xlsx"
    assert mledger(url, "export", "xlsx", "-o", str(file)).code == 0
    first = file.read_bytes()
    found = sheets(file)
    assert list(found) == [
        *("schedule", "contracts", "milestones", "payments", "settlements", "invoices"),
        "retentions",
    ]
    lines = asked(url, "report", "schedule")["lines"]
    for line, row in zip(lines, found["schedule"], strict=True):
        for name, value in line.items():
            if isinstance(value, dict):
                assert Decimal(repr(row[name])) == Decimal(value["amount"])
        assert unescaped(row["title"]) == line["title"]
        assert row["due_on"] is None or str(row["due_on"].date()) == line["due_on"]
    assert "=HYPERLINK(1)" in [row["title"] for row in found["schedule"]]
    assert mledger(url, "export", "xlsx", "-o", str(file)).code == 0
    assert file.read_bytes() == first


@pytest.mark.usefixtures("today")
@pytest.mark.parametrize(
    "words",
    [
        ("report", "statement", PARTNER),
        ("report", "application", CONTRACT),
        ("report", "schedule"),
        ("report", "register"),
        ("report", "inbox"),
        ("payment", "list"),
    ],
)
def test_reports_and_lists_are_workbooks_too(url: str, tmp_path: Path, words: Any) -> None:
    file = tmp_path / "report.xlsx"
    ran = mledger(url, *words, "-o", str(file))
    assert (ran.code, ran.out) == (0, ""), ran.err
    assert sheets(file)
    refused = mledger(url, *words, "--format", "xlsx")
    assert (refused.code, "error[workbook-needs-file]" in refused.err) == (2, True)


@pytest.mark.usefixtures("today")
def test_csv_has_a_section_for_everything(url: str) -> None:
    ran = mledger(url, "report", "statement", PARTNER, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert {row["section"] for row in rows} == {
        *("line", "bonus-open", "held", "retained", "advance", "payment", "due")
    }
    assert {row["detail"] for row in rows} >= {"'=HYPERLINK(1)"}
