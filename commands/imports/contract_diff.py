"""How a contract file differs from the contract in force, in the words of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from commands.imports.contract_writer import as_written
from ledger.money import display_minor
from ledger.terms import ContractDocument, MilestonePlan, Terms


@dataclass(frozen=True, slots=True)
class Difference:
    """What one term was and is to be, as a person reads it; None where it was or will be absent."""

    path: str
    old: str | None
    new: str | None


def diff_documents(
    old_terms: Terms, old_plans: Mapping[str, MilestonePlan], new: ContractDocument
) -> list[Difference]:
    """Every term and milestone that differs, in the order of the file; empty if none does.

    Paths read `payment.net_days`, `approval.1.up_to` (tiers count from 1), `milestones.M2.due`;
    a clause or a milestone that comes or goes as a whole is one difference.
    """
    old = _named(old_terms, old_plans)
    return list(_differences("", old, _named(new.terms(), {p.id: p for p in new.milestones})))


def _named(terms: Terms, plans: Mapping[str, MilestonePlan]) -> dict[str, Any]:
    """The terms as nested texts, every list of clauses keyed by what a person knows each one by."""

    def amount(minor: int) -> str:
        return f"{display_minor(minor, terms.currency)} {terms.currency}"

    milestones = {}
    for name, plan in plans.items():
        milestones[name] = as_written(plan, amount)
        milestones[name].pop("id")
    named: dict[str, Any] = _keyed({**as_written(terms, amount), "milestones": milestones})
    return named


def _keyed(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _keyed(value) for key, value in node.items()}
    if not isinstance(node, list) or all(isinstance(item, str) for item in node):
        return node
    # A criterion is known by its name; tiers, bonuses and delegations only by their place.
    names = [item.get("name", "") for item in node]
    if "" in names or len({*names}) < len(names):
        return {str(place): _keyed(item) for place, item in enumerate(node, start=1)}
    return {item["name"]: {k: _keyed(v) for k, v in item.items() if k != "name"} for item in node}


def _differences(path: str, old: Any, new: Any) -> Iterator[Difference]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*new, *old]):
            below = f"{path}.{key}" if path else key
            yield from _differences(below, old.get(key), new.get(key))
    else:
        yield Difference(path, _text(old), _text(new))


def _text(node: Any) -> str | None:
    """The value on one line: "rate 0.5%, cap 5%"."""
    if isinstance(node, dict):
        return ", ".join(f"{key} {_nested(value)}" for key, value in node.items())
    if isinstance(node, list):
        return ", ".join(map(str, node))
    return node if node is None else str(node)


def _nested(node: Any) -> str:
    text = _text(node) or ""
    return text if isinstance(node, str) else f"({text})"
