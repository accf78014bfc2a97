"""What is written of a contract reads back as equal, and differences are told in its words."""

from __future__ import annotations

import dataclasses
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given

from commands.imports.contract_diff import Difference, diff_documents
from commands.imports.contract_file import read_contract_file
from commands.imports.contract_writer import write_contract_file
from ledger.terms import (
    ContractDocument,
    Criterion,
    EarlyBonus,
    LatePenalty,
    MilestonePlan,
    PaymentTerms,
    QualityBonus,
    Terms,
    Tier,
)
from ledger.written import measure_text
from tests.imports.contracts import SOUND, changed, documents

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"


def _by_id(document: ContractDocument) -> dict[str, MilestonePlan]:
    return {plan.id: plan for plan in document.milestones}


@given(documents())
def test_a_written_contract_reads_back_as_equal(document: ContractDocument) -> None:
    text = write_contract_file(document.terms(), document.contract, document.milestones)
    read = read_contract_file("c.yaml", text)
    assert read == document
    assert diff_documents(document.terms(), _by_id(document), read) == []


@given(documents())
def test_terms_survive_the_codec_of_the_log(document: ContractDocument) -> None:
    terms = document.terms()
    assert msgspec.json.decode(msgspec.json.encode(terms), type=Terms) == terms


def test_a_written_contract_is_what_a_person_would_write() -> None:
    document = read_contract_file("c.yaml", SOUND.replace("Brand", "双十一"))
    text = write_contract_file(document.terms(), "C-1", document.milestones)
    for line in (
        "client: 双十一",
        "ceiling: 600,000.00",
        "separation: true",
        "  - quorum: {manager: 1}",
        "    up_to: 200,000.00",
        "  rate: 0.1%",
        "    due: 2026-08-21",
        "    depends_on: [M1]",
    ):
        assert line in text.splitlines()


def test_what_deceives_on_a_screen_is_written_as_an_escape() -> None:
    document = dataclasses.replace(
        read_contract_file("c", SOUND), title="a\u202eb\x1b[2J\U000e0041"
    )
    text = write_contract_file(document.terms(), "C-1", document.milestones)
    assert 'title: "a\\u202Eb\\e[2J\\U000E0041"' in text.splitlines()
    assert read_contract_file("c", text) == document


# --- differences ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("600,000.00", "700000", ("ceiling", "600,000.00 CNY", "700,000.00 CNY")),
        ("  cap: 10%", "  cap: no cap", ("late_penalty.cap", "10%", "no cap")),
        ("[ann, cyd]", "[ann, eve]", ("roles.manager", "ann, cyd", "ann, eve")),
        ("{manager: 1}", "{manager: 2}", ("approval.1.quorum.manager", "1", "2")),
        ("2026-09-18", "2026-09-25", ("milestones.M2.due", "2026-09-18", "2026-09-25")),
        ("[M1]", "[]", ("milestones.M2.depends_on", "M1", None)),
        (
            "milestones:\n",
            "early_bonus: {rate: 0.5%, cap: 5%}\nmilestones:\n",
            ("early_bonus", None, "rate 0.5%, cap 5%"),
        ),
        (
            "  - id: M3\n    due: 2026-10-16\n    amount: 180,000.00\n",
            "",
            ("milestones.M3", "due 2026-10-16, amount 180,000.00 CNY", None),
        ),
    ],
)
def test_a_difference_is_told_in_the_words_of_the_file(
    old: str, new: str, expected: tuple[str, str | None, str | None]
) -> None:
    before = read_contract_file("c.yaml", SOUND)
    after = read_contract_file("c.yaml", changed(old, new))
    found = diff_documents(before.terms(), _by_id(before), after)
    assert found == [Difference(*expected)]


def test_criteria_are_compared_by_name() -> None:
    base = read_contract_file("c.yaml", SOUND)
    first, second = Criterion(name="a", at_least="1"), Criterion(name="b", at_most="2 s")

    def having(*criteria: Criterion) -> ContractDocument:
        plan = dataclasses.replace(base.milestones[0], criteria=criteria)
        return dataclasses.replace(base, milestones=(plan,))

    before, after = having(first, second), having(dataclasses.replace(second, at_most="3 s"))
    assert diff_documents(before.terms(), _by_id(before), after) == [
        Difference("milestones.M1.criteria.b.at_most", "2 s", "3 s"),
        Difference("milestones.M1.criteria.a", "at_least 1", None),
    ]


# --- the examples --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.yaml")), ids=lambda path: path.stem)
def test_an_example_loads_and_reads_back(path: Path) -> None:
    document = read_contract_file(path)
    text = write_contract_file(document.terms(), document.contract, document.milestones)
    assert read_contract_file("again.yaml", text) == document


def test_the_examples_show_what_they_are_for() -> None:
    shop = read_contract_file(EXAMPLES / "shop-build-out.yaml")
    assert (len(shop.milestones), len(shop.approval), shop.calendars) == (8, 3, ("CN",))
    pair = [read_contract_file(path) for path in (EXAMPLES / "two-currencies").glob("*.yaml")]
    assert {document.currency for document in pair} == {"CNY", "USD"}
    assert len({document.client for document in pair}) == 1


def test_double_11_is_the_contract_of_the_scenario() -> None:
    def plan(id: str, title: str, stage: str, due: str, amount: int, *needs: str) -> MilestonePlan:
        facts: dict[str, Any] = {"title": title, "stage": stage, "depends_on": needs}
        return MilestonePlan(id=id, due=date.fromisoformat(due), amount_minor=amount * 100, **facts)

    assert read_contract_file(EXAMPLES / "double-11.yaml") == ContractDocument(
        contract="BW-2026-014",
        title="双十一 Double 11 launch",
        client="BrightWave",
        partner="Hangzhou Content Studio",
        currency="CNY",
        timezone="Asia/Shanghai",
        signed_on=date(2026, 8, 3),
        ceiling_minor=130_000_000,
        rounding="half-up",
        separation=True,
        backdating_days=36500,
        administrators=("admin-1", "admin-2"),
        roles={
            "manager": ("manager-1", "manager-2", "manager-3"),
            "finance": ("finance-1",),
            "partner": ("partner-1",),
        },
        approval=(
            Tier(quorum={"manager": 1}, up_to_minor=20_000_000),
            Tier(quorum={"manager": 1, "finance": 1}),
        ),
        payment=PaymentTerms(net_days=30, days="calendar"),
        early_bonus=EarlyBonus(rate=Decimal("0.5"), cap=Decimal(5)),
        late_penalty=LatePenalty(rate=Decimal("0.1"), cap=Decimal(10)),
        quality_bonuses=(
            QualityBonus(
                milestone="M4",
                criterion="conversion_rate",
                at_least=measure_text("3.0%"),
                amount_minor=2_000_000,
            ),
        ),
        milestones=(
            plan("M1", "Concept", "plan", "2026-08-21", 120_000),
            plan("M2", "Shop build", "build", "2026-09-18", 300_000, "M1"),
            plan("M3", "Content", "build", "2026-10-16", 180_000),
            plan("M4", "Live campaign", "run", "2026-11-12", 400_000, "M2", "M3"),
            plan("M5", "Report", "close", "2026-12-04", 100_000, "M4"),
        ),
    )
