"""Calendars: the contract's own date, and business days that agree with official notices."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.calendars import (
    Calendar,
    Reckoned,
    calendar,
    delivery_date,
    local_date,
    parse_date,
    today_in,
    zone,
)
from ledger.errors import InputInvalid

CHINA = calendar(("CN",))
WEEKDAYS = calendar()
FRIDAY = date(2026, 2, 13)  # the start of oracles H4a and H4b

dates = st.dates(date(2023, 1, 1), date(2026, 12, 31))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def first_unpublished(of: Calendar) -> int:
    """Asked of the library itself, so that the test outlives the next notice."""
    return next(year for year in itertools.count(2026) if of.unpublished(year))


@pytest.fixture(scope="module")
def notices(published: Path) -> dict[date, bool]:
    """Every day that a notice names: whether it is off. A file may name days of another year."""
    files = sorted((published / "calendar").glob("*.json"))
    days = [day for file in files for day in json.loads(file.read_text("utf-8"))["days"]]
    return {date.fromisoformat(day["date"]): day["isOffDay"] for day in days}


# --- dates as text -------------------------------------------------------------------------------


def test_a_date_is_written_year_month_day() -> None:
    assert parse_date("2026-11-22") == date(2026, 11, 22)


@pytest.mark.parametrize("text", ["2024-02-29", "2000-02-29", "1900-01-01", "2200-12-31"])
def test_leap_days_and_the_first_and_last_day_kept_are_dates(text: str) -> None:
    assert parse_date(text).isoformat() == text


@pytest.mark.parametrize("text", ["1899-12-31", "2201-01-01", "9999-12-31", "0001-01-01"])
def test_a_day_beyond_them_is_refused_with_the_bounds(text: str) -> None:
    with pytest.raises(InputInvalid, match="from 1900-01-01 to 2200-12-31") as refused:
        parse_date(text)
    assert refused.value.code == "date-invalid"
    assert repr(text) in refused.value.message


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-02-30", "2026-02 has the days 01 to 28"),
        ("2024-02-30", "2024-02 has the days 01 to 29"),
        ("1900-02-29", "1900-02 has the days 01 to 28"),
        ("2026-04-31", "2026-04 has the days 01 to 30"),
        ("2026-01-00", "2026-01 has the days 01 to 31"),
        ("9999-12-32", "9999-12 has the days 01 to 31"),
        ("2026-13-01", "no month 13"),
        ("2026-00-10", "no month 00"),
        ("0000-01-01", "no year 0000"),
    ],
)
def test_a_day_that_does_not_exist_is_named(text: str, why: str) -> None:
    with pytest.raises(InputInvalid, match=why) as refused:
        parse_date(text)
    assert refused.value.code == "date-invalid"
    assert repr(text) in refused.value.message


@pytest.mark.parametrize(
    "text",
    [
        *("", "today", "20261122", "2026-W47-7", "2026-326", "22.11.2026", "11/22/2026"),
        *(
            "2026-1-2",
            "26-11-22",
            " 2026-11-22",
            "2026-11-22\n",
            "2026-11-22T00:00",
            "２０２６-11-22",
        ),
    ],
)
def test_a_date_written_in_another_way_is_refused(text: str) -> None:
    with pytest.raises(InputInvalid, match="is not a date") as refused:
        parse_date(text)
    assert "YYYY-MM-DD" in refused.value.hint


# --- time zones ----------------------------------------------------------------------------------


def test_the_same_moment_is_two_dates_in_shanghai_and_new_york() -> None:
    moment = utc("2026-03-31T15:30:00")  # 23:30 in Shanghai, 11:30 in New York
    assert local_date(moment, "Asia/Shanghai") == date(2026, 3, 31)
    assert local_date(moment + timedelta(hours=1), "Asia/Shanghai") == date(2026, 4, 1)
    assert local_date(moment + timedelta(hours=1), "America/New_York") == date(2026, 3, 31)


def test_delivered_late_in_shanghai_on_the_due_day_is_on_that_day() -> None:
    shanghai = datetime(2026, 3, 31, 23, 30, tzinfo=zone("Asia/Shanghai"))
    new_york = datetime(2026, 3, 31, 23, 30, tzinfo=zone("America/New_York"))
    assert delivery_date(shanghai, "Asia/Shanghai", None) == date(2026, 3, 31)
    assert delivery_date(new_york, "Asia/Shanghai", None) == date(2026, 4, 1)


def test_today_is_a_matter_of_the_zone_and_of_the_clock_that_is_given() -> None:
    now = utc("2026-11-22T16:00:00")
    assert today_in("Asia/Shanghai", now) == date(2026, 11, 23)
    assert today_in("UTC", now) == date(2026, 11, 22)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-03-08T04:59:59", date(2026, 3, 7)),  # winter time still: UTC-5
        ("2026-03-08T05:00:00", date(2026, 3, 8)),
        ("2026-03-09T03:59:59", date(2026, 3, 8)),  # summer time since that morning: UTC-4
        ("2026-03-09T04:00:00", date(2026, 3, 9)),
        ("2026-11-02T04:59:59", date(2026, 11, 1)),  # the day of 25 hours
        ("2026-11-02T05:00:00", date(2026, 11, 2)),
    ],
)
def test_a_day_is_as_long_as_daylight_saving_makes_it(moment: str, day: date) -> None:
    assert local_date(utc(moment), "America/New_York") == day


def test_a_local_time_that_occurs_twice_keeps_its_date() -> None:
    twice = datetime(2026, 11, 1, 1, 30, tzinfo=zone("America/New_York"))
    for fold in (0, 1):
        assert local_date(twice.replace(fold=fold), "America/New_York") == date(2026, 11, 1)


def test_a_fixed_offset_is_a_zone_too() -> None:
    # Oracle I6: met 2018-10-05T17:30+04:30 is on time for the day 2018-10-05.
    met = datetime.fromisoformat("2018-10-05T17:30:00+04:30")
    assert local_date(met, "+04:30") == date(2018, 10, 5)
    assert local_date(utc("2018-10-05T19:29:59"), "+04:30") == date(2018, 10, 5)
    assert local_date(utc("2018-10-05T05:59:59"), "-06:00") == date(2018, 10, 4)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("asia/shanghai", "Asia/Shanghai"),
        ("Asia/Shangai", "Asia/Shanghai"),
        ("America/New York", "America/New_York"),
    ],
)
def test_an_unknown_zone_is_answered_with_the_one_meant(name: str, meant: str) -> None:
    with pytest.raises(InputInvalid) as refused:
        zone(name)
    assert refused.value.code == "timezone-unknown"
    assert f"Did you mean {meant}" in refused.value.hint


@pytest.mark.parametrize(
    "name",
    [
        *("", "Beijing", "America", "../etc/passwd", "/etc/localtime", "a\0b", "x" * 5000),
        *("localtime", "right/Asia/Shanghai", "posix/UTC", "+15:00", "+8", "+08:60", "+0800"),
    ],
)
def test_what_is_no_zone_for_everybody_is_refused(name: str) -> None:
    with pytest.raises(InputInvalid) as refused:
        zone(name)
    assert refused.value.code == "timezone-unknown"
    assert len(refused.value.message) < 80
    assert "localtime" not in refused.value.hint


def test_a_moment_without_an_offset_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="offset"):
        local_date(datetime(2026, 3, 31, 12, 0), "UTC")  # noqa: DTZ001


# --- the cut-off ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clock", "day"),
    [
        ("16:59:59", date(2026, 12, 31)),
        ("17:00:00", date(2026, 12, 31)),
        ("17:00:00.000001", date(2027, 1, 1)),
        ("23:59:59", date(2027, 1, 1)),
    ],
)
def test_after_the_cut_off_a_delivery_counts_on_the_next_day(clock: str, day: date) -> None:
    at = datetime.fromisoformat(f"2026-12-31T{clock}+08:00")
    assert delivery_date(at, "Asia/Shanghai", time(17)) == day


def test_the_cut_off_is_read_on_the_contracts_clock() -> None:
    at = datetime(2026, 3, 31, 8, 0, tzinfo=zone("America/New_York"))  # 20:00 in Shanghai
    assert delivery_date(at, "Asia/Shanghai", time(17)) == date(2026, 4, 1)
    assert delivery_date(at, "America/New_York", time(17)) == date(2026, 3, 31)


def test_without_a_cut_off_only_the_date_counts() -> None:
    at = datetime.fromisoformat("2026-12-31T23:59:59+08:00")
    assert delivery_date(at, "Asia/Shanghai", None) == date(2026, 12, 31)


# --- business days: the published examples -------------------------------------------------------


@pytest.mark.parametrize(
    ("of", "days", "expected"),
    [
        pytest.param(CHINA, 5, date(2026, 2, 27), id="H4a China"),
        pytest.param(WEEKDAYS, 5, date(2026, 2, 20), id="H4a Monday to Friday"),
        pytest.param(CHINA, 10, date(2026, 3, 5), id="H4b China"),
        pytest.param(WEEKDAYS, 10, date(2026, 2, 27), id="H4b Monday to Friday"),
    ],
)
def test_counting_agrees_with_the_published_examples(
    of: Calendar, days: int, expected: date
) -> None:
    assert of.add_business_days(FRIDAY, days) == Reckoned(expected, provisional=False)


def test_the_first_counted_day_is_the_day_after_the_start() -> None:
    # 2026-02-14 is a Saturday that China works.
    assert CHINA.add_business_days(FRIDAY, 1).day == date(2026, 2, 14)
    assert WEEKDAYS.add_business_days(FRIDAY, 1).day == date(2026, 2, 16)


def test_no_days_later_is_the_start_itself() -> None:
    holiday = date(2026, 2, 17)
    assert CHINA.add_business_days(holiday, 0) == Reckoned(holiday, provisional=False)


@pytest.mark.parametrize(
    ("of", "deadline", "expected"),
    [
        (WEEKDAYS, date(2026, 11, 21), date(2026, 11, 23)),  # Saturday
        (WEEKDAYS, date(2026, 11, 22), date(2026, 11, 23)),  # Sunday
        (WEEKDAYS, date(2026, 11, 23), date(2026, 11, 23)),  # Monday: stays
        (calendar(("US",)), date(2026, 7, 3), date(2026, 7, 6)),  # Independence Day, observed
        (CHINA, date(2026, 2, 15), date(2026, 2, 24)),  # the whole Spring Festival
    ],
)
def test_a_deadline_moves_forward_and_never_backward(
    of: Calendar, deadline: date, expected: date
) -> None:
    # Oracle H3: to the next day that is no Saturday, Sunday or legal holiday.
    assert of.roll_forward(deadline) == Reckoned(expected, provisional=False)


def test_a_make_up_sunday_is_a_business_day_in_china_only() -> None:
    sunday = date(2026, 1, 4)
    assert sunday.isoweekday() == 7
    assert CHINA.is_business_day(sunday)
    assert CHINA.roll_forward(sunday).day == sunday
    assert not WEEKDAYS.is_business_day(sunday)
    assert not calendar(("CN", "US")).is_business_day(sunday)


def test_china_agrees_with_the_official_notices_day_for_day(notices: dict[date, bool]) -> None:
    years = [year for year in range(2023, 2027) if any(day.year == year for day in notices)]
    assert years == [2023, 2024, 2025, 2026]
    first, end = date(2022, 12, 31), date(2027, 1, 1)
    days = [first + timedelta(days=n) for n in range((end - first).days)]
    differing = [
        day for day in days if CHINA.is_business_day(day) == notices.get(day, day.isoweekday() > 5)
    ]
    assert differing == []


@pytest.mark.parametrize(("year", "days"), [(2023, 249), (2024, 251), (2025, 248), (2026, 248)])
def test_china_works_as_many_days_as_the_notices_leave(year: int, days: int) -> None:
    before, last = date(year - 1, 12, 31), date(year, 12, 31)
    assert CHINA.add_business_days(before, days).day <= last
    assert CHINA.add_business_days(before, days + 1).day > last


def test_the_notice_of_the_next_year_reaches_back_into_december() -> None:
    assert CHINA.is_business_day(date(2018, 12, 29))  # a Saturday worked for the Monday off
    assert not CHINA.is_business_day(date(2018, 12, 31))


# --- business days: several calendars, and none --------------------------------------------------


def test_a_business_day_is_one_on_which_every_calendar_works() -> None:
    both = calendar(("CN", "US"))
    thanksgiving, national_day = date(2026, 11, 26), date(2026, 10, 5)
    assert CHINA.is_business_day(thanksgiving)
    assert not both.is_business_day(thanksgiving)
    assert calendar(("US",)).is_business_day(national_day)
    assert not both.is_business_day(national_day)
    assert both.is_business_day(date(2026, 11, 23))


def test_a_subdivision_adds_its_own_holidays() -> None:
    lincoln = date(2026, 2, 12)  # a holiday in New York state, not of the country
    assert calendar(("US",)).is_business_day(lincoln)
    assert not calendar(("US-NY",)).is_business_day(lincoln)


def test_a_week_is_the_countrys_own() -> None:
    friday, sunday = date(2026, 9, 4), date(2026, 9, 6)
    riyadh = calendar(("SA",))
    assert not riyadh.is_business_day(friday)
    assert riyadh.is_business_day(sunday)


def test_without_a_calendar_monday_to_friday_are_business_days() -> None:
    week = [date(2026, 2, 16) + timedelta(days=n) for n in range(7)]
    assert [WEEKDAYS.is_business_day(day) for day in week] == [True] * 5 + [False] * 2


def test_a_leap_day_is_counted_like_any_other_day() -> None:
    assert WEEKDAYS.add_business_days(date(2024, 2, 28), 1).day == date(2024, 2, 29)
    assert WEEKDAYS.add_business_days(date(2023, 2, 28), 1).day == date(2023, 3, 1)


def test_a_contracts_own_days_stand_above_every_calendar() -> None:
    closed, open_ = date(2026, 11, 23), date(2026, 11, 22)
    own = calendar(("CN", "US"), frozenset({closed}), frozenset({open_}))
    assert not own.is_business_day(closed)
    assert own.is_business_day(open_)
    assert own.roll_forward(closed).day == date(2026, 11, 24)


def test_a_day_cannot_be_both_a_holiday_and_a_workday() -> None:
    day = frozenset({date(2026, 11, 23)})
    with pytest.raises(InputInvalid, match="2026-11-23") as refused:
        calendar((), day, day)
    assert refused.value.code == "calendar-contradicts"


def test_counting_backward_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="forward"):
        WEEKDAYS.add_business_days(FRIDAY, -1)


def test_a_count_beyond_the_last_year_is_refused() -> None:
    with pytest.raises(InputInvalid, match="beyond the year 9999"):
        WEEKDAYS.add_business_days(date(9999, 12, 30), 5)
    with pytest.raises(InputInvalid, match="beyond the year 9999"):
        calendar((), frozenset({date.max})).roll_forward(date.max)


@given(dates, st.integers(0, 60), st.sampled_from([WEEKDAYS, CHINA, calendar(("CN", "US"))]))
def test_counting_in_two_steps_is_counting_in_one(start: date, days: int, of: Calendar) -> None:
    halfway = of.add_business_days(start, days // 2).day
    end = of.add_business_days(start, days).day
    assert of.add_business_days(halfway, days - days // 2).day == end
    between = [start + timedelta(days=n + 1) for n in range((end - start).days)]
    assert sum(map(of.is_business_day, between)) == days


@given(dates, st.sampled_from([WEEKDAYS, CHINA, calendar(("CN", "US"))]))
def test_a_rolled_day_is_the_first_business_day_from_there(day: date, of: Calendar) -> None:
    rolled = of.roll_forward(day).day
    assert rolled >= day
    assert of.is_business_day(rolled)
    assert of.roll_forward(rolled).day == rolled
    assert of.add_business_days(day - timedelta(days=1), 1).day == rolled


# --- years that are not published ----------------------------------------------------------------


def test_a_count_that_reaches_an_unpublished_year_says_so() -> None:
    year = first_unpublished(CHINA)
    start = date(year - 1, 12, 20)
    reached = CHINA.add_business_days(start, 15)
    assert reached.day.year == year
    assert reached.provisional
    assert not CHINA.add_business_days(start, 5).provisional
    assert CHINA.roll_forward(date(year, 3, 3)).provisional
    assert CHINA.roll_forward(date(year, 1, 1)).provisional


def test_a_strict_count_stops_there_instead() -> None:
    year = first_unpublished(CHINA)
    named = f"CN has no official days for {year}"
    with pytest.raises(InputInvalid, match=named) as refused:
        CHINA.add_business_days(date(year - 1, 12, 20), 15, strict=True)
    assert refused.value.code == "calendar-unpublished"
    assert refused.value.facts == {"calendar": "CN", "year": year}
    with pytest.raises(InputInvalid, match=named):
        calendar(("US", "CN")).roll_forward(date(year, 1, 1), strict=True)
    assert CHINA.roll_forward(date(year - 1, 3, 7), strict=True).provisional is False


def test_a_year_without_a_notice_in_the_data_is_not_published(notices: dict[date, bool]) -> None:
    announced = {day.year for day in notices}
    assert not any(CHINA.unpublished(year) for year in announced)
    assert first_unpublished(CHINA) > max(announced)


def test_a_rule_based_calendar_is_never_provisional() -> None:
    for name in ("US", "US-NY", "GB", "DE", "JP", "FR"):
        assert calendar((name,)).unpublished(2050) == ()
    assert not WEEKDAYS.roll_forward(date(2500, 1, 1)).provisional


def test_only_the_calendars_not_published_are_named() -> None:
    assert calendar(("US", "CN")).unpublished(first_unpublished(CHINA)) == ("CN",)


def test_lunar_holidays_that_are_only_estimated_are_provisional() -> None:
    assert calendar(("EG",)).unpublished(2030) == ("EG",)
    assert calendar(("EG",)).unpublished(2024) == ()


def test_beyond_what_the_library_knows_nothing_is_published() -> None:
    assert calendar(("US",)).unpublished(2101) == ("US",)
    assert calendar(("US",)).roll_forward(date(2101, 1, 1)).provisional
    assert calendar(("CN",)).is_business_day(date(1900, 1, 1))
    assert calendar(("CN",)).unpublished(1900) == ("CN",)


def test_every_country_of_the_library_is_a_calendar() -> None:
    import holidays

    for name in holidays.list_supported_countries(include_aliases=False):
        days = [calendar((name,)).roll_forward(date(year, 5, 1)).day for year in (1, 2026, 9998)]
        assert [day.year for day in days] == [1, 2026, 9998]


# --- names and editions --------------------------------------------------------------------------


def test_an_edition_names_the_calendars_and_the_release_of_their_source() -> None:
    from holidays.version import __version__ as version

    assert CHINA.edition == f"CN@holidays-{version}"
    assert calendar(("CN", "US-NY", "CN")).edition == f"CN+US-NY@holidays-{version}"
    assert WEEKDAYS.edition == "weekdays"


def test_an_edition_tells_when_a_contract_has_days_of_its_own() -> None:
    own = frozenset({date(2026, 11, 23)})
    assert calendar((), own).edition == "weekdays+own"
    assert calendar(("CN",), frozenset(), own).edition == f"{CHINA.edition}+own"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("cn", "CN"),
        ("CHN", "CN"),
        ("UK", "GB"),
        ("US-ny", "US-NY"),
        ("US-NYC", "US-NY"),
    ],
)
def test_an_unknown_calendar_is_answered_with_the_one_meant(name: str, meant: str) -> None:
    with pytest.raises(InputInvalid) as refused:
        calendar(("CN", name))
    assert refused.value.code == "calendar-unknown"
    assert repr(name) in refused.value.message
    assert f"Did you mean {meant}" in refused.value.hint


@pytest.mark.parametrize("name", ["", "ZZ", "China", "CN-", "-", "CN-XX", "HolidayBase", "US NY"])
def test_what_the_library_has_no_calendar_for_is_refused(name: str) -> None:
    with pytest.raises(InputInvalid) as refused:
        calendar((name,))
    assert refused.value.code == "calendar-unknown"


def test_the_library_is_imported_only_when_a_calendar_is_named() -> None:
    code = (
        "import sys, datetime, ledger.calendars as c;"
        "c.calendar().add_business_days(datetime.date(2026, 2, 13), 5);"
        "assert 'holidays' not in sys.modules;"
        "c.calendar(('CN',)); assert 'holidays' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
