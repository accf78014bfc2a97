"""OCDS files become take-overs: one for each contract in each release, oldest release first.

Read are releases, versioned and compiled ones, records, packages of either, arrays and JSON Lines of
them, packed by gzip or not, in versions 1.0 and 1.1 of the Open Contracting Data Standard; amounts are
exact throughout. Neither the order of the files nor a release that stands in several of them changes
the result.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from commands.imports.found import (
    STDIN,
    Notes,
    Reading,
    canonical_json,
    digest,
    files_in,
    lines_of,
    read_text,
)
from commands.imports.ocds_compiled import differing
from commands.imports.ocds_contract import View, views_of
from commands.imports.ocds_merge import take_overs
from commands.imports.ocds_values import Json, objects, text_of
from commands.imports.ocds_versions import is_versioned, releases_in
from ledger.errors import InputInvalid

Progress = Callable[[int], None]

ENDINGS = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz")
_BY_LINES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
# Half a character, or one that no database stores as text.
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
# One JSON value ends with the first line and another begins: JSON Lines, whatever the file's name.
_LINES = re.compile(r"\s*[{\[].*[}\]][ \t\r]*\n\s*[{\[]")
# One JSON value is held as a whole; JSON Lines are read line by line, and may be of any size.
MOST_AT_ONCE = 100_000_000
_TOO_LARGE = (
    "is more than 100 MB as one JSON value: write one release a line into a .jsonl file (jq -c '.releases[]'),"
    " which may be of any size"
)
_COMPILED = "compiledRelease"
_STAGES = ("planning", "tender", "awards")


@dataclass(slots=True)
class _Found:
    """What was read so far; a release is known by ocid, id and digest."""

    reading: Reading = field(default_factory=Reading)
    views: list[View] = field(default_factory=list)
    releases: set[tuple[str, str, str]] = field(default_factory=set)


def read_ocds(paths: Sequence[Path], progress: Progress | None = None) -> Reading:
    """All contracts in the files and folders named; `progress` is told of every few bytes read.

    What cannot be read or taken over is listed, never raised; only where no file holds any release
    is it InputInvalid `file-not-ocds`; and `file-not-found` where a path leads nowhere.
    """
    found = _Found()
    for path in files_in(paths, ENDINGS):
        notes = Notes(str(path))
        try:
            for place, document in _documents(path, found.reading, progress or _unheard):
                _take_all(document, place, found, notes)
        except (OSError, EOFError, zlib.error) as problem:
            why = getattr(problem, "strerror", None) or problem
            found.reading.skip(str(path), f"cannot be read: {why}", "file-unreadable")
        notes.report(found.reading)
    if not found.releases:
        raise _not_ocds(paths, found.reading)
    found.reading.take_overs += take_overs(found.views, found.reading)
    return found.reading


def _take_all(document: Any, place: str, found: _Found, notes: Notes) -> None:
    try:
        for release_place, release in _releases(document, place, found.reading):
            _take(release, release_place, found, notes)
    except RecursionError:
        found.reading.skip(place, "is nested too deep to be read")


def _unheard(size: int) -> None:
    """Nobody watches."""


# --- from files to JSON values -------------------------------------------------------------------


def _documents(path: Path, reading: Reading, progress: Progress) -> Iterator[tuple[str, Any]]:
    """The JSON values in a file, each with its place; only JSON Lines are read piece by piece."""
    if path.name.lower().endswith(_BY_LINES):
        packed = path.suffix.lower() == ".gz"
        for number, line, size in lines_of(path, reading):
            yield from _parsed(line, str(path), number, reading)
            progress(0 if packed else size)
        if packed:
            progress(path.stat().st_size)
        return
    text = "" if _too_large(path, 0) else read_text(path, reading)
    if _too_large(path, len(text)):
        reading.skip(str(path), _TOO_LARGE, "file-too-large")
        return
    if _LINES.match(text):
        for number, line in enumerate(text.split("\n"), 1):
            yield from _parsed(line, str(path), number, reading)
    else:
        yield from _parsed(text, str(path), 0, reading)
    progress(len(text) if path == STDIN else path.stat().st_size)


def _too_large(path: Path, characters: int) -> bool:
    """Whether a file is more than is read as one value: seven times its size is needed for that."""
    there = 0 if path == STDIN else path.stat().st_size
    return max(there, characters) > MOST_AT_ONCE


def _parsed(text: str, path: str, line: int, reading: Reading) -> Iterator[tuple[str, Any]]:
    """The value of a JSON text, or nothing and a remark; `line` is 0 for a whole file."""
    place = f"{path}:{line}" if line else path
    if line and not text.strip():
        return
    try:
        # Never a float: 82033.24 stays what it is. NaN and Infinity stay text, which is no amount.
        value = json.loads(text, parse_float=Decimal, parse_int=_whole, parse_constant=str)
    except json.JSONDecodeError as problem:
        at = f"{path}:{line or problem.lineno}:{problem.colno}"
        reading.skip(at, f"is not JSON: {problem.msg}")
    except (ArithmeticError, RecursionError, ValueError):
        reading.skip(place, "is not JSON that can be read: a number too large, or nested too deep")
    else:
        yield place, value


def _whole(digits: str) -> int | Decimal:
    return int(digits) if len(digits) < 19 else Decimal(digits)


# --- from JSON values to releases ----------------------------------------------------------------


def _releases(document: Any, place: str, reading: Reading) -> Iterator[tuple[str, Json]]:
    """The releases in a JSON value of any of the shapes in which OCDS is published."""
    match document:
        case list():
            for index, one in enumerate(document):
                yield from _releases(one, f"{place}[{index}]", reading)
        case {"records": list(records)}:
            for index, record in enumerate(records):
                yield from _releases_of_record(record, f"{place}:records[{index}]", reading)
        case {"compiledRelease": _} | {"versionedRelease": _} | {"ocid": _, "releases": _}:
            yield from _releases_of_record(document, place, reading)
        case {"releases": list()}:
            yield from _embedded(document, place, "", reading)
        case {"ocid": str(ocid)} if ocid:
            yield from _alone(document, place, reading)
        case _:
            reading.skip(place, "is not an OCDS release, record or package, or has no ocid")


def _alone(release: Json, place: str, reading: Reading) -> Iterator[tuple[str, Json]]:
    """A release as it is; where it is a versioned one, those that its versions name."""
    if not is_versioned(release):
        yield place, release
        return
    told = releases_in(release)
    for one in told:
        yield f"{place}:{text_of(one['id']) or text_of(one['date'])}", one
    count = "one release" if len(told) == 1 else f"{len(told)} releases"
    said = f"a versioned release: read as the {count} that its values name"
    reading.warn(place, "release-versioned", said)


def _releases_of_record(record: Any, place: str, reading: Reading) -> Iterator[tuple[str, Json]]:
    """The releases that a record embeds; where it embeds none those of its versioned release, else its compiled one."""
    if not isinstance(record, dict):
        reading.skip(place, "is not an OCDS record")
        return
    ocid = text_of(record.get("ocid"))
    whole = {
        key: {**one, "ocid": own}
        for key in ("versionedRelease", _COMPILED)
        if isinstance(one := record.get(key), dict)
        if (own := text_of(one.get("ocid")) or ocid)
        if key == _COMPILED or is_versioned(one)
    }
    read = list(_embedded(record, place, ocid, reading, instead=bool(whole)))
    if not read and whole:
        key = next(iter(whole))
        read = list(_alone(whole.pop(key), f"{place}:{key}", reading))
    elif not read:
        reading.skip(place, "is a record without an embedded or compiled release that can be read")
    yield from read
    if _COMPILED in whole:
        releases = [release for _, release in read]
        _say_what_differs(releases, whole[_COMPILED], f"{place}:{_COMPILED}", reading)


def _say_what_differs(releases: list[Json], compiled: Json, place: str, reading: Reading) -> None:
    """Of a compiled release beside the releases that are read: the fields that these do not come to."""
    count = "one release" if len(releases) == 1 else f"{len(releases)} releases"
    theirs = f"what its record's {count}, which are read, come to"
    try:
        plain = [_as_text(one, Notes(place))[0] for one in (*releases, compiled)]
        for contract, fields in differing(plain[:-1], plain[-1]):
            said = f"{contract} differs from {theirs}: {', '.join(fields)}"
            reading.warn(place, "compiled-release-differs", said)
    except RecursionError:
        said = f"nested too deep to be compared with {theirs}"
        reading.warn(place, "compiled-release-differs", said)


def _embedded(
    holder: Json, place: str, ocid: str, reading: Reading, *, instead: bool = False
) -> Iterator[tuple[str, Json]]:
    """The releases in a package or record; linked ones are listed, as lost unless something stands `instead`."""
    notes = Notes(place)
    releases = holder.get("releases")
    for index, release in enumerate(releases if isinstance(releases, list) else []):
        at = f"releases[{index}]"
        if not isinstance(release, dict):
            notes.skip("is not an OCDS release", at)
        elif "url" in release and not {"id", "contracts"} & release.keys():
            why = "linked releases, only their address is given"
            notes.skip(why, text_of(release["url"]), "low" if instead else "high")
        elif not (text_of(release.get("ocid")) or ocid):
            notes.skip("is a release without ocid", at)
        else:
            whole = {**release, "ocid": text_of(release.get("ocid")) or ocid}
            yield from _alone(whole, f"{place}:{at}", reading)
    notes.report(reading)


# --- from releases to views of contracts ---------------------------------------------------------


def _take(release: Json, place: str, found: _Found, file_notes: Notes) -> None:
    """Adds a release's contracts to what was found, unless the very same release is there."""
    notes = Notes(place)
    release, digest_text = _as_text(release, notes)
    name = (text_of(release["ocid"]), text_of(release.get("id")))
    if (*name, digest_text) in found.releases:
        file_notes.warn("release-repeated", f"{name[0]} {name[1]} was read already")
    else:
        found.releases.add((*name, digest_text))
        _say_what_is_no_contract(release, notes)
        found.views += views_of(release, digest_text, place, found.reading)
    notes.report(found.reading)


def _as_text(release: Json, notes: Notes) -> tuple[Json, str]:
    """The release, all its text such as can be stored, and its digest."""
    try:
        if b"\\u0000" not in canonical_json(release):
            return release, digest(release)
    except UnicodeEncodeError:
        pass  # half a character somewhere: replaced below
    clean = _cleaned(release)
    if clean != release:
        notes.warn("text-unreadable", "characters that are no text were replaced by U+FFFD")
    return clean, digest(clean)


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return _NO_TEXT.sub("\ufffd", value)
    if isinstance(value, list):
        return [_cleaned(one) for one in value]
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(one) for key, one in value.items()}
    return value


def _say_what_is_no_contract(release: Json, notes: Notes) -> None:
    if not objects(release, "contracts"):
        tags = release.get("tag")
        stage = ", ".join(map(text_of, tags)) if isinstance(tags, list) else text_of(tags)
        why = "a release without contracts holds no obligation"
        notes.skip(why, f"tag {stage or 'unknown'}", "low")
    for stage in _STAGES:
        holders = release.get(stage)
        for holder in holders if isinstance(holders, list) else [holders]:
            if plans := objects(holder, "milestones"):
                notes.skip(
                    "milestones before the contract are plans, not obligations",
                    f"{len(plans)} of {stage}",
                    "low",
                )


def _not_ocds(paths: Sequence[Path], reading: Reading) -> InputInvalid:
    first = reading.skipped[0] if reading.skipped else None
    names = ", ".join(str(path) for path in paths[:3]) + (" …" if len(paths) > 3 else "")
    why = first.reason if first else "there is no file that ends in .json, .jsonl or .ndjson"
    return InputInvalid(
        "file-not-ocds",
        f"No OCDS release was found in {names}: {why}.",
        place=first.place if first else "",
        hint="Give files of releases, records, packages of them, or JSON Lines.",
        facts={"skipped": [{"place": one.place, "reason": one.reason} for one in reading.skipped]},
    )
