"""Ids, amounts, formats and losses of a sheet at the edges of what they may be."""

from __future__ import annotations

from decimal import Decimal

import pytest

from commands.imports.amounts import Amount, amount_of
from commands.imports.cells import contract_id, milestone_id
from commands.imports.found import Reading
from commands.imports.mapping import parse_mapping
from commands.imports.recording import Taken
from commands.imports.telling import Told
from ledger.errors import InputInvalid


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


def test_a_constant_amount_may_have_the_decimals_that_some_currency_has() -> None:
    """ISO 4217 gives four to the CLF, and none more; what the rows' currency is, the map cannot know."""
    told = "fields: {{amount: {{constant: '{}'}}}}"
    assert parse_mapping(told.format("0.1234"), "map").sources["amount"].constant == "0.1234"
    with pytest.raises(InputInvalid) as refused:
        parse_mapping(told.format("0.12345"), "map")
    assert refused.value.code == "csv-map-constant"


def test_a_contract_that_a_rule_refuses_is_lost_like_a_row_that_cannot_be_read() -> None:
    reading, refused = Reading(), Reading()
    reading.skip("a.csv:2", "no date")
    refused.skip("a.csv:3", "no such day")
    told = Told("csv", "a.csv", reading, Taken(skipped=refused.skipped), dry_run=False)
    assert (reading.lost, told.lost) == (1, 2)
