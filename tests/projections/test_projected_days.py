"""Before acceptance the plan says when payment would fall due: as acceptance on the due day itself would say."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest

from ledger.pricing.payment_due import payment_due
from ledger.terms import PaymentTerms
from projections.derive.schedule import projected_due
from tests.decisions.pricing import terms

COUNTED: list[dict[str, Any]] = [
    {"net_days": 30},
    {"net_days": 0},
    {"net_days": 7, "after": "month-end"},
    {"net_days": 7, "until": "month-end"},
    {"day_of_next_month": 10},
    {"day_of_next_month": 31, "after": "month-end"},
    {"net_days": 30, "day_of_next_month": 10, "days_first": True},
]


@pytest.mark.parametrize(
    ("counted", "days"), list(product(COUNTED, ["calendar", "business"])), ids=str
)
def test_without_holidays_the_plan_and_an_acceptance_on_its_day_agree(
    counted: dict[str, Any], days: Any
) -> None:
    # Calendar days, and a day of the month alone, are rolled only when the day is reckoned for good.
    rolls = days == "business" and ("day_of_next_month" not in counted or "days_first" in counted)
    roll: Any
    for roll in ("none", "forward") if rolls else ("none",):
        agreed = terms(payment=PaymentTerms(days=days, roll=roll, **counted))
        for offset in range(62):
            due = date(2026, 1, 1) + timedelta(days=offset)
            assert projected_due(agreed, due)[0] == payment_due(agreed, due).day
