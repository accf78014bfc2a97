"""`mledger audit exceptions`: what broke a rule, what weakens the proof of the others, and what was not checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from difflib import get_close_matches
from itertools import groupby, islice
from operator import attrgetter
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from commands.audits.gathered import COLUMNS, Gathered, Group
from commands.audits.rules_file import read_settings
from commands.output import Column, Table, exact
from commands.reports.asked import Asked
from commands.reports.frame import Frame, framed, listed
from commands.reports.states import streams_of
from commands.shortening import MOST, cut
from ledger.decisions.rules import RULES
from ledger.errors import InputInvalid
from ledger.events import Record
from ledger.payees import STREAM as PAYEES
from ledger.payees import fold as fold_payees
from ledger.store.reading import read_stream, read_streams, stream_count
from projections.derive import contracts, payments
from projections.examining import Examiner, state_of
from projections.exception_rules.rule import Exceptional, Setting, Settings, limits_of, weight_of
from projections.exceptions import OF_LOG, every_rule, of_log, of_rows
from projections.rebuild.fold import no_collection

_EVENTS_SHOWN = 8
_ALIKE = 10  # so many lines of one rule and severity are listed; more are summed up
_PARTNERS = """
SELECT DISTINCT partner FROM {contracts}
WHERE (:contract IS NULL OR contract = :contract) AND (:partner IS NULL OR partner = :partner)
"""


def show(asked: Asked, rule: str | None, rules_file: Path | None, each: bool = False) -> None:
    """Prints the exceptions of every rule that is switched on, or of one; of many alike their sum, unless `each`."""
    if rule is not None:
        _require_rule(rule)
    settings = _settings(rule, rules_file)
    with framed(asked) as frame, frame.ledger.snapshot() as conn:
        examiner = Examiner(settings, fold_payees(read_stream(conn, PAYEES, frame.known.position)))
        with closing(Gathered(_found(frame, conn, settings, examiner), _ALIKE)) as gathered:
            groups = gathered.groups()
            unchecked = [
                {"rule": name, "reason": reason, "count": count}
                for (name, reason), count in sorted(examiner.unchecked.items())
            ]
            data = {
                "exceptions": iter(gathered),
                "not_checked": unchecked,
                "rules": _described(settings),
                "groups": [group.as_object() for group in groups],
            }
            summed = [] if each or rule is not None else [group for group in groups if group.many]
            people = _people(gathered, groups, unchecked, summed)
            frame.emit(data, rows=gathered, columns=COLUMNS, people=people)


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


def _found(
    frame: Frame, conn: Connection, settings: Settings, examiner: Examiner
) -> Iterator[Exceptional]:
    """Every exception of a rule that is on, as the read models, the log and the rules over folds tell it."""

    def wanted(rule: str) -> bool:
        return settings.get(rule, Setting()).enabled

    theirs = _theirs(frame)
    own = of_rows(frame.reader.stream, listed, frame.asked.contract, wanted)
    yield from (_weighed(one, settings) for one in own if theirs is None or one.contract in theirs)
    yield from examiner.payments(frame.rows(payments.ALIKE))
    yield from examiner.accounts({str(row["partner"]) for row in frame.rows(_PARTNERS)})
    of_logins = any(map(wanted, OF_LOG))
    if not of_logins and not examiner.looks_at_contracts:
        return
    authenticating, as_of = conn.dialect.name == "postgresql", frame.asked.moment.as_of
    with no_collection():
        for records in _streams(frame, conn):
            if of_logins:
                told = of_log([records], None, authenticating)
                yield from (_weighed(one, settings) for one in told if wanted(one.rule))
            state = state_of(records, as_of) if examiner.looks_at_contracts else None
            if state is not None:
                yield from examiner.contract(state, records)


def _weighed(one: Exceptional, settings: Settings) -> Exceptional:
    """With the severity that was set."""
    weight = settings.get(one.rule, Setting()).severity
    return one if weight is None else replace(one, severity=weight)


def _theirs(frame: Frame) -> set[str] | None:
    """The contracts of the partner asked for, if one is."""
    if frame.asked.partner is None:
        return None
    return {str(row["contract"]) for row in frame.rows(contracts.LIST)}


def _streams(frame: Frame, conn: Connection) -> Iterator[list[Record]]:
    """The records of every stream, or of the contracts that the report is limited to, one by one."""
    numbers: Sequence[int] = range(1, stream_count(conn) + 1)
    if frame.asked.contract is not None or frame.asked.partner is not None:
        numbers = streams_of(frame)
    for chunk in read_streams(conn, numbers, frame.known.position):
        for _, some in groupby(chunk, attrgetter("stream")):
            yield list(some)


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
    gathered: Gathered,
    groups: list[Group],
    unchecked: list[dict[str, Any]],
    summed: list[Group],
) -> Iterator[Table | str]:
    columns: list[Column | str] = [exact("severity"), exact("rule"), exact("where")]
    columns += ["detail", "events"]
    lines = list(islice(gathered.lines(summed), MOST + 1))
    rows = [(n.severity, n.rule, n.where, n.detail, _events(n.events)) for n in lines[:MOST]]
    yield Table(columns, rows, empty="(no exception)", gives_way=("events",))
    if len(lines) > MOST:
        yield ""
        yield cut(gathered.count(summed), "--contract, --partner or --rule")
    counted = Counter[str]()
    for group in groups:
        counted[group.severity] += group.count
    if groups:
        yield ""
        yield ", ".join(f"{n:,} {severity}" for severity, n in counted.items())
    if summed:
        yield "many of one rule stand together: --rule RULE lists those of one, --all each of all"
    if unchecked:
        yield ""
    for one in unchecked:
        times = f" ({one['count']} times)" if one["count"] > 1 else ""
        yield f"not checked: {one['rule']}, {one['reason']}{times}"


def _events(positions: list[int]) -> str:
    more = len(positions) - _EVENTS_SHOWN
    return " ".join(map(str, positions[:_EVENTS_SHOWN])) + (f" and {more} more" if more > 0 else "")
