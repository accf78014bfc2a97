"""The ids of a contract in OCDS: those that it was imported under, else its own."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ledger.state import Contract, Milestone

# A contract that was not imported from OCDS has a contracting process of this name and its own id.
OCID_PREFIX = "mledger-"
_SOURCE = "ocds:"
_EITHER = re.compile("payment|delivery", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Names:
    """The open contracting id, the contract's id within it, and the award's; `taken_over` from a source in OCDS."""

    ocid: str
    contract: str
    taken_over: bool

    @property
    def award(self) -> str:
        return self.contract

    def type_of(self, milestone: Milestone) -> str:
        """The milestone's type: as its source had it ("" if not), else a delivery."""
        return milestone.plan.stage if self.taken_over else "delivery"

    def code_of(self, milestone: Milestone) -> str:
        """Our own stage, which is no type of OCDS's code list."""
        return "" if self.taken_over else milestone.plan.stage

    def twin(self, milestone: str) -> str:
        """The id of a milestone's payment milestone: `20653Delivery` has `20653payment`, `M1` has `M1payment`."""
        name, found = re.subn("delivery", "payment", milestone, count=1, flags=re.IGNORECASE)
        return name if found else f"{milestone}payment"


def names_of(contract: Contract) -> Names:
    """The ids in OCDS of a contract: `OCID/ID` is how an import names one that has them."""
    sources = [source for source, _ in contract.sources if source.startswith(_SOURCE)]
    for slash in (at for at, sign in enumerate(contract.id) if sign == "/"):
        ocid, own = (_unhashed(part) for part in (contract.id[:slash], contract.id[slash + 1 :]))
        if any(source.startswith(f"{_SOURCE}{ocid}:") for source in sources):
            return Names(ocid, own, taken_over=True)
    if any(source.startswith(f"{_SOURCE}{_unhashed(contract.id)}:") for source in sources):
        # Its source gave the contract no id.
        return Names(_unhashed(contract.id), "", taken_over=True)
    return Names(f"{OCID_PREFIX}{contract.id}", contract.id, taken_over=False)


def original(milestone: str) -> str:
    """A milestone's id as its source wrote it, before the signs at which references are split were escaped."""
    return _unhashed(milestone.replace("%2F", "/")).replace("%25", "%")


def read_back(milestone: str) -> str:
    """What an import calls a milestone that is written as `original` has it."""
    written = original(milestone)
    return written.replace("%", "%25").replace("/", "%2F").replace("#", "%23")


def stem(milestone: str) -> str:
    """What a delivery and its payment milestone have in common in their ids."""
    return _EITHER.sub("", milestone).casefold()


def _unhashed(name: str) -> str:
    return name.replace("%23", "#")
