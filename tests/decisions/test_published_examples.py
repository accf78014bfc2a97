"""Published figures on late delivery and early completion (rows B and C of the worked examples)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from pydantic import TypeAdapter, ValidationError

from ledger.terms import EarlyBonus, LatePenalty
from tests.decisions.builders import approves, contract, day, days_after, defined, play, submits

DUE = day(8, 21)
PER_DAY_5000 = LatePenalty(rate=Decimal("0.5"), cap=Decimal(20))  # of 1,000,000.00


@pytest.mark.parametrize(
    ("days", "charged"), [(30, 15_000_000), (40, 20_000_000), (41, 20_000_000), (50, 20_000_000)]
)
def test_5000_a_day_capped_at_200000(days: int, charged: int) -> None:
    """B2a, B2b: 30 days make 150,000; 50 days accrue 250,000, of which 200,000 is charged."""
    story = contract(
        defined("M1", amount_minor=100_000_000), late_penalty=PER_DAY_5000, ceiling_minor=None
    )
    play(
        story, submits("M1", days_after(DUE, days)), approves("M1"), approves("M1", by="finance-1")
    )
    assert story.the_state().milestones["M1"].penalty_minor == charged


def test_without_a_cap_stated_as_such_the_deduction_may_exceed_the_amount() -> None:
    """B3: the net is then a claim on the partner."""
    no_cap = LatePenalty(rate=Decimal(5), cap=None)
    story = play(
        contract(late_penalty=no_cap), submits("M1", DUE + timedelta(days=21)), approves("M1")
    )
    milestone = story.the_state().milestones["M1"]
    assert (milestone.penalty_minor, milestone.outstanding_minor) == (1_050_000, -50_000)
    assert milestone.payable_minor == 0
    assert dict(milestone.lines[-1].line.calculation)["cap"] == "no cap"


@pytest.mark.parametrize("clause", [EarlyBonus, LatePenalty])
def test_a_cap_is_never_left_out(clause: type) -> None:
    """C1 and B3: no bonus without a maximum, and "no cap" on a penalty has to be written."""
    with pytest.raises(ValidationError, match="cap"):
        TypeAdapter(clause).validate_python({"rate": "0.5%"})


@pytest.mark.parametrize(("days", "bonus"), [(9, 9_000_000), (10, 10_000_000), (18, 10_000_000)])
def test_an_early_bonus_stops_at_its_maximum(days: int, bonus: int) -> None:
    """C1: at most 5 % of 2,000,000.00, that is 100,000.00, however early."""
    story = contract(defined("M1", amount_minor=200_000_000), ceiling_minor=None)
    early = submits("M1", days_after(DUE, -days))
    play(story, early, approves("M1"), approves("M1", by="finance-1"))
    assert story.the_state().milestones["M1"].bonus_minor == bonus
