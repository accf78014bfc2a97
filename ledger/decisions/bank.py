"""An entry of the bank is kept, and explained: the decisions on the stream `~bank`."""

from __future__ import annotations

from ledger.bank_entries import STREAM, BankBook, Kept
from ledger.decisions.case import Case, judge, open_case
from ledger.decisions.contracts import no_contract
from ledger.decisions.rules_bank import bank_entry_waits, bank_kept_by_finance
from ledger.decisions.rules_who import acting_for_another_needs_delegation
from ledger.errors import NotFound
from ledger.events import BankEntryBooked, BankEntryExplained, Fact
from ledger.intents import Context, Intent
from ledger.intents_bank import BookBankEntry, ExplainBankEntry
from ledger.known import Known


def book(entries: BankBook, intent: BookBankEntry, context: Context, known: Known) -> list[Fact]:
    """Keeps an entry; with a verdict it is explained at once."""
    _case(intent, context, known)
    booked = BankEntryBooked(
        on=intent.booking.booked_on,
        booking=intent.booking,
        finding=intent.finding,
        says=intent.says,
    )
    if intent.verdict is None:
        return [booked]
    version = entries.version + 1
    explained = BankEntryExplained(
        on=intent.booking.booked_on,
        rests_on=(version,),
        entry=version,
        verdict=intent.verdict,
        payments=intent.payments,
    )
    return [booked, explained]


def explain(
    entries: BankBook, intent: ExplainBankEntry, context: Context, known: Known
) -> list[Fact]:
    """Says what an entry that waits was about."""
    kept = find(entries, intent.entry)
    case = _case(intent, context, known)
    judge(case.about(kept), bank_entry_waits)
    return [
        BankEntryExplained(
            on=case.on,
            rests_on=(kept.version,),
            entry=kept.version,
            verdict=intent.verdict,
            payments=intent.payments,
            reason=intent.reason,
        )
    ]


def find(entries: BankBook, version: int) -> Kept:
    """The entry of that number; raises NotFound naming those that wait."""
    if version in entries.entries:
        return entries.entries[version]
    known = ", ".join(f"#{kept.version}" for kept in entries.waiting()[:9])
    raise NotFound(
        "bank-entry-unknown",
        f"there is no entry of the bank #{version}",
        hint=f"there wait {known}: mledger report bank" if known else "none waits",
    )


def _case(intent: Intent, context: Context, known: Known) -> Case:
    """A case about no contract: an entry's day is the bank's own, and any day that it says is taken."""
    case = open_case(no_contract(STREAM), intent, context, known=known)
    judge(case, acting_for_another_needs_delegation, bank_kept_by_finance)
    return case
