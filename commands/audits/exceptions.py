"""`mledger audit exceptions`: what broke a rule, what weakens the proof of the others, and what was not checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from commands.audits.rules_file import read_settings
from commands.output import Column, Table, exact, money
from commands.reports.asked import Asked
from commands.reports.frame import Frame, framed, listed
from commands.reports.sheet import Sheet
from ledger.decisions.rules import RULES
from ledger.errors import InputInvalid
from ledger.events import Record
from ledger.money import display_minor
from ledger.payees import STREAM as PAYEES
from ledger.payees import fold as fold_payees
from ledger.store.reading import read_log, read_stream, read_streams, stream_count, stream_number
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
_ALIKE = 10  # so many lines of one rule and severity are listed; more are summed up


@dataclass(slots=True)
class Group:
    """All exceptions of one rule that weigh the same: how many, in how many contracts, and about how much money."""

    severity: str
    rule: str
    first: Exceptional
    count: int = 0
    contracts: set[str] = field(default_factory=set)
    minor: dict[str, int] = field(default_factory=dict)

    def add(self, one: Exceptional) -> None:
        self.count += 1
        self.contracts.add(one.contract)
        if one.amount_minor is not None:
            self.minor[one.currency] = self.minor.get(one.currency, 0) + one.amount_minor

    @property
    def where(self) -> str:
        contracts = len(self.contracts)
        return f"{self.count:,} in {contracts:,} contract{'' if contracts == 1 else 's'}"

    @property
    def detail(self) -> str:
        sums = (f"{display_minor(n, c)} {c}" for c, n in sorted(self.minor.items()))
        amounts = ", ".join(sums)
        return f"{f'{amounts} in all; ' if amounts else ''}the first: {self.first.detail}"

    def as_object(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "severity": self.severity,
            "count": self.count,
            "contracts": len(self.contracts),
            "amounts": [money(n, c) for c, n in sorted(self.minor.items())],
            "example": self.first.detail,
        }


def groups_of(found: Iterable[Exceptional]) -> list[Group]:
    """The exceptions by severity and rule, the gravest first."""
    groups: dict[tuple[str, str], Group] = {}
    for one in found:
        groups.setdefault((one.severity, one.rule), Group(one.severity, one.rule, one)).add(one)
    return list(groups.values())


def show(asked: Asked, rule: str | None, rules_file: Path | None, each: bool = False) -> None:
    """Prints the exceptions of every rule that is switched on, or of one; of many alike their sum, unless `each`."""
    if rule is not None:
        _require_rule(rule)
    settings = _settings(rule, rules_file)
    with framed(asked) as frame:
        examined = _examined(frame, settings)
        weighed = _weighed(frame, examined, settings)
        found = [{name: getattr(one, name) for name in COLUMNS} for one in weighed]
        groups = groups_of(weighed)
        unchecked = [
            {"rule": name, "reason": reason, "count": count}
            for (name, reason), count in sorted(examined.unchecked.items())
        ]
        data = {
            "exceptions": found,
            "not_checked": unchecked,
            "rules": _described(settings),
            "groups": [group.as_object() for group in groups],
        }
        many = {} if each or rule is not None else {(g.severity, g.rule): g for g in groups}
        frame.emit(data, rows=found, columns=COLUMNS, people=_people(found, unchecked, many))


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
        payees = fold_payees(read_stream(conn, PAYEES, frame.known.position))
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
            found.append(replace(one, severity=weight))
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


def _people(
    found: list[dict[str, Any]],
    unchecked: list[dict[str, Any]],
    groups: Mapping[tuple[str, str], Group],
) -> Iterator[Table | str]:
    columns: list[Column | str] = [exact("severity"), exact("rule"), exact("where")]
    columns += ["detail", "events"]
    alike = _alike(found)
    lines = Counter((severity, rule) for severity, rule, *_ in alike)
    rows: list[tuple[str, ...]] = []
    summed: set[tuple[str, str]] = set()
    for (severity, rule, where, detail), positions in alike.items():
        group = groups.get((severity, rule))
        if group is None or lines[severity, rule] <= _ALIKE:
            rows.append((severity, rule, where, detail, _events(positions)))
        elif (severity, rule) not in summed:
            summed.add((severity, rule))
            rows.append((severity, rule, group.where, group.detail, ""))
    yield Sheet(columns, rows, empty="(no exception)", gives_way=("events",))
    counted = Counter(one["severity"] for one in found)
    if found:
        yield ""
        yield ", ".join(f"{n:,} {severity}" for severity, n in counted.items())
    if summed:
        yield "many of one rule stand together: --rule RULE lists those of one, --all each of all"
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
