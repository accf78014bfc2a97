"""OCDS's values as they come: text, objects, moments and amounts, whatever was written instead."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

from commands.imports.found import canonical_json
from ledger.money import EXPONENTS

Json = dict[str, Any]

_SHOWN = 80
_SUMMER_TIME = timedelta(hours=1)
_WIDEST_OFFSET = timedelta(hours=15)


# --- JSON as it comes ----------------------------------------------------------------------------


def text_of(value: Any) -> str:
    """The text of a JSON string or number, "" for anything else."""
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        return ""
    return str(value)


def written_of(value: Any) -> str:
    """A value as its source writes it, whatever it is, for people to find it by: JSON, cut where it is long."""
    text = value if isinstance(value, str) else str(value) if isinstance(value, Decimal) else ""
    text = text or canonical_json(value).decode("utf-8", "replace")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def object_of(holder: Any, key: str) -> Json:
    """The object under a key, {} where there is none."""
    value = holder.get(key) if isinstance(holder, dict) else None
    return value if isinstance(value, dict) else {}


def objects(holder: Any, key: str) -> list[Json]:
    """The objects in the list under a key, [] where there is none."""
    value = holder.get(key) if isinstance(holder, dict) else None
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def strays(holder: Json, key: str) -> int:
    """How many of the things under a key are no objects, where a list of objects should stand."""
    value = holder.get(key)
    if isinstance(value, list):
        return sum(not isinstance(one, dict) for one in value)
    return int(value is not None)


# --- times ---------------------------------------------------------------------------------------


def moment_of(written: Any) -> datetime | None:
    """The moment that a date-time or date means (ISO 8601); naive where it states no offset."""
    try:
        return datetime.fromisoformat(text_of(written).strip())
    except ValueError:
        return None


def known_claim(written: Any) -> str:
    """A release's date in UTC, as text that sorts as time does; "" where it is unknown."""
    moment = moment_of(written)
    if moment is None:
        return ""
    aware = moment if moment.utcoffset() is not None else moment.replace(tzinfo=UTC)
    try:
        utc = aware.astimezone(UTC).replace(tzinfo=None)
    except OverflowError:  # a date at the edge of the calendar: as unknown as a missing one
        return ""
    return f"{utc.isoformat(timespec='microseconds')}Z"


def only_date(moment: datetime) -> bool:
    """Midnight and 23:59 in its own offset stand for the whole day."""
    return moment.time().replace(tzinfo=None) == time() or (moment.hour, moment.minute) == (23, 59)


def local_day(moment: datetime, offset: timedelta) -> date:
    """The calendar day of a moment in the contract's zone; a date alone is taken as written.

    An hour's difference is summer time in the same place, so it moves no day.
    """
    own = moment.utcoffset()
    if own is None or only_date(moment) or abs(own - offset) <= _SUMMER_TIME:
        return moment.date()
    try:
        return moment.astimezone(timezone(offset)).date()
    except OverflowError:
        return moment.date()


def commonest_offset(written: list[Any]) -> timedelta:
    """The offset from UTC that most of the date-times state; UTC where none does."""
    offsets = Counter(
        offset
        for moment in map(moment_of, written)
        if moment is not None and (offset := moment.utcoffset()) is not None
        if abs(offset) < _WIDEST_OFFSET and offset % timedelta(minutes=1) == timedelta()
    )
    return max(sorted(offsets), key=lambda offset: offsets[offset], default=timedelta())


def offset_text(offset: timedelta) -> str:
    """The name of a zone of fixed offset: "UTC", "-06:00", "+04:30"."""
    if not offset:
        return "UTC"
    hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
    return f"{'-' if offset < timedelta() else '+'}{hours:02d}:{minutes:02d}"


def roles_of(party: Json) -> list[Any]:
    """The roles of a party, [] where none are listed."""
    roles = party.get("roles")
    return roles if isinstance(roles, list) else []


def code_of(written: str) -> str:
    """The currency that a code means: small letters and spaces around it are only its spelling."""
    tidy = written.strip().upper()
    return tidy if tidy in EXPONENTS else written


def money_in(row: Json, *keys: str) -> tuple[Any, str]:
    """The amount under the first of the keys that is there, and its currency's code as written."""
    found = next((row[key] for key in keys if row.get(key) is not None), None)
    if isinstance(found, dict):
        return found.get("amount"), text_of(found.get("currency"))
    return found, ""
