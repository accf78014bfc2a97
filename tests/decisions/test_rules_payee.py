"""To whom: who keeps the partners' accounts, and which payments go to them, each rule at its edge."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from ledger.decisions.decide import decide
from ledger.errors import LedgerError, Refused
from ledger.events import BankAccount, Exchange, PayeeProposed, PaymentInstructed, PostalAddress
from ledger.intents import (
    ApprovePayee,
    Context,
    InstructPayment,
    Intent,
    ProposePayee,
    RevokePayee,
)
from ledger.known import ALL, Known
from ledger.payees import Payees, fold, masked
from ledger.statements import PayeeStatement, payee_statement, recomputed_payee, statement_of
from ledger.terms import PayeePolicy
from tests.decisions.builders import accepted, day, pays, permitted, refused
from tests.decisions.marks import permits, refuses
from tests.decisions.spec import NOON, record
from tests.signing import LEDGER, MANAGER, TODAY, Key, registered

KEEPERS = ("finance-1", "finance-2", "admin-1")
OLD = BankAccount(
    holder="Studio Ltd", number="6222020200112233445", bank="102331002126", country="CN"
)
NEW = BankAccount(
    holder="Studio Ltd", number="DE89370400440532013000", bank="COBADEFFXXX", country="DE"
)
WITH_PLACE = structs.replace(OLD, address=PostalAddress(town="Hangzhou", country="CN"))
PROPOSAL = ProposePayee(partner="Studio", account=OLD)
INPUT = ("payee-unknown", "payee-account-invalid", "payee-partner-invalid")


class Accounts:
    """The stream of accounts, and what is asked of it."""

    def __init__(self) -> None:
        self.records: list[Any] = []

    @property
    def payees(self) -> Payees:
        return fold(self.records)

    def decided(self, intent: Intent, by: str, **more: Any) -> list[Any]:
        beside = {*ALL, "ledger_id", "drafting"} & more.keys()
        known = Known(keepers=KEEPERS, **{name: more.pop(name) for name in beside})
        context = Context(actor=by, now=NOON, **more)
        return decide(self.payees, intent, context, "~payees", known)

    def ask(self, intent: Intent, by: str, **more: Any) -> Accounts:
        for event in self.decided(intent, by, **more):
            self.records.append(record(event, len(self.records) + 1, by, "~payees"))
        return self

    def refuses(self, intent: Intent, by: str, code: str, **more: Any) -> None:
        with pytest.raises(LedgerError) as refusal:
            self.ask(intent, by, **more)
        assert refusal.value.code == code
        assert refusal.value.hint
        assert isinstance(refusal.value, Refused) == (code not in INPUT)


def proposed(account: BankAccount = OLD) -> Accounts:
    return Accounts().ask(structs.replace(PROPOSAL, account=account), "finance-1")


def approved(account: BankAccount = OLD) -> Accounts:
    return proposed(account).ask(ApprovePayee(proposal=1), "finance-2")


# --- on the accounts ---------------------------------------------------------------------------------------


@permits("payees-kept-by-finance")
@permits("payee-approved-by-another")
@permits("payee-step-in-turn")
@permits("payee-proposed-once")
def test_an_account_proposed_by_one_and_approved_by_another_is_paid_from_then_on() -> None:
    accounts = proposed()
    assert accounts.payees.paid("Studio", "CNY") is None
    payee = accounts.ask(ApprovePayee(proposal=1), "admin-1").payees.paid("Studio", "CNY")
    assert payee is not None
    assert (payee.account, payee.approved_on, payee.approved_by) == (OLD, TODAY, "admin-1")


@refuses("payees-kept-by-finance")
def test_whoever_is_neither_finance_nor_administrator_keeps_no_account() -> None:
    Accounts().refuses(PROPOSAL, "manager-1", "payees-kept-by-finance")
    proposed().refuses(ApprovePayee(proposal=1), "partner-1", "payees-kept-by-finance")
    proposed().refuses(RevokePayee(proposal=1), "partner-1", "payees-kept-by-finance")


@refuses("payee-approved-by-another")
def test_who_proposed_an_account_does_not_approve_it() -> None:
    proposed().refuses(ApprovePayee(proposal=1), "finance-1", "payee-approved-by-another")


@permits("payee-approved-by-another")
def test_who_proposed_an_account_may_revoke_it_alone() -> None:
    accounts = approved().ask(RevokePayee(proposal=1, reason="diverted"), "finance-1")
    assert accounts.payees.paid("Studio", "CNY") is None
    assert accounts.payees.accounts[1].status == "revoked"


def test_an_account_is_not_revoked_before_it_was_proposed() -> None:
    early = RevokePayee(proposal=1, on=day(11, 21))
    proposed().refuses(early, "finance-2", "not-before-what-it-rests-on")


@refuses("payee-step-in-turn")
def test_an_account_is_approved_once_and_revoked_once() -> None:
    accounts = approved()
    accounts.refuses(ApprovePayee(proposal=1), "finance-2", "payee-step-in-turn")
    accounts.ask(RevokePayee(proposal=1), "finance-2")
    accounts.refuses(RevokePayee(proposal=1), "finance-2", "payee-step-in-turn")
    accounts.refuses(ApprovePayee(proposal=9), "finance-2", "payee-unknown")


@refuses("payee-proposed-once")
def test_an_account_is_not_proposed_again_while_it_waits_or_counts() -> None:
    proposed().refuses(PROPOSAL, "finance-2", "payee-proposed-once")
    approved().refuses(PROPOSAL, "finance-2", "payee-proposed-once")


@refuses("payee-proposed-once")
def test_an_account_of_one_partner_is_none_of_another() -> None:
    approved().refuses(
        ProposePayee(partner="Other", account=OLD), "finance-1", "payee-proposed-once"
    )


@permits("payee-proposed-once")
def test_a_revoked_account_and_another_partners_bank_with_the_same_number_are_new() -> None:
    approved().ask(RevokePayee(proposal=1), "finance-1").ask(PROPOSAL, "finance-1")
    elsewhere = structs.replace(OLD, bank="105331002126")
    approved().ask(ProposePayee(partner="Other", account=elsewhere), "finance-1")


def test_a_new_account_takes_the_place_of_the_one_in_its_currency_only() -> None:
    accounts = approved().ask(structs.replace(PROPOSAL, account=NEW), "finance-2")
    accounts.ask(ApprovePayee(proposal=3), "finance-1")
    payees = accounts.payees
    assert [p.status for p in payees.accounts.values()] == ["replaced", "approved"]
    assert payees.accounts[3].replaces == 1
    dollars = structs.replace(OLD, currency="USD")
    accounts.ask(structs.replace(PROPOSAL, account=dollars), "finance-1")
    accounts.ask(ApprovePayee(proposal=5), "finance-2")
    found = {currency: accounts.payees.paid("Studio", currency) for currency in ("USD", "CNY")}
    assert [p.version if p else 0 for p in found.values()] == [5, 3]
    assert (accounts.payees.accounts[5].replaces, found["CNY"].status) == (3, "approved")  # type: ignore[union-attr]


def test_what_counted_at_a_position_is_told_afterwards() -> None:
    accounts = approved().ask(structs.replace(PROPOSAL, account=NEW), "finance-2")
    accounts.ask(ApprovePayee(proposal=3), "finance-1")
    found = [accounts.payees.paid_at(position, "Studio", "CNY") for position in range(1, 6)]
    assert [p.version if p else 0 for p in found] == [0, 0, 1, 1, 3]


def test_a_step_is_dated_neither_before_its_proposal_nor_in_the_future() -> None:
    early, late = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
    for on, rule in ((early, "not-before-what-it-rests-on"), (late, "not-after-today")):
        proposed().refuses(ApprovePayee(proposal=1, on=on), "finance-2", rule)


def test_an_account_dated_back_is_no_older_for_it() -> None:
    accounts = Accounts().ask(structs.replace(PROPOSAL, on=day(9, 1)), "finance-1")
    accounts.ask(ApprovePayee(proposal=1, on=day(9, 1)), "finance-2")
    assert accounts.payees.accounts[1].approved_on == TODAY


def test_what_cannot_be_read_is_refused_before_any_rule() -> None:
    wrong = structs.replace(OLD, number="DE88370400440532013000")
    Accounts().refuses(
        structs.replace(PROPOSAL, account=wrong), "finance-1", "payee-account-invalid"
    )
    Accounts().refuses(
        structs.replace(PROPOSAL, partner="Studio\u200b"), "finance-1", "payee-partner-invalid"
    )


# --- signed ------------------------------------------------------------------------------------------------


def signers(person: str = "finance-1", by: tuple[str, str] = ("admin-1", "admin-2")) -> Any:
    known = registered(person=person, by=by)
    administrators = frozenset({"admin-1", "admin-2"})
    return {"signers": known, "ledger_id": LEDGER, "registrars": administrators}


def statement(accounts: Accounts, intent: Intent, by: str, nonce: str = "n1") -> PayeeStatement:
    (event,) = accounts.decided(intent, by)
    partner, account = "Studio", OLD
    if isinstance(event, PayeeProposed):
        partner, account = event.partner, event.account
    return payee_statement(event, partner, account, by=by, ledger_id=LEDGER, nonce=nonce)


@pytest.mark.parametrize("intent", [PROPOSAL, ApprovePayee(proposal=1)])
def test_a_signed_step_keeps_its_signature_and_the_statement_is_written_again(intent: Any) -> None:
    by, accounts = "finance-1", Accounts()
    if isinstance(intent, ApprovePayee):
        by, accounts = "finance-2", proposed()
    signature = MANAGER.signature(statement(accounts, intent, by))
    before = accounts.payees
    accounts.ask(structs.replace(intent, signature=signature), by, **signers(by))
    last = accounts.records[-1]
    assert last.data.signature == signature
    again = recomputed_payee(before, last, LEDGER)
    assert again == statement(Accounts() if by == "finance-1" else proposed(), intent, by)
    assert accounts.payees.nonces == {"n1"}


@pytest.mark.parametrize(
    ("change", "known"),
    [
        ({}, signers("finance-2")),
        ({}, signers(by=("admin-1", "stranger"))),
        ({"partner": "Other"}, signers()),
        ({"account": NEW}, signers()),
        ({"account": WITH_PLACE}, signers()),
        ({"account": structs.replace(OLD, purpose="CSTRDR")}, signers()),
        ({"on": day(11, 21)}, signers()),
    ],
)
def test_a_signature_over_anything_else_or_by_another_key_is_refused(
    change: dict[str, Any], known: Any
) -> None:
    signature = MANAGER.signature(statement(Accounts(), PROPOSAL, "finance-1"))
    intent = structs.replace(PROPOSAL, signature=signature, **change)
    Accounts().refuses(intent, "finance-1", "signature-valid", **known)


def test_a_nonce_serves_once_and_an_approvals_signature_is_none_for_an_account() -> None:
    accounts = Accounts()
    signature = MANAGER.signature(statement(accounts, PROPOSAL, "finance-1"))
    intent = structs.replace(PROPOSAL, signature=signature)
    accounts.ask(intent, "finance-1", **signers()).ask(RevokePayee(proposal=1), "finance-1")
    accounts.refuses(intent, "finance-1", "signature-used-once", **signers())
    other = MANAGER.signature(
        statement(Accounts(), PROPOSAL, "finance-1"), namespace="approval@mledger"
    )
    Accounts().refuses(
        structs.replace(PROPOSAL, signature=other), "finance-1", "signature-valid", **signers()
    )
    stranger = Key.number(7).signature(statement(Accounts(), PROPOSAL, "finance-1"))
    Accounts().refuses(
        structs.replace(PROPOSAL, signature=stranger), "finance-1", "signature-valid", **signers()
    )


# --- on payments to them -----------------------------------------------------------------------------------

REQUIRED = PayeePolicy(required=True)


@permits("payee-approved")
def test_a_payment_names_the_approved_account_also_where_none_is_demanded() -> None:
    for policy in (None, REQUIRED, PayeePolicy()):
        (event,) = permitted(accepted(payees=policy), pays(), payees=approved().payees)
        assert isinstance(event, PaymentInstructed)
        assert (event.payee, event.account) == (1, OLD.number)


@permits("payee-approved")
def test_without_the_clause_a_partner_without_account_is_paid_as_ever() -> None:
    for context in ({}, {"payees": proposed().payees}):
        (event,) = permitted(accepted(), pays(), **context)
        assert isinstance(event, PaymentInstructed)
        assert (event.payee, event.account) == (0, "")


@refuses("payee-approved")
def test_where_it_is_demanded_nothing_is_paid_to_an_account_that_waits_or_was_revoked() -> None:
    revoked = approved().ask(RevokePayee(proposal=1), "finance-1")
    for accounts in (Accounts(), proposed(), revoked):
        refused(accepted(payees=REQUIRED), pays(), "payee-approved", payees=accounts.payees)
    refused(accepted(payees=REQUIRED), pays(), "payee-approved")


@refuses("payee-approved")
def test_an_account_in_another_currency_or_of_another_partner_is_none() -> None:
    dollars = approved(structs.replace(OLD, currency="USD")).payees
    refused(accepted(payees=REQUIRED), pays(), "payee-approved", payees=dollars)
    others = accepted(payees=REQUIRED, partner="Other")
    refused(others, pays(), "payee-approved", payees=approved().payees)


@permits("payee-approved")
def test_paid_in_another_currency_it_goes_to_the_account_of_that_currency() -> None:
    exchange = Exchange(currency="USD", amount_minor=139_000, rate="0.139")
    intent = InstructPayment(milestone="M1", exchange=exchange)
    dollars = approved(structs.replace(OLD, currency="USD")).payees
    (event,) = permitted(accepted(payees=REQUIRED), ("finance-1", intent), payees=dollars)
    assert isinstance(event, PaymentInstructed)
    assert event.payee == 1


HELD = PayeePolicy(required=True, hold_days=7)


@permits("payee-change-settled")
def test_an_account_is_paid_when_its_days_of_hold_have_passed() -> None:
    now = NOON + timedelta(days=7)
    permitted(accepted(payees=HELD), pays(), payees=approved().payees, now=now)


@refuses("payee-change-settled")
def test_an_account_is_not_paid_a_day_before_nor_by_dating_the_payment() -> None:
    known = approved().payees
    for days in (0, 6):
        now = NOON + timedelta(days=days)
        refused(accepted(payees=HELD), pays(), "payee-change-settled", payees=known, now=now)


@refuses("payee-change-settled")
def test_the_hold_is_for_every_approved_account_also_where_none_is_demanded() -> None:
    policy = PayeePolicy(hold_days=1)
    known = approved().payees
    refused(accepted(payees=policy), pays(), "payee-change-settled", payees=known)
    permitted(accepted(payees=policy), pays())


def replaced(account: BankAccount) -> Payees:
    """OLD approved on TODAY, and what takes its place approved a week later."""
    accounts = approved().ask(structs.replace(PROPOSAL, account=account), "finance-1")
    accounts.ask(ApprovePayee(proposal=3), "finance-2")
    late = f"{TODAY + timedelta(days=7)}T04:00:00.000000Z"
    accounts.records[-1] = structs.replace(accounts.records[-1], recorded_at=late)
    return accounts.payees


@permits("payee-change-settled")
def test_an_address_or_a_purpose_approved_later_holds_no_account_anew() -> None:
    now = NOON + timedelta(days=7)
    for account in (WITH_PLACE, structs.replace(OLD, purpose="CSTRDR", bank_name="ICBC")):
        known = replaced(account)
        assert known.accounts[3].paid_since == TODAY
        permitted(accepted(payees=HELD), pays(), payees=known, now=now)


@refuses("payee-change-settled")
@pytest.mark.parametrize(
    "account",
    [
        NEW,
        structs.replace(WITH_PLACE, number="6222020200112233446"),
        structs.replace(WITH_PLACE, holder="HCS Trading"),
        structs.replace(WITH_PLACE, bank="102331002127"),
        structs.replace(WITH_PLACE, bank="ICBKCNBJ"),
    ],
)
def test_another_number_holder_or_bank_is_held_anew_whatever_comes_with_it(
    account: BankAccount,
) -> None:
    known, now = replaced(account), NOON + timedelta(days=7)
    refused(accepted(payees=HELD), pays(), "payee-change-settled", payees=known, now=now)


def test_a_signed_instruction_covers_the_account() -> None:
    story = accepted()
    state = story.the_state()
    (event,) = permitted(story, pays(), payees=approved().payees)
    assert isinstance(event, PaymentInstructed)
    said: Any = {"by": "finance-1", "ledger_id": LEDGER, "nonce": "n"}
    whole = statement_of(state, event, **said)
    diverted = statement_of(state, structs.replace(event, account=NEW.number), **said)
    assert whole.digest != diverted.digest


def test_a_number_is_shown_by_its_end() -> None:
    assert (masked(OLD.number), masked("")) == ("…3445", "")
