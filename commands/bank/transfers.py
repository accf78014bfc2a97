"""Transfers as they were instructed: what the bank pays in one, and which milestones and releases that settles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from commands.bank.statement import is_rejection
from ledger.errors import NotFound
from ledger.events import PaymentInstructed

if TYPE_CHECKING:
    from commands.session import Session
    from ledger.events import Exchange, Record
    from ledger.state import Contract, Payment

_OF_RUN = "SELECT DISTINCT contract FROM {payments} WHERE run = :run ORDER BY contract"
_OF_TRANSFER = (
    "SELECT DISTINCT contract FROM {settlements} WHERE transfer = :transfer ORDER BY contract"
)
MAX_ID = 35  # of EndToEndId: Max35Text of ISO 20022


def transfer_id(run: str, number: int) -> str:
    """The name of a run's transfer, which goes to the bank and comes back from it: at most 35 characters, of the
    set that every bank takes.
    """
    name = f"{run}-T{number}"
    assert len(name) <= MAX_ID, name
    return name


@dataclass(slots=True)
class Part:
    """An instruction as one part of a transfer, and how far it got.

    `status` is instructed, paid, failed or reversed; `foreign_minor` what was paid in `paid_in`. `ended_by` is the
    entry by which it failed or came back on `ended_on`, `undone` says that the debit of it was seen since.
    `claim_minor` is what was paid too much on what it pays.
    """

    contract: str
    version: int
    milestone: str
    release: int
    partner: str
    currency: str
    rounding: str
    amount_minor: int
    status: str
    due: date | None
    on: date | None
    run: str = ""
    transfer: str = ""
    payee: int = 0
    account: str = ""
    exchange: Exchange | None = None
    paid_minor: int = 0
    foreign_minor: int = 0
    position: int = 0
    paid_in: str = ""
    entry: str = ""
    ended_by: str = ""
    ended_on: date | None = None
    undone: bool = False
    claim_minor: int = 0

    @property
    def reference(self) -> str:
        return f"{self.contract}#{self.version}"

    @property
    def came_back(self) -> bool:
        """Whether it ended by a credit: then its debit is booked as well. What the bank rejects has none."""
        return bool(self.ended_by) and not is_rejection(self.ended_by)

    @property
    def name(self) -> str:
        """What it pays, for the partner's eyes."""
        return f"{self.contract}/{self.milestone}" + (f"#{self.release}" if self.release else "")


@dataclass(frozen=True, slots=True)
class Transfer:
    """One transfer: to one account, in one currency, on one day."""

    id: str
    parts: list[Part]

    @property
    def first(self) -> Part:
        return self.parts[0]

    @property
    def currency(self) -> str:
        """The currency that the bank is told."""
        told = self.first.exchange
        return told.currency if told else self.first.currency

    @property
    def amount_minor(self) -> int:
        """The amount that the bank is told, in minor units of `currency`."""
        return sum(p.exchange.amount_minor if p.exchange else p.amount_minor for p in self.parts)


def part_of(contract: Contract, payment: Payment) -> Part:
    """A payment of a contract as a part; one that was imported without an instruction is one too."""
    told, paid, booked = payment.instruction, payment.recorded, payment.booked
    return Part(
        contract=contract.id,
        version=payment.version,
        milestone=payment.milestone,
        release=payment.release,
        partner=contract.terms.partner,
        currency=contract.terms.currency,
        rounding=contract.terms.rounding,
        amount_minor=payment.amount_minor,
        status=payment.status,
        due=_due(contract, payment),
        on=payment.on,
        run=payment.run,
        transfer=told.transfer if told else "",
        payee=told.payee if told else 0,
        account=told.account if told else "",
        exchange=told.exchange if told else None,
        paid_minor=payment.paid_minor,
        foreign_minor=paid.exchange.amount_minor if paid and paid.exchange else 0,
        position=payment.position,
        paid_in=paid.exchange.currency if paid and paid.exchange else "",
        entry=booked.entry if booked else "",
        ended_by=payment.ended_by,
        ended_on=payment.ended_on,
        claim_minor=_claim(contract, payment),
    )


def as_instructed(states: Mapping[str, Contract], records: Iterable[Record]) -> list[Transfer]:
    """The transfers of instructions that are recorded or only tried, with the contracts as they were before."""
    by_id: dict[str, list[Part]] = {}
    for record in records:
        told = record.data
        if isinstance(told, PaymentInstructed):
            part = _told(states[record.stream_id], record, told)
            by_id.setdefault(told.transfer or part.reference, []).append(part)
    return [Transfer(name, in_order_of_due_date(found)) for name, found in by_id.items()]


def _told(contract: Contract, record: Record, told: PaymentInstructed) -> Part:
    return Part(
        contract=contract.id,
        version=record.version,
        milestone=told.milestone,
        release=told.release,
        partner=contract.terms.partner,
        currency=contract.terms.currency,
        rounding=contract.terms.rounding,
        amount_minor=told.amount_minor,
        status="instructed",
        due=_due(contract, told),
        on=told.on,
        run=told.run,
        transfer=told.transfer,
        payee=told.payee,
        account=told.account,
        exchange=told.exchange,
        position=record.position,
    )


def _claim(contract: Contract, payment: Payment) -> int:
    milestone = contract.milestones.get(payment.milestone)
    if milestone is None or milestone.acceptance is None:
        return 0
    releases = [r for r in milestone.releases if r.version == payment.release]
    return max(0, -(releases[0] if releases else milestone).outstanding_minor)


def _due(contract: Contract, paid: Payment | PaymentInstructed) -> date | None:
    milestone = contract.milestones.get(paid.milestone)
    if milestone is None:
        return None
    for release in milestone.releases:
        if release.version == paid.release:
            return release.payment_due
    return milestone.acceptance.payment_due if milestone.acceptance else None


def in_order_of_due_date(parts: Iterable[Part]) -> list[Part]:
    """The parts as a short amount is spread over them: what fell due first is paid first."""
    return sorted(parts, key=lambda p: (p.due or date.max, p.contract, p.milestone, p.version))


def of_run(session: Session, run: str) -> list[Transfer]:
    """The transfers of a run in the order of their numbers, settled ones too; NotFound where there is no such run.

    What was instructed before transfers had names is a transfer of its own, named CONTRACT#VERSION.
    """
    names = set(_contracts(session, _OF_RUN, run=run))
    held = session.ledger.load_parts(names)
    parts = [part for states in held for part in _parts(states.values()) if part.run == run]
    if not parts:
        raise NotFound(
            "run-unknown",
            f"there is no payment run {run!r}",
            hint="those that exist: mledger payment list",
            facts={"run": run},
        )
    by_id: dict[str, list[Part]] = {}
    for part in sorted(parts, key=lambda part: part.position):
        by_id.setdefault(part.transfer or part.reference, []).append(part)
    return [Transfer(name, in_order_of_due_date(found)) for name, found in by_id.items()]


def of_id(session: Session, transfer: str) -> Transfer:
    """One transfer by its name; NotFound where there is none.

    Under an idempotency key that was used it is the transfer as the first request saw it.
    """
    names = _contracts(session, _OF_TRANSFER, transfer=transfer)
    found = [p for p in _parts(map(session.contract, names)) if p.transfer == transfer]
    if not found:
        raise NotFound(
            "transfer-unknown",
            f"there is no transfer {transfer!r}",
            hint="write CONTRACT#VERSION of the instruction, or a transfer's name as in RUN-2026-11-21-1-T1",
            facts={"transfer": transfer},
        )
    return Transfer(transfer, in_order_of_due_date(found))


def _contracts(session: Session, sql: str, **params: str) -> list[str]:
    """The contracts that a query of the read models finds; what is in them, their own log says."""
    session.catch_up()
    with session.reader() as reader:
        return [str(row["contract"]) for row in reader.select(sql, **params)]


def _parts(states: Iterable[Contract]) -> Iterator[Part]:
    for state in states:
        yield from (part_of(state, payment) for payment in state.payments.values())
