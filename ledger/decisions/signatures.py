"""An act and its signature: what is signed is checked against the statement of the very event that is recorded."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from ledger.decisions.case import Case, judge
from ledger.decisions.rules_signed import (
    Signed,
    approval_signed_where_the_tier_demands,
    signature_used_once,
    signature_valid,
)
from ledger.events import ApprovalGranted, PaymentInstructed, Signature
from ledger.statements import AnyStatement, administrators_ever, statement_of
from ledger.terms import Terms, Tier

Act = TypeVar("Act", ApprovalGranted, PaymentInstructed)


def tier_of(terms: Terms, amount_minor: int | None) -> Tier | None:
    """The tier that an amount falls in, of an amount that is not known (None) the highest; None where there is none."""
    if amount_minor is None:
        return terms.approval[-1] if terms.approval else None
    for one in terms.approval:
        if one.up_to_minor is None or amount_minor <= one.up_to_minor:
            return one
    return None


def tier_signs(terms: Terms, amount_minor: int | None) -> bool:
    """Whether approvals of this amount carry a signature."""
    found = tier_of(terms, amount_minor)
    return found is not None and found.signatures


def policy_signs(terms: Terms) -> bool:
    """Whether any tier wants signatures: then who may change policy and roles signs too, or the tier is hollow."""
    return any(tier.signatures for tier in terms.approval)


def signed(case: Case, act: Act, signature: Signature | None, *, demanded: bool = False) -> Act:
    """The act with its signature; refuses one that does not count, and none where it is demanded."""
    statement: AnyStatement | None = None
    if signature is not None:
        statement = statement_of(
            case.state,
            act,
            by=case.actor,
            ledger_id=case.known.ledger_id,
            nonce=signature.nonce,
        )
    registrars = () if signature is None else administrators_ever(case.state)
    judge(
        case.about(Signed(signature, statement, registrars, demanded)),
        approval_signed_where_the_tier_demands,
        signature_used_once,
        signature_valid,
    )
    return act if signature is None else msgspec.structs.replace(act, signature=signature)
