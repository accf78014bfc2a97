"""Days are a contract's own: its time zone says which date it is, its calendars which days work.

A business day is one on which every named calendar works, make-up working weekends included. The
days come from the `holidays` library, which is imported only when a calendar is asked for; its
version is part of a calendar's `edition`, which is stored with every date computed from it.

Not every year is known. China and others announce theirs year by year, and lunar dates elsewhere
are only estimated: a reckoning that touches such a year is *provisional* and says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from datetime import timezone as fixed_offset
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ledger.errors import InputInvalid

if TYPE_CHECKING:
    from holidays import HolidayBase

_ONE_DAY = timedelta(days=1)
# What a person or a file may mean. A day beyond is a slip or a placeholder (9999-12-31), and terms that count days
# from it would run out of the calendar.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2200, 12, 31)
_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_OFFSET = re.compile(r"([+-])(0[0-9]|1[0-4]):([0-5][0-9])")
_COUNTRY = re.compile(r"([A-Z]{2})(?:-([A-Z0-9]+))?")
# These name what this machine is set to, or count leap seconds: not one zone for everybody.
_NOT_A_PLACE = ("localtime", "posixrules", "Factory", "posix/", "right/")


# --- dates in a contract's zone ------------------------------------------------------------------


def parse_date(text: str) -> date:
    """The calendar date written as YYYY-MM-DD, and in no other way, from FIRST_DAY to LAST_DAY.

    Raises InputInvalid `date-invalid`, which says which month or day does not exist, or that the day lies beyond.
    Source: ISO 8601, extended format.
    """
    match = _ISO_DATE.fullmatch(text)
    if match is None:
        raise _date_invalid(text, "is not a date")
    year, month, day = (int(part) for part in match.groups())
    if year == 0:
        raise _date_invalid(text, "does not exist: there is no year 0000")
    if not 1 <= month <= 12:
        raise _date_invalid(text, f"does not exist: there is no month {month:02d}")
    try:
        found = date(year, month, day)
    except ValueError:
        last = (date(year + month // 12, month % 12 + 1, 1) - _ONE_DAY).day if year < 9999 else 31
        wrong = f"does not exist: {year:04d}-{month:02d} has the days 01 to {last}"
        raise _date_invalid(text, wrong) from None
    if not FIRST_DAY <= found <= LAST_DAY:
        raise _date_invalid(
            text, f"lies beyond what is kept: days are from {FIRST_DAY} to {LAST_DAY}"
        )
    return found


@lru_cache(maxsize=1024)
def zone(name: str) -> tzinfo:
    """The zone of an IANA name such as "Asia/Shanghai", or of a fixed offset such as "+04:30".

    Offsets are what imported history knows. Raises InputInvalid `timezone-unknown`.
    """
    if offset := _OFFSET.fullmatch(name):
        distance = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return fixed_offset(distance if offset[1] == "+" else -distance)
    try:
        if name.startswith(_NOT_A_PLACE):
            raise ZoneInfoNotFoundError(name)
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _timezone_unknown(name) from None


def local_date(moment: datetime, timezone: str) -> date:
    """The calendar date that it is in the zone at this moment. Raises ValueError if naive."""
    return _local(moment, timezone).date()


def today_in(timezone: str, now: datetime) -> date:
    """Today in the zone, the clock being given: nothing here reads one."""
    return local_date(now, timezone)


def month_end(day: date) -> date:
    """The last day of its month."""
    if day.month == 12:
        return day.replace(day=31)
    return day.replace(month=day.month + 1, day=1) - timedelta(days=1)


def delivery_date(at: datetime, timezone: str, cut_off: time | None) -> date:
    """The date on which a delivery counts: the contract-local one, or the next after the cut-off.

    Delivered exactly at the cut-off is still in time. Without a cut-off only the date counts.
    """
    local = _local(at, timezone)
    late = cut_off is not None and local.time() > cut_off
    return local.date() + _ONE_DAY if late else local.date()


def _local(moment: datetime, timezone: str) -> datetime:
    if moment.utcoffset() is None:  # astimezone would silently take this machine's zone
        raise ValueError("a moment needs its offset from UTC")
    return moment.astimezone(zone(timezone))


# --- business days -------------------------------------------------------------------------------


class Reckoned(NamedTuple):
    """A date found by counting; `provisional` when a year on the way was not yet published."""

    day: date
    provisional: bool


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days on which all named calendars work; without names, Monday to Friday.

    A contract's own holidays and workdays stand above every calendar. With `strict` a reckoning
    raises InputInvalid `calendar-unpublished` where it would otherwise be provisional.
    """

    names: tuple[str, ...]
    extra_holidays: frozenset[date] = frozenset()
    extra_workdays: frozenset[date] = frozenset()

    @property
    def edition(self) -> str:
        """What the days rest on, to be stored with them: "CN+US@holidays-0.109", "weekdays"."""
        own = "+own" if self.extra_holidays or self.extra_workdays else ""
        if not self.names:
            return f"weekdays{own}"
        from holidays.version import __version__ as version

        return f"{'+'.join(self.names)}@holidays-{version}{own}"

    def unpublished(self, year: int) -> tuple[str, ...]:
        """The calendars, of those named, whose days of this year are not all official yet."""
        return tuple(name for name in self.names if not _year(name, year).published)

    def is_business_day(self, day: date) -> bool:
        """Whether everybody works on this day, as far as is known."""
        if day in self.extra_workdays:
            return True
        if day in self.extra_holidays:
            return False
        if not self.names:
            return day.weekday() < 5
        return all(day in _year(name, day.year).workdays for name in self.names)

    def add_business_days(self, start: date, days: int, *, strict: bool = False) -> Reckoned:
        """The day `days` business days after the start; the first counted is the day after it.

        With zero days it is the start itself, whatever day that is. Raises ValueError if negative.
        """
        if days < 0:
            raise ValueError("business days are counted forward")
        day, years = start, set[int]()
        while days:
            day = _day_after(day)
            years.add(day.year)
            days -= self.is_business_day(day)
        return self._reckoned(day, years, strict)

    def roll_forward(self, day: date, *, strict: bool = False) -> Reckoned:
        """The day itself if it is a business day, else the next one: never an earlier day.

        Source: FAR 32.902 and GAO B-217644.1, a deadline on a Saturday, Sunday or legal holiday.
        """
        years = {day.year}
        while not self.is_business_day(day):
            day = _day_after(day)
            years.add(day.year)
        return self._reckoned(day, years, strict)

    def _reckoned(self, day: date, years: set[int], strict: bool) -> Reckoned:
        missing = [(name, year) for year in sorted(years) for name in self.unpublished(year)]
        if missing and strict:
            raise _unpublished(*missing[0])
        return Reckoned(day, bool(missing))


def calendar(
    names: tuple[str, ...] = (),
    extra_holidays: frozenset[date] = frozenset(),
    extra_workdays: frozenset[date] = frozenset(),
) -> Calendar:
    """The calendar in which a day counts when all of the named ones work on it.

    Names are ISO 3166 country codes of the `holidays` library, with a subdivision where one is
    meant: "CN", "US", "US-NY". Raises InputInvalid `calendar-unknown`, and `calendar-contradicts`
    for a day that is named both as a holiday and as a workday.
    """
    for name in names:
        _known(name)
    if both := extra_holidays & extra_workdays:
        raise InputInvalid(
            "calendar-contradicts",
            f"{min(both)} is named both as a holiday and as a workday.",
            hint="Keep it in one of the two lists.",
            facts={"days": sorted(day.isoformat() for day in both)},
        )
    return Calendar(tuple(dict.fromkeys(names)), extra_holidays, extra_workdays)


def _day_after(day: date) -> date:
    try:
        return day + _ONE_DAY
    except OverflowError:
        hint = "Check the start and the number of days."
        raise InputInvalid(
            "date-invalid", "The count runs beyond the year 9999.", hint=hint
        ) from None


# --- the days of one calendar in one year --------------------------------------------------------


class _Year(NamedTuple):
    workdays: frozenset[date]
    published: bool


@lru_cache(maxsize=1024)
def _year(name: str, year: int) -> _Year:
    country = _country(name)
    covered = country.start_year <= year <= country.end_year
    if covered:  # outside, the library warns and knows nothing but the country's weekend
        country = _country(name, year)
    first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    days = map(date.fromordinal, range(first, last + 1))
    workdays = frozenset(filter(country.is_working_day, days))
    return _Year(workdays, covered and _is_published(country, year))


def _is_published(country: HolidayBase, year: int) -> bool:
    """Whether the library holds the official days of this year, judged by its own data.

    A country that moves working days to weekends does so by yearly notice, so beyond the last year
    with an entry nothing is known; a lunar holiday not yet confirmed is named "(estimated)".
    """
    if country.has_substituted_holidays:
        notices: dict[int, object] = getattr(country, "special_public_holidays", {})
        if year > max(notices, default=year):
            return False
    return not any("estimated" in label for label in country.values())


def _country(name: str, *years: int) -> HolidayBase:
    import holidays

    code, _, subdivision = name.partition("-")
    # With the language given, the answer does not depend on the environment's locale.
    return holidays.country_holidays(
        code, subdiv=subdivision or None, years=years, expand=False, language="en_US"
    )


@lru_cache(maxsize=256)
def _known(name: str) -> None:
    if match := _COUNTRY.fullmatch(name):
        try:
            country = _country(name)
        except NotImplementedError:
            raise _calendar_unknown(name) from None
        # The library also answers to aliases (UK, or the old name of a province): one name each.
        if country.country == match[1] and (not match[2] or match[2] in country.subdivisions):
            return
    raise _calendar_unknown(name)


# --- what people are told ------------------------------------------------------------------------


def _quoted(text: str) -> str:
    """The text as typed, on one line, cut where it would flood the screen."""
    return repr(text if len(text) <= 40 else f"{text[:40]}…")


def _did_you_mean(typed: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches  # only ever needed to explain a mistake

    by_folded = {name.casefold(): name for name in sorted(known)}
    close = get_close_matches(typed.casefold(), by_folded, n=3, cutoff=0.6)
    return f"Did you mean {' or '.join(by_folded[name] for name in close)}? " if close else ""


def _date_invalid(text: str, wrong: str) -> InputInvalid:
    return InputInvalid(
        "date-invalid",
        f"{_quoted(text)} {wrong}.",
        hint="Write a date as YYYY-MM-DD, such as 2026-11-22.",
        facts={"text": text},
    )


def _timezone_unknown(name: str) -> InputInvalid:
    from zoneinfo import available_timezones

    places = {known for known in available_timezones() if not known.startswith(_NOT_A_PLACE)}
    meant = _did_you_mean(name[:80], places)
    return InputInvalid(
        "timezone-unknown",
        f"{_quoted(name)} is not a time zone.",
        hint=f"{meant}Use an IANA name such as Asia/Shanghai, or an offset such as +08:00.",
        facts={"timezone": name},
    )


def _calendar_unknown(name: str) -> InputInvalid:
    import holidays

    code = name.upper().partition("-")[0]
    supported = holidays.list_supported_countries(include_aliases=False)
    aliases = holidays.list_supported_countries(include_aliases=True)
    if code in supported:
        meant = _did_you_mean(name, [code, *(f"{code}-{part}" for part in supported[code])])
    elif code in aliases:
        meant = f"Did you mean {holidays.country_holidays(code).country}? "
    else:
        meant = _did_you_mean(name, supported)
    return InputInvalid(
        "calendar-unknown",
        f"{_quoted(name)} is not a calendar.",
        hint=f"{meant}Use an ISO 3166 country code such as CN, with a subdivision as in US-NY.",
        facts={"calendar": name},
    )


def _unpublished(name: str, year: int) -> InputInvalid:
    return InputInvalid(
        "calendar-unpublished",
        f"The calendar {name} has no official days for {year} in this edition.",
        hint="Take the provisional date, or wait for the notice and update `holidays`.",
        facts={"calendar": name, "year": year},
    )
