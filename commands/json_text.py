"""JSON for programs: a text, the same made some six times as fast, and in quantity a part at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from commands.tables import HOSTILE

_AT_ONCE = 500


def as_json(value: object, indent: int | None = 2) -> str:
    """JSON with keys as given, UTF-8 as it is, and hostile characters as escapes."""
    import json

    text = json.dumps(value, ensure_ascii=False, indent=indent, default=plain)
    return HOSTILE.sub(
        lambda found: found[0] if found[0] == "\n" else json.dumps(found[0])[1:-1], text
    )


def plain(value: object) -> str:
    """Dates and times in ISO form, decimals as text; a float is never made of them."""
    isoformat = getattr(value, "isoformat", None)
    return isoformat() if isoformat else str(value)


def quick_json(value: object, indent: int = 2) -> str:
    """The same text as `as_json`; an indent of 0 is one line."""
    import msgspec

    try:
        text = msgspec.json.encode(value).decode()
    except (
        UnicodeEncodeError,
        TypeError,
    ):  # a lone surrogate, or a kind of value that is written as text
        return as_json(value, indent or None)
    return msgspec.json.format(HOSTILE.sub(_escaped, text), indent=indent)


def _escaped(found: Any) -> str:
    return as_json(found[0])[1:-1]


def json_parts(data: Mapping[str, Any]) -> Iterator[str]:
    """The text of an object: what it lists by an iterator is never held whole."""
    between = "{"
    for name, value in data.items():
        yield f"{between}\n  {as_json(name)}: "
        if isinstance(value, Iterator):
            yield from _array(value)
        else:
            yield quick_json(value).replace("\n", "\n  ")
        between = ","
    yield "{}" if between == "{" else "\n}"


def _array(items: Iterator[object]) -> Iterator[str]:
    between = "["
    while some := list(islice(items, _AT_ONCE)):
        # Without its own brackets and their lines.
        yield between + quick_json(some)[1:-2].replace("\n", "\n  ")
        between = ","
    yield "[]" if between == "[" else "\n  ]"
