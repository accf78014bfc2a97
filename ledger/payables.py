"""What can be paid of a milestone or a release now, and what paying early would save."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from ledger.decisions.delivery import invoiced_on
from ledger.events import Line
from ledger.money import round_minor
from ledger.pricing.payment_due import counted_from, discount_until
from ledger.state import Contract, Milestone


def payable_of(milestone: Milestone, release: int = 0) -> int:
    """What can be instructed now of the milestone itself (0) or of the release of that version."""
    if not release:
        return milestone.payable_minor
    return next(s.payable_minor for s in milestone.standings() if s.release == release)


def discount_day(contract: Contract, milestone: Milestone) -> date | None:
    """The last day on which payment of a milestone earns the discount; None where there is none, as for an advance."""
    terms, acceptance = contract.terms_of(milestone), milestone.acceptance
    agreed = terms.payment.discount if terms.payment is not None else None
    if agreed is None or acceptance is None or not milestone.traits.taxed:
        return None
    start = counted_from(terms, acceptance.on, invoiced_on(contract, milestone))
    return None if start is None else discount_until(agreed, start)


def early_payment(contract: Contract, milestone: Milestone, on: date | None) -> int:
    """What the terms of its acceptance take off for paying all that is payable on that day; 0 where it is too late."""
    last, terms = discount_day(contract, milestone), contract.terms_of(milestone)
    agreed = terms.payment.discount if terms.payment is not None else None
    if last is None or on is None or on > last or agreed is None:
        return 0
    exact = Fraction(agreed.rate) * milestone.payable_minor / 100
    return round_minor(exact, terms.rounding)


def withheld(milestone: Milestone) -> int:
    """The tax withheld from a milestone, whether filed or not."""
    lines = (posted.line for posted in milestone.lines)
    return -sum(line.amount_minor for line in lines if _is_withheld(line))


def withheld_by(milestone: Milestone) -> tuple[int, ...]:
    """The versions of the facts that withheld it."""
    return tuple(dict.fromkeys(p.version for p in milestone.lines if _is_withheld(p.line)))


def _is_withheld(line: Line) -> bool:
    return (line.step, line.clause) == ("tax", "withholding")


def is_settled(milestone: Milestone) -> bool:
    """Whether it is accepted or given up, and nothing of it is owed either way."""
    return not milestone.is_open and milestone.outstanding_minor == 0


def is_released(milestone: Milestone) -> bool:
    """Whether all of its retention is released and paid."""
    paid = all(release.outstanding_minor == 0 for release in milestone.releases)
    return milestone.retained_minor == milestone.released_minor and paid
