"""Bonuses, waivers, resolutions and reversals: what they are about, their amounts, and the lines they post."""

from __future__ import annotations

from typing import Any

from ledger.decisions.adjusting import with_tax
from ledger.decisions.case import Case, find, find_milestone
from ledger.decisions.quorum import tier
from ledger.decisions.rules_money import Waiving
from ledger.decisions.signatures import tier_signs
from ledger.errors import NotFound
from ledger.events import (
    AcceptanceReversed,
    BonusAwarded,
    BonusProposal,
    BonusRevocation,
    BonusRevoked,
    DisputeResolved,
    Fact,
    Line,
    PenaltyWaived,
    Resolution,
    Reversal,
    Waiver,
)
from ledger.pricing.order import take_back
from ledger.rule_versions import FIRST
from ledger.state import Assessment, Award, Posted
from ledger.terms import Terms


def _on_milestone(case: Case, milestone: str) -> None:
    case.milestone = find_milestone(case.state, milestone)
    case.rests_on = (*case.rests_on, case.milestone.version)


def amount(case: Case, content: Any) -> int:
    """The amount proposed."""
    given: int = content.amount_minor
    return given


def _tied(case: Case, *versions: int) -> dict[str, Any]:
    milestone = case.the_milestone()
    return {
        "on": case.on,
        "rests_on": (milestone.version, *versions, *case.rests_on),
        "milestone": milestone.id,
        "proposal": case.the_proposal().version,
    }


def _corrected(case: Case, why: str, target: int) -> dict[str, Any]:
    """A correction of an error acts from its target's day and rests on its target only."""
    tied = _tied(case, target)
    if why == "error":
        tied |= {"rests_on": (target,)}
    return tied | {"why": why}


def _lines_of(case: Case, version: int) -> list[Posted]:
    return [p for p in case.the_milestone().lines if p.version == version]


# --- bonus ---------------------------------------------------------------------------------------------------


def prepare_bonus(case: Case, content: BonusProposal) -> None:
    """A discretionary bonus on a milestone, which rests on its acceptance."""
    _on_milestone(case, content.milestone)
    if (acceptance := case.the_milestone().acceptance) is not None:
        case.rests_on = (*case.rests_on, acceptance.version)
    case.amount_minor = content.amount_minor


def award(case: Case, content: BonusProposal) -> list[Fact]:
    """The bonus is owed; like every later line it leaves the payment due date alone."""
    acceptance = case.the_milestone().acceptance
    assert acceptance is not None
    line = Line(
        step="bonus",
        clause="discretionary",
        amount_minor=content.amount_minor,
        calculation={"reason": content.reason},
    )
    tied = _tied(case, acceptance.version)
    lines = with_tax(case, [line])
    return [BonusAwarded(**tied, kind="discretionary", lines=lines, reason=content.reason)]


def _award(case: Case, version: int) -> Award:
    return find(case.state, "bonus", case.state.awards, version)


def prepare_revocation(case: Case, content: BonusRevocation) -> Award:
    """A bonus of any kind, taken back."""
    _on_milestone(case, content.milestone)
    found = _award(case, content.bonus)
    if found.milestone != content.milestone:
        raise NotFound(
            "bonus-unknown",
            f"{case.state.id}#{content.bonus} is a bonus of {found.milestone}, not of {content.milestone}",
            hint=f"name {case.state.id}/{found.milestone}",
        )
    case.rests_on = (*case.rests_on, content.bonus)
    return found


def award_amount(case: Case, content: BonusRevocation) -> int:
    """The amount of the bonus that would be revoked."""
    return _award(case, content.bonus).amount_minor


def revocation_quorum(
    case: Case, content: BonusRevocation, amount_minor: int | None
) -> dict[str, int]:
    """The quorum of what it undoes: the policy that decided the bonus."""
    return tier(_award(case, content.bonus).terms, amount_minor)


def revocation_signs(case: Case, content: BonusRevocation, amount_minor: int | None) -> bool:
    """As the approval of what it undoes."""
    return tier_signs(_award(case, content.bonus).terms, amount_minor)


def revoke(case: Case, content: BonusRevocation) -> list[Fact]:
    """The bonus's lines are taken back."""
    posted = [p for p in _lines_of(case, content.bonus) if p.line.step == "bonus"]
    undone = take_back([p.line for p in posted], [p.version for p in posted])
    return [
        BonusRevoked(
            **_corrected(case, content.why, content.bonus),
            bonus=content.bonus,
            lines=with_tax(case, undone),
            reason=content.reason,
        )
    ]


# --- penalty -------------------------------------------------------------------------------------------------


def _assessment(case: Case, version: int) -> Assessment:
    return find(case.state, "penalty", case.state.assessments, version)


def prepare_waiver(case: Case, content: Waiver) -> Waiving:
    """A penalty given back in whole or in part."""
    _on_milestone(case, content.milestone)
    found = _assessment(case, content.penalty)
    case.rests_on = (*case.rests_on, content.penalty)
    case.amount_minor = content.amount_minor
    theirs = found.milestone == content.milestone
    return Waiving(found.amount_minor - found.waived_minor if theirs else 0)


def waive(case: Case, content: Waiver) -> list[Fact]:
    """A line in the penalty's own step gives it back."""
    line = Line(
        step="penalty",
        clause="waiver",
        amount_minor=content.amount_minor,
        calculation={"takes_back": str(content.penalty), "reason": content.reason},
    )
    return [
        PenaltyWaived(
            **_tied(case, content.penalty),
            penalty=content.penalty,
            lines=with_tax(case, [line]),
            reason=content.reason,
        )
    ]


# --- dispute -------------------------------------------------------------------------------------------------


def prepare_resolution(case: Case, content: Resolution) -> Resolution:
    """How an open dispute is to end."""
    dispute = find(case.state, "dispute", case.state.disputes, content.dispute)
    case.dispute = dispute
    _on_milestone(case, dispute.milestone)
    if dispute.milestone != content.milestone:
        raise NotFound(
            "dispute-unknown",
            f"{case.state.id}#{dispute.version} is about {dispute.milestone}, not {content.milestone}",
            hint=f"name {case.state.id}/{dispute.milestone}",
        )
    case.rests_on = (*case.rests_on, content.dispute)
    return content


def disputed(case: Case, content: Resolution) -> int | None:
    """The amount disputed; None where it is not known."""
    return case.the_dispute().amount_minor


def resolve(case: Case, content: Resolution) -> list[Fact]:
    """The dispute ends; what it decides is a line of its own."""
    line = Line(
        step="adjustment",
        clause="dispute",
        amount_minor=content.adjustment_minor,
        calculation={
            "outcome": content.outcome,
            "disputed_minor": str(case.the_dispute().amount_minor or 0),
            "dispute": str(content.dispute),
        },
    )
    return [
        DisputeResolved(
            **_tied(case, content.dispute),
            dispute=content.dispute,
            outcome=content.outcome,
            lines=with_tax(case, [line]) if content.adjustment_minor else (),
            reason=content.reason,
        )
    ]


# --- reversal of an acceptance ---------------------------------------------------------------------------------


def prepare_reversal(case: Case, content: Reversal) -> Reversal:
    """The acceptance in force of a milestone, taken back."""
    _on_milestone(case, content.milestone)
    acceptance = case.the_milestone().acceptance
    if acceptance is not None and acceptance.version != content.acceptance:
        raise NotFound(
            "acceptance-unknown",
            f"{case.state.id}/{content.milestone} was accepted by #{acceptance.version}",
            hint="name the acceptance that is in force",
        )
    case.rests_on = (*case.rests_on, content.acceptance)
    return content


def accepted_amount(case: Case, content: Reversal) -> int | None:
    """What was accepted, with the bonus that came with it: the amount that found the acceptance's tier."""
    acceptance = case.the_milestone().acceptance
    assert acceptance is not None
    if acceptance.accepted_minor is None and case.context.rules > FIRST:
        return None
    with_it = sum(
        award.amount_minor
        for award in case.state.awards.values()
        if award.milestone == content.milestone
        and award.version > acceptance.version
        and award.kind != "discretionary"
    )
    return (acceptance.accepted_minor or 0) + with_it


def reversal_quorum(case: Case, content: Reversal, amount_minor: int | None) -> dict[str, int]:
    """The quorum of what it undoes: the policy that stayed with the submission."""
    return tier(_decided_under(case), amount_minor)


def reversal_signs(case: Case, content: Reversal, amount_minor: int | None) -> bool:
    """As the approval of what it undoes."""
    return tier_signs(_decided_under(case), amount_minor)


def _decided_under(case: Case) -> Terms:
    acceptance = case.the_milestone().acceptance
    assert acceptance is not None
    return acceptance.submission.terms if acceptance.submission else acceptance.terms


def reverse(case: Case, content: Reversal) -> list[Fact]:
    """Every line since the acceptance is taken back, and the submission waits again."""
    posted = [p for p in case.the_milestone().lines if p.version >= content.acceptance]
    taken = take_back([p.line for p in posted], [p.version for p in posted])
    return [
        AcceptanceReversed(
            **_corrected(case, content.why, content.acceptance),
            acceptance=content.acceptance,
            lines=taken,
            reason=content.reason,
        )
    ]
