"""The real clock, for tests that decide over a store: it stamps by its own, which on PostgreSQL nobody can set.

Such a test takes its days from here, counted back from today, and so meets the stamps alike on any
day of any year. A test that hands the clock in (the pure core; the command line on SQLite, by the
fixture `today`) keeps fixed days: nothing real meets them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from unittest.mock import patch

import freezegun

from ledger.calendars import today_in
from tests.decisions import builders


def now() -> datetime:
    """The moment at which a test acts: that of the stamps."""
    return datetime.now(UTC)


def lately(day: date) -> date:
    """The day that lies as far before today as `day` lies before the builders' TODAY."""
    return today_in(builders.TERMS.timezone, now()) - (builders.TODAY - day)


def day(month: int, number: int) -> date:
    """As `day` of the builders, counted back from today."""
    return lately(builders.day(month, number))


SIGNED = lately(builders.SIGNED)
TERMS = replace(builders.TERMS, signed_on=SIGNED)
PLANS = tuple(replace(plan, due=lately(plan.due)) for plan in builders.PLANS if plan.due)


@contextmanager
def frozen(moment: datetime, *, tick: bool = True) -> Iterator[None]:
    """It is that moment for whoever asks this process; by itself PostgreSQL knows another.

    Time goes on from there unless `tick` is False. freezegun's own dates are left out: the product
    builds dates and msgspec writes them, and it takes no other class for one.
    """
    with patch.object(freezegun.api, "FakeDate", date), freezegun.freeze_time(moment, tick=tick):
        yield
