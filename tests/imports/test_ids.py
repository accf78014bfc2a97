"""Ids, amounts and formats of a sheet at the edges of what they may be."""

from __future__ import annotations

from decimal import Decimal

import pytest

from commands.imports.amounts import Amount, amount_of
from commands.imports.cells import contract_id, milestone_id
from commands.imports.mapping import parse_mapping


@pytest.mark.parametrize(
    ("written", "contract", "milestone"),
    [
        ("M1", "M1", "M1"),
        ("50%", "50%", "50%"),
        ("A%231", "A%231", "A%231"),  # what an export of ours wrote is read back
        ("A/1", "A/1", "A%2F1"),
        ("A#1", "A%231", "A%231"),
        ("5% #1", "5%25 %231", "5%25 %231"),
        ("5%/#1", "5%25/%231", "5%25%2F%231"),
    ],
)
def test_the_signs_at_which_references_are_split_are_encoded(
    written: str, contract: str, milestone: str
) -> None:
    assert (contract_id(written), milestone_id(written)) == (contract, milestone)


def test_zero_is_zero_with_any_number_of_places() -> None:
    assert amount_of(Decimal("0." + "0" * 80), "EUR") == Amount(0)


def test_a_percent_sign_of_a_date_is_written_twice() -> None:
    mapping = parse_mapping('date_format: "%d%%%m%%%Y"', "map")
    assert mapping.notation.date_formats == ("%d%%%m%%%Y",)
