"""A table for people shows so many lines at most, and says so; programs get them all."""

from __future__ import annotations

from typing import Any, Protocol

MOST = 1_000


class Counted(Protocol):
    """Rows of which the first can be had without the others, and their number."""

    def first(self, most: int) -> list[dict[str, Any]]: ...

    def count(self) -> int: ...


def shortened(
    rows: Counted, fewer: str = "--contract or --partner"
) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows that a table shows, and below it, where there are more, their number and how to see others."""
    shown = rows.first(MOST + 1)
    if len(shown) <= MOST:
        return shown, []
    return shown[:MOST], ["", cut(rows.count(), fewer)]


def cut(count: int, fewer: str) -> str:
    """What is said below a table that shows the first lines of so many."""
    return f"the first {MOST:,} of {count:,} lines; {fewer} narrows them down, --format csv has all"
