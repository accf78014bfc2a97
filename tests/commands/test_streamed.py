"""What filters and forms have in common: filtered is unfiltered narrowed down, CSV has the rows of JSON, tables say
where they end."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

import migrations
from commands.output import csv_text, flat, unescape_cell
from ledger.contract import evolve
from ledger.store import Envelope, open_ledger
from tests.benchmarks.logs import contracts
from tests.commands.played import asked, mledger

Row = dict[str, Any]
CONTRACTS, EVENTS = 42, 30  # of 40 partners, in two currencies
CONTRACT, PARTNER = "BW-0000001", "Hangzhou Content Studio 1"  # which the contracts 1 and 41 have


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Contracts that are delivered, rejected, disputed and paid, half-way through."""
    url = f"sqlite:///{tmp_path_factory.mktemp('streamed') / 'ledger.sqlite3'}"
    migrations.upgrade(url)
    with open_ledger(url, evolve) as made:
        for name, played in contracts(CONTRACTS, EVENTS):
            made.append(
                [(name, 0, [fact for _, fact in played])], Envelope(actor="bench", origin="test")
            )
    assert mledger(url, "projections", "catch-up").code == 0
    return url


def of_contract(row: Row) -> bool:
    return str(row.get("contract") or row.get("milestone") or row["reference"]).startswith(CONTRACT)


def theirs(row: Row) -> bool:
    return bool(row["partner"] == PARTNER)


def with_status(status: str) -> tuple[str, str, Callable[[Row], bool]]:
    return "--status", status, lambda row: bool(row["status"] == status)


ONE, PARTNERS = ("--contract", CONTRACT, of_contract), ("--partner", PARTNER, theirs)
REPORTS: dict[str, tuple[str, list[tuple[str, str, Callable[[Row], bool]]]]] = {
    "report schedule": ("lines", [ONE, PARTNERS]),
    "report register": ("milestones", [ONE, PARTNERS]),
    "report inbox": (
        "tasks",
        [
            ONE,
            PARTNERS,
            ("--role", "finance", lambda row: row["role"] == "finance"),
            ("--person", "partner-1", lambda row: "partner-1" in row["people"]),
            ("--days", "0", lambda row: row["due_on"] is None or row["due_on"] <= TODAY),
        ],
    ),
    "contract list": ("contracts", [PARTNERS]),
    "milestone list": ("milestones", [ONE, PARTNERS, with_status("accepted")]),
    "payment list": ("payments", [ONE, PARTNERS, with_status("paid")]),
    "dispute list": ("disputes", [ONE, PARTNERS]),
    "bonus list": ("bonuses", [ONE, PARTNERS]),
    "audit exceptions": (
        "exceptions",
        [
            ONE,
            ("--partner", PARTNER, lambda row: row["contract"] in (CONTRACT, "BW-0000041")),
            ("--rule", "back-dated", lambda row: row["rule"] == "back-dated"),
            ("--rule", "self-approved", lambda row: row["rule"] == "self-approved"),
            ("--rule", "deadline-moved-late", lambda row: row["rule"] == "deadline-moved-late"),
            (
                "--rule",
                "actor-differs-from-login",
                lambda row: row["rule"] == "actor-differs-from-login",
            ),
        ],
    ),
}
TODAY = "2025-06-30"
CASES = [(command, *one) for command, (_, filters) in REPORTS.items() for one in filters]


def listed(url: str, command: str, *words: str) -> list[Row]:
    moment = ("--today", TODAY) if command.startswith("report") else ()
    found: list[Row] = asked(url, *command.split(), *words, *moment)[REPORTS[command][0]]
    return found


@pytest.fixture(scope="module")
def everything(ledger: str) -> dict[str, list[Row]]:
    return {command: listed(ledger, command) for command in REPORTS}


@pytest.mark.parametrize(
    ("command", "option", "value", "expected"), CASES, ids=[" ".join(case[:3]) for case in CASES]
)
def test_filtered_is_unfiltered_narrowed_down(
    ledger: str,
    everything: dict[str, list[Row]],
    command: str,
    option: str,
    value: str,
    expected: Callable[[Row], bool],
) -> None:
    # An account, or two payments of different contracts, is of no contract alone.
    whole = [row for row in everything[command] if row.get("rule") != "duplicate-payment"]
    narrowed = [row for row in whole if expected(row)]
    found = listed(ledger, command, option, value)
    assert [row for row in found if row.get("rule") != "duplicate-payment"] == narrowed
    assert 0 < len(narrowed) < len(whole) or option == "--rule"


@pytest.mark.parametrize("command", REPORTS)
def test_the_csv_of_a_report_has_its_rows(
    ledger: str, everything: dict[str, list[Row]], command: str
) -> None:
    moment = ("--today", TODAY) if command.startswith("report") else ()
    text = mledger(ledger, *command.split(), "--format", "csv", *moment).out
    header, *rows = csv.reader(io.StringIO(text))
    told = map(flat, everything[command])
    assert [list(map(unescape_cell, row)) for row in rows] == [
        [csv_text(row.get(name)) for name in header] for row in told
    ]


def tables(text: str) -> list[list[str]]:
    """The rows of each table, but for its totals."""
    lines = iter(text.splitlines())
    rules = (line for line in lines if line and not line.strip("- "))
    return [list(takewhile(lambda row: row.strip("- "), lines)) for _ in rules]


@pytest.mark.parametrize("command", [*REPORTS, "report bank"])
def test_a_table_shows_its_first_lines_and_says_of_how_many(
    ledger: str, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("COLUMNS", "500")  # a line for each row
    words = ("--all",) if command == "audit exceptions" else ()
    whole = mledger(ledger, *command.split(), *words).out
    assert "the first" not in whole
    for module in ("reports.register", "audits.exceptions", "shortening"):
        monkeypatch.setattr(f"commands.{module}.MOST", 3)
    short = mledger(ledger, *command.split(), *words).out
    assert "\nthe first 3 of " in short
    assert [len(rows) for rows in tables(short)] == [3] * len(tables(whole))
    assert mledger(ledger, *command.split(), "--format", "jsonl").out.count("\n") > 3


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """The statements run while a test runs."""
    seen: list[str] = []

    def note(_c: Any, _u: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.parametrize("command", ["report schedule", "report inbox", "milestone list"])
def test_a_contract_is_found_by_its_stream(
    ledger: str, statements: list[str], command: str
) -> None:
    listed(ledger, command, "--contract", CONTRACT)
    asked_of_rows = [one for one in statements if "schedule_" in one or "inbox_" in one]
    assert all("stream = 2" in one for one in asked_of_rows)


def test_the_rest_of_a_table_is_never_read(
    ledger: str, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commands.shortening.MOST", 3)
    mledger(ledger, "report", "schedule")
    assert any("LIMIT 4" in one for one in statements)


def test_a_workbook_has_the_same_rows(
    ledger: str, everything: dict[str, list[Row]], tmp_path: Path
) -> None:
    from openpyxl import load_workbook

    file = tmp_path / "all.xlsx"
    assert mledger(ledger, "export", "xlsx", "-o", str(file)).code == 0
    book = load_workbook(file)
    for sheet, command in (("schedule", "report schedule"), ("payments", "payment list")):
        assert book[sheet].max_row == len(everything[command]) + 1
    assert book["contracts"].max_row == CONTRACTS + 1
