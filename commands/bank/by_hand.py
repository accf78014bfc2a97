"""An entry of the bank settled by hand: `--entry` on an act, and `mledger payment dismiss`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from commands.keeping import NumberType
from ledger.errors import InputInvalid
from ledger.money import display_minor

if TYPE_CHECKING:
    from datetime import date

    from commands.session import Session
    from ledger.events import BankVerdict
    from ledger.store.request_digest import Request

ENTRY = NumberType("~bank", "entry of the bank", "mledger report bank")
entry_option = click.option(
    "--entry", "entry", type=ENTRY, metavar="REF", help="The bank's entry that says so."
)


@dataclass(frozen=True, slots=True)
class ByHand:
    """The entry that an act settles: its identity, day and reference; all empty where none is given."""

    number: int = 0
    name: str = ""
    reference: str = ""
    day: date | None = None

    def on(self, session: Session) -> date | None:
        """The day of the act: as given, else the entry's own."""
        return session.on or self.day


def entry_of(session: Session, number: int | None) -> ByHand:
    """The entry of that number. Raises NotFound where there is none, InputInvalid where it has no day."""
    from ledger.bank_entries import STREAM, fold
    from ledger.decisions.bank import find

    if number is None:
        return ByHand()
    booking = find(fold(session.ledger.stream(STREAM)), number).booking
    if booking.booked_on is None and session.on is None:
        raise InputInvalid(
            "bank-entry-day",
            f"entry #{number} has no booking date",
            hint="say on which day it happened, as the bank tells you: --on DATE",
        )
    return ByHand(number, booking.entry, booking.reference, booking.booked_on)


def explaining(
    session: Session, entry: ByHand, verdict: BankVerdict, *payments: str
) -> list[Request]:
    """The request that explains the entry, for the transaction of the act; none where no entry is given."""
    from ledger.bank_entries import STREAM
    from ledger.intents_bank import ExplainBankEntry

    if not entry.number:
        return []
    intent = ExplainBankEntry(
        entry=entry.number, verdict=verdict, payments=payments, on=entry.on(session)
    )
    return [(STREAM, intent)]


def within_entry(session: Session, entry: ByHand, minor: int, currency: str, paid_in: str) -> None:
    """Refuses to settle more than the bank booked, or in another currency than it booked."""
    from ledger.bank_entries import STREAM, fold

    if not entry.number:
        return
    booking = fold(session.ledger.stream(STREAM)).entries[entry.number].booking
    if booking.amount_minor is None:
        return
    booked = f"{display_minor(booking.amount_minor, booking.currency)} {booking.currency}"
    if booking.currency != (paid_in or currency) and booking.currency != currency:
        raise InputInvalid(
            "bank-entry-currency",
            f"entry #{entry.number} is {booked}, and what it pays is in {paid_in or currency}",
            hint=f"say at which rate it was paid: --paid-in {booking.currency} --rate RATE",
        )
    if booking.currency != currency or minor <= booking.amount_minor:
        return
    raise InputInvalid(
        "bank-entry-exceeded",
        f"entry #{entry.number} is {booked}, not {display_minor(minor, currency)} {currency}",
        hint="record what was booked: AMOUNT and --fees come to no more than the entry",
    )


def dismiss_entry(session: Session, number: int, reason: str, charge: bool = False) -> None:
    """Records that an entry is nothing of ours, or a charge of the bank, which the journals then have.

    Raises InputInvalid `bank-entry-no-charge` where no money moved.
    """
    from ledger.bank_entries import STREAM, fold
    from ledger.decisions.bank import find
    from ledger.intents_bank import ExplainBankEntry

    booking = find(fold(session.ledger.stream(STREAM)), number).booking
    if charge and (booking.side in ("rejected", "accepted") or not booking.amount_minor):
        raise InputInvalid(
            "bank-entry-no-charge",
            f"entry #{number} moved no money, so it is no charge",
            hint="leave --charge out",
        )
    verdict: BankVerdict = "charge" if charge else "dismissed"
    session.record(
        STREAM, ExplainBankEntry(entry=number, verdict=verdict, reason=reason, on=session.on)
    )
