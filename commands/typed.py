"""Values as people type them on the acting commands: times, measured values, evidence, bounds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ledger.errors import InputInvalid

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, tzinfo

    from ledger.events import Evidence, Result
    from ledger.terms import Criterion

_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?) ?(Z|[+-]\d\d:?\d\d)?", re.ASCII | re.IGNORECASE
)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII | re.IGNORECASE)


def parse_time(text: str, timezone: str) -> datetime:
    """A moment with its offset; one without is a local time in the contract's zone.

    Raises InputInvalid `time-invalid`.
    """
    from datetime import UTC, datetime

    from ledger.calendars import parse_date, zone

    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise _time_invalid(text, "is not a time")
    day, minute, offset = match.groups()
    parse_date(day)
    try:
        moment = datetime.fromisoformat(f"{day}T{minute}{(offset or '').upper()}")
        if not moment.tzinfo:
            moment = _on_the_clock(text, moment, zone(timezone), timezone)
        moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _time_invalid(text, "does not exist") from None
    return moment


def _on_the_clock(text: str, clock: datetime, zone: tzinfo, timezone: str) -> datetime:
    """The moment at which a zone's clocks show a time; where they skip or repeat it, it is none or two."""
    from datetime import UTC

    first, second = clock.replace(tzinfo=zone), clock.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != clock:
        raise _time_invalid(text, f"is skipped by the clocks of {timezone}")
    raise _time_invalid(text, f"comes twice by the clocks of {timezone}: its offset is needed")


def _time_invalid(text: str, wrong: str) -> InputInvalid:
    hint = "write 2026-09-25T23:30+08:00, or without the offset for the contract's own zone"
    return InputInvalid("time-invalid", f"{text!r} {wrong}", hint=hint, facts={"text": text})


def named_value(text: str, option: str, example: str) -> tuple[str, str]:
    """NAME=VALUE as its two halves; raises InputInvalid `value-invalid`."""
    name, separator, value = (part.strip() for part in text.partition("="))
    if not (name and separator and value):
        says = f"{option} {text!r} is not NAME=VALUE"
        raise InputInvalid("value-invalid", says, hint=f"write {option} {example}")
    return name, value


def parse_result(text: str) -> Result:
    """A criterion's measured value: "conversion_rate=3.4%"."""
    from ledger.events import Result

    name, value = named_value(text, "--measured", "conversion_rate=3.4%")
    return Result(criterion=name, measured=_measure(value, text, "--measured"))


def _measure(value: str, text: str, option: str) -> str:
    """A measured value in canonical text; an error says in which option it stands."""
    from ledger.written import measure_text

    try:
        return measure_text(value)
    except InputInvalid as wrong:
        wrong.place = f"{option} {text!r}"
        raise


def parse_evidence(text: str) -> Evidence:
    """Where a proof lies, and after the last `=` the SHA-256 of its bytes, if that is given.

    The `=` of a query (`?id=5`) and of a folder's name (`date=2026-11-30/…`) belong to the address. Raises InputInvalid
    `value-invalid` and `digest-invalid`.
    """
    from commands.tables import HOSTILE
    from ledger.events import Evidence

    text = text.strip()
    if not text:
        raise InputInvalid("value-invalid", "the evidence is empty", hint="write --evidence URI")
    if found := HOSTILE.search(text):
        says = f"the evidence {text!r} holds the invisible character U+{ord(found[0]):04X}"
        raise InputInvalid("value-invalid", says, hint="take it out")
    uri, separator, tail = text.rpartition("=")
    if not separator or "/" in tail:
        return Evidence(uri=text)
    query = uri.rpartition("?")[2] if "?" in uri else None
    own = query is not None and "=" not in query.rpartition("&")[2]  # the parameter's own sign
    if own and not _SHA256.fullmatch(tail):
        return Evidence(uri=text)
    if own:
        says = f"in {text!r} the digest may be the value of {query!r}, a part of the address"
        hint = "write its = as %3D, or the digest once more behind another ="
        raise InputInvalid("digest-invalid", says, hint=hint, facts={"text": text})
    if not uri or not _SHA256.fullmatch(tail):
        says = f"{tail!r} behind the last = of the evidence {text!r} is no SHA-256"
        hint = (
            "write its 64 hexadecimal digits, as sha256sum prints them; leave = and digest out, or"
            " write an = of the address as %3D"
        )
        raise InputInvalid("digest-invalid", says, hint=hint, facts={"text": text})
    return Evidence(uri=uri, sha256=tail.lower())


def _seen(name: str, option: str) -> None:
    from commands.tables import seen

    if seen(name) != name:
        says = f"{option}: the criterion {name!r} holds characters that nobody sees"
        hint = f"write {seen(name)!r}" if seen(name).strip() else "write its name"
        raise InputInvalid("value-invalid", says, hint=hint, facts={"criterion": name})


def parse_criteria(at_least: Iterable[str], at_most: Iterable[str]) -> tuple[Criterion, ...]:
    """Criteria in the order in which they are first named, each with the bounds given.

    Raises InputInvalid where two bounds of one criterion leave nothing between them, or differ in their units.
    """
    from ledger.measured import bounds_in_conflict
    from ledger.terms import Criterion

    bounds: dict[str, dict[str, str]] = {}
    for field, option, texts in (
        ("at_least", "--at-least", at_least),
        ("at_most", "--at-most", at_most),
    ):
        for text in texts:
            name, value = named_value(text, option, "conversion_rate=3.0%")
            _seen(name, option)
            if field in bounds.setdefault(name, {}):
                raise InputInvalid("value-invalid", f"{option} is given twice for {name!r}")
            bounds[name][field] = _measure(value, text, option)
    criteria = tuple(Criterion(name=name, **given) for name, given in bounds.items())
    for criterion in criteria:
        if wrong := bounds_in_conflict(criterion):
            raise InputInvalid("value-invalid", wrong, hint="correct --at-least or --at-most")
    return criteria
