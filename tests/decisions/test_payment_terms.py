"""When payment falls due and until when it earns a discount: every way of counting, and the odd days of the year."""

from __future__ import annotations

import json
from calendar import monthrange
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as forall
from hypothesis import strategies as st

from ledger.calendars import calendar
from ledger.payables import discount_day, early_payment
from ledger.pricing.payment_due import PaymentDue, day_of_next_month, payment_due
from ledger.terms import EarlyPayment, PaymentTerms
from tests.decisions.builders import accepted, approves, contract, day, play, submits
from tests.decisions.pricing import D, terms

CHINA: dict[str, Any] = {"calendars": ("CN",)}


def due(accepted_on: date, invoiced_on: date | None = None, **agreed: Any) -> date | None:
    calendars = agreed.pop("calendars", ())
    payment = PaymentTerms(**agreed)
    return payment_due(terms(payment=payment, calendars=calendars), accepted_on, invoiced_on).day


@pytest.fixture(scope="module")
def notices(published: Path) -> dict[date, bool]:
    """Every day that an official notice names: whether it is off."""
    files = sorted((published / "calendar").glob("*.json"))
    days = [one for file in files for one in json.loads(file.read_text("utf-8"))["days"]]
    return {date.fromisoformat(one["date"]): one["isOffDay"] for one in days}


# --- counted from --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agreed", "expected"),
    [
        ({"net_days": 30}, date(2026, 4, 19)),
        ({"net_days": 0}, date(2026, 3, 20)),
        ({"net_days": 30, "after": "month-end"}, date(2026, 4, 30)),
        ({"net_days": 0, "after": "month-end"}, date(2026, 3, 31)),
        ({"net_days": 0, "until": "month-end"}, date(2026, 3, 31)),
        ({"net_days": 30, "until": "month-end"}, date(2026, 4, 30)),
        ({"net_days": 30, "after": "month-end", "until": "month-end"}, date(2026, 4, 30)),
        ({"net_days": 31, "after": "month-end", "until": "month-end"}, date(2026, 5, 31)),
        ({"net_days": 10, "days": "business"}, date(2026, 4, 3)),
        ({"net_days": 10, "days": "business", "until": "month-end"}, date(2026, 4, 30)),
        ({"day_of_next_month": 10}, date(2026, 4, 10)),
        ({"day_of_next_month": 31}, date(2026, 4, 30)),
        ({"day_of_next_month": 10, "after": "month-end"}, date(2026, 4, 10)),
    ],
)
def test_payment_falls_due_as_agreed(agreed: dict[str, Any], expected: date) -> None:
    """Accepted on Friday 20 March 2026, with Monday to Friday as business days."""
    assert due(date(2026, 3, 20), **agreed) == expected


@pytest.mark.parametrize(
    ("invoiced", "expected"),
    [(None, None), (date(2026, 3, 1), date(2026, 4, 19)), (date(2026, 3, 25), date(2026, 4, 24))],
)
def test_from_the_invoice_means_from_the_later_of_invoice_and_acceptance(
    invoiced: date | None, expected: date | None
) -> None:
    assert due(date(2026, 3, 20), invoiced, after="invoice", net_days=30) == expected


def test_nothing_falls_due_without_terms_or_without_a_day_to_count_from() -> None:
    assert payment_due(terms(), date(2026, 3, 20)) == PaymentDue(None)
    assert payment_due(terms(payment=PaymentTerms()), None) == PaymentDue(None)


# --- the odd days of the year --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "agreed", "expected"),
    [
        (date(2028, 1, 30), {"net_days": 30}, date(2028, 2, 29)),
        (date(2027, 1, 30), {"net_days": 30}, date(2027, 3, 1)),
        (date(2028, 2, 29), {"net_days": 365}, date(2029, 2, 28)),
        (date(2028, 2, 28), {"net_days": 1, "days": "business"}, date(2028, 2, 29)),
        (date(2028, 2, 1), {"net_days": 0, "until": "month-end"}, date(2028, 2, 29)),
        (date(2028, 1, 31), {"day_of_next_month": 30}, date(2028, 2, 29)),
        (date(2028, 2, 29), {"day_of_next_month": 29}, date(2028, 3, 29)),
    ],
)
def test_a_leap_day_is_a_day_of_its_month(
    start: date, agreed: dict[str, Any], expected: date
) -> None:
    assert due(start, **agreed) == expected


@pytest.mark.parametrize("year", [2027, 2028])
def test_the_31st_of_the_next_month_is_its_last_day_where_it_is_shorter(year: int) -> None:
    found = [due(date(year, month, 15), day_of_next_month=31) for month in range(1, 13)]
    after = [(year, month) for month in range(2, 13)] + [(year + 1, 1)]
    assert found == [date(y, m, monthrange(y, m)[1]) for y, m in after]


@forall(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 31))
def test_a_day_of_the_next_month_lies_in_the_next_month(start: date, wanted: int) -> None:
    found = day_of_next_month(start, wanted)
    months = (found.year - start.year) * 12 + found.month - start.month
    assert months == 1
    assert found.day == wanted or (found + timedelta(days=1)).day == 1


def test_a_due_date_on_a_make_up_working_sunday_stays_there(notices: dict[date, bool]) -> None:
    """China works it; where nobody's calendar does, payment rolls to the Monday."""
    sundays = [one for one, off in notices.items() if not off and one.isoweekday() == 7]
    assert date(2026, 9, 20) in sundays
    for sunday in sundays:
        start = sunday - timedelta(days=30)
        assert due(start, net_days=30, roll="forward", **CHINA) == sunday
        assert due(start, net_days=30, roll="forward") == sunday + timedelta(days=1)
        assert due(start, net_days=30, roll="none") == sunday


@pytest.mark.parametrize(
    ("month_end", "expected"),
    [
        (date(2023, 4, 30), date(2023, 5, 4)),  # Labour Day, 29 April to 3 May
        (date(2023, 9, 30), date(2023, 10, 7)),  # to 6 October; Saturday the 7th makes up for it
        (date(2025, 1, 31), date(2025, 2, 5)),  # Spring Festival, to 4 February
        (date(2025, 5, 31), date(2025, 6, 3)),  # Dragon Boat Festival, to 2 June
    ],
)
def test_a_month_end_in_a_holiday_week_rolls_into_the_next_month(
    notices: dict[date, bool], month_end: date, expected: date
) -> None:
    assert notices[month_end]
    start = month_end - timedelta(days=20)
    agreed: dict[str, Any] = {"net_days": 0, "roll": "forward", **CHINA}
    assert due(start, until="month-end", **agreed) == expected
    assert due(start, after="month-end", **agreed) == expected
    assert due(start, until="month-end", net_days=0, **CHINA) == month_end
    between = [month_end + timedelta(days=n) for n in range((expected - month_end).days)]
    assert all(notices.get(one, one.isoweekday() > 5) for one in between)


def test_the_tenth_of_next_month_rolls_over_the_national_day() -> None:
    agreed: dict[str, Any] = {"day_of_next_month": 1, "roll": "forward", **CHINA}
    assert due(date(2026, 9, 15), **agreed) == date(2026, 10, 8)
    assert due(date(2026, 9, 15), day_of_next_month=10, roll="forward", **CHINA) == date(
        2026, 10, 10
    )  # a Saturday that China works


def test_a_due_date_in_a_year_not_published_is_provisional_and_names_its_calendar() -> None:
    china, year = calendar(("CN",)), 2027
    while not china.unpublished(year):
        year += 1
    agreed = PaymentTerms(net_days=0, until="month-end", roll="forward")
    found = payment_due(terms(payment=agreed, **CHINA), date(year, 3, 3))
    assert found.provisional
    assert found.calendar.startswith("CN@holidays-")
    business = PaymentTerms(net_days=3, days="business", until="month-end", roll="forward")
    found = payment_due(terms(payment=business, **CHINA), date(year, 3, 3))
    assert found.provisional
    by_the_day = payment_due(terms(payment=PaymentTerms(), **CHINA), date(year, 3, 3))
    assert by_the_day == PaymentDue(date(year, 4, 2))


def test_a_due_date_is_provisional_if_any_day_counted_or_rolled_over_is() -> None:
    """Business days counted through a year that is not published stay so, though the day they end on is known."""
    china, first = calendar(("CN",)), 2026
    while not china.unpublished(first - 1):
        first -= 1
    agreed = PaymentTerms(net_days=10, days="business", until="month-end", roll="forward")
    into = payment_due(terms(payment=agreed, **CHINA), date(first - 1, 12, 28))
    assert into.day is not None and into.day.year == first
    assert into.provisional
    within = payment_due(terms(payment=agreed, **CHINA), date(first, 6, 1))
    assert not within.provisional
    last = 2026
    while not china.unpublished(last + 1):
        last += 1
    counted: dict[str, Any] = {"net_days": 3, "days": "business", "days_first": True}
    following = PaymentTerms(day_of_next_month=10, roll="forward", **counted)
    out_of = payment_due(terms(payment=following, **CHINA), date(last, 12, 1))
    assert out_of.day is not None and out_of.day.year == last + 1
    assert out_of.provisional


@forall(
    st.dates(date(2015, 1, 1), date(2026, 11, 30)),
    st.sampled_from(["approval", "month-end"]),
    st.sampled_from(["day", "month-end"]),
    st.integers(0, 90),
)
def test_rolling_never_moves_back_and_no_further_than_the_next_business_day(
    start: date, after: Any, until: Any, net_days: int
) -> None:
    agreed: dict[str, Any] = {"after": after, "until": until, "net_days": net_days, **CHINA}
    fixed, rolled = due(start, **agreed), due(start, roll="forward", **agreed)
    assert fixed is not None
    assert rolled is not None
    assert start <= fixed <= rolled <= fixed + timedelta(days=12)


# --- the discount --------------------------------------------------------------------------------


def test_the_discount_is_shown_until_its_last_day_and_not_after() -> None:
    """2 % of 1,000,000 within 10 days of the acceptance on 25 August."""
    payment = PaymentTerms(net_days=30, discount=EarlyPayment(rate=D(2), days=10))
    state = accepted("M1", payment=payment).the_state()
    milestone = state.milestones["M1"]
    assert discount_day(state, milestone) == day(9, 4)
    assert early_payment(state, milestone, day(9, 4)) == 20_000
    assert early_payment(state, milestone, day(9, 5)) == 0
    assert early_payment(state, milestone, None) == 0


def test_the_discount_counts_from_where_payment_counts() -> None:
    """From the month's end where the terms say so; from the invoice, none before there is one."""
    discount = EarlyPayment(rate=D(2), days=10)
    by_after: dict[Any, date | None] = {}
    for after in ("approval", "month-end", "invoice"):
        payment = PaymentTerms(after=after, discount=discount)
        story = play(contract(payment=payment), submits("M1"), approves("M1", on=day(8, 25)))
        state = story.the_state()
        by_after[after] = discount_day(state, state.milestones["M1"])
    assert by_after == {"approval": day(9, 4), "month-end": day(9, 10), "invoice": None}


def test_without_a_discount_or_an_acceptance_there_is_no_day() -> None:
    state = accepted("M1").the_state()
    assert discount_day(state, state.milestones["M1"]) is None
    payment = PaymentTerms(discount=EarlyPayment(rate=D(2), day_of_next_month=10))
    state = accepted("M1", payment=payment).the_state()
    assert discount_day(state, state.milestones["M1"]) == day(9, 10)
    assert discount_day(state, state.milestones["M2"]) is None
    assert early_payment(state, state.milestones["M2"], day(8, 26)) == 0


@forall(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(0, 120), st.integers(1, 31))
def test_days_then_a_day_of_the_month_after_the_one_they_reach(
    start: date, days: int, wanted: int
) -> None:
    found = due(start, net_days=days, day_of_next_month=wanted, days_first=True)
    reached = start + timedelta(days=days)
    year, month = (reached.year, reached.month + 1) if reached.month < 12 else (reached.year + 1, 1)
    assert found is not None
    assert (found.year, found.month) == (year, month)
    last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
    assert found.day == min(wanted, last)


def test_business_days_are_counted_before_the_day_of_the_month() -> None:
    agreed: dict[str, Any] = {
        "net_days": 5,
        "days": "business",
        "day_of_next_month": 10,
        "days_first": True,
    }
    assert due(date(2026, 8, 24), **agreed) == date(2026, 9, 10)  # reached on 31 August
    assert due(date(2026, 8, 25), **agreed) == date(2026, 10, 10)  # reached on 1 September


def test_what_was_signed_before_with_a_day_of_the_next_month_alone_keeps_its_meaning() -> None:
    for net_days, days in product((0, 10, 30), ("calendar", "business")):
        agreed: dict[str, Any] = {"net_days": net_days, "days": days, "day_of_next_month": 10}
        assert due(date(2026, 8, 25), **agreed) == date(2026, 9, 10)
    # also on the last day of a month, a Saturday: the next business day would lie in another
    assert due(date(2026, 10, 31), days="business", day_of_next_month=10) == date(2026, 11, 10)


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ({}, date(2026, 3, 23)),
        ({"extra_holidays": (date(2026, 3, 23),)}, date(2026, 3, 24)),
        ({"extra_workdays": (date(2026, 3, 21),)}, date(2026, 3, 21)),
    ],
)
def test_the_contract_s_own_holidays_and_working_days_count(
    extra: dict[str, Any], expected: date
) -> None:
    agreed = terms(payment=PaymentTerms(net_days=1, days="business"), **extra)
    assert payment_due(agreed, date(2026, 3, 20)).day == expected


def test_days_counted_over_a_calendar_say_which_one_they_rest_on() -> None:
    agreed = terms(payment=PaymentTerms(net_days=10, days="business"), calendars=("CN",))
    assert payment_due(agreed, date(2026, 3, 20)).calendar == calendar(("CN",)).edition
    assert calendar(("CN",)).edition
