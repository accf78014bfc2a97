"""How bugs in what is paid, when it is settled and how retention is let go are planted."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from ledger.events import Line
from ledger.state import Contract, Milestone


def at_the_first_zero(_: Any) -> Any:
    """What was settled once stays settled, whatever came back or was added."""

    def last(since: Any, owed: Any, payments: Any) -> date | None:
        due, paid = sum(minor for _, minor in owed), 0
        for payment in sorted(
            (p for p in payments if p.stands), key=lambda p: p.paid_on or date.max
        ):
            paid += payment.paid_minor
            if paid >= due:
                found: date | None = payment.paid_on
                return found
        return None

    return last


def with_what_came_back(last: Any) -> Any:
    """A payment that came back settled it all the same."""

    def settled(since: Any, owed: Any, payments: Any) -> date | None:
        kept = [msgspec.structs.replace(p, ended_on=None) if p.stands else p for p in payments]
        made = [p.paid_on for p in kept if p.paid_minor > 0 and p.paid_on is not None]
        return max(made) if made and last(since, owed, kept) else None

    return settled


def paid_by_money_alone(milestone: Milestone) -> str:
    """Only what money was paid for is paid."""
    if milestone.status == "expected" and milestone.started:
        return "started"
    if milestone.status in ("cancelled", "void") or milestone.acceptance is None:
        return milestone.status
    return "paid" if milestone.outstanding_minor <= 0 < milestone.paid_minor else milestone.status


def paid_at_acceptance(milestone: Milestone) -> str:
    """Paid is where nothing is payable now."""
    if milestone.acceptance is None:
        return milestone.status
    return "paid" if milestone.payable_minor <= 0 else milestone.status


def earned_by_any(case: Any) -> tuple[Line, ...]:
    """Whatever is paid, and whenever, earns the whole discount."""
    told = case.the_payment().instruction
    if told is None or not told.discount_minor:
        return ()
    line = Line(step="settlement", clause="discount", amount_minor=-told.discount_minor)
    return (line,)


def in_one(state: Contract, milestone: Milestone, amount_minor: int) -> Any:
    """All that is let go is one payable, due with its last part."""
    yield milestone.released_minor, amount_minor
