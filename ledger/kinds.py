"""The kinds of payables, told by what holds for each: what a kind is called decides nothing elsewhere."""

from __future__ import annotations

from typing import NamedTuple

ORDINARY = "milestone"
# How far a payable is, as lists filter by it and everything that shows it says; `void` stands in no list.
PROGRESS = ("expected", "started", "submitted", "rejected", "accepted", "paid", "cancelled")


class Traits(NamedTuple):
    """What holds for the payables of one kind.

    `delivered`: it is work that the partner performs: a share of the contract, shown in its accounts, and settled where
    the contract ends early. `measured`: the register and the metrics of delivery have it. `priced`: every clause prices
    it and the terms may pay incentives on it; otherwise its gross is all. `taxed`: it is what work earned, so that tax
    follows it and early payment has its discount. `ahead`: it is paid ahead of the work that gives it back; until then
    it is an asset, and it commits nothing. `posted`: the contract's end posted it, with its lines; it is no promise.
    """

    delivered: bool = False
    measured: bool = False
    priced: bool = False
    taxed: bool = False
    ahead: bool = False
    posted: bool = False

    @property
    def line(self) -> str:
        """What the schedule calls its line."""
        return "advance" if self.ahead else ORDINARY


KINDS: dict[str, Traits] = {
    ORDINARY: Traits(delivered=True, measured=True, priced=True, taxed=True),
    "advance": Traits(ahead=True),
    "settlement": Traits(posted=True),
}
_NONE = Traits()


def traits(kind: str) -> Traits:
    """What holds for a kind; nothing for one that this release does not know, as no fold may fail."""
    return KINDS.get(kind, _NONE)
