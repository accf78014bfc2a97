"""What the first release recorded, beside what today's decisions make of the same request.

They post other lines (later lines read the terms of their day), date and release otherwise, and hold less in their
proposals and approvals; who decided, on what, and how much was accepted is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ledger.again.asking import Batch
from ledger.events import ChangeProposed, Fact, MilestoneSubmitted, RetentionReleased
from ledger.upcasting import lifted

# What follows otherwise by today's clauses, or was not kept.
_OTHERWISE = frozenset(
    {"rests_on", "lines", "changes", "price", "payment_due", "provisional", "calendar", "covers"}
)
_OF: dict[type[Fact], frozenset[str]] = {
    ChangeProposed: frozenset({"digest"}),
    MilestoneSubmitted: frozenset({"on", "at"}),
}


def alike(events: Sequence[Fact], batch: Batch) -> int:
    """How many records of a batch the events account for as the first release would have had them; 0 for others."""
    wanted = _told(events)
    for count in range(min(len(events), len(batch)), 0, -1):
        if _told(lifted(record.data) for record in batch[:count]) == wanted:
            return count
    return 0


def _told(events: Iterable[Fact]) -> list[tuple[Any, ...]]:
    """What an event says in either release; parts released together are one, as the first release had it."""
    found: list[tuple[Any, ...]] = []
    released: dict[str, int] = {}
    for event in events:
        if isinstance(event, RetentionReleased):
            released[event.milestone] = released.get(event.milestone, 0) + event.amount_minor
            continue
        left_out = _OTHERWISE | _OF.get(type(event), frozenset())
        kept = [getattr(event, n) for n in event.__struct_fields__ if n not in left_out]
        found.append((type(event), kept))
    return [*found, *released.items()]
