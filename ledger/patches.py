"""Patches: what a proposal changes, without what it leaves as it is, and what is in force once it takes effect."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import fields, replace
from typing import Any, Literal

import msgspec
from msgspec import UNSET

from ledger.events import (
    Amendment,
    AmendmentPatch,
    ChangeOrder,
    Content,
    MilestonePatch,
    OrderPatch,
    Proposed,
    Revision,
    TermsPatch,
)
from ledger.state import Contract, Milestone
from ledger.terms import Terms

ROLES = "roles"
PROMISED = ("due", "amount_minor")
_PEOPLE = ("administrators",)
_make_terms: Any = TermsPatch


# --- from what is asked ---------------------------------------------------------------------------------------


def as_patch(state: Contract, content: Content, typed: Collection[str] = ()) -> Proposed:
    """What a content changes of the contract as it is; where `typed` names what was asked for, nothing else."""
    if isinstance(content, ChangeOrder):
        changes = _milestones(state, content.revisions, typed)
        return OrderPatch(revisions=changes, reason=content.reason)
    if isinstance(content, Amendment):
        return AmendmentPatch(
            terms=terms_patch(state.terms, content.terms, typed),
            define=content.define,
            revisions=_milestones(state, content.revisions, typed),
            reason=content.reason,
        )
    return content


def _milestones(
    state: Contract, revisions: Iterable[Revision], typed: Collection[str]
) -> tuple[MilestonePatch, ...]:
    return tuple(_milestone(state, revision, typed) for revision in revisions)


def _milestone(state: Contract, revision: Revision, typed: Collection[str]) -> MilestonePatch:
    known = state.milestones.get(revision.milestone)
    if known is None:  # which is refused, by its name
        return stated(revision)
    changes = {
        name: getattr(revision, name)
        for name in PROMISED
        if (not typed or name in typed) and getattr(revision, name) != getattr(known.current, name)
    }
    return MilestonePatch(milestone=revision.milestone, **changes)


def terms_patch(old: Terms, new: Terms, typed: Collection[str] = ()) -> TermsPatch:
    """What differs between two terms: each clause whole, of the roles those whose people differ."""
    changes: dict[str, Any] = {}
    for name in (each.name for each in fields(Terms)):
        before, after = getattr(old, name), getattr(new, name)
        if name == ROLES:
            after = {
                role: after.get(role, ())
                for role in sorted(before.keys() | after.keys())
                if set(before.get(role, ())) != set(after.get(role, ()))
            }
            before = {}
        elif name in _PEOPLE and set(before) == set(after):
            continue
        if before != after and (not typed or name in typed):
            changes[name] = after
    made: TermsPatch = _make_terms(**changes)
    return made


# --- stated in full, as the first release stored it ---------------------------------------------------------------


def stated(revision: Revision) -> MilestonePatch:
    """A revision that states both, as a patch that sets both."""
    return MilestonePatch(
        milestone=revision.milestone, due=revision.due, amount_minor=revision.amount_minor
    )


def stated_in_full(content: Content) -> Proposed:
    """A content of version 1 as the patch that it amounts to: it sets everything that it states."""
    if isinstance(content, ChangeOrder):
        return OrderPatch(revisions=tuple(map(stated, content.revisions)), reason=content.reason)
    if isinstance(content, Amendment):
        whole = {each.name: getattr(content.terms, each.name) for each in fields(Terms)}
        return AmendmentPatch(
            terms=_make_terms(**whole),
            define=content.define,
            revisions=tuple(map(stated, content.revisions)),
            reason=content.reason,
        )
    return content


# --- what a patch says, and what then is in force -------------------------------------------------------------------


def set_terms(patch: TermsPatch) -> Iterator[tuple[str, Any]]:
    """The terms that a patch sets, with their values; a role is called roles.ROLE."""
    for name in patch.__struct_fields__:
        value = getattr(patch, name)
        if value is UNSET:
            continue
        if name == ROLES:
            yield from ((f"{ROLES}.{role}", people) for role, people in value.items())
        else:
            yield name, value


def term(terms: Terms, name: str) -> Any:
    """The value of a term by the name that a patch gives it; people without an order."""
    first, _, role = name.partition(".")
    value = terms.roles.get(role, ()) if role else getattr(terms, first)
    return tuple(sorted(value)) if role or first in _PEOPLE else value


def patched(terms: Terms, patch: TermsPatch) -> Terms:
    """The terms with what a patch sets; all else stays as it is."""
    values = {
        name: value
        for name in patch.__struct_fields__
        if (value := getattr(patch, name)) is not UNSET
    }
    if ROLES in values:
        values[ROLES] = {r: p for r, p in (terms.roles | values[ROLES]).items() if p}
    return replace(terms, **values)


def with_changes(now: Terms, then: Terms, names: Collection[str] | None) -> Terms:
    """The terms now with those of the names given as they are then; where no names are told, then as a whole."""
    if names is None:
        return then
    values: dict[str, Any] = {}
    for name in names:
        first, _, role = name.partition(".")
        if role:
            values.setdefault(ROLES, dict(now.roles))[role] = then.roles.get(role, ())
        else:
            values[first] = getattr(then, first)
    if ROLES in values:
        values[ROLES] = {role: people for role, people in values[ROLES].items() if people}
    return replace(now, **values)


def without(patch: TermsPatch, dropped: Collection[str]) -> TermsPatch:
    """A patch without the terms of those names."""
    kept: dict[str, Any] = {}
    for name, value in set_terms(patch):
        if name in dropped:
            continue
        first, _, role = name.partition(".")
        kept[first] = {**kept.get(first, {}), role: value} if role else value
    made: TermsPatch = _make_terms(**kept)
    return made


def set_promises(patch: MilestonePatch) -> Iterator[tuple[str, Any]]:
    """What a patch sets of a milestone: its due date, its amount."""
    for name in PROMISED:
        if (value := getattr(patch, name)) is not UNSET:
            yield name, value


def in_full(milestone: Milestone, patch: MilestonePatch) -> Revision:
    """A milestone's next baseline: what the patch leaves open stays as it is now."""
    now = milestone.current
    return Revision(
        milestone=milestone.id,
        due=now.due if patch.due is UNSET else patch.due,
        amount_minor=now.amount_minor if patch.amount_minor is UNSET else patch.amount_minor,
    )


def only(patch: MilestonePatch) -> Literal["", "due", "amount"]:
    """Which one of the two a patch sets; "" for both."""
    if patch.amount_minor is UNSET:
        return "due"
    return "amount" if patch.due is UNSET else ""


def with_roles_dropped(content: Proposed, terms: Terms) -> Proposed:
    """A statement in full of the terms, which takes away every role that it does not name."""
    if not isinstance(content, AmendmentPatch) or getattr(content.terms, ROLES) is UNSET:
        return content
    stated_roles: dict[str, Any] = getattr(content.terms, ROLES)
    roles = dict.fromkeys(terms.roles, ()) | stated_roles
    return with_fields(content, terms=msgspec.structs.replace(content.terms, **{ROLES: roles}))


def with_fields(content: Proposed, **changes: Any) -> Proposed:
    """A content with some fields changed."""
    again: Proposed = msgspec.structs.replace(content, **changes)
    return again
