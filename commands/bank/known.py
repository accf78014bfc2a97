"""The payments of a ledger as entries of a bank are matched with them: read once, and moved on as they are settled."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from commands.bank.transfers import Part, part_of

if TYPE_CHECKING:
    from commands.session import Session
    from ledger.state import Contract
    from ledger.store import Ledger
    from projections.reading import Found

TRANSFERS = "SELECT DISTINCT transfer, run, contract FROM {settlements} WHERE transfer <> ''"
CONTRACTS = "SELECT DISTINCT contract FROM {payments}"
_GROUP = re.compile(r"(run-.+-\d+)-p(\d+)", re.ASCII)


class KnownPayments:
    """What was instructed, by transfer, payment information and run, or by instruction."""

    def __init__(
        self,
        ledger: Ledger[Contract],
        transfers: Iterable[Found],
        contracts: Iterable[Found],
        undone: set[str],
    ) -> None:
        self._load: Callable[[str], Contract | None] = ledger.load
        self._undone = undone
        self._transfers: dict[str, tuple[str, set[str]]] = {}
        self._runs: dict[str, set[str]] = {}
        for row in transfers:
            name, run = str(row["transfer"]), str(row["run"])
            self._transfers.setdefault(name.casefold(), (name, set()))[1].add(str(row["contract"]))
            self._runs.setdefault(run.casefold(), set()).add(name)
        # A name that two contracts share but for capitals is nobody's in small letters.
        self._contracts: dict[str, set[str]] = {}
        for row in contracts:
            name = str(row["contract"])
            self._contracts.setdefault(name.casefold(), set()).add(name)
        self._parts: dict[str, dict[int, Part]] = {}

    def again(
        self, undone: set[str], load: Callable[[str], Contract | None] | None = None
    ) -> KnownPayments:
        """The same payments as they stand now, or as `load` has their contracts."""
        self._undone, self._load = undone, load or self._load
        self._parts.clear()
        return self

    def transfer(self, name: str) -> list[Part]:
        """The parts of a transfer, whatever the letters it is written in."""
        found = self._transfers.get(name.casefold())
        if found is None:
            return []
        return [
            part
            for contract in sorted(found[1])
            for part in self._of(contract).values()
            if part.transfer == found[0]
        ]

    def group(self, name: str) -> list[Part]:
        """The parts of a payment information, those of one currency and day as they stood in the file; or of a run."""
        found = _GROUP.fullmatch(name.casefold())
        run = found[1] if found else name.casefold()
        transfers = sorted(self._runs.get(run, ()), key=_number)
        parts = [part for transfer in transfers for part in self.transfer(transfer)]
        if found is None:
            return parts
        groups: dict[tuple[str, object], list[Part]] = {}
        for part in parts:
            groups.setdefault((_told_currency(part), part.on), []).append(part)
        number = int(found[2])
        return list(groups.values())[number - 1] if 0 < number <= len(groups) else []

    def numbered(self, contract: str, version: int) -> Part | None:
        """One instruction, or an imported payment."""
        names = self._contracts.get(contract.casefold(), set())
        if contract not in names:
            if len(names) != 1:
                return None
            (contract,) = names
        return self._of(contract).get(version)

    def open_parts(self) -> list[Part]:
        """Every instruction that still waits for the bank, of all transfers."""
        contracts = sorted({c for _, some in self._transfers.values() for c in some})
        parts = (part for contract in contracts for part in self._of(contract).values())
        return [part for part in parts if part.status == "instructed"]

    def _of(self, contract: str) -> dict[int, Part]:
        if contract not in self._parts:
            state = None if contract.startswith("~") else self._load(contract)
            payments = state.payments.values() if state else ()
            self._parts[contract] = {p.version: part_of(state, p) for p in payments if state}
            for part in self._parts[contract].values():
                part.undone = part.reference in self._undone
        return self._parts[contract]


def known_payments(session: Session, undone: set[str]) -> KnownPayments:
    """The payments of the ledger now."""
    session.catch_up()
    with session.reader() as reader:
        return KnownPayments(
            session.ledger, reader.select(TRANSFERS), reader.select(CONTRACTS), undone
        )


def _number(transfer: str) -> tuple[int, str]:
    """Transfers in the order in which the file had them: by their number."""
    number = transfer.rpartition("-T")[2]
    return (int(number) if number.isdecimal() else 0, transfer)


def _told_currency(part: Part) -> str:
    return part.exchange.currency if part.exchange else part.currency
