"""`mledger audit exceptions`: broken rules and weak proofs are listed, and nothing else is."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ledger import events as e
from ledger.contract import evolve
from ledger.events import Fact, Line
from ledger.store import Envelope, open_ledger
from ledger.terms import Terms
from projections.exceptions import exceptions
from tests.commands.played import CONTRACT, asked, mledger, record
from tests.stories import double_eleven

GROSS = Line(
    step="gross", clause="accepted-part", amount_minor=500, calculation={"planned_minor": "500"}
)
TERMS = Terms(client="A", partner="B", currency="CNY", administrators=("ann", "ben"))


LOGINS = ("actor-differs-from-login", "one-login-counts-twice")


def listed(url: str, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = asked(url, "audit", "exceptions", *words)["exceptions"]
    return found


def about_facts(url: str, *words: str) -> list[dict[str, Any]]:
    """The exceptions that do not come from who was logged in: PostgreSQL sets that itself."""
    return [one for one in listed(url, *words) if one["rule"] not in LOGINS]


def append(url: str, contract: str, *facts: Fact, login: str = "", actor: str = "ann") -> None:
    with open_ledger(url, evolve) as ledger:
        envelope = Envelope(actor=actor, authenticated_as=login or actor, origin="test")
        ledger.append([(contract, 0, list(facts))], envelope)


def accepted(on: date | None) -> list[Fact]:
    return [
        e.MilestoneDefined(milestone="M1", amount_minor=500, rests_on=(1,)),
        e.MilestoneSubmitted(milestone="M1", rests_on=(2,)),
        e.MilestoneAccepted(
            on=on, milestone="M1", submission=3, accepted_minor=500, lines=(GROSS,), rests_on=(2, 3)
        ),
    ]


def test_a_clean_ledger_has_none(story_url: str) -> None:
    assert about_facts(story_url) == []
    assert mledger(story_url, "audit", "exceptions", "--rule", "separation-off").out.startswith(
        "(no"
    )


def test_other_logins_are_gathered_per_actor(sqlite_story: str) -> None:
    found = listed(sqlite_story)
    assert {one["detail"] for one in found} >= {
        "5 events by partner-1 recorded under the login tester"
    }
    assert sum(len(one["events"]) for one in found) == 41
    assert list(found[0]) == ["rule", "severity", "contract", "milestone", "detail", "events"]


def test_the_same_login_is_no_exception(sqlite_url: str) -> None:
    append(sqlite_url, "C-1", e.ContractSigned(terms=TERMS))
    assert listed(sqlite_url) == []


def test_rules_that_imported_facts_broke(database_url: str) -> None:
    paid = e.PaymentRecorded(amount_minor=9, rests_on=(1,), breaches=("paid-within-value",))
    append(database_url, "C-1", e.ContractSigned(terms=TERMS, imported=True), paid)
    (one,) = about_facts(database_url)
    assert (one["rule"], one["severity"], one["events"]) == ("paid-within-value", "high", [2])
    assert one["detail"] == "Imported payments stay, all together, within the contract's value."


def test_paid_before_it_was_accepted(database_url: str) -> None:
    paid = e.PaymentRecorded(on=date(2026, 1, 1), milestone="M1", amount_minor=700, rests_on=(2,))
    signed = e.ContractSigned(terms=TERMS, imported=True)
    append(database_url, "C-1", signed, *accepted(date(2026, 2, 1)), paid)
    assert [
        (one["rule"], one["severity"], one["milestone"]) for one in about_facts(database_url)
    ] == [
        ("paid-before-accepted", "high", "C-1/M1"),
        ("paid-beyond-net", "medium", "C-1/M1"),
    ]
    assert len(listed(database_url, "--rule", "paid-beyond-net")) == 1
    early = about_facts(database_url, "--as-of", "2026-01-15")
    assert [one["rule"] for one in early] == []


def test_separation_off(sqlite_url: str) -> None:
    alone = Terms(client="A", partner="B", currency="CNY", separation=False)
    append(sqlite_url, "C-1", e.ContractSigned(terms=alone))
    append(sqlite_url, "C-2", e.ContractSigned(terms=alone, imported=True))
    assert [(one["contract"], one["severity"]) for one in listed(sqlite_url)] == [
        ("C-1", "medium"),
        ("C-2", "low"),
    ]
    assert len(listed(sqlite_url, "--contract", "C-2")) == 1


def test_one_login_that_approves_under_two_names() -> None:
    records = double_eleven()
    found = list(exceptions(lambda sql, **_: [], [records], lambda text: [], authenticating=True))
    assert [
        (one.milestone, one.events) for one in found if one.rule == "one-login-counts-twice"
    ] == [
        (f"{CONTRACT}/M2", [19, 20]),
        (f"{CONTRACT}/M4", [36, 37]),
    ]
    assert {one.severity for one in found if one.rule == "actor-differs-from-login"} == {"low"}


def test_an_unknown_rule_is_answered_with_the_one_meant(sqlite_url: str) -> None:
    ran = mledger(sqlite_url, "audit", "exceptions", "--rule", "separation")
    assert (ran.code, "did you mean separation-off?" in ran.err) == (2, True)


def test_what_differs_in_its_events_alone_is_one_line(sqlite_url: str) -> None:
    fact = e.PaymentRecorded(amount_minor=9, rests_on=(1,), breaches=("paid-within-value",))
    append(sqlite_url, "C-1", e.ContractSigned(terms=TERMS, imported=True), *[fact] * 12)
    shown = mledger(sqlite_url, "audit", "exceptions").out
    assert shown.count("paid-within-value") == 1
    assert "2 3 4 5 6 7 8 9 and 4 more" in shown


def test_the_scenario_recorded_by_its_own_people_has_none(sqlite_url: str) -> None:
    for one in double_eleven():
        record(sqlite_url, [one], login=one.actor)
    assert listed(sqlite_url) == []


# --- the rules over folds, and the file that sets them ---------------------------------------------


def early(url: str) -> None:
    """An imported contract on which a payment left a day early."""
    accepted_then_paid = [
        *accepted(date(2026, 2, 1))[:2],
        e.MilestoneAccepted(
            on=date(2026, 2, 1),
            milestone="M1",
            submission=3,
            accepted_minor=500,
            lines=(GROSS,),
            payment_due=date(2026, 3, 3),
        ),
        e.PaymentRecorded(on=date(2026, 3, 2), milestone="M1", amount_minor=500),
    ]
    append(url, "C-1", e.ContractSigned(terms=TERMS, imported=True), *accepted_then_paid)


def test_what_was_not_checked_is_said(database_url: str) -> None:
    early(database_url)
    found = asked(database_url, "audit", "exceptions")
    assert list(found)[2:5] == ["exceptions", "not_checked", "rules"]
    unchecked = {(one["rule"], one["count"]) for one in found["not_checked"]}
    assert unchecked >= {
        ("back-dated", 5),
        ("approved-after-payment", 1),
        ("payee-changed-before-payment", 1),
    }
    assert [one["rule"] for one in about_facts(database_url)] == ["paid-before-due"]
    shown = mledger(database_url, "audit", "exceptions").out
    assert (
        "not checked: back-dated, imported history is recorded later than it happened (5 times)"
        in shown
    )
    rule = next(one for one in found["rules"] if one["rule"] == "paid-before-due")
    assert (rule["severity"], rule["limits"]) == ("low", {"days": 0})


def test_one_rule_alone(sqlite_url: str) -> None:
    early(sqlite_url)
    found = asked(sqlite_url, "audit", "exceptions", "--rule", "paid-before-due")
    assert [one["rule"] for one in found["exceptions"]] == ["paid-before-due"]
    assert (found["not_checked"], [one["rule"] for one in found["rules"]]) == (
        [],
        ["paid-before-due"],
    )
    assert listed(sqlite_url, "--partner", "B") == listed(sqlite_url)


def test_a_file_switches_weighs_and_limits(sqlite_url: str, tmp_path: Path) -> None:
    early(sqlite_url)
    file = tmp_path / "rules.yaml"
    for text, severities in [
        ("paid-before-due: {severity: high}", ["high"]),
        ("paid-before-due:\n  days: 1", []),
        ("paid-before-due: off", []),
        ("paid-before-due: {enabled: no}", []),
        ("back-dated: on", ["low"]),
        ("separation-off: off\nnot-after-today: off", ["low"]),
    ]:
        file.write_text(text)
        assert [one["severity"] for one in listed(sqlite_url, "--rules", str(file))] == severities


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("paid-befor-due: off", "rules.yaml:1:1"),
        ("paid-before-due: {hours: 3}", "it takes enabled (on, off), severity"),
        ("paid-before-due: {days: -1}", "is not a whole number from 0 to 100,000"),
        ("paid-before-due: {days: [1]}", "is not a whole number"),
        ("paid-before-due: {severity: huge}", "has no setting severity: huge"),
        ("paid-before-due: perhaps", "neither on, off"),
        ("- paid-before-due", "holds no settings"),
        ("paid-before-due: {", "yaml-invalid"),
    ],
)
def test_a_file_that_says_what_there_is_not(
    sqlite_url: str, tmp_path: Path, text: str, says: str
) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(text)
    ran = mledger(sqlite_url, "audit", "exceptions", "--rules", str(file))
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err


def test_a_file_that_is_not_there(sqlite_url: str, tmp_path: Path) -> None:
    ran = mledger(sqlite_url, "audit", "exceptions", "--rules", str(tmp_path / "none.yaml"))
    assert (ran.code, "file-unreadable" in ran.err) == (2, True)


# --- many of one rule -------------------------------------------------------------------------------


def many(url: str, contracts: int) -> None:
    """Imports of which every contract has one payment of 9 fen beyond what its value lets it have."""
    for n in range(contracts):
        fact = e.PaymentRecorded(amount_minor=9, rests_on=(1,), breaches=("paid-within-value",))
        append(url, f"C-{n:02}", e.ContractSigned(terms=TERMS, imported=True), fact)


def test_many_exceptions_of_one_rule_are_one_line_with_their_number_and_their_money(
    sqlite_url: str,
) -> None:
    many(sqlite_url, 11)
    shown = mledger(sqlite_url, "audit", "exceptions").out
    assert shown.count("paid-within-value") == 1
    line = next(one for one in shown.splitlines() if "paid-within-value" in one)
    assert "11 in 11 contracts" in line
    assert "0.99 CNY in all" in line  # eleven times nine fen
    assert "--rule RULE lists those of one, --all each of all" in shown
    for words in (("--all",), ("--rule", "paid-within-value")):
        listing = mledger(sqlite_url, "audit", "exceptions", *words).out
        assert listing.count("paid-within-value") == 11
        assert "stand together" not in listing


def test_up_to_ten_exceptions_of_one_rule_are_listed(sqlite_url: str) -> None:
    many(sqlite_url, 10)
    assert mledger(sqlite_url, "audit", "exceptions").out.count("paid-within-value") == 10


def test_a_program_gets_every_exception_and_the_groups_beside_them(database_url: str) -> None:
    many(database_url, 12)
    ran = mledger(database_url, "audit", "exceptions", "--json")
    data = json.loads(ran.out)
    assert sum(one["rule"] == "paid-within-value" for one in data["exceptions"]) == 12
    (group,) = [one for one in data["groups"] if one["rule"] == "paid-within-value"]
    assert (group["severity"], group["count"], group["contracts"]) == ("high", 12, 12)
    assert group["amounts"] == [{"amount": "1.08", "currency": "CNY"}]
    assert group["example"] == "Imported payments stay, all together, within the contract's value."
    assert data["groups"][0]["severity"] == "high"


def test_a_finding_on_a_rounded_amount_tells_what_its_source_wrote(database_url: str) -> None:
    fact = e.PaymentRecorded(
        amount_minor=9, rests_on=(1,), breaches=("amount-in-minor-units",), source_amount="0.0909"
    )
    append(database_url, "C-1", e.ContractSigned(terms=TERMS, imported=True), fact)
    (one,) = [o for o in about_facts(database_url) if o["rule"] == "amount-in-minor-units"]
    assert one["detail"].endswith("Its source writes 0.0909.")
