"""Whether records that the first release made of an entry of that reference are of the very same entry."""

from __future__ import annotations

from collections.abc import Sequence

from commands.bank.comparing import charged
from ledger.events import BankEntry, PaymentRecorded, Record


def agrees(records: Sequence[Record], entry: BankEntry) -> bool:
    """The reference alone does not tell: banks give one to several entries. Day and amount have to be the same."""
    if not records or any(record.data.on != entry.booked_on for record in records):
        return False
    paid = [r.data for r in records if isinstance(r.data, PaymentRecorded)]
    if not paid or entry.amount_minor is None:
        return True
    charges = charged(entry, entry.currency)
    wanted = {entry.amount_minor, entry.amount_minor - charges}
    told = (entry.instructed, entry.transaction, entry.counter)
    wanted |= {amount.minor for amount in told if amount is not None}
    sums = {
        sum(fact.amount_minor for fact in paid),
        sum(fact.exchange.amount_minor if fact.exchange else 0 for fact in paid),
    }
    return bool(sums & wanted)
