"""What a signature covers: the statement of one act, which anyone can write again from the log and compare.

A statement is canonical JSON (keys sorted by code point, no spaces, no newline), UTF-8:

    {"act":"approval","amount":{"currency":"CNY","minor":12000000},"by":"manager-1","contract":"BW-2026-014",
     "digest":"…","format":"mledger/statement/1","ledger":"…","nonce":"…","on":"2026-11-22","policy":1,
     "role":"manager","subject":{"kind":"submission","milestone":"M2","version":7}}

`ledger` is the ledger's own id; `digest` the SHA-256 that the approval binds to, of a payment that of what is
instructed; `amount` the part accepted, the proposal's amount, or the amount to pay; `policy` the version that put
the terms in force which decide the subject; `subject.version` the submission, proposal or acceptance. An act has
a namespace of its own, so that a signature for one is never taken for another. A step of a partner's account has
a `PayeeStatement`, with the act "payee".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import NamedTuple

import msgspec

from ledger.events import (
    ApprovalGranted,
    BankAccount,
    Fact,
    PayeeApproved,
    PayeeProposed,
    PaymentInstructed,
    Record,
    Signature,
    encode,
)
from ledger.evolve.common import digest
from ledger.payees import Payees
from ledger.proof.allowed_signers import write_line
from ledger.proof.sshsig import PublicKey, SignatureWrong, verify
from ledger.signers import Signer, Signers
from ledger.state import ADMINISTRATOR, Contract

FORMAT = "mledger/statement/1"
NAMESPACES = {
    "approval": "approval@mledger",
    "payment": "payment@mledger",
    "payee": "payee@mledger",
}
Signable = ApprovalGranted | PaymentInstructed
PayeeStep = PayeeProposed | PayeeApproved


class Amount(msgspec.Struct, frozen=True, kw_only=True):
    """Minor units of a currency."""

    minor: int
    currency: str


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What is approved or paid: a submission, a kind of proposal, an acceptance; a proposal names no milestone."""

    kind: str
    version: int
    milestone: str = ""


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """One act, as its actor signs it."""

    act: str
    amount: Amount
    by: str
    contract: str
    digest: str
    ledger: str
    nonce: str
    on: date | None
    policy: int
    role: str
    subject: Subject
    format: str = FORMAT

    @property
    def text(self) -> bytes:
        """The bytes that are signed."""
        return encode(self)

    @property
    def namespace(self) -> str:
        return NAMESPACES[self.act]

    @property
    def place(self) -> str:
        """Whose administrators register the keys that sign it."""
        return self.contract


class PayeeStatement(msgspec.Struct, frozen=True, kw_only=True):
    """A step in the life of a partner's account, as its actor signs it: `step` is propose or approve.

    `digest` is the SHA-256 of the partner and the account, `proposal` what is approved (0: this is the proposal).
    """

    by: str
    digest: str
    ledger: str
    nonce: str
    on: date | None
    partner: str
    proposal: int
    step: str
    act: str = "payee"
    format: str = FORMAT

    @property
    def text(self) -> bytes:
        """The bytes that are signed."""
        return encode(self)

    @property
    def namespace(self) -> str:
        return NAMESPACES[self.act]

    @property
    def place(self) -> str:
        """Whose administrators register the keys that sign it."""
        return f"a contract with {self.partner}"


AnyStatement = Statement | PayeeStatement


class Fault(NamedTuple):
    """Why a signature does not count: a stable name, what is wrong, and what to do next."""

    name: str
    message: str
    hint: str


def statement_of(
    before: Contract, event: Signable, *, by: str, ledger_id: str, nonce: str
) -> Statement:
    """The statement of an act, from its event and the contract as it was just before it."""
    if isinstance(event, PaymentInstructed):
        act, subject, minor, role = "payment", _paid(before, event), event.amount_minor, "finance"
        bound, policy = _instruction_digest(event, subject), before.policy()
    else:
        act, role, bound = "approval", event.role, event.digest
        subject, minor, policy = _approved(before, event)
    return Statement(
        act=act,
        amount=Amount(minor=minor, currency=before.terms.currency),
        by=by,
        contract=before.id,
        digest=bound,
        ledger=ledger_id,
        nonce=nonce,
        on=event.on,
        policy=policy,
        role=role,
        subject=subject,
    )


def _paid(before: Contract, event: PaymentInstructed) -> Subject:
    acceptance = before.milestones[event.milestone].acceptance
    version = acceptance.version if acceptance else 0
    return Subject(kind="acceptance", version=version, milestone=event.milestone)


def _instruction_digest(event: PaymentInstructed, subject: Subject) -> str:
    return digest(
        {
            "acceptance": subject.version,
            "amount_minor": event.amount_minor,
            "milestone": event.milestone,
            "run": event.run,
            **{name: value for name in _ALSO_PAID if (value := getattr(event, name))},
        }
    )


# What an instruction may say besides; absent where it says nothing, so that older signatures stay good.
_ALSO_PAID = ("account", "discount_minor", "exchange", "payee", "release", "transfer")


def _approved(before: Contract, event: ApprovalGranted) -> tuple[Subject, int, int]:
    """The subject, its amount, and the version of the policy that stays with it."""
    if event.milestone:
        submissions = before.milestones[event.milestone].submissions
        first = next((s.first for s in submissions if s.version == event.subject), event.subject)
        subject = Subject(kind="submission", version=event.subject, milestone=event.milestone)
        return subject, event.accepted_minor or 0, before.policy(first)
    proposal = before.proposals[event.subject].event
    kind = str(proposal.content.__struct_config__.tag)
    subject = Subject(kind=kind, version=event.subject)
    return subject, proposal.amount_minor, before.policy(event.subject)


def payee_statement(
    event: PayeeStep,
    partner: str,
    account: BankAccount,
    *,
    by: str,
    ledger_id: str,
    nonce: str,
) -> PayeeStatement:
    """The statement of a step of an account, from its event and what was proposed."""
    return PayeeStatement(
        by=by,
        digest=digest({"account": account, "partner": partner}),
        ledger=ledger_id,
        nonce=nonce,
        on=event.on,
        partner=partner,
        proposal=event.proposal if isinstance(event, PayeeApproved) else 0,
        step="approve" if isinstance(event, PayeeApproved) else "propose",
    )


def signature_of(event: Fact) -> Signature | None:
    """The signature that an event carries, if it is of a kind that can."""
    return event.signature if isinstance(event, Signable | PayeeStep) else None


def recomputed(before: Contract, record: Record, ledger_id: str) -> Statement:
    """The statement that a signed record stands for, written again from the log."""
    event = record.data
    assert isinstance(event, Signable) and event.signature is not None
    nonce = event.signature.nonce
    return statement_of(before, event, by=record.actor, ledger_id=ledger_id, nonce=nonce)


def recomputed_payee(before: Payees, record: Record, ledger_id: str) -> PayeeStatement:
    """The same, of a signed step of a partner's account."""
    event = record.data
    assert isinstance(event, PayeeStep) and event.signature is not None
    if isinstance(event, PayeeApproved):
        payee = before.accounts[event.proposal]
        partner, account = payee.partner, payee.account
    else:
        partner, account = event.partner, event.account
    said = {"by": record.actor, "ledger_id": ledger_id, "nonce": event.signature.nonce}
    return payee_statement(event, partner, account, **said)


def signing_key(statement: AnyStatement, signature: Signature) -> PublicKey | Fault:
    """The key that signed exactly this statement for its act; raises InputInvalid where it is no signature at all."""
    again = "sign again: --sign"
    try:
        key = verify(signature.armored, statement.text, statement.namespace)
    except SignatureWrong as wrong:
        return Fault("signature-wrong", f"the signature does not count: {wrong}", again)
    if key.fingerprint != signature.key:
        return Fault(
            "key-misnamed", f"it is by {key.fingerprint}, and names {signature.key}", again
        )
    return key


def key_fault(
    statement: AnyStatement, key: PublicKey, signers: Signers, days: Iterable[date | None]
) -> Fault | None:
    """Why a key does not sign for the statement's actor on all of the days, or None."""
    registered = signers.of(statement.by, key.fingerprint)
    named = f"the key {key.fingerprint}"
    if not registered:
        return Fault(
            "key-unknown",
            f"{named} is not an approved key of {statement.by}",
            "two administrators register it: mledger signer propose, then approve",
        )
    for day in days:
        if not any(signer.valid_on(day) for signer in registered):
            return Fault(
                "key-not-valid",
                f"{named} of {statement.by} is not valid on {day}",
                "mledger signer list shows its days; sign with a key that is valid then",
            )
    return None


def keeper_fault(
    statement: AnyStatement, key: PublicKey, signers: Signers, administrators: Collection[str]
) -> Fault | None:
    """Why a registered key is none for this contract: both who registered it must be its administrators.

    Anyone may sign a contract that names themselves; what they register there is worth nothing elsewhere.
    """
    for signer in signers.of(statement.by, key.fingerprint):
        if signer.proposed_by in administrators and signer.approved_by in administrators:
            return None
    return Fault(
        "key-of-strangers",
        f"the key {key.fingerprint} was not registered by two administrators of {statement.place}",
        "two administrators of the contract register it: mledger signer propose, then approve",
    )


def administrators_ever(contract: Contract) -> set[str]:
    """Who is or was an administrator of the contract."""
    return {grant.person for grant in contract.grants if grant.role == ADMINISTRATOR}


def fault(
    statement: AnyStatement,
    signature: Signature,
    signers: Signers,
    administrators: Collection[str],
    days: Iterable[date | None],
) -> Fault | None:
    """Why a signature does not count for its statement, or None; raises InputInvalid where it cannot be read."""
    key = signing_key(statement, signature)
    if isinstance(key, Fault):
        return key
    return key_fault(statement, key, signers, days) or keeper_fault(
        statement, key, signers, administrators
    )


def allowed_line(signer: Signer) -> str:
    """The key's line in a file of allowed signers; "" for one that never counted on any day."""
    last = signer.last_day()
    if not signer.approved_by or (last is not None and last < signer.valid_from):
        return ""
    return write_line(
        signer.person, signer.key, sorted(NAMESPACES.values()), signer.valid_from, last
    )
