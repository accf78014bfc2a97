"""Tables for people: aligned on the screen, within its width, with nothing deceptive in them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

PIPE_WIDTH = 120
GAP = "  "
_TEXT_WIDTH_MIN = 12
_CELL_LINES_MAX = 4

# Control characters, lone surrogates, and what is invisible or turns the reading direction around.
# The joiners U+200C and U+200D stay: Indic scripts and emoji need them.
HOSTILE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def seen(name: str) -> str:
    """A name without what nobody sees in it: names are compared, so nothing unseen may tell two apart."""
    return "".join(sign for sign in name if unicodedata.category(sign) not in _UNSEEN)


def visible(text: str, keep: str = "") -> str:
    r"""The text with control, invisible and bidirectional characters written out (`\x1b`)."""
    return HOSTILE.sub(lambda found: found[0] if found[0] in keep else _written(found[0]), text)


def _written(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def cell_text(value: object) -> str:
    """What a person reads for a value: nothing for None, yes and no, else its text made visible."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return visible(str(value))


def width(text: str) -> int:
    """The columns that a text takes on a terminal: two for each Chinese character."""
    if text.isascii():
        return len(text)
    import wcwidth

    return wcwidth.width(text)


def _padded(text: str, columns: int, right: bool) -> str:
    space = " " * (columns - width(text))
    return space + text if right else text + space


def _wrapped(text: str, columns: int) -> list[str]:
    if width(text) <= columns:
        return [text]
    import wcwidth

    return wcwidth.wrap(text, columns, max_lines=_CELL_LINES_MAX, placeholder="...") or [""]


@dataclass(frozen=True, slots=True)
class Column:
    """A table's column: an `exact` one is never wrapped, a number stands to the right."""

    title: str
    exact: bool = False
    right: bool = False


def number(title: str) -> Column:
    """A column of numbers or amounts: right-aligned, never cut."""
    return Column(title, exact=True, right=True)


def exact(title: str) -> Column:
    """A column of names, dates or references that people copy: left-aligned, never cut."""
    return Column(title, exact=True)


Row = Sequence[object]


@dataclass(frozen=True)
class Table:
    """Rows for people, aligned by what characters take on the screen, within the width that there
    is.

    Wide text wraps, and one that is very long is elided. Where even that does not fit, each row is
    shown as a record of `title  value` lines, so that no number and no reference is ever cut.
    `totals` stand below a rule.
    """

    columns: Sequence[Column | str]
    rows: Sequence[Row]
    totals: Sequence[Row] = ()
    title: str = ""
    empty: str = "(none)"

    def lines(self, limit: int) -> Iterator[str]:
        """The table's lines, none wider than `limit` unless one exact value is."""
        columns = [Column(c) if isinstance(c, str) else c for c in self.columns]
        if self.title:
            yield from (visible(self.title), "")
        if not self.rows:
            yield self.empty
            return
        body = [[cell_text(value) for value in row] for row in self.rows]
        feet = [[cell_text(value) for value in row] for row in self.totals]
        widths = _fitted(columns, [*body, *feet], limit)
        if widths is None:
            yield from _records(columns, [*body, *feet], limit)
            return
        rule = GAP.join("-" * w for w in widths)
        yield from _row([c.title for c in columns], columns, widths)
        yield rule
        for row in body:
            yield from _row(row, columns, widths)
        if feet:
            yield rule
        for row in feet:
            yield from _row(row, columns, widths)

    def text(self, limit: int = PIPE_WIDTH) -> str:
        """The whole table as text that ends in a newline."""
        return "".join(line + "\n" for line in self.lines(limit))


def _fitted(columns: list[Column], rows: list[list[str]], limit: int) -> list[int] | None:
    """The columns' widths, taken from the widest text first; None when it cannot fit."""
    widths = [width(c.title) for c in columns]
    for row in rows:
        assert len(row) == len(columns), "a row has as many cells as the table has columns"
        widths = [max(w, width(cell)) for w, cell in zip(widths, row, strict=True)]
    floors = [
        w if c.exact else min(w, max(_TEXT_WIDTH_MIN, width(c.title)))
        for w, c in zip(widths, columns, strict=True)
    ]
    room = limit - len(GAP) * (len(columns) - 1)
    if sum(floors) > room:
        return None
    while sum(widths) > room:
        slack = [i for i, w in enumerate(widths) if w > floors[i]]
        widths[max(slack, key=lambda i: widths[i])] -= 1
    return widths


def _row(cells: list[str], columns: list[Column], widths: list[int]) -> Iterator[str]:
    parts = [_wrapped(cell, w) for cell, w in zip(cells, widths, strict=True)]
    for line in range(max(map(len, parts))):
        padded = (
            _padded(part[line] if line < len(part) else "", w, column.right)
            for part, w, column in zip(parts, widths, columns, strict=True)
        )
        yield GAP.join(padded).rstrip()


def _records(columns: list[Column], rows: list[list[str]], limit: int) -> Iterator[str]:
    label = max(width(c.title) for c in columns)
    room = max(limit - label - len(GAP), _TEXT_WIDTH_MIN)
    for index, row in enumerate(rows):
        if index:
            yield ""
        for column, cell in zip(columns, row, strict=True):
            if not cell:
                continue
            first, *more = [cell] if column.exact else _wrapped(cell, room)
            yield _padded(column.title, label, right=False) + GAP + first
            yield from (" " * label + GAP + part for part in more)
