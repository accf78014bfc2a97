"""A record's compiled release, which is not read beside its releases, compared with what these come to.

Releases are merged as OCDS says (https://standard.open-contracting.org/1.1/en/schema/merging/): the newer one's word
counts, things in a list are joined by their ids, a null takes a value away. Compared is what an import reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from commands.imports.found import Reading, digest
from commands.imports.ocds_contract import views_of
from commands.imports.ocds_values import Json, known_claim, text_of
from ledger.intents import TakeOver

_READ = ("parties", "buyer", "tender", "awards", "contracts")
# What is compared, by the names that OCDS has for it.
_OF_CONTRACT = {
    "client": "buyer",
    "partner": "suppliers",
    "title": "title",
    "source_status": "status",
    "signed_on": "dateSigned",
    "currency": "currency",
    "value_minor": "value",
}
_OF_MILESTONE = {
    "title": "title",
    "stage": "type",
    "due": "dueDate",
    "source_status": "status",
    "submitted_on": "dateMet",
    "amount_minor": "value",
}
_OF_PAYMENT = {
    "paid_on": "date",
    "milestone": "relatedImplementationMilestone",
    "amount_minor": "value",
}


def differing(releases: Sequence[Json], compiled: Json) -> Iterator[tuple[str, list[str]]]:
    """Each contract of which a compiled release says otherwise than the releases come to, and the fields."""
    merged, other = merged_of(releases), merged_of([compiled])
    if all(merged.get(key) == other.get(key) for key in _READ):
        return
    ours, theirs = _contracts(merged), _contracts(other)
    for name in sorted(ours.keys() | theirs.keys()):
        if fields := list(_between(ours.get(name), theirs.get(name))):
            yield name, fields


# --- what the releases come to -------------------------------------------------------------------


def merged_of(releases: Sequence[Json]) -> Json:
    """The releases as one, merged in the order in which an import takes them."""
    merged: Json = {}
    for release in sorted(releases, key=_order):
        merged = _merged(merged, release)
    return merged


def _order(release: Json) -> tuple[str, str, str]:
    return known_claim(release.get("date")), text_of(release.get("id")), digest(release)


def _merged(old: Any, new: Any) -> Any:
    if isinstance(new, dict):
        held = dict(old) if isinstance(old, dict) else {}
        for key, value in new.items():
            if value is None:
                held.pop(key, None)
            else:
                held[key] = _merged(held.get(key), value)
        return held
    if isinstance(new, list) and all(isinstance(one, dict) for one in new):
        return _joined(old if isinstance(old, list) else [], new)
    return new


def _joined(old: list[Any], new: list[Json]) -> list[Any]:
    """Both lists as one: things of one id are one, what has none is kept unless it is there already."""
    held = list(old)
    at = {name: n for n, one in enumerate(old) if isinstance(one, dict) and (name := _id(one))}
    for one in new:
        name = _id(one)
        if name in at:
            held[at[name]] = _merged(held[at[name]], one)
            continue
        plain = _merged(None, one)
        if name or plain not in held:
            at |= {name: len(held)} if name else {}
            held.append(plain)
    return held


def _id(one: Json) -> str:
    return text_of(one.get("id"))


# --- what differs --------------------------------------------------------------------------------


def _contracts(release: Json) -> dict[str, TakeOver]:
    """Its contracts as an import would take them; what there is to remark is told of the releases that are read."""
    views = views_of(release, "", "", Reading())
    return {view.written: view.take_over for view in views}


def _between(ours: TakeOver | None, theirs: TakeOver | None) -> Iterator[str]:
    if ours is None or theirs is None:
        yield f"the whole contract ({_only_in(ours is None)})"
        return
    yield from _fields("", ours, theirs, _OF_CONTRACT)
    plans, theirs_too = ({m.id: m for m in one.milestones} for one in (ours, theirs))
    yield from _rows(plans, theirs_too, _OF_MILESTONE)
    paid, paid_too = ({p.reference: p for p in one.payments} for one in (ours, theirs))
    yield from _rows(paid, paid_too, _OF_PAYMENT)


def _rows(
    ours: Mapping[str, Struct], theirs: Mapping[str, Struct], names: Mapping[str, str]
) -> Iterator[str]:
    for name in sorted(ours.keys() | theirs.keys()):
        if name in ours and name in theirs:
            yield from _fields(name, ours[name], theirs[name], names)
        else:
            yield f"{name} ({_only_in(name not in ours)})"


def _fields(name: str, ours: Struct, theirs: Struct, names: Mapping[str, str]) -> Iterator[str]:
    for key, called in names.items():
        if getattr(ours, key) != getattr(theirs, key):
            yield f"{name} {called}".strip()


def _only_in(compiled: bool) -> str:
    return "only in it" if compiled else "not in the compiled one"
