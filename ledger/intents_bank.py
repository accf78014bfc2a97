"""What a person may ask about the entries of the bank, which belong to no contract."""

from __future__ import annotations

from ledger.events import BankEntry, BankVerdict
from ledger.intents import Intent


class BookBankEntry(Intent, frozen=True, kw_only=True):
    """An entry is kept: it waits, or it is explained at once where there is a `verdict`."""

    booking: BankEntry
    finding: str
    says: str = ""
    verdict: BankVerdict | None = None
    payments: tuple[str, ...] = ()


class ExplainBankEntry(Intent, frozen=True, kw_only=True):
    """`entry` is the version of the booking that waits."""

    entry: int
    verdict: BankVerdict
    payments: tuple[str, ...] = ()
    reason: str = ""
