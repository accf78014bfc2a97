"""The shape of a JSON value, which `mledger schema` tells of results: fields and kinds, not what stands in them."""

from __future__ import annotations

import re
from typing import Any

MONEY = {"amount", "currency"}
_FIELD = re.compile(r"[a-z][a-z_0-9]*")


def shape(value: Any) -> Any:
    """Of an object its fields, of a list what its items have in common; fields that are data are one `*`."""
    match value:
        case {"amount": str(), "currency": str()} if set(value) == MONEY:
            return "money"
        case {"schema_version": int(), "data": dict()}:
            return "event"
        case dict() if all(map(_FIELD.fullmatch, value)):
            return {name: shape(part) for name, part in value.items()}
        case dict():
            return {"*": merged(*map(shape, value.values()))}
        case list():
            return [merged(*map(shape, value))] if value else []
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case None:
            return "null"
    return "text"


def merged(*shapes: Any) -> Any:
    """The shape that holds all of them: kinds that differ are told with `or`, an object that may be null has a `?`."""
    first, *others = shapes
    for other in others:
        first = _two(first, other)
    return first


def _two(one: Any, other: Any) -> Any:
    match one, other:
        case dict(), dict():
            return {
                name: _two(one[name], other[name])
                if name in one and name in other
                else one.get(name, other.get(name))
                for name in {**one, **other}
            }
        case list(), list():
            return [merged(*one, *other)] if one or other else []
        case dict() | list(), _:
            return one if not isinstance(one, dict) or other != "null" else {**one, "?": "null"}
        case _, dict() | list():
            return _two(other, one)
    return " or ".join(sorted({*one.split(" or "), *other.split(" or ")}))
