"""Every line of a journal, for three entries written down by hand as the two programs' manuals have it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from projections.exports import beancount, hledger
from projections.exports.entries import Account, Entry, Posting
from projections.exports.journals import Met

CLEARING = Account("assets", "bank-clearing", "Acme")
PAYABLE = Account("liabilities", "payable", "Acme")
HELD = Account("liabilities", "payable", "Acme", "held")
CHARGES = Account("expenses", "bank-charges", None)
NOBODYS = Account("assets", "bank-clearing", None)


def entry(*postings: Posting, **more: Any) -> Entry:
    of_acme = {"partner": "Acme", "contract": "C-1", "milestone": "M1", "effective": True}
    return Entry(**{"version": 1, "postings": postings, **of_acme, **more})


ENTRIES = [
    entry(
        Posting(PAYABLE, 4500, "CNY"),
        Posting(HELD, -4500, "CNY"),
        on=date(2026, 9, 2),
        says="held for a dispute",
        position=7,
        event="DisputeOpened",
    ),
    entry(
        Posting(PAYABLE, 12, "JPY"),
        Posting(CLEARING, -12, "JPY"),
        on=date(2026, 9, 1),
        says="paid",
        milestone="",
        effective=False,
        position=9,
        event="PaymentRecorded",
    ),
    entry(
        Posting(CHARGES, 1500, "BHD"),
        Posting(NOBODYS, -1500, "BHD"),
        on=date(2026, 9, 3),
        says="charge",
        partner=None,
        contract="",
        milestone="",
        position=11,
        event="BankEntryExplained",
        bank_entry="~bank#4",
    ),
]

HLEDGER = """
2026-09-02 (7) Acme | held for a dispute C-1/M1
    ; contract: C-1
    ; milestone: M1
    ; position: 7
    ; event: DisputeOpened
    liabilities:payable:Acme  45.00 CNY
    liabilities:payable:Acme:held  -45.00 CNY

2026-09-01 (9) Acme | paid C-1
    ; contract: C-1
    ; position: 9
    ; event: PaymentRecorded
    ; effective: unknown: dated by its recording
    liabilities:payable:Acme  12 JPY
    assets:bank-clearing:Acme  -12 JPY

2026-09-03 (11) the bank | charge ~bank#4
    ; position: 11
    ; event: BankEntryExplained
    ; bank-entry: ~bank#4
    expenses:bank-charges  1.500 BHD
    assets:bank-clearing  -1.500 BHD

commodity 1000.000 BHD
commodity 1000.00 CNY
commodity 1000. JPY

account assets:bank-clearing
account expenses:bank-charges
account liabilities:payable
account assets:bank-clearing:Acme  ; partner: Acme
account liabilities:payable:Acme  ; partner: Acme
account liabilities:payable:Acme:held  ; partner: Acme
"""

BEANCOUNT = """
2026-09-02 * "Acme" "held for a dispute C-1/M1"
  contract: "C-1"
  milestone: "M1"
  position: 7
  event: "DisputeOpened"
  Liabilities:Payable:Acme  45.00 CNY
  Liabilities:Payable:Acme:Held  -45.00 CNY

2026-09-01 * "Acme" "paid C-1"
  contract: "C-1"
  position: 9
  event: "PaymentRecorded"
  effective: "unknown: dated by its recording"
  Liabilities:Payable:Acme  12 JPY
  Assets:Bank-Clearing:Acme  -12 JPY

2026-09-03 * "the bank" "charge ~bank#4"
  position: 11
  event: "BankEntryExplained"
  bank-entry: "~bank#4"
  Expenses:Bank-Charges  1.500 BHD
  Assets:Bank-Clearing  -1.500 BHD

2026-09-01 commodity BHD
2026-09-01 commodity CNY
2026-09-01 commodity JPY
2026-09-03 open Assets:Bank-Clearing BHD
2026-09-01 open Assets:Bank-Clearing:Acme JPY
  partner: "Acme"
2026-09-03 open Expenses:Bank-Charges BHD
2026-09-01 open Liabilities:Payable:Acme CNY,JPY
  partner: "Acme"
2026-09-02 open Liabilities:Payable:Acme:Held CNY
  partner: "Acme"
"""


def lines(module: Any, entries: list[Entry]) -> str:
    """The journal below its heading."""
    _, *parts = module.journal(entries)
    return "".join(parts)


@pytest.mark.parametrize(
    ("module", "written"),
    [(hledger, HLEDGER), (beancount, BEANCOUNT)],
    ids=["hledger", "beancount"],
)
def test_a_journal_reads_as_its_program_has_it(module: Any, written: str) -> None:
    assert lines(module, ENTRIES) == written


def test_what_would_end_a_payee_a_comment_or_a_tag_is_escaped_for_hledger() -> None:
    """`|` ends a payee, `;` begins a comment, a comma ends a tag's value: `\\u007c`, `\\u003b`, `\\u002c`."""
    name = "A|B;C,D"
    account = Account("liabilities", "payable", name)
    one = entry(
        *(Posting(account, 1, "CNY"), Posting(account, -1, "CNY")),
        on=date(2026, 9, 2),
        says="paid",
        partner=name,
        contract=name,
        position=7,
        event="PaymentRecorded",
    )
    told = lines(hledger, [one]).split("\n")
    assert told[1] == r"2026-09-02 (7) A\u007cB\u003bC,D | paid A\u007cB\u003bC,D/M1"
    assert told[2] == r"    ; contract: A|B;C\u002cD"
    assert told[-2].endswith(r"  ; partner: A|B;C\u002cD")


def test_quotes_and_backslashes_are_escaped_for_beancount_and_ours_are_doubled() -> None:
    name = 'A "B" \\ C'
    account = Account("liabilities", "payable", name)
    one = entry(
        *(Posting(account, 1, "CNY"), Posting(account, -1, "CNY")),
        on=date(2026, 9, 2),
        says="paid",
        partner=name,
        position=7,
        event="PaymentRecorded",
    )
    told = lines(beancount, [one]).split("\n")
    # One backslash is two to tell it from an escape of ours, and each of these is two in a string of Beancount's.
    written = r'"A \"B\" \\\\ C"'
    assert told[1] == f'2026-09-02 * {written} "paid C-1/M1"'
    assert told[-2] == f"  partner: {written}"


def test_a_partner_without_any_name_has_accounts_that_are_declared() -> None:
    account = Account("liabilities", "payable", "")
    one = entry(
        *(Posting(account, 1, "CNY"), Posting(account, -1, "CNY")),
        on=date(2026, 9, 2),
        says="paid",
        partner="",
        position=7,
        event="PaymentRecorded",
    )
    assert f"account {hledger.account_name(account)}" in lines(hledger, [one]).split("\n")


def test_a_partner_whose_name_is_blank_is_unknown_and_has_no_tag() -> None:
    account = Account("liabilities", "payable", " ")
    one = entry(
        *(Posting(account, 1, "CNY"), Posting(account, -1, "CNY")),
        on=date(2026, 9, 2),
        says="paid",
        partner=" ",
        position=7,
        event="PaymentRecorded",
    )
    told = lines(hledger, [one]).split("\n")
    assert told[1].startswith("2026-09-02 (7) unknown | paid")
    assert "partner:" not in told[-2]


def test_accounts_stand_partner_by_partner_each_whole_before_its_parts() -> None:
    others = Account("liabilities", "payable", "Bolt")
    postings = [Posting(account, 0, "CNY") for account in (others, HELD, PAYABLE)]
    one = entry(*postings, on=date(2026, 9, 2), says="", position=7, event="DisputeOpened")
    met = Met()
    assert list(met.passing([one])) == [one]
    assert met.in_order() == [PAYABLE, HELD, others]


def test_an_account_is_met_on_the_first_day_of_any_entry_in_every_currency_used() -> None:
    met = Met()
    assert list(met.passing(ENTRIES)) == ENTRIES
    assert met.accounts[PAYABLE] == date(2026, 9, 1)
    assert met.currencies[PAYABLE] == {"CNY", "JPY"}
    assert met.in_order() == [NOBODYS, CLEARING, CHARGES, PAYABLE, HELD]
