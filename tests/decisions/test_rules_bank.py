"""The bank's entries: kept by whom, explained once, and a day of the bank's own."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from ledger.bank_entries import BankBook, fold
from ledger.decisions.bank import book, explain
from ledger.errors import NotFound, Refused
from ledger.events import BankEntry, BankEntryBooked, BankEntryExplained, Fact
from ledger.intents import Context
from ledger.intents_bank import BookBankEntry, ExplainBankEntry
from ledger.known import Known
from tests.decisions.marks import permits, refuses
from tests.decisions.spec import record

BOOKING = BankEntry(
    entry="A:1:x", account="A", side="debit", amount_minor=5, currency="CNY", reference="1"
)
WAITS = BankEntryBooked(booking=BOOKING, finding="unrelated")


def context(actor: str = "finance-1") -> Context:
    now = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
    return Context(actor=actor, now=now)


KNOWN = Known(keepers=frozenset({"finance-1"}))


def kept(*facts: Fact) -> BankBook:
    return fold(record(fact, n, contract="~bank") for n, fact in enumerate(facts, 1))


@permits("bank-kept-by-finance")
def test_finance_keeps_an_entry_and_explains_it_at_once() -> None:
    intent = BookBankEntry(booking=BOOKING, finding="charge", verdict="charge", payments=("C#2",))
    booked, explained = book(kept(WAITS), intent, context(), KNOWN)
    assert booked == BankEntryBooked(booking=BOOKING, finding="charge")
    assert explained == BankEntryExplained(
        rests_on=(2,), entry=2, verdict="charge", payments=("C#2",)
    )


def test_an_entry_is_dated_as_the_bank_booked_it_and_an_explanation_later_as_today() -> None:
    booking = replace(BOOKING, booked_on=date(2026, 11, 20))
    intent = BookBankEntry(booking=booking, finding="charge", says="x", verdict="charge")
    booked, explained = book(kept(), intent, context(), KNOWN)
    assert booked == BankEntryBooked(
        on=date(2026, 11, 20), booking=booking, finding="charge", says="x"
    )
    assert (explained.on, explained.rests_on) == (date(2026, 11, 20), (1,))
    later = ExplainBankEntry(entry=1, verdict="dismissed")
    (fact,) = explain(kept(WAITS), later, context(), KNOWN)
    assert (fact.on, fact.rests_on) == (date(2026, 11, 22), (1,))


@refuses("bank-kept-by-finance")
def test_nobody_else_does() -> None:
    with pytest.raises(Refused, match="neither finance nor administrator"):
        book(
            kept(), BookBankEntry(booking=BOOKING, finding="unrelated"), context("partner-1"), KNOWN
        )


@permits("bank-entry-waits")
def test_an_entry_that_waits_is_explained() -> None:
    intent = ExplainBankEntry(entry=1, verdict="dismissed", reason="rent")
    (fact,) = explain(kept(WAITS), intent, context(), KNOWN)
    assert isinstance(fact, BankEntryExplained)
    assert (fact.entry, fact.verdict, fact.reason) == (1, "dismissed", "rent")
    assert fact.rests_on == (1,)
    assert kept(WAITS, fact).waiting() == []


@refuses("bank-entry-waits")
def test_and_only_once() -> None:
    entries = kept(WAITS, BankEntryExplained(entry=1, verdict="settled", payments=("C#2",)))
    with pytest.raises(Refused, match="explained already: settled, C#2"):
        explain(entries, ExplainBankEntry(entry=1, verdict="dismissed"), context(), KNOWN)


def test_an_entry_that_is_not_there_is_named_with_those_that_wait() -> None:
    told = BankEntryExplained(entry=1, verdict="charge")
    for entries, hint in (
        (kept(WAITS), "there wait #1: mledger report bank"),
        (kept(WAITS, told, WAITS), "there wait #3: mledger report bank"),
        (kept(WAITS, told), "none waits"),
    ):
        with pytest.raises(NotFound) as missing:
            explain(entries, ExplainBankEntry(entry=7, verdict="dismissed"), context(), KNOWN)
        assert missing.value.hint == hint


def test_what_was_undone_is_told_by_its_payments() -> None:
    undone = BankEntryExplained(entry=1, verdict="undone", payments=("C#2", "C#3"))
    assert kept(WAITS, undone).undone() == {"C#2", "C#3"}
    settled = BankEntryExplained(entry=1, verdict="settled", payments=("C#4",), on=date(2026, 1, 2))
    assert kept(WAITS, settled).undone() == {"C#4"}
    charge = BankEntryExplained(entry=1, verdict="charge", payments=("C#4",))
    assert kept(WAITS, charge).undone() == set()
