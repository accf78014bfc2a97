"""A view names once what a thing shows; JSON object, CSV header, sheet, table and page come from it.

A field is read from a row of a query, is told by its kind, and gives way on a narrow screen by its rank. Nothing here
knows a terminal or a database: `projections.views.narrowed` filters and sorts a view's rows where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from operator import itemgetter
from typing import Any, Literal, NamedTuple

import msgspec

from ledger.money import display_minor, format_minor

Kind = Literal["text", "reference", "day", "count", "flag", "money", "currency", "rate", "list"]
Row = Mapping[str, Any]


class Amount(NamedTuple):
    """Minor units of a currency."""

    minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a view tells: its name for programs and for people, how it is read, and what kind it is.

    `column` is the expression over the query's columns by which it is filtered and sorted; "" where it cannot be.
    `rank` is how soon it gives way on a narrow screen: 0 never, else the highest first. A `rare` one stays away where
    no row has it; a `summed` one has totals, of the expression `sum` where that is not its column. `shown` is how
    people read it where that is not by its kind, `tone` what it warns of, `words` may be asked for even where no
    row says them.
    """

    key: str
    kind: Kind
    title: str
    read: Callable[[Row], Any]
    column: str
    rank: int = 0
    rare: bool = False
    summed: bool = False
    sum: str = ""
    shown: Callable[[Row], object] | None = None
    tone: Callable[[Row], str] | None = None
    words: tuple[str, ...] = ()

    def told(self, row: Row) -> Any:
        """The value for a program: an amount as exact text and currency; null where it is not known."""
        return self.teller(row)

    @property
    def teller(self) -> Callable[[Row], Any]:
        """What tells the value of a row for a program; to be had once for many rows."""
        read = self.read
        if self.kind == "money":
            return getattr(
                read, "told", lambda row: None if (v := read(row)) is None else money(*v)
            )
        if self.kind == "flag":
            return lambda row: None if (value := read(row)) is None else bool(value)
        return read

    def said(self, row: Row) -> object:
        """The value for people; nothing where it is not known."""
        if self.shown is not None:
            return self.shown(row)
        value = self.read(row)
        if isinstance(value, Amount):
            return display_minor(*value)
        return in_words(self.kind, value)


def in_words(kind: Kind, value: Any) -> object:
    """A value as people read one of its kind: a rate in percent, a list with commas between."""
    if value is None:
        return None
    match kind:
        case "rate":
            return percent(value)
        case "flag":
            return bool(value)
        case "list":
            return ", ".join(map(str, value))
    return value


def percent(rate: str | Decimal) -> str:
    """A share as people read it, with one decimal: "0.6667" is 66.7 %."""
    return f"{Decimal(rate) * 100:.1f} %"


@cache
def money(minor: int, currency: str) -> dict[str, str]:
    """An amount for a program; made once per amount, so never to be changed."""
    return {"amount": format_minor(minor, currency), "currency": currency}


def objects(fields: Iterable[Field], rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    """The fields of rows for programs, one row at a time."""
    tellers = [(field.key, field.teller) for field in fields]
    for row in rows:
        yield {key: tell(row) for key, tell in tellers}


@dataclass(frozen=True, slots=True)
class View:
    """What a list of things shows, and the query that finds them.

    `name` is the list's name in JSON, where the fields stand in their order. `header` is the order of CSV and sheets
    where that is another, `screen` what a table shows and in which order, `totals` the order of sums; all by key.
    `beside` are fields of totals alone. `sql` ends in the ORDER BY that settles every order; `empty` is said where
    there is nothing. `due` is the field that says when something is due, `overdue` the SQL for what was due before
    the day `today`.
    """

    name: str
    sql: str
    fields: tuple[Field, ...]
    screen: tuple[str, ...]
    empty: str
    header: tuple[str, ...] = ()
    totals: tuple[str, ...] = ()
    beside: tuple[Field, ...] = ()
    due: str = ""
    overdue: str = ""

    def object(self, row: Row) -> dict[str, Any]:
        """A row for programs."""
        return {field.key: field.told(row) for field in self.fields}

    def objects(self, rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
        """The rows for programs, one at a time."""
        return objects(self.fields, rows)

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of all fields, in the order of CSV and sheets."""
        return self.header or tuple(field.key for field in self.fields)

    @property
    def summed(self) -> tuple[Field, ...]:
        """The fields that have totals, in the order of `totals` where that is another."""
        if self.totals:
            return tuple(map(self.field, self.totals))
        return tuple(field for field in self.fields if field.summed)

    def field(self, key: str) -> Field:
        """The field of a name. Raises KeyError."""
        for field in (*self.fields, *self.beside):
            if field.key == key:
                return field
        raise KeyError(key)

    def some(self, *keys: str) -> tuple[Field, ...]:
        """The fields of these names, for another view of the same things."""
        return tuple(map(self.field, keys))


# --- fields ---------------------------------------------------------------------------------------


def text(key: str, title: str = "", column: str | None = None, **more: Any) -> Field:
    """A name or a sentence; a table may wrap it."""
    return _plain("text", key, title, column, more)


def exact(key: str, title: str = "", column: str | None = None, **more: Any) -> Field:
    """A word, or a name that people copy: never wrapped."""
    return _plain("reference", key, title, column, more)


def day(key: str, title: str = "", column: str | None = None, **more: Any) -> Field:
    """A date in ISO form."""
    return _plain("day", key, title, column, more)


def count(key: str, title: str = "", column: str | None = None, **more: Any) -> Field:
    """A whole number."""
    return _plain("count", key, title, column, more)


def flag(key: str, title: str = "", column: str | None = None, **more: Any) -> Field:
    """Yes or no; 1 or 0 in the row."""
    return _plain("flag", key, title, column, more)


def rate(key: str, title: str = "", column: str | None = None, **more: Any) -> Field:
    """A share as decimal text: exact for programs, percent for people."""
    return _plain("rate", key, title, column, more)


def currency(key: str = "currency", title: str = "currency", **more: Any) -> Field:
    """The currency of a row's amounts."""
    return _plain("currency", key, title, None, more)


def known(key: str) -> Callable[[Row], Any]:
    """Reads a column in which an empty text stands for what is not known or absent."""

    def read(row: Row) -> Any:
        return row[key] or None

    return read


def listed(key: str, title: str = "", column: str | None = None, **more: Any) -> Field:
    """The JSON array of a column."""
    column = column or key

    def read(row: Row) -> Any:
        found = row[column]
        return msgspec.json.decode(found) if isinstance(found, str) else found

    return Field(key, "list", title or _title(key), more.pop("read", read), "", **more)


def amount(
    key: str, title: str = "", column: str | None = None, of: str = "currency", **more: Any
) -> Field:
    """Minor units in the row's currency, or in that of the column `of`; null where it is not known."""
    column = column or f"{key}_minor"

    def read(row: Row) -> Amount | None:
        minor, unit = row[column], row[of]
        return None if minor is None or unit is None else Amount(int(minor), str(unit))

    def told(row: Row) -> Any:
        minor, unit = row[column], row[of]
        return None if minor is None or unit is None else money(minor, unit)

    read.told = told  # type: ignore[attr-defined]
    return Field(key, "money", title or _title(key), more.pop("read", read), column, **more)


def milestone(key: str = "milestone", title: str = "", **more: Any) -> Field:
    """CONTRACT/MILESTONE; null where the row is of no milestone."""

    def read(row: Row) -> str | None:
        return None if row["milestone"] is None else f"{row['contract']}/{row['milestone']}"

    column = "contract || '/' || milestone"
    return Field(key, "reference", title or _title(key), read, column, **more)


def version(key: str = "reference", title: str = "", **more: Any) -> Field:
    """CONTRACT#VERSION, the name of a proposal, dispute, payment or invoice."""

    def read(row: Row) -> str:
        return f"{row['contract']}#{row['version']}"

    column = "contract || '#' || CAST(version AS TEXT)"
    return Field(key, "reference", title or _title(key), read, column, **more)


def _plain(kind: Kind, key: str, title: str, column: str | None, more: dict[str, Any]) -> Field:
    name = key if column is None else column
    return Field(key, kind, title or _title(key), more.pop("read", itemgetter(name)), name, **more)


def _title(key: str) -> str:
    return key.replace("_", " ")
