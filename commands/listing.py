"""The lists of the acting nouns, from their views: filtered, sorted, cut and summed, for people and for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from commands.options import DATE, stacked

if TYPE_CHECKING:
    from datetime import date

    from commands.output import Table
    from commands.session import Session
    from projections.reading import Found, Reader, Rows
    from projections.views.narrowed import Condition, Wanted
    from projections.views.view import Field, View

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Asking:
    """What a person wants of a list, as it was typed; `also` has the conditions of options of the list's own.

    Of those, a value in `sure` may be one that no row has: it is one of a few that exist.
    """

    columns: str | None = None
    sort: str | None = None
    where: tuple[str, ...] = ()
    text: str | None = None
    also: tuple[tuple[str, str, str], ...] = ()
    sure: tuple[tuple[str, str, str], ...] = ()
    overdue: bool = False
    due_by: str | None = None

    def being(self, key: str, value: str | None) -> Asking:
        """Of a value that the command line has checked; the same where none is given."""
        return self if value is None else replace(self, sure=(*self.sure, (key, "=", value)))


_OPTIONS = (
    click.option(
        "--where",
        multiple=True,
        metavar="CONDITION",
        help="FIELD=VALUE, also != < <= > >= and ~ (contains); FIELD= is without. May be given several times.",
    ),
    click.option("--text", metavar="TEXT", help="Only those in which the text stands somewhere."),
    click.option("--sort", metavar="FIELD,…", help="In this order; -FIELD is descending."),
    click.option("--columns", metavar="FIELD,…", help="These fields only, in this order."),
)


def listing_options(function: F) -> F:
    """Hands the list `asking`: which rows and which of their fields, in which order."""

    @wraps(function)
    def call(
        *args: Any,
        where: tuple[str, ...],
        text: str | None,
        sort: str | None,
        columns: str | None,
        **kwargs: Any,
    ) -> Any:
        return function(*args, asking=Asking(columns, sort, where, text), **kwargs)

    return stacked(_OPTIONS)(call)  # type: ignore[no-any-return]


_DUE = (
    click.option("--overdue", is_flag=True, help="Only what was due before today and waits."),
    click.option(
        "--due-by", type=DATE, metavar="DATE", help="Only what is due on that day or before."
    ),
)
owner_option = click.option(
    "--owner", metavar="NAME", help="Only what this person or unit answers for."
)
stage_option = click.option("--stage", metavar="STAGE", help="Only this stage.")
_NAMED = ("owner", "stage")


def due_options(*more: Callable[[Any], Any]) -> Callable[[F], F]:
    """Adds to `asking` until when things are due; `more` are options named as fields: owner, stage."""

    def adding(function: F) -> F:
        @wraps(function)
        def call(
            *args: Any, asking: Asking, overdue: bool, due_by: date | None, **kwargs: Any
        ) -> Any:
            named = {key: kwargs.pop(key) for key in _NAMED if key in kwargs}
            also = tuple((key, "=", value) for key, value in named.items() if value is not None)
            until = due_by.isoformat() if due_by else None
            asking = replace(asking, also=also, overdue=overdue, due_by=until)
            return function(*args, asking=asking, **kwargs)

        return stacked((*_DUE, *more))(call)  # type: ignore[no-any-return]

    return adding


def show(
    session: Session,
    view: View,
    asking: Asking,
    *,
    contract: str | None = None,
    partner: str | None = None,
    first: str = "",
) -> None:
    """Shows what of a view is asked for; `first` is said of a ledger in which there is nothing at all.

    Raises NotFound for a contract, a partner or a value that this ledger never heard of, and InputInvalid
    `condition-invalid`, `field-unknown`.
    """
    from commands.known import for_whom, require_known

    whose: dict[str, str | None] = {"contract": contract, "partner": partner}
    today = session.settings.today().isoformat()
    with session.reader() as reader:
        require_known(session.ledger, contract=contract, partner=partner, seen=reader)
        found = list_of(reader, view, asking, today, **whose)
        nothing = view.empty + found.in_words + for_whom(**whose)
        if first and nothing == view.empty:
            nothing = f"{view.empty} yet: {first}"
        session.output.emit(
            lambda: {view.name: found.objects(), "totals": found.totals_told()},
            rows=found.objects(),
            columns=found.header,
            people=_people(found, nothing),
        )
        _warn(reader, contract)


@dataclass(frozen=True, slots=True)
class Listed:
    """The rows that are wanted, which of their fields, and their totals.

    `given` are the parameters of the view's query, `chosen` whether the fields were asked for.
    """

    reader: Reader
    view: View
    wanted: Wanted
    fields: tuple[Field, ...]
    chosen: bool
    given: Mapping[str, str | None]
    in_words: str

    @property
    def header(self) -> tuple[str, ...]:
        """The columns of CSV and sheets."""
        return tuple(field.key for field in self.fields) if self.chosen else self.view.keys

    def rows(self) -> Rows:
        """The rows as the query gives them."""
        from projections.views.narrowed import query

        sql, params = query(self.view, self.wanted)
        return self.reader.rows(sql, **self.given, **params)

    def totals(self) -> list[Found]:
        """Per currency the number of rows `n`, and the sums."""
        from projections.views.narrowed import totals_query

        sql, params = totals_query(self.view, self.wanted)
        return self.reader.select(sql, **self.given, **params)

    def objects(self, rows: Iterable[Mapping[str, Any]] | None = None) -> Iterator[dict[str, Any]]:
        """The rows, or those given, for programs: whole, or what was asked for of them."""
        from projections.views.view import objects

        fields = self.fields if self.chosen else self.view.fields
        day = {"today": self.given["today"]}
        return objects(fields, ({**row, **day} for row in (self.rows() if rows is None else rows)))

    def totals_told(self) -> list[dict[str, Any]]:
        """The totals for programs."""
        return [
            {
                "currency": row["currency"],
                self.view.name: row["n"],
                **{field.key: field.told({**row, **_NO_PLACE}) for field in self.view.summed},
            }
            for row in self.totals()
        ]

    def table(
        self,
        rows: Iterable[Mapping[str, Any]],
        totals: Sequence[Mapping[str, Any]] = (),
        empty: str = "",
        without: Sequence[str] = (),
    ) -> Table:
        """The rows for people, above the sums of each currency; `without` are fields that show nothing here."""
        fields = [field for field in self.fields if self.chosen or field.key not in without]
        told = [{**row, "today": self.given["today"]} for row in rows]
        return table(fields, told, totals, empty or self.view.empty, gives_way=not self.chosen)


def list_of(reader: Reader, view: View, asking: Asking, today: str, **given: str | None) -> Listed:
    """What is asked for of a view; `today` is the day by which something is overdue, `given` what its query needs.

    Raises NotFound for a value that nothing has, and InputInvalid `condition-invalid`, `field-unknown`.
    """
    wanted = _wanted(view, asking)
    fields = _fields(view, asking)
    for condition in wanted.conditions[: len(asking.where) + len(asking.also)]:
        _require_value(reader, view, condition, today)
    said = _of_which(wanted, asking)
    told = {**given, "today": today}
    return Listed(reader, view, wanted, fields, asking.columns is not None, told, said)


def _wanted(view: View, asking: Asking) -> Wanted:
    from projections.views.narrowed import Condition, Wanted, parse_condition, parse_order

    conditions = [parse_condition(written, view) for written in asking.where]
    conditions += [Condition(*each) for each in (*asking.also, *asking.sure)]
    if asking.text is not None:
        conditions.append(Condition("", "~", asking.text))
    if asking.due_by is not None:
        conditions.append(Condition(view.due, "<=", asking.due_by))
    order = parse_order(asking.sort, view) if asking.sort is not None else ()
    return Wanted(tuple(conditions), order, (view.overdue,) if asking.overdue else ())


def _fields(view: View, asking: Asking) -> tuple[Field, ...]:
    """The fields that are shown: those asked for, with the currency of their amounts, else the view's screen."""
    from projections.views.narrowed import require_field

    if asking.columns is None:
        return tuple(map(view.field, view.screen))
    names = [name.strip() for name in asking.columns.split(",") if name.strip()]
    for name in names:
        require_field(name, view, view.keys)
    fields = [view.field(name) for name in dict.fromkeys(names)]
    if (
        any(f.kind == "money" for f in fields)
        and "currency" in view.keys
        and "currency" not in names
    ):
        fields.append(view.field("currency"))
    return tuple(fields)


def _require_value(reader: Reader, view: View, condition: Condition, today: str) -> None:
    """Passes for values that some row has. Raises NotFound `FIELD-unknown` with the nearest."""
    from commands.known import not_found
    from projections.views.narrowed import known_query, names, values_query

    for name in names(view, condition):
        sql, params = known_query(view, condition.key, name)
        if reader.select(sql, today=today, **params):
            continue
        values = reader.select(values_query(view, condition.key), today=today)
        known = sorted(str(row["value"]) for row in values)
        otherwise = f"there are {', '.join(known[:12])}" if known else f"no {view.name} has one"
        raise not_found(condition.key, name, known, otherwise)


def _of_which(wanted: Wanted, asking: Asking) -> str:
    said = [f"{c.key or 'text'} {c.operator} {c.value or 'none'}" for c in wanted.conditions]
    said += ["overdue"] * asking.overdue
    return f" with {' and '.join(said)}" if said else ""


def _people(found: Listed, nothing: str) -> Iterator[Table | str]:
    from commands.shortening import shortened

    rows, rest = shortened(found.rows(), "--where, --contract or --partner")
    yield found.table(rows, found.totals() if rows else [], nothing)
    yield from rest


def table(
    fields: Sequence[Field],
    rows: Sequence[Mapping[str, Any]],
    totals: Sequence[Mapping[str, Any]] = (),
    empty: str = "(none)",
    gives_way: bool = True,
    wider: str = "--columns names what to show",
) -> Table:
    """The rows for people, with the sums of each currency below; whether fields may give way to a narrow screen."""
    from commands.output import Table

    ranked = sorted((f for f in fields if f.rank and gives_way), key=lambda field: -field.rank)
    return Table(
        [_column(field) for field in fields],
        [[_cell(field, row) for field in fields] for row in rows],
        [_total(fields, row) for row in totals if any(f.summed for f in fields)],
        empty=empty,
        gives_way=tuple(field.title for field in ranked),
        rare=tuple(field.title for field in fields if field.rare and gives_way),
        wider=wider,
    )


def _column(field: Field) -> Any:
    from commands.output import Column

    right = field.kind in ("money", "count", "rate")
    return Column(field.title, exact=field.kind not in ("text", "list"), right=right)


def _cell(field: Field, row: Mapping[str, Any]) -> object:
    from commands.tables import toned

    said = field.said(row)
    return toned(said, field.tone(row)) if field.tone is not None else said


# A total is of no contract and no milestone.
_NO_PLACE: Mapping[str, Any] = {"contract": None, "milestone": None, "version": None}


def _total(fields: Sequence[Field], row: Mapping[str, Any]) -> list[object]:
    cells: list[object] = []
    for i, field in enumerate(fields):
        if i == 0:
            cells.append(f"total {row['currency']}")
        elif field.summed:
            cells.append(field.said({**row, **_NO_PLACE}))
        else:
            cells.append(row["currency"] if field.kind == "currency" else "")
    return cells


def _warn(reader: Reader, contract: str | None) -> None:
    from commands.reports.unknown import left_out_in_words
    from commands.terminal import say
    from projections.derive.findings import LEFT_OUT

    missing = [str(row["contract"]) for row in reader.select(LEFT_OUT, contract=contract)]
    for line in left_out_in_words(missing):
        say(f"warning: {line}")
    if lag := reader.known.lag:
        say(f"warning: {lag} events are not in this list yet")
        say("hint: mledger projections catch-up")
