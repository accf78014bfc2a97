"""Reading what older releases stored: an upcaster turns an event of an old schema version into today's.

A new schema version of an event gets a new class, and the old one stays in the catalogue under its name and version,
frozen. Its upcaster is a pure function from the old class to the new; registered here, it costs nothing for events of
today, since evolve looks up the class that it meets in any case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ledger.events import Fact, Record

Upcaster = Callable[[Any], Fact]
Evolver = Callable[[Any, Any, Record], None]

# {old class: function to the class of the next version}. Every event is still at version 1.
UPCASTERS: dict[type[Fact], Upcaster] = {}


def through(lift: Upcaster, evolvers: Mapping[type[Fact], Evolver]) -> Evolver:
    """An evolver for an old class: lifts the event, then hands it to the evolver of what it became."""

    def evolve_old(state: Any, data: Fact, record: Record) -> None:
        lifted = lift(data)
        evolvers[type(lifted)](state, lifted, record)

    return evolve_old
