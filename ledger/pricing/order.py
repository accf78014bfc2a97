"""The order in which a milestone is priced: adding a clause means adding one module and naming it here."""

from __future__ import annotations

from collections.abc import Callable

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

Clause = Callable[[Delivered], list[Line]]

ORDER: tuple[Clause, ...] = (
    gross.lines,
    early_bonus.lines,
    quality_bonus.lines,
    late_penalty.lines,
    late_damages.lines,
    disincentive.lines,
    tax.lines,
    retention.lines,
    advance_recovery.lines,
)


def price(delivered: Delivered) -> list[Line]:
    """The lines of every clause, in order; each clause sees those of the steps before it. An advance is gross alone."""
    for clause in ORDER if delivered.kind == "milestone" else ORDER[:1]:
        delivered.lines += clause(delivered)
    return delivered.lines


def take_back(lines: list[Line], versions: list[int]) -> tuple[Line, ...]:
    """The lines that undo others: same step and clause, the opposite amount, naming the version taken back."""
    return tuple(
        Line(
            step=line.step,
            clause=line.clause,
            amount_minor=-line.amount_minor,
            calculation={"takes_back": str(version)},
        )
        for line, version in zip(lines, versions, strict=True)
    )
