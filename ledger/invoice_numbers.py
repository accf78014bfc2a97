"""The partners' invoice numbers: the state of the stream `~invoices`, and the fold that leads to it.

A number is taken from the receipt of its invoice to its rejection, on whichever contract. The register's events are
appended in the transaction of the contract's own (ledger/store/perform.py), so that of two who receive the same
number at once one is refused.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
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
    """The numbers that are taken, by partner; `version` counts the stream's events, `added` are those to come."""

    version: int = 0
    taken: dict[tuple[str, str], Taken] = field(default_factory=dict)
    added: list[Fact] = field(default_factory=list)

    def holder(self, partner: str, number: str) -> str:
        """The contract on which a partner's number is taken, or an empty text."""
        found = self.taken.get((partner, compared(number)))
        return found.contract if found else ""

    def note(self, contract: Contract, events: Iterable[Fact]) -> None:
        """Adds what a contract's new events do to the register; `contract` may be as it was before them."""
        for event in events:
            match event:
                case InvoiceReceived(number=number):
                    partner = contract.terms.partner
                    self._add(
                        InvoiceNumbered(
                            on=event.on, partner=partner, number=number, contract=contract.id
                        )
                    )
                case InvoiceRejected(invoice=version):
                    number = contract.invoices[version].event.number
                    self._free(contract, number, event)

    def _free(self, contract: Contract, number: str, event: Fact) -> None:
        """The number is freed under the partner that took it, whom an amendment may have renamed since."""
        for (partner, key), taken in self.taken.items():
            if (key, taken.contract) == (compared(number), contract.id):
                freed = InvoiceNumberFreed(
                    on=event.on,
                    rests_on=(taken.version,),
                    partner=partner,
                    number=number,
                    contract=contract.id,
                )
                self._add(freed)
                return

    def _add(self, fact: InvoiceNumbered | InvoiceNumberFreed) -> None:
        self.added.append(fact)
        self.take(fact, self.version + len(self.added))

    def take(self, fact: Fact, version: int) -> None:
        """The register after a fact of that version."""
        match fact:
            case InvoiceNumbered():
                self.taken[fact.partner, compared(fact.number)] = Taken(fact.contract, version)
            case InvoiceNumberFreed():
                self.taken.pop((fact.partner, compared(fact.number)), None)


def fold(records: Iterable[Record]) -> Numbers:
    """The numbers as the records of `~invoices`, in order of version, leave them. Never refuses."""
    numbers = Numbers()
    for record in records:
        numbers.take(record.data, record.version)
        numbers.version = record.version
    return numbers
