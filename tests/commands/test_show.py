"""Whatever has a name is shown by it, with what belongs to it; a contract's terms are told in words."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from commands.main import main
from ledger import terms as t
from projections.agreed import ELSEWHERE, SAYS, in_words
from tests.commands.chinese import C, played, sqlite_template, today, told

__all__ = ["played", "sqlite_template", "today", "told"]

Heard = pytest.CaptureFixture[str]


def said(capsys: Heard, *words: str) -> str:
    assert main([*words]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def shown(capsys: Heard, reference: str) -> dict[str, Any]:
    return dict(json.loads(said(capsys, "show", reference, "--json")))


@pytest.mark.parametrize(
    ("reference", "kind", "field", "value"),
    [
        (f"{C}#11", "payment", "paid", {"amount": "60000.00", "currency": "CNY"}),
        (f"{C}#21", "payment", "status", "failed"),
        (f"{C}#18", "dispute", "reason", "店铺首页与设计稿不符"),
        (f"{C}#23", "invoice", "number", "F-1"),
        (f"{C}#10", "bonus", "amount", {"amount": "1800.00", "currency": "CNY"}),
        (f"{C}#17", "penalty", "amount", {"amount": "2100.00", "currency": "CNY"}),
        (f"{C}#7", "event", "name", "MilestoneSubmitted"),
    ],
)
def test_a_fact_is_shown_by_its_number(
    told: Path, capsys: Heard, reference: str, kind: str, field: str, value: object
) -> None:
    found = shown(capsys, reference)
    assert (found["reference"], found["kind"], found[field]) == (reference, kind, value)
    people = said(capsys, "show", reference)
    assert people.startswith(f"{reference}  {kind}\n")
    for position in found["events"]:
        assert f"\n{position:>6}  {C}" in people


def test_a_payments_history_is_told_from_instruction_to_failure(told: Path, capsys: Heard) -> None:
    people = said(capsys, "show", f"{C}#21")
    assert "payment of 61,800.00 CNY for M1 instructed" in people
    assert "closed" in people.splitlines()[-1]


@pytest.mark.parametrize(
    ("reference", "same"),
    [(C, ("contract", "show", C)), (f"{C}/M2", ("milestone", "show", f"{C}/M2"))],
)
def test_a_contract_and_a_milestone_are_shown_as_by_their_nouns(
    told: Path, capsys: Heard, reference: str, same: tuple[str, ...]
) -> None:
    assert said(capsys, "show", reference) == said(capsys, *same)
    assert said(capsys, "show", reference, "--json") == said(capsys, *same, "--json")


def test_a_proposal_and_an_account_too(told: Path, capsys: Heard) -> None:
    assert main(["contract", "amend", C, "--ceiling", "1,400,000.00", "--as", "admin-1"]) == 0
    capsys.readouterr()
    people = said(capsys, "show", f"{C}#24")
    assert people == said(capsys, "contract", "show", f"{C}#24")
    assert "1,400,000.00" in people
    assert said(capsys, "show", "#1") == said(capsys, "payee", "show", "#1")


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        (f"{C}#99", f"{C} has no #99"),
        ("BW-2026-041", "there is no contract 'BW-2026-041'"),
        (f"{C}/M9", "M9"),
        ("#9", "#9"),
        ("~payees", "names no contract, milestone, fact or account"),
    ],
)
def test_a_name_that_nothing_has_is_refused(
    told: Path, capsys: Heard, reference: str, says: str
) -> None:
    assert main(["show", reference]) == 2
    heard = capsys.readouterr()
    assert says in heard.err and "hint: " in heard.err and heard.out == ""


def test_the_log_of_one_milestone_is_its_history_with_the_proposals_about_it(
    told: Path, capsys: Heard
) -> None:
    revise = ("milestone", "revise", f"{C}/M2", "--due", "2026-10-01", "--reason", "r")
    resolve = ("dispute", "resolve", f"{C}#18", "--upheld", "--as", "manager-1")
    assert main([*revise, "--as", "manager-1"]) in (0, 3)
    assert main([*resolve]) == 0
    capsys.readouterr()
    found = json.loads(said(capsys, "audit", "log", f"{C}/M2", "--json"))["events"]
    names = [one["name"] for one in found]
    assert names[0] == "MilestoneDefined"
    for name in ("MilestoneSubmitted", "ApprovalGranted", "MilestoneAccepted", "DisputeOpened"):
        assert name in names
    assert names[-1] == "ChangeProposed"
    others = [one["data"].get("milestone", "M2") for one in found]
    assert set(others) == {"M2"}
    people = said(capsys, "audit", "log", f"{C}/M2", "--limit", "3")
    assert f"{C}/M1" not in people
    assert main(["audit", "log", f"{C}/M9"]) == 2


def test_terms_are_told_in_words(told: Path, capsys: Heard) -> None:
    people = " ".join(said(capsys, "show", C).split())
    for sentence in (
        "due 30 calendar days after approval",
        "0.5% of the accepted part for each day before it is due; at most 5% of that part",
        "0.1% of the part that is late per day late, at most 10% of it",
        "M4: 20,000.00 CNY where conversion_rate is at least 3",
        "who submits or proposes does not approve",
    ):
        assert sentence in people
    told_ = {one["clause"]: one["says"] for one in shown(capsys, C)["terms"]}
    assert told_["disputes"] == "opened at any time"


def test_every_clause_is_told_or_shown_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {field.name for field in fields(t.Terms)}
    assert names == ELSEWHERE | set(SAYS)
    assert not ELSEWHERE & set(SAYS)
    monkeypatch.delitem(SAYS, "termination")
    new = replace(BARE, termination=t.TerminationClause(fee=D("5")))
    assert dict(in_words(new, str))["termination"] == "fee 5%"


BARE = t.Terms(client="c", partner="p", currency="CNY")
D = Decimal


@pytest.mark.parametrize(
    ("clause", "says"),
    [
        (
            {
                "payment": t.PaymentTerms(
                    net_days=1, days="business", after="invoice", roll="forward", until="month-end"
                )
            },
            "due 1 business day after approval, or the invoice if that is later, then at the end of that month; "
            "on the next business day where that is none",
        ),
        (
            {
                "payment": t.PaymentTerms(
                    day_of_next_month=10, discount=t.EarlyPayment(rate=D("2"), days=10)
                )
            },
            "due on day 10 of the month after approval; 2% off if paid within 10 days",
        ),
        (
            {"late_penalty": t.LatePenalty(rate=D("0.1"), cap=None, base="milestone")},
            "0.1% of the whole milestone per day late, without a cap",
        ),
        (
            {"late_damages": t.LateDamages(per_day_minor=5, cap_minor=9, excused_days=2)},
            "5 per day late, at most 9; the first 2 days are free",
        ),
        (
            {
                "retention": t.Retention(
                    rate=D("10"),
                    until=D("50"),
                    limit=D("5"),
                    release=(
                        t.RetentionRelease(share=D("50")),
                        t.RetentionRelease(share=D("50"), after="acceptance", days=90),
                    ),
                )
            },
            "10% of every accepted part is kept back, 0% once 50% is done, at most 5% of the contract; "
            "let go: 50% at completion, 50% 90 days after acceptance",
        ),
        (
            {
                "early_bonus": t.EarlyBonus(
                    cap=D("5"),
                    table=(t.EarlyStep(days=3, rate=D("1")),),
                    contract_cap=D("2"),
                    disincentive=t.Disincentive(rate=D("1"), cap=D("4")),
                )
            },
            "1% from 3 days early on; at most 5% of that part; all together at most 2% of the contract; "
            "each day after takes off 1%, at most 4%",
        ),
        (
            {"tax": t.Tax(vat=D("6"), withholding=D("10"))},
            "VAT of 6% on top, 10% withheld, reckoned on what is earned",
        ),
        (
            {"advance": t.AdvanceRecovery(rate=D("20"))},
            "20% of each milestone's gross pays advances back",
        ),
        (
            {"invoices": t.InvoicePolicy(required=True, tolerance_minor=7)},
            "needed before payment; may lie 7 from what was accepted",
        ),
        (
            {"payees": t.PayeePolicy(required=True, hold_days=3)},
            "paid to an approved account only; one just approved waits 3 days",
        ),
        (
            {"termination": t.TerminationClause(fee=D("5"))},
            "ending early costs 5% of what is then not performed",
        ),
        (
            {"delegations": (t.Delegation(of="a", to="b", since=date(2026, 1, 1)),)},
            "b may act for a from 2026-01-01",
        ),
        ({"disputes": t.DisputeRules(open_within_days=30)}, "opened within 30 days of acceptance"),
        ({"cut_off": "17:00"}, "what is delivered after 17:00 counts for the next day"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_clause_in_a_sentence(clause: dict[str, Any], says: str) -> None:
    (name,) = clause
    told_ = dict(in_words(replace(BARE, **clause), str))
    assert told_[name] == says
