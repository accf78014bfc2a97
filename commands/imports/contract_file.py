"""A contract file becomes a ContractDocument, or a person is told everything that is wrong with it.

The structure comes first (keys, and what each value is written as), and only a sound one is asked
what its values mean together (`contract_checks`). The classes of `ledger.terms` are the only model.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from commands.imports.contract_checks import document_problems
from commands.imports.problems import Problem, did_you_mean
from commands.imports.written_checks import (
    empty_limits,
    with_days_first,
    written,
    written_problems,
)
from commands.imports.yaml_text import KEY, Loaded, load_text_yaml
from ledger.errors import InputInvalid
from ledger.money import EXPONENTS, UNKNOWN_CURRENCY
from ledger.terms import ContractDocument

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic_core import ErrorDetails

MAX_BYTES = 1 << 20
MOST_PROBLEMS = 100  # told in full; each looks for what may have been meant
STDIN = "-"

_TAIL_OF_AMOUNT = re.compile(r"[0-9]{3}(\.[0-9]+)?")


def read_contract_file(path: Path | str, text: str | None = None) -> ContractDocument:
    """The contract that a file describes; `-` is standard input, and `text`, if given, its content.

    Raises InputInvalid: `contract-file-invalid` with all problems of the document in its facts,
    those of `load_text_yaml`, `file-unreadable`, `file-too-large`, `file-not-utf8`.
    """
    name = "stdin" if str(path) == STDIN else str(path)
    loaded = load_text_yaml(_text(path, name) if text is None else text, name)
    document, problems = _structured(loaded)
    if document is not None:
        says = written(loaded)
        document = with_days_first(document, says)
        problems = [*document_problems(document), *written_problems(document, says)]
        problems += empty_limits(loaded)
    if document is None or problems:
        raise contract_file_invalid(loaded, problems)
    return document


def contract_file_invalid(loaded: Loaded, problems: list[Problem]) -> InputInvalid:
    """One error that tells all problems, in the order of the file."""
    found = [
        {"place": loaded.place(path), "problem": problem.rstrip("."), "hint": hint.rstrip(".")}
        for path, problem, hint in sorted(problems, key=lambda each: loaded.position(each.path))
    ]
    first = found[0]
    message, hint = first["problem"], first["hint"]
    if len(found) > 1:
        lines = (
            f"  {each['place']}: {each['problem']}" + (f" ({each['hint']})" if each["hint"] else "")
            for each in found
        )
        message = "\n".join([f"{loaded.name} has {len(found)} problems", *lines])
        hint = "correct the file and try again"
    return InputInvalid(
        "contract-file-invalid", message, hint=hint, place=first["place"], facts={"problems": found}
    )


# --- the file ------------------------------------------------------------------------------------


def _text(path: Path | str, name: str) -> str:
    try:
        if str(path) == STDIN:
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with Path(path).open("rb") as file:
                data = file.read(MAX_BYTES + 1)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise InputInvalid(
            "file-unreadable", f"{name} cannot be read: {why}", hint="check the file's name"
        ) from None
    if len(data) > MAX_BYTES:
        raise InputInvalid(
            "file-too-large",
            f"{name} is larger than {MAX_BYTES:,} bytes, far more than a contract needs",
            hint="check that this is the contract file",
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_utf8(data, error.start, name) from None


def _not_utf8(data: bytes, start: int, name: str) -> InputInvalid:
    before = data[:start].decode("utf-8", "replace").split("\n")
    place = f"{name}:{len(before)}:{len(before[-1]) + 1}"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        hint = "it is UTF-16: save it as UTF-8"
    elif _is_gb18030(data):
        hint = "it may be GB18030: save it as UTF-8, e.g. with `iconv -f GB18030 -t UTF-8`"
    else:
        hint = "save it as UTF-8"
    return InputInvalid("file-not-utf8", f"{name} is not text in UTF-8", hint=hint, place=place)


def _is_gb18030(data: bytes) -> bool:
    try:
        return any("\u4e00" <= c <= "\u9fff" for c in data.decode("gb18030"))
    except UnicodeDecodeError:
        return False


# --- its structure -------------------------------------------------------------------------------


def _structured(loaded: Loaded) -> tuple[ContractDocument | None, list[Problem]]:
    """The document, or what is wrong with its keys and with the form of its values."""
    from pydantic import ValidationError

    written = loaded.data.get("currency") if isinstance(loaded.data, dict) else None
    # An unknown currency is told once, by its own check, and not once more for each amount.
    currency = written if isinstance(written, str) and written in EXPONENTS else UNKNOWN_CURRENCY
    data = _without_absent(loaded.data, ContractDocument)
    try:
        return _adapter().validate_python(data, context={"currency": currency}), []
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False)
        problems = [_problem(error) for error in errors[:MOST_PROBLEMS]]
        if more := errors[MOST_PROBLEMS:]:
            says = f"{len(more):,} more problems, from here on, are not listed"
            problems.append(Problem(more[0]["loc"], says, "correct those before first"))
        return None, problems


@cache
def _adapter() -> TypeAdapter[ContractDocument]:
    from pydantic import TypeAdapter

    return TypeAdapter(ContractDocument)


def _without_absent(data: Any, model: Any) -> Any:
    """The data without the known keys that have no value; what has no place in the model stays."""
    if isinstance(data, list):
        return [_without_absent(item, _below(model, 0)) for item in data]
    if not isinstance(data, dict):
        return data
    known = _keys(model)
    return {
        key: _without_absent(value, _below(model, key))
        for key, value in data.items()
        if value is not None or key not in known
    }


def _keys(model: Any) -> Mapping[str, Any]:
    """The keys of a clause as a file writes them, and their types; none for what is no clause."""
    if not (isinstance(model, type) and is_dataclass(model)):
        return {}
    types = _types(model)
    return {each.name.removesuffix("_minor"): types[each.name] for each in fields(model)}


@cache
def _types(model: type) -> dict[str, Any]:
    return get_type_hints(model)


def _below(model: Any, step: str | int) -> Any:
    """The type one step further down: of a clause's key, a mapping's value, a list's item."""
    if keys := _keys(model):
        below = keys.get(str(step))
    else:
        parts = get_args(model)
        below = {tuple: parts[:1], dict: parts[1:]}.get(get_origin(model), (None,))[0]
    present = [choice for choice in get_args(below) if choice is not NoneType]
    return present[0] if NoneType in get_args(below) else below


# --- what people are told ------------------------------------------------------------------------


def _problem(error: ErrorDetails) -> Problem:
    path, kind = error["loc"], error["type"]
    context = error.get("ctx", {})
    named = _named(path)
    if kind == "written-invalid":
        return Problem(path, f"{named}: {context['problem']}", context["hint"])
    if kind == "unexpected_keyword_argument":
        return _unknown_key(path)
    if kind == "missing":
        uncapped = named == "cap" and _PENALTIES.intersection(path)
        no_cap = "; a penalty without limit says so: cap: no cap" if uncapped else ""
        return Problem(path, f"{named} is missing", f"add {named}: …{no_cap}")
    if kind == "literal_error":
        choices = re.findall("'([^']*)'", context["expected"])
        wrong = f"{named}: {_shown(error['input'])} is not one of {', '.join(choices)}"
        return Problem(path, wrong, did_you_mean(str(error["input"]), choices))
    if kind not in _SAID:
        return Problem(path, f"{named}: {error['msg']}", "")
    wrong, hint = _SAID[kind]
    values = {"value": _shown(error["input"]), **context}
    return Problem(path, f"{named}: {wrong.format_map(values)}", hint.format_map(values))


def _unknown_key(path: tuple[str | int, ...]) -> Problem:
    *above, key = path
    model: Any = ContractDocument
    for step in above:
        model = _below(model, step)
    hint = did_you_mean(str(key), _keys(model))
    if _TAIL_OF_AMOUNT.fullmatch(str(key)):
        hint = 'within { } and [ ] an amount with commas is put in quotes: "120,000.00"'
    return Problem((*path, KEY), f"unknown key {_shown(key)}", hint)


def _named(path: tuple[str | int, ...]) -> str:
    """The nearest key that the path goes through, as a person calls the value."""
    steps = path[:-2] if path and path[-1] == KEY else path
    return next((step for step in reversed(steps) if isinstance(step, str)), "the file")


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if not isinstance(value, str):
        return "a list" if isinstance(value, list) else "keys with values"
    return repr(value if len(value) <= 40 else f"{value[:40]}…")


_PENALTIES = frozenset({"late_penalty", "late_damages", "disincentive"})
_KEYS = ("keys with values are expected, not {value}", "write them below it, one key: value a line")
_SAID: Mapping[str, tuple[str, str]] = {
    "string_type": ("one text is expected, not {value}", "write one value after the colon"),
    "string_too_short": ("{value} is too short", "{min_length} or more letters are needed"),
    "tuple_type": ("a list is expected, not {value}", "write it as [first, second]"),
    "dict_type": _KEYS,
    "dataclass_type": _KEYS,
}
