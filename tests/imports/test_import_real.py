"""Published OCDS data taken over as a person would: the register's figures are those that a plain script counted.

The figures are those of the README beside the data, which were computed by other code.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from commands.imports.ocds import read_ocds
from commands.imports.recording import Taken, record_all
from commands.main import main
from ledger.contract import evolve
from ledger.intents import Context
from ledger.state import Contract
from ledger.store import Ledger, open_ledger
from projections.derive import contracts
from projections.reading import reader

CONTEXT = Context(actor="importer", now=datetime(2026, 11, 22, 4, 0, tzinfo=UTC))

VALUES = {
    "MXN": {"contracts": 7, "value": 1184609018, "milestones": 74, "payments": 69},
    "USD": {"contracts": 1, "value": 7546496, "milestones": 1, "payments": 1},
}
PAID = {"MXN": 1150937896, "USD": 7546496}


@pytest.fixture
def ledger(sqlite_url: str) -> Iterator[Ledger[Contract]]:
    opened = open_ledger(sqlite_url, evolve)
    yield opened
    opened.close()


@pytest.fixture
def mexico(shared: Path) -> Path:
    return shared / "data" / "ocds" / "mx-cdmx"


def take(ledger: Ledger[Contract], files: Sequence[Path]) -> Taken:
    taken = Taken()
    record_all(ledger, CONTEXT, read_ocds(files).take_overs, taken, origin="import:ocds")
    return taken


def figures(ledger: Ledger[Contract]) -> tuple[dict[str, Any], dict[str, int], Counter[str]]:
    """Per currency what there is and what is paid, and how many milestones have which status."""
    with reader(ledger, fresh=True) as found:
        values = found.select(contracts.VALUES)
        statuses = found.select("SELECT source_status FROM {milestones}")
    counted = {
        str(v["currency"]): {
            "contracts": v["contracts"],
            "value": v["value_minor"],
            "milestones": v["milestones"],
            "payments": v["payments"],
        }
        for v in values
    }
    paid = {str(v["currency"]): int(v["paid_minor"] or 0) for v in values}
    return counted, paid, Counter(str(s["source_status"]) for s in statuses)


def assert_merged(ledger: Ledger[Contract]) -> None:
    assert figures(ledger) == (VALUES, PAID, Counter(partiallyMet=74, met=1))
    with reader(ledger, fresh=True) as found:
        above = "SELECT contract FROM {contracts} WHERE paid_minor > value_minor"
        assert found.select(above) == []


def test_all_releases_at_once_give_the_merged_figures_and_again_nothing(
    ledger: Ledger[Contract], mexico: Path
) -> None:
    first = take(ledger, [mexico / "releases"])
    assert (first.contracts, first.milestones) == (8, 75)
    assert_merged(ledger)
    again = take(ledger, [mexico / "releases"])
    assert (again.contracts, again.milestones, again.events) == (8, 75, 0)
    records = take(ledger, [mexico / "records"])
    assert (records.contracts, records.milestones, records.events) == (4, 44, 0)
    assert_merged(ledger)


@pytest.mark.parametrize("seed", range(4))
def test_one_file_at_a_time_in_any_order_gives_the_merged_figures(
    ledger: Ledger[Contract], mexico: Path, seed: int
) -> None:
    files = sorted(mexico.rglob("*.json"))
    assert len(files) == 24
    order = random.Random(seed).sample([*files, *files], k=48)
    for file in order:
        take(ledger, [file])
    assert_merged(ledger)
    assert take(ledger, order[::-1]).events == 0


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_release_imported_after_newer_ones_changes_no_figure(
    ledger: Ledger[Contract], mexico: Path, newest_first: bool
) -> None:
    for file in sorted((mexico / "releases").glob("*.json"), reverse=newest_first):
        take(ledger, [file])
    assert_merged(ledger)


def test_contracts_paid_above_their_value_of_that_time_are_warned_of_and_kept(
    ledger: Ledger[Contract], mexico: Path
) -> None:
    taken = take(ledger, [mexico / "releases"])
    rules = Counter(warned.rule for warned in taken.warned)
    assert rules.keys() == {"paid-within-value"}
    assert {warned.place.rpartition("/")[0] for warned in taken.warned} == {
        f"OCDS-87SD3T-SEFIN-DRM-A-00{n}-2016" for n in (1, 2, 4, 6)
    }


def test_the_command_and_its_reports_give_the_figures_exactly(
    sqlite_url: str, mexico: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: str) -> dict[str, Any]:
        assert main([*words, "--json", "--database", sqlite_url]) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    done = run("import", "ocds", str(mexico))
    assert list(done)[:5] == ["format", "source", "contracts", "milestones", "events"]
    assert (done["format"], done["contracts"], done["milestones"]) == ("ocds", 8, 75)
    assert (done["skipped"], run("import", "ocds", str(mexico))["events"]) == ([], 0)

    register = run("report", "register")
    totals = {total["currency"]: total for total in register["totals"]}
    assert totals["MXN"]["value"] == {"amount": "11846090.18", "currency": "MXN"}
    assert totals["MXN"]["paid"] == {"amount": "11509378.96", "currency": "MXN"}
    assert totals["USD"]["value"] == {"amount": "75464.96", "currency": "USD"}
    assert totals["USD"]["paid"] == {"amount": "75464.96", "currency": "USD"}
    assert sum(total["payments"] for total in totals.values()) == 70
    counted: Counter[str] = Counter()
    for contract in register["contracts"]:
        counted.update(contract["milestones"])
    assert counted == Counter(partiallyMet=74, met=1)
    assert len(register["milestones"]) == 75

    schedule = run("report", "schedule")
    unallocated = [line for line in schedule["lines"] if line["kind"] == "unallocated"]
    assert len(unallocated) == 8
    assert all(line["milestone"] is None for line in unallocated)
    assert {line["outstanding"]["amount"] for line in unallocated} == {"0.00"}
    paid = {total["currency"]: total["paid"]["amount"] for total in schedule["totals"]}
    assert paid == {"MXN": "11509378.96", "USD": "75464.96"}


# --- the examples of the standard's own documentation --------------------------------------------

# file: value, status counts of the source, payments and their sum. In the financial files two of
# the four milestones are payment twins: one line with their delivery, but counted as the source does.
EXAMPLES: dict[str, tuple[str | None, dict[str, int], int, str | None]] = {
    "change_history_contractAmendment": ("13500000.00 GBP", {}, 0, None),
    "change_history_implementation": (None, {}, 1, "500000.00 GBP"),
    "change_history_records_contractAmendment": ("13500000.00 GBP", {}, 1, "500000.00 GBP"),
    "change_history_records_implementation": ("11000000.00 GBP", {}, 1, "500000.00 GBP"),
    "milestones_implementation_financial_milestones_partially_met": (
        "230865.00 AFN",
        {"met": 1, "notMet": 3},
        0,
        None,
    ),
    "milestones_implementation_financial_milestones_transaction": (
        "230865.00 AFN",
        {"met": 2, "notMet": 2},
        1,
        "76955.00 AFN",
    ),
    "milestones_implementation_milestones_met": (None, {"met": 1, "notMet": 1}, 0, None),
    "milestones_implementation_milestones_partially_met": (None, {"met": 2}, 0, None),
    "release_schema_reference_release_package": (
        "1096000.00 GBP",
        {"scheduled": 1},
        1,
        "500000.00 GBP",
    ),
}


def of_one(register: dict[str, Any]) -> tuple[str | None, dict[str, int], int, str | None]:
    (contract,) = register["contracts"]

    def text(money: dict[str, str] | None) -> str | None:
        return f"{money['amount']} {money['currency']}" if money else None

    paid = text(contract["paid"]) if contract["payments"] else None
    return text(contract["value"]), contract["milestones"], contract["payments"], paid


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_documented_example_is_what_its_table_says(
    name: str, sqlite_url: str, published: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = published / "ocds" / "ocds-docs-examples" / f"{name}.json"
    assert main(["import", "ocds", str(file), "--database", sqlite_url]) == 0
    capsys.readouterr()
    assert main(["report", "register", "--json", "--database", sqlite_url]) == 0
    assert of_one(json.loads(capsys.readouterr().out)) == EXAMPLES[name]


@pytest.mark.parametrize("backwards", [False, True])
def test_two_successive_releases_merge_to_one_contract_with_the_corrected_delivery(
    backwards: bool, ledger: Ledger[Contract], published: Path
) -> None:
    folder = published / "ocds" / "ocds-docs-examples"
    files = sorted(folder.glob("milestones_implementation_financial_*.json"), reverse=backwards)
    for file in files:
        take(ledger, [file])
    counted, paid, statuses = figures(ledger)
    assert (counted["AFN"]["contracts"], counted["AFN"]["value"]) == (1, 23086500)
    assert (counted["AFN"]["payments"], paid["AFN"]) == (1, 7695500)
    assert statuses == Counter(met=1, notMet=1)  # each with its payment twin: 2 met, 2 notMet
    (delivered,) = [m for m in only(ledger).milestones.values() if m.submissions]
    assert [(s.at[:16], s.status) for s in delivered.submissions][-1:] == [
        ("2018-10-05T17:30", "accepted")
    ]
    assert take(ledger, files).events == 0


def only(ledger: Ledger[Contract]) -> Contract:
    """The one contract that there is."""
    with reader(ledger, fresh=True) as found:
        (row,) = found.select("SELECT contract FROM {contracts}")
    contract = ledger.load(str(row["contract"]))
    assert contract is not None
    return contract


def test_two_thousand_deliveries_are_taken_with_their_countries_as_labels(
    shared: Path, sqlite_url: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The README beside the data: 2,136 rows, 57 vendors, value USD 271,194,333.46."""
    (tmp_path / "map.yaml").write_text("labels: {country: country}\n")
    file = shared / "data" / "deliveries" / "deliveries.csv"
    words = ["import", "csv", str(file), "--map", str(tmp_path / "map.yaml"), "--strict"]
    assert main([*words, "--json", "--database", sqlite_url]) == 0
    done = json.loads(capsys.readouterr().out)
    assert (done["milestones"], done["lost"], done["rows"]) == (
        2136,
        0,
        {"read": 2136, "left_out": 0},
    )
    assert [w["detail"] for w in done["warnings"]] == ["not read: ordered"]
    assert main(["report", "register", "--json", "--database", sqlite_url]) == 0
    register = json.loads(capsys.readouterr().out)
    cents = sum(round(float(m["amount"]["amount"]) * 100) for m in register["milestones"])
    assert cents == 27_119_433_346
    assert len({c["partner"] for c in register["contracts"]}) == 57
    assert main(["milestone", "show", "SCMS-1/1245", "--json", "--database", sqlite_url]) == 0
    assert json.loads(capsys.readouterr().out)["labels"] == {"country": "Côte d'Ivoire"}


def test_the_last_report_on_new_yorks_projects_is_taken_and_the_earlier_ones_are_left_out_aloud(
    shared: Path, sqlite_url: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The README: 2,259 rows, 378 of them of the last report, 278 with a forecast; budgets of 31,974,750,591.36."""
    import csv

    file = shared / "data/nyc-capital-projects/NYC_capital_projects_20190901.csv"
    with file.open(newline="", encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream))
    last = [row for row in rows if row["Date Reported As Of"].startswith("09/01/2019")]
    path = tmp_path / "last.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(last)
    (tmp_path / "map.yaml").write_text(
        'date_format: ["%m/%d/%Y", "%m/%d/%Y %I:%M:%S %p"]\n'
        "labels: {borough: Borough}\n"
        "fields:\n"
        "  contract: PID\n"
        "  contract_title: Project Name\n"
        "  milestone: {constant: completion}\n"
        "  currency: {constant: USD}\n"
        "  amount: {column: Budget Forecast, rounding: half-up}\n"
        "  current_due: Forecast Completion\n"
    )
    words = ["--map", str(tmp_path / "map.yaml"), "--json", "--database", sqlite_url]
    assert main(["import", "csv", str(path), *words]) == 0
    done = json.loads(capsys.readouterr().out)
    assert (done["contracts"], done["rows"]["left_out"]) == (378, 0)
    assert main(["report", "register", "--json", "--database", sqlite_url]) == 0
    register = json.loads(capsys.readouterr().out)
    assert sum(m["current_due"] is not None for m in register["milestones"]) == 278
    amounts = [m["amount"]["amount"] for m in register["milestones"] if m["amount"]]
    assert sum(round(float(amount) * 100) for amount in amounts) == 3_197_475_059_136
    # All fifteen reports in one file contradict one another: what is left out is counted, and grouped.
    assert main(["import", "csv", str(file), *words, "--dry-run"]) == 6
    told = json.loads(capsys.readouterr().out)
    assert told["rows"]["read"] == 2259
    assert len(told["groups"]) < 10 < told["rows"]["left_out"] == len(told["skipped"])
