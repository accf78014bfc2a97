"""The partners' invoice numbers: the state of the stream `~invoices`, and the fold that leads to it.

A number is taken from the receipt of its invoice to its rejection, on whichever contract. The register's events are
appended in the transaction of the contract's own (ledger/store/perform.py), so that of two who receive the same
number at once one is refused.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce
from typing import NamedTuple

from ledger.events import (
    Fact,
    InvoiceNumbered,
    InvoiceNumberFreed,
    InvoiceReceived,
    InvoiceRejected,
    Record,
)
from ledger.state import Contract

STREAM = "~invoices"


def compared(number: str) -> str:
    """A number as it is compared: case, spaces and the full width of its characters make no other number."""
    return "".join(unicodedata.normalize("NFKC", number).casefold().split())


class Taken(NamedTuple):
    """Whose contract took a number, and the version of that fact in the register."""

    contract: str
    version: int


@dataclass(slots=True)
class Numbers:
    """The numbers that are taken, by partner; `version` counts the stream's events."""

    version: int = 0
    taken: dict[tuple[str, str], Taken] = field(default_factory=dict)

    def holder(self, partner: str, number: str) -> str:
        """The contract on which a partner's number is taken, or an empty text."""
        found = self.taken.get((partner, compared(number)))
        return found.contract if found else ""


def noted(numbers: Numbers, contract: Contract, events: Iterable[Fact]) -> Iterator[Fact]:
    """What a contract's new events say on the register; both are as they were before."""
    for event in events:
        match event:
            case InvoiceReceived(number=number):
                partner = contract.terms.partner
                yield InvoiceNumbered(
                    on=event.on, partner=partner, number=number, contract=contract.id
                )
            case InvoiceRejected(invoice=version):
                number = contract.invoices[version].event.number
                yield from _freed(numbers, contract, number, event)


def _freed(numbers: Numbers, contract: Contract, number: str, event: Fact) -> Iterator[Fact]:
    """The number is freed under the partner that took it, whom an amendment may have renamed since."""
    for (partner, key), taken in numbers.taken.items():
        if (key, taken.contract) == (compared(number), contract.id):
            yield InvoiceNumberFreed(
                on=event.on,
                rests_on=(taken.version,),
                partner=partner,
                number=number,
                contract=contract.id,
            )
            return


def evolve(numbers: Numbers, record: Record) -> Numbers:
    """The register after one more record of `~invoices`; the same object. Never refuses."""
    match record.data:
        case InvoiceNumbered() as said:
            taken = Taken(said.contract, record.version)
            numbers.taken[said.partner, compared(said.number)] = taken
        case InvoiceNumberFreed() as said:
            numbers.taken.pop((said.partner, compared(said.number)), None)
    numbers.version = record.version
    return numbers


def fold(records: Iterable[Record]) -> Numbers:
    """The numbers as the records of `~invoices`, in order of version, leave them."""
    return reduce(evolve, records, Numbers())
