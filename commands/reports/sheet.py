"""A table that gives up its least important columns, one by one, before it would be cut into records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from commands.output import Column, Table
from commands.tables import GAP, PIPE_WIDTH, Row, cell_text, width

_TEXT_WIDTH_LEAST = 16


@dataclass(frozen=True)
class Sheet(Table):
    """`gives_way` names the columns that may go, the first one first; `useless` ones never show."""

    gives_way: Sequence[str] = ()
    useless: Sequence[str] = ()

    def text(self, limit: int = PIPE_WIDTH) -> str:
        """The table with as many columns as fit; all of them, as records, where even the core does not."""
        every = (*self.rows, *self.totals)
        kept = {_title(c): i for i, c in enumerate(self.columns) if _title(c) not in self.useless}
        needed = {title: _least(self.columns[i], every, i) for title, i in kept.items()}
        for count in range(len(self.gives_way) + 1):
            some = [title for title in kept if title not in self.gives_way[:count]]
            if sum(needed[title] + len(GAP) for title in some) - len(GAP) <= limit:
                return self._only([kept[title] for title in some]).text(limit)
        return self._only(list(kept.values())).text(limit)

    def _only(self, places: list[int]) -> Table:
        return Table(
            [self.columns[i] for i in places],
            [[row[i] for i in places] for row in self.rows],
            [[row[i] for i in places] for row in self.totals],
            self.title,
            self.empty,
        )


class Carried(Table):
    """A table whose last two columns, a text and a list, are carried on however long they are: none is cut."""

    def text(self, limit: int = PIPE_WIDTH) -> str:
        """The table, with rows of their own for what does not fit into one line."""
        widths = [_widest(c, (*self.rows, *self.totals), i) for i, c in enumerate(self.columns)]
        end = min(widths[-1], max(width(_title(self.columns[-1])), limit // 5))
        room = limit - sum(widths[:-2]) - end - len(GAP) * (len(widths) - 1)
        rows, totals = (_unfolded(some, max(room, 24), end) for some in (self.rows, self.totals))
        return Table(self.columns, rows, totals, self.title, self.empty).text(limit)


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


def _widest(column: Column | str, rows: Sequence[Row], i: int) -> int:
    return max([width(_title(column)), *(width(cell_text(row[i])) for row in rows)])


def _title(column: Column | str) -> str:
    return column if isinstance(column, str) else column.title


def _least(column: Column | str, rows: Sequence[Row], i: int) -> int:
    """The least width of a column: an exact one whole, a text squeezed but readable."""
    widest = _widest(column, rows, i)
    if isinstance(column, Column) and column.exact:
        return widest
    return min(widest, max(_TEXT_WIDTH_LEAST, width(_title(column))))


def hanging(start: str, text: str, limit: int) -> list[str]:
    """The text behind its start, wrapped under itself."""
    if len(start) + width(text) <= limit:
        return [start + text]
    import wcwidth

    indent = " " * len(start)
    first, *more = wcwidth.wrap(text, max(limit - len(start), 30), break_on_hyphens=False)
    return [start + first, *(indent + line for line in more)]
