"""Terms as a person writes and reads them: texts under the keys of a contract file, and where they differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import Field, dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from ledger.money import percent_text
from ledger.terms import Disincentive, LateDamages, LatePenalty, PaymentTerms

Written = str | list[Any] | dict[str, Any]

_PENALTIES = (LatePenalty, LateDamages, Disincentive)
# Keys whose default says nothing to a reader: they are written where they say something else.
_UNSAID = frozenset(
    {
        "after",
        "base",
        "excused_days",
        "hold_days",
        "kind",
        "rate",
        "then",
        "tolerance_minor",
        "until",
    }
)


@dataclass(frozen=True, slots=True)
class Difference:
    """What one term was and is to be, as a person reads it; None where it was or will be absent."""

    path: str
    old: str | None
    new: str | None


def as_written(clause: Any, amount: Callable[[int], str]) -> dict[str, Written]:
    """A clause as mappings, lists and texts under the keys of a file; what is empty is left out."""
    written: dict[str, Written] = {}
    for each in fields(clause):
        value = getattr(clause, each.name)
        if _is_unsaid(each, value) or each.name in _implied(clause):
            continue
        if value is None and isinstance(clause, _PENALTIES):
            said: Written = "no cap"
        elif each.name.endswith("_minor") and value is not None:
            said = amount(value)
        else:
            said = _said(value, amount)
        if said:
            written[each.name.removesuffix("_minor")] = said
    return written


def _implied(clause: Any) -> tuple[str, ...]:
    """The fields of a clause that a file says by what else it writes, or must not say."""
    if not isinstance(clause, PaymentTerms):
        return ()
    return ("days_first",) if clause.counts_days else ("days_first", "net_days", "days")


def _is_unsaid(each: Field[Any], value: Any) -> bool:
    return each.name in _UNSAID and value == each.default


def _said(value: Any, amount: Callable[[int], str]) -> Written:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            return percent_text(value)
        case date():
            return value.isoformat()
        case dict():
            return {key: _said(item, amount) for key, item in value.items()}
        case tuple():
            return [_said(item, amount) for item in value]
        case _ if is_dataclass(value):
            return as_written(value, amount)
    return str(value)


def keyed(node: Any) -> Any:
    """Texts with every list of clauses keyed by what a person knows each one by."""
    if isinstance(node, dict):
        return {key: keyed(value) for key, value in node.items()}
    if not isinstance(node, list) or all(isinstance(item, str) for item in node):
        return node
    # A criterion is known by its name; tiers, bonuses and delegations only by their place.
    names = [item.get("name", "") for item in node]
    if "" in names or len({*names}) < len(names):
        return {str(place): keyed(item) for place, item in enumerate(node, start=1)}
    return {item["name"]: {k: keyed(v) for k, v in item.items() if k != "name"} for item in node}


def differences(path: str, old: Any, new: Any) -> Iterator[Difference]:
    """Where two keyed texts differ, in the order of the new one."""
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*new, *old]):
            below = f"{path}.{key}" if path else key
            yield from differences(below, old.get(key), new.get(key))
    else:
        yield Difference(path, in_one_line(old), in_one_line(new))


def in_one_line(node: Any) -> str | None:
    """The value on one line: "rate 0.5%, cap 5%"."""
    if isinstance(node, dict):
        return ", ".join(f"{key} {_nested(value)}" for key, value in node.items())
    if isinstance(node, list):
        return ", ".join(map(str, node))
    return node if node is None else str(node)


def _nested(node: Any) -> str:
    text = in_one_line(node) or ""
    return text if isinstance(node, str) else f"({text})"
