"""Who: the rules on roles, delegation and separation of duties."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Set
from datetime import date
from typing import Protocol

import msgspec

from ledger.decisions.case import Case, Objection, rule
from ledger.state import Approval
from ledger.terms import Delegation


def holds(case: Case, role: str, person: str) -> bool:
    """Whether a person holds a role both on the effective date and when recording."""
    return case.state.holds(role, person, case.on) and case.state.holds(role, person, case.today)


def _when(case: Case) -> str:
    """The days on which a role is held: a correction of what is not pending has no day of its own."""
    return "today" if case.on is None else f"on {case.on} and today"


def _covers(delegation: Delegation, case: Case) -> bool:
    return (
        delegation.of == case.actor
        and delegation.to == case.context.authenticated_as
        and delegation.holds(case.today)
    )


def _for_another(case: Case, roles: Iterable[str]) -> str:
    """For whom the actor may act who holds one of the roles, as it is typed; "" where there is nobody."""
    for delegation in case.state.terms.delegations:
        mine = delegation.to == case.actor and delegation.holds(case.today)
        if mine and any(holds(case, role, delegation.of) for role in roles):
            return f"act for {delegation.of}, as is delegated to you: --as {shlex.quote(delegation.of)}"
    return ""


@rule("Where the store authenticates, acting for another needs a delegation in the contract.")
def acting_for_another_needs_delegation(case: Case) -> Objection | None:
    context = case.context
    if not context.authenticating or context.authenticated_as == context.actor:
        return None
    if any(_covers(delegation, case) for delegation in case.state.terms.delegations):
        return None
    return Objection(
        f"{context.authenticated_as} is logged in and may not act for {context.actor}",
        f"log in as {context.actor}, or add a delegation to the contract",
    )


@rule("The actor holds one of the roles that the act needs, on its day and when recording it.")
def actor_holds_role(case: Case) -> Objection | None:
    if any(holds(case, role, case.actor) for role in case.roles):
        return None
    wanted = " or ".join(case.roles)
    people = sorted({g.person for g in case.state.grants if g.role in case.roles and not g.until})
    return Objection(
        f"{case.actor} is not {wanted} in {case.state.id} {_when(case)}",
        _for_another(case, case.roles)
        or (
            f"act as one of: {', '.join(people)}" if people else f"an administrator grants {wanted}"
        ),
    )


@rule("A contract is signed by an administrator whom it names.")
def signed_by_named_administrator(case: Case) -> Objection | None:
    assert case.terms is not None
    if case.actor in case.terms.administrators:
        return None
    return Objection(
        f"{case.actor} is not an administrator of {case.state.id}",
        "sign --as one of: " + (", ".join(case.terms.administrators) or "(none is named)"),
    )


@rule("The person who submitted does not approve.")
def submitter_does_not_approve(case: Case) -> Objection | None:
    assert case.submission is not None
    policy = case.submission.terms  # the one in force then stays with it
    if not policy.separation or case.actor not in case.submission.submitters:
        return None
    return Objection(
        f"{case.actor} submitted {case.the_milestone().id} and does not approve it",
        "somebody else who holds the tier's role approves",
    )


@rule("The person who proposed does not approve.")
def proposer_does_not_approve(case: Case) -> Objection | None:
    if not case.the_proposal().terms.separation or case.the_proposal().actor != case.actor:
        return None
    return Objection(
        f"{case.actor} proposed {case.state.id}#{case.the_proposal().version}",
        "somebody else who holds the tier's role approves",
    )


@rule("Whoever opened a dispute does not resolve it.")
def opener_does_not_resolve(case: Case) -> Objection | None:
    if not case.state.terms.separation or case.the_dispute().actor != case.actor:
        return None
    return Objection(
        f"{case.actor} opened the dispute {case.state.id}#{case.the_dispute().version}",
        "somebody else proposes and approves the resolution",
    )


class Granting(Protocol):
    """Something by which people may gain a role or a delegation."""

    @property
    def gaining(self) -> Set[str]: ...


@rule("Nobody grants a role or a delegation to themselves, or takes part in it.")
def nobody_grants_to_themselves(case: Case[Granting]) -> Objection | None:
    if not case.state.terms.separation or case.actor not in case.subject.gaining:
        return None
    return Objection(
        f"{case.actor} would gain a role or a delegation by it", "two other administrators grant it"
    )


class Weighed(msgspec.Struct, frozen=True):
    """An approval against the quorum that is needed, a head count per role: `asked` is the role in which it is given,
    if one is said, `counted` the approvals that count already, `missing` whom the quorum still lacks, and `role` the
    role in which this one counts ("" for none).
    """

    quorum: dict[str, int]
    asked: str
    counted: list[Approval]
    missing: dict[str, int]
    role: str

    @property
    def is_last(self) -> bool:
        """Whether this approval is the last one needed."""
        return sum(self.missing.values()) == 1

    def decided_on(self, on: date | None) -> date | None:
        """The effective date of the decision if this approval, given on a day, makes it: the latest day of them all."""
        days = [*(approval.on for approval in self.counted), on]
        return max((day for day in days if day is not None), default=None)


@rule("Nobody counts twice.")
def nobody_counts_twice(case: Case[Weighed]) -> Objection | None:
    for approval in case.subject.counted:
        if approval.actor == case.actor:
            return Objection(
                f"{case.actor} approved this already on {approval.on}",
                "somebody else approves, or withdraw the approval first",
            )
    return None


@rule("An approver holds a role of the tier, on the effective date and when recording.")
def approver_holds_a_role_of_the_tier(case: Case[Weighed]) -> Objection | None:
    quorum, asked = case.subject.quorum, case.subject.asked
    roles = [asked] if asked else list(quorum)
    if any(role in quorum and holds(case, role, case.actor) for role in roles):
        return None
    needed = ", ".join(f"{count} {role}" for role, count in quorum.items())
    return Objection(
        f"{case.actor} holds none of the roles that approve this ({needed}) {_when(case)}",
        _for_another(case, roles) or f"see who holds them: mledger contract show {case.state.id}",
    )


@rule("An approval fills a place that is still open in the tier.")
def approval_fills_an_open_place(case: Case[Weighed]) -> Objection | None:
    if case.subject.role:
        return None
    missing = ", ".join(f"{n} {role}" for role, n in case.subject.missing.items())
    return Objection(
        f"the places that {case.actor} could fill are filled", f"still needed: {missing}"
    )


def _shown(case: Case) -> str:
    """The command that shows who approved what the case is about."""
    if case.proposal is not None:
        return f"contract show '{case.state.id}#{case.proposal.version}'"
    return f"milestone show {case.state.id}/{case.the_milestone().id}"


@rule("Only the person who approved withdraws the approval, and before the decision.")
def only_own_live_approval_is_withdrawn(case: Case[Approval | None]) -> Objection | None:
    if case.subject is not None:
        return None
    return Objection(
        f"{case.actor} has no approval here that could be withdrawn",
        f"see who approved: mledger {_shown(case)}",
    )


class Step(msgspec.Struct, frozen=True):
    """The side of a dispute for which the actor takes the step; "" where they speak for neither."""

    side: str


@rule("A dispute's steps are taken by the side that opened it or answers it.")
def dispute_step_by_its_side(case: Case[Step]) -> Objection | None:
    if case.subject.side:
        return None
    return Objection(
        f"{case.actor} speaks for neither side in this step of the dispute",
        "the client's side is the manager's, the partner's side the partner's",
    )
