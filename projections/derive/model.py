"""What a read model is: its table as data, and the pure derivation of its rows from a contract's state.

Columns hold integers or text only (dates as ISO text, amounts as minor units, booleans as 0 and 1, positions of the
events behind a row as a JSON array), so that SQLite and PostgreSQL hold and sort the very same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

import msgspec

from ledger.recorded import not_recorded
from ledger.state import Contract, Milestone

Kind = Literal["integer", "text"]
Value = int | str | None
Row = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column's name and kind; `required` columns are never null."""

    name: str
    kind: Kind
    required: bool = False


@dataclass(frozen=True, slots=True)
class ReadModel:
    """A table, keyed by (stream, …), and the rows that a contract's state gives it.

    `version` rises when the derivation gives other rows for the same events: a difference is then *superseded*
    rather than drift. Where `told` is set, `rows` takes what is told of the milestones, if the caller has it.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    rows: Callable[..., list[Row]]
    version: int = 1
    told: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def integers(*names: str) -> tuple[Column, ...]:
    """Columns of integers that may be null."""
    return tuple(Column(name, "integer") for name in names)


def counts(*names: str) -> tuple[Column, ...]:
    """Columns of integers that are never null."""
    return tuple(Column(name, "integer", required=True) for name in names)


def texts(*names: str) -> tuple[Column, ...]:
    """Columns of text that may be null."""
    return tuple(Column(name, "text") for name in names)


def labels(*names: str) -> tuple[Column, ...]:
    """Columns of text that are never null."""
    return tuple(Column(name, "text", required=True) for name in names)


class _Days(dict[date | None, str | None]):
    """Each day's text, made once: a ledger has few days, and many rows that name them."""

    def __missing__(self, day: date) -> str:
        text = self[day] = day.isoformat()
        return text


# A date as text, or null.
iso: Callable[[date | None], str | None] = _Days({None: None}).__getitem__

_array = msgspec.json.Encoder()


class Told(NamedTuple):
    """What several read models say of one milestone, worked out once: dates and events as their columns hold them."""

    milestone: Milestone
    unknown: frozenset[str]
    settled_on: str | None
    events: str


def told(contract: Contract) -> list[Told]:
    """What is told of each milestone but void remainders, which stand in no table."""
    return [
        Told(m, not_recorded(contract, m), iso(m.settled_on), positions(m.positions))
        for m in contract.milestones.values()
        if m.status != "void"
    ]


def positions(found: Iterable[int]) -> str:
    """The positions of the events behind a row, ascending and once each, as a JSON array."""
    return _array.encode(sorted(set(found))).decode()
