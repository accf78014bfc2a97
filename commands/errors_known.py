"""Every error that the program may tell, read from its own source: code, class, and the words of its message."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from ledger import errors
from ledger.errors import LedgerError, Refused

ROOT = Path(__file__).resolve().parent.parent
KEPT = Path(__file__).with_name("errors.json")
CLASSES: dict[str, type[LedgerError]] = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, LedgerError)
}
Raised = tuple[str, type[LedgerError], str]
_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_GIVEN = re.compile(r"\{(\w+)[^{}]*\}")


def errors_page() -> str:
    """All of them as JSON, a line each: what `mledger schema` tells without reading any source."""
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in all_errors())
    return f"[\n{lines}\n]\n"


def all_errors() -> list[dict[str, Any]]:
    """Each error once, by code: `error`, `exit_code`, `retryable`, `means`; a part that varies stands in braces.

    `means` is of a rule what it says, else the message's own words.
    """
    from ledger.decisions.rules import RULES

    found: dict[tuple[str, int, bool], str] = {}
    rules: Iterator[Raised] = ((rule.id, Refused, rule.says) for rule in RULES)
    others = (one for file in _sources() for one in raised(file.read_text("utf-8")))
    for code, kind, means in chain(rules, others):
        key = (code, kind.exit_code, kind.retryable)
        found[key] = found.get(key) or means
    return [
        {"error": code, "exit_code": exit_code, "retryable": again, "means": means}
        for (code, exit_code, again), means in sorted(found.items())
    ]


def _sources() -> Iterator[Path]:
    for package in ("ledger", "projections", "commands"):
        yield from sorted((ROOT / package).rglob("*.py"))


def raised(source: str) -> Iterator[Raised]:
    """The errors that a module makes under codes of its own, with their class and message.

    A function that is handed the code makes the errors of those who call it, however far that goes.
    """
    tree = ast.parse(source)
    named = dict(_constants(tree))
    makers: dict[str, list[Maker]] = {name: [Maker(kind)] for name, kind in CLASSES.items()}
    makers |= _OF_ALL
    while found := dict(_handing_on(tree, makers)):
        makers |= found
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        for maker in _makers_of(node.func, makers):
            told = _told(node.args[maker.at]) if len(node.args) > maker.at else "{}"
            code = maker.code.replace("{}", named.get(told.strip("{}"), told).replace(" ", "-"))
            if _CODE.fullmatch(code):
                words = _told(node.args[maker.at + 1]) if len(node.args) > maker.at + 1 else ""
                if maker in (*_OF_ALL["not_found"], *_OF_ALL["find"]):
                    words = f"there is no such {told}"
                yield code, maker.kind, " ".join(words.split())


@dataclass(frozen=True)
class Maker:
    """What makes an error of a class: the place of the argument that is its code, or is written into it."""

    kind: type[LedgerError]
    at: int = 0
    code: str = "{}"


# Those that other modules call: commands.known and ledger.decisions.case.
_OF_ALL = {
    "not_found": [Maker(errors.NotFound, 0, "{}-unknown")],
    "find": [Maker(errors.NotFound, 1, "{}-unknown")],
}


def _makers_of(called: ast.expr, makers: dict[str, list[Maker]]) -> list[Maker]:
    match called:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return makers.get(name, [])
        case ast.IfExp(body=body, orelse=other):
            return _makers_of(body, makers) + _makers_of(other, makers)
    return []


def _handing_on(
    tree: ast.Module, makers: dict[str, list[Maker]]
) -> Iterator[tuple[str, list[Maker]]]:
    """The functions, not known yet, that make an error by a code that they are given."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef) or function.name in makers:
            continue
        given = [one.arg for one in function.args.args]
        given = given[given[:1] == ["self"] :]
        for node in (one for one in ast.walk(function) if isinstance(one, ast.Call)):
            for maker in _makers_of(node.func, makers):
                told = _told(node.args[maker.at]) if len(node.args) > maker.at else ""
                if (part := _GIVEN.search(told)) and part[1] in given:
                    code = maker.code.replace("{}", _GIVEN.sub("{}", told))
                    yield function.name, [Maker(maker.kind, given.index(part[1]), code)]


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            yield ast.unparse(node.targets[0]), str(node.value.value)


def _told(node: ast.expr) -> str:
    """An expression's text, with what varies in braces."""
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(map(_told, parts))
        case ast.FormattedValue(value=value):
            return f"{{{ast.unparse(value)}}}"
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _told(left) + _told(right)
        case ast.IfExp(body=body, orelse=other):
            return f"{_told(body)}; or: {_told(other)}"
    return f"{{{ast.unparse(node)}}}"
