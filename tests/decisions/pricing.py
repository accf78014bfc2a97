"""A delivery to be priced by the clauses under test and by no others, in one line."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ledger.events import Line
from ledger.pricing.delivered import Delivered, Progress
from ledger.pricing.order import price
from ledger.terms import Terms
from tests.decisions.builders import TERMS

D = Decimal
DUE = date(2026, 8, 21)
NO_CLAUSES = replace(TERMS, payment=None, early_bonus=None, late_penalty=None)


def a_delivery(
    amount: int = 1_000_000,
    late: int = 0,
    *,
    whole: int | None = None,
    terms: dict[str, Any] | None = None,
    progress: dict[str, int] | None = None,
    **more: Any,
) -> Delivered:
    """`amount` accepted of `whole` (all of it where not given), so many days late (below zero: early)."""
    whole = amount if whole is None else whole
    return Delivered(
        terms=replace(NO_CLAUSES, **(terms or {})),
        milestone="M1",
        planned_minor=whole,
        accepted_minor=amount,
        due=DUE,
        submitted_on=DUE + timedelta(days=late),
        whole_minor=whole,
        progress=Progress(**(progress or {})),
        **more,
    )


def lines_of(amount: int = 1_000_000, late: int = 0, **more: Any) -> list[Line]:
    return price(a_delivery(amount, late, **more))


def amounts(amount: int = 1_000_000, late: int = 0, **more: Any) -> dict[str, int]:
    """What each clause gives in all, by its name; the gross is left out."""
    found: dict[str, int] = {}
    for line in lines_of(amount, late, **more):
        if line.step != "gross":
            found[line.clause] = found.get(line.clause, 0) + line.amount_minor
    return found


def calculation(clause: str, lines: list[Line]) -> dict[str, str]:
    """The inputs from which a person can check a clause's one line."""
    (line,) = (line for line in lines if line.clause == clause)
    return dict(line.calculation)


def terms(**clauses: Any) -> Terms:
    """The standard parties with no clause but these."""
    return replace(NO_CLAUSES, **clauses)
