"""Change orders, amendments and roles: what they are about, the money they add, and what they do."""

from __future__ import annotations

from typing import Any

from ledger.decisions.case import Case, find_milestone
from ledger.decisions.rules_money import commits
from ledger.decisions.signing import definition
from ledger.events import (
    Amendment,
    ChangeOrder,
    ContractAmended,
    Fact,
    MilestoneRevised,
    Revision,
    RoleChange,
    RoleGranted,
    RoleRevoked,
)
from ledger.state import ADMINISTRATOR


def _revisions(case: Case, revisions: tuple[Revision, ...]) -> int:
    """Puts the milestones revised on the case; the net money that the revisions add to what is committed."""
    added = 0
    for revision in revisions:
        milestone = find_milestone(case.state, revision.milestone)
        case.rests_on = (*case.rests_on, milestone.version)
        now = milestone.current.amount_minor
        added += commits(milestone.kind, (revision.amount_minor or 0) - (now or 0))
    case.facts["revisions"] = revisions
    return added


def _differs(case: Case, revision: Revision) -> bool:
    now = case.state.milestones[revision.milestone].current
    return (revision.due, revision.amount_minor) != (now.due, now.amount_minor)


def prepare_order(case: Case, content: ChangeOrder) -> None:
    """Every revision changes something, and together they stay within the ceiling."""
    case.amount_minor = _revisions(case, content.revisions)
    case.facts["changes"] = bool(content.revisions) and all(
        _differs(case, revision) for revision in content.revisions
    )


def prepare_amendment(case: Case, content: Amendment) -> None:
    """The next terms apply to what they add themselves: their ceiling, their milestones."""
    added = _revisions(case, content.revisions)
    defined = sum(commits(plan.kind, plan.amount_minor) for plan in content.define)
    case.amount_minor = added + defined
    case.terms = content.terms
    case.facts["plans"] = list(content.define)
    case.facts["changes"] = bool(
        content.terms != case.state.terms
        or content.define
        or any(_differs(case, revision) for revision in content.revisions)
    )
    case.facts["gaining"] = _gaining(case, content)


def _gaining(case: Case, content: Amendment) -> set[str]:
    """Whoever would hold a role or a delegation after an amendment that they do not hold now."""
    now, then = case.state.terms, content.terms
    named = [(role, person) for role, people in then.roles.items() for person in people]
    named += [(ADMINISTRATOR, person) for person in then.administrators]
    roles = {person for role, person in named if not case.state.holds(role, person, case.today)}
    return roles | {d.to for d in then.delegations if d not in now.delegations}


def money_added(case: Case, content: Any) -> int:
    """What a change order or amendment adds: every increase, no decrease set against it."""
    added = sum(plan.amount_minor or 0 for plan in getattr(content, "define", ()))
    for revision in content.revisions:
        now = case.state.milestones[revision.milestone].current.amount_minor or 0
        added += max(0, (revision.amount_minor or 0) - now)
    return added


def no_money(case: Case, content: Any) -> int:
    """It moves no money."""
    return 0


def _revised(case: Case, revision: Revision) -> MilestoneRevised:
    version = case.state.milestones[revision.milestone].version
    return MilestoneRevised(
        on=case.on,
        rests_on=(version, *case.rests_on),
        milestone=revision.milestone,
        due=revision.due,
        amount_minor=revision.amount_minor,
        proposal=case.the_proposal().version,
    )


def revise(case: Case, content: ChangeOrder) -> list[Fact]:
    """Each milestone gets its next baseline."""
    return [_revised(case, revision) for revision in content.revisions]


def amend(case: Case, content: Amendment) -> list[Fact]:
    """The next terms, then the milestones revised and defined under them."""
    proposal = case.the_proposal().version
    amended = ContractAmended(
        on=case.on,
        rests_on=case.rests_on,
        terms=content.terms,
        proposal=proposal,
        reason=content.reason,
    )
    revised = [_revised(case, revision) for revision in content.revisions]
    defined = [
        definition(plan, on=case.on, rests_on=case.rests_on, proposal=proposal)
        for plan in content.define
    ]
    return [amended, *revised, *defined]


def prepare_role(case: Case, content: RoleChange) -> None:
    """A grant gives what is not held, a revocation takes what is."""
    held = case.state.holds(content.role, content.person, case.today)
    case.facts["changes"] = held != content.grant
    case.facts["gaining"] = {content.person} if content.grant else set()


def change_role(case: Case, content: RoleChange) -> list[Fact]:
    """The person holds the role from that day, or no longer."""
    event = RoleGranted if content.grant else RoleRevoked
    return [
        event(
            on=case.on,
            rests_on=case.rests_on,
            role=content.role,
            person=content.person,
            proposal=case.the_proposal().version,
        )
    ]
