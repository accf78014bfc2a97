"""What is owed per currency: due, overdue by age, held, retained, claimed back, and still to come."""

from __future__ import annotations

from datetime import date
from typing import Any

from projections.oracle.contracts import Contract
from projections.oracle.figures import money, plus
from projections.oracle.log import Json, day
from projections.oracle.milestones import Milestone
from projections.oracle.recorded import heard_on
from projections.oracle.schedule import Row, expected, payables

AGING = {"0-30": 30, "31-60": 60, "61-90": 90, "90+": 10**9}
AMOUNTS = ("due", *AGING, "held", "retained", "claims", "expected", "not_heard")


def _bucket(age: int) -> str:
    return next(name for name, last in AGING.items() if age <= last)


class Owed:
    """The sums of one currency, in minor units."""

    def __init__(self) -> None:
        self.amounts: dict[str, int | None] = dict.fromkeys(AMOUNTS)
        self.since: date | None = None

    def add(self, milestone: Milestone, today: date) -> None:
        rows = payables(milestone)
        for amount in (expected(milestone), *(0 for _ in milestone.releases)):
            self.count("expected", amount)
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
        self.count("held", row["held"])
        self.count("retained", row["retention"])
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
            self.count(name, amount)

    def nothing(self) -> None:
        """A line on which nothing is owed."""
        for name in AMOUNTS:
            self.count(name, 0)

    def count(self, name: str, amount: int | None) -> None:
        self.amounts[name] = plus(self.amounts[name], amount)

    def shown(self, currency: str, today: date) -> Json:
        aging = [self.amounts[bucket] for bucket in AGING]
        overdue = None if None in aging else sum(minor or 0 for minor in aging)
        sums: dict[str, Any] = {
            "due": money(self.amounts["due"], currency),
            "overdue": money(overdue, currency),
            "aging": {bucket: money(self.amounts[bucket], currency) for bucket in AGING},
            "overdue_since": self.since.isoformat() if self.since else None,
            "overdue_days": (today - self.since).days if self.since else None,
        }
        for name in ("held", "retained", "claims", "expected", "not_heard"):
            sums[name] = money(self.amounts[name], currency)
        return {"currency": currency, **sums}


class Exposure:
    """One row for each currency in which a contract has a payable."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.owed: dict[str, Owed] = {}

    def add(self, contract: Contract) -> None:
        for milestone in contract.milestones:
            if not milestone.cancelled:
                self.owed.setdefault(contract.currency, Owed()).add(milestone, self.today)
        if contract.unallocated:
            self.owed.setdefault(contract.currency, Owed()).nothing()

    def report(self) -> Json:
        return {
            "metric": "exposure",
            "version": 2,
            "by_currency": [
                sums.shown(currency, self.today) for currency, sums in sorted(self.owed.items())
            ],
        }
