"""Clauses on money in a contract file: read as they stand, and every contradiction told with its place."""

from __future__ import annotations

import dataclasses
from datetime import date
from decimal import Decimal

import pytest

from commands.imports.contract_diff import Difference, diff_documents
from commands.imports.contract_file import read_contract_file
from commands.imports.contract_writer import write_contract_file
from ledger.errors import InputInvalid
from ledger.terms import (
    ContractDocument,
    Disincentive,
    EarlyBonus,
    EarlyPayment,
    EarlyStep,
    LateDamages,
    MilestonePlan,
    PaymentTerms,
)
from tests.imports.contracts import SOUND, changed

LATE = "late_penalty:\n  rate: 0.1%\n  cap: 10%\n"
AT = SOUND[: SOUND.index(LATE)].count("\n") + 1  # the line on which the clause under test begins


def clause(text: str) -> str:
    """The sound file with these clauses in the place of its penalty."""
    return changed(LATE, text)


def problems(text: str) -> list[dict[str, str]]:
    with pytest.raises(InputInvalid) as caught:
        read_contract_file("c.yaml", text)
    assert caught.value.code == "contract-file-invalid"
    found: list[dict[str, str]] = caught.value.facts["problems"]
    return found


@pytest.mark.parametrize(
    ("text", "place", "problem", "hint"),
    [
        # rates and caps
        ("retention: {rate: -1%}\n", "0:19", "-1% is not from 0% to 100%", "write e.g. 5%"),
        ("retention: {rate: 101%}\n", "0:19", "101% is not from 0% to 100%", "write e.g. 5%"),
        ("tax: {vat: 106%}\n", "0:12", "106% is not from 0% to 100%", "write e.g. 5%"),
        ("tax: {withholding: -10%}\n", "0:20", "-10% is not from 0% to 100%", "write e.g. 5%"),
        ("advance: {rate: 0.2}\n", "0:17", "'0.2' is not a percentage", "5%"),
        ("advance: {rate: 0%}\n", "0:17", "at 0% no advance is recovered", "20%"),
        ("termination: {fee: 200%}\n", "0:20", "200% is not from 0% to 100%", "5%"),
        ("early_bonus: {rate: 1%, cap: -5%}\n", "0:30", "-5% is not from 0%", "5%"),
        (
            "late_damages: {per_day: 5, cap: -5}\n",
            "0:33",
            "cap: -5 is below zero",
            "write 0 or more",
        ),
        # caps are stated
        ("late_penalty: {rate: 1%}\n", "0:15", "cap is missing", "says so: cap: no cap"),
        ("late_damages: {per_day: 5}\n", "0:15", "cap is missing", "says so: cap: no cap"),
        ("late_damages: {cap: 5}\n", "0:15", "per_day is missing", "add per_day: …"),
        ("early_bonus: {rate: 1%}\n", "0:14", "cap is missing", "add cap: …"),
        (
            "early_bonus: {rate: 1%, cap: 5%, disincentive: {rate: 1%}}\n",
            "0:48",
            "cap is missing",
            "says so: cap: no cap",
        ),
        ("early_bonus: {rate: 1%, cap: no cap}\n", "0:30", "'no cap' is not a percentage", "5%"),
        # the early bonus
        ("early_bonus: {cap: 5%}\n", "0:14", "neither a rate above 0% nor a table", "table: ["),
        (
            "early_bonus: {rate: 1%, cap: 5%, table: [{days: 5, rate: 1%}]}\n",
            "0:41",
            "a rate per day and a table",
            "keep one of the two",
        ),
        (
            "early_bonus: {cap: 5%, table: [{days: 5, rate: 1%}, {days: 5, rate: 2%}]}\n",
            "0:60",
            "step 1 of the table is for 5 days early too",
            "one step for each number",
        ),
        (
            "early_bonus: {cap: 5%, table: [{days: 0, rate: 1%}]}\n",
            "0:39",
            "0 days early would never be paid",
            "1 or more",
        ),
        # lateness
        (
            f"{LATE}late_damages: {{per_day: 5, cap: 50}}\n",
            "3:15",
            "would both charge the same days late",
            "keep one of the two",
        ),
        (
            "late_penalty: {rate: 1%, cap: 5%, base: whole}\n",
            "0:41",
            "'whole' is not one of part, milestone",
            "known here: part, milestone",
        ),
        (
            "late_penalty: {rate: 1%, cap: 5%, excused_days: -1}\n",
            "0:49",
            "excused_days: '-1' is too small",
            "0 or more",
        ),
        # payment terms
        (
            "payment: {until: month-end, day_of_next_month: 10}\n",
            "0:18",
            "so until says nothing",
            "take out until",
        ),
        (
            "payment: {days: business, day_of_next_month: 10}\n",
            "0:17",
            "so days says nothing",
            "take out days",
        ),
        (
            "payment: {days: calendar, day_of_next_month: 10}\n",
            "0:17",
            "so days says nothing",
            "add net_days",
        ),
        (
            "payment: {until: day, net_days: 30, day_of_next_month: 10}\n",
            "0:18",
            "so until says nothing",
            "take out until",
        ),
        (
            "payment: {net_days: 30, days_first: true}\n",
            "0:25",
            "unknown key 'days_first'",
            "write net_days and day_of_next_month together",
        ),
        (
            "early_bonus: {rate: 0%, cap: 5%, table: [{days: 5, rate: 1%}]}\n",
            "0:21",
            "has a table, so a rate per day says nothing",
            "take out rate",
        ),
        (
            "retention: {rate: 5%, then: 0%}\n",
            "0:29",
            "then 0% follows no completion share",
            "until: 50%",
        ),
        ("cut_off: ''\n", "0:10", "the cut-off '' is not a time of day", "HH:MM"),
        ("payment: {day_of_next_month: 32}\n", "0:30", "'32' is too large", "31 or less"),
        ("payment: {day_of_next_month: 0}\n", "0:30", "'0' is too small", "1 or more"),
        (
            "payment: {after: delivery}\n",
            "0:18",
            "'delivery' is not one of approval, invoice, month-end",
            "known here: approval",
        ),
        ("payment: {discount: {rate: 2%}}\n", "0:21", "discount has no last day", "days: 10"),
        (
            "payment: {discount: {rate: 2%, days: 10, day_of_next_month: 10}}\n",
            "0:61",
            "the discount ends in two ways",
            "not both",
        ),
        ("payment: {discount: {rate: 0%, days: 10}}\n", "0:28", "takes nothing off", "2%"),
        # retention
        (
            "retention: {rate: 10%, then: 5%}\n",
            "0:30",
            "then 5% follows no completion share",
            "until: 50%",
        ),
        (
            "retention: {rate: 10%, release: [{share: 50%}, {share: 60%}]}\n",
            "0:33",
            "come to 110% of the retention, not 100%",
            "let the shares come to 100%",
        ),
        (
            "retention: {rate: 10%, release: [{share: 33.3%}, {share: 33.3%}]}\n",
            "0:33",
            "come to 66.6% of the retention, not 100%",
            "let go some day",
        ),
        (
            "retention: {rate: 10%, release: [{share: 100%, after: handover}]}\n",
            "0:55",
            "'handover' is not one of acceptance, completion",
            "known here",
        ),
        ("retention: {rate: 10%, cap: 5%}\n", "0:24", "unknown key 'cap'", "known here: rate"),
        # invoices, payees
        ("invoices: {required: perhaps}\n", "0:22", "neither true nor false", "true or false"),
        ("invoices: {tolerance: -1}\n", "0:23", "-1 is below zero", "0 or more"),
        ("payees: {hold_days: 2.5}\n", "0:21", "'2.5' is not a whole number", "digits only"),
        ("calendars: [CN, ZZ]\n", "0:17", "'ZZ' is not a calendar", ""),
    ],
)
def test_a_clause_that_cannot_be_is_refused_with_its_place(
    text: str, place: str, problem: str, hint: str
) -> None:
    (found,) = problems(clause(text))
    line, column = place.split(":")
    assert found["place"] == f"c.yaml:{AT + int(line)}:{column}"
    assert problem in found["problem"]
    assert hint in found["hint"]


M1 = "  - id: M1\n    due: 2026-08-21\n"


@pytest.mark.parametrize(
    ("clauses", "milestone", "problem", "hint"),
    [
        ("", "    kind: advance\n", "M1 is an advance, but nothing says how", "advance: {rate"),
        ("", "    kind: deposit\n", "'deposit' is not one of milestone, advance", "known here"),
        (
            "advance: {rate: 20%}\nearly_bonus: {rate: 1%, cap: 5%}\n",
            "    kind: advance\n    incentive_due: 2026-08-14\n",
            "an advance earns no bonus",
            "take it out",
        ),
        (
            "advance: {rate: 20%}\nquality_bonuses:\n"
            "  - {milestone: M1, criterion: c, at_least: 3%, amount: 1}\n",
            "    kind: advance\n",
            "M1 is an advance, and an advance earns no bonus",
            "name the milestone",
        ),
        (
            "quality_bonuses:\n  - {milestone: M1, criterion: c, at_least: 3%}\n",
            "",
            "amount is missing",
            "add amount: …, or tiers",
        ),
        (
            "quality_bonuses:\n  - milestone: M1\n    criterion: c\n    at_least: 5\n"
            "    tiers: [{at_least: 5, amount: 1}]\n",
            "",
            "the bonus for c has tiers, and at_least beside them",
            "stand in tiers",
        ),
        (
            "quality_bonuses:\n  - {milestone: M1, criterion: c, tiers:"
            ' [{at_least: "8,000", amount: 2}, {at_least: 8000, amount: 3}]}\n',
            "",
            "8000 is not above 8000 of the tier before",
            "ascend",
        ),
        (
            "quality_bonuses:\n  - {milestone: M1, criterion: c, tiers:"
            " [{at_least: 1, amount: 3}, {at_least: 2, amount: 3}]}\n",
            "",
            "the tier from 2 on pays no more than the one before",
            "amounts ascend",
        ),
        (
            "quality_bonuses:\n  - {milestone: M1, criterion: c, tiers:"
            " [{at_least: 1%, amount: 2}, {at_least: 2, amount: 3}]}\n",
            "",
            "2 is not in the unit of the tier before, 1%",
            "one unit",
        ),
        (
            "quality_bonuses:\n  - {milestone: M1, criterion: c, at_least: 5 200, amount: 1}\n",
            "",
            "'5 200' is not a measured value: a number holds no spaces",
            "5,200",
        ),
        (
            "quality_bonuses:\n  - {milestone: M1, criterion: c, at_least: 3%, amount: 1}\n",
            "    criteria: [{name: c, at_least: 0.03}]\n",
            "3% is not in the unit in which c of M1 is stated elsewhere, 0.03",
            "one unit",
        ),
        (
            "",
            "    criteria: [{name: c, at_least: 5, at_most: 4}]\n",
            "no value of c is at least 5 and at most 4",
            "correct at_least",
        ),
        (
            "",
            "    criteria: [{name: c, at_least: 5%, at_most: 9 days}]\n",
            "c has bounds in two units",
            "correct at_least",
        ),
        (
            "",
            "    criteria: [{name: c, at_least: 5}, {name: c, at_most: 9}]\n",
            "c is a criterion of M1 already",
            "write its bounds together",
        ),
        ("", "    incentive_due: 2026-08-14\n", "the contract has no early bonus", "take inc"),
        (
            "early_bonus: {rate: 1%, cap: 5%}\n",
            "    incentive_due: 2026-08-02\n",
            "incentive date 2026-08-02 of M1 is before the signature on 2026-08-03",
            "correct incentive_due",
        ),
    ],
)
def test_a_milestone_that_its_clauses_contradict_is_refused(
    clauses: str, milestone: str, problem: str, hint: str
) -> None:
    (found,) = problems(clause(clauses).replace(M1, M1 + milestone))
    assert problem in found["problem"]
    assert hint in found["hint"]


def test_everything_wrong_with_the_clauses_is_told_at_once() -> None:
    text = "retention: {rate: 1%, then: 5%}\npayment: {days: business, day_of_next_month: 1}\n"
    found = problems(clause(text + "early_bonus: {cap: 5%}\n"))
    assert [each["place"] for each in found] == [
        f"c.yaml:{AT}:29",
        f"c.yaml:{AT + 1}:17",
        f"c.yaml:{AT + 2}:14",
    ]


# --- what is allowed -----------------------------------------------------------------------------


def read(text: str) -> ContractDocument:
    return read_contract_file("c.yaml", text)


@pytest.mark.parametrize("net_days", ["", "net_days: 0, ", "net_days: 30, "])
def test_a_day_of_the_next_month_stands_beside_days_that_say_nothing(net_days: str) -> None:
    document = read(clause(f"payment: {{{net_days}day_of_next_month: 10}}\n"))
    assert document.payment is not None
    assert document.payment.day_of_next_month == 10


def test_an_advance_clause_without_an_advance_yet_is_allowed() -> None:
    assert read(clause("advance: {rate: 20%}\n")).advance is not None


def test_an_advance_commits_nothing_beside_the_milestones() -> None:
    """The ceiling of 600,000.00 is used up by the milestones; 60,000.00 in advance stays within it."""
    advance = "  - {id: A, kind: advance, due: 2026-08-10, amount: '60,000.00'}\n"
    text = clause("advance: {rate: 20%}\n").replace("milestones:\n", f"milestones:\n{advance}")
    assert [plan.kind for plan in read(text).milestones] == ["advance", *["milestone"] * 3]
    (found,) = problems(text.replace("kind: advance", "kind: milestone"))
    assert "660,000.00 CNY, above the ceiling" in found["problem"]


def test_no_cap_is_read_for_every_penalty_and_written_back() -> None:
    damages = clause("late_damages: {per_day: 5.00, cap: no cap}\n")
    assert read(damages).late_damages == LateDamages(per_day_minor=500, cap_minor=None)
    bonus = clause("early_bonus: {rate: 1%, cap: 5%, disincentive: {rate: 1%, cap: NO CAP}}\n")
    clause_read = read(bonus).early_bonus
    assert clause_read is not None
    assert clause_read.disincentive == Disincentive(rate=Decimal(1), cap=None)
    assert clause_read.contract_cap is None
    for document in (read(damages), read(bonus)):
        text = write_contract_file(document.terms(), document.contract, document.milestones)
        assert text.count("cap: no cap") == 1
        assert read(text) == document


# --- written back, and compared ------------------------------------------------------------------


def test_what_says_nothing_by_default_is_left_out() -> None:
    terms = dataclasses.replace(
        read(SOUND),
        payment=PaymentTerms(discount=EarlyPayment(rate=Decimal(2), days=10)),
        early_bonus=EarlyBonus(cap=Decimal(5), table=(EarlyStep(days=5, rate=Decimal(1)),)),
    )
    written = write_contract_file(terms.terms(), "C-1", terms.milestones).splitlines()
    start = written.index("payment:")
    assert written[start : start + 14] == [
        "payment:",
        "  net_days: 30",
        "  days: calendar",
        "  roll: none",
        "  discount:",
        "    rate: 2%",
        "    days: 10",
        "early_bonus:",
        "  cap: 5%",
        "  table:",
        "    - days: 5",
        "      rate: 1%",
        "late_penalty:",
        "  rate: 0.1%",
    ]
    assert not any("kind" in line or "excused" in line for line in written)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "tax: {vat: 6%}\n", ("tax", None, "vat 6%, withholding 0%")),
        (
            "retention: {rate: 10%}\n",
            "retention: {rate: 10%, until: 50%, then: 5%}\n",
            ("retention.then", None, "5%"),
        ),
        (
            "late_damages: {per_day: 5, cap: 50}\n",
            "late_damages: {per_day: 5, cap: no cap}\n",
            ("late_damages.cap", "50.00 CNY", "no cap"),
        ),
        (
            "payment: {after: invoice}\n",
            "payment: {}\n",
            ("payment.after", "invoice", None),
        ),
        (
            "early_bonus: {cap: 5%, table: [{days: 5, rate: 1%}]}\n",
            "early_bonus: {cap: 5%, table: [{days: 5, rate: 2%}]}\n",
            ("early_bonus.table.1.rate", "1%", "2%"),
        ),
        (
            "payees: {required: true}\n",
            "payees: {required: true, hold_days: 7}\n",
            ("payees.hold_days", None, "7"),
        ),
    ],
)
def test_a_changed_clause_is_told_in_the_words_of_the_file(
    before: str, after: str, expected: tuple[str, str | None, str | None]
) -> None:
    old, new = read(clause(before)), read(clause(after))
    found = diff_documents(old.terms(), {plan.id: plan for plan in old.milestones}, new)
    assert Difference(*expected) in found


def test_a_milestone_that_becomes_an_advance_is_a_difference() -> None:
    new = read(clause("advance: {rate: 20%}\n").replace(M1, f"{M1}    kind: advance\n"))
    plans = (MilestonePlan(id="M1", due=date(2026, 8, 21), amount_minor=12_000_000),)
    old = dataclasses.replace(new, milestones=plans + new.milestones[1:])
    found = diff_documents(old.terms(), {plan.id: plan for plan in old.milestones}, new)
    assert found == [Difference("milestones.M1.kind", None, "advance")]
