"""Bonuses still to be earned: by when a milestone must be delivered, or what must be measured, for how much.

The amounts come from the clauses that will price the delivery, asked what it would be worth on each day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from math import ceil

from ledger.calculations import Quality
from ledger.clauses import calculation_of
from ledger.decisions.delivery import delivered, progress
from ledger.events import Line, MilestoneSubmitted
from ledger.money import percent_of, percent_text
from ledger.pricing import early_bonus, quality_bonus
from ledger.pricing.delivered import Delivered
from ledger.state import Contract, Milestone, Submission
from ledger.terms import EarlyBonus


@dataclass(frozen=True, slots=True)
class Step:
    """Delivered whole on that day at the latest (None: whenever it is), it earns that much."""

    by: date | None
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Incentive:
    """A bonus that an open milestone can still earn; the steps go from the most, due first, to the least.

    `status` is open, or delivered where only the acceptance is missing. `due` is the day that earliness is counted
    from.
    """

    contract: str
    milestone: str
    title: str
    clause: str
    status: str
    due: date | None
    terms: str
    currency: str
    steps: tuple[Step, ...]
    positions: tuple[int, ...] = field(default=())

    @property
    def most_minor(self) -> int:
        return self.steps[0].amount_minor


def incentives(contract: Contract, as_of: date) -> list[Incentive]:
    """Those of every open milestone, on that day; none of a contract that has ended."""
    if contract.status in ("terminated", "completed"):
        return []
    found: list[Incentive] = []
    for m in contract.milestones.values():
        if m.traits.priced and m.is_open:
            found += _of(contract, m, as_of)
    return found


def attainable(contract: Contract, found: list[Incentive]) -> int:
    """The most that all of them together can come to: early bonuses may share a limit of the contract."""
    early = sum(one.most_minor for one in found if one.clause == "early")
    rest = sum(one.most_minor for one in found if one.clause != "early")
    clause = contract.terms.early_bonus
    if early and clause is not None and clause.contract_cap is not None:
        early = min(early, _left(contract))
    return early + rest


def _of(contract: Contract, m: Milestone, as_of: date) -> Iterator[Incentive]:
    pending = m.pending
    status = "open" if pending is None else "delivered"
    due = m.plan.incentive_due or m.current.due
    steps = _early_steps(contract, m, as_of, due)
    if steps:
        words = _words(contract.terms.early_bonus)
        yield _incentive(contract, m, "early", status, due, words, steps)
    if pending is None:
        for clause in contract.terms.quality_bonuses:
            tiers = sorted(clause.steps, key=lambda one: one.amount_minor, reverse=True)
            worth = tuple(Step(None, one.amount_minor) for one in tiers if one.amount_minor)
            if clause.milestone == m.id and worth:
                bounds = " or ".join(one.at_least for one in tiers if one.amount_minor)
                words = f"{clause.criterion} at least {bounds}"
                yield _incentive(contract, m, "quality", status, None, words, worth)
        return
    for line in quality_bonus.lines(_delivery(contract, m, pending)):
        kept = calculation_of(line)
        assert isinstance(kept, Quality)
        words = f"{kept.criterion} at least {kept.at_least}"
        step = (Step(None, line.amount_minor),)
        yield _incentive(contract, m, "quality", status, None, words, step)


def _incentive(
    contract: Contract,
    m: Milestone,
    clause: str,
    status: str,
    due: date | None,
    terms: str,
    steps: tuple[Step, ...],
) -> Incentive:
    who = (contract.id, m.id, m.plan.title)
    currency = contract.terms.currency
    return Incentive(*who, clause, status, due, terms, currency, steps, tuple(m.positions))


def _words(clause: EarlyBonus | None) -> str:
    """The clause as people say it."""
    assert clause is not None
    if clause.table:
        steps = sorted(clause.table, key=lambda step: step.days)
        told = ", ".join(f"{step.days} d early {percent_text(step.rate)}" for step in steps)
    else:
        told = f"{percent_text(clause.rate)} a day early"
    told += f", at most {percent_text(clause.cap)}"
    if clause.contract_cap is not None:
        told += f" and {percent_text(clause.contract_cap)} of the contract"
    return told


# --- what a day is worth ---------------------------------------------------------------------------


def _early_steps(
    contract: Contract, m: Milestone, as_of: date, due: date | None
) -> tuple[Step, ...]:
    clause = contract.terms.early_bonus
    if clause is None:
        return ()
    if m.pending is not None:
        earned = _amount(early_bonus.lines(_delivery(contract, m, m.pending)))
        return (Step(None, earned),) if earned else ()
    if due is None:
        return ()
    last: dict[int, date] = {}
    for days in _days_early(clause, (due - as_of).days):
        day = due - timedelta(days=days)
        earned = _amount(early_bonus.lines(_delivery(contract, m, _submission(contract, m, day))))
        # Days come latest first, so the first that earns an amount is the last on which it can be earned.
        last.setdefault(earned, day)
    worth = sorted(((earned, day) for earned, day in last.items() if earned), reverse=True)
    return tuple(Step(day, earned) for earned, day in worth)


def _days_early(clause: EarlyBonus, most: int) -> Iterator[int]:
    """How many days early can still make a difference, the fewest first."""
    if clause.table:
        yield from sorted({step.days for step in clause.table if 0 < step.days <= most})
        return
    if not clause.rate:
        return
    useful = ceil(
        Fraction(clause.cap) / Fraction(clause.rate)
    )  # beyond the cap a day more earns nothing
    yield from range(1, min(most, useful) + 1)


def _submission(contract: Contract, m: Milestone, day: date) -> Submission:
    """A delivery that nobody has entered yet."""
    version = contract.version + 1
    event = MilestoneSubmitted(milestone=m.id, on=day)
    return Submission(version, 0, day, "", event, contract.terms, first=version)


def _delivery(contract: Contract, m: Milestone, submission: Submission) -> Delivered:
    return delivered(contract, m, submission, m.current.amount_minor or 0)


def _amount(lines: list[Line]) -> int:
    return sum(line.amount_minor for line in lines)


def _left(contract: Contract) -> int:
    """What the contract's limit on all early bonuses still leaves."""
    clause, so_far = contract.terms.early_bonus, progress(contract)
    assert clause is not None and clause.contract_cap is not None
    limit = percent_of(so_far.contract_minor, clause.contract_cap, contract.terms.rounding)
    return max(0, limit - so_far.early_bonus_minor)
