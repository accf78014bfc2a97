"""What a later fact moves besides its own line: tax follows what was earned, to the cent."""

from __future__ import annotations

from collections.abc import Iterable

from ledger.decisions.case import Case
from ledger.events import Line
from ledger.pricing.tax import taxes
from ledger.state import Contract, Milestone


def with_tax(case: Case, lines: Iterable[Line]) -> tuple[Line, ...]:
    """The lines, and those by which the milestone's tax follows them."""
    given = tuple(lines)
    return (*given, *tax_of(case.state, case.the_milestone(), given))


def tax_of(state: Contract, milestone: Milestone, lines: Iterable[Line]) -> list[Line]:
    """By which lines a milestone's tax follows others posted to it; none before acceptance, which taxes it all, nor on
    advances and settlements, which are not taxed.

    Each tax is reckoned on the whole by the terms of its acceptance, whatever was agreed since, and what was posted is
    taken off: so all its lines together are the tax on what was earned in all.
    """
    terms = state.terms_of(milestone)
    taxed = milestone.traits.taxed and milestone.acceptance is not None
    if terms.tax is None or terms.tax.base == "gross" or not taxed:
        return []
    posted: dict[str, int] = {}
    for one in milestone.lines:
        if one.line.step == "tax":
            posted[one.line.clause] = posted.get(one.line.clause, 0) + one.line.amount_minor
    change = sum(line.amount_minor for line in lines)
    return taxes(terms, milestone.taxable_minor + change, posted)
