"""Keys and signed acts in both databases: recorded, found good in the log, and refused by keys that count no more."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from ledger import intents as i
from ledger.contract import evolve
from ledger.errors import Refused
from ledger.intents import Context
from ledger.signers import fold
from ledger.store import Ledger, open_ledger
from ledger.store.perform import perform, to_sign
from projections.signatures import check_log, evidence, registry
from tests.clock import PLANS, SIGNED, TERMS, day, now
from tests.signing import MANAGER, Key


def by(person: str) -> Context:
    return Context(actor=person, now=now(), authenticated_as="tester")


def begun(url: str) -> Ledger[Any]:
    """A ledger with a contract, of which M1 waits for approval, and the keys of two managers."""
    ledger = open_ledger(url, evolve)
    contract = i.SignContract(contract="C-1", terms=TERMS, milestones=PLANS, on=SIGNED)
    perform(ledger, [("C-1", contract)], by("admin-1"))
    submission = i.SubmitMilestone(milestone="M1", on=day(8, 21))
    perform(ledger, [("C-1", submission)], by("partner-1"))
    for number, person in ((1, "manager-1"), (2, "manager-2")):
        key = Key.number(number).line
        keep(ledger, i.ProposeSigner(person=person, key=key, valid_from=SIGNED), by("admin-1"))
    keep(ledger, i.ApproveSigner(proposal=1), by("admin-2"))
    return ledger


APPROVE = i.ApproveMilestone(milestone="M1", on=day(8, 25))


def keep(ledger: Ledger[Any], intent: i.Intent, context: Context) -> None:
    perform(ledger, [("~signers", intent)], context)


def signed(ledger: Ledger[Any], key: Key = MANAGER) -> i.Intent:
    (statement,) = to_sign(ledger, [("C-1", APPROVE)], by("manager-1"), ["n1"])
    return structs.replace(APPROVE, signature=key.signature(statement))


def test_a_signed_approval_is_found_good_in_the_log_of_either_database(database_url: str) -> None:
    ledger = begun(database_url)
    records = perform(ledger, [("C-1", signed(ledger))], by("manager-1")).records
    perform(ledger, [("C-1", i.InstructPayment(milestone="M1"))], by("finance-1"))
    with ledger.snapshot() as conn:
        found = list(check_log(conn, registry(conn)))
        proof = evidence(ledger.stream("C-1"), records[0].version, registry(conn))
    ledger.close()
    assert [(one.reference, one.result) for one in found] == [("C-1#5", "good")]
    assert proof.statement.by == "manager-1"
    assert proof.allowed_signers.endswith(f"{MANAGER.line}\n")


def test_a_key_that_waits_does_not_count_and_the_keys_are_read_anew(database_url: str) -> None:
    ledger = begun(database_url)
    mine = signed(ledger)
    keep(ledger, i.RevokeSigner(proposal=1), by("admin-2"))
    with pytest.raises(Refused) as refusal:
        perform(ledger, [("C-1", mine)], by("manager-1"))
    known = fold(ledger.stream("~signers"))
    statuses = [signer.status for signer in known.keys.values()]
    ledger.close()
    assert refusal.value.code == "signature-valid"
    assert statuses == ["revoked", "proposed"]


def test_administrators_are_those_of_the_contracts_in_the_log(database_url: str) -> None:
    ledger = begun(database_url)
    with pytest.raises(Refused) as refusal:
        keep(ledger, i.ApproveSigner(proposal=2), by("manager-3"))
    keep(ledger, i.ApproveSigner(proposal=2), by("admin-3"))
    ledger.close()
    assert refusal.value.code == "keys-kept-by-administrators"
