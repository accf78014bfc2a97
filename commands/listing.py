"""The lists of the acting nouns, from their views: filtered, sorted, cut and summed, for people and for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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
    click.option(
        "--overdue", is_flag=True, help="Only what is not delivered and was due before today."
    ),
    click.option(
        "--due-by", type=DATE, metavar="DATE", help="Only what is due on that day or before."
    ),
    click.option("--owner", metavar="NAME", help="Only what this person or unit answers for."),
    click.option("--stage", metavar="STAGE", help="Only this stage."),
)


def due_options(function: F) -> F:
    """Adds to `asking` what one asks of milestones: whose, of which stage, and due until when."""

    @wraps(function)
    def call(
        *args: Any,
        asking: Asking,
        overdue: bool,
        due_by: date | None,
        owner: str | None,
        stage: str | None,
        **kwargs: Any,
    ) -> Any:
        named = {"owner": owner, "stage": stage}
        also = tuple((key, "=", value) for key, value in named.items() if value is not None)
        sure = [("current_due", "<=", due_by.isoformat())] if due_by else []
        asking = replace(asking, also=also, sure=(*asking.sure, *sure), overdue=overdue)
        return function(*args, asking=asking, **kwargs)

    return stacked(_DUE)(call)  # type: ignore[no-any-return]


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

    wanted, fields = _wanted(view, asking), _fields(view, asking)
    whose: dict[str, str | None] = {"contract": contract, "partner": partner}
    today = session.settings.today().isoformat()
    with session.reader() as reader:
        require_known(session.ledger, contract=contract, partner=partner, seen=reader)
        for condition in wanted.conditions[: len(asking.where) + len(asking.also)]:
            _require_value(reader, view, condition)
        found = _Found(reader, view, wanted, {**whose, "today": today})
        nothing = view.empty + _of_which(wanted, asking) + for_whom(**whose)
        if first and nothing == view.empty:
            nothing = f"{view.empty} yet: {first}"
        chosen = fields if asking.columns else None
        session.output.emit(
            lambda: {view.name: found.objects(chosen), "totals": found.totals_told()},
            rows=found.objects(chosen),
            columns=_header(view, chosen),
            people=_people(found, fields, nothing, gives_way=chosen is None),
        )
        _warn(reader, contract)


@dataclass(frozen=True, slots=True)
class _Found:
    """The rows that are wanted, and their totals."""

    reader: Reader
    view: View
    wanted: Wanted
    given: Mapping[str, str | None]

    def rows(self) -> Rows:
        from projections.views.narrowed import query

        sql, params = query(self.view, self.wanted)
        return self.reader.rows(sql, **self.given, **params)

    def totals(self) -> list[Found]:
        from projections.views.narrowed import totals_query

        sql, params = totals_query(self.view, self.wanted)
        return self.reader.select(sql, **self.given, **params)

    def objects(self, fields: Sequence[Field] | None) -> Iterator[dict[str, Any]]:
        for row in self.rows():
            yield {field.key: field.told(row) for field in fields or self.view.fields}

    def totals_told(self) -> list[dict[str, Any]]:
        return [
            {
                "currency": row["currency"],
                self.view.name: row["n"],
                **{field.key: field.told({**row, **_NO_PLACE}) for field in self.view.summed},
            }
            for row in self.totals()
        ]


def _wanted(view: View, asking: Asking) -> Wanted:
    from projections.views.narrowed import Condition, Wanted, parse_condition, parse_order

    conditions = [parse_condition(written, view) for written in asking.where]
    conditions += [Condition(*each) for each in (*asking.also, *asking.sure)]
    if asking.text is not None:
        conditions.append(Condition("", "~", asking.text))
    order = parse_order(asking.sort, view) if asking.sort is not None else ()
    return Wanted(tuple(conditions), order, _only(asking))


def _only(asking: Asking) -> tuple[str, ...]:
    if not asking.overdue:
        return ()
    from projections.views.milestones import OVERDUE

    return (OVERDUE,)


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


def _header(view: View, chosen: Sequence[Field] | None) -> tuple[str, ...]:
    return view.keys if chosen is None else tuple(field.key for field in chosen)


def _require_value(reader: Reader, view: View, condition: Condition) -> None:
    """Passes for values that some row has. Raises NotFound `FIELD-unknown` with the nearest."""
    from commands.known import not_found
    from projections.views.narrowed import known_query, names, values_query

    for name in names(view, condition):
        sql, params = known_query(view, condition.key, name)
        if reader.select(sql, **params):
            continue
        values = reader.select(values_query(view, condition.key))
        known = sorted(str(row["value"]) for row in values)
        otherwise = f"there are {', '.join(known[:12])}" if known else f"no {view.name} has one"
        raise not_found(condition.key, name, known, otherwise)


def _of_which(wanted: Wanted, asking: Asking) -> str:
    said = [f"{c.key or 'text'} {c.operator} {c.value or 'none'}" for c in wanted.conditions]
    said += ["overdue"] * asking.overdue
    return f" with {' and '.join(said)}" if said else ""


def _people(
    found: _Found, fields: Sequence[Field], nothing: str, gives_way: bool
) -> Iterator[Table | str]:
    from commands.shortening import shortened

    rows, rest = shortened(found.rows(), "--where, --contract or --partner")
    told = [{**row, "today": found.given["today"]} for row in rows]
    yield table(fields, told, found.totals() if rows else [], nothing, gives_way)
    yield from rest


def table(
    fields: Sequence[Field],
    rows: Sequence[Mapping[str, Any]],
    totals: Sequence[Mapping[str, Any]] = (),
    empty: str = "(none)",
    gives_way: bool = True,
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
        wider="--columns names what to show",
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
