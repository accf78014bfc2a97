"""Change orders, amendments and roles: what they are about, the money they add, and what they do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from ledger.decisions.case import Case, find_milestone
from ledger.decisions.contracts import definition
from ledger.decisions.rules_money import commits
from ledger.events import (
    AmendmentPatch,
    ContractAmended,
    Fact,
    MilestonePatch,
    MilestoneRevised,
    OrderPatch,
    Revision,
    RoleChange,
    RoleGranted,
    RoleRevoked,
)
from ledger.patches import in_full, only, patched, set_terms, terms_patch
from ledger.rule_versions import FIRST
from ledger.state import ADMINISTRATOR
from ledger.terms import MilestonePlan, Terms


class Ordered(msgspec.Struct, frozen=True):
    """A change order: the milestones as they would be, and whether each differs."""

    revisions: tuple[Revision, ...]
    changes: bool

    @property
    def amounts(self) -> Iterator[int | None]:
        return (revision.amount_minor for revision in self.revisions)


class Amended(msgspec.Struct, frozen=True):
    """An amendment: what it defines, the milestones as they would be, whether anything differs, and who would gain a
    role or a delegation by it.
    """

    plans: tuple[MilestonePlan, ...]
    revisions: tuple[Revision, ...]
    changes: bool
    gaining: set[str]

    @property
    def amounts(self) -> Iterator[int | None]:
        yield from (plan.amount_minor for plan in self.plans)
        yield from (revision.amount_minor for revision in self.revisions)


class Granted(msgspec.Struct, frozen=True):
    """A role given or taken: whether it is not so already, and who would gain it."""

    changes: bool
    gaining: set[str]


def _revisions(case: Case, patches: tuple[MilestonePatch, ...]) -> tuple[int, tuple[Revision, ...]]:
    """The net money that the changes add to what is committed, and the milestones as they would be."""
    added, revisions = 0, []
    for patch in patches:
        milestone = find_milestone(case.state, patch.milestone)
        now = milestone.current
        case.rests_on = (*case.rests_on, milestone.version)
        revision = in_full(milestone, patch)
        revisions.append(revision)
        added += commits(milestone.kind, (revision.amount_minor or 0) - (now.amount_minor or 0))
    return added, tuple(revisions)


def _differs(case: Case, revision: Revision) -> bool:
    now = case.state.milestones[revision.milestone].current
    return (revision.due, revision.amount_minor) != (now.due, now.amount_minor)


def prepare_order(case: Case, content: OrderPatch) -> Ordered:
    """Every revision changes something, and together they stay within the ceiling."""
    case.amount_minor, revisions = _revisions(case, content.revisions)
    changes = bool(revisions) and all(_differs(case, each) for each in revisions)
    return Ordered(revisions, changes)


def prepare_amendment(case: Case, content: AmendmentPatch) -> Amended:
    """The next terms apply to what they add themselves: their ceiling, their milestones."""
    added, revisions = _revisions(case, content.revisions)
    defined = sum(commits(plan.kind, plan.amount_minor) for plan in content.define)
    case.amount_minor = added + defined
    case.terms = patched(case.state.terms, content.terms)
    changes = bool(
        list(set_terms(terms_patch(case.state.terms, case.terms)))
        or content.define
        or any(_differs(case, revision) for revision in revisions)
    )
    return Amended(content.define, revisions, changes, _gaining(case, case.terms))


def _gaining(case: Case, then: Terms) -> set[str]:
    """Whoever would hold a role or a delegation after an amendment that they do not hold now."""
    now = case.state.terms
    named = [(role, person) for role, people in then.roles.items() for person in people]
    named += [(ADMINISTRATOR, person) for person in then.administrators]
    roles = {person for role, person in named if not case.state.holds(role, person, case.today)}
    return roles | {d.to for d in then.delegations if d not in now.delegations}


def money_added(case: Case, content: Any) -> int | None:
    """What a change order or amendment adds to the contract as it is: every increase, no decrease set against it.

    None where an amount is not known, or will not be; the first release took that for nothing.
    """
    found = [plan.amount_minor for plan in getattr(content, "define", ())]
    for patch in content.revisions:
        milestone = case.state.milestones[patch.milestone]
        now, then = milestone.current.amount_minor or 0, in_full(milestone, patch).amount_minor
        found.append(None if then is None else max(0, then - now))
    known = [minor for minor in found if minor is not None]
    return sum(known) if len(known) == len(found) or case.context.rules == FIRST else None


def no_money(case: Case, content: Any) -> int:
    """It moves no money."""
    return 0


def _revised(case: Case, patch: MilestonePatch) -> MilestoneRevised:
    milestone = case.state.milestones[patch.milestone]
    revision = in_full(milestone, patch)
    return MilestoneRevised(
        on=case.on,
        rests_on=(milestone.version, *case.rests_on),
        milestone=milestone.id,
        due=revision.due,
        amount_minor=revision.amount_minor,
        proposal=case.the_proposal().version,
        only=only(patch),
    )


def revise(case: Case, content: OrderPatch) -> list[Fact]:
    """Each milestone gets its next baseline, in which what the order leaves open is as it was."""
    return [_revised(case, patch) for patch in content.revisions]


def amend(case: Case, content: AmendmentPatch) -> list[Fact]:
    """The next terms, then the milestones revised and defined under them."""
    proposal = case.the_proposal().version
    amended = ContractAmended(
        on=case.on,
        rests_on=case.rests_on,
        terms=patched(case.state.terms, content.terms),
        proposal=proposal,
        reason=content.reason,
        changes=tuple(name for name, _ in set_terms(content.terms)),
    )
    revised = [_revised(case, patch) for patch in content.revisions]
    defined = [
        definition(plan, on=case.on, rests_on=case.rests_on, proposal=proposal)
        for plan in content.define
    ]
    return [amended, *revised, *defined]


def prepare_role(case: Case, content: RoleChange) -> Granted:
    """A grant gives what is not held, a revocation takes what is."""
    held = case.state.holds(content.role, content.person, case.today)
    return Granted(held != content.grant, {content.person} if content.grant else set())


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
