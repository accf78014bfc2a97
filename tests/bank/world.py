"""Payments and an importer without a ledger: what the matcher needs, and what a sequence of files comes to."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from commands.bank.camt import read_bank_xml
from commands.bank.matching import Matcher, Verdict
from commands.bank.statement import Statements
from commands.bank.transfers import Part
from ledger.events import BankEntry, Exchange
from ledger.intents import FailPayment, RecordPayment, ReversePayment

RUN = "RUN-2026-06-10-1"
T1, T2, T3, T4 = (f"{RUN}-T{number}" for number in (1, 2, 3, 4))
ON = date(2026, 6, 10)


def part(
    contract: str,
    version: int,
    amount: int,
    currency: str,
    transfer: str,
    exchange: Exchange | None = None,
) -> Part:
    """An instruction of the run, due in the order of its versions."""
    return Part(
        contract=contract,
        version=version,
        milestone=f"M{version}",
        release=0,
        partner="P",
        currency=currency,
        rounding="half-up",
        amount_minor=amount,
        status="instructed",
        due=date(2026, 6, version),
        on=ON,
        run=transfer.rpartition("-T")[0],
        transfer=transfer,
        exchange=exchange,
    )


@dataclass
class World:
    """T1 = 200,000 CNY (120,000 + 80,000), T2 = 5,000 CNY, T3 = 1,772.39 EUR (522.39 + 1,000 + 250), T4 = 1,000 CNY
    told as 139.20 USD; as payment informations P1 = T1 and T2, P2 = T3, P3 = T4.
    """

    parts: list[Part] = field(default_factory=list)
    waiting: list[BankEntry] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    verdicts: list[Verdict] = field(default_factory=list)

    def __post_init__(self) -> None:
        told = Exchange(currency="USD", amount_minor=13_920, rate="0.1392")
        self.parts = self.parts or [
            part("CN-1", 1, 12_000_000, "CNY", T1),
            part("CN-1", 2, 8_000_000, "CNY", T1),
            part("CN-2", 1, 500_000, "CNY", T2),
            part("EU-1", 1, 52_239, "EUR", T3),
            part("EU-1", 2, 100_000, "EUR", T3),
            part("EU-1", 3, 25_000, "EUR", T3),
            part("US-1", 1, 100_000, "CNY", T4, told),
        ]

    def transfer(self, name: str) -> list[Part]:
        return [p for p in self.parts if p.transfer.casefold() == name.casefold()]

    def group(self, name: str) -> list[Part]:
        run = RUN.casefold()
        told = {"p1": (T1, T2), "p2": (T3,), "p3": (T4,)}
        if name.casefold() == run:
            return list(self.parts)
        head, _, number = name.casefold().rpartition("-")
        return [p for p in self.parts if head == run and p.transfer in told.get(number, ())]

    def numbered(self, contract: str, version: int) -> Part | None:
        found = [p for p in self.parts if (p.contract, p.version) == (contract, version)]
        return found[0] if found else None

    def take(self, *texts: str) -> list[Verdict]:
        """Imports files together, as the program does: known ones not again, those that wait looked at again."""
        new = [e for e in read(*texts) if e.entry not in self.known]
        self.known |= {entry.entry for entry in new}
        verdicts = Matcher(self).plan([*self.waiting, *new])
        self.waiting = [v.entries[0] for v in verdicts if v.verdict is None]
        self.verdicts += [v for v in verdicts if v.verdict is not None]
        return verdicts

    def standing(self) -> list[tuple[str, str, int]]:
        """Of every instruction how far it is, and what is paid of it."""
        return [(p.reference, p.status, p.paid_minor) for p in self.parts]

    def paid(self, transfer: str) -> bool:
        parts = self.transfer(transfer)
        return all((p.status, p.paid_minor) == ("paid", p.amount_minor) for p in parts)


def read(*texts: str) -> list[BankEntry]:
    """The entries of files, each identity once."""
    found = Statements()
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(texts):
            path = Path(folder) / f"{number}.xml"
            path.write_text(text, "utf-8")
            read_bank_xml(path, found)
    assert found.left_out == [], found.left_out
    return list({e.booking.entry: e.booking for e in found.entries}.values())


def recorded(verdicts: Iterable[Verdict]) -> list[RecordPayment | FailPayment | ReversePayment]:
    """What is asked of the contracts."""
    found: list[RecordPayment | FailPayment | ReversePayment] = []
    for verdict in verdicts:
        for _, intent in verdict.requests:
            assert isinstance(intent, RecordPayment | FailPayment | ReversePayment)
            found.append(intent)
    return found


def fees(verdicts: Iterable[Verdict]) -> int:
    """The bank's charges that are recorded with payments and returns."""
    return sum(i.fees_minor for i in recorded(verdicts) if not isinstance(i, FailPayment))


def abroad(verdicts: Iterable[Verdict]) -> int:
    """What payments came to in another currency, in its hundredths."""
    asked = recorded(verdicts)
    exchanges = [i.exchange for i in asked if isinstance(i, RecordPayment) and i.exchange]
    return sum(e.amount_minor for e in exchanges)
