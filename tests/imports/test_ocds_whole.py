"""OCDS taken over whole: what a release says is kept, rounded aloud, or listed with the value that was lost."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from commands.imports.found import Reading
from commands.imports.ocds import read_ocds
from commands.main import main
from ledger.contract import evolve
from ledger.events import ContractAmended, ContractSigned, MilestoneDefined, PaymentRecorded
from ledger.state import Contract
from ledger.store import open_ledger

Json = dict[str, Any]
Out = pytest.CaptureFixture[str]


def release(*contracts: Json, **fields: Any) -> Json:
    basis = {"ocid": "o-1", "id": "r1", "date": "2020-01-01T00:00:00Z", "tag": ["contract"]}
    return {**basis, "contracts": list(contracts), **fields}


def contract(**fields: Any) -> Json:
    work = {key: fields.pop(key) for key in ("milestones", "transactions") if key in fields}
    return {
        "id": "c1",
        "value": {"amount": 1000, "currency": "MXN"},
        "implementation": work,
        **fields,
    }


def pesos(amount: Any, currency: str = "MXN") -> Json:
    return {"amount": amount, "currency": currency}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def to_file(document: Any, name: str = "a.json") -> Path:
        path = tmp_path / name
        text = document if isinstance(document, str) else json.dumps(document)
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return path

    return to_file


@pytest.fixture
def read(write: Callable[..., Path]) -> Callable[..., Reading]:
    return lambda document, name="a.json": read_ocds([write(document, name)])


Read = Callable[..., Reading]
Write = Callable[..., Path]


def run(out: Out, url: str, *words: str, code: int = 0) -> Json:
    assert main([*words, "--json", "--database", url]) == code
    found: Json = json.loads(out.readouterr().out)
    return found


def state(url: str, name: str) -> Contract:
    ledger = open_ledger(url, evolve)
    try:
        found = ledger.load(name)
    finally:
        ledger.close()
    assert found is not None
    return found


# --- I1: amounts finer than their currency, and every value that is dropped ------------------------

FINER = contract(
    value=pesos(259658.286),
    milestones=[{"id": "M1", "status": "met", "value": pesos(100.125)}],
    transactions=[
        {"id": "T1", "date": "2020-01-02", "value": pesos(259658.29)},
        {"id": "T2", "date": "2020-01-03", "value": pesos(100.125)},
    ],
)


def test_an_amount_finer_than_its_currency_is_kept_rounded_half_up_with_its_text_and_a_finding(
    write: Write, sqlite_url: str, capsys: Out
) -> None:
    done = run(capsys, sqlite_url, "import", "ocds", str(write(release(FINER))))
    (rounded,) = [w for w in done["warnings"] if w["rule"] == "amount-rounded"]
    for text in ("259658.286 MXN", "as 259658.29", "M1: 100.125 MXN", "T2: 100.125 MXN", "100.13"):
        assert text in rounded["detail"]
    assert "T1" not in rounded["detail"]
    assert (rounded["severity"], done["skipped"], done["lost"]) == ("medium", [], 0)
    found = state(sqlite_url, "o-1/c1")
    assert found.value_minor == 25_965_829
    assert found.milestones["M1"].current.amount_minor == 10_013
    assert sorted(p.paid_minor for p in found.payments.values()) == [10_013, 25_965_829]
    findings = run(capsys, sqlite_url, "audit", "exceptions", "--rule", "amount-in-minor-units")
    assert len(findings["exceptions"]) == 3
    ledger = open_ledger(sqlite_url, evolve)
    facts = [record.data for record in ledger.stream("o-1/c1")]
    ledger.close()
    texts = [
        fact.source_amount
        for fact in facts
        if isinstance(fact, (ContractSigned, MilestoneDefined, PaymentRecorded))
    ]
    assert texts == ["259658.286", "100.125", "", "100.125"]
    again = run(capsys, sqlite_url, "import", "ocds", str(write(release(FINER), "copy.json")))
    assert again["events"] == 0


def test_strict_refuses_an_amount_that_would_be_rounded_and_records_nothing(
    write: Write, sqlite_url: str, capsys: Out
) -> None:
    path = str(write(release(FINER)))
    done = run(capsys, sqlite_url, "import", "ocds", path, "--strict", code=2)
    assert (done["events"], done["contracts"]) == (0, 0)
    assert main(["import", "ocds", path, "--strict", "--database", sqlite_url]) == 2
    assert "would be taken otherwise than written" in capsys.readouterr().err


def test_exact_figures_are_taken_strictly_whatever_zeros_stand_behind_them(
    write: Write, sqlite_url: str, capsys: Out
) -> None:
    text = json.dumps(release(contract(milestones=[{"id": "m", "value": pesos("@")}])))
    path = str(write(text.replace('"@"', "100.120000")))
    done = run(capsys, sqlite_url, "import", "ocds", path, "--strict")
    assert (done["warnings"], done["milestones"]) == ([], 1)
    assert state(sqlite_url, "o-1/c1").milestones["m"].current.amount_minor == 10_012


@pytest.mark.parametrize(
    ("row", "rule", "shown"),
    [
        ({"value": pesos("1,2")}, "amount-unreadable", "m: 1,2 MXN dropped"),
        ({"value": pesos([1])}, "amount-unreadable", "m: [1] MXN dropped"),
        ({"value": pesos(True)}, "amount-unreadable", "m: true MXN dropped"),
        ({"value": pesos(1e20)}, "amount-unreadable", "m: 1E+20 MXN dropped"),
        ({"value": pesos(7, "USD")}, "milestone-currency", "m is 7 USD, not MXN: dropped"),
        ({"dueDate": "2020-02-30"}, "date-unreadable", "m dueDate is '2020-02-30'"),
        ({"dueDate": {"y": 1}}, "date-unreadable", """m dueDate is '{"y":1}'"""),
        ({"dateMet": "soon", "status": "met"}, "date-unreadable", "m dateMet is 'soon'"),
        ({"title": ["a"]}, "value-unreadable", """m title is ["a"], which is no text: dropped"""),
        ({"status": {"x": 1}}, "value-unreadable", """m status is {"x":1}"""),
        ({"type": True}, "value-unreadable", "m type is true"),
    ],
)
def test_a_value_that_is_dropped_is_shown_and_the_exit_code_says_so(
    write: Write, sqlite_url: str, capsys: Out, row: Json, rule: str, shown: str
) -> None:
    path = str(write(release(contract(milestones=[{"id": "m", **row}]))))
    done = run(capsys, sqlite_url, "import", "ocds", path, code=6)
    (told,) = [w for w in done["warnings"] if w["rule"] == rule]
    assert shown in told["detail"]
    assert (told["severity"], done["milestones"], done["lost"]) == ("high", 1, 1)
    assert main(["import", "ocds", path, "--strict", "--database", sqlite_url]) == 2


def test_every_dropped_value_of_a_place_is_named_not_only_the_first_few(read: Read) -> None:
    paid = [{"id": f"t{n}", "date": f"2020-01-0{n}", "value": pesos(n, "USD")} for n in range(1, 8)]
    due = [{"id": f"m{n}", "dueDate": f"2020-02-3{n}"} for n in range(1, 8)]
    reading = read(release(contract(transactions=paid, milestones=due)))
    (skipped,) = reading.skipped
    (warned,) = reading.warnings
    for n in range(1, 8):
        assert f"t{n} of {n} USD on 2020-01-0{n}" in skipped.reason
        assert f"m{n} dueDate is '2020-02-3{n}'" in warned.detail


@pytest.mark.parametrize("code", ["mxn", " MXN ", "Mxn"])
def test_a_currency_in_small_letters_is_understood_aloud(read: Read, code: str) -> None:
    row = {"id": "t", "value": pesos(5)}
    reading = read(release(contract(value=pesos(10, code), transactions=[row])))
    (found,) = reading.take_overs
    assert (found.currency, found.value_minor, len(found.payments)) == ("MXN", 1_000, 1)
    (warned,) = reading.warnings
    assert (warned.rule, warned.detail) == ("currency-spelled", f"{code!r} is taken as MXN")


@pytest.mark.parametrize("code", ["mxn", "Mxn"])
def test_a_rows_currency_in_small_letters_is_the_contracts(read: Read, code: str) -> None:
    rows = [{"id": "t", "value": pesos(5, code)}]
    planned = [{"id": "m", "value": pesos(7, code)}]
    reading = read(release(contract(transactions=rows, milestones=planned)))
    (found,) = reading.take_overs
    assert (found.payments[0].amount_minor, found.milestones[0].amount_minor) == (500, 700)
    assert [w.rule for w in reading.warnings] == ["currency-spelled"]


def test_an_amount_of_nothing_is_not_below_zero(read: Read) -> None:
    reading = read(release(contract(transactions=[{"id": "t", "value": pesos(0)}])))
    assert (reading.take_overs[0].payments[0].amount_minor, reading.warnings) == (0, [])


@pytest.mark.parametrize("amount", [-0.01, -1, -5000])
def test_an_amount_below_zero_is_said_however_small(read: Read, amount: float) -> None:
    reading = read(release(contract(transactions=[{"id": "t", "value": pesos(amount)}])))
    assert reading.take_overs[0].payments[0].amount_minor == round(100 * amount)
    assert [w.rule for w in reading.warnings] == ["amount-negative"]


def test_a_refund_is_taken_below_zero_with_the_rule_that_it_breaks(
    write: Write, sqlite_url: str, capsys: Out
) -> None:
    rows = [{"id": "t", "date": "2020-01-02", "value": pesos(-5)}]
    planned = [{"id": "m", "value": pesos(-7)}]
    path = str(write(release(contract(transactions=rows, milestones=planned))))
    done = run(capsys, sqlite_url, "import", "ocds", path)
    rules = {(w["rule"], w["place"]) for w in done["warnings"]}
    assert ("amount-above-zero", "o-1/c1") in rules
    assert ("amounts-not-negative", "o-1/c1/m") in rules
    (payment,) = state(sqlite_url, "o-1/c1").payments.values()
    assert payment.paid_minor == -500


# --- I2: every shape in which OCDS comes ------------------------------------------------------------


def version(value: Any, day: str, release_id: str) -> Json:
    return {
        "releaseID": release_id,
        "releaseDate": day,
        "releaseTag": ["contract"],
        "value": value,
    }


FIRST, SECOND = ("2020-01-01T00:00:00Z", "1"), ("2021-01-01T00:00:00Z", "2")
VERSIONED: Json = {
    "ocid": "v-1",
    "buyer": {"name": [version("Brand", *FIRST)]},
    "contracts": [
        {
            "id": "C1",
            "value": {
                "amount": [version(100, *FIRST), version(120.5, *SECOND)],
                "currency": [version("MXN", *FIRST)],
            },
            "implementation": {
                "milestones": [
                    {
                        "id": "M1",
                        "status": [version("scheduled", *FIRST), version("met", *SECOND)],
                        "dueDate": [version("2020-06-01T00:00:00Z", *FIRST)],
                        "dateMet": [version("2020-05-30T00:00:00Z", *SECOND)],
                    },
                    {"id": "M2", "status": [version("scheduled", *SECOND)]},
                ]
            },
        }
    ],
}


@pytest.mark.parametrize(
    "shape",
    [
        lambda one: one,
        lambda one: [one],
        lambda one: {"releases": [one]},
        lambda one: {"ocid": "v-1", "versionedRelease": one},
        lambda one: {"ocid": "v-1", "versionedRelease": one, "compiledRelease": {"ocid": "v-1"}},
        lambda one: {
            "records": [{"ocid": "v-1", "releases": [{"url": "u"}], "versionedRelease": one}]
        },
    ],
)
def test_a_versioned_release_is_read_as_the_releases_that_its_values_name(
    read: Read, shape: Callable[[Json], Json]
) -> None:
    reading = read(shape(VERSIONED))
    before, after = reading.take_overs
    assert (before.source, after.source) == ("ocds:v-1:1", "ocds:v-1:2")
    assert (before.known_claim[:10], after.known_claim[:10]) == ("2020-01-01", "2021-01-01")
    assert (before.currency, before.value_minor, before.client) == ("MXN", 10_000, "Brand")
    assert (after.currency, after.value_minor, after.client) == ("MXN", 12_050, "Brand")
    assert [(m.id, m.source_status) for m in before.milestones] == [("M1", "scheduled")]
    assert [(m.id, m.source_status) for m in after.milestones] == [
        ("M1", "met"),
        ("M2", "scheduled"),
    ]
    assert after.milestones[0].submitted_on == date(2020, 5, 30)
    assert after.milestones[0].due == before.milestones[0].due == date(2020, 6, 1)
    assert "release-versioned" in [w.rule for w in reading.warnings]
    assert [one.severity for one in reading.skipped] in ([], ["low"])


def test_a_reference_by_id_alone_stands_in_every_version(read: Read) -> None:
    """Of a thing with nothing but an id no later release can have added the rest."""
    supplied = {
        **VERSIONED,
        "parties": [{"id": "S1", "name": "Wei Ltd", "roles": ["tenderer"]}],
        "awards": [{"id": "A1", "suppliers": [{"id": "S1"}]}],
        "contracts": [{**VERSIONED["contracts"][0], "awardID": "A1"}],
    }
    assert {one.partner for one in read(supplied).take_overs} == {"Wei Ltd"}


def test_the_least_versioned_release_gives_its_contract_its_currency_and_its_date(
    read: Read,
) -> None:
    one = {
        "ocid": "v-1",
        "contracts": [
            {
                "id": "C1",
                "value": {"amount": [version(100, *FIRST)], "currency": [version("MXN", *FIRST)]},
                "implementation": {
                    "milestones": [{"id": "M1", "status": [version("met", *FIRST)]}]
                },
            }
        ],
    }
    (found,) = read(one).take_overs
    assert (found.contract, found.currency, found.value_minor) == ("v-1/C1", "MXN", 10_000)
    assert found.known_claim.startswith("2020-01-01")
    assert found.milestones[0].source_status == "met"


def test_versions_without_a_date_come_first_and_ordinary_lists_are_no_versions(read: Read) -> None:
    amount = [{"releaseID": "0", "value": 1}, version(2, *FIRST)]
    one = {"ocid": "v", "contracts": [{"id": "c", "value": {"amount": amount, "currency": "MXN"}}]}
    assert [t.value_minor for t in read(one).take_overs] == [100, 200]
    amendment = {"id": "a", "releaseID": "r0", "description": "more"}
    assert len(read(release(contract(amendments=[amendment]))).take_overs) == 1


def test_linked_releases_alone_are_listed_as_lost(read: Read) -> None:
    links = {"records": [{"ocid": "o-9", "releases": [{"url": "https://x/1"}]}]}
    reading = read([release(contract()), links])
    lost = [one for one in reading.skipped if one.severity == "high"]
    assert [one.reason for one in lost] == [
        "linked releases, only their address is given: https://x/1",
        "is a record without an embedded or compiled release that can be read",
    ]


@pytest.mark.parametrize("name", ["a.json.gz", "a.jsonl.gz", "A.NDJSON.GZ"])
def test_files_packed_by_gzip_are_read(read: Read, name: str) -> None:
    name = name if name != "A.NDJSON.GZ" else "a.ndjson.gz"
    assert len(read(release(contract()), name).take_overs) == 1


def test_a_damaged_gzip_is_listed_beside_what_can_be_read(write: Write, tmp_path: Path) -> None:
    good = write(release(contract()))
    bad = write(release(contract()), "b.json.gz")
    bad.write_bytes(bad.read_bytes()[:-20])
    reading = read_ocds([good, bad])
    assert len(reading.take_overs) == 1
    assert [(one.place, one.rule) for one in reading.skipped] == [(str(bad), "file-unreadable")]


def test_what_holds_no_obligation_is_said_and_is_no_loss(
    write: Write, sqlite_url: str, capsys: Out
) -> None:
    planned = {**release(id="r0"), "tag": ["tender"], "tender": {"milestones": [{"id": "t"}]}}
    path = str(write([planned, release(contract())]))
    done = run(capsys, sqlite_url, "import", "ocds", path, "--strict")
    assert [(s["severity"], s["reason"][:26]) for s in done["skipped"]] == [
        ("low", "a release without contract"),
        ("low", "milestones before the cont"),
    ]
    assert (done["contracts"], done["lost"]) == (1, 0)


# --- I5: the source's status ------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["terminated", "cancelled", "pending", "active"])
def test_the_sources_status_of_a_contract_is_told_everywhere(
    write: Write, sqlite_url: str, capsys: Out, status: str
) -> None:
    one = contract(status=status, milestones=[{"id": "m", "status": "scheduled"}])
    run(capsys, sqlite_url, "import", "ocds", str(write(release(one))))
    assert run(capsys, sqlite_url, "contract", "show", "o-1/c1")["status"] == status
    assert run(capsys, sqlite_url, "contract", "list")["contracts"][0]["status"] == status
    assert run(capsys, sqlite_url, "report", "register")["contracts"][0]["status"] == status
    exported = run(capsys, sqlite_url, "export", "ocds")
    assert exported["releases"][0]["contracts"][0]["status"] == status
    tasks = run(capsys, sqlite_url, "report", "inbox")["tasks"]
    assert bool(tasks) == (status in ("pending", "active"))
    assert main(["contract", "show", "o-1/c1", "--database", sqlite_url]) == 0
    shown = capsys.readouterr().out
    assert (f"{status}, as its source says" in shown) == (status != "active")
    assert main(["report", "register", "--database", sqlite_url]) == 0
    assert (f"not active: o-1/c1 {status}" in capsys.readouterr().out) == (status != "active")


def test_a_newer_release_changes_the_status_and_an_older_one_does_not(
    write: Write, sqlite_url: str, capsys: Out
) -> None:
    newer = release(contract(status="terminated"), id="r2", date="2021-01-01T00:00:00Z")
    older = release(contract(status="active"))
    for document in (newer, older, newer):
        run(capsys, sqlite_url, "import", "ocds", str(write(document)))
    assert state(sqlite_url, "o-1/c1").standing == "terminated"
    silent = release(contract(title="x"), id="r3", date="2022-01-01T00:00:00Z")
    run(capsys, sqlite_url, "import", "ocds", str(write(silent)))
    assert state(sqlite_url, "o-1/c1").standing == "terminated"
    again = release(contract(status="active"), id="r4", date="2023-01-01T00:00:00Z")
    run(capsys, sqlite_url, "import", "ocds", str(write(again)))
    assert state(sqlite_url, "o-1/c1").standing == "active"


def test_a_status_that_ocds_does_not_have_is_kept_and_not_exported_as_active(
    write: Write, sqlite_url: str, capsys: Out
) -> None:
    path = str(write(release(contract(status="frozen"))))
    done = run(capsys, sqlite_url, "import", "ocds", path)
    assert [w["rule"] for w in done["warnings"]] == ["status-unknown"]
    assert run(capsys, sqlite_url, "contract", "show", "o-1/c1")["source_status"] == "frozen"
    assert "status" not in run(capsys, sqlite_url, "export", "ocds")["releases"][0]["contracts"][0]


# --- I6: contracts without an id --------------------------------------------------------------------


def test_the_only_contract_without_an_id_is_named_by_the_ocid_and_comes_back_from_an_export(
    write: Write, sqlite_url: str, capsys: Out, tmp_path: Path
) -> None:
    one = {"awardID": "A1", "value": pesos(62000), "implementation": {}}
    awards = [{"id": "A1", "suppliers": [{"name": "Builder"}]}]
    path = str(write(release(one, awards=awards)))
    done = run(capsys, sqlite_url, "import", "ocds", path, "--strict")
    assert [w["rule"] for w in done["warnings"]] == ["contract-without-id"]
    assert state(sqlite_url, "o-1").value_minor == 6_200_000
    exported = run(capsys, sqlite_url, "export", "ocds")
    again = read_ocds([write(exported, "back.json")])
    (found,) = again.take_overs
    assert (found.contract, found.value_minor, found.partner) == ("o-1", 6_200_000, "Builder")
    assert run(capsys, sqlite_url, "import", "ocds", path)["events"] == 0


def test_contracts_without_ids_beside_others_are_listed_with_what_tells_them_apart(
    read: Read,
) -> None:
    nameless: list[Json] = [
        {"awardID": "A1", "value": pesos(5)},
        {"title": "Roof", "value": None},
    ]
    reading = read(release(contract(), *nameless))
    assert [found.contract for found in reading.take_overs] == ["o-1/c1"]
    (skipped,) = reading.skipped
    assert skipped.severity == "high"
    assert "contracts[1] (award A1, 5 MXN); contracts[2] (Roof)" in skipped.reason


def test_a_process_that_names_its_contract_only_sometimes_is_said(read: Read) -> None:
    bare = {key: value for key, value in contract().items() if key != "id"}
    reading = read([release(bare), release(contract(), id="r2")])
    assert [found.contract for found in reading.take_overs] == ["o-1", "o-1/c1"]
    assert "contract-unnamed" in [w.rule for w in reading.warnings]


# --- I9: null in a newer release is a withdrawal ------------------------------------------------------

STATED = contract(
    dateSigned="2019-12-01",
    milestones=[
        {
            "id": "m",
            "title": "Roof",
            "status": "scheduled",
            "dueDate": "2020-06-01",
            "value": pesos(9),
        }
    ],
)


def withdrawn(**fields: Any) -> Json:
    return release(contract(**fields), id="r2", date="2021-01-01T00:00:00Z")


def test_a_null_in_a_newer_release_takes_value_and_due_date_back_and_is_recorded(
    write: Write, sqlite_url: str, capsys: Out
) -> None:
    run(capsys, sqlite_url, "import", "ocds", str(write(release(STATED))))
    assert state(sqlite_url, "o-1/c1").value_minor == 100_000
    gone = withdrawn(
        value=pesos(None), milestones=[{"id": "m", "dueDate": None, "value": None}], dateSigned=None
    )
    run(capsys, sqlite_url, "import", "ocds", str(write(gone, "b.json")))
    found = state(sqlite_url, "o-1/c1")
    assert (found.value_minor, found.terms.signed_on) == (None, None)
    assert (found.milestones["m"].current.due, found.milestones["m"].current.amount_minor) == (
        None,
        None,
    )
    assert [b.due for b in found.milestones["m"].baselines] == [date(2020, 6, 1), None]
    ledger = open_ledger(sqlite_url, evolve)
    amended = [r.data for r in ledger.stream("o-1/c1") if isinstance(r.data, ContractAmended)]
    ledger.close()
    assert [fact.terms.ceiling_minor for fact in amended] == [None]
    events = run(capsys, sqlite_url, "import", "ocds", str(write(gone, "c.json")))["events"]
    assert events == 0


def test_a_null_in_an_older_release_takes_nothing_back(
    write: Write, sqlite_url: str, capsys: Out
) -> None:
    newer = release(STATED, id="r3", date="2022-01-01T00:00:00Z")
    run(capsys, sqlite_url, "import", "ocds", str(write(newer)))
    gone = withdrawn(value=None, milestones=[{"id": "m", "dueDate": None, "value": None}])
    run(capsys, sqlite_url, "import", "ocds", str(write(gone, "b.json")))
    found = state(sqlite_url, "o-1/c1")
    assert found.value_minor == 100_000
    assert found.milestones["m"].current.due == date(2020, 6, 1)
    assert found.milestones["m"].current.amount_minor == 900


def test_a_withdrawal_is_told_and_what_is_kept_nonetheless_is_told_as_a_loss(read: Read) -> None:
    gone = withdrawn(milestones=[{"id": "m", "title": None, "dueDate": None, "value": None}])
    reading = read([release(STATED), gone])
    told = {w.rule: (w.severity, w.detail) for w in reading.warnings}
    severity, detail = told["value-taken-back"]
    assert severity == "low"
    assert "m dueDate is null" in detail and "m value is null" in detail
    assert told["value-withdrawn"] == (
        "high",
        "m title is null: withdrawn by its source, kept here",
    )
    first = read(release(contract(milestones=[{"id": "m", "title": None, "dueDate": None}])))
    assert first.warnings == []  # nothing was stated before


def test_a_deliverys_own_null_does_not_take_back_its_payment_milestones_amount(
    write: Write, sqlite_url: str, capsys: Out
) -> None:
    rows = [
        {"id": "1delivery", "type": "delivery", "status": "scheduled"},
        {"id": "1payment", "type": "payment", "status": "scheduled", "value": pesos(5)},
    ]
    run(capsys, sqlite_url, "import", "ocds", str(write(release(contract(milestones=rows)))))
    later = withdrawn(milestones=[{"id": "1delivery", "type": "delivery", "value": None}])
    run(capsys, sqlite_url, "import", "ocds", str(write(later, "b.json")))
    assert state(sqlite_url, "o-1/c1").milestones["1delivery"].current.amount_minor == 500


def test_a_null_signature_is_no_withdrawal_where_the_contract_has_a_beginning(read: Read) -> None:
    begun = contract(dateSigned=None, period={"startDate": "2020-02-01"})
    (found,) = read(release(begun)).take_overs
    assert (found.signed_on, found.withdrawn) == (date(2020, 2, 1), frozenset())
    (bare,) = read(release(contract(dateSigned=None))).take_overs
    assert bare.withdrawn == {"signed_on"}


def test_a_deliverys_null_beside_a_payment_milestone_without_a_status_withdraws_nothing(
    read: Read,
) -> None:
    rows = [
        {"id": "1delivery", "type": "delivery", "status": "scheduled", "value": None},
        {"id": "1payment", "type": "payment", "value": pesos(5)},
    ]
    later = withdrawn(milestones=[{"id": "1delivery", "type": "delivery", "value": None}])
    first, second = read([release(contract(milestones=rows)), later]).take_overs
    assert first.milestones[0].amount_minor == 500
    assert [m.withdrawn for m in (*first.milestones, *second.milestones)] == [frozenset()] * 2


def test_a_withdrawal_is_told_once_until_the_value_is_stated_again(read: Read) -> None:
    states = {"id": "m", "title": "Roof"}, {"id": "m", "title": None}
    releases = [
        release(contract(milestones=[states[n]]), id=f"r{day}", date=f"2020-01-0{day}")
        for day, n in enumerate((0, 1, 1, 0, 1), start=1)
    ]
    told = [w for w in read(releases).warnings if w.rule == "value-withdrawn"]
    assert len(told) == 2


def test_a_versioned_release_without_versions_gives_way_to_the_compiled_one(read: Read) -> None:
    record = {
        "ocid": "o-1",
        "versionedRelease": {"ocid": "o-1"},
        "compiledRelease": release(contract()),
    }
    assert [found.contract for found in read(record).take_overs] == ["o-1/c1"]


def test_an_hour_of_summer_time_moves_no_day(read: Read) -> None:
    winter = [{"id": str(n), "dueDate": "2020-01-01T12:00:00-06:00"} for n in range(3)]
    met = {"id": "m", "status": "met", "dateMet": "2020-05-01T00:30:00-05:00"}
    (found,) = read(release(contract(milestones=[*winter, met]))).take_overs
    assert found.timezone == "-06:00"
    assert found.milestones[-1].submitted_on == date(2020, 5, 1)
