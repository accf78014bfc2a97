"""The milestones behind a metric: one object per milestone, each with its verdict and the reason for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice

from projections.metrics.answer import Json, Row
from projections.metrics.rates import money


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of the rows of a query: made anew, and a few at a time, for whoever reads it."""

    make: Callable[[], Iterator[Json]]

    def __iter__(self) -> Iterator[Json]:
        return self.make()

    def first(self, most: int) -> list[Json]:
        """The first so many."""
        return list(islice(self, most))

    def count(self) -> int:
        """How many there are."""
        return sum(1 for _ in self)


def identity(row: Row, by: str | None) -> Json:
    """Who a row is: its stream, the group it counts in where there is a grouping, its name and its family's if any."""
    group = {} if by is None else {"key": {by: row["grp"]}}
    family = {"family": f"{row['contract']}/{row['family']}"} if "family" in row else {}
    return {
        "stream": row["stream"],
        **group,
        "milestone": f"{row['contract']}/{row['milestone']}",
        **family,
        "partner": row["partner"],
        "stage": row["stage"],
    }


def without_stream(told: Json) -> Json:
    """As it is promised: the number of a stream is nobody's business."""
    return {name: value for name, value in told.items() if name != "stream"}


def events(row: Row) -> list[int]:
    """The positions of the events that a row rests on."""
    found: list[int] = json.loads(row["events"])
    return found


def amount(minor: int | None, currency: str) -> dict[str, str] | None:
    """An amount, or None where it is unknown."""
    return None if minor is None else money(minor, currency)


def days_between(start: str, end: str) -> int:
    """Whole days from one ISO date to another; negative where the second is earlier."""
    return (date.fromisoformat(end) - date.fromisoformat(start)).days
