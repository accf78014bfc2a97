"""Every clause of the pricing order by itself: what it gives, its edges, and the inputs it can be checked by."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from ledger.events import Result
from ledger.terms import (
    AdvanceRecovery,
    Disincentive,
    EarlyBonus,
    EarlyStep,
    LateDamages,
    LatePenalty,
    QualityBonus,
    Retention,
    Tax,
)
from tests.decisions.pricing import DUE, D, amounts, calculation, lines_of

# --- early bonus -----------------------------------------------------------------------------------

TABLE = EarlyBonus(
    cap=D(5),
    table=(
        EarlyStep(days=10, rate=D(3)),
        EarlyStep(days=3, rate=D(1)),
        EarlyStep(days=30, rate=D(9)),
    ),
)


@pytest.mark.parametrize(
    ("late", "bonus"),
    [(1, 0), (0, 0), (-2, 0), (-3, 10_000), (-9, 10_000), (-10, 30_000), (-30, 50_000)],
)
def test_a_table_pays_its_last_step_reached_once_and_not_per_day(late: int, bonus: int) -> None:
    """In whatever order it is written; its 9 % stops at the cap of 5 %."""
    assert amounts(late=late, terms={"early_bonus": TABLE}).get("early", 0) == bonus


def test_a_bonus_by_table_says_which_step_it_reached() -> None:
    said = calculation("early", lines_of(late=-12, terms={"early_bonus": TABLE}))
    assert (said["days"], said["step_days"], said["rate"], said["capped"]) == (
        "12",
        "10",
        "3%",
        "no",
    )


@pytest.mark.parametrize(
    ("given", "bonus"), [(0, 25_000), (10_000, 25_000), (20_000, 20_000), (39_999, 1), (40_000, 0)]
)
def test_all_early_bonuses_together_stay_within_the_contracts_cap(given: int, bonus: int) -> None:
    """4 % of 1,000,000 is 40,000 for all of them; 5 days × 0.5 % of this one is 25,000."""
    clause = EarlyBonus(rate=D("0.5"), cap=D(5), contract_cap=D(4))
    progress = {"contract_minor": 1_000_000, "early_bonus_minor": given}
    found = amounts(late=-5, terms={"early_bonus": clause}, progress=progress)
    assert found.get("early", 0) == bonus


def test_an_incentive_date_counts_for_the_bonus_and_the_due_date_for_damages() -> None:
    clauses = {
        "early_bonus": EarlyBonus(
            rate=D("0.5"), cap=D(5), disincentive=Disincentive(rate=D("0.2"), cap=D(3))
        ),
        "late_penalty": LatePenalty(rate=D("0.1"), cap=D(10)),
    }
    incentive = DUE - timedelta(days=10)
    by_days = {
        late: amounts(late=late, terms=clauses, incentive_due=incentive)
        for late in (-12, -10, -4, 0, 5)
    }
    assert by_days == {
        -12: {"early": 10_000},
        -10: {},
        -4: {"disincentive": -12_000},
        0: {"disincentive": -20_000},
        5: {"late": -5_000, "disincentive": -30_000},  # 15 days × 0.2 %, and its cap is not passed
    }


def test_a_disincentive_stops_at_its_own_cap_and_days_of_suspension_are_excused() -> None:
    clause = EarlyBonus(rate=D(1), cap=D(5), disincentive=Disincentive(rate=D("0.2"), cap=D("0.5")))
    assert amounts(late=9, terms={"early_bonus": clause}) == {"disincentive": -5_000}
    excused = lines_of(late=9, terms={"early_bonus": clause}, suspended_days=7)
    assert calculation("disincentive", excused)["suspended_days"] == "7"
    assert excused[-1].amount_minor == -4_000
    assert amounts(late=9, terms={"early_bonus": clause}, suspended_days=9) == {}


# --- quality -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("measured", "bonus"), [("3.0%", 500), ("3.01%", 500), ("2.99%", 0), ("3", 0), ("30 dB", 0)]
)
def test_a_quality_bonus_is_paid_whole_from_its_threshold_on(measured: str, bonus: int) -> None:
    clause = QualityBonus(milestone="M1", criterion="rate", at_least="3%", amount_minor=500)
    found = amounts(
        terms={"quality_bonuses": (clause, replace(clause, milestone="M2"))},
        results=(Result(criterion="rate", measured=measured),),
    )
    assert found.get("quality", 0) == bonus


# --- lateness ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("late", "excused", "suspended", "charged"),
    [
        (3, 3, 0, 0),
        (4, 3, 0, 1_000),
        (5, 0, 4, 1_000),
        (5, 3, 4, 0),
        (10, 3, 4, 3_000),
        (-5, 0, 0, 0),
        (0, 0, 0, 0),
    ],
)
def test_excused_days_and_days_of_suspension_are_not_charged(
    late: int, excused: int, suspended: int, charged: int
) -> None:
    clause = LatePenalty(rate=D("0.1"), cap=D(10), excused_days=excused)
    found = amounts(late=late, terms={"late_penalty": clause}, suspended_days=suspended)
    assert found.get("late", 0) == -charged
    damages = LateDamages(per_day_minor=1_000, cap_minor=100_000, excused_days=excused)
    found = amounts(late=late, terms={"late_damages": damages}, suspended_days=suspended)
    assert found.get("damages", 0) == -charged


@pytest.mark.parametrize(
    ("cap", "charged"), [(None, 45_000), (45_001, 45_000), (45_000, 45_000), (44_999, 44_999)]
)
def test_damages_stop_at_their_cap(cap: int | None, charged: int) -> None:
    clause = LateDamages(per_day_minor=1_500, cap_minor=cap)
    found = lines_of(late=30, terms={"late_damages": clause})
    assert found[-1].amount_minor == -charged
    said = calculation("damages", found)
    assert said["accrued_minor"] == "45000"
    assert (said["cap"], said.get("capped")) == (
        ("no cap", None) if cap is None else ("amount", "yes" if cap < 45_000 else "no")
    )


def test_parts_of_a_milestone_are_charged_together_as_one_delivery() -> None:
    """400,000 of 1,000,000 come 10 days late, the rest 25 days: 25 days in all, and no day twice."""
    clause = LatePenalty(rate=D("0.1"), cap=D(2), base="milestone")
    first = amounts(400_000, 10, whole=1_000_000, terms={"late_penalty": clause})
    assert first == {"late": -10_000}
    rest = {"whole": 1_000_000, "charged_minor": 10_000, "damages_minor": 10_000}
    assert amounts(600_000, 15, terms={"late_penalty": clause}, **rest) == {"late": -5_000}
    assert amounts(600_000, 25, terms={"late_penalty": clause}, **rest) == {"late": -10_000}
    assert amounts(600_000, 10, terms={"late_penalty": clause}, **rest) == {}
    damages = LateDamages(per_day_minor=1_000, cap_minor=20_000)
    assert amounts(600_000, 15, terms={"late_damages": damages}, **rest) == {"damages": -5_000}
    assert amounts(600_000, 25, terms={"late_damages": damages}, **rest) == {"damages": -10_000}


@pytest.mark.parametrize(("late", "charged"), [(5, 10_000), (10, 10_000), (25, 30_000), (0, 1)])
def test_what_was_charged_beyond_what_is_owed_now_is_never_given_as_a_bonus(
    late: int, charged: int
) -> None:
    """An earlier part was charged for more days, or under a higher cap: the rest is charged nothing."""
    rest = {"whole": 1_000_000, "charged_minor": charged, "damages_minor": charged}
    damages = LateDamages(per_day_minor=1_000, cap_minor=20_000)
    assert amounts(600_000, late, terms={"late_damages": damages}, **rest) == {}
    penalty = LatePenalty(rate=D("0.1"), cap=D(2), base="milestone")
    assert amounts(600_000, late, terms={"late_penalty": penalty}, **rest) == {}


def test_damages_are_owed_even_on_a_milestone_worth_nothing() -> None:
    """An amount per day is no share of anything; the net is then a claim."""
    damages = LateDamages(per_day_minor=1_000, cap_minor=None)
    assert amounts(0, 3, terms={"late_damages": damages}) == {"damages": -3_000}
    rate = LatePenalty(rate=D(1), cap=None)
    assert amounts(0, 3, terms={"late_penalty": rate}) == {}


def test_a_leap_day_is_a_day_late_like_any_other() -> None:
    clause = LateDamages(per_day_minor=100, cap_minor=None)
    for year, charged in ((2028, -200), (2027, -100)):
        due, submitted = date(year, 2, 28), date(year, 3, 1)
        found = amounts(terms={"late_damages": clause}, late=(submitted - due).days)
        assert found == {"damages": charged}


# --- tax ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "late", "vat", "withheld"),
    [
        ("net", 0, 60_000, -100_000),
        ("net", 10, 59_400, -99_000),  # of 990,000.00 after a penalty of 1 %
        ("gross", 10, 60_000, -100_000),
    ],
)
def test_tax_is_on_what_is_earned_or_on_the_accepted_part(
    base: Any, late: int, vat: int, withheld: int
) -> None:
    clauses = {
        "tax": Tax(vat=D(6), withholding=D(10), base=base),
        "late_penalty": LatePenalty(rate=D("0.1"), cap=D(10)),
    }
    found = amounts(late=late, terms=clauses)
    assert (found["vat"], found["withholding"]) == (vat, withheld)


def test_a_claim_takes_its_tax_back() -> None:
    """Earned is 1,000,000 − 1,500,000: the tax is that on −500,000, signs turned."""
    clauses = {
        "tax": Tax(vat=D(6), withholding=D(10)),
        "late_penalty": LatePenalty(rate=D(5), cap=None),
    }
    found = amounts(late=30, terms=clauses)
    assert found == {"late": -1_500_000, "vat": -30_000, "withholding": 50_000}


@pytest.mark.parametrize(
    ("rounding", "amount", "vat"),
    [
        ("half-up", 25, 2),
        ("half-even", 25, 2),
        ("half-up", 75, 5),
        ("half-even", 75, 4),
        ("half-up", 8, 0),
        ("half-up", 9, 1),
    ],
)
def test_tax_is_rounded_once_by_the_contracts_rule(rounding: str, amount: int, vat: int) -> None:
    clauses = {"tax": Tax(vat=D(6)), "rounding": rounding}
    assert amounts(amount, terms=clauses).get("vat", 0) == vat


# --- retention ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("completed", "retained"),
    [
        (0, 100_000),  # all of it before 50 % of 4,000,000
        (1_000_000, 100_000),  # reaches the share exactly
        (1_000_001, 100_000),  # one minor unit beyond: 99,999.9 + 0.05, rounded once
        (1_500_000, 75_000),  # crosses it half-way
        (2_000_000, 50_000),  # all of it beyond
        (3_000_000, 50_000),
    ],
)
def test_retention_steps_down_where_the_completion_share_is_crossed(
    completed: int, retained: int
) -> None:
    clause = Retention(rate=D(10), until=D(50), then=D(5))
    progress = {"contract_minor": 4_000_000, "completed_minor": completed}
    found = amounts(terms={"retention": clause}, progress=progress)
    assert found == {"retained": -retained}


@pytest.mark.parametrize(
    ("amount", "first", "then", "retained"), [(101, "50", "51", -25), (103, "51", "52", -26)]
)
def test_the_side_before_the_completion_share_is_whole_minor_units_rounded_down(
    amount: int, first: str, then: str, retained: int
) -> None:
    """Half of 101 is 50.5: 50 of them at 50 % are 25; 51 would have been 25.5, and so 26. Half of 103 is 51.5."""
    clause = Retention(rate=D(50), until=D(50))
    found = lines_of(amount, terms={"retention": clause}, progress={"contract_minor": amount})
    assert found[-1].amount_minor == retained
    assert calculation("retained", found)["first_minor"] == first
    assert calculation("retained", found)["then_minor"] == then


def test_a_milestone_that_crosses_says_how_much_lies_on_each_side() -> None:
    clause = Retention(rate=D(10), until=D(50))
    progress = {"contract_minor": 4_000_000, "completed_minor": 1_500_000}
    said = calculation("retained", lines_of(terms={"retention": clause}, progress=progress))
    assert (said["first_minor"], said["then_minor"], said["then"]) == ("500000", "500000", "0%")


@pytest.mark.parametrize(
    ("retained", "more"),
    [(0, 100_000), (100_000, 100_000), (150_000, 50_000), (200_000, 0), (250_000, 0)],
)
def test_retention_stops_accruing_at_its_limit(retained: int, more: int) -> None:
    """5 % of 4,000,000 in all, however much is kept back of each part."""
    clause = Retention(rate=D(10), limit=D(5))
    progress = {"contract_minor": 4_000_000, "retained_minor": retained}
    found = amounts(terms={"retention": clause}, progress=progress)
    assert found.get("retained", 0) == -more


def test_bonus_penalty_and_tax_are_not_kept_back() -> None:
    clauses = {
        "retention": Retention(rate=D(10)),
        "tax": Tax(vat=D(6)),
        "early_bonus": EarlyBonus(rate=D(1), cap=D(5)),
    }
    assert amounts(late=-3, terms=clauses) == {
        "early": 30_000,
        "vat": 61_800,
        "retained": -100_000,
    }


# --- advances ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("opened", "recovered"), [(0, 0), (-5, 0), (1, 1), (199_999, 199_999), (200_000, 200_000)]
)
def test_an_advance_is_never_recovered_beyond_what_is_open(opened: int, recovered: int) -> None:
    progress = {"open_advance_minor": opened}
    found = amounts(terms={"advance": AdvanceRecovery(rate=D(20))}, progress=progress)
    assert found.get("recovered", 0) == -recovered
    found = amounts(2_000_000, terms={"advance": AdvanceRecovery(rate=D(20))}, progress=progress)
    assert found.get("recovered", 0) == -recovered


def test_recovery_is_from_the_gross_or_from_what_is_left_to_pay() -> None:
    clauses: dict[str, Any] = {"retention": Retention(rate=D(10)), "tax": Tax(vat=D(6))}
    progress = {"open_advance_minor": 10**9}
    by_base = {
        base: amounts(
            terms=clauses | {"advance": AdvanceRecovery(rate=D(50), base=base)}, progress=progress
        )["recovered"]
        for base in ("gross", "net")
    }
    assert by_base == {"gross": -500_000, "net": -480_000}  # 1,000,000 + 60,000 − 100,000


def test_nothing_is_recovered_from_a_claim() -> None:
    clauses = {
        "late_penalty": LatePenalty(rate=D(5), cap=None),
        "advance": AdvanceRecovery(rate=D(50), base="net"),
    }
    found = amounts(late=30, terms=clauses, progress={"open_advance_minor": 10**9})
    assert found == {"late": -1_500_000}


def test_an_advance_is_priced_without_any_clause() -> None:
    clauses = {
        "tax": Tax(vat=D(6)),
        "retention": Retention(rate=D(10)),
        "early_bonus": EarlyBonus(rate=D(1), cap=D(5)),
        "advance": AdvanceRecovery(rate=D(50)),
    }
    found = amounts(late=-5, terms=clauses, kind="advance", progress={"open_advance_minor": 10**9})
    assert found == {}


# --- nothing, and one cent -------------------------------------------------------------------------

EVERY: dict[str, Any] = {
    "early_bonus": EarlyBonus(rate=D("0.5"), cap=D(5)),
    "late_penalty": LatePenalty(rate=D("0.1"), cap=D(10)),
    "retention": Retention(rate=D(10)),
    "tax": Tax(vat=D(6), withholding=D(10)),
    "advance": AdvanceRecovery(rate=D(20)),
}


@pytest.mark.parametrize("late", [-5, 0, 5])
def test_a_milestone_worth_nothing_has_its_gross_line_and_no_other(late: int) -> None:
    found = lines_of(0, late, terms=EVERY, progress={"open_advance_minor": 1_000})
    assert [(line.step, line.amount_minor) for line in found] == [("gross", 0)]


def test_a_milestone_worth_one_cent_rounds_each_line_by_itself() -> None:
    """10 %, 6 % and 20 % of one cent are below half a cent; 50 % is rounded away from zero."""
    progress = {"open_advance_minor": 1_000}
    assert amounts(1, terms=EVERY, progress=progress) == {}
    halves = {"retention": Retention(rate=D(50)), "advance": AdvanceRecovery(rate=D("49.9"))}
    assert amounts(1, terms=halves, progress=progress) == {"retained": -1}
    even = halves | {"rounding": "half-even"}
    assert amounts(1, terms=even, progress=progress) == {}


HALVES = {
    "late_penalty": LatePenalty(rate=D("0.5"), cap=D(10)),
    "early_bonus": EarlyBonus(rate=D("0.5"), cap=D(10)),
}


@pytest.mark.parametrize(
    ("amount", "half_up", "half_even"), [(100, 1, 0), (300, 2, 2), (500, 3, 2), (900, 5, 4)]
)
@pytest.mark.parametrize("late", [1, -1])
def test_a_day_of_half_a_percent_is_rounded_once_by_the_contracts_rule(
    amount: int, half_up: int, half_even: int, late: int
) -> None:
    """0.5 % of 1.00, 3.00, 5.00 and 9.00 are 0.5, 1.5, 2.5 and 4.5 cents."""
    for rounding, cents in (("half-up", half_up), ("half-even", half_even)):
        found = amounts(amount, late, terms=HALVES | {"rounding": rounding})
        assert sum(found.values()) == -late * cents


TINY: dict[str, tuple[dict[str, Any], int]] = {
    "early": ({"early_bonus": EarlyBonus(rate=D(1), cap=D(5))}, -3),
    "early, its own cap": ({"early_bonus": EarlyBonus(rate=D(9), cap=D(0))}, -3),
    "disincentive": (
        {"early_bonus": EarlyBonus(cap=D(5), disincentive=Disincentive(rate=D(1), cap=None))},
        3,
    ),
    "late": ({"late_penalty": LatePenalty(rate=D(1), cap=None)}, 3),
    "damages": ({"late_damages": LateDamages(per_day_minor=0, cap_minor=None)}, 3),
    "tax": ({"tax": Tax(vat=D(4), withholding=D(4))}, 0),
    "retained": ({"retention": Retention(rate=D(4))}, 0),
    "recovered": ({"advance": AdvanceRecovery(rate=D(4))}, 0),
}


@pytest.mark.parametrize("name", TINY)
def test_what_rounds_to_nothing_is_no_line(name: str) -> None:
    """Three days of 1 %, or 4 %, of ten cents are less than half a cent."""
    clauses, late = TINY[name]
    assert amounts(10, late, terms=clauses, progress={"open_advance_minor": 500}) == {}
