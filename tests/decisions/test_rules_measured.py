"""What a submission may say that it measured, each rule at its edge."""

from __future__ import annotations

import pytest

from ledger.events import Result
from ledger.terms import Criterion, QualityBonus, QualityTier
from tests.decisions.builders import contract, defined, measured, permitted, refused, submits
from tests.decisions.marks import permits, refuses
from tests.decisions.spec import Story

FOOTFALL = QualityBonus(milestone="M1", criterion="footfall", at_least="5000", amount_minor=3)
TIERED = QualityBonus(
    milestone="M1",
    criterion="wait",
    tiers=(
        QualityTier(at_least="3 days", amount_minor=2),
        QualityTier(at_least="9 days", amount_minor=5),
    ),
)
RATE = Criterion(name="conversion_rate", at_least="3%")


def with_criteria(*criteria: Criterion) -> Story:
    return contract(defined(criteria=criteria), defined("M2"), quality_bonuses=(FOOTFALL, TIERED))


@permits("measured-criterion-known")
def test_the_criteria_of_the_milestone_and_of_its_bonuses_are_measured() -> None:
    permitted(with_criteria(), submits(results=measured(footfall="5200", wait="4 days")))
    permitted(with_criteria(RATE), submits(results=measured(conversion_rate="4%")))
    permitted(with_criteria(), submits())


@refuses("measured-criterion-known")
def test_what_neither_the_milestone_nor_a_bonus_names_is_not_measured() -> None:
    rule = "measured-criterion-known"
    refused(with_criteria(), submits(results=measured(footfal="5200")), rule)
    refused(with_criteria(), submits("M2", results=measured(footfall="5200")), rule)


def test_an_unknown_criterion_is_refused_with_the_one_that_comes_close() -> None:
    story = with_criteria(RATE)
    by, intent = submits(results=measured(Footfal="5200", conversion_rate="4%"))
    problem = story.when(intent, by=by).refused("measured-criterion-known")
    assert "'Footfal'" in problem.message
    assert problem.hint == "did you mean footfall? its criteria are conversion_rate, footfall, wait"


@permits("criterion-measured-once")
def test_each_criterion_is_measured_once() -> None:
    permitted(with_criteria(), submits(results=measured(footfall="5200")))


@refuses("criterion-measured-once")
def test_two_values_of_one_criterion_leave_open_which_counts() -> None:
    twice = (*measured(footfall="5200"), *measured(footfall="4800"))
    refused(with_criteria(), submits(results=twice), "criterion-measured-once")


@permits("measured-in-its-unit")
@pytest.mark.parametrize(
    ("criterion", "value"),
    [
        (RATE, "3.4%"),
        (Criterion(name="conversion_rate"), "3.4 per mille"),
        (Criterion(name="conversion_rate", at_most="12 days"), "11.5 days"),
        (Criterion(name="conversion_rate", at_most="0.05"), "0.034"),
    ],
)
def test_a_value_in_the_unit_of_its_criterion_or_in_any_where_none_is_stated(
    criterion: Criterion, value: str
) -> None:
    permitted(with_criteria(criterion), submits(results=measured(conversion_rate=value)))


@refuses("measured-in-its-unit")
@pytest.mark.parametrize(
    ("criterion", "value", "hint"),
    [
        (RATE, "0.034", "write conversion_rate=3.4% if that is what was measured"),
        (RATE, "34", "write conversion_rate=34% if that is what was measured"),
        (RATE, "3.4 days", "write conversion_rate=3.4% if that is what was measured"),
        (
            Criterion(name="conversion_rate", at_least="12 days"),
            "13",
            "write conversion_rate=13 days",
        ),
        (
            Criterion(name="conversion_rate", at_least="0.03"),
            "3.4%",
            "convert it if need be, and write conversion_rate=3.4",
        ),
    ],
)
def test_a_value_in_another_unit_is_refused_with_what_was_meant(
    criterion: Criterion, value: str, hint: str
) -> None:
    by, intent = submits(results=measured(conversion_rate=value))
    problem = with_criteria(criterion).when(intent, by=by).refused("measured-in-its-unit")
    assert problem.hint == hint


def test_the_unit_of_a_bonus_counts_where_the_milestone_states_none() -> None:
    refused(
        with_criteria(), submits(results=measured(footfall="5200 visitors")), "measured-in-its-unit"
    )
    refused(with_criteria(), submits(results=measured(wait="4")), "measured-in-its-unit")


def test_a_value_that_is_none_is_refused_by_the_interface_for_programs_too() -> None:
    by, intent = submits(results=(Result(criterion="footfall", measured="5 200"),))
    with_criteria().when(intent, by=by).fails("measure-invalid")
