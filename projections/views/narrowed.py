"""A view's rows, filtered and sorted where they are: conditions and an order become a query around the view's own.

A condition names a field and a value of its kind; `A|B` is one of several, `FIELD=` alone what is not known or absent.
Text compares by code point, and `~` looks for a part of it whatever the case of its Latin letters, on both databases
alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.errors import InputInvalid
from ledger.money import EXPONENTS, parse_minor
from ledger.written import parse_whole
from projections.views.view import Field, View

OPERATORS = ("!=", "<=", ">=", "=", "<", ">", "~")
_CONDITION = re.compile(r"\s*([a-z_]+)\s*(!=|<=|>=|=|<|>|~)\s*(.*?)\s*", re.DOTALL)
_QUALIFIED = re.compile(r"\b[a-z]\.(?=[a-z_]+)")
_WORDS = {"yes": 1, "true": 1, "no": 0, "false": 0}
_BY_DEFAULT = 2  # decimals of most currencies
_FINEST, _FINEST_CODE = max((places, code) for code, places in EXPONENTS.items())


@dataclass(frozen=True, slots=True)
class Condition:
    """A field compared with a value, as it was written; without a key, any field of text is."""

    key: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows of a view are wanted, in which order (key, descending); neither for the view's own.

    `only` are conditions that a view has in words of SQL; the reader is told their parameters.
    """

    conditions: tuple[Condition, ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    only: tuple[str, ...] = ()


def parse_condition(written: str, view: View) -> Condition:
    """`FIELD=VALUE` and the like. Raises InputInvalid `condition-invalid`, `field-unknown`."""
    found = _CONDITION.fullmatch(written)
    if found is None:
        raise InputInvalid(
            "condition-invalid",
            f"{written!r} is no condition: FIELD, one of {' '.join(OPERATORS)}, VALUE",
            hint=f"for example --where '{view.screen[0]}=…'; fields: {', '.join(_usable(view))}",
        )
    require_field(found[1], view, _usable(view))
    return Condition(*found.groups())


def parse_order(written: str, view: View) -> tuple[tuple[str, bool], ...]:
    """`FIELD,-FIELD`: the second one descending. Raises InputInvalid `field-unknown`."""
    names = [part.strip() for part in written.split(",") if part.strip()]
    order = tuple((name.removeprefix("-"), name.startswith("-")) for name in names)
    for name, _ in order:
        require_field(name, view, _usable(view))
    return order


def _usable(view: View) -> list[str]:
    return [field.key for field in view.fields if field.column]


def require_field(name: str, view: View, known: Sequence[str]) -> None:
    """Passes for the name of a field. Raises InputInvalid `field-unknown` with the nearest."""
    if name in known:
        return
    from difflib import get_close_matches

    near = get_close_matches(name, known, 2)
    raise InputInvalid(
        "field-unknown",
        f"{view.name} have no field {name!r}"
        + ("" if name not in view.keys else " to sort or filter by"),
        hint=f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}",
        facts={"field": name, "known": list(known)},
    )


def body_and_order(sql: str) -> tuple[str, str]:
    """A query without its order, and that order by the names of the query's own columns."""
    body, _, order = sql.rpartition("\nORDER BY ")
    assert body, "a view's query ends in its order"
    return body, _QUALIFIED.sub("", order.strip())


def query(view: View, wanted: Wanted) -> tuple[str, Mapping[str, Any]]:
    """The SQL and the parameters that find what is wanted; the view's own where nothing is said."""
    if wanted == Wanted():
        return view.sql, {}
    body, settled = body_and_order(view.sql)
    where, params = _where(view, wanted)
    order = [
        f"{_nulls_last(view.field(key))}{' DESC' if down else ''}" for key, down in wanted.order
    ]
    return f"SELECT * FROM ({body}) AS q{where}\nORDER BY {', '.join([*order, settled])}", params


def totals_query(view: View, wanted: Wanted) -> tuple[str, Mapping[str, Any]]:
    """Per currency how many rows there are and what their summed fields come to: null where nothing of it is known."""
    body, _ = body_and_order(view.sql)
    where, params = _where(view, wanted)
    sums = "".join(
        f", CAST(SUM({field.sum or field.column}) AS BIGINT) AS {field.column}"
        for field in view.summed
    )
    grouped = "GROUP BY currency\nORDER BY currency"
    return f"SELECT currency, COUNT(*) AS n{sums} FROM ({body}) AS q{where}\n{grouped}", params


def names(view: View, condition: Condition) -> list[str]:
    """The names that a condition compares with, each of which something must have; none where any value will do."""
    if condition.operator not in ("=", "!=") or not condition.value or not condition.key:
        return []
    field = view.field(condition.key)
    if field.kind not in ("text", "reference", "currency"):
        return []
    return [
        name for each in condition.value.split("|") if (name := each.strip()) not in field.words
    ]


def known_query(view: View, key: str, value: str) -> tuple[str, Mapping[str, Any]]:
    """Whether anything has a value."""
    field = view.field(key)
    body, _ = body_and_order(view.sql)
    return f"SELECT 1 AS found FROM ({body}) AS q WHERE {field.column} = :value LIMIT 1", {
        "value": value
    }


def values_query(view: View, key: str, most: int = 500) -> str:
    """The values that a field has, or the first so many of them."""
    body, _ = body_and_order(view.sql)
    column = view.field(key).column
    return f"SELECT DISTINCT {column} AS value FROM ({body}) AS q WHERE {column} IS NOT NULL LIMIT {most:d}"


def _nulls_last(field: Field) -> str:
    return f"CASE WHEN {field.column} IS NULL THEN 1 ELSE 0 END, {field.column}"


def _where(view: View, wanted: Wanted) -> tuple[str, dict[str, Any]]:
    params: dict[str, Any] = {}
    clauses = [_clause(view, one, f"w{n}", params) for n, one in enumerate(wanted.conditions)]
    clauses += wanted.only
    return (f"\nWHERE {' AND '.join(clauses)}" if clauses else ""), params


def _clause(view: View, condition: Condition, name: str, params: dict[str, Any]) -> str:
    operator, value = condition.operator, condition.value
    if operator == "~":
        _require_text(view, condition)
        params[name] = f"%{_escaped(value.translate(_LOWER))}%"
        some = [view.field(condition.key)] if condition.key else _texts(view)
        found = (f"LOWER({field.column}) LIKE :{name} ESCAPE '!'" for field in some)
        return f"({' OR '.join(found)})"
    field = view.field(condition.key)
    if not value:
        return _absent(field, operator)
    if field.kind == "money":
        return _of_amount(field, operator, value, name, params)
    if operator in ("=", "!=") and "|" in value:
        return _one_of(field, operator, value.split("|"), name, params)
    params[name] = _value(field, value)
    same = f"{field.column} {operator} :{name}"
    return f"({same} OR {field.column} IS NULL)" if operator == "!=" else same


def _one_of(
    field: Field, operator: str, values: list[str], name: str, params: dict[str, Any]
) -> str:
    named = {f"{name}v{n}": _value(field, value.strip()) for n, value in enumerate(values)}
    params.update(named)
    within = f"{field.column} IN ({', '.join(f':{one}' for one in named)})"
    return within if operator == "=" else f"({field.column} IS NULL OR NOT {within})"


def _texts(view: View) -> list[Field]:
    return [field for field in view.fields if field.column and field.kind in ("text", "reference")]


def _require_text(view: View, condition: Condition) -> None:
    if condition.key and view.field(condition.key).kind in ("money", "count", "flag"):
        raise InputInvalid(
            "condition-invalid",
            f"{condition.key} is no text, of which {condition.operator} looks for a part",
            hint=f"compare it by one of {' '.join(OPERATORS[:-1])}",
        )


def _absent(field: Field, operator: str) -> str:
    empty = f"{field.column} IS NULL"
    if field.kind in ("text", "reference"):
        empty = f"({empty} OR {field.column} = '')"
    if operator == "=":
        return empty
    if operator == "!=":
        return f"NOT {empty}"
    raise InputInvalid(
        "condition-invalid",
        f"{field.key}{operator} compares with nothing",
        hint=f"{field.key}= is what has none; {field.key}!= is what has one",
    )


_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def _escaped(value: str) -> str:
    return re.sub(r"([!%_])", r"!\1", value)


def _of_amount(field: Field, operator: str, value: str, name: str, params: dict[str, Any]) -> str:
    """An amount is compared in each row's own currency, whatever its decimals.

    Both sides are doubled, so that what is finer than a currency lies between two of its amounts.
    """
    fine = _fine(field, value)
    cases = []
    for places in sorted(set(EXPONENTS.values()), key=lambda found: found == _BY_DEFAULT):
        whole, rest = divmod(fine, 10 ** (_FINEST - places))
        params[f"{name}e{places}"] = 2 * whole + (1 if rest else 0)
        if places != _BY_DEFAULT:
            codes = sorted(code for code, found in EXPONENTS.items() if found == places)
            some = ", ".join(f"'{code}'" for code in codes)
            cases.append(f"WHEN currency IN ({some}) THEN :{name}e{places}")
    bound = f"CASE {' '.join(cases)} ELSE :{name}e{_BY_DEFAULT} END"
    return f"2 * {field.column} {operator} {bound}"


def _fine(field: Field, value: str) -> int:
    """The amount in the smallest unit that any currency has."""
    try:
        return parse_minor(value, _FINEST_CODE)
    except InputInvalid:
        raise _invalid(field, value, "write an amount such as 120000 or 1,234.50") from None


def _value(field: Field, value: str) -> int | str:
    if field.kind == "flag":
        if value.lower() not in _WORDS:
            raise _invalid(field, value, "write yes or no")
        return _WORDS[value.lower()]
    if field.kind == "count":
        return parse_whole(value)
    if field.kind == "day":
        try:
            date.fromisoformat(value)
        except ValueError:
            raise _invalid(field, value, "write a day as YYYY-MM-DD") from None
    return value


def _invalid(field: Field, value: str, hint: str) -> InputInvalid:
    says = f"{field.key} is not compared with {value!r}"
    return InputInvalid("condition-invalid", says, hint=hint)
