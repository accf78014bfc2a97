"""Releases validate against OCDS 1.1.5, and imported into an empty ledger give the same schedule."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from commands.imports.ocds import read_ocds
from ledger.events import Record
from ledger.intents import TakenMilestone, TakenPayment, TakeOver
from projections.derive import schedule
from projections.exports.ocds_changes import history
from projections.exports.ocds_losses import SAYS, Losses
from projections.exports.ocds_package import package
from projections.rebuild.fold import states
from tests.commands.played import asked, mledger, record
from tests.exports.ledgers import CLAIM, HOSTILE, histories, of_each
from tests.oracle.play import Play

HISTORIES = histories()
Row = dict[str, Any]
Json = dict[str, Any]

# What a release holds of every line, and what it holds where the price is the accepted part alone.
ALWAYS = ("partner", "kind", "title", "due_on", "gross_minor", "paid_minor", "expected_minor")
WHERE_PLAIN = ("status", "net_minor", "outstanding_minor")
LINES = ("bonus_minor", "penalty_minor", "credit_minor", "adjustment_minor", "tax_minor")
RESERVED = ("held_minor", "instructed_minor")


@pytest.fixture(scope="module")
def validator(published: Path) -> Any:
    schema = json.loads((published / "ocds/release-schema-1.1.5.json").read_text("utf-8"))
    checker = jsonschema.FormatChecker(formats=())

    checker.checks("date-time")(_is_moment)
    return jsonschema.Draft4Validator(schema, format_checker=checker)


def _is_moment(value: object) -> bool:
    """RFC 3339: seconds and an offset are not optional."""
    form = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"
    return not isinstance(value, str) or re.fullmatch(form, value) is not None


def packaged(records: Sequence[Record], lost: Losses | None = None) -> str:
    told = []
    for some in of_each(records):
        found = history(some)
        assert found is not None
        told.append((*found, some[-1].recorded_at))
    return "".join(package(told, "id", CLAIM, len(records), Losses() if lost is None else lost))


def lines_of(records: Sequence[Record]) -> list[Row]:
    names = schedule.MODEL.names
    return [
        dict(zip(names, row, strict=True))
        for state in states(records)
        for row in schedule.rows(state)
    ]


def taken_back(text: str, folder: Path) -> list[Record]:
    """The records that an import of a package into an empty ledger makes; nothing may be skipped."""
    file = folder / "package.json"
    file.write_text(text, "utf-8")
    reading = read_ocds([file])
    assert reading.skipped == []
    play = Play()
    for intent in reading.take_overs:
        assert play.act(intent.contract, "importer", intent)
    return sorted(play.records, key=lambda r: (r.stream, r.version))


def own_name(contract: str) -> str:
    """What a contract was called before an import named it by its process, `mledger-ID/ID`."""
    size = (len(contract) - len("mledger-/")) // 2
    own = contract[-size:]
    return own if contract == f"mledger-{own}/{own}" else contract


def keyed(lines: list[Row]) -> dict[tuple[str, str | None], Row]:
    """The lines by name, less those of payments without milestone that were all taken back."""
    kept = (row for row in lines if row["kind"] != "unallocated" or row["paid_minor"])
    return {(own_name(row["contract"]), row["milestone"]): row for row in kept}


UNTOLD = tuple(
    f"{name}_minor" for name in ("net", "held", "paid", "outstanding", "payable", "expected")
)


def same_schedule(before: list[Row], after: list[Row]) -> Iterator[str]:
    """The figures in which two schedules differ, of those that OCDS can hold.

    What was not known before, or cannot be told by a package, is unknown and no other figure: which milestones were
    paid by money that names none, or how far one got of which no status is told.
    """
    left, right = keyed(before), keyed(after)
    if left.keys() != right.keys():
        yield f"lines {left.keys() ^ right.keys()}"
    for key in left.keys() & right.keys():
        row, other = left[key], right[key]
        columns = [*ALWAYS]
        plain = not any(row[name] for name in (*LINES, *RESERVED))
        if plain and row["status"] not in ("submitted", "rejected"):
            columns += [*WHERE_PLAIN, "payable_minor"]
        for name in columns:
            untold = name in UNTOLD and None in (row[name], other[name])
            if row[name] != other[name] and not untold:
                yield f"{key} {name}: {row[name]} → {other[name]}"


@pytest.mark.parametrize("name", HISTORIES)
def test_every_release_validates_against_the_published_schema(name: str, validator: Any) -> None:
    text = packaged(HISTORIES[name])
    found = json.loads(text)
    assert len(found["releases"]) == len(list(of_each(HISTORIES[name])))
    for release in found["releases"]:
        errors = [f"{list(e.absolute_path)}: {e.message}" for e in validator.iter_errors(release)]
        assert errors == []
    assert found["uri"] == f"urn:mledger:id:{len(HISTORIES[name])}"


def test_a_release_that_breaks_the_schema_is_found(validator: Any) -> None:
    release = json.loads(packaged(HISTORIES["story"]))["releases"][0]
    release["contracts"][0]["implementation"]["milestones"][0]["dateMet"] = "2026-08-18"
    assert not validator.is_valid(release)
    del release["contracts"][0]["implementation"]["milestones"][0]["dateMet"]
    assert validator.is_valid(release)
    release["contracts"][0]["implementation"]["milestones"][0]["status"] = "late"
    assert not validator.is_valid(release)


@pytest.mark.parametrize("name", [name for name in HISTORIES if not name.startswith("money")])
def test_a_package_taken_over_by_an_empty_ledger_gives_the_same_schedule(
    name: str, tmp_path: Path
) -> None:
    records = HISTORIES[name]
    lost = Losses()
    again = taken_back(packaged(records, lost), tmp_path)
    gone = {
        row for kind in ("payment-due", "milestone-id") for row in lost.references.get(kind, ())
    }
    assert not gone or name == "hostile"
    # What is paid on a cancelled milestone stands on none afterwards, as the losses say.
    moved = {one.rpartition("/")[0] for one in lost.references.get("cancelled-paid", ())}
    before, after = (
        [row for row in lines_of(some) if own_name(row["contract"]) not in moved]
        for some in (records, again)
    )
    assert before
    assert list(same_schedule(before, after)) == []


def test_a_package_of_what_was_taken_over_says_the_same_again(tmp_path: Path) -> None:
    """What OCDS holds it holds for good: the second round trip loses nothing."""
    once = taken_back(packaged(HISTORIES["story"]), tmp_path)
    twice = taken_back(packaged(once), tmp_path)
    columns = [c for c in schedule.MODEL.names if c != "events"]
    first, second = ([{c: row[c] for c in columns} for row in lines_of(r)] for r in (once, twice))
    assert first == second


@pytest.fixture(params=["invented", "mexico"])
def published_records(request: pytest.FixtureRequest, published: Path) -> Path:
    """Invented records, and Mexico City's, which are skipped where they are not there."""
    if request.param == "invented":
        return published / "synthetic/ocds/records"
    shared: Path = request.getfixturevalue("shared")
    return shared / "data/ocds/mx-cdmx/records"


def test_published_data_comes_back_out_under_its_own_ids(
    published_records: Path, tmp_path: Path, validator: Any
) -> None:
    play = Play()
    for intent in read_ocds([published_records]).take_overs:
        play.act(intent.contract, "importer", intent)
    records = sorted(play.records, key=lambda r: (r.stream, r.version))
    text = packaged(records)
    found = json.loads(text, parse_float=Decimal)
    sources = [
        json.loads(path.read_text("utf-8"), parse_float=Decimal)["compiledRelease"]
        for path in sorted(published_records.glob("*.json"))
    ]
    assert sorted(r["ocid"] for r in found["releases"]) == sorted(r["ocid"] for r in sources)
    by_ocid = {release["ocid"]: release for release in found["releases"]}
    for source in sources:
        (before,), (after,) = source["contracts"], by_ocid[source["ocid"]]["contracts"]
        assert validator.is_valid(json.loads(json.dumps(by_ocid[source["ocid"]], default=float)))
        assert after["id"] == before["id"]
        assert after["value"].items() <= before["value"].items()
        assert ids(after, "milestones") == ids(before, "milestones")
        assert ids(after, "transactions") == ids(before, "transactions")
        for new, old in zip(rows(after, "transactions"), rows(before, "transactions"), strict=True):
            assert new["value"].items() <= old["amount"].items()
        assert [(m["status"], m["dueDate"]) for m in rows(after, "milestones")] == [
            (m["status"], m["dueDate"]) for m in rows(before, "milestones")
        ]
    again = taken_back(text, tmp_path)
    assert {r.stream_id for r in again} == {r.stream_id for r in records}
    assert list(same_schedule(lines_of(records), lines_of(again))) == []


def rows(contract: Any, key: str) -> Any:
    return contract["implementation"][key]


def ids(contract: Any, key: str) -> list[str]:
    return [row["id"] for row in rows(contract, key)]


def test_payment_milestones_of_the_standards_own_example_come_back_out(
    published: Path, tmp_path: Path
) -> None:
    name = "milestones_implementation_financial_milestones_transaction.json"
    play = Play()
    for intent in read_ocds([published / "ocds/ocds-docs-examples" / name]).take_overs:
        play.act(intent.contract, "importer", intent)
    text = packaged(play.records)
    (contract,) = json.loads(text)["releases"][0]["contracts"]
    assert {(m["id"], m["type"], m["status"]) for m in rows(contract, "milestones")} == {
        ("20653Delivery", "delivery", "met"),
        ("20653payment", "payment", "met"),
        ("20654Delivery", "delivery", "notMet"),
        ("20654payment", "payment", "notMet"),
    }
    assert contract["id"] == "MOBTA/1397/NCB/OPT/W.003"
    met = {m["id"]: m.get("dateMet") for m in rows(contract, "milestones")}
    assert met["20653Delivery"] == "2018-10-05T17:30:00+04:30"
    again = taken_back(text, tmp_path)
    assert list(same_schedule(lines_of(play.records), lines_of(again))) == []


def test_amounts_are_exact_numbers_and_hostile_signs_are_escaped() -> None:
    text = packaged(HISTORIES["hostile"])
    assert '"amount": 1000.000,' in text  # three decimals
    assert '"amount": 100000,' in text  # none
    assert all(line.isprintable() for line in text.split("\n"))
    clients = {
        release["buyer"]["name"] for release in json.loads(text)["releases"] if "buyer" in release
    }
    assert clients == {name for name in HOSTILE if name}
    big = json.loads(packaged(_one(999_999_999_999_999)), parse_float=Decimal)
    amounts = [m["value"]["amount"] for m in rows(big["releases"][0]["contracts"][0], "milestones")]
    assert amounts == [Decimal("9999999999999.99")]


def _one(amount_minor: int, **more: Any) -> list[Record]:
    play = Play()
    milestone = TakenMilestone(id="M1", amount_minor=amount_minor, **more)
    taken = TakeOver(contract="C-1", currency="CNY", milestones=(milestone,), known_claim=CLAIM)
    assert play.act("C-1", "importer", taken)
    return play.records


def test_ids_that_could_be_paired_wrongly_have_no_payment_milestone_and_it_is_said(
    tmp_path: Path,
) -> None:
    play = Play()
    day = date(2026, 4, 1)
    milestones = tuple(
        TakenMilestone(id=name, amount_minor=5, payment_due=day, status="accepted")
        for name in ("M1", "m1Delivery", "M2")
    )
    payments = (TakenPayment(reference="a", amount_minor=5, milestone="m1Delivery"),)
    taken = TakeOver(contract="C-1", currency="CNY", milestones=milestones, payments=payments)
    assert play.act("C-1", "importer", taken)
    lost = Losses()
    text = packaged(play.records, lost)
    assert lost.references["payment-due"] == ["C-1/M1", "C-1/m1Delivery"]
    (contract,) = json.loads(text)["releases"][0]["contracts"]
    assert ids(contract, "milestones") == ["M1", "m1Delivery", "M2", "M2payment"]
    again = {row["milestone"]: row for row in lines_of(taken_back(text, tmp_path))}
    assert again["m1Delivery"]["paid_minor"] == 5
    assert (again["M1"]["due_on"], again["M2"]["due_on"]) == (None, "2026-04-01")


def test_amendments_tell_a_raised_ceiling_and_a_moved_date() -> None:
    play = Play()
    first = TakeOver(
        contract="C-1",
        partner="P",
        currency="GBP",
        value_minor=1_100_000_000,
        milestones=(TakenMilestone(id="M1", due=date(2026, 4, 1), amount_minor=5),),
        known_claim=CLAIM,
    )
    second = TakeOver(
        contract="C-1",
        currency="GBP",
        value_minor=1_350_000_000,
        milestones=(TakenMilestone(id="M1", due=date(2026, 5, 1), amount_minor=7),),
        known_claim="2026-02-03T00:00:00.000000Z",
    )
    for taken in (first, second):
        assert play.act("C-1", "importer", taken)
    release = json.loads(packaged(play.records))["releases"][0]
    assert release["tag"] == ["contract", "implementation", "contractAmendment"]
    assert release["contracts"][0]["amendments"] == [
        {
            "id": "C-1#3",
            "date": "2026-02-03T00:00:00+00:00",
            "description": "value: 11000000.00 GBP → 13500000.00 GBP",
        },
        {
            "id": "C-1#4",
            "date": "2026-02-03T00:00:00+00:00",
            "description": "M1: due 2026-04-01 → 2026-05-01 amount 0.05 GBP → 0.07 GBP",
        },
    ]


def test_every_loss_has_words_and_the_walks_lose_most_kinds() -> None:
    seen: set[str] = set()
    for records in HISTORIES.values():
        lost = Losses()
        packaged(records, lost)
        assert set(lost.references) <= set(SAYS)
        seen |= set(lost.references)
    assert {"bonus", "penalty", "adjustment", "held", "instructed", "approvals", "status"} <= seen
    assert {"cancelled", "baselines", "payments-undone", "reference", "terms", "disputes"} <= seen
    assert {"tax", "retention", "releases", "advance", "settlement", "kind", "invoices"} <= seen
    assert {"fees", "exchange", "filed"} <= seen


def test_what_is_retained_released_and_taxed_is_said_to_be_lost_to_the_cent() -> None:
    for name in (name for name in HISTORIES if name.startswith("money")):
        lost, sums = Losses(), dict[str, int]()
        packaged(HISTORIES[name], lost)
        for row in lines_of(HISTORIES[name]):
            kept = row["retention_minor"], row["net_minor"]
            amounts = {"retention": -kept[0], "tax": row["tax_minor"]}
            if row["kind"] == "retention":
                amounts = {"releases": kept[1]}
            for kind, minor in amounts.items():
                told = f"{kind} {row['currency']}"
                sums[told] = sums.get(told, 0) + minor
        said = {f"{k} {c}": minor for k, found in lost.sums.items() for c, minor in found.items()}
        assert {k: v for k, v in sums.items() if v} == {k: said[k] for k, v in sums.items() if v}


# --- the command -----------------------------------------------------------------------------------


def test_the_command_round_trips_through_import_and_says_what_is_lost(
    sqlite_url: str, tmp_path: Path
) -> None:
    for _, some in groupby(HISTORIES["story"], lambda r: r.stream_id):
        record(sqlite_url, list(some))
    file, other = tmp_path / "package.json", f"sqlite:///{tmp_path / 'other.sqlite3'}"
    told = mledger(sqlite_url, "export", "ocds", "-o", str(file))
    assert (told.code, told.out) == (0, "")
    assert "  bonuses, 23300.00 CNY (2: BW-2026-014/M1, BW-2026-014/M4)\n" in told.err
    machine = mledger(sqlite_url, "export", "ocds", "--json", "-o", str(file))
    lost = {one["kind"]: one for one in json.loads(machine.err)["lost"]}
    assert lost["adjustment"]["amounts"] == [{"amount": "-20000.00", "currency": "CNY"}]
    assert mledger(other, "init").code == 0
    took = asked(other, "import", "ocds", str(file))
    assert (took["contracts"], took["skipped"]) == (1, [])
    before, after = (asked(url, "report", "schedule")["lines"] for url in (sqlite_url, other))
    promised = ("partner", "kind", "title", "due_on", "gross", "paid")
    assert sorted([line[name] for name in promised] for line in before) == sorted(
        [line[name] for name in promised] for line in after
    )
    assert asked(other, "import", "ocds", str(file))["events"] == 0


def exported(url: str) -> dict[str, Json]:
    """The milestones of the one contract's release, by id."""
    (release,) = json.loads(mledger(url, "export", "ocds").out)["releases"]
    (contract,) = release["contracts"]
    return {row["id"]: row for row in contract["implementation"]["milestones"]}


def taken_over(url: str, folder: Path, *milestones: Json) -> dict[str, Json]:
    """Milestones of a contract whose times are those of Mexico, as they go out again."""
    start = "2026-01-01T00:00:00-06:00"
    plan = [{"id": f"P{n}", "status": "scheduled", "dueDate": start} for n in range(3)]
    work = {"milestones": [*plan, *milestones]}
    contract = {"id": "c1", "dateSigned": start, "implementation": work}
    told = {"ocid": "o-1", "id": "r1", "date": "2026-06-01T00:00:00-06:00", "tag": ["contract"]}
    (folder / "r.json").write_text(json.dumps({**told, "contracts": [contract]}))
    assert mledger(url, "import", "ocds", str(folder / "r.json")).code == 0
    return exported(url)


# milestoneStatus of OCDS 1.1 (tests/data/ocds): *scheduled* says that progress "has not yet been evaluated", *notMet*
# that it "had not been met at the date it was last reviewed (see milestone.dateModified)".
@pytest.mark.parametrize(
    ("word", "status"),
    [("scheduled", "scheduled"), ("notMet", "notMet"), ("delayed", None), (None, None)],
)
def test_no_status_is_claimed_where_the_source_tells_none_that_ocds_has(
    sqlite_url: str, tmp_path: Path, word: str | None, status: str | None
) -> None:
    row = {"id": "M1"} | ({"status": word} if word else {})
    assert taken_over(sqlite_url, tmp_path, row)["M1"].get("status") == status


@pytest.mark.parametrize(
    ("at", "written"),
    [
        ("2026-03-01T20:00:00-06:00", "2026-03-01T20:00:00-06:00"),
        # A time in another zone than the contract's is on the contract's day, whichever day it bears.
        ("2026-03-02T02:00:00+00:00", "2026-03-02T02:00:00+00:00"),
        ("2026-03-01T20:00:00-12:00", "2026-03-01T20:00:00-12:00"),
    ],
)
def test_a_time_of_delivery_goes_out_as_its_source_wrote_it(
    sqlite_url: str, tmp_path: Path, at: str, written: str
) -> None:
    row = {"id": "M1", "status": "met", "dateMet": at}
    assert taken_over(sqlite_url, tmp_path, row)["M1"]["dateMet"] == written
