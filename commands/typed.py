"""Values as people type them on the acting commands: times, measured values, evidence, bounds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ledger.errors import InputInvalid

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

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
    from datetime import datetime

    from ledger.calendars import parse_date, zone

    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise _time_invalid(text, "is not a time")
    day, minute, offset = match.groups()
    parse_date(day)
    try:
        moment = datetime.fromisoformat(f"{day}T{minute}{(offset or '').upper()}")
    except ValueError:
        raise _time_invalid(text, "does not exist") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone(timezone))


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
    from ledger.written import measure_text

    name, value = named_value(text, "--measured", "conversion_rate=3.4%")
    return Result(criterion=name, measured=measure_text(value))


def parse_evidence(text: str) -> Evidence:
    """Where a proof lies, and after the last `=` the SHA-256 of its bytes, if that is given."""
    from ledger.events import Evidence

    uri, separator, tail = text.strip().rpartition("=")
    if separator and uri and _SHA256.fullmatch(tail):
        return Evidence(uri=uri, sha256=tail.lower())
    if not text.strip():
        raise InputInvalid("value-invalid", "the evidence is empty", hint="write --evidence URI")
    return Evidence(uri=text.strip())


def parse_criteria(at_least: Iterable[str], at_most: Iterable[str]) -> tuple[Criterion, ...]:
    """Criteria in the order in which they are first named, each with the bounds given."""
    from ledger.terms import Criterion
    from ledger.written import measure_text

    bounds: dict[str, dict[str, str]] = {}
    for field, option, texts in (
        ("at_least", "--at-least", at_least),
        ("at_most", "--at-most", at_most),
    ):
        for text in texts:
            name, value = named_value(text, option, "conversion_rate=3.0%")
            if field in bounds.setdefault(name, {}):
                raise InputInvalid("value-invalid", f"{option} is given twice for {name!r}")
            bounds[name][field] = measure_text(value)
    return tuple(Criterion(name=name, **given) for name, given in bounds.items())
