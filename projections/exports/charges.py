"""Charges that the bank booked as entries of their own → double entries, so that the journal has what the bank has.

    debit    expenses:bank-charges against assets:bank-clearing
    credit   the same, the other way round: a charge given back

They belong to no contract and no partner, so their accounts have no partner in their names.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from ledger.bank_entries import STREAM
from ledger.calendars import local_date
from ledger.events import BankEntry, BankEntryBooked, BankEntryExplained, Record, type_name
from projections.exports.entries import Account, Entry, Posting

SPENT = Account("expenses", "bank-charges", None)
CLEARING = Account("assets", "bank-clearing", None)


def charges(records: Iterable[Record], as_of: date | None = None) -> list[Entry]:
    """An entry for each charge that the records of `~bank`, in order of version, explain; in their order.

    Its day is the bank's; where that is unknown, the day of recording in UTC, and it counts as of every day.
    """
    booked: dict[int, BankEntry] = {}
    found: list[Entry] = []
    for record in records:
        match record.data:
            case BankEntryBooked():
                booked[record.version] = record.data.booking
            case BankEntryExplained():
                booking = booked.pop(record.data.entry)
                later = as_of and booking.booked_on and booking.booked_on > as_of
                if record.data.verdict == "charge" and booking.amount_minor and not later:
                    found.append(_entry(record, record.data, booking))
    return found


def _entry(record: Record, explained: BankEntryExplained, booking: BankEntry) -> Entry:
    amount, currency = booking.amount_minor or 0, booking.currency
    to, origin = (CLEARING, SPENT) if booking.side == "credit" else (SPENT, CLEARING)
    recorded_on = local_date(datetime.fromisoformat(record.recorded_at), "UTC")
    return Entry(
        on=booking.booked_on or recorded_on,
        effective=booking.booked_on is not None,
        says="charge given back" if booking.side == "credit" else "charge",
        partner=None,
        contract="",
        milestone="",
        position=record.position,
        version=record.version,
        event=type_name(explained).partition("/")[0],
        postings=(Posting(to, amount, currency), Posting(origin, -amount, currency)),
        bank_entry=f"{STREAM}#{explained.entry}",
    )
