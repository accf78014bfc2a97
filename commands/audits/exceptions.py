"""`mledger audit exceptions`: what broke a rule, what weakens the proof of the others, and what was not checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from difflib import get_close_matches
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from commands.audits.rules_file import read_settings
from commands.output import Column, Table, exact
from commands.reports.asked import Asked
from commands.reports.frame import Frame, framed, listed
from commands.reports.sheet import Sheet
from ledger.decisions.rules import RULES
from ledger.errors import InputInvalid
from ledger.events import Record
from ledger.store.payees import payees_of
from ledger.store.reading import read_log, read_streams, stream_count, stream_number
from projections.exception_rules import (
    Examined,
    Exceptional,
    Setting,
    Settings,
    examine,
    limits_of,
    weight_of,
)
from projections.exceptions import every_rule, exceptions

COLUMNS = ("rule", "severity", "contract", "milestone", "detail", "events")
_EVENTS_SHOWN = 8


def show(asked: Asked, rule: str | None, rules_file: Path | None) -> None:
    """Prints the exceptions of every rule that is switched on, or of one."""
    if rule is not None:
        _require_rule(rule)
    settings = _settings(rule, rules_file)
    with framed(asked) as frame:
        examined = _examined(frame, settings)
        found = [asdict(one) for one in _weighed(frame, examined, settings)]
        unchecked = [
            {"rule": name, "reason": reason, "count": count}
            for (name, reason), count in sorted(examined.unchecked.items())
        ]
        data = {"exceptions": found, "not_checked": unchecked, "rules": _described(settings)}
        frame.emit(data, rows=found, columns=COLUMNS, people=_people(found, unchecked))


def _settings(rule: str | None, rules_file: Path | None) -> Settings:
    """What the file says; where one rule is asked for, every other is off."""
    domain = [one.id for one in RULES]
    settings: dict[str, Setting] = {}
    if rules_file is not None:
        settings = read_settings(rules_file, every_rule(), domain)
    if rule is not None:
        names = [*domain, *(one.id for one in every_rule())]
        settings |= {name: Setting(enabled=False) for name in names if name != rule}
    return settings


def _examined(frame: Frame, settings: Settings) -> Examined:
    """What the rules over folds find, contract by contract."""
    with frame.ledger.snapshot() as conn:
        streams = _streams(conn, frame.asked.contract, frame.known.position)
        payees = payees_of(conn, frame.known.position)
        return examine(streams, settings, frame.asked.moment.as_of, frame.asked.partner, payees)


def _streams(conn: Connection, contract: str | None, until: int) -> Iterator[list[Record]]:
    numbers = range(1, stream_count(conn) + 1)
    if contract is not None:
        number = stream_number(conn, contract) or 0
        numbers = range(number, number + 1)
    for chunk in read_streams(conn, numbers, until):
        for _, some in groupby(chunk, attrgetter("stream")):
            yield list(some)


def _weighed(frame: Frame, examined: Examined, settings: Settings) -> list[Exceptional]:
    """Every exception of a rule that is on, the gravest first, with the severity that was set."""
    found = list(examined.found)
    for one in _found(frame):
        setting = settings.get(one.rule, Setting())
        if setting.enabled:
            weight = setting.severity or one.severity
            where = (one.contract, one.milestone, one.detail, one.events)
            found.append(Exceptional(one.rule, weight, *where))
    return sorted(found, key=lambda one: one.order)


def _found(frame: Frame) -> list[Exceptional]:
    """What read models and log tell, of the partner asked for."""
    with frame.ledger.snapshot() as conn:
        found = exceptions(
            frame.select,
            read_log(conn, 0, frame.known.position),
            listed,
            contract=frame.asked.contract,
            authenticating=conn.dialect.name == "postgresql",
        )
    if frame.asked.partner is None:
        return found
    query = "SELECT contract FROM {contracts} WHERE partner = :partner"
    theirs = {row["contract"] for row in frame.select(query, partner=frame.asked.partner)}
    return [one for one in found if one.contract in theirs]


def _described(settings: Settings) -> list[dict[str, Any]]:
    """The rules that looked, besides those of the domain: what each says and why, its weight and its limits."""
    return [
        {
            "rule": one.id,
            "severity": weight_of(one, settings),
            "says": one.says,
            "why": one.why,
            "limits": dict(limits_of(one, settings)),
        }
        for one in every_rule()
        if settings.get(one.id, Setting()).enabled
    ]


def _require_rule(rule: str) -> None:
    own = [one.id for one in every_rule()]
    known = [*own, *(one.id for one in RULES)]
    if rule not in known:
        close = get_close_matches(rule, known)
        raise InputInvalid(
            "rule-unknown",
            f"no rule is called {rule!r}",
            hint=f"did you mean {' or '.join(close)}?"
            if close
            else f"help rules, or {', '.join(own)}",
        )


def _people(found: list[dict[str, Any]], unchecked: list[dict[str, Any]]) -> Iterator[Table | str]:
    columns: list[Column | str] = [exact("severity"), exact("rule"), exact("where")]
    columns += ["detail", "events"]
    rows = [(*alike, _events(positions)) for alike, positions in _alike(found).items()]
    yield Sheet(columns, rows, empty="(no exception)", gives_way=("events",))
    counted = Counter(one["severity"] for one in found)
    if found:
        yield ""
        yield ", ".join(f"{n} {severity}" for severity, n in counted.items())
    if unchecked:
        yield ""
    for one in unchecked:
        times = f" ({one['count']} times)" if one["count"] > 1 else ""
        yield f"not checked: {one['rule']}, {one['reason']}{times}"


def _alike(found: list[dict[str, Any]]) -> dict[tuple[str, ...], list[int]]:
    """What differs in its events alone, together: a rule that a source broke twenty times is one line."""
    together: dict[tuple[str, ...], list[int]] = {}
    for one in found:
        where = one["milestone"] or one["contract"]
        alike = (one["severity"], one["rule"], where, one["detail"])
        together.setdefault(alike, []).extend(one["events"])
    return together


def _events(positions: list[int]) -> str:
    more = len(positions) - _EVENTS_SHOWN
    return " ".join(map(str, positions[:_EVENTS_SHOWN])) + (f" and {more} more" if more > 0 else "")
