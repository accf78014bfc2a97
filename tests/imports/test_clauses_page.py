"""The page on clauses is true: its blocks are read as they stand, and the ledger prices its figures."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from commands.imports.contract_file import read_contract_file
from ledger.decisions.effects_termination import fee_by_clause
from ledger.events import Line, Result
from ledger.money import display_minor
from ledger.pricing.order import price
from ledger.pricing.payment_due import discount_until, payment_due
from ledger.terms import ContractDocument, PaymentTerms, Terms
from tests.decisions.pricing import a_delivery, lines_of, terms
from tests.imports.contracts import SOUND

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "clauses.md").read_text("utf-8")
EXAMPLE = DOCS / "examples" / "all-clauses.yaml"
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
LATE = "late_penalty:\n  rate: 0.1%\n  cap: 10%\n"
WORTH = 12_000_000


def contract_with(block: str) -> ContractDocument:
    return read_contract_file("clauses.md", SOUND.replace(LATE, block))


def clauses(key: str, place: int = 0) -> dict[str, Any]:
    """What the page's block of that clause (of several, the one at that place) agrees."""
    found = [block for block in BLOCKS if block.startswith(f"{key}:")]
    return {key: getattr(contract_with(found[place]).terms(), key)}


def section(title: str) -> str:
    """The text below a heading, its lines joined as a reader joins them."""
    found = re.search(rf"^##+ {title}\n(.*?)(?=^##|\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found, title
    return " ".join(found[1].split())


def told(title: str, lines: list[Line], clause: str) -> str:
    """The figure of a clause's one line, which its section names."""
    (amount,) = (line.amount_minor for line in lines if line.clause == clause)
    figure = display_minor(abs(amount), "CNY")
    assert figure in section(title)
    return figure


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.partition(":")[0])
def test_every_block_is_read_as_it_stands(block: str) -> None:
    document = contract_with(block)
    for key in re.findall(r"^(\w+):", block, re.MULTILINE):
        assert getattr(document, key)


def test_the_page_shows_every_clause_on_money() -> None:
    shown = {key for block in BLOCKS for key in re.findall(r"^(\w+):", block, re.MULTILINE)}
    names = [each.name for each in fields(Terms)]
    money = set(names[names.index("payment") :]) - {"disputes"}
    assert shown == money


ROWS = re.findall(r"^\| `([^`]+)`( in China)? +\| (\S+) \| (\S+) \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("agreed", "china", "accepted", "due"), ROWS)
def test_every_due_date_of_the_page(agreed: str, china: str, accepted: str, due: str) -> None:
    block = f"payment: {{{agreed}}}\n" + ("calendars: [CN]\n" if china else "")
    found = payment_due(contract_with(block).terms(), date.fromisoformat(accepted))
    assert (found.day, found.provisional) == (date.fromisoformat(due), False)
    assert len(ROWS) == 11


def test_the_discount_of_the_page() -> None:
    agreed = contract_with(BLOCKS[0]).payment
    assert isinstance(agreed, PaymentTerms)
    assert agreed.discount is not None
    last = discount_until(agreed.discount, date(2026, 8, 25))
    said = section("When payment falls due")
    figure = display_minor(int(agreed.discount.rate * WORTH / 100), "CNY")
    assert (figure, last) == ("2,400.00", date(2026, 9, 4))
    assert f"is {figure} until {last}" in said


@pytest.mark.parametrize(
    ("title", "clause", "figure", "agreed", "delivery"),
    [
        ("Early bonus", "early", "3,000.00", clauses("early_bonus"), {"late": -5}),
        ("Early bonus", "early", "6,000.00", clauses("early_bonus"), {"late": -15}),
        (
            "Early bonus",
            "early",
            "3,600.00",
            clauses("early_bonus", 1),
            {"late": -12, "progress": {"contract_minor": 100_000_000}},
        ),
        (
            "Early bonus",
            "early",
            "2,000.00",
            clauses("early_bonus", 1),
            {
                "late": -12,
                "progress": {"contract_minor": 100_000_000, "early_bonus_minor": 3_800_000},
            },
        ),
        (
            "Incentive date and disincentive",
            "disincentive",
            "1,200.00",
            clauses("early_bonus", 2),
            {"late": -2, "incentive_due": date(2026, 8, 14)},
        ),
        (
            "Quality bonus",
            "quality",
            "20,000.00",
            clauses("quality_bonuses"),
            {"results": (Result(criterion="conversion_rate", measured="3.4%"),)},
        ),
        (
            "Quality bonus in tiers",
            "quality",
            "50,000.00",
            clauses("quality_bonuses", 1),
            {"results": (Result(criterion="footfall", measured="9100"),)},
        ),
        (
            "Quality bonus in tiers",
            "quality",
            "20,000.00",
            clauses("quality_bonuses", 1),
            {"results": (Result(criterion="footfall", measured="5200"),)},
        ),
        ("Late penalty", "late", "360.00", clauses("late_penalty"), {"late": 6}),
        (
            "Late penalty",
            "late",
            "6,000.00",
            clauses("late_penalty"),
            {"amount": 60_000_000, "whole": 100_000_000, "late": 13},
        ),
        ("Late penalty", "damages", "150,000.00", clauses("late_damages"), {"late": 30}),
        ("Late penalty", "damages", "200,000.00", clauses("late_damages"), {"late": 50}),
        ("Tax", "vat", "7,380.00", clauses("tax"), {"adjusted_minor": 300_000}),
        ("Tax", "withholding", "12,300.00", clauses("tax"), {"adjusted_minor": 300_000}),
        (
            "Retention",
            "retained",
            "15,000.00",
            clauses("retention"),
            {
                "amount": 20_000_000,
                "progress": {"contract_minor": 100_000_000, "completed_minor": 40_000_000},
            },
        ),
        (
            "Advances",
            "recovered",
            "60,000.00",
            clauses("advance"),
            {"amount": 30_000_000, "progress": {"open_advance_minor": 20_000_000}},
        ),
        (
            "Advances",
            "recovered",
            "50,000.00",
            clauses("advance"),
            {"amount": 30_000_000, "progress": {"open_advance_minor": 5_000_000}},
        ),
    ],
)
def test_every_figure_of_the_page(
    title: str, clause: str, figure: str, agreed: dict[str, Any], delivery: dict[str, Any]
) -> None:
    lines = lines_of(**({"amount": WORTH} | delivery), terms=agreed)
    assert told(title, lines, clause) == figure


def test_the_fee_of_the_page() -> None:
    fee = fee_by_clause(contract_with(BLOCKS[-1]).terms(), 60_000_000)
    assert display_minor(abs(fee), "CNY") == "30,000.00"
    assert "the fee is 30,000.00" in section("Invoices, accounts, ending early")


# --- the contract with every clause ------------------------------------------------------------------


def test_the_example_uses_every_clause_but_the_one_that_excludes_another() -> None:
    document = read_contract_file(EXAMPLE)
    names = [each.name for each in fields(Terms)]
    absent = [name for name in names[names.index("payment") :] if not getattr(document, name)]
    assert absent == ["late_damages"]
    assert [plan.id for plan in document.milestones if plan.kind == "advance"] == ["A1"]
    assert any(plan.incentive_due for plan in document.milestones)


def test_the_examples_advance_is_recovered_in_full_by_its_milestones() -> None:
    document = read_contract_file(EXAMPLE)
    assert document.advance is not None
    earned = sum(p.amount_minor or 0 for p in document.milestones if p.kind == "milestone")
    advanced = sum(p.amount_minor or 0 for p in document.milestones if p.kind == "advance")
    assert document.advance.rate * earned / 100 == advanced


def test_a_milestone_of_the_example_priced_by_hand() -> None:
    """M2, fit-out: 500,000.00, delivered on 8 October, a day before its incentive date and so in time, no step reached.

    Earned 500,000.00; VAT 30,000.00; withheld 50,000.00. 200,000.00 of 1,000,000.00 was accepted before, so 300,000.00
    lies below the half at 10 %, and 200,000.00 beyond it at 5 %: 40,000.00 is kept back. 100,000.00 of the advance is
    recovered. Net 340,000.00.
    """
    document = read_contract_file(EXAMPLE)
    delivered = a_delivery(
        50_000_000,
        incentive_due=date(2026, 10, 9),
        progress={
            "contract_minor": 100_000_000,
            "completed_minor": 20_000_000,
            "retained_minor": 2_000_000,
            "open_advance_minor": 16_000_000,
        },
    )
    delivered.terms = document.terms()
    delivered.due = date(2026, 10, 16)
    delivered.submitted_on = delivered.due - timedelta(days=8)
    found = {line.clause: line.amount_minor for line in price(delivered)}
    assert found == {
        "accepted-part": 50_000_000,
        "vat": 3_000_000,
        "withholding": -5_000_000,
        "retained": -4_000_000,
        "recovered": -10_000_000,
    }
    assert sum(found.values()) == 34_000_000
    agreed = terms(payment=document.payment, calendars=document.calendars)
    due = payment_due(agreed, date(2026, 10, 12), date(2026, 10, 13))
    assert due.day == date(2026, 11, 30)
