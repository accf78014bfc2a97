"""The line of each clause whole: its amount and every input from which a person can check it, by hand.

10,000.00 are accepted, due on 21 August 2026, unless said otherwise.
"""

from __future__ import annotations

from typing import Any

import pytest

from ledger.events import Line, Result
from ledger.pricing.order import price, take_back
from ledger.pricing.tax import taxes
from ledger.terms import (
    AdvanceRecovery,
    Disincentive,
    EarlyBonus,
    EarlyStep,
    LateDamages,
    LatePenalty,
    QualityBonus,
    QualityTier,
    Retention,
    Tax,
)
from tests.decisions.pricing import DUE, D, a_delivery, amounts, lines_of, terms

DATES = {"due": "2026-08-21", "rounding": "half-up"}


def the(clause: str, amount: int = 1_000_000, late: int = 0, **more: Any) -> Line:
    (line,) = (one for one in lines_of(amount, late, **more) if one.clause == clause)
    return line


def told(line: Line) -> tuple[str, int, dict[str, str]]:
    return line.step, line.amount_minor, dict(line.calculation)


# --- early -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "amount", "capped"), [(9, 45_000, "no"), (10, 50_000, "no"), (11, 50_000, "yes")]
)
def test_a_bonus_per_day_says_whether_its_cap_cut_it(days: int, amount: int, capped: str) -> None:
    """0.5 % a day of 10,000.00, at most 5 %: at ten days it is the cap itself, and nothing is cut."""
    clause = EarlyBonus(rate=D("0.5"), cap=D(5))
    assert told(the("early", late=-days, terms={"early_bonus": clause})) == (
        "bonus",
        amount,
        DATES
        | {
            "days": str(days),
            "rate": "0.5%",
            "base_minor": "1000000",
            "cap": "5%",
            "cap_minor": "50000",
            "capped": capped,
            "submitted": f"2026-08-{21 - days}",
        },
    )


def test_a_bonus_by_table_is_paid_once_for_the_step_reached_whatever_their_order() -> None:
    """Nine days early the step of seven is reached: 2 % of the 8,000.00 accepted, not 18 %."""
    steps = (EarlyStep(days=14, rate=D(3)), EarlyStep(days=7, rate=D(2)))
    clause = EarlyBonus(cap=D(5), table=(steps[0], EarlyStep(days=3, rate=D(1)), steps[1]))
    line = the("early", 800_000, -9, whole=1_000_000, terms={"early_bonus": clause})
    assert told(line) == (
        "bonus",
        16_000,
        DATES
        | {
            "days": "9",
            "step_days": "7",
            "rate": "2%",
            "base_minor": "800000",
            "cap": "5%",
            "cap_minor": "40000",
            "capped": "no",
            "submitted": "2026-08-12",
        },
    )
    found = [
        amounts(late=-days, terms={"early_bonus": clause}).get("early", 0)
        for days in (2, 3, 6, 7, 13, 14)
    ]
    assert found == [0, 10_000, 10_000, 20_000, 20_000, 30_000]


def test_a_rate_per_day_is_rounded_once_over_all_days() -> None:
    """0.5 % of 3.33 for three days are 4.995 cents, so 5; each day rounded by itself would give 6."""
    clause = EarlyBonus(rate=D("0.5"), cap=D(5))
    assert the("early", 333, -3, terms={"early_bonus": clause}).amount_minor == 5


def test_what_the_contracts_cap_leaves_is_told() -> None:
    """2 % of 3,000,000 in all are 60,000; 50,000 were given before, so that 10,000 of 20,000 are left."""
    clause = EarlyBonus(rate=D("0.5"), cap=D(5), contract_cap=D(2))
    progress = {"contract_minor": 3_000_000, "early_bonus_minor": 50_000}
    line = the("early", late=-4, terms={"early_bonus": clause}, progress=progress)
    assert line.amount_minor == 10_000
    assert line.calculation["contract_cap"] == "2%"
    assert line.calculation["contract_left_minor"] == "10000"


# --- late --------------------------------------------------------------------------------------------------


def test_a_disincentive_counts_from_the_incentive_date_up_to_its_own_cap() -> None:
    """Due on the 21st, the incentive ends on the 11th: on the 14th it is three days late by that, 0.3 %."""
    clause = EarlyBonus(rate=D(1), cap=D(5), disincentive=Disincentive(rate=D("0.1"), cap=D(2)))
    more: dict[str, Any] = {"terms": {"early_bonus": clause}}
    incentive = DUE.replace(day=11)
    line = the("disincentive", late=-7, incentive_due=incentive, **more)
    assert told(line) == (
        "penalty",
        -3_000,
        DATES
        | {
            "days": "3",
            "rate": "0.1%",
            "base_minor": "1000000",
            "cap": "2%",
            "cap_minor": "20000",
            "capped": "no",
            "submitted": "2026-08-14",
            "incentive_due": "2026-08-11",
        },
    )
    assert amounts(late=-10, incentive_due=incentive, **more) == {}
    assert amounts(late=30, incentive_due=incentive, **more) == {"disincentive": -20_000}
    early = the("early", late=-12, incentive_due=incentive, **more)
    assert (early.amount_minor, early.calculation["incentive_due"]) == (20_000, "2026-08-11")


@pytest.mark.parametrize(
    ("late", "charged", "capped"), [(5, 5_000, "no"), (6, 6_000, "no"), (7, 6_000, "yes")]
)
def test_damages_per_day_say_what_accrued_and_whether_the_cap_cut_it(
    late: int, charged: int, capped: str
) -> None:
    clause = LateDamages(per_day_minor=1_000, cap_minor=6_000)
    assert told(the("damages", late=late, terms={"late_damages": clause})) == (
        "penalty",
        -charged,
        {
            "days": str(late),
            "per_day_minor": "1000",
            "accrued_minor": str(1_000 * late),
            "cap": "amount",
            "cap_minor": "6000",
            "capped": capped,
            "due": "2026-08-21",
            "submitted": f"2026-08-{21 + late}",
        },
    )


def test_damages_take_off_what_earlier_parts_were_charged_of_damages_alone() -> None:
    clause = LateDamages(per_day_minor=1_000, cap_minor=None, excused_days=2)
    more: dict[str, Any] = {"terms": {"late_damages": clause}, "charged_minor": 900}
    line = the("damages", late=9, damages_minor=4_000, suspended_days=1, **more)
    assert line.amount_minor == -2_000  # 9 - 2 - 1 days, of which 4,000 were charged
    assert line.calculation["cap"] == "no cap"
    assert line.calculation["charged_minor"] == "4000"
    assert (line.calculation["excused_days"], line.calculation["suspended_days"]) == ("2", "1")
    assert amounts(late=9, damages_minor=6_000, suspended_days=1, **more) == {}
    assert "charged_minor" not in the("damages", late=9, **more).calculation


def test_a_penalty_on_the_whole_milestone_takes_off_what_its_parts_were_charged() -> None:
    """0.1 % a day of the whole 3,000,000 for four days are 12,000, of which 5,000 were charged."""
    clause = LatePenalty(rate=D("0.1"), cap=D(10), base="milestone")
    delivered = a_delivery(400_000, 4, whole=900_000, terms={"late_penalty": clause})
    delivered.whole_minor, delivered.charged_minor = 3_000_000, 5_000
    (line,) = (one for one in price(delivered) if one.clause == "late")
    assert told(line) == (
        "penalty",
        -7_000,
        DATES
        | {
            "days": "4",
            "rate": "0.1%",
            "base_minor": "3000000",
            "cap": "10%",
            "cap_minor": "300000",
            "capped": "no",
            "submitted": "2026-08-25",
            "charged_minor": "5000",
        },
    )
    part = LatePenalty(rate=D("0.1"), cap=None)
    alone = a_delivery(400_000, 4, whole=900_000, terms={"late_penalty": part})
    alone.whole_minor, alone.charged_minor = 3_000_000, 5_000
    (line,) = (one for one in price(alone) if one.clause == "late")
    assert (line.amount_minor, line.calculation["base_minor"]) == (-1_600, "400000")
    assert line.calculation["cap"] == "no cap"
    assert "charged_minor" not in line.calculation


# --- quality -----------------------------------------------------------------------------------------------


def test_of_several_tiers_the_highest_reached_is_paid_and_all_are_told() -> None:
    tiers = tuple(QualityTier(at_least=f"{n}%", amount_minor=100 * n) for n in (2, 4, 3))
    clause = QualityBonus(milestone="M1", criterion="rate", tiers=tiers)
    found = {}
    for measured in ("1.9%", "2%", "3.9%", "4%", "9%"):
        more: dict[str, Any] = {"results": (Result(criterion="rate", measured=measured),)}
        found[measured] = amounts(terms={"quality_bonuses": (clause,)}, **more).get("quality", 0)
    assert found == {"1.9%": 0, "2%": 200, "3.9%": 300, "4%": 400, "9%": 400}
    results = (Result(criterion="rate", measured="3.5%"),)
    line = the("quality", terms={"quality_bonuses": (clause,)}, results=results)
    assert told(line) == (
        "bonus",
        300,
        {"criterion": "rate", "measured": "3.5%", "at_least": "3%", "tiers": "2%, 4%, 3%"},
    )


# --- tax, retention, advances ------------------------------------------------------------------------------


def test_tax_is_on_all_that_was_earned_also_what_a_dispute_decided_before() -> None:
    """10,000.00 less 1,000.00 decided before acceptance, less a penalty of 40.00: 6 % of 8,960.00."""
    clauses = {"tax": Tax(vat=D(6)), "late_penalty": LatePenalty(rate=D("0.1"), cap=None)}
    line = the("vat", late=4, terms=clauses, adjusted_minor=-100_000)
    assert told(line) == (
        "tax",
        53_760,
        {"rate": "6%", "base_minor": "896000", "rounding": "half-up"},
    )


@pytest.mark.parametrize(
    ("posted", "vat", "withheld"),
    [
        ({}, 600, -1_000),
        ({"vat": 500, "withholding": -900}, 100, -100),
        ({"vat": 700, "withholding": -1_100}, -100, 100),
        ({"vat": 600, "withholding": -1_000}, None, None),
    ],
)
def test_later_tax_is_what_the_whole_comes_to_less_what_was_posted(
    posted: dict[str, int], vat: int | None, withheld: int | None
) -> None:
    found = {
        one.clause: one
        for one in taxes(terms(tax=Tax(vat=D(6), withholding=D(10))), 10_000, posted)
    }
    assert {name: one.amount_minor for name, one in found.items()} == {
        name: amount for name, amount in (("vat", vat), ("withholding", withheld)) if amount
    }
    for name, one in found.items():
        said = {"posted_minor": str(posted[name])} if posted else {}
        assert {k: v for k, v in one.calculation.items() if k == "posted_minor"} == said


def test_retention_says_what_lies_before_the_completion_share_and_what_the_limit_leaves() -> None:
    """50 % of 30,000.00 are 15,000.00, of which 11,000.00 are complete: 4,000.00 at 10 %, 6,000.00 at 5 %."""
    clause = Retention(rate=D(10), until=D(50), then=D(5), limit=D(3))
    progress = {"contract_minor": 3_000_000, "completed_minor": 1_100_000, "retained_minor": 30_000}
    assert told(the("retained", terms={"retention": clause}, progress=progress)) == (
        "retention",
        -60_000,  # 400.00 + 300.00 by the rates; 3 % of 30,000.00 less 300.00 are left
        {
            "rate": "10%",
            "base_minor": "1000000",
            "rounding": "half-up",
            "until": "50%",
            "completed_minor": "1100000",
            "contract_minor": "3000000",
            "first_minor": "400000",
            "then": "5%",
            "then_minor": "600000",
            "limit": "3%",
            "limit_left_minor": "60000",
        },
    )
    full = progress | {"retained_minor": 100_000}
    assert amounts(terms={"retention": clause}, progress=full) == {}


@pytest.mark.parametrize(
    ("opened", "recovered", "capped"),
    [(300_001, 300_000, "no"), (300_000, 300_000, "no"), (299_999, 299_999, "yes")],
)
def test_a_recovery_says_whether_what_is_open_cut_it(
    opened: int, recovered: int, capped: str
) -> None:
    clause = AdvanceRecovery(rate=D(30))
    line = the("recovered", terms={"advance": clause}, progress={"open_advance_minor": opened})
    assert told(line) == (
        "advance",
        -recovered,
        {
            "rate": "30%",
            "base": "gross",
            "base_minor": "1000000",
            "open_minor": str(opened),
            "capped": capped,
            "rounding": "half-up",
        },
    )


def test_the_net_from_which_an_advance_is_recovered_has_what_a_dispute_decided_before() -> None:
    clause = AdvanceRecovery(rate=D(30), base="net")
    more: dict[str, Any] = {
        "terms": {"advance": clause},
        "progress": {"open_advance_minor": 999_999},
    }
    line = the("recovered", adjusted_minor=-100_000, **more)
    assert (line.amount_minor, line.calculation["base_minor"]) == (-270_000, "900000")


def test_the_gross_says_what_was_planned_and_lines_are_taken_back_one_by_one() -> None:
    line = the("accepted-part", 400_000, whole=900_000)
    assert told(line) == ("gross", 400_000, {"planned_minor": "900000"})
    other = the("early", late=-1, terms={"early_bonus": EarlyBonus(rate=D(1), cap=D(5))})
    assert [told(one) for one in take_back([line, other], [4, 5])] == [
        ("gross", -400_000, {"takes_back": "4"}),
        ("bonus", -10_000, {"takes_back": "5"}),
    ]


@pytest.mark.parametrize("kind", ["advance", "settlement"])
def test_what_is_no_milestone_has_its_gross_line_alone(kind: str) -> None:
    clauses = {"tax": Tax(vat=D(6)), "early_bonus": EarlyBonus(rate=D(1), cap=D(5))}
    assert [one.step for one in lines_of(late=-3, kind=kind, terms=clauses)] == ["gross"]
