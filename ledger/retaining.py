"""Retention: in which parts it is let go, and how much of it may be by a day."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import lcm

from ledger.money import split
from ledger.state import Contract, Milestone
from ledger.terms import RetentionRelease, Terms

_ALL_AT_COMPLETION = (RetentionRelease(share=Decimal(100)),)


def release_terms(terms: Terms) -> tuple[RetentionRelease, ...]:
    """The parts agreed; all of it at completion where nothing is."""
    return (terms.retention.release if terms.retention else ()) or _ALL_AT_COMPLETION


def completed_on(contract: Contract) -> date | None:
    """The day of completion: the last on which a milestone was accepted or cancelled, once each of them is.

    None before, where nothing was accepted, and where one of those days is unknown.
    """
    known = [m for m in contract.milestones.values() if m.status != "void"]
    if not any(m.acceptance for m in known):
        return None
    days = [m.acceptance.on if m.acceptance else m.cancelled_on for m in known]
    return None if None in days else max(day for day in days if day is not None)


def parts_of(contract: Contract, milestone: Milestone) -> list[tuple[RetentionRelease, int]]:
    """A milestone's retention in the parts agreed when it was kept back, which sum to the whole; shares below 100 %
    leave the rest to the last part.
    """
    parts = release_terms(contract.terms_of(milestone))
    shares = [Fraction(part.share) for part in parts]
    shares[-1] += 100 - sum(shares)
    scale = lcm(*(share.denominator for share in shares))
    weights = [int(share * scale) for share in shares]
    return list(zip(parts, split(milestone.retained_minor, weights), strict=True))


def let_go(contract: Contract, milestone: Milestone) -> list[tuple[date, int]]:
    """When which amount of a milestone's retention is let go, in order of time; parts whose day is not known yet are
    left out.
    """
    completion, acceptance = completed_on(contract), milestone.acceptance
    found = []
    for part, amount in parts_of(contract, milestone):
        accepted = acceptance.on if acceptance is not None else None
        start = accepted if part.after == "acceptance" else completion
        if start is not None:
            found.append((start + timedelta(days=part.days), amount))
    return sorted(found, key=lambda each: each[0])


def released_by(contract: Contract, milestone: Milestone, on: date) -> int:
    """How much of a milestone's retention the terms let go by a day."""
    return sum(amount for day, amount in let_go(contract, milestone) if day <= on)


def fell_due(contract: Contract, milestone: Milestone, upto_minor: int) -> date | None:
    """The day by which the terms let so much of a milestone's retention go."""
    total = 0
    for day, amount in let_go(contract, milestone):
        total += amount
        if total >= upto_minor:
            return day
    return None


def rests_on(contract: Contract, milestone: Milestone, on: date) -> tuple[int, ...]:
    """The acceptances and cancellations that completed the contract, where retention is let go by a day because of
    them.
    """
    completion = completed_on(contract)
    parts = release_terms(contract.terms_of(milestone))
    waits = [part.days for part in parts if part.after == "completion"]
    if completion is None or not any(completion + timedelta(days=days) <= on for days in waits):
        return ()
    ends = (
        m.acceptance.version if m.acceptance else m.cancelled_by
        for m in contract.milestones.values()
        if m.status != "void" and m is not milestone
    )
    return tuple(version for version in ends if version)
