"""Tables for people: aligned on the screen, within its width, with nothing deceptive in them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

PIPE_WIDTH = 120
GAP = "  "
_TEXT_WIDTH_MIN = 16
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


class Toned(str):
    """A cell's text that warns of something, by a colour where there are colours; see `TONES`."""

    __slots__ = ("tone",)
    tone: str


def toned(text: object, tone: str) -> object:
    """The text with its warning; as it is where there is none."""
    if not tone:
        return text
    found = Toned(cell_text(text))
    found.tone = tone
    return found


TONES = {"late": "31", "refused": "31", "held": "33"}  # SGR: red, red, yellow


@dataclass(frozen=True)
class Table:
    """Rows for people, aligned by what characters take on the screen, within the width that there is.

    Where it is too narrow the columns that `gives_way` names are left out, the first one first, and a line below says
    which; then wide text wraps, and one that is very long is elided. Where even that does not fit, each row is shown
    as a record of `title  value` lines, so that no number and no reference is ever cut. `useless` columns never show,
    a `rare` one only where something stands in it. `totals` stand below a rule.
    """

    columns: Sequence[Column | str]
    rows: Sequence[Row]
    totals: Sequence[Row] = ()
    title: str = ""
    empty: str = "(none)"
    gives_way: Sequence[str] = ()
    useless: Sequence[str] = ()
    rare: Sequence[str] = ()
    wider: str = "a wider terminal has room"

    def lines(self, limit: int | None, colours: bool = False) -> Iterator[str]:
        """The table's lines, none wider than `limit` unless one exact value is; None is as wide as it needs."""
        if self.title:
            yield from (visible(self.title), "")
        if not self.rows:
            yield self.empty
            return
        columns = [Column(c) if isinstance(c, str) else c for c in self.columns]
        body = [[_cell(value) for value in row] for row in self.rows]
        feet = [[_cell(value) for value in row] for row in self.totals]
        places = self._present(columns, [*body, *feet])
        fit = _fit(columns, [*body, *feet], places, self.gives_way, limit)
        if fit is None:
            assert limit is not None, "whatever is as wide as it needs fits"
            yield from _records(
                [columns[i] for i in places],
                [[row[i] for i in places] for row in (*body, *feet)],
                limit,
            )
            return
        kept, widths = fit
        yield from _grid(columns, body, feet, kept, widths, colours)
        dropped = [columns[i].title for i in places if i not in kept]
        if dropped:
            assert limit is not None, "whatever is as wide as it needs drops nothing"
            said = f"left out for want of width: {', '.join(dropped)}; {self.wider}"
            yield from hanging("", said, limit)

    def _present(self, columns: list[Column], rows: list[list[str]]) -> list[int]:
        """The places of the columns that show at any width."""
        return [
            i
            for i, c in enumerate(columns)
            if c.title not in self.useless
            and (c.title not in self.rare or any(row[i] for row in rows))
        ]

    def text(self, limit: int | None = PIPE_WIDTH, colours: bool = False) -> str:
        """The whole table as text that ends in a newline."""
        return "".join(line + "\n" for line in self.lines(limit, colours))


def _cell(value: object) -> str:
    return value if isinstance(value, Toned) else cell_text(value)


def _fit(
    columns: list[Column],
    rows: list[list[str]],
    places: list[int],
    gives_way: Sequence[str],
    limit: int | None,
) -> tuple[list[int], list[int]] | None:
    """The places that are kept and their widths; None where not even the fewest columns fit."""
    widest = {i: _widest(columns[i], rows, i) for i in places}
    if limit is None:
        return places, [widest[i] for i in places]
    for count in range(len(gives_way) + 1):
        kept = [i for i in places if columns[i].title not in gives_way[:count]]
        widths = _fitted([columns[i] for i in kept], [widest[i] for i in kept], limit)
        if widths is not None:
            return kept, widths
    return None


def _widest(column: Column, rows: list[list[str]], i: int) -> int:
    return max([width(column.title), *(width(row[i]) for row in rows)])


def _fitted(columns: list[Column], widths: list[int], limit: int) -> list[int] | None:
    """The columns' widths, taken from the widest text first; None when it cannot fit."""
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


def _grid(
    columns: list[Column],
    body: list[list[str]],
    feet: list[list[str]],
    kept: list[int],
    widths: list[int],
    colours: bool,
) -> Iterator[str]:
    some = [columns[i] for i in kept]
    rule = GAP.join("-" * w for w in widths)
    yield from _row([c.title for c in some], some, widths, colours)
    yield rule
    for row in body:
        yield from _row([row[i] for i in kept], some, widths, colours)
    if feet:
        yield rule
    for row in feet:
        yield from _row([row[i] for i in kept], some, widths, colours)


def _row(
    cells: list[str], columns: list[Column], widths: list[int], colours: bool
) -> Iterator[str]:
    parts = [_wrapped(cell, w) for cell, w in zip(cells, widths, strict=True)]
    tones = [getattr(cell, "tone", "") if colours else "" for cell in cells]
    for line in range(max(map(len, parts))):
        padded = [
            _padded(part[line] if line < len(part) else "", w, column.right)
            for part, w, column in zip(parts, widths, columns, strict=True)
        ]
        whole = GAP.join(padded).rstrip()
        yield whole if not any(tones) else GAP.join(map(_coloured, padded, tones)).rstrip()


def _coloured(text: str, tone: str) -> str:
    """The text in the colour of its tone, the space around it as it was."""
    bare = text.strip()
    return text.replace(bare, f"\x1b[{TONES[tone]}m{bare}\x1b[0m") if tone and bare else text


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


@dataclass(frozen=True)
class Carried(Table):
    """A table whose last two columns, a text and a list, are carried on however long they are: none is cut."""

    def lines(self, limit: int | None, colours: bool = False) -> Iterator[str]:
        """The table, with rows of their own for what does not fit into one line."""
        if limit is None or not self.rows:
            return super().lines(limit, colours)
        columns = [Column(c) if isinstance(c, str) else c for c in self.columns]
        cells = [[cell_text(value) for value in row] for row in (*self.rows, *self.totals)]
        widths = [_widest(column, cells, i) for i, column in enumerate(columns)]
        end = min(widths[-1], max(width(columns[-1].title), limit // 5))
        room = limit - sum(widths[:-2]) - end - len(GAP) * (len(widths) - 1)
        rows, totals = (_unfolded(some, max(room, 24), end) for some in (self.rows, self.totals))
        return Table(columns, rows, totals, self.title, self.empty).lines(limit, colours)


def _unfolded(rows: Sequence[Row], room: int, end: int) -> list[Row]:
    found: list[Row] = []
    for row in rows:
        *cells, text, last = map(cell_text, row)
        texts, ends = _carried(text, room), _carried(last, end)
        for i in range(max(len(texts), len(ends))):
            head = cells if i == 0 else [""] * len(cells)
            found.append([*head, *("".join(part[i : i + 1]) for part in (texts, ends))])
    return found


def _carried(text: str, columns: int) -> list[str]:
    if width(text) <= columns:
        return [text]
    import wcwidth

    return wcwidth.wrap(text, columns, break_on_hyphens=False)


def hanging(start: str, text: str, limit: int) -> list[str]:
    """The text behind its start, wrapped under itself."""
    if len(start) + width(text) <= limit:
        return [start + text]
    import wcwidth

    indent = " " * len(start)
    first, *more = wcwidth.wrap(text, max(limit - len(start), 30), break_on_hyphens=False)
    return [start + first, *(indent + line for line in more)]
