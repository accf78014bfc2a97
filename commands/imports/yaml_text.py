"""YAML of which every scalar is text: what stands in the file is what is read.

`100.10` stays "100.10" and `NO` stays "NO". Whatever can hide a meaning is refused: keys given
twice, anchors and aliases, tags, several documents. Source: YAML 1.1 as PyYAML parses it; only its
events are used, so no schema of YAML ever guesses a type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from ledger.errors import InputInvalid

MAX_DEPTH = 32
ABSENT = ("", "~", "null")
"""What stands, without quotes, for a value that is not there."""
KEY = "[key]"
"""The last step of a path that means a key and not its value, as in pydantic's locations."""

Position = tuple[int, int]

_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")
_NO_CHARACTER = re.compile(r"\\U(?!00(?:0[0-9A-Fa-f]|10))[0-9A-Fa-f]{8}")
_HINTS = {
    "cannot start any token": "Indent with spaces, and put texts that begin with % @ ` in quotes.",
    "mapping values are not allowed": "Put a text that holds ': ' in quotes.",
    "expected <block end>": "Begin the keys of one clause in the same column.",
    "could not find expected ':'": "Write key: value, with a space after the colon.",
    "found unexpected end of stream": "Close the quote that was opened there.",
    "special characters are not allowed": "Remove the character, or write it as \\x… in quotes.",
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A document as mappings, lists, text and None, and where each of its nodes stands."""

    data: Any
    name: str
    positions: Mapping[tuple[str | int, ...], Position]

    def position(self, path: Sequence[str | int]) -> Position:
        """Line and column, from 1, of the deepest node on the path that exists."""
        steps = tuple(path)
        while steps not in self.positions:
            steps = steps[:-1]
        return self.positions[steps]

    def place(self, path: Sequence[str | int]) -> str:
        """The same as `contract.yaml:7:5`; a path that ends in KEY means the key, not its value."""
        line, column = self.position(path)
        return f"{self.name}:{line}:{column}"


def load_text_yaml(text: str, name: str) -> Loaded:
    """The one document in the text; `name` is what places call the file.

    A scalar written without quotes as nothing, `~` or `null` is None. Raises InputInvalid
    `yaml-invalid`, `yaml-empty`, `yaml-several-documents`, `yaml-duplicate-key`, `yaml-alias`,
    `yaml-tag`, `yaml-key-not-text`, `yaml-too-deep`, with the place.
    """
    reader = _Reader(text, name)
    try:
        data = reader.document()
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        said = ", ".join(part for part in (wrong.problem, wrong.context) if part)
        reader.refuse_syntax(said, (mark.line + 1, mark.column + 1) if mark else (1, 1))
    except yaml.reader.ReaderError as wrong:
        said = f"{wrong.reason}: U+{int(wrong.character):04X}"
        reader.refuse_syntax(said, _counted(text, wrong.position))
    except (ValueError, OverflowError):  # PyYAML's answer to "\\UFFFFFFFF"
        found = _NO_CHARACTER.search(text)
        at = _counted(text, found.start()) if found else reader.reached
        reader.refuse_syntax("the escape names no character", at)
    return Loaded(data, name, reader.positions)


@dataclass(slots=True)
class _Reader:
    text: str
    name: str
    positions: dict[tuple[str | int, ...], Position] = field(default_factory=dict)
    reached: Position = (1, 1)
    events: Iterator[Any] = field(init=False)

    def document(self) -> Any:
        # The reader checks the characters at once, so it is made where its error is caught.
        self.events = iter(yaml.parse(self.text, Loader=yaml.SafeLoader))
        self.next()
        if isinstance(first := self.next(), yaml.StreamEndEvent):
            self.refuse("yaml-empty", "the file holds nothing", first)
        data = self.node(self.next(), ())
        self.next()
        if not isinstance(second := self.next(), yaml.StreamEndEvent):
            hint = "Give each document a file of its own; the second begins at ---."
            self.refuse("yaml-several-documents", "the file holds several documents", second, hint)
        if data is None:
            self.positions.clear()
            self.refuse("yaml-empty", "the file holds nothing", first)
        return data

    def next(self) -> Any:
        event = next(self.events)
        self.reached = _position(event)
        return event

    def node(self, event: Any, path: tuple[str | int, ...]) -> Any:
        self.check(event, path)
        self.positions[path] = _position(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(path)
        if isinstance(event, yaml.MappingStartEvent):
            return self.mapping(path)
        value = self.scalar(event)
        return None if value in ABSENT and not event.style else value

    def check(self, event: Any, path: tuple[str | int, ...]) -> None:
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            sign = "*" if isinstance(event, yaml.AliasEvent) else "&"
            hint = f"Write the value out, or put a text that begins with {sign} in quotes."
            self.refuse("yaml-alias", f"{sign}{event.anchor} is an anchor or alias", event, hint)
        if event.tag is not None:
            hint = "Leave it out, or put a text that begins with ! in quotes."
            self.refuse("yaml-tag", f"{event.tag!r} is a tag", event, hint)
        if len(path) > MAX_DEPTH:
            self.refuse("yaml-too-deep", f"more than {MAX_DEPTH} levels of nesting", event)

    def sequence(self, path: tuple[str | int, ...]) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := self.next(), yaml.SequenceEndEvent):
            items.append(self.node(event, (*path, len(items))))
        return items

    def mapping(self, path: tuple[str | int, ...]) -> dict[str, Any]:
        items: dict[str, Any] = {}
        while not isinstance(event := self.next(), yaml.MappingEndEvent):
            self.check(event, path)
            if not isinstance(event, yaml.ScalarEvent):
                self.refuse("yaml-key-not-text", "a key is one text", event)
            key = self.scalar(event)
            if key in items:
                line, column = self.positions[*path, key, KEY]
                first = f"{self.name}:{line}:{column}"
                problem = f"the key {_short(key)} is given twice, first at {first}"
                self.refuse(
                    "yaml-duplicate-key", problem, event, "Keep one of the two.", first=first
                )
            self.positions[*path, key, KEY] = _position(event)
            items[key] = self.node(self.next(), (*path, key))
        return items

    def scalar(self, event: Any) -> str:
        value: str = event.value
        if found := _NOT_TEXT.search(value):
            hint = "Write the character itself, not its escape."
            problem = f"an escape means U+{ord(found[0]):04X}, which is no text"
            self.refuse("yaml-invalid", problem, event, hint)
        return value

    def refuse_syntax(self, problem: str, position: Position) -> NoReturn:
        hint = next(
            (hint for part, hint in _HINTS.items() if part in problem),
            "Check indentation, quotes and brackets on this line and the one above.",
        )
        self._refuse("yaml-invalid", problem, position, hint, {})

    def refuse(self, code: str, problem: str, event: Any, hint: str = "", **facts: str) -> NoReturn:
        self._refuse(code, problem, _position(event), hint, facts)

    def _refuse(
        self, code: str, problem: str, position: Position, hint: str, facts: dict[str, str]
    ) -> NoReturn:
        line, column = position
        lines = _LINE_BREAK.split(self.text)
        excerpt = _shown(lines[line - 1]) if line <= len(lines) else ""
        message = f"{problem}\n  {line} | {excerpt}" if excerpt else problem
        place = f"{self.name}:{line}:{column}"
        raise InputInvalid(
            code, message, hint=hint, place=place, facts={"excerpt": excerpt, **facts}
        ) from None


def _counted(text: str, index: int) -> Position:
    lines = _LINE_BREAK.split(text[:index])
    return len(lines), len(lines[-1]) + 1


def _position(event: Any) -> Position:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}…")


def _shown(line: str) -> str:
    """The line as it may be shown on a terminal: cut, and nothing in it acts on the screen."""
    cut = line.rstrip() if len(line) <= 100 else f"{line[:100]}…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)
