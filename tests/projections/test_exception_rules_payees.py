"""Each exception about the accounts that were paid: what it lets pass at its edge, and what it finds just beyond."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from ledger import events as e
from ledger.events import BankAccount, Record
from ledger.payees import Payees, fold
from projections.examining import Examined, examine
from projections.exception_rules.every import exception_rules
from projections.exception_rules.rule import Setting
from tests.decisions.builders import accepted, day, pays, permitted
from tests.decisions.spec import record

OLD = BankAccount(holder="Studio Ltd", number="6222020200112233445", bank="102331002126")
NEW = BankAccount(holder="Studio Ltd", number="DE89370400440532013000")


def account(
    *steps: tuple[int, str, e.Fact], partner: str = "Studio", on: str = "2026-11-08"
) -> Payees:
    """The accounts by steps (position, who, event), all recorded on one day; by default OLD at 1 and 2."""
    standard: Any = (
        (1, "finance-1", e.PayeeProposed(partner=partner, account=OLD)),
        (2, "finance-2", e.PayeeApproved(proposal=1)),
    )
    records = [
        replace(
            record(event, version, by, "~payees"),
            position=position,
            recorded_at=f"{on}T04:00:00.000000Z",
        )
        for version, (position, by, event) in enumerate(steps or standard, 1)
    ]
    return fold(records)


def paid(payees: Payees | None, **change: Any) -> list[Record]:
    """M1 is accepted and a payment of it instructed on 22 November, to the account, at position 107."""
    story = accepted()
    (instruction,) = permitted(story, pays(), payees=payees)
    assert isinstance(instruction, e.PaymentInstructed)
    told = replace(story.records[-1], data=replace(instruction, **change))
    return [replace(one, position=one.version + 100) for one in [*story.records[:-1], told]]


def found(records: list[Record], payees: Payees | None, rule: str, **limits: int) -> Examined:
    settings = {one.id: Setting(enabled=one.id == rule, limits=limits) for one in exception_rules()}
    return examine([records], settings, payees=payees)


def details(one: Examined) -> list[str]:
    return [each.detail for each in one.found]


# --- payee-changed-before-payment --------------------------------------------------------------------------

CHANGED = "payee-changed-before-payment"


def test_an_account_of_fourteen_days_is_old_enough_one_of_thirteen_is_not() -> None:
    fourteen, thirteen = account(on="2026-11-08"), account(on="2026-11-09")
    assert details(found(paid(fourteen), fourteen, CHANGED)) == []
    (one,) = found(paid(thirteen), thirteen, CHANGED).found
    assert one.detail == (
        "new account …3445 (#1) on 2026-11-09 by finance-1 and finance-2, 13 days before the"
        " instruction"
    )
    assert (one.severity, one.milestone, one.events) == ("high", "C-1/M1", [2, 107])
    assert details(found(paid(thirteen), thirteen, CHANGED, days=13)) == []


def test_a_change_names_both_accounts() -> None:
    payees = account(
        (1, "finance-1", e.PayeeProposed(partner="Studio", account=OLD)),
        (2, "finance-2", e.PayeeApproved(proposal=1)),
        (3, "finance-2", e.PayeeProposed(partner="Studio", account=NEW)),
        (4, "finance-1", e.PayeeApproved(proposal=3)),
        on="2026-11-21",
    )
    (detail,) = details(found(paid(payees), payees, CHANGED))
    assert detail.startswith("changed from …3445 to …3000 (#3) on 2026-11-21 by finance-2 and")
    assert detail.endswith("1 day before the instruction")


def test_an_account_approved_again_with_an_address_is_as_old_as_its_number() -> None:
    place = replace(OLD, address=e.PostalAddress(town="Hangzhou", country="CN"))
    steps: list[tuple[int, str, e.Fact]] = [
        (1, "finance-1", e.PayeeProposed(partner="Studio", account=OLD)),
        (2, "finance-2", e.PayeeApproved(proposal=1)),
        (3, "finance-1", e.PayeeProposed(partner="Studio", account=place)),
        (4, "finance-2", e.PayeeApproved(proposal=3)),
    ]
    young = account(*steps, on="2026-11-09")
    (detail,) = details(found(paid(young), young, CHANGED))
    assert detail.startswith("new account …3445 (#1) on 2026-11-09 by finance-1 and finance-2")
    old = account(*steps[:2], on="2026-11-08")
    late = account(*steps, on="2026-11-21").accounts[3]
    old.accounts[1].status, old.accounts[3] = "replaced", late
    assert details(found(paid(old, payee=3), old, CHANGED)) == []


def test_a_payment_that_failed_went_nowhere_and_one_without_account_is_said_to_be_unchecked() -> (
    None
):
    payees = account(on="2026-11-21")
    failed = e.PaymentFailed(milestone="M1", instruction=7)
    records = paid(payees)
    records.append(replace(record(failed, len(records) + 1), position=108))
    failed = replace(failed, instruction=len(records) - 1)
    records[-1] = replace(records[-1], data=failed)
    assert details(found(records, payees, CHANGED)) == []
    none = found(paid(None), None, CHANGED)
    assert list(none.unchecked) == [(CHANGED, "the payment names no account")]


# --- paid-to-unapproved-account ----------------------------------------------------------------------------

UNAPPROVED = "paid-to-unapproved-account"


def test_a_payment_past_the_account_that_the_partner_has_is_found() -> None:
    payees = account()
    assert details(found(paid(payees), payees, UNAPPROVED)) == []
    (one,) = found(paid(None), payees, UNAPPROVED).found
    assert one.detail == "to no account, though Studio has #1 (…3445)"
    assert one.events == [2, 107]


def test_an_account_approved_after_the_payment_is_none_then() -> None:
    later = account(
        (200, "finance-1", e.PayeeProposed(partner="Studio", account=OLD)),
        (201, "finance-2", e.PayeeApproved(proposal=1)),
    )
    none = found(paid(None), later, UNAPPROVED)
    assert details(none) == []
    assert list(none.unchecked) == [(UNAPPROVED, "the partner had no approved account")]
    records = paid(None, payee=1, account=OLD.number)
    assert details(found(records, later, UNAPPROVED)) == [
        "to account #1 (…3445), which was not approved then"
    ]


def test_an_account_revoked_before_the_payment_is_none_and_one_revoked_later_was_right() -> None:
    for position, hits in ((106, 1), (108, 0)):
        payees = account(
            (1, "finance-1", e.PayeeProposed(partner="Studio", account=OLD)),
            (2, "finance-2", e.PayeeApproved(proposal=1)),
            (position, "finance-2", e.PayeeRevoked(proposal=1)),
        )
        records = paid(None, payee=1, account=OLD.number)
        assert len(found(records, payees, UNAPPROVED).found) == hits


def test_another_number_or_another_partner_than_the_accounts_own_is_found() -> None:
    payees = account()
    swapped = paid(payees, account=NEW.number)
    assert details(found(swapped, payees, UNAPPROVED)) == [
        "to …3000 as account #1, which is …3445 of Studio"
    ]
    others = account(partner="Other")
    records = paid(None, payee=1, account=OLD.number)
    assert details(found(records, others, UNAPPROVED)) == [
        "to …3445 as account #1, which is …3445 of Other"
    ]


def test_an_imported_payment_is_said_to_be_unchecked() -> None:
    records = paid(None)[:-1]
    fact = e.PaymentRecorded(on=day(10, 1), milestone="M1", amount_minor=5)
    records.append(replace(record(fact, len(records) + 1), position=107))
    (reason,) = found(records, account(), UNAPPROVED).unchecked
    assert reason[1] == "the payment has no instruction that could name an account (imported)"


# --- payee-kept-by-strangers -------------------------------------------------------------------------------

STRANGERS = "payee-kept-by-strangers"


def test_who_has_no_role_in_the_contract_that_pays_is_named() -> None:
    payees = account()
    assert details(found(paid(payees), payees, STRANGERS)) == []
    strange = account(
        (1, "eve", e.PayeeProposed(partner="Studio", account=OLD)),
        (2, "admin-1", e.PayeeApproved(proposal=1)),
    )
    (one,) = found(paid(strange), strange, STRANGERS).found
    assert one.detail == "account #1 (…3445) was kept by eve, without a role in C-1"
    assert (one.severity, one.events) == ("medium", [2, 107])


# --- payee-approved-by-proposer ----------------------------------------------------------------------------


def test_an_account_that_one_person_made_alone_is_found_of_the_partners_looked_at() -> None:
    alone = account(
        (1, "finance-1", e.PayeeProposed(partner="Studio", account=OLD)),
        (2, "finance-1", e.PayeeApproved(proposal=1)),
    )
    rule = "payee-approved-by-proposer"
    (one,) = found(paid(None), alone, rule).found
    assert one.detail == "account #1 (…3445) of Studio by finance-1 alone"
    assert (one.contract, one.milestone, one.events) == ("~payees", None, [2])
    others = replace_partner(alone)
    assert details(found(paid(None), others, rule)) == []
    assert details(found(paid(None), account(), rule)) == []


def replace_partner(payees: Payees) -> Payees:
    for payee in payees.accounts.values():
        payee.partner = "Other"
    return payees
