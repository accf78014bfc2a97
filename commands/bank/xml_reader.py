"""XML from strangers, read safely: no DOCTYPE and so no entities, bounded in size and depth, each element with its
line.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers.expat import ExpatError, ParserCreate, errors

from ledger.errors import InputInvalid

MAX_BYTES = 100_000_000
MAX_DEPTH = 64


@dataclass(slots=True)
class Node:
    """An element by its name without the namespace: its attributes, its text, its children, its line."""

    name: str
    line: int
    attributes: dict[str, str]
    text: str = ""
    children: list[Node] = field(default_factory=list)

    def all(self, path: str) -> Iterator[Node]:
        """Every element at a path of names, such as "Refs/EndToEndId"."""
        first, _, rest = path.partition("/")
        for child in self.children:
            if child.name == first:
                if rest:
                    yield from child.all(rest)
                else:
                    yield child

    def one(self, *paths: str) -> Node | None:
        """The first element at the first path where there is one."""
        return next((node for path in paths for node in self.all(path)), None)

    def said(self, *paths: str) -> str:
        """The text of the first of these that says anything, trimmed; "" where none does."""
        texts = (node.text.strip() for path in paths for node in self.all(path))
        return next((text for text in texts if text), "")


def read_xml(path: Path) -> Node:
    """The root of a file. Raises InputInvalid `xml-unreadable`, `xml-too-large`, `xml-damaged`, `xml-doctype`,
    `xml-too-deep` with the place.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as problem:
        says = f"the file cannot be read: {problem.strerror or problem}"
        raise InputInvalid("xml-unreadable", says, place=str(path)) from None
    if len(data) > MAX_BYTES:
        says = f"the file is larger than {MAX_BYTES:,} bytes"
        hint = "ask the bank for a statement of a shorter time"
        raise InputInvalid("xml-too-large", says, hint=hint, place=str(path))
    return parse_xml(data, str(path))


def parse_xml(data: bytes, name: str) -> Node:
    """The root of a document; what `read_xml` raises."""
    try:
        data = _in_unicode(data)
    except LookupError:
        raise _unknown_encoding(name) from None
    except ValueError:
        says = "the XML is damaged: it is not in the encoding that it declares"
        hint = "fetch the file from the bank again; nothing was recorded"
        raise InputInvalid("xml-damaged", says, hint=hint, place=f"{name}:1") from None
    return _Builder(name).build(data)


def documents(node: Node) -> Iterator[Node]:
    """The messages of a file: each outermost `Document`, however deep its envelope; a header beside it is none."""
    if node.name == "Document":
        yield node
        return
    for child in node.children:
        yield from documents(child)


def _unknown_encoding(name: str) -> InputInvalid:
    says = "the XML is in an encoding that is not known"
    hint = "save it as UTF-8, or ask the bank for UTF-8"
    return InputInvalid("xml-damaged", says, hint=hint, place=f"{name}:1")


_DECLARED = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["'][^>]*\?>""")
_BUILT_IN = ("utf-8", "utf-16", "iso8859-1", "ascii")


def _in_unicode(data: bytes) -> bytes:
    """A file in an encoding that it declares and the parser does not know (GB18030, Big5 …), in UTF-8.

    Raises LookupError or ValueError where the encoding is unknown or the bytes are not of it.
    """
    found = _DECLARED.match(data)
    if found is None:
        return data
    codec = codecs.lookup(found[1].decode("ascii"))
    if codec.name in _BUILT_IN:
        return data
    # Decoded whole, declaration and all: a byte of a character never counts as a sign of markup.
    text = data.decode(codec.name)
    return ('<?xml version="1.0" encoding="utf-8"?>' + text[text.index("?>") + 2 :]).encode("utf-8")


class _Builder:
    """Takes the parser's events, and keeps the path from the root to where it is."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.path: list[Node] = [Node("", 0, {})]
        self.parser = ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._doctype

    def build(self, data: bytes) -> Node:
        try:
            self.parser.Parse(data, True)
        except ExpatError as problem:
            says = f"the XML is damaged: {errors.messages[problem.code]}"
            raise InputInvalid(
                "xml-damaged",
                says,
                hint="fetch the file from the bank again; nothing was recorded",
                place=f"{self.name}:{problem.lineno}:{problem.offset + 1}",
            ) from None
        except (LookupError, ValueError):
            raise _unknown_encoding(self.name) from None
        return self.path[0].children[0]

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        node = Node(name.rpartition(":")[2], self.parser.CurrentLineNumber, attributes)
        if len(self.path) > MAX_DEPTH:
            says = f"the XML is nested deeper than {MAX_DEPTH} elements"
            raise InputInvalid("xml-too-deep", says, place=f"{self.name}:{node.line}")
        self.path[-1].children.append(node)
        self.path.append(node)

    def _end(self, name: str) -> None:
        self.path.pop()

    def _text(self, text: str) -> None:
        self.path[-1].text += text

    def _doctype(self, *_: object) -> None:
        raise InputInvalid(
            "xml-doctype",
            "the XML has a DOCTYPE, which no bank's file needs and an attacker's may",
            hint="fetch the file from the bank again; nothing was recorded",
            place=f"{self.name}:{self.parser.CurrentLineNumber}",
        )
