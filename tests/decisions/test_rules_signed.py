"""Signed: which approvals carry a signature, which signatures count, and who keeps the keys, each rule at its edge."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec import structs

from ledger.decisions.decide import decide
from ledger.errors import LedgerError, Refused
from ledger.events import (
    Amendment,
    ApprovalGranted,
    ChangeProposed,
    MilestoneAccepted,
    PaymentInstructed,
)
from ledger.intents import ApproveSigner, Context, Intent, ProposeSigner, RevokeSigner
from ledger.known import Known
from ledger.signers import Signers, fold
from ledger.terms import Tier
from tests.decisions.builders import (
    TERMS,
    Act,
    accepted,
    agrees,
    approves,
    bonus,
    contract,
    day,
    last,
    order,
    pays,
    permitted,
    play,
    proposes,
    refused,
    role,
    submits,
    withdraws,
)
from tests.decisions.marks import permits, refuses
from tests.decisions.spec import NOON, Story, record
from tests.signing import LEDGER, MANAGER, TODAY, Key, registered, signed, signs, statement

TIERS = (
    Tier(up_to_minor=1_000_000, quorum={"manager": 1}),
    Tier(quorum={"manager": 1}, signatures=True),
)


def waiting(amount: int = 1_000_000, **terms: Any) -> Story:
    """M1 is delivered on a day without bonus or penalty, and waits for its approval."""
    no_clauses = {"early_bonus": None, "late_penalty": None, "approval": TIERS}
    story = contract(**(no_clauses | terms))
    if amount != 1_000_000:
        play(story, proposes(order(("M1", day(8, 21), amount)), by="manager-3"))
        play(story, agrees(last(story), by="manager-2"))
    return play(story, submits("M1"))


def passes(story: Story, act: Act, signers: Signers | None = None) -> list[Any]:
    return permitted(story, act, signers=signers or registered(), ledger_id=LEDGER)


def fails(story: Story, act: Act, rule: str, signers: Signers | None = None) -> None:
    refused(story, act, rule, signers=signers or registered(), ledger_id=LEDGER)


# --- approval-signed-where-the-tier-demands ----------------------------------------------------------------


@permits("approval-signed-where-the-tier-demands")
def test_an_approval_in_the_last_tier_without_signatures_needs_none() -> None:
    assert MilestoneAccepted in map(type, passes(waiting(), approves("M1")))


@permits("approval-signed-where-the-tier-demands")
def test_a_signed_approval_passes_where_the_tier_demands_it_and_keeps_its_signature() -> None:
    story = waiting(amount=1_000_001)
    act = signed(story, approves("M1"))
    approval = passes(story, act)[0]
    assert isinstance(approval, ApprovalGranted)
    assert approval.signature == act[1].signature  # type: ignore[attr-defined]


@refuses("approval-signed-where-the-tier-demands")
def test_one_unit_more_falls_in_the_tier_that_demands_a_signature() -> None:
    fails(waiting(amount=1_000_001), approves("M1"), "approval-signed-where-the-tier-demands")


@refuses("approval-signed-where-the-tier-demands")
def test_a_proposal_in_that_tier_is_approved_with_a_signature_only() -> None:
    story = accepted(approval=TIERS, ceiling_minor=9_000_000)
    play(story, proposes(bonus(1_000_001), by="manager-2"))
    fails(story, agrees(last(story), by="manager-1"), "approval-signed-where-the-tier-demands")
    passes(story, signed(story, agrees(last(story), by="manager-1")))


@pytest.mark.parametrize(
    "content",
    [role("newcomer"), Amendment(terms=replace(TERMS, approval=TIERS[:1]))],
    ids=["role", "policy"],
)
@refuses("approval-signed-where-the-tier-demands")
def test_the_demand_is_not_amended_away_and_no_role_granted_without_a_signature(
    content: Any,
) -> None:
    story = play(contract(approval=TIERS), proposes(content, by="admin-1"))
    act = agrees(last(story), by="admin-2")
    fails(story, act, "approval-signed-where-the-tier-demands")
    theirs = registered(person="admin-2", by=("admin-1", "admin-3"))
    passes(story, signed(story, act), theirs)


def test_a_proposal_keeps_the_demand_of_the_policy_under_which_it_was_made() -> None:
    story = play(contract(), proposes(role("newcomer"), by="admin-1"))
    proposal = story.records[-1].data
    assert isinstance(proposal, ChangeProposed)
    assert not proposal.signatures


def test_a_draft_needs_no_signature_where_one_is_demanded() -> None:
    permitted(waiting(amount=1_000_001), approves("M1"), drafting=True)


# --- signature-valid ---------------------------------------------------------------------------------------


@permits("signature-valid")
def test_a_key_counts_on_its_first_day_and_on_its_last() -> None:
    story = waiting()
    act = signed(story, approves("M1", on=day(8, 25)))
    passes(story, act, registered(since=day(8, 25), until=TODAY))


@refuses("signature-valid")
@pytest.mark.parametrize(
    "days",
    [{"since": day(8, 26)}, {"until": day(11, 21)}],
    ids=["not yet on the effective date", "no longer when recorded"],
)
def test_a_key_does_not_count_a_day_earlier_or_later(days: dict[str, date]) -> None:
    story = waiting()
    fails(
        story,
        signed(story, approves("M1", on=day(8, 25))),
        "signature-valid",
        registered(**days),  # type: ignore[arg-type]
    )


@refuses("signature-valid")
@pytest.mark.parametrize(
    "signers",
    [
        Signers(),
        registered(Key.number(2)),
        registered(person="manager-2"),
        registered(by=("admin-1", "stranger")),
        registered(by=("stranger", "admin-1")),
    ],
    ids=["no key", "another key", "another's key", "approved elsewhere", "proposed elsewhere"],
)
def test_a_key_that_two_administrators_of_the_contract_did_not_register_for_the_actor(
    signers: Signers,
) -> None:
    story = waiting()
    fails(story, signed(story, approves("M1")), "signature-valid", signers)


def test_a_key_that_only_waits_for_approval_does_not_count() -> None:
    story, signers = waiting(), registered()
    signers.keys[1].approved_by = ""
    fails(story, signed(story, approves("M1")), "signature-valid", signers)


@refuses("signature-valid")
@pytest.mark.parametrize(
    "change",
    [
        {"amount": None},
        {"by": "manager-2"},
        {"contract": "C-2"},
        {"digest": "00"},
        {"ledger": "another"},
        {"on": day(11, 21)},
        {"policy": 2},
        {"role": "finance"},
        {"subject": None},
        {"act": "payment"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_signature_over_another_statement(change: dict[str, Any]) -> None:
    story = waiting()
    said = statement(story, approves("M1"))
    if "amount" in change:
        change = {"amount": structs.replace(said.amount, minor=said.amount.minor + 1)}
    if "subject" in change:
        change = {"subject": structs.replace(said.subject, version=99)}
    other = structs.replace(said, **change)
    signature = MANAGER.signature(other, namespace="approval@mledger")
    fails(story, signs(approves("M1"), signature), "signature-valid")


@refuses("signature-valid")
def test_a_signature_for_another_act_or_by_a_key_it_does_not_name() -> None:
    story = waiting()
    for namespace in ("payment@mledger", "file", "git"):
        odd = signed(story, approves("M1"), namespace=namespace)
        fails(story, odd, "signature-valid")
    whole = MANAGER.signature(statement(story, approves("M1")))
    misnamed = structs.replace(whole, key=Key.number(2).fingerprint)
    fails(story, signs(approves("M1"), misnamed), "signature-valid")


@pytest.mark.parametrize(
    ("odd", "code"),
    [
        ({"hash": b"md5"}, "signature-hash-unknown"),
        ({"type": b"ssh-dss"}, "signature-type-unknown"),
        ({"version": 2}, "signature-version-unknown"),
        ({"reserved": b"x"}, "signature-reserved-used"),
        ({"blob": b"\x00\x00\x00\x07ssh-dss"}, "key-type-unknown"),
    ],
)
def test_a_signature_of_an_unknown_kind_is_refused_by_its_name(
    odd: dict[str, Any], code: str
) -> None:
    story = waiting()
    by, intent = signed(story, approves("M1"), **odd)
    story.when(intent, by=by, signers=registered(), ledger_id=LEDGER)
    assert story.fails(code).exit_code == 2


@permits("signature-valid")
def test_a_payment_instruction_is_signed_over_what_is_paid() -> None:
    story = accepted()
    mine = registered(person="finance-1")
    act = signed(story, pays("M1", 500))
    assert isinstance(passes(story, act, mine)[0], PaymentInstructed)


@refuses("signature-valid")
def test_a_signed_payment_of_one_unit_more() -> None:
    story = accepted()
    signature = MANAGER.signature(statement(story, pays("M1", 500)))
    act = signs(pays("M1", 501), signature)
    fails(story, act, "signature-valid", registered(person="finance-1"))


# --- signature-used-once -----------------------------------------------------------------------------------


@permits("signature-used-once")
def test_the_same_payment_again_is_signed_again() -> None:
    story = accepted()
    for nonce in ("n1", "n2"):
        act = signed(story, pays("M1", 500), nonce=nonce)
        passes(story, act, registered(person="finance-1"))


@refuses("signature-used-once")
def test_a_signature_does_not_serve_for_the_same_payment_again() -> None:
    story, mine = accepted(), registered(person="finance-1")
    act = signed(story, pays("M1", 500))
    passes(story, act, mine)
    fails(story, act, "signature-used-once", mine)


@refuses("signature-used-once")
def test_a_withdrawn_approval_is_not_given_again_by_its_old_signature() -> None:
    story = waiting(approval=(Tier(quorum={"manager": 2}),))
    act = signed(story, approves("M1"))
    passes(story, act)
    play(story, withdraws("M1"))
    fails(story, act, "signature-used-once")


# --- the keys ----------------------------------------------------------------------------------------------

ADMINISTRATORS = ("admin-1", "admin-2", "manager-1")
PROPOSAL = ProposeSigner(person="manager-1", key=MANAGER.line, valid_from=TODAY)


class Keys:
    """The stream of keys, and what is asked of it."""

    def __init__(self) -> None:
        self.records: list[Any] = []

    def ask(self, intent: Intent, by: str) -> None:
        context, known = Context(actor=by, now=NOON), Known(keepers=ADMINISTRATORS)
        for event in decide(fold(self.records), intent, context, "~signers", known):
            self.records.append(record(event, len(self.records) + 1, by, "~signers"))

    def refuses(self, intent: Intent, by: str, code: str) -> None:
        with pytest.raises(LedgerError) as refusal:
            self.ask(intent, by)
        assert refusal.value.code == code
        assert refusal.value.hint
        assert isinstance(refusal.value, Refused) == (code not in INPUT)


INPUT = ("key-unreadable", "signer-validity-empty", "signer-unknown", "signer-name-unwritable")


def proposed() -> Keys:
    keys = Keys()
    keys.ask(PROPOSAL, "admin-1")
    return keys


@permits("keys-kept-by-administrators")
@permits("own-key-kept-by-others")
@permits("key-approved-by-another")
@permits("key-step-in-turn")
@permits("key-registered-once")
def test_a_key_proposed_by_one_administrator_and_approved_by_another_counts_from_then_on() -> None:
    keys = proposed()
    assert not fold(keys.records).of("manager-1", MANAGER.fingerprint)
    keys.ask(ApproveSigner(proposal=1), "admin-2")
    (signer,) = fold(keys.records).of("manager-1", MANAGER.fingerprint)
    assert signer.valid_on(TODAY)


@refuses("keys-kept-by-administrators")
def test_whoever_administers_no_contract_keeps_no_keys() -> None:
    Keys().refuses(PROPOSAL, "manager-2", "keys-kept-by-administrators")
    proposed().refuses(ApproveSigner(proposal=1), "manager-2", "keys-kept-by-administrators")
    proposed().refuses(RevokeSigner(proposal=1), "manager-2", "keys-kept-by-administrators")


@permits("keys-kept-by-administrators")
def test_a_key_is_revoked_by_its_owner_from_today_on_and_dated_back_by_an_administrator() -> None:
    theirs = ProposeSigner(person="clerk", key=MANAGER.line, valid_from=TODAY)
    for intent, by in (
        (RevokeSigner(proposal=1), "clerk"),
        (RevokeSigner(proposal=1, on=day(11, 1)), "admin-2"),
    ):
        keys = Keys()
        keys.ask(theirs, "admin-1")
        keys.ask(intent, by)
        assert fold(keys.records).keys[1].status == "revoked"


@refuses("keys-kept-by-administrators")
def test_nobody_takes_back_alone_what_they_signed_yesterday() -> None:
    keys = Keys()
    keys.ask(ProposeSigner(person="clerk", key=MANAGER.line, valid_from=TODAY), "admin-1")
    yesterday = RevokeSigner(proposal=1, on=day(11, 21))
    keys.refuses(yesterday, "clerk", "keys-kept-by-administrators")


@refuses("own-key-kept-by-others")
def test_an_administrator_neither_proposes_nor_approves_their_own_key() -> None:
    Keys().refuses(PROPOSAL, "manager-1", "own-key-kept-by-others")
    proposed().refuses(ApproveSigner(proposal=1), "manager-1", "own-key-kept-by-others")


@refuses("key-approved-by-another")
def test_who_proposed_a_key_does_not_approve_it() -> None:
    proposed().refuses(ApproveSigner(proposal=1), "admin-1", "key-approved-by-another")


@refuses("key-step-in-turn")
def test_a_key_is_approved_once_and_revoked_once() -> None:
    keys = proposed()
    keys.ask(ApproveSigner(proposal=1), "admin-2")
    keys.refuses(ApproveSigner(proposal=1), "admin-2", "key-step-in-turn")
    keys.ask(RevokeSigner(proposal=1), "admin-2")
    keys.refuses(RevokeSigner(proposal=1), "admin-2", "key-step-in-turn")
    keys.refuses(ApproveSigner(proposal=1), "admin-2", "key-step-in-turn")
    assert not fold(keys.records).keys[1].valid_on(TODAY)


@refuses("key-registered-once")
@pytest.mark.parametrize("person", ["manager-1", "manager-2"])
def test_a_key_is_not_registered_again_while_it_counts_nor_for_another(person: str) -> None:
    again = structs.replace(PROPOSAL, person=person)
    proposed().refuses(again, "admin-2", "key-registered-once")


@permits("key-registered-once")
def test_a_revoked_key_may_be_registered_again_for_the_same_person_only() -> None:
    keys = proposed()
    keys.ask(RevokeSigner(proposal=1), "admin-1")
    keys.refuses(structs.replace(PROPOSAL, person="manager-2"), "admin-1", "key-registered-once")
    keys.ask(PROPOSAL, "admin-2")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"key": "no key"}, "key-unreadable"),
        ({"valid_until": day(11, 21)}, "signer-validity-empty"),
        ({"person": "manager-*"}, "signer-name-unwritable"),
        ({"person": "a,b"}, "signer-name-unwritable"),
    ],
)
def test_what_cannot_be_a_key_or_a_signer_is_refused(change: dict[str, Any], code: str) -> None:
    Keys().refuses(structs.replace(PROPOSAL, **change), "admin-1", code)


def test_a_key_may_be_valid_for_one_day() -> None:
    keys = Keys()
    keys.ask(structs.replace(PROPOSAL, valid_until=PROPOSAL.valid_from), "admin-1")
    keys.ask(ApproveSigner(proposal=1), "admin-2")
    key = fold(keys.records).keys[1]
    assert key.valid_on(PROPOSAL.valid_from)
    assert not key.valid_on(PROPOSAL.valid_from + timedelta(days=1))


def test_no_step_of_a_key_is_dated_tomorrow() -> None:
    tomorrow = structs.replace(PROPOSAL, on=day(11, 23))
    Keys().refuses(tomorrow, "admin-1", "not-after-today")


def test_a_step_of_a_key_that_was_never_proposed() -> None:
    proposed().refuses(ApproveSigner(proposal=7), "admin-2", "signer-unknown")
