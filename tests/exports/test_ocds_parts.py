"""One release, part by part: its names, days, statuses and values."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from commands.imports.ocds import read_ocds
from ledger import intents as i
from ledger.events import ChangeProposed, Fact, PaymentInstructed, Record
from ledger.intents import TakenMilestone, TakenPayment
from ledger.recorded import PAYMENTS
from projections.exports.ocds import twins
from projections.exports.ocds_changes import history
from projections.exports.ocds_losses import Losses
from projections.exports.ocds_names import Names, original, read_back
from projections.exports.ocds_package import package
from tests.decisions import builders as b
from tests.decisions import endings
from tests.decisions.test_terms_kept import amend
from tests.exports.releases import by_id, contract_of, lost, taken, whole
from tests.oracle.play import Play

PAID_ON, DELIVERED = date(2026, 4, 3), date(2026, 3, 1)


# --- names -----------------------------------------------------------------------------------------


def imported(folder: Path, ocid: str, own: str, milestone: str) -> list[Record]:
    """What an import of one release makes of these ids."""
    row = {"id": milestone, "status": "met", "value": {"amount": 5, "currency": "CNY"}}
    contract = {"id": own} if own else {}
    release = {
        "ocid": ocid,
        "id": "r1",
        "date": "2026-01-01T00:00:00Z",
        "contracts": [{**contract, "implementation": {"milestones": [row]}}],
    }
    file = folder / "release.json"
    file.write_text(json.dumps(release), "utf-8")
    (intent,) = read_ocds([file]).take_overs
    play = Play()
    assert play.act(intent.contract, "importer", intent)
    return play.records


@pytest.mark.parametrize("ocid", ["o-1", "o/1", "o#1", "o:1"])
@pytest.mark.parametrize("own", ["c1", "MOBTA/1397", "no#7", "100%", ""])
def test_the_ids_of_a_source_come_back_out(tmp_path: Path, ocid: str, own: str) -> None:
    release = whole(imported(tmp_path, ocid, own, "M1"))
    assert release["ocid"] == ocid
    assert release["id"].startswith(f"{ocid}-")
    (contract,) = release["contracts"]
    assert contract.get("id", "") == contract.get("awardID", "") == own


@pytest.mark.parametrize("milestone", ["M1", "a/b", "a#b", "50% off", "%2F"])
def test_the_ids_of_a_sources_milestones_come_back_out(tmp_path: Path, milestone: str) -> None:
    records = imported(tmp_path, "o-1", "c1", milestone)
    assert list(by_id(contract_of(records))) == [milestone]
    assert "milestone-id" not in lost(records)


def test_an_id_of_our_own_that_looks_escaped_is_said_to_come_back_otherwise() -> None:
    story = b.contract(b.defined("100%"))
    assert lost(story.records)["milestone-id"] == ["C-1/100%"]
    assert (original("100%"), read_back("100%")) == ("100%", "100%25")


def test_a_contract_of_our_own_has_a_process_of_its_own_its_stage_as_code() -> None:
    release = whole(b.contract(b.defined("M1", stage="build")).records)
    assert (release["ocid"], release["initiationType"]) == ("mledger-C-1", "tender")
    (contract,) = release["contracts"]
    assert contract["id"] == contract["awardID"] == release["awards"][0]["id"] == "C-1"
    delivery = by_id(contract)["M1"]
    assert (delivery["type"], delivery["code"]) == ("delivery", "build")


@pytest.mark.parametrize(
    ("taken_over", "stage", "told"),
    [
        (True, "delivery", ("delivery", "", {"M1": "M1payment"})),
        (True, "", ("", "", {"M1": "M1payment"})),
        (True, "approval", ("approval", "", {})),
        (False, "approval", ("delivery", "approval", {"M1": "M1payment"})),
    ],
)
def test_a_sources_type_goes_back_and_none_but_a_delivery_has_a_payment_milestone(
    taken_over: bool, stage: str, told: tuple[str, str, dict[str, str]]
) -> None:
    state = b.contract(b.defined("M1", stage=stage)).the_state()
    names, one = Names("o-1", "c1", taken_over), state.milestones["M1"]
    assert (names.type_of(one), names.code_of(one), twins(state, names)) == told


# --- the release -----------------------------------------------------------------------------------


def test_a_release_is_dated_by_its_last_record_in_the_contracts_zone() -> None:
    release = whole(b.contract().records)
    assert release["date"] == "2026-11-22T12:00:00+08:00"
    assert (release["id"], release["tag"]) == ("mledger-C-1-3", ["contract", "implementation"])
    assert [(p["name"], p["roles"]) for p in release["parties"]] == [
        ("BrightWave", ["buyer"]),
        ("Studio", ["supplier"]),
    ]
    assert (release["buyer"]["name"], release["awards"][0]["suppliers"][0]["name"]) == (
        "BrightWave",
        "Studio",
    )


@pytest.mark.parametrize(
    ("clients", "publisher"),
    [((), "mledger"), (("A", "A"), "A"), (("A", "B"), "mledger"), (("", "A"), "A")],
)
def test_a_package_is_published_by_the_one_client_in_it(
    clients: tuple[str, ...], publisher: str
) -> None:
    told = (
        (*(found or pytest.fail("not signed")), "2026-11-22T04:00:00+00:00")
        for found in (history(b.contract(client=client).records) for client in clients)
    )
    whole = json.loads("".join(package(told, "id", "", len(clients), Losses())))
    assert (whole["publisher"]["name"], len(whole["releases"])) == (publisher, len(clients))
    assert "publishedDate" not in whole  # nothing says when the last position was recorded


def test_a_contract_says_what_it_is_worth_and_when_it_was_signed() -> None:
    contract = contract_of(b.contract(title="Launch").records)
    assert contract["title"] == "Launch"
    assert (contract["status"], contract["dateSigned"]) == ("active", "2026-08-03T00:00:00+08:00")
    assert contract["value"] == {"amount": 50_000.0, "currency": "CNY"}
    assert contract["implementation"]["transactions"] == []


def test_a_day_of_signature_that_was_the_periods_first_goes_back_to_the_period() -> None:
    for inferred in (True, False):
        found = contract_of(
            taken(TakenMilestone(id="M1"), signed_on=date(2026, 1, 5), signed_inferred=inferred)
        )
        day = "2026-01-05T00:00:00+00:00"
        assert found.get("period") == ({"startDate": day} if inferred else None)
        assert found.get("dateSigned") == (None if inferred else day)


@pytest.mark.parametrize(
    ("status", "told"),
    [("suspended", "active"), ("terminated", "terminated"), ("completed", "terminated")],
)
def test_how_a_contract_stands_in_the_words_of_ocds(status: str, told: str) -> None:
    story = b.contract()
    acts: dict[str, i.Intent] = {"suspended": i.SuspendContract(reason="frost", on=b.day(8, 4))}
    if status == "completed":
        story = b.play(b.accepted(), b.pays(on=b.day(8, 26)))
        b.play(story, b.records_paid(b.last(story), on=b.day(8, 26)))
        b.play(story, b.cancels("M2", on=b.day(8, 26)))
        acts["completed"] = i.CompleteContract(on=b.day(8, 27))
    if status == "terminated":
        endings.ended(story)
    else:
        b.play(story, ("admin-1", acts[status]))
    assert contract_of(story.records)["status"] == told
    said = {kind for kind in lost(story.records) if kind in ("suspended", "completed")}
    assert said == {status} - {"terminated"}


@pytest.mark.parametrize("word", ["cancelled", "pending", "terminated"])
def test_a_sources_own_word_for_how_a_contract_stands_goes_back(word: str) -> None:
    records = taken(TakenMilestone(id="M1"), source_status=word)
    assert contract_of(records)["status"] == word


def test_a_word_that_ocds_does_not_have_is_left_out() -> None:
    records = taken(TakenMilestone(id="M1"), source_status="in arbitration")
    assert "status" not in contract_of(records)


@pytest.mark.parametrize("known", [(), (PAYMENTS,)])
def test_no_list_of_payments_where_it_is_not_known_whether_there_were_any(
    known: tuple[str, ...],
) -> None:
    records = taken(TakenMilestone(id="M1"), knows=(), whole=known)
    work = contract_of(records)["implementation"]
    assert work.get("transactions") == ([] if known else None)


# --- milestones ------------------------------------------------------------------------------------


def test_a_delivery_tells_what_it_is_and_its_payment_milestone_what_it_is_worth() -> None:
    plan = {"title": "Plan", "deliverables": ("a sketch", "a model")}
    contract = contract_of(b.contract(b.defined("M1", **plan)).records)
    assert by_id(contract) == {
        "M1": {
            "id": "M1",
            "title": "Plan",
            "type": "delivery",
            "status": "scheduled",
            "description": "a sketch; a model",
            "dueDate": "2026-08-21T00:00:00+08:00",
        },
        # Thirty days after 21 August.
        "M1payment": {
            "id": "M1payment",
            "title": "Payment: Plan",
            "type": "payment",
            "dueDate": "2026-09-20T00:00:00+08:00",
            "value": {"amount": 10_000.0, "currency": "CNY"},
        },
    }


@pytest.mark.parametrize(
    ("acts", "status"),
    [
        ([], "scheduled"),
        ([b.starts(on=b.day(8, 5))], "partiallyMet"),
        ([b.submits()], "partiallyMet"),
        ([b.submits(), b.rejects(on=b.day(8, 22))], "notMet"),
        ([b.starts(on=b.day(8, 5)), b.submits(), b.rejects(on=b.day(8, 22))], "notMet"),
        ([b.submits(), b.approves(on=b.day(8, 25))], "met"),
    ],
)
def test_how_far_a_delivery_got(acts: list[b.Act], status: str) -> None:
    story = b.play(b.contract(), *acts)
    assert by_id(contract_of(story.records))["M1"]["status"] == status


def test_what_was_sent_back_was_last_reviewed_on_that_day() -> None:
    story = b.play(b.contract(), b.submits(), b.rejects(on=b.day(8, 22)))
    row = by_id(contract_of(story.records))["M1"]
    assert row["dateModified"][:10] == b.day(8, 22).isoformat() and "dateMet" not in row


@pytest.mark.parametrize(
    ("word", "silent", "told"),
    [("notMet", False, "notMet"), ("scheduled", False, "scheduled"), ("", True, None)],
)
def test_a_sources_word_for_how_far_a_milestone_got_goes_back(
    word: str, silent: bool, told: str | None
) -> None:
    records = taken(TakenMilestone(id="M1", source_status=word, silent=silent))
    assert by_id(contract_of(records))["M1"].get("status") == told


def test_the_day_of_delivery_is_told_and_one_that_was_derived_goes_back_to_the_change() -> None:
    for inferred in (True, False):
        one = TakenMilestone(
            id="M1", status="accepted", submitted_on=DELIVERED, submitted_inferred=inferred
        )
        row = by_id(contract_of(taken(one)))["M1"]
        day = "2026-03-01T00:00:00+00:00"
        assert row.get("dateModified") == (day if inferred else None)
        assert row.get("dateMet") == (None if inferred else day)


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("2026-03-01T17:30:00+00:00", "2026-03-01T17:30:00+00:00"),
        ("2026-03-01T17:30:00", "2026-03-01T17:30:00+00:00"),
        ("2026-02-28T23:30:00+00:00", "2026-03-01T00:00:00+00:00"),  # late: it counts the next day
        ("", "2026-03-01T00:00:00+00:00"),
    ],
)
def test_the_time_of_delivery_is_told_where_it_is_of_the_day_that_counts(
    at: str, told: str
) -> None:
    one = TakenMilestone(id="M1", status="accepted", submitted_on=DELIVERED, submitted_at=at)
    assert by_id(contract_of(taken(one)))["M1"]["dateMet"] == told


def test_what_is_accepted_is_worth_its_accepted_part() -> None:
    story = b.play(b.contract(), b.submits(), b.approves(on=b.day(8, 25), part="40%"))
    found = by_id(contract_of(story.records))
    assert found["M1payment"]["value"]["amount"] == 4_000.0
    assert found["M1-r1payment"]["value"]["amount"] == 6_000.0


def test_what_is_cancelled_or_void_is_left_out_and_said() -> None:
    story = b.play(b.contract(), b.cancels("M2", on=b.day(8, 26)))
    assert set(by_id(contract_of(story.records))) == {"M1", "M1payment"}
    assert lost(story.records)["cancelled"] == ["C-1/M2"]


# --- transactions ----------------------------------------------------------------------------------


def test_a_payment_names_its_milestone_its_parties_and_its_day() -> None:
    story = b.play(b.accepted(), b.pays(on=b.day(9, 1)))
    b.play(story, b.records_paid(b.last(story), on=b.day(9, 2)))
    (payment,) = contract_of(story.records)["implementation"]["transactions"]
    assert (payment["payer"]["name"], payment["payee"]["name"]) == ("BrightWave", "Studio")
    assert payment["relatedImplementationMilestone"] == {"id": "M1payment"}
    assert payment["date"] == "2026-09-02T00:00:00+08:00"
    assert payment["value"] == {"amount": 10_000.0, "currency": "CNY"}


def test_payments_that_share_a_reference_are_named_by_their_records_and_it_is_said() -> None:
    payments = tuple(
        TakenPayment(reference=reference, amount_minor=5, paid_on=PAID_ON)
        for reference in ("A", "B")
    )
    story = b.play(b.accepted(), b.pays(amount=400), b.pays(amount=500), b.pays(amount=600))
    told = [r.version for r in story.records if isinstance(r.data, PaymentInstructed)]
    for instruction, reference in zip(told, ("A", "A", "B"), strict=True):
        act = i.RecordPayment(instruction=instruction, reference=reference)
        b.play(story, ("finance-1", act))
    rows = contract_of(story.records)["implementation"]["transactions"]
    assert [row["id"] for row in rows] == [f"C-1#{told[0]}", f"C-1#{told[1]}", "B"]
    assert lost(story.records)["reference"] == [f"C-1#{told[0]}", f"C-1#{told[1]}"]
    alone = contract_of(taken(payments=payments))["implementation"]["transactions"]
    assert [(row["id"], "relatedImplementationMilestone" in row) for row in alone] == [
        ("A", False),
        ("B", False),
    ]


# --- amendments ------------------------------------------------------------------------------------


def agreed(story: Any, content: Fact | Any) -> list[Record]:
    b.play(story, b.proposes(content, on=b.day(8, 10)))
    b.play(story, b.agrees(b.last(story), on=b.day(8, 11)))
    records: list[Record] = story.records
    return records


def test_a_change_order_is_an_amendment_in_words() -> None:
    records = agreed(b.contract(), b.order(("M1", b.day(9, 1), 1_000_000)))
    release = whole(records)
    assert release["tag"] == ["contract", "implementation", "contractAmendment"]
    (amendment,) = release["contracts"][0]["amendments"]
    assert amendment["date"] == "2026-08-11T00:00:00+08:00"
    assert amendment["description"] == "M1: due 2026-08-21 → 2026-09-01"
    assert lost(records)["baselines"] == ["C-1/M1"]


def test_what_only_fills_in_an_unknown_amount_is_no_amendment() -> None:
    story = b.contract(b.defined("M1", amount_minor=None))
    agreed(story, b.order(("M1", b.day(9, 1), None)))
    # What nobody knows the worth of needs the finance clerk too.
    b.play(story, b.agrees(b.version_of(story, ChangeProposed), on=b.day(8, 11), by="finance-1"))
    records = agreed(story, b.order(("M1", b.day(9, 1), 1_000_000)))
    (amendment,) = whole(records)["contracts"][0]["amendments"]
    assert amendment["description"] == "M1: due 2026-08-21 → 2026-09-01"


def test_another_ceiling_is_another_value_and_nothing_else() -> None:
    story = b.contract()
    amend(story, b.day(8, 10), ceiling_minor=6_000_000)
    (amendment,) = whole(story.records)["contracts"][0]["amendments"]
    assert amendment["description"] == "value: 50000.00 CNY → 60000.00 CNY"


def test_an_accepted_part_that_nobody_knows_has_no_value() -> None:
    one = TakenMilestone(id="M1", status="accepted", submitted_on=DELIVERED)
    assert "value" not in by_id(contract_of(taken(one)))["M1"]


def test_ids_that_differ_in_their_letters_size_alone_are_too_alike_for_a_payment_milestone() -> (
    None
):
    state = b.contract(b.defined("m1"), b.defined("M1")).the_state()
    assert twins(state, Names("mledger-C-1", "C-1", taken_over=False)) == {}
