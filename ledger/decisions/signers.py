"""A signing key is proposed, approved and revoked: decisions on the stream `~signers`."""

from __future__ import annotations

from ledger.decisions.case import Case, judge, open_case
from ledger.decisions.contracts import no_contract
from ledger.decisions.rules_signed import (
    KeyStep,
    NewKey,
    OfOwner,
    key_approved_by_another,
    key_registered_once,
    key_step_in_turn,
    keys_kept_by_administrators,
    own_key_kept_by_others,
)
from ledger.decisions.rules_when import not_after_today
from ledger.decisions.rules_who import acting_for_another_needs_delegation
from ledger.errors import InputInvalid, NotFound
from ledger.events import Fact, SignerApproved, SignerProposed, SignerRevoked
from ledger.intents import ApproveSigner, Context, Intent, ProposeSigner, RevokeSigner
from ledger.known import Known
from ledger.proof.allowed_signers import check_principal
from ledger.proof.sshsig import parse_public_key
from ledger.signers import STREAM, Signer, Signers


def _case(intent: Intent, context: Context, known: Known, owner: str | None = None) -> Case:
    """A case about no contract; its days are UTC's."""
    case = open_case(no_contract(STREAM), intent, context, known=known)
    judge(
        case.about(OfOwner(owner)),
        acting_for_another_needs_delegation,
        keys_kept_by_administrators,
        not_after_today,
    )
    return case


def _find(signers: Signers, version: int) -> Signer:
    if version in signers.keys:
        return signers.keys[version]
    known = ", ".join(f"#{v}" for v in signers.keys)
    raise NotFound(
        "signer-unknown",
        f"no key was proposed as #{version}",
        hint=f"there are {known}: mledger signer list" if known else "none was proposed yet",
    )


def propose(signers: Signers, intent: ProposeSigner, context: Context, known: Known) -> list[Fact]:
    """Puts a person's key up for approval by another administrator."""
    key, person = parse_public_key(intent.key), check_principal(intent.person)
    if intent.valid_until is not None and intent.valid_until < intent.valid_from:
        raise InputInvalid(
            "signer-validity-empty",
            f"a key valid from {intent.valid_from} until {intent.valid_until} is never valid",
            hint="give a later --to, or leave it out",
        )
    case = _case(intent, context, known)
    judge(case.about(NewKey(person, key, signers)), own_key_kept_by_others, key_registered_once)
    return [
        SignerProposed(
            on=case.on,
            person=person,
            key=key.text,
            valid_from=intent.valid_from,
            valid_until=intent.valid_until,
        )
    ]


def approve(signers: Signers, intent: ApproveSigner, context: Context, known: Known) -> list[Fact]:
    """Lets a proposed key count."""
    signer = _find(signers, intent.proposal)
    case = _case(intent, context, known)
    step = case.about(KeyStep(signer, ("proposed",)))
    judge(step, key_step_in_turn, own_key_kept_by_others, key_approved_by_another)
    return [SignerApproved(on=case.on, rests_on=(signer.version,), proposal=signer.version)]


def revoke(signers: Signers, intent: RevokeSigner, context: Context, known: Known) -> list[Fact]:
    """Ends a key from a day on, by one administrator or its owner: a key in wrong hands does not wait for a second."""
    signer = _find(signers, intent.proposal)
    case = _case(intent, context, known, signer.person)
    judge(case.about(KeyStep(signer, ("proposed", "approved"))), key_step_in_turn)
    return [
        SignerRevoked(
            on=case.on,
            rests_on=(signer.version,),
            proposal=signer.version,
            reason=intent.reason,
        )
    ]
