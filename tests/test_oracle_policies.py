"""Who decides and which days count agree with the independent oracle, and planted bugs in them do not."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.calendars import calendar
from projections.oracle.faults import faults
from projections.oracle.working_days import OFF, works
from tests.oracle.mutants import Mutant
from tests.oracle.mutants_policies import MUTANTS_POLICIES
from tests.oracle.portfolios import as_json, play_policies
from tests.oracle.shown import soonest
from tests.test_oracle_money import disagreements

SEEDS = range(24)
MORE_SEEDS = range(160)


@pytest.mark.parametrize("seed", SEEDS)
def test_whoever_decided_was_entitled_and_every_day_is_the_one_agreed(seed: int) -> None:
    assert faults(as_json(play_policies(seed).records)) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_every_row_and_rate_of_it_is_what_the_facts_say(seed: int) -> None:
    assert list(disagreements(play_policies(seed).records)) == []


@given(seed=st.integers(0, 2**32), steps=st.integers(1, 180))
def test_any_portfolio_with_policies_is_lawful(seed: int, steps: int) -> None:
    assert faults(as_json(play_policies(seed, steps).records)) == []


@pytest.mark.parametrize("mutant", MUTANTS_POLICIES, ids=lambda mutant: mutant.name)
def test_a_planted_bug_is_noticed(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant.plant(monkeypatch)
    walks = soonest(mutant.name, MORE_SEEDS)
    noticed = any(faults(as_json(play_policies(seed).records)) for seed in walks)
    assert noticed, "the oracle agrees with a bug"


def test_the_oracles_working_days_in_china_are_those_of_the_notices(published: Path) -> None:
    for year in OFF:
        notice = json.loads((published / "calendar" / f"{year}.json").read_text(encoding="utf-8"))
        off = {date.fromisoformat(day["date"]): day["isOffDay"] for day in notice["days"]}
        day, works_in_china = date(year, 1, 1), works({"calendars": ["CN"]})
        while day.year == year:
            assert works_in_china(day) == (not off.get(day, day.weekday() > 4)), day
            day += timedelta(days=1)


def test_the_oracles_federal_holidays_are_those_of_the_library() -> None:
    mine, theirs = works({"calendars": ["US"]}), calendar(("US",))
    days = (date(2022, 1, 1) + timedelta(days=number) for number in range(3_650))
    assert [day for day in days if mine(day) != theirs.is_business_day(day)] == []
