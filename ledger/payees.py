"""Where the partners are paid: the state of the stream `~payees`, and the fold that leads to it.

An account is proposed by one person and approved by another; from then on it is the partner's in its currency (or in
any that has none of its own), until another takes its place or it is revoked. Days are UTC's, those of recording,
for nobody dates back how long an account has been known. Decisions about it: ledger/decisions/payees.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import reduce

from ledger.clearing import member_of
from ledger.events import BankAccount, PayeeApproved, PayeeProposed, PayeeRevoked, Record

STREAM = "~payees"
SHOWN = 4


@dataclass(slots=True)
class Payee:
    """A partner's account, named by the version of its proposal.

    `status` is proposed, approved, replaced or revoked; `replaces` the account that was paid in its currency
    before (0: none). `paid_since` is the day from which that holder's number at that bank is paid: where an account
    replaced itself, with an address say, the day of the first. It counted between the positions `approved_at` and
    `ended_at` (0: not yet).
    """

    version: int
    partner: str
    account: BankAccount
    reason: str
    on: date | None
    proposed_by: str
    status: str = "proposed"
    approved_by: str = ""
    approved_on: date | None = None
    approved_at: int = 0
    paid_since: date | None = None
    replaces: int = 0
    ended_on: date | None = None
    ended_at: int = 0

    def counted_at(self, position: int) -> bool:
        """Whether it was an approved account just before a position of the log."""
        return 0 < self.approved_at < position and not 0 < self.ended_at < position

    def end(self, status: str, record: Record) -> None:
        self.status, self.ended_on, self.ended_at = status, recorded_day(record), record.position


@dataclass(slots=True)
class Payees:
    """Every account ever proposed, by the version of its proposal; `version` counts the stream's events."""

    version: int = 0
    accounts: dict[int, Payee] = field(default_factory=dict)
    nonces: set[str] = field(default_factory=set)

    def standing(self, partner: str, currency: str) -> Payee | None:
        """The approved account in exactly that place: a currency's own, or "" for any."""
        for payee in self.accounts.values():
            place = (payee.partner, payee.account.currency)
            if payee.status == "approved" and place == (partner, currency):
                return payee
        return None

    def paid(self, partner: str, currency: str) -> Payee | None:
        """The account to which a partner is paid in a currency, or None."""
        return self.standing(partner, currency) or self.standing(partner, "")

    def heir(self, payee: Payee) -> Payee:
        """The account itself, or the approved one that has its holder, number and bank and replaced it."""
        for other in self.accounts.values():
            theirs = other.partner == payee.partner and other.status == "approved"
            if theirs and payee.status == "replaced" and same_place(other.account, payee.account):
                return other
        return payee

    def paid_at(self, position: int, partner: str, currency: str) -> Payee | None:
        """The same, as it was just before a position of the log."""
        theirs = [p for p in self.accounts.values() if p.partner == partner]
        counted = {p.account.currency: p for p in theirs if p.counted_at(position)}
        return counted.get(currency) or counted.get("")


def evolve(payees: Payees, record: Record) -> Payees:
    """The accounts after one more record of `~payees`; the same object. Never refuses."""
    said = record.data
    match said:
        case PayeeProposed():
            payees.accounts[record.version] = Payee(
                record.version, said.partner, said.account, said.reason, said.on, record.actor
            )
        case PayeeApproved(proposal=proposal):
            _approve(payees, payees.accounts[proposal], record)
        case PayeeRevoked(proposal=proposal):
            payees.accounts[proposal].end("revoked", record)
    if isinstance(said, PayeeProposed | PayeeApproved) and said.signature is not None:
        payees.nonces.add(said.signature.nonce)
    payees.version = record.version
    return payees


def fold(records: Iterable[Record]) -> Payees:
    """The accounts as the records of `~payees`, in order of version, leave them."""
    return reduce(evolve, records, Payees())


def _approve(payees: Payees, payee: Payee, record: Record) -> None:
    currency, payee.paid_since = payee.account.currency, recorded_day(record)
    if (old := payees.paid(payee.partner, currency)) is not None:
        payee.replaces = old.version
        if same_place(old.account, payee.account):
            payee.paid_since = old.paid_since
        if old.account.currency == currency:  # else it is still paid in the others
            old.end("replaced", record)
    payee.status, payee.approved_by = "approved", record.actor
    payee.approved_on, payee.approved_at = recorded_day(record), record.position


def same_place(one: BankAccount, other: BankAccount) -> bool:
    """Whether money goes to the same holder's number at the same bank, whatever else is told of the account."""
    return _place(one) == _place(other)


def _place(account: BankAccount) -> tuple[object, ...]:
    banks = (account.bank, *member_of(account.bank, account.clearing, account.member))
    return account.holder, account.number, account.country, banks


def recorded_day(record: Record) -> date:
    """The day of recording, in UTC; of an event not yet recorded (a batch's own) its effective date."""
    if record.recorded_at:
        return date.fromisoformat(record.recorded_at[:10])
    assert record.data.on is not None
    return record.data.on


def masked(number: str) -> str:
    """An account's number for tables: its last characters alone."""
    return f"…{number[-SHOWN:]}" if number else ""
