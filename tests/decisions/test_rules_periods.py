"""Closing a month: by whom, when, in which order, each rule at its edge."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from ledger.decisions.periods import close
from ledger.errors import InputInvalid, Refused
from ledger.events import Fact, PeriodClosed
from ledger.intents import ClosePeriod, Context
from ledger.known import Known
from ledger.periods import Periods, fold, following, last_day
from tests.decisions.marks import permits, refuses
from tests.decisions.spec import record

MIDNIGHT = datetime(2026, 10, 31, 16, 0, tzinfo=UTC)  # in Shanghai November begins
SHANGHAI = "Asia/Shanghai"


def closes(
    period: str,
    periods: Periods | None = None,
    *,
    now: datetime = MIDNIGHT,
    zone: str = SHANGHAI,
    actor: str = "admin-1",
) -> list[Fact]:
    intent = ClosePeriod(period=period, timezone=zone, covers=7)
    known = Known(keepers={"admin-1"}, adjustments={9: "2026-08", 8: "2026-08"})
    return close(periods or Periods(), intent, Context(actor=actor, now=now), known)


def closed(*months: str, covers: int = 7) -> Periods:
    facts = [
        PeriodClosed(period=m, covers=covers * n, totals=(), digest="", timezone="UTC")
        for n, m in enumerate(months, 1)
    ]
    return fold(record(fact, n, contract="~periods") for n, fact in enumerate(facts, 1))


@permits("period-has-ended")
def test_a_month_is_closed_as_soon_as_it_has_ended_in_the_zone() -> None:
    (fact,) = closes("2026-10")
    assert isinstance(fact, PeriodClosed)
    assert (fact.on, fact.covers, fact.timezone) == (date(2026, 11, 1), 7, SHANGHAI)
    assert fact.adjustments == {"2026-08": (8, 9)}


@refuses("period-has-ended")
def test_on_its_last_day_it_has_not() -> None:
    with pytest.raises(Refused, match=r"today is 2026-10-31 in UTC"):
        closes("2026-10", zone="UTC")


def test_a_closing_is_not_dated_tomorrow() -> None:
    intent = ClosePeriod(period="2026-10", timezone=SHANGHAI, covers=7, on=date(2026, 11, 2))
    known = Known(keepers={"admin-1"})
    with pytest.raises(Refused, match="2026-11-02 is still to come") as refusal:
        close(Periods(), intent, Context(actor="admin-1", now=MIDNIGHT), known)
    assert refusal.value.code == "not-after-today"


@permits("period-closed-in-order")
def test_the_first_is_any_month_and_then_one_follows_the_other() -> None:
    assert closes("2025-03")
    assert closes("2026-01", closed("2025-11", "2025-12"))


@refuses("period-closed-in-order")
@pytest.mark.parametrize(
    ("period", "says"),
    [
        ("2026-08", "2026-08 is closed"),
        ("2026-07", "is closed"),
        ("2026-10", "2026-09 is still open"),
    ],
)
def test_not_twice_and_none_is_left_out(period: str, says: str) -> None:
    with pytest.raises(Refused, match=says) as refusal:
        closes(period, closed("2026-08"))
    assert refusal.value.code == "period-closed-in-order"


@permits("periods-closed-by-administrators")
def test_an_administrator_closes() -> None:
    assert closes("2026-10", actor="admin-1")


@refuses("periods-closed-by-administrators")
def test_nobody_else_does() -> None:
    with pytest.raises(Refused, match="manager-1 is not an administrator"):
        closes("2026-10", actor="manager-1")


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "october", "0000-01", "2026-10-01", ""])
def test_what_is_no_month(text: str) -> None:
    with pytest.raises(InputInvalid, match="is not a month"):
        closes(text)


def test_months() -> None:
    assert last_day("2028-02") == date(2028, 2, 29)
    assert following("2026-12") == "2027-01"
    assert following("2026-09") == "2026-10"


@pytest.mark.parametrize(
    ("position", "day", "adjusts"),
    [
        (8, date(2026, 9, 30), "2026-09"),
        (7, date(2026, 9, 30), None),
        (8, date(2026, 10, 1), None),
        (15, date(2026, 10, 1), "2026-10"),
        (15, date(2026, 10, 31), "2026-10"),
        (15, date(2026, 11, 1), None),
        (8, date(2020, 1, 1), "2026-09"),
        (15, None, None),
    ],
)
def test_what_adjusts_which_month(position: int, day: date | None, adjusts: str | None) -> None:
    assert closed("2026-09", "2026-10").adjusts(position, day) == adjusts
    assert Periods().adjusts(position, day) is None
