"""Reading what older releases stored: an upcaster turns an event of an old schema version into today's.

A new schema version of an event gets a new class, and the old one stays in the catalogue under its name and version,
frozen. Its upcaster is a pure function from the old class to the new; registered here, it costs nothing for events of
today, since evolve looks up the class that it meets in any case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ledger.events import ChangeProposed, ChangeProposed1, Fact, Record
from ledger.patches import stated_in_full

Upcaster = Callable[[Any], Fact]
Evolver = Callable[[Any, Any, Record], None]


def patch_of(old: ChangeProposed1) -> ChangeProposed:
    """A proposal that states everything in full, as a patch that sets all that it states.

    So it rests on all of it: where anything changed since, it is outdated, also what it meant to leave as it was.
    """
    return ChangeProposed(
        on=old.on,
        rests_on=old.rests_on,
        breaches=old.breaches,
        known_claim=old.known_claim,
        content=stated_in_full(old.content),
        digest=old.digest,
        amount_minor=old.amount_minor,
        quorum=old.quorum,
        signatures=old.signatures,
    )


# {old class: function to the class of the next version}.
UPCASTERS: dict[type[Fact], Upcaster] = {ChangeProposed1: patch_of}


def through(lift: Upcaster, evolvers: Mapping[type[Fact], Evolver]) -> Evolver:
    """An evolver for an old class: lifts the event, then hands it to the evolver of what it became."""

    def evolve_old(state: Any, data: Fact, record: Record) -> None:
        lifted = lift(data)
        evolvers[type(lifted)](state, lifted, record)

    return evolve_old


def lifted(data: Fact) -> Fact:
    """An event as today's version of it."""
    while (lift := UPCASTERS.get(type(data))) is not None:
        data = lift(data)
    return data
