"""Days as the command line takes them; nothing heavy is imported here."""

from __future__ import annotations

import re
from datetime import date


def parse_date(text: str) -> date:
    """The day written as YYYY-MM-DD, or ValueError that says which day does not exist."""
    match = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", text.strip(), re.ASCII)
    if not match:
        raise ValueError(f"{text!r} is not a date; write YYYY-MM-DD, as in 2026-11-22")
    year, month, day = map(int, match.groups())
    try:
        found = date(year, month, day)
    except ValueError:
        raise ValueError(f"{text}: that day does not exist{_why(year, month)}") from None
    if not "1900-01-01" <= match[0] <= "2200-12-31":  # ledger.calendars, which help need not load
        raise ValueError(f"{text}: days are from 1900-01-01 to 2200-12-31")
    return found


def _why(year: int, month: int) -> str:
    if year == 0:
        return " (there is no year 0)"
    if not 1 <= month <= 12:
        return f" (there is no month {month:02})"
    import calendar  # only a day that does not exist needs it

    return f" ({calendar.month_name[month]} {year} has {calendar.monthrange(year, month)[1]} days)"
