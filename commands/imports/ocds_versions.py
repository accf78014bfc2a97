"""A versioned release becomes the releases that it was made of: each with all that was in force at its date.

In a versioned release a value is the list of its versions, each with releaseDate, releaseID, releaseTag and value;
only the ids of things in lists, by which they are merged, stay plain.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from commands.imports.ocds_values import Json, known_claim, text_of

_ABOUT = ("releaseDate", "releaseID")

Stamp = tuple[str, str, str]
"""A release as its versions name it: its date for sorting, its id, and its date as written."""


def is_versioned(release: Json) -> bool:
    """Whether any value in it is a list of versions."""
    return next(_stamps(release), None) is not None


def releases_in(versioned: Json) -> list[Json]:
    """The releases behind it, the oldest first: each holds the values in force then, whoever first said them."""
    tags: dict[Stamp, Any] = {}
    for stamp, tag in _stamps(versioned):
        tags.setdefault(stamp, tag)
    ocid = text_of(versioned.get("ocid"))
    found = []
    for stamp in sorted(tags):
        _, release_id, day = stamp
        held = _as_of(versioned, stamp)
        assert isinstance(held, dict)
        found.append(
            {**held, "ocid": ocid, "id": release_id, "date": day or None, "tag": tags[stamp]}
        )
    return found


def _versions(value: Any) -> list[Json] | None:
    """The versions of a value, None where it is no list of them."""
    if not isinstance(value, list) or not value:
        return None
    whole = all(isinstance(one, dict) and any(key in one for key in _ABOUT) for one in value)
    return value if whole and all("value" in one for one in value) else None


def _stamps(value: Any) -> Iterator[tuple[Stamp, Any]]:
    """The releases that the versions in a value name, and their tags."""
    pending = [value]
    while pending:
        one = pending.pop()
        if (versions := _versions(one)) is not None:
            yield from ((_stamp(version), version.get("releaseTag")) for version in versions)
        elif isinstance(one, dict):
            pending += one.values()
        elif isinstance(one, list):
            pending += one


def _stamp(version: Json) -> Stamp:
    day = text_of(version.get("releaseDate"))
    return known_claim(day), text_of(version.get("releaseID")), day


_NOTHING = object()


def _as_of(value: Any, until: Stamp) -> Any:
    """What a value was at a release; _NOTHING where none had said it yet."""
    if (versions := _versions(value)) is not None:
        said = [(_stamp(one), n, one["value"]) for n, one in enumerate(versions)]
        past = [one for one in said if one[0] <= until]
        return max(past, key=lambda one: one[:2])[2] if past else _NOTHING
    if isinstance(value, dict):
        found = {key: _as_of(one, until) for key, one in value.items()}
        kept = {key: one for key, one in found.items() if one is not _NOTHING}
        # A thing of which only the id is there yet was added by a later release.
        return kept if kept.keys() - {"id"} or not value.keys() - {"id"} else _NOTHING
    if isinstance(value, list):
        return [held for one in value if (held := _as_of(one, until)) is not _NOTHING]
    return value
