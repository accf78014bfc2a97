"""Premises: the values on which a proposal rests, each with the fact that put it in force.

They are those of the contract as it was when the proposal was made. Where one has another value now, the proposal is
outdated: what its approvers were shown as "before" is no longer so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from ledger.events import (
    AmendmentPatch,
    BonusProposal,
    MilestonePatch,
    OrderPatch,
    Proposed,
    Reversal,
    Termination,
)
from ledger.money import display_minor
from ledger.patches import set_promises, set_terms, term
from ledger.state import Premise
from ledger.terms_in_words import as_written, in_one_line, keyed


class Change(NamedTuple):
    """A premise that has changed: what it was, what it is now, and the version of the fact by which it changed."""

    what: str
    before: Any
    after: Any
    by: int


def premises(state: Any, content: Proposed) -> tuple[Premise, ...]:
    """What a content rests on in the contract as it is; nothing where it names what does not exist."""
    found: list[Premise] = []
    if isinstance(content, OrderPatch | AmendmentPatch):
        found += _promises(state, content.revisions)
    if isinstance(content, AmendmentPatch):
        for name, _ in set_terms(content.terms):
            found.append(Premise(name, term(state.terms, name), state.put_by.get(name, 1)))
    elif isinstance(content, Reversal | BonusProposal):
        found += _acceptance(state, content.milestone)
    elif isinstance(content, Termination):
        found += _work(state)
        by = state.put_by.get("termination", 1)
        found.append(Premise("termination", state.terms.termination, by))
    return tuple(found)


def _promises(state: Any, patches: Iterable[MilestonePatch]) -> Iterator[Premise]:
    for patch in patches:
        milestone = state.milestones.get(patch.milestone)
        if milestone is not None:
            for name, _ in set_promises(patch):
                value, by = promised(milestone, name)
                yield Premise(f"{milestone.id} {name.removesuffix('_minor')}", value, by)


def promised(milestone: Any, name: str) -> tuple[Any, int]:
    """The due date or the amount in force, and the version of the fact that set it to that."""
    value, by = getattr(milestone.current, name), milestone.current.version
    for baseline in reversed(milestone.baselines):
        if getattr(baseline, name) != value:
            break
        by = baseline.version
    return value, by


def _acceptance(state: Any, name: str) -> Iterator[Premise]:
    milestone = state.milestones.get(name)
    if milestone is not None and milestone.acceptance is not None:
        version = milestone.acceptance.version
        yield Premise(f"{name} acceptance", version, version)


def _work(state: Any) -> Iterator[Premise]:
    """What is still to be performed, milestone by milestone: shares and fee are reckoned on it."""
    for milestone in state.milestones.values():
        if milestone.traits.delivered and milestone.status != "void":
            value, by = promised(milestone, "amount_minor")
            if not milestone.is_open:
                ended = milestone.acceptance.version if milestone.acceptance else 0
                value, by = milestone.status, ended or milestone.cancelled_by
            elif milestone.reversed_by:
                by = milestone.reversed_by
            yield Premise(f"{milestone.id} amount", value, by)


def changes_since(state: Any, proposal: Any) -> list[Change]:
    """What of a proposal's premises has changed, in their order; empty where it is up to date."""
    then = {premise.what: premise for premise in proposal.premises}
    now = {premise.what: premise for premise in premises(state, proposal.content)}
    found = []
    for what in dict.fromkeys([*then, *now]):
        before, after = then.get(what), now.get(what)
        was = before.value if before else None
        value = after.value if after else None
        if was != value or (before is None) != (after is None):
            found.append(Change(what, was, value, after.version if after else _ended(state, what)))
    return found


def _ended(state: Any, what: str) -> int:
    """The fact by which a premise is no more: a reversal of what was accepted."""
    milestone = state.milestones.get(what.rpartition(" ")[0])
    return (milestone.reversed_by or milestone.positions[-1]) if milestone is not None else 0


def in_words(what: str, value: Any, currency: str) -> str:
    """A value of a premise on one line, as a person reads it."""
    if value is None or value == ():
        return "none"
    if what.endswith((" amount", "_minor")) and isinstance(value, int):
        return f"{display_minor(value, currency)} {currency}"
    if what.endswith(" acceptance"):
        return f"#{value}"

    def amount(minor: int) -> str:
        return f"{display_minor(minor, currency)} {currency}"

    written = written_value(value, amount)
    return in_one_line(keyed(written)) or "none"


def written_value(value: Any, amount: Any) -> Any:
    """A clause, a list of clauses or a plain value as texts."""
    if hasattr(value, "__dataclass_fields__"):
        return as_written(value, amount)
    if isinstance(value, tuple):
        return [written_value(one, amount) for one in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
