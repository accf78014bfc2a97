"""A table for people shows so many lines at most, and says so; programs get them all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from projections.reading import Rows

MOST = 1_000


def shortened(
    rows: Rows, fewer: str = "--contract or --partner"
) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows that a table shows, and below it, where there are more, their number and how to see others."""
    shown = rows.first(MOST + 1)
    if len(shown) <= MOST:
        return shown, []
    return shown[:MOST], ["", cut(rows.count(), fewer)]


def cut(count: int, fewer: str) -> str:
    """What is said below a table that shows the first lines of so many."""
    return f"the first {MOST:,} of {count:,} lines; {fewer} narrows them down, --format csv has all"
