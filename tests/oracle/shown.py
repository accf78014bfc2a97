"""Which walk shows a planted bug: it is tried first, so that no test looks through a hundred before it finds one.

A name or number that is no longer right costs time only: the other walks are tried after it.
"""

from __future__ import annotations

from collections.abc import Sequence

SHOWN_BY = {
    "the table counts per day": 5,
    "suspension excuses no disincentive": 8,
    "suspension excuses nothing": 6,
    "damages excuse no day": 3,
    "tax is on gross": 3,
    "tax follows the terms of today": 3,
    "a discount follows the terms of today": 39,
    "a release falls due by the terms of today": 6,
    "a payment entered late settles": 3,
    "a discount has a day more": 29,
    "a plan ends on its day, not its month": 4,
    "payment counts from the first invoice": 98,
    "a rejected invoice still covers": 2,
    "a set-off takes from nobody": 2,
    "more is set off than is there": 3,
    "every payable is held by itself": 2,
    "a release is free beside a claim": 2,
    "releases survive a reversal": 11,
    "a gain is a loss": 6,
    "an invoice agrees only to the cent": 7,
    "a termination leaves the advance": 4,
    "no dispute told is no dispute": 2,
    "an inferred submission lies in a window": 4,
    "no rejection told is a first pass": 9,
    "no dispute told holds nothing": 2,
    "a hold of an unknown amount is nothing": 108,
    "unpaid when last heard of is overdue": 11,
    "whoever pays late pays on time": 3,
    "payment takes from delivery on": 3,
    "a resolution is about what it gives": 2,
    "a role need not be held on the day": 7,
    "a role need not be held any more": 5,
    "an approval binds to no price": 53,
    "a contract has no holidays of its own": 35,
    "a contract has no workdays of its own": 57,
    "one calendar is enough": 6,
    "nobody works on a weekend": 57,
    "it rolls back": 2,
    "a day of the month takes no day's place": 4,
    "the lowest tier is paid": 3,
    "the tier written last is paid": 7,
}


def soonest(name: str, seeds: Sequence[int]) -> list[int]:
    """The numbers of all walks, the one that shows the bug of this name before the others."""
    return sorted(seeds, key=lambda seed: seed != SHOWN_BY.get(name))
