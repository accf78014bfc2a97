"""The clauses on money, each registered once, in the order in which a milestone is priced.

Adding a clause means a module in ledger/pricing and an entry here. What else belongs to it (the contract file's check,
words, recomputation, journals, what an export loses) is asked of every entry by tests/test_clause_parts.py, and
docs/extending.md goes through all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from ledger import calculations as kept
from ledger.calculations import Calculation, Stated
from ledger.events import Line
from ledger.pricing import (
    advance_recovery,
    disincentive,
    early_bonus,
    gross,
    late_damages,
    late_penalty,
    quality_bonus,
    retention,
    tax,
)
from ledger.pricing.delivered import Delivered


class Clause(NamedTuple):
    """What posts price lines: the field of the terms that agrees it ("" where people decide it, or no contract is
    without), the steps and names of its lines with what they keep, and what prices it (None: nothing at acceptance).
    """

    term: str
    keeps: Mapping[tuple[str, str], type[Calculation]]
    price: Callable[[Delivered], list[Line]] | None = None


CLAUSES: tuple[Clause, ...] = (
    Clause("", {("gross", "accepted-part"): kept.Gross}, gross.lines),
    Clause("early_bonus", {("bonus", "early"): kept.Early}, early_bonus.lines),
    Clause("quality_bonuses", {("bonus", "quality"): kept.Quality}, quality_bonus.lines),
    Clause("late_penalty", {("penalty", "late"): kept.Late}, late_penalty.lines),
    Clause("late_damages", {("penalty", "damages"): kept.Damages}, late_damages.lines),
    Clause("early_bonus", {("penalty", "disincentive"): kept.Late}, disincentive.lines),
    Clause("tax", {("tax", name): kept.Taxed for name in ("vat", "withholding")}, tax.lines),
    Clause(
        "retention",
        {("retention", "retained"): kept.Retained, ("retention", "release"): kept.Released},
        retention.lines,
    ),
    Clause("advance", {("advance", "recovered"): kept.Recovered}, advance_recovery.lines),
    # What later acts post.
    Clause("payment", {("settlement", "discount"): kept.Discount}),
    Clause("termination", {("charge", "termination-fee"): kept.Fee}),
    Clause("", {("bonus", "discretionary"): kept.Discretionary}),
    Clause("", {("penalty", "waiver"): kept.TakenBack}),
    Clause("", {("adjustment", "dispute"): kept.Resolved}),
    Clause("", {("settlement", "set-off"): kept.SetOff}),
)

KEPT = {name: found for clause in CLAUSES for name, found in clause.keeps.items()}


def calculation_of(line: Line) -> Calculation:
    """What a line keeps, by its step and clause; `Stated` where it is none of ours, or does not fit."""
    stored = line.calculation
    found = KEPT.get((line.step, line.clause), Stated)
    if "takes_back" in stored:  # of any clause
        found = kept.TakenBack
    elif found is kept.Recovered and "rest" in stored:
        found = kept.Rest
    try:
        return Stated(stored) if found is Stated else msgspec.convert(stored, found, strict=False)
    except msgspec.ValidationError:
        return Stated(stored)
