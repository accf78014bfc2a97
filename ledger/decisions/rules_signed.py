"""Signed: the rules on signatures, and on the keys that make them."""

from __future__ import annotations

from ledger.calendars import today_in
from ledger.decisions.case import Case, Objection, rule
from ledger.events import Signature
from ledger.signers import Signer, Signers
from ledger.statements import AnyStatement, administrators_ever, fault

# --- on an act ---------------------------------------------------------------------------------------------


@rule("Where the tier demands signatures, an approval carries one.")
def approval_signed_where_the_tier_demands(case: Case) -> Objection | None:
    if not case.facts["demanded"] or case.facts["signature"] is not None or case.known.drafting:
        return None
    return Objection(
        f"the policy of {case.state.id} wants this approval signed", "approve with --sign"
    )


@rule("No signature serves twice.")
def signature_used_once(case: Case) -> Objection | None:
    signature: Signature | None = case.facts["signature"]
    if signature is None or (signature.nonce and signature.nonce not in case.state.nonces):
        return None
    return Objection(
        f"the nonce {signature.nonce!r} was signed before in {case.state.id}", "sign again: --sign"
    )


@rule(
    "A signature is by a registered key of the actor, valid that day and now, on exactly this act."
)
def signature_valid(case: Case) -> Objection | None:
    signature: Signature | None = case.facts["signature"]
    if signature is None:
        return None
    statement: AnyStatement = case.facts["statement"]
    # Keys are kept in a stream of no zone: what counts is the day of recording in UTC.
    days = (case.on, today_in("UTC", case.context.now))
    registrars = case.facts.get("registrars", administrators_ever(case.state))
    found = fault(statement, signature, case.known.signers, registrars, days)
    return None if found is None else Objection(found.message, found.hint)


# --- on the keys of the ledger -----------------------------------------------------------------------------


@rule(
    "Signing keys are kept by administrators of contracts; their owner may revoke one from today on."
)
def keys_kept_by_administrators(case: Case) -> Objection | None:
    if case.actor in case.known.keepers:
        return None
    if case.actor != case.facts.get("own"):
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
def own_key_kept_by_others(case: Case) -> Objection | None:
    if case.actor != case.facts["person"]:
        return None
    return Objection(
        f"the key is {case.actor}'s own", "two other administrators propose and approve it"
    )


@rule("A signing key is proposed by one administrator and approved by another.")
def key_approved_by_another(case: Case) -> Objection | None:
    signer: Signer = case.facts["signer"]
    if case.actor != signer.proposed_by:
        return None
    return Objection(f"{case.actor} proposed this key", "another administrator approves it")


@rule("A signing key is approved while it waits, and revoked once.")
def key_step_in_turn(case: Case) -> Objection | None:
    signer: Signer = case.facts["signer"]
    if signer.status in case.facts["from"]:
        return None
    return Objection(
        f"key #{signer.version} of {signer.person} is {signer.status}",
        "see mledger signer list",
    )


@rule("A signing key is registered once, and never for two people.")
def key_registered_once(case: Case) -> Objection | None:
    signers: Signers = case.facts["signers"]
    for signer in signers.keys.values():
        theirs = signer.person != case.facts["person"]
        if signer.key == case.facts["key"] and (theirs or signer.status != "revoked"):
            return Objection(
                f"{signer.key.fingerprint} is key #{signer.version}, of {signer.person}",
                "each person makes a key of their own: ssh-keygen -t ed25519",
            )
    return None
