"""A table that leaves its minor columns out before it gives up being a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from commands.tables import Column, Table


@dataclass(frozen=True)
class Narrowing(Table):
    """A table with columns that a narrow screen can do without: `minor` names them, the first to
    go first. Only where the rest does not fit either is each row a record, with all it has.
    """

    minor: tuple[str, ...] = ()

    def lines(self, limit: int) -> Iterator[str]:
        """The lines of the widest form that fits."""
        for count in range(len(self.minor) + 1):
            found = list(Table.lines(self.without(*self.minor[:count]), limit))
            if any(line and not line.strip("- ") for line in found) or not self.rows:
                return iter(found)  # it has the rule below the titles: it is a table
        return super().lines(limit)

    def without(self, *dropped: str) -> Narrowing:
        """The table without the columns of these titles."""
        titles = [c.title if isinstance(c, Column) else c for c in self.columns]
        kept = [place for place, title in enumerate(titles) if title not in dropped]
        return replace(
            self,
            columns=[self.columns[place] for place in kept],
            rows=[[row[place] for place in kept] for row in self.rows],
            totals=[[row[place] for place in kept] for row in self.totals],
            minor=tuple(title for title in self.minor if title not in dropped),
        )
