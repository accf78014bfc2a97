"""Published OCDS data taken over as a person would: the register's figures are those that a plain script counted.

The figures are those of the README beside the data, which were computed by other code.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
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


@dataclass(frozen=True)
class Published:
    """A publisher's releases and records in a folder, and what they come to: in minor units, per currency."""

    folder: Path
    files: int
    milestones: int
    values: dict[str, dict[str, int]]
    paid: dict[str, int]
    statuses: dict[str, int]
    recorded: tuple[int, int]  # contracts and milestones in its records
    above: tuple[str, ...]  # processes paid above their value of that time
    unallocated: int

    @property
    def contracts(self) -> int:
        return sum(value["contracts"] for value in self.values.values())


# Mexico City's, beside the repository for want of a licence; and a few invented files of the same shape.
MEXICO = Published(
    folder=Path("ocds/mx-cdmx"),
    files=24,
    milestones=75,
    values={
        "MXN": {"contracts": 7, "value": 1184609018, "milestones": 74, "payments": 69},
        "USD": {"contracts": 1, "value": 7546496, "milestones": 1, "payments": 1},
    },
    paid={"MXN": 1150937896, "USD": 7546496},
    statuses={"partiallyMet": 74, "met": 1},
    recorded=(4, 44),
    above=tuple(f"OCDS-87SD3T-SEFIN-DRM-A-00{n}-2016" for n in (1, 2, 4, 6)),
    unallocated=8,
)
INVENTED = Published(
    folder=Path("synthetic/ocds"),
    files=7,
    milestones=7,
    values={
        "MXN": {"contracts": 2, "value": 330050, "milestones": 6, "payments": 5},
        "USD": {"contracts": 1, "value": 75496, "milestones": 1, "payments": 1},
    },
    paid={"MXN": 210011, "USD": 75496},
    statuses={"partiallyMet": 6, "met": 1},
    recorded=(1, 4),
    above=("ocds-x0x0x0-A",),
    unallocated=3,
)


@pytest.fixture
def ledger(sqlite_url: str) -> Iterator[Ledger[Contract]]:
    opened = open_ledger(sqlite_url, evolve)
    yield opened
    opened.close()


@pytest.fixture(params=[INVENTED, MEXICO], ids=["invented", "mexico"])
def source(request: pytest.FixtureRequest, published: Path) -> Published:
    """Each publisher with the folder where its files lie; Mexico's are skipped where they are not there."""
    found: Published = request.param
    inside = published if found is INVENTED else request.getfixturevalue("shared") / "data"
    return replace(found, folder=inside / found.folder)


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


def assert_merged(ledger: Ledger[Contract], source: Published) -> None:
    assert figures(ledger) == (source.values, source.paid, Counter(source.statuses))
    with reader(ledger, fresh=True) as found:
        above = "SELECT contract FROM {contracts} WHERE paid_minor > value_minor"
        assert found.select(above) == []


def test_all_releases_at_once_give_the_merged_figures_and_again_nothing(
    ledger: Ledger[Contract], source: Published
) -> None:
    first = take(ledger, [source.folder / "releases"])
    assert (first.contracts, first.milestones) == (source.contracts, source.milestones)
    assert_merged(ledger, source)
    again = take(ledger, [source.folder / "releases"])
    assert (again.contracts, again.milestones, again.events) == (
        *(source.contracts, source.milestones),
        0,
    )
    records = take(ledger, [source.folder / "records"])
    assert (records.contracts, records.milestones, records.events) == (*source.recorded, 0)
    assert_merged(ledger, source)


@pytest.mark.parametrize("seed", range(4))
def test_one_file_at_a_time_in_any_order_gives_the_merged_figures(
    ledger: Ledger[Contract], source: Published, seed: int
) -> None:
    files = sorted(source.folder.rglob("*.json"))
    assert len(files) == source.files
    order = random.Random(seed).sample([*files, *files], k=2 * source.files)
    for file in order:
        take(ledger, [file])
    assert_merged(ledger, source)
    assert take(ledger, order[::-1]).events == 0


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_release_imported_after_newer_ones_changes_no_figure(
    ledger: Ledger[Contract], source: Published, newest_first: bool
) -> None:
    for file in sorted((source.folder / "releases").glob("*.json"), reverse=newest_first):
        take(ledger, [file])
    assert_merged(ledger, source)


def test_contracts_paid_above_their_value_of_that_time_are_warned_of_and_kept(
    ledger: Ledger[Contract], source: Published
) -> None:
    taken = take(ledger, [source.folder / "releases"])
    rules = Counter(warned.rule for warned in taken.warned)
    assert rules.keys() == {"paid-within-value"}
    assert {warned.place.rpartition("/")[0] for warned in taken.warned} == set(source.above)


def test_the_command_and_its_reports_give_the_figures_exactly(
    sqlite_url: str, source: Published, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*words: str) -> dict[str, Any]:
        assert main([*words, "--json", "--database", sqlite_url]) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    done = run("import", "ocds", str(source.folder))
    assert list(done)[:5] == ["format", "source", "contracts", "milestones", "events"]
    assert (done["format"], done["contracts"], done["milestones"]) == (
        *("ocds", source.contracts),
        source.milestones,
    )
    assert (done["skipped"], run("import", "ocds", str(source.folder))["events"]) == ([], 0)

    register = run("report", "register")
    totals = {total["currency"]: total for total in register["totals"]}
    assert totals.keys() == source.values.keys()
    for currency, total in totals.items():
        values = {"value": source.values[currency]["value"], "paid": source.paid[currency]}
        for name, minor in values.items():
            assert total[name] == {"amount": f"{Decimal(minor) / 100:.2f}", "currency": currency}
        assert total["payments"] == source.values[currency]["payments"]
    counted: Counter[str] = Counter()
    for contract in register["contracts"]:
        counted.update(contract["milestones"])
    assert counted == Counter(source.statuses)
    assert len(register["milestones"]) == source.milestones

    schedule = run("report", "schedule")
    unallocated = [line for line in schedule["lines"] if line["kind"] == "unallocated"]
    assert len(unallocated) == source.unallocated
    assert all(line["milestone"] is None for line in unallocated)
    assert {line["outstanding"]["amount"] for line in unallocated} == {"0.00"}
    paid = {
        total["currency"]: Decimal(total["paid"]["amount"]) * 100 for total in schedule["totals"]
    }
    assert paid == source.paid


# --- the examples of the standard's own documentation --------------------------------------------

# file: value, status counts of the source, payments and their sum. In the financial files two of
# the four milestones are payment twins: one line with their delivery, but counted as the source does.
# None: the file publishes no transactions, so that it tells of no payments.
EXAMPLES: dict[str, tuple[str | None, dict[str, int], int | None, str | None]] = {
    "change_history_contractAmendment": ("13500000.00 GBP", {}, None, None),
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
    "milestones_implementation_milestones_met": (None, {"met": 1, "notMet": 1}, None, None),
    "milestones_implementation_milestones_partially_met": (None, {"met": 2}, None, None),
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
