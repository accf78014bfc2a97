"""Which months are closed: the state of the stream `~periods`, and the fold that leads to it.

A closing covers the log up to a position. What is recorded beyond it and acts by the month's end changes a month that
was reported as final: from then on it is shown as a prior-period adjustment. Decisions: ledger/decisions/periods.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import reduce

from ledger.calendars import month_end
from ledger.errors import InputInvalid
from ledger.events import PeriodClosed, Record

STREAM = "~periods"
_PERIOD = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Closing:
    """A closed month: its last day, and the record that closed it."""

    last_day: date
    record: Record
    fact: PeriodClosed


@dataclass(slots=True)
class Periods:
    """Every closed month, in order; `version` counts the stream's events."""

    version: int = 0
    closed: list[Closing] = field(default_factory=list)

    @property
    def covers(self) -> int:
        """How far the last closing reaches; 0 before the first."""
        return self.closed[-1].fact.covers if self.closed else 0

    def adjusts(self, position: int, day: date | None) -> str | None:
        """The closed month that a record changes afterwards; None where it changes none.

        A day before the first month that was closed belongs to it: it was closed with all that went before.
        """
        if day is None or not self.closed or day > self.closed[-1].last_day:
            return None
        month = next(one for one in self.closed if day <= one.last_day)
        return month.fact.period if position > month.fact.covers else None

    def known_adjustments(self) -> dict[int, str]:
        """The adjustments that later closings hold, up to the position that the last of them covers."""
        return {
            position: period
            for one in self.closed
            for period, positions in one.fact.adjustments.items()
            for position in positions
        }


def last_day(period: str) -> date:
    """The last day of a month written YYYY-MM; raises InputInvalid for anything else."""
    found = _PERIOD.fullmatch(period)
    if found is None or found[1] == "0000":
        raise InputInvalid(
            "period-invalid", f"{period!r} is not a month", hint="write YYYY-MM, as in 2026-10"
        )
    year, month = int(found[1]), int(found[2])
    return month_end(date(year, month, 1))


def following(period: str) -> str:
    """The month after a month."""
    year, month = map(int, period.split("-"))
    return f"{year + month // 12:04}-{month % 12 + 1:02}"


def evolve(periods: Periods, record: Record) -> Periods:
    """The closed months after one more record of `~periods`; the same object. Never refuses."""
    if isinstance(record.data, PeriodClosed):
        closing = Closing(last_day(record.data.period), record, record.data)
        periods.closed.append(closing)
    periods.version = record.version
    return periods


def fold(records: Iterable[Record]) -> Periods:
    """The months that the records of `~periods`, in order of version, have closed."""
    return reduce(evolve, records, Periods())
