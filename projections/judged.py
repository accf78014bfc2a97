"""What a delivery's measured values come to, in words: required criteria missed, and bonuses not earned."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.errors import InputInvalid
from ledger.events import Result
from ledger.measured import Missed, Unearned, missed, unearned
from ledger.money import display_minor
from ledger.state import Contract, Milestone, Submission
from ledger.terms import Terms
from ledger.written import measure


def standing(milestone: Milestone) -> Submission | None:
    """The delivery that waits or was accepted: the one whose values count."""
    if milestone.acceptance is not None:
        return milestone.acceptance.submission
    return milestone.pending


def missed_by(milestone: Milestone, results: Sequence[Result]) -> list[Missed]:
    """The required criteria of the milestone that these values miss."""
    return missed(milestone.plan.criteria, results)


def unearned_by(terms: Terms, milestone: Milestone, results: Sequence[Result]) -> list[Unearned]:
    """The quality bonuses that these values do not earn, or not at their highest tier."""
    return unearned(milestone.id, terms.quality_bonuses, results)


def remarks(
    contract: Contract, milestone: Milestone, results: Sequence[Result], terms: Terms | None = None
) -> list[str]:
    """A clause for each criterion missed and each bonus not earned; `terms` are those in force by default."""
    terms = terms or contract.terms
    return [
        *map(missed_in_words, missed_by(milestone, results)),
        *(unearned_in_words(one, terms.currency) for one in unearned_by(terms, milestone, results)),
    ]


def missed_in_words(one: Missed) -> str:
    """ "conversion_rate 2.1% misses the required at least 3%"."""
    return f"{one.criterion} {one.measured} misses the required {one.bound} {one.limit}"


def unearned_in_words(one: Unearned, currency: str) -> str:
    """ "footfall 4800 is below 5000: no bonus of 30,000.00 CNY"."""
    amount = f"{display_minor(one.amount_minor, currency)} {currency}"
    if not one.measured:
        return f"{one.criterion} is not measured: no bonus of {amount} (at least {one.at_least})"
    below = f"{one.criterion} {one.measured} is below {one.at_least}"
    if not _comparable(one):
        below = f"{one.criterion} {one.measured} is not in the unit of {one.at_least}"
    if one.earned_minor:
        return f"{below}: a bonus of {display_minor(one.earned_minor, currency)}, not {amount}"
    return f"{below}: no bonus of {amount}"


def _comparable(one: Unearned) -> bool:
    try:
        return measure(one.measured)[1] == measure(one.at_least)[1]
    except InputInvalid:  # imported or very old text that holds no number
        return False
