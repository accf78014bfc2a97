"""What holds for every combination of clauses, every delivery and every history: drawn at random."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import assume
from hypothesis import given as forall
from hypothesis import strategies as st

from ledger.events import Line
from ledger.money import round_minor
from ledger.pricing.delivered import Delivered, Progress
from ledger.pricing.order import price
from ledger.pricing.tax import taxes
from ledger.retaining import parts_of
from ledger.state import Contract, Milestone
from ledger.terms import (
    AdvanceRecovery,
    Disincentive,
    EarlyBonus,
    EarlyStep,
    LateDamages,
    LatePenalty,
    PayeePolicy,
    QualityBonus,
    Retention,
    RetentionRelease,
    Tax,
    TerminationClause,
    Terms,
)
from tests.decisions import builders as b
from tests.decisions.pricing import DUE, NO_CLAUSES, D
from tests.decisions.random_acts import CEILING, Play
from tests.imports.contracts import CLAUSES, LATENESS, PERCENTS

MINORS = st.integers(0, 10**12)


@st.composite
def deliveries(draw: st.DrawFn, /, **fixed: Any) -> Delivered:
    """Any part of a milestone, any days early or late, under any terms."""
    clauses: dict[str, Any] = {name: draw(one) for name, one in CLAUSES.items()}
    clauses |= {name: draw(one) for name, one in draw(st.sampled_from(LATENESS)).items()}
    rounding: Any = draw(st.sampled_from(["half-up", "half-even"]))
    whole = draw(MINORS)
    part = draw(st.integers(0, whole))
    values: dict[str, Any] = {
        "submitted_on": DUE + timedelta(days=draw(st.integers(-60, 400))),
        "charged_minor": draw(st.integers(0, 10**6)),
        "damages_minor": draw(st.integers(0, 10**6)),
        "adjusted_minor": draw(st.integers(-(10**9), 10**9)),
        "suspended_days": draw(st.integers(0, 30)),
        "progress": Progress(
            contract_minor=whole + draw(MINORS),
            completed_minor=draw(MINORS),
            retained_minor=draw(MINORS),
            early_bonus_minor=draw(MINORS),
            open_advance_minor=draw(MINORS),
        ),
    }
    return Delivered(
        terms=replace(NO_CLAUSES, rounding=rounding, **clauses),
        milestone="M1",
        planned_minor=whole,
        accepted_minor=part,
        due=DUE,
        whole_minor=whole,
        **(values | fixed),
    )


def amount_of(lines: list[Line], *clauses: str) -> int:
    return sum(line.amount_minor for line in lines if line.clause in clauses)


def share(delivered: Delivered, percent: Any, base_minor: int) -> int:
    return round_minor(Fraction(percent) * base_minor / 100, delivered.terms.rounding)


# --- one delivery --------------------------------------------------------------------------------


@forall(deliveries())
def test_the_first_line_is_the_gross_and_every_other_has_the_sign_of_its_clause(
    delivered: Delivered,
) -> None:
    gross, *rest = price(delivered)
    assert (gross.step, gross.amount_minor) == ("gross", delivered.accepted_minor)
    for line in rest:
        assert line.amount_minor != 0
        assert line.step == "tax" or (line.amount_minor > 0) == (line.step == "bonus")
    names = [(line.step, line.clause) for line in rest]
    assert len(names) == len(set(names))


@forall(deliveries())
def test_no_line_exceeds_its_cap(delivered: Delivered) -> None:
    lines, terms, part = price(delivered), delivered.terms, delivered.accepted_minor
    progress = delivered.progress
    if (early := terms.early_bonus) is not None:
        bonus = amount_of(lines, "early")
        assert bonus <= share(delivered, early.cap, part)
        if early.contract_cap is not None:
            limit = share(delivered, early.contract_cap, progress.contract_minor)
            assert bonus <= max(0, limit - progress.early_bonus_minor)
        if early.disincentive is not None and early.disincentive.cap is not None:
            cap = share(delivered, early.disincentive.cap, part)
            assert -amount_of(lines, "disincentive") <= cap
    if (late := terms.late_penalty) is not None and late.cap is not None:
        base = part if late.base == "part" else delivered.whole_minor
        assert -amount_of(lines, "late") <= share(delivered, late.cap, base)
    if (damages := terms.late_damages) is not None and damages.cap_minor is not None:
        charged = delivered.damages_minor - amount_of(lines, "damages")
        assert charged <= max(damages.cap_minor, delivered.damages_minor)


@forall(deliveries())
def test_no_more_is_kept_back_or_recovered_than_there_is(delivered: Delivered) -> None:
    lines, terms, part = price(delivered), delivered.terms, delivered.accepted_minor
    kept = -amount_of(lines, "retained")
    assert 0 <= kept <= part
    if terms.retention is not None and terms.retention.limit is not None:
        limit = share(delivered, terms.retention.limit, delivered.progress.contract_minor)
        assert kept <= max(0, limit - delivered.progress.retained_minor)
    recovered = -amount_of(lines, "recovered")
    assert 0 <= recovered <= delivered.progress.open_advance_minor
    if terms.advance is not None and terms.advance.base == "gross":
        assert recovered <= share(delivered, terms.advance.rate, part)
    elif terms.advance is not None:
        left = sum(line.amount_minor for line in lines) + delivered.adjusted_minor + recovered
        assert recovered <= max(0, left)


@forall(deliveries(adjusted_minor=0))
def test_early_and_late_exclude_each_other(delivered: Delivered) -> None:
    lines = price(delivered)
    assert not (amount_of(lines, "early") and amount_of(lines, "late", "damages"))
    assert not (amount_of(lines, "early") and amount_of(lines, "disincentive"))


# --- a clause that does not apply ----------------------------------------------------------------

QUIET: dict[str, dict[str, Any]] = {
    "retention of 0 %": {"retention": Retention(rate=D(0))},
    "retention used up": {"retention": Retention(rate=D(10), limit=D(0))},
    "retention that ended": {"retention": Retention(rate=D(10), until=D(0))},
    "recovery of no advance": {"advance": AdvanceRecovery(rate=D(80))},
    "a penalty in time": {"late_penalty": LatePenalty(rate=D(1), cap=None, base="milestone")},
    "damages in time": {"late_damages": LateDamages(per_day_minor=5, cap_minor=None)},
    "a table not reached": {
        "early_bonus": EarlyBonus(cap=D(5), table=(EarlyStep(days=61, rate=D(1)),))
    },
    "a bonus of 0 %": {"early_bonus": EarlyBonus(rate=D(1), cap=D(0))},
    "a disincentive in time": {
        "early_bonus": EarlyBonus(cap=D(0), disincentive=Disincentive(rate=D(1), cap=None))
    },
    "tax of 0 %": {"tax": Tax()},
    "quality of another milestone": {
        "quality_bonuses": (
            QualityBonus(milestone="M2", criterion="c", at_least="1", amount_minor=7),
        )
    },
    "payees": {"payees": PayeePolicy(required=True)},
    "a fee for ending early": {"termination": TerminationClause(fee=D(5))},
}


@pytest.mark.parametrize("quiet", QUIET.values(), ids=list(QUIET))
@forall(st.data())
def test_adding_a_clause_that_does_not_apply_changes_nothing(
    quiet: dict[str, Any], data: st.DataObject
) -> None:
    """Delivered in time, with no advance open: the lines are the same with and without it."""
    days = data.draw(st.integers(0, 60))
    progress = Progress(contract_minor=10**12)
    fixed: dict[str, Any] = {"submitted_on": DUE - timedelta(days=days), "progress": progress}
    delivered = data.draw(deliveries(charged_minor=0, damages_minor=0, **fixed))
    absent: dict[str, Any] = {name: () if name == "quality_bonuses" else None for name in quiet}
    without = replace(delivered, terms=replace(delivered.terms, **absent), lines=[])
    having = replace(delivered, terms=replace(delivered.terms, **quiet), lines=[])
    assert price(having) == price(without)


# --- sums ----------------------------------------------------------------------------------------


@forall(
    st.builds(Tax, vat=PERCENTS, withholding=PERCENTS),
    st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=12),
    st.sampled_from(["half-up", "half-even"]),
)
def test_tax_lines_sum_to_the_tax_on_the_whole(tax: Tax, earned: list[int], rounding: Any) -> None:
    """Whatever adjustments follow one another, no cent of rounding is left over."""
    terms = replace(NO_CLAUSES, tax=tax, rounding=rounding)
    posted: dict[str, int] = {}
    for count in range(1, len(earned) + 1):
        for line in taxes(terms, sum(earned[:count]), posted):
            posted[line.clause] = posted.get(line.clause, 0) + line.amount_minor
    whole = sum(earned)
    assert posted.get("vat", 0) == round_minor(Fraction(tax.vat) * whole / 100, rounding)
    withheld = round_minor(Fraction(tax.withholding) * whole / 100, rounding)
    assert posted.get("withholding", 0) == -withheld


@forall(MINORS, st.lists(st.integers(1, 10**6), min_size=1, max_size=6))
def test_the_parts_of_a_retention_sum_to_the_whole(kept: int, weights: list[int]) -> None:
    """For any shares of 100 %, each part is its share to the cent below or above."""
    exact = [D(weight) * 100 / sum(weights) for weight in weights[:-1]]
    shares = [value.quantize(D("0.000001")) for value in exact]
    shares.append(100 - sum(shares, D(0)))
    assume(shares[-1] >= 0)
    clause = Retention(rate=D(10), release=tuple(RetentionRelease(share=s) for s in shares))
    story = b.accepted("M1", retention=clause)
    state = story.the_state()
    milestone = state.milestones["M1"]
    milestone.retained_minor = kept
    parts = [part for _, part in parts_of(state, milestone)]
    assert sum(parts) == kept
    for part, wanted in zip(parts, shares, strict=True):
        assert abs(part - Fraction(wanted) * kept / 100) < 1


# --- a whole history -----------------------------------------------------------------------------

ALL: dict[str, Any] = {
    "ceiling_minor": CEILING,
    "tax": Tax(vat=D("6.1"), withholding=D("9.7")),
    "retention": Retention(rate=D("7.3"), until=D(50), then=D(3), limit=D(5)),
    "advance": AdvanceRecovery(rate=D(30)),
    "late_penalty": LatePenalty(rate=D("0.13"), cap=D(10), base="milestone"),
    "early_bonus": EarlyBonus(rate=D("0.5"), cap=D(5), contract_cap=D(1)),
}


def played(seed: int, acts: int) -> Contract:
    """A contract with every clause, on which so many acts follow one another."""
    advance = b.defined("A", kind="advance", amount_minor=300_000, due=b.day(8, 7))
    play = Play(Random(seed), b.contract(advance, b.defined("M1"), b.defined("M2"), **ALL))
    for _ in range(acts):
        play.act()
    return play.state


def tax_on(terms: Terms, milestone: Milestone) -> tuple[int, int]:
    assert terms.tax is not None
    base = milestone.taxable_minor if milestone.acceptance and milestone.kind != "advance" else 0
    vat = round_minor(Fraction(terms.tax.vat) * base / 100, terms.rounding)
    return vat, -round_minor(Fraction(terms.tax.withholding) * base / 100, terms.rounding)


@forall(st.integers(0, 2**32 - 1), st.integers(20, 80))
def test_after_any_history_every_cent_has_its_line(seed: int, acts: int) -> None:
    state = played(seed, acts)
    for m in state.milestones.values():
        lines = [posted.line for posted in m.lines]
        earned = m.gross_minor + m.bonus_minor - m.penalty_minor + m.adjustment_minor
        kept = m.retained_minor + m.recovered_minor
        assert sum(line.amount_minor for line in lines) == earned + m.tax_minor - kept
        assert (amount_of(lines, "vat"), amount_of(lines, "withholding")) == tax_on(state.terms, m)
        assert m.tax_minor == amount_of(lines, "vat", "withholding")
        assert 0 <= m.retained_minor <= m.gross_minor
        assert m.recovered_minor >= 0
        if m.acceptance is None:
            assert (m.gross_minor, m.retained_minor, m.recovered_minor, m.tax_minor) == (0,) * 4
