"""Signed: the rules on signatures, and on the keys that make them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

import msgspec

from ledger.calendars import today_in
from ledger.decisions.case import Case, Objection, rule
from ledger.events import Signature
from ledger.proof.sshsig import PublicKey
from ledger.signers import Signer, Signers
from ledger.statements import AnyStatement, fault

# --- on an act ---------------------------------------------------------------------------------------------


class Signed(msgspec.Struct, frozen=True):
    """A signature and the statement that it must be of, both None where there is none; `registrars` are those whose
    registration of a key counts, `demanded` whether the policy wants a signature.
    """

    signature: Signature | None
    statement: AnyStatement | None
    registrars: Collection[str]
    demanded: bool = False


@rule("Where the tier demands signatures, an approval carries one.")
def approval_signed_where_the_tier_demands(case: Case[Signed]) -> Objection | None:
    if not case.subject.demanded or case.subject.signature is not None or case.known.drafting:
        return None
    return Objection(
        f"the policy of {case.state.id} wants this approval signed", "approve with --sign"
    )


@rule("No signature serves twice.")
def signature_used_once(case: Case[Signed]) -> Objection | None:
    signature = case.subject.signature
    if signature is None or (signature.nonce and signature.nonce not in case.state.nonces):
        return None
    return Objection(
        f"the nonce {signature.nonce!r} was signed before in {case.state.id}", "sign again: --sign"
    )


@rule(
    "A signature is by a registered key of the actor, valid that day and now, on exactly this act."
)
def signature_valid(case: Case[Signed]) -> Objection | None:
    signature, statement = case.subject.signature, case.subject.statement
    if signature is None:
        return None
    assert statement is not None
    # Keys are kept in a stream of no zone: what counts is the day of recording in UTC.
    days = (case.on, today_in("UTC", case.context.now))
    found = fault(statement, signature, case.known.signers, case.subject.registrars, days)
    return None if found is None else Objection(found.message, found.hint)


# --- on the keys of the ledger -----------------------------------------------------------------------------


class OfOwner(msgspec.Struct, frozen=True):
    """Who may revoke the key as its owner; None where the step is no revocation."""

    owner: str | None


class OfPerson(Protocol):
    """A key of somebody."""

    @property
    def person(self) -> str: ...


class NewKey(msgspec.Struct, frozen=True):
    """A key that is proposed for a person, and those that there are."""

    person: str
    key: PublicKey
    signers: Signers


class KeyStep(msgspec.Struct, frozen=True):
    """A key that is to be approved or revoked, and the statuses from which that goes."""

    signer: Signer
    standing: tuple[str, ...]

    @property
    def person(self) -> str:
        return self.signer.person


@rule(
    "Signing keys are kept by administrators of contracts; their owner may revoke one from today on."
)
def keys_kept_by_administrators(case: Case[OfOwner]) -> Objection | None:
    if case.actor in case.known.keepers:
        return None
    if case.actor != case.subject.owner:
        return Objection(
            f"{case.actor} is not an administrator of any contract",
            "act as somebody whom a contract names as one: mledger contract list",
        )
    if case.on == case.today:
        return None
    # Else people could take back what they signed, alone.
    return Objection(
        f"{case.actor} may revoke their own key from today on, not from {case.on}",
        "an administrator revokes it from an earlier day",
    )


@rule("Nobody proposes or approves a signing key of their own.")
def own_key_kept_by_others(case: Case[OfPerson]) -> Objection | None:
    if case.actor != case.subject.person:
        return None
    return Objection(
        f"the key is {case.actor}'s own", "two other administrators propose and approve it"
    )


@rule("A signing key is proposed by one administrator and approved by another.")
def key_approved_by_another(case: Case[KeyStep]) -> Objection | None:
    if case.actor != case.subject.signer.proposed_by:
        return None
    return Objection(f"{case.actor} proposed this key", "another administrator approves it")


@rule("A signing key is approved while it waits, and revoked once.")
def key_step_in_turn(case: Case[KeyStep]) -> Objection | None:
    signer = case.subject.signer
    if signer.status in case.subject.standing:
        return None
    return Objection(
        f"key #{signer.version} of {signer.person} is {signer.status}",
        "see mledger signer list",
    )


@rule("A signing key is registered once, and never for two people.")
def key_registered_once(case: Case[NewKey]) -> Objection | None:
    for signer in case.subject.signers.keys.values():
        theirs = signer.person != case.subject.person
        if signer.key == case.subject.key and (theirs or signer.status != "revoked"):
            return Objection(
                f"{signer.key.fingerprint} is key #{signer.version}, of {signer.person}",
                "each person makes a key of their own: ssh-keygen -t ed25519",
            )
    return None
