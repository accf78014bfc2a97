"""Exceptions gathered before they are shown, the gravest first: in memory, and on the disk where they are too many."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import merge
from itertools import chain
from typing import Any

import msgspec

from commands.output import money
from ledger.money import display_minor
from projections.exception_rules.rule import Exceptional

COLUMNS = ("rule", "severity", "contract", "milestone", "detail", "events")
_TABLE = """
CREATE TABLE gathered (weight INTEGER, contract TEXT, rule TEXT, first INTEGER, severity TEXT, milestone TEXT,
                       detail TEXT, events TEXT, amount_minor INTEGER, currency TEXT)
"""
_ORDERED = """
CREATE TABLE found AS
SELECT severity, rule, contract, milestone, detail, events, amount_minor, currency FROM gathered
ORDER BY weight, contract, rule, first, rowid
"""
_GROUPS = """
SELECT severity, rule, COUNT(*), COUNT(DISTINCT contract), MIN(rowid)
FROM found GROUP BY severity, rule ORDER BY MIN(rowid)
"""
_SUMS = """
SELECT severity, rule, currency, SUM(amount_minor) FROM found
WHERE amount_minor IS NOT NULL GROUP BY severity, rule, currency ORDER BY currency
"""
_ALIKE = """
SELECT severity, rule, COALESCE(milestone, contract), detail, group_concat(events, ';'), MIN(rowid)
FROM found WHERE severity || ' ' || rule NOT IN (SELECT value FROM json_each(?))
GROUP BY 1, 2, 3, 4 ORDER BY MIN(rowid)
"""
_COUNT = f"SELECT COUNT(*) FROM ({_ALIKE})"


@dataclass(slots=True)
class Group:
    """All exceptions of one rule that weigh the same: how many, in how many contracts, and about how much money.

    `example` is what the first says, which stands at the place `first`; `many` is whether more than so many are left
    when those that differ in their events alone are one.
    """

    severity: str
    rule: str
    count: int
    contracts: int
    first: int
    many: bool
    example: str
    minor: dict[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.severity} {self.rule}"

    @property
    def where(self) -> str:
        contracts = self.contracts
        return f"{self.count:,} in {contracts:,} contract{'' if contracts == 1 else 's'}"

    @property
    def detail(self) -> str:
        amounts = ", ".join(f"{display_minor(n, c)} {c}" for c, n in self.minor.items())
        return f"{f'{amounts} in all; ' if amounts else ''}the first: {self.example}"

    def as_object(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "severity": self.severity,
            "count": self.count,
            "contracts": self.contracts,
            "amounts": [money(n, c) for c, n in self.minor.items()],
            "example": self.example,
        }


@dataclass(frozen=True, slots=True)
class Line:
    """Exceptions that differ in their events alone."""

    severity: str
    rule: str
    where: str
    detail: str
    events: list[int]


class Gathered:
    """Exceptions in their order: by weight, contract, rule and first event.

    A group is `many` where it has more than `most` lines.
    """

    def __init__(self, found: Iterable[Exceptional], most: int) -> None:
        self._most = most
        self._lines: defaultdict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
        self._kept = sqlite3.connect("", isolation_level=None)
        self._kept.execute("PRAGMA journal_mode = OFF")
        self._kept.execute(_TABLE)
        self._kept.execute("BEGIN")
        marks = ", ".join("?" * 10)
        self._kept.executemany(f"INSERT INTO gathered VALUES ({marks})", map(self._row, found))
        self._kept.execute(_ORDERED)
        self._kept.execute("DROP TABLE gathered")
        self._kept.execute("COMMIT")

    def _row(self, one: Exceptional) -> tuple[Any, ...]:
        lines = self._lines[one.severity, one.rule]
        if len(lines) <= self._most:
            lines.add((one.milestone or one.contract, one.detail))
        weight, contract, rule, first = one.order
        events = msgspec.json.encode(one.events).decode()
        told = (weight, contract, rule, first, one.severity, one.milestone, one.detail, events)
        return (*told, one.amount_minor, one.currency)

    def close(self) -> None:
        """Gives the memory and the disk back."""
        self._kept.close()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for *told, events in self._kept.execute(
            f"SELECT {', '.join(COLUMNS)} FROM found ORDER BY rowid"
        ):
            yield dict(zip(COLUMNS, (*told, msgspec.json.decode(events)), strict=True))

    def groups(self) -> list[Group]:
        """The exceptions by severity and rule, the gravest first."""
        found: dict[tuple[str, str], Group] = {}
        for severity, rule, count, contracts, first in self._kept.execute(_GROUPS):
            one = self._kept.execute("SELECT detail FROM found WHERE rowid = ?", (first,))
            many = len(self._lines[severity, rule]) > self._most
            told = (count, contracts, first, many, str(one.fetchone()[0]))
            found[severity, rule] = Group(severity, rule, *told)
        for severity, rule, currency, minor in self._kept.execute(_SUMS):
            found[severity, rule].minor[currency] = minor
        return list(found.values())

    def lines(self, summed: Sequence[Group] = ()) -> Iterator[Line]:
        """Those that differ in their events alone, together: a rule that a source broke twenty times is one line.

        Of the groups that are summed up only their sum, where the first of them would stand.
        """
        return (line for _, line in merge(self._alike(summed), map(_sum, summed), key=_place))

    def count(self, summed: Sequence[Group] = ()) -> int:
        """How many lines there are."""
        (count,) = self._kept.execute(_COUNT, (_names(summed),)).fetchone()
        return len(summed) + int(count)

    def _alike(self, summed: Sequence[Group]) -> Iterator[tuple[int, Line]]:
        found = self._kept.execute(_ALIKE, (_names(summed),))
        for severity, rule, where, detail, events, first in found:
            parts = sorted(map(msgspec.json.decode, events.split(";")))
            yield first, Line(severity, rule, where, detail, list(chain.from_iterable(parts)))


def _place(line: tuple[int, Line]) -> int:
    return line[0]


def _sum(group: Group) -> tuple[int, Line]:
    return group.first, Line(group.severity, group.rule, group.where, group.detail, [])


def _names(groups: Sequence[Group]) -> str:
    return msgspec.json.encode([group.name for group in groups]).decode()
