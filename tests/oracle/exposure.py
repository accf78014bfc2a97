"""What is owed per currency: due, overdue by age, held, retained, claimed back, and still to come."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.oracle.contracts import Contract, Milestone
from tests.oracle.figures import money
from tests.oracle.log import Json, day
from tests.oracle.rates import Question
from tests.oracle.schedule import Row, payables

AGING = {"0-30": 30, "31-60": 60, "61-90": 90, "90+": 10**9}


def _bucket(age: int) -> str:
    return next(name for name, last in AGING.items() if age <= last)


class Owed:
    """The sums of one currency, in minor units."""

    def __init__(self) -> None:
        self.due = self.held = self.retained = self.claims = self.expected = 0
        self.aging = dict.fromkeys(AGING, 0)
        self.since: date | None = None

    def add(self, milestone: Milestone, today: date) -> None:
        rows = payables(milestone)
        if milestone.acceptance is None:
            self.expected += 0 if milestone.kind == "advance" else rows[0]["gross"] or 0
            return
        days = [milestone.payment_due[0]]
        days += [day(release.data.get("payment_due")) for release in milestone.releases]
        for row, due_on in zip(rows, days, strict=True):
            self.owe(row, due_on, today)

    def owe(self, row: Row, due_on: date | None, today: date) -> None:
        """Counts one payable."""
        self.held += row["held"] or 0
        self.retained += row["retention"] or 0
        unpaid = (row["outstanding"] or 0) - (row["held"] or 0)
        if unpaid < 0:
            self.claims -= unpaid
        elif due_on is None or due_on >= today:
            self.due += unpaid
        elif unpaid > 0:
            self.aging[_bucket((today - due_on).days)] += unpaid
            self.since = min(self.since or due_on, due_on)

    def shown(self, currency: str, today: date) -> Json:
        sums: dict[str, Any] = {
            "due": money(self.due, currency),
            "overdue": money(sum(self.aging.values()), currency),
            "aging": {bucket: money(minor, currency) for bucket, minor in self.aging.items()},
            "overdue_since": self.since.isoformat() if self.since else None,
            "overdue_days": (today - self.since).days if self.since else None,
        }
        for name in ("held", "retained", "claims", "expected"):
            sums[name] = money(getattr(self, name), currency)
        return {"currency": currency, **sums}


def exposure(contracts: list[Contract], question: Question) -> Json:
    """One row for each currency in which a contract has a payable."""
    owed: dict[str, Owed] = {}
    for contract in contracts:
        for milestone in contract.milestones:
            if not milestone.cancelled:
                owed.setdefault(contract.currency, Owed()).add(milestone, question.today)
        if contract.unallocated:
            owed.setdefault(contract.currency, Owed())
    return {
        "metric": "exposure",
        "version": 1,
        "by_currency": [
            sums.shown(currency, question.today) for currency, sums in sorted(owed.items())
        ],
    }
