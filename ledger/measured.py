"""What a delivery measured, against what its milestone asks for and what its quality bonuses pay for.

A criterion of the milestone is required: a value outside its bounds misses it, and whoever decides is told. The
criterion of a bonus earns something or nothing. What a person is told of both follows from the terms here, the same
at the submission, the approval, in an explanation and in a finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from ledger.errors import InputInvalid
from ledger.events import Result
from ledger.terms import Criterion, QualityBonus
from ledger.written import measure


class Missed(NamedTuple):
    """A required criterion whose measured value lies outside a bound: "at least" or "at most" so much."""

    criterion: str
    measured: str
    bound: str
    limit: str


class Unearned(NamedTuple):
    """A quality bonus that a delivery does not earn, or a higher tier of it: `measured` is empty where nothing was."""

    criterion: str
    measured: str
    at_least: str
    amount_minor: int
    earned_minor: int = 0


def units(
    milestone: str, criteria: Iterable[Criterion], bonuses: Iterable[QualityBonus]
) -> dict[str, str | None]:
    """The criteria that a delivery of the milestone may measure, each with its unit; None where no bound states one.

    A unit of "" is a plain number. Where a criterion's bounds and a bonus differ, the criterion's own goes first.
    """
    stated = [(c.name, bound) for c in criteria for bound in (c.at_least, c.at_most)]
    for bonus in bonuses:
        if bonus.milestone == milestone:
            stated += [(bonus.criterion, step.at_least) for step in bonus.steps]
    found: dict[str, str | None] = {}
    for name, bound in stated:
        found.setdefault(name, None)
        if bound is not None and found[name] is None:
            found[name] = measure(bound)[1]
    return found


def bounds_in_conflict(criterion: Criterion) -> str:
    """Why no value can lie within the bounds of a criterion; "" where one can."""
    if criterion.at_least is None or criterion.at_most is None:
        return ""
    (low, unit), (high, other) = measure(criterion.at_least), measure(criterion.at_most)
    bounds = f"at least {criterion.at_least} and at most {criterion.at_most}"
    if unit != other:
        return f"{criterion.name} has bounds in two units: {bounds}"
    return f"no value of {criterion.name} is {bounds}" if low > high else ""


def missed(criteria: Iterable[Criterion], results: Iterable[Result]) -> list[Missed]:
    """The required criteria that were measured and lie outside their bounds; a value in another unit misses too."""
    measured = {result.criterion: result.measured for result in results}
    found = []
    for criterion in criteria:
        if criterion.name not in measured:
            continue
        value = measured[criterion.name]
        for word, limit in (("at least", criterion.at_least), ("at most", criterion.at_most)):
            if limit is not None and not _holds(value, word, limit):
                found.append(Missed(criterion.name, value, word, limit))
    return found


def _holds(value: str, word: str, limit: str) -> bool:
    try:
        (got, unit), (bound, wanted) = measure(value), measure(limit)
    except InputInvalid:  # imported or very old text that holds no number
        return False
    return unit == wanted and (got >= bound if word == "at least" else got <= bound)


def reached(bonus: QualityBonus, measured: Mapping[str, str]) -> int | None:
    """Which of the bonus's steps, from 0, the measured value reaches: the highest; None where it reaches none."""
    if bonus.criterion not in measured:
        return None
    value, unit = measure(measured[bonus.criterion])
    found: int | None = None
    highest: Decimal | None = None
    for place, step in enumerate(bonus.steps):
        threshold, wanted = measure(step.at_least)
        if unit == wanted and value >= threshold and (highest is None or threshold > highest):
            found, highest = place, threshold
    return found


def unearned(
    milestone: str, bonuses: Iterable[QualityBonus], results: Iterable[Result]
) -> list[Unearned]:
    """The quality bonuses of a milestone that a delivery earns nothing by, or less than their highest tier."""
    measured = {result.criterion: result.measured for result in results}
    found = []
    for bonus in bonuses:
        if bonus.milestone != milestone or not bonus.steps:
            continue
        place = reached(bonus, measured)
        earned = 0 if place is None else bonus.steps[place].amount_minor
        above = [s for s in bonus.steps if s.amount_minor > earned]
        if above:
            step = min(above, key=lambda s: measure(s.at_least)[0])
            value = measured.get(bonus.criterion, "")
            found.append(Unearned(bonus.criterion, value, step.at_least, step.amount_minor, earned))
    return found
