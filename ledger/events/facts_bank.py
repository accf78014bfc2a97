"""The events of the stream ~bank: entries of statements that a payment does not explain by itself."""

from __future__ import annotations

from datetime import date
from typing import Literal

from ledger.events.parts import Fact, Part

BankSide = Literal["debit", "credit", "rejected", "accepted"]
BankVerdict = Literal["settled", "failed", "reversed", "refunded", "charge", "undone", "dismissed"]


class BankAmount(Part, frozen=True, kw_only=True):
    """Minor units of a currency, as a bank states them beside what it booked."""

    minor: int
    currency: str


class BankCharge(Part, frozen=True, kw_only=True):
    """A charge that an entry tells of; below zero it was given back.

    `included` says whether the amount booked holds it (None: not told), `bearer` who bears it (ISO 20022: CRED is
    the one who is paid).
    """

    minor: int
    currency: str
    included: bool | None = None
    bearer: str = ""


class BankEntry(Part, frozen=True, kw_only=True):
    """One movement on an account as the bank tells it, or one transaction of a collective entry.

    `entry` is its identity: account, the bank's reference and a digest of what it says. Money left (debit), came in
    (credit), was never sent (rejected; then the amount may be unknown), or is said to be under way or settled
    (accepted: a status, of no amount). `names` are the references that it carries,
    `group` and `message` those of the payment information and of the file that it says it books, `transactions` how
    many it says it holds (0: not told). `instructed`, `transaction` and `counter` are the amounts that it tells beside
    its own. `code` is the bank transaction code, `trouble` what in it contradicts itself, `partial` why its
    transactions do not stand alone.
    """

    entry: str
    account: str
    side: BankSide
    amount_minor: int | None = None
    currency: str = ""
    booked_on: date | None = None
    reference: str = ""
    reversal: bool = False
    code: str = ""
    reason: str = ""
    names: tuple[str, ...] = ()
    group: str = ""
    message: str = ""
    transactions: int = 0
    instructed: BankAmount | None = None
    transaction: BankAmount | None = None
    counter: BankAmount | None = None
    charges: tuple[BankCharge, ...] = ()
    lines: tuple[str, ...] = ()
    trouble: str = ""
    partial: str = ""


class BankEntryBooked(Fact, frozen=True, kw_only=True):
    """An entry that waits for a person, or for another entry: `finding` says why it explains no payment, `says` in
    words.
    """

    booking: BankEntry
    finding: str
    says: str = ""


class BankEntryExplained(Fact, frozen=True, kw_only=True):
    """What an entry was about: the payments that it settled, failed or reversed, a charge, or nothing of ours.

    `entry` is the version of its booking; `payments` are instructions, CONTRACT#VERSION.
    """

    entry: int
    verdict: BankVerdict
    payments: tuple[str, ...] = ()
    reason: str = ""
