"""The partners' accounts in both databases: who may keep them, which payments name them, and their signatures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from ledger import intents as i
from ledger.contract import evolve
from ledger.errors import Conflict, Refused
from ledger.events import BankAccount, PaymentInstructed
from ledger.intents import Context
from ledger.store import Ledger, open_ledger
from ledger.store.perform import Outcome, perform, to_sign
from ledger.terms import PayeePolicy
from projections.rebuild.catchup import catch_up
from projections.signatures import check_log, evidence, registry
from tests.clock import PLANS, SIGNED, TERMS, day, now
from tests.signing import Key

ACCOUNT = BankAccount(holder="Studio Ltd", number="6222020200112233445", bank="102331002126")
PROPOSE = i.ProposePayee(partner="Studio", account=ACCOUNT)
CLERKS = {"finance-1": Key.number(1), "finance-2": Key.number(2)}


def by(person: str) -> Context:
    return Context(actor=person, now=now(), authenticated_as="tester")


def keep(ledger: Ledger[Any], intent: Any, context: Context, **options: Any) -> Outcome:
    return perform(ledger, [("~payees", intent)], context, **options)


def begun(url: str, *, required: bool = True) -> Ledger[Any]:
    """A ledger with two partners' contracts, of which C-1 has M1 accepted, and the keys of two clerks."""
    ledger = open_ledger(url, evolve)
    terms = replace(TERMS, payees=PayeePolicy(required=required))
    contract = i.SignContract(contract="C-1", terms=terms, milestones=PLANS, on=SIGNED)
    perform(ledger, [("C-1", contract)], by("admin-1"))
    other = replace(TERMS, partner='O"ther', roles={"finance": ("clerk",)})
    perform(ledger, [("C-2", i.SignContract(contract="C-2", terms=other))], by("admin-1"))
    perform(ledger, [("C-1", i.SubmitMilestone(milestone="M1", on=day(8, 21)))], by("partner-1"))
    perform(ledger, [("C-1", i.ApproveMilestone(milestone="M1", on=day(8, 25)))], by("manager-1"))
    return ledger


def with_keys(ledger: Ledger[Any]) -> Ledger[Any]:
    for number, (person, key) in enumerate(CLERKS.items()):
        proposal = i.ProposeSigner(person=person, key=key.line, valid_from=SIGNED)
        perform(ledger, [("~signers", proposal)], by("admin-1"))
        approval = i.ApproveSigner(proposal=1 + 2 * number)
        perform(ledger, [("~signers", approval)], by("admin-2"))
    return ledger


def signed(ledger: Ledger[Any], intent: Any, person: str, nonce: str) -> Any:
    (statement,) = to_sign(ledger, [("~payees", intent)], by(person), [nonce])
    return structs.replace(intent, signature=CLERKS[person].signature(statement))


def test_a_payment_is_refused_until_its_account_is_approved_and_then_names_it(
    database_url: str,
) -> None:
    pay = [("C-1", i.InstructPayment(milestone="M1"))]
    with begun(database_url) as ledger:
        keep(ledger, PROPOSE, by("finance-1"))
        with pytest.raises(Refused, match="no approved account"):
            perform(ledger, pay, by("finance-1"))
        keep(ledger, i.ApprovePayee(proposal=1), by("finance-2"))
        (record,) = perform(ledger, pay, by("finance-1")).records
        instruction = record.data
        assert isinstance(instruction, PaymentInstructed)
        assert (instruction.payee, instruction.account) == (1, ACCOUNT.number)
        keep(ledger, i.RevokePayee(proposal=1, reason="diverted"), by("finance-1"))
        fails = i.FailPayment(instruction=record.version, reason="diverted")
        perform(ledger, [("C-1", fails)], by("finance-1"))
        with pytest.raises(Refused, match="no approved account"):
            perform(ledger, pay, by("finance-1"))
        assert catch_up(ledger.engine).position == ledger.stream("C-1")[-1].position


def test_only_those_of_a_contract_with_that_partner_keep_its_accounts(database_url: str) -> None:
    with begun(database_url) as ledger:
        theirs = structs.replace(PROPOSE, partner='O"ther')
        for intent, person in (
            (PROPOSE, "manager-1"),
            (PROPOSE, "clerk"),
            (theirs, "finance-1"),
            (structs.replace(PROPOSE, partner="nobody"), "admin-1"),
        ):
            with pytest.raises(Refused) as refusal:
                keep(ledger, intent, by(person))
            assert refusal.value.code == "payees-kept-by-finance"
        keep(ledger, theirs, by("clerk"))
        keep(ledger, i.ApprovePayee(proposal=1), by("admin-1"))


def test_a_step_is_answered_once_per_key_and_a_dry_run_records_nothing(database_url: str) -> None:
    with begun(database_url) as ledger:
        assert keep(ledger, PROPOSE, by("finance-1"), dry_run=True).dry_run
        first = keep(ledger, PROPOSE, by("finance-1"), key="k")
        again = keep(ledger, PROPOSE, by("finance-1"), key="k")
        assert (again.replayed, again.records) == (True, first.records)
        with pytest.raises(Refused, match="k"):
            keep(ledger, i.RevokePayee(proposal=1), by("finance-1"), key="k")
        assert len(ledger.stream("~payees")) == 1


def test_who_comes_second_decides_again(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with begun(database_url) as ledger:
        keep(ledger, PROPOSE, by("finance-1"))
        append, calls = type(ledger).append, list[int]()

        def late(self: Any, *args: Any, **kwargs: Any) -> Any:
            calls.append(1)
            if len(calls) == 1:
                raise Conflict("stream-changed", "somebody was first", hint="again")
            return append(self, *args, **kwargs)

        monkeypatch.setattr(type(ledger), "append", late)
        keep(ledger, i.ApprovePayee(proposal=1), by("finance-2"))
        assert len(calls) == 2


def test_signed_changes_are_found_good_and_one_altered_since_is_not(database_url: str) -> None:
    with with_keys(begun(database_url)) as ledger:
        keep(ledger, signed(ledger, PROPOSE, "finance-1", "n1"), by("finance-1"))
        approval = i.ApprovePayee(proposal=1)
        keep(ledger, signed(ledger, approval, "finance-2", "n2"), by("finance-2"))
        records = ledger.stream("~payees")
        with ledger.snapshot() as conn:
            known = registry(conn)
            found = list(check_log(conn, known))
        assert [(one.reference, one.act, one.result) for one in found] == [
            ("~payees#1", "payee", "good"),
            ("~payees#2", "payee", "good"),
        ]
        proof = evidence(records, 2, known)
        assert (proof.statement.by, proof.statement.namespace) == ("finance-2", "payee@mledger")
        diverted = structs.replace(
            records[0].data, account=structs.replace(ACCOUNT, number="6222020200112233446")
        )
        forged = [structs.replace(records[0], data=diverted), records[1]]
        assert evidence(forged, 2, known).statement != proof.statement
