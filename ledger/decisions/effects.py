"""The kinds of proposal: who proposes each, which rules judge it, who must approve, and what it then does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ledger.decisions import (
    effects_change,
    effects_money,
    effects_setoff,
    effects_termination,
)
from ledger.decisions.case import Case, Rule
from ledger.decisions.effects_money import reversal_quorum
from ledger.decisions.quorum import tier
from ledger.decisions.rules_endings import (
    advances_paid_before_termination,
    reversal_before_set_off,
    reversal_before_settlement,
    set_off_between_two,
    set_off_within_claim,
    set_off_within_payable,
    share_of_open_milestone,
    share_within_whole,
    termination_after_what_it_settles,
    termination_cancels_nothing_disputed,
    termination_decides_submissions,
)
from ledger.decisions.rules_money import (
    amount_above_zero,
    amounts_not_negative,
    committed_within_ceiling,
    resolution_fits_outcome,
    waiver_within_penalty,
)
from ledger.decisions.rules_proposal import (
    amendment_keeps_currency,
    amendment_keeps_signature,
    milestone_revised_once,
    proposal_changes_something,
    revision_before_acceptance,
)
from ledger.decisions.rules_state import (
    bonus_not_revoked,
    dependencies_exist,
    dispute_open,
    milestone_accepted,
    milestone_defined_once,
    reversal_as_error_before_later_lines,
    reversal_before_payment,
    reversal_before_remainder,
)
from ledger.decisions.rules_when import contract_not_closed
from ledger.decisions.rules_who import nobody_grants_to_themselves, opener_does_not_resolve
from ledger.decisions.signatures import policy_signs, tier_signs
from ledger.events import (
    AmendmentPatch,
    BonusProposal,
    BonusRevocation,
    Fact,
    OrderPatch,
    Resolution,
    Reversal,
    RoleChange,
    SetOff,
    Termination,
    Waiver,
)
from ledger.state import ADMINISTRATOR
from ledger.terms import Terms


def policy(case: Case) -> Terms:
    """The terms whose policy decides: those in force when it was proposed stay with a proposal."""
    return case.state.terms if case.proposal is None else case.proposal.terms


def by_tier(case: Case, content: Any, amount_minor: int | None) -> dict[str, int]:
    """The tier of the policy."""
    return tier(policy(case), amount_minor)


def by_tier_and_administrator(case: Case, content: Any, amount_minor: int | None) -> dict[str, int]:
    """The tier of the money added, and an administrator besides; none where the policy has no such tier."""
    if amount_minor is not None and amount_minor <= 0:
        return {ADMINISTRATOR: 1}
    money = tier(policy(case), amount_minor)
    return money | {ADMINISTRATOR: 1} if money else {}


def by_administrator(case: Case, content: Any, amount_minor: int | None) -> dict[str, int]:
    """An administrator other than the one who proposes."""
    return {ADMINISTRATOR: 1}


def signs_by_tier(case: Case, content: Any, amount_minor: int | None) -> bool:
    """As the tier of the policy demands."""
    return tier_signs(policy(case), amount_minor)


def signs_by_policy(case: Case, content: Any, amount_minor: int | None) -> bool:
    """As any tier demands: else the demand could be amended away, or the role granted, without a signature."""
    return policy_signs(policy(case))


Asked = TypeVar("Asked")
Subject = TypeVar("Subject")


@dataclass(frozen=True, slots=True)
class Kind(Generic[Asked, Subject]):
    """One kind of proposal, by its content.

    `prepare` puts the things it is about on the case, and gives the subject of the rest; `rules` judge it when proposed
    and again when it takes effect, `approval_rules` whenever somebody approves; `amount` is what finds the tier, then
    and again now (None: not known, and so of the highest), `signs` says whether its approvals are signed.
    """

    proposed_by: tuple[str, ...]
    prepare: Callable[[Case, Asked], Subject]
    rules: tuple[Rule[Subject], ...]
    amount: Callable[[Case, Asked], int | None]
    take_effect: Callable[[Case[Subject], Asked], list[Fact]]
    quorum: Callable[[Case, Asked, int | None], dict[str, int]] = by_tier
    signs: Callable[[Case, Asked, int | None], bool] = signs_by_tier
    approval_rules: tuple[Rule[Subject], ...] = ()


KINDS: dict[type[Any], Kind[Any, Any]] = {
    OrderPatch: Kind(
        proposed_by=("manager",),
        prepare=effects_change.prepare_order,
        rules=(
            contract_not_closed,
            proposal_changes_something,
            milestone_revised_once,
            revision_before_acceptance,
            amounts_not_negative,
            committed_within_ceiling,
        ),
        amount=effects_change.money_added,
        take_effect=effects_change.revise,
    ),
    AmendmentPatch: Kind(
        proposed_by=(ADMINISTRATOR,),
        prepare=effects_change.prepare_amendment,
        rules=(
            contract_not_closed,
            amendment_keeps_currency,
            amendment_keeps_signature,
            proposal_changes_something,
            nobody_grants_to_themselves,
            milestone_revised_once,
            revision_before_acceptance,
            milestone_defined_once,
            dependencies_exist,
            amounts_not_negative,
            committed_within_ceiling,
        ),
        amount=effects_change.money_added,
        take_effect=effects_change.amend,
        quorum=by_tier_and_administrator,
        signs=signs_by_policy,
        approval_rules=(nobody_grants_to_themselves,),
    ),
    RoleChange: Kind(
        proposed_by=(ADMINISTRATOR,),
        prepare=effects_change.prepare_role,
        rules=(contract_not_closed, proposal_changes_something, nobody_grants_to_themselves),
        amount=effects_change.no_money,
        take_effect=effects_change.change_role,
        quorum=by_administrator,
        signs=signs_by_policy,
        approval_rules=(nobody_grants_to_themselves,),
    ),
    BonusProposal: Kind(
        proposed_by=("manager",),
        prepare=effects_money.prepare_bonus,
        rules=(amount_above_zero, milestone_accepted, committed_within_ceiling),
        amount=effects_money.amount,
        take_effect=effects_money.award,
    ),
    BonusRevocation: Kind(
        proposed_by=("manager",),
        prepare=effects_money.prepare_revocation,
        rules=(bonus_not_revoked,),
        amount=effects_money.award_amount,
        take_effect=effects_money.revoke,
        quorum=effects_money.revocation_quorum,
        signs=effects_money.revocation_signs,
    ),
    Waiver: Kind(
        proposed_by=("manager",),
        prepare=effects_money.prepare_waiver,
        rules=(amount_above_zero, waiver_within_penalty),
        amount=effects_money.amount,
        take_effect=effects_money.waive,
    ),
    Resolution: Kind(
        proposed_by=("manager",),
        prepare=effects_money.prepare_resolution,
        rules=(dispute_open, opener_does_not_resolve, resolution_fits_outcome),
        amount=effects_money.disputed,
        take_effect=effects_money.resolve,
        approval_rules=(dispute_open, opener_does_not_resolve),
    ),
    Reversal: Kind(
        proposed_by=("manager",),
        prepare=effects_money.prepare_reversal,
        rules=(
            milestone_accepted,
            reversal_before_settlement,
            reversal_before_set_off,
            reversal_before_payment,
            reversal_before_remainder,
            reversal_as_error_before_later_lines,
        ),
        amount=effects_money.accepted_amount,
        take_effect=effects_money.reverse,
        quorum=reversal_quorum,
        signs=effects_money.reversal_signs,
    ),
    SetOff: Kind(
        proposed_by=("manager", "finance"),
        prepare=effects_setoff.prepare,
        rules=(
            amount_above_zero,
            set_off_between_two,
            set_off_within_claim,
            set_off_within_payable,
        ),
        amount=effects_money.amount,
        take_effect=effects_setoff.set_off,
    ),
    Termination: Kind(
        proposed_by=(ADMINISTRATOR,),
        prepare=effects_termination.prepare,
        rules=(
            contract_not_closed,
            termination_after_what_it_settles,
            share_of_open_milestone,
            share_within_whole,
            termination_decides_submissions,
            termination_cancels_nothing_disputed,
            advances_paid_before_termination,
            committed_within_ceiling,
        ),
        amount=effects_termination.money_added,
        take_effect=effects_termination.terminate,
        quorum=by_tier_and_administrator,
    ),
}
