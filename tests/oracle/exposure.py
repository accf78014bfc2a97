"""What is owed per currency: due, overdue by age, held, retained, claimed back, and still to come."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.oracle.contracts import Contract, Milestone
from tests.oracle.figures import money
from tests.oracle.log import Json, day
from tests.oracle.rates import Question
from tests.oracle.recorded import heard_on
from tests.oracle.schedule import Row, expected, payables

AGING = {"0-30": 30, "31-60": 60, "61-90": 90, "90+": 10**9}
AMOUNTS = ("due", *AGING, "held", "retained", "claims", "expected", "not_heard")


def _bucket(age: int) -> str:
    return next(name for name, last in AGING.items() if age <= last)


class Owed:
    """The sums of one currency, in minor units."""

    def __init__(self) -> None:
        self.amounts: dict[str, list[int | None]] = {name: [] for name in AMOUNTS}
        self.since: date | None = None

    def add(self, milestone: Milestone, today: date) -> None:
        rows = payables(milestone)
        self.amounts["expected"].append(expected(milestone))
        self.amounts["expected"] += [0 for _ in milestone.releases]
        heard = heard_on(milestone)
        if milestone.acceptance is None:
            self.owe(rows[0], None, today, None)
            return
        days = [milestone.payment_due[0]]
        days += [day(release.data.get("payment_due")) for release in milestone.releases]
        for number, (row, due_on) in enumerate(zip(rows, days, strict=True)):
            self.owe(row, due_on, today, None if number else heard)

    def owe(self, row: Row, due_on: date | None, today: date, heard: date | None) -> None:
        """Counts one payable; what is not known of it adds to nothing."""
        self.amounts["held"].append(row["held"])
        self.amounts["retained"].append(row["retention"])
        unpaid = None
        if row["payable"] is not None:
            unpaid = (row["outstanding"] or 0) - (row["held"] or 0)
        where = "due"
        if unpaid is not None and unpaid < 0:
            where = "claims"
        elif due_on is not None and due_on < today:
            silent = heard is not None and heard <= due_on
            where = "not_heard" if silent else _bucket((today - due_on).days)
            if unpaid and not silent:
                self.since = min(self.since or due_on, due_on)
        for name in ("due", "claims", "not_heard", *AGING):
            amount = None if unpaid is None else abs(unpaid) if name == where else 0
            self.amounts[name].append(amount)

    def nothing(self) -> None:
        """A line on which nothing is owed."""
        for amounts in self.amounts.values():
            amounts.append(0)

    def sum(self, name: str) -> int | None:
        known = [amount for amount in self.amounts[name] if amount is not None]
        return sum(known) if known else None

    def shown(self, currency: str, today: date) -> Json:
        aging = [self.sum(bucket) for bucket in AGING]
        overdue = None if None in aging else sum(minor or 0 for minor in aging)
        sums: dict[str, Any] = {
            "due": money(self.sum("due"), currency),
            "overdue": money(overdue, currency),
            "aging": {bucket: money(self.sum(bucket), currency) for bucket in AGING},
            "overdue_since": self.since.isoformat() if self.since else None,
            "overdue_days": (today - self.since).days if self.since else None,
        }
        for name in ("held", "retained", "claims", "expected", "not_heard"):
            sums[name] = money(self.sum(name), currency)
        return {"currency": currency, **sums}


def exposure(contracts: list[Contract], question: Question) -> Json:
    """One row for each currency in which a contract has a payable."""
    owed: dict[str, Owed] = {}
    for contract in contracts:
        for milestone in contract.milestones:
            if not milestone.cancelled:
                owed.setdefault(contract.currency, Owed()).add(milestone, question.today)
        if contract.unallocated:
            owed.setdefault(contract.currency, Owed()).nothing()
    return {
        "metric": "exposure",
        "version": 2,
        "by_currency": [
            sums.shown(currency, question.today) for currency, sums in sorted(owed.items())
        ],
    }
