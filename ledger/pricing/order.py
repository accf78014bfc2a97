"""A milestone is priced: every clause in its order, and lines that undo others."""

from __future__ import annotations

from ledger.clauses import CLAUSES
from ledger.events import Line
from ledger.kinds import traits
from ledger.pricing.delivered import Delivered

ORDER = tuple(clause.price for clause in CLAUSES if clause.price is not None)


def price(delivered: Delivered) -> list[Line]:
    """The lines of every clause, in order; each clause sees those of the steps before it. An advance is gross alone."""
    for clause in ORDER if traits(delivered.kind).priced else ORDER[:1]:
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
