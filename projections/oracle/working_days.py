"""Which days work, told a second time: a contract's own days, then China's notices and the federal holidays of the US.

Other calendars, and years of which China's notice is not held here, are *unlisted*: what counts by them is not
reckoned again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cache

from projections.oracle.log import Json

Works = Callable[[date], bool]
"""Whether everybody works on a day; raises Unlisted where that is not known here."""

ONE = timedelta(days=1)

# China, from the State Council's notices of holidays: the weekdays off, and the Saturdays and Sundays that work.
OFF = {
    2023: "0102 0123 0124 0125 0126 0127 0405 0501 0502 0503 0622 0623 0929 1002 1003 1004 1005 1006",
    2024: "0101 0212 0213 0214 0215 0216 0404 0405 0501 0502 0503 0610 0916 0917 1001 1002 1003 1004 1007",
    2025: "0101 0128 0129 0130 0131 0203 0204 0404 0501 0502 0505 0602 1001 1002 1003 1006 1007 1008",
    2026: "0101 0102 0216 0217 0218 0219 0220 0223 0406 0501 0504 0505 0619 0925 1001 1002 1005 1006 1007",
}
ON = {
    2023: "0128 0129 0423 0506 0625 1007 1008",
    2024: "0204 0218 0407 0428 0511 0914 0929 1012",
    2025: "0126 0208 0427 0928 1011",
    2026: "0104 0214 0228 0509 0920 1010",
}


class Unlisted(Exception):
    """A calendar, or a year of it, that is not held here."""


def weekday(day: date) -> bool:
    return day.weekday() < 5


def works(terms: Json) -> Works:
    """The working days of a contract: its own stand above every calendar; of several all must work."""
    own_on, own_off = set(terms.get("extra_workdays", ())), set(terms.get("extra_holidays", ()))
    names = terms.get("calendars", ())

    def one(day: date) -> bool:
        if day.isoformat() in own_on:
            return True
        if day.isoformat() in own_off:
            return False
        return all(_of(name, day) for name in names) if names else weekday(day)

    return one


def _of(name: str, day: date) -> bool:
    if name == "CN" and day.year in OFF:
        written = f"{day:%m%d}"
        if weekday(day):
            return written not in OFF[day.year].split()
        return written in ON[day.year].split()
    if (
        name == "US" and day.year >= 2022
    ):  # since 2021 Juneteenth is one of them, from the middle of that year on
        return weekday(day) and day not in _federal(day.year)
    raise Unlisted(f"{name} in {day.year}")


@cache
def _federal(year: int) -> frozenset[date]:
    """The days off for federal holidays: on a Saturday the day before, on a Sunday the day after."""
    fixed = [
        date(each, month, day)
        for each in (year, year + 1)
        for month, day in ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))
    ]
    moved = [day + {5: -ONE, 6: ONE}.get(day.weekday(), timedelta()) for day in fixed]
    mondays = ((1, 3), (2, 3), (9, 1), (10, 2))
    found = [*moved, *(_nth(year, month, 0, number) for month, number in mondays)]
    may = list(_weekdays(year, 5, 0))
    return frozenset([*found, may[-1], _nth(year, 11, 3, 4)])


def _weekdays(year: int, month: int, weekday: int) -> Iterator[date]:
    day = date(year, month, 1)
    while day.month == month:
        if day.weekday() == weekday:
            yield day
        day += ONE


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    return list(_weekdays(year, month, weekday))[number - 1]


def first_working(day: date, working: Works = weekday) -> date:
    """The day itself, or the next that works."""
    while not working(day):
        day += ONE
    return day
