"""Who must approve, who did, and whether that is enough: the same for submissions and proposals."""

from __future__ import annotations

from collections.abc import Iterable

from ledger.decisions.case import Case, judge
from ledger.decisions.rules_money import (
    policy_covers_amount,
)
from ledger.decisions.rules_who import (
    Weighed,
    approval_fills_an_open_place,
    approver_holds_a_role_of_the_tier,
    holds,
    nobody_counts_twice,
)
from ledger.decisions.signatures import tier_of
from ledger.state import Approval
from ledger.terms import Terms


def tier(terms: Terms, amount_minor: int | None) -> dict[str, int]:
    """The head count per role that an amount needs; empty where the policy has no tier for it."""
    found = tier_of(terms, amount_minor)
    return {} if found is None else dict(found.quorum)


def stricter(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    """The quorum that satisfies both."""
    return {
        role: max(one.get(role, 0), other.get(role, 0)) for role in dict.fromkeys([*one, *other])
    }


def counted(case: Case, approvals: Iterable[Approval], subject_digest: str) -> list[Approval]:
    """The approvals that still count: live, for this very content, by people who still hold the role."""
    return [
        a
        for a in approvals
        if a.live and a.digest == subject_digest and case.state.holds(a.role, a.actor, case.today)
    ]


def missing(quorum: dict[str, int], approvals: Iterable[Approval]) -> dict[str, int]:
    """How many of each role a quorum still lacks."""
    left = dict(quorum)
    for approval in approvals:
        left[approval.role] = left.get(approval.role, 0) - 1
    return {role: count for role, count in left.items() if count > 0}


def place(case: Case, asked: str, lacking: dict[str, int]) -> str:
    """The role in which the actor counts: the one asked for, else the first open one that they hold."""
    roles = [asked] if asked else list(lacking)
    return next((r for r in roles if r in lacking and holds(case, r, case.actor)), "")


def weigh(
    case: Case, approvals: list[Approval], subject_digest: str, quorum: dict[str, int], asked: str
) -> Weighed:
    """The approval at hand against the quorum, if every rule lets it pass that any approval needs."""
    given = counted(case, approvals, subject_digest)
    lacking = missing(quorum, given)
    weighed = Weighed(quorum, asked, given, lacking, place(case, asked, lacking))
    judge(case.about(quorum), policy_covers_amount)
    judge(
        case.about(weighed),
        approver_holds_a_role_of_the_tier,
        nobody_counts_twice,
        approval_fills_an_open_place,
    )
    return weighed
