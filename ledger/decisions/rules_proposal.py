"""Proposals: what state they must be in, what they may change, and what they rest on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from ledger.decisions.case import Case, Objection, rule
from ledger.events import Revision
from ledger.money import UNKNOWN_CURRENCY
from ledger.premises import Change, changes_since, in_words


class Renewable(msgspec.Struct, frozen=True):
    """Why the proposal, if it is outdated, could not be proposed anew; "" where it could."""

    not_renewable: str


@rule(
    "A proposal is approved on the values that it was drafted from; outdated, it is proposed anew."
)
def proposal_not_outdated(case: Case[Renewable]) -> Objection | None:
    """On its milestones' dates and amounts, its clauses, its acceptance: what its approvers are shown as before."""
    proposal = case.the_proposal()
    changes = changes_since(case.state, proposal)
    if not changes:
        return None
    name = f"{case.state.id}#{proposal.version}"
    said = "; ".join(_changed(case, change) for change in changes)
    if why := case.subject.not_renewable:
        hint = f"{why}: mledger milestone reject '{name}' --reason outdated"
    else:
        hint = f"propose it anew on what is in force: mledger contract renew '{name}'"
    return Objection(f"{name} is outdated: {said}", hint, {"changes": _facts(case, changes)})


def _changed(case: Case, change: Change) -> str:
    currency = case.state.terms.currency
    before = in_words(change.what, change.before, currency)
    after = in_words(change.what, change.after, currency)
    return f"{change.what} was {before} and is {after} since {case.state.id}#{change.by}"


def _facts(case: Case, changes: list[Change]) -> list[dict[str, Any]]:
    currency = case.state.terms.currency
    return [
        {
            "what": change.what,
            "before": in_words(change.what, change.before, currency),
            "after": in_words(change.what, change.after, currency),
            "by": f"{case.state.id}#{change.by}",
        }
        for change in changes
    ]


@rule("Only an outdated proposal is proposed anew.")
def proposal_outdated(case: Case) -> Objection | None:
    proposal = case.the_proposal()
    if changes_since(case.state, proposal):
        return None
    name = f"{case.state.id}#{proposal.version}"
    return Objection(
        f"{name} is up to date: nothing that it rests on has changed",
        f"approve it: mledger milestone approve '{name}'",
    )


class Revising(Protocol):
    """Something by which milestones are revised: each as it would be."""

    @property
    def revisions(self) -> Sequence[Revision]: ...


@rule("A change order is about milestones that are neither accepted nor cancelled.")
def revision_before_acceptance(case: Case[Revising]) -> Objection | None:
    for revision in case.subject.revisions:
        milestone = case.state.milestones[revision.milestone]
        if not milestone.is_open:
            return Objection(
                f"{case.state.id}/{milestone.id} is {milestone.status}",
                "after acceptance, a dispute or a bonus changes what is owed",
            )
    return None


@rule("A change order or amendment revises each milestone once.")
def milestone_revised_once(case: Case[Revising]) -> Objection | None:
    names = [revision.milestone for revision in case.subject.revisions]
    twice = sorted({name for name in names if names.count(name) > 1})
    if not twice:
        return None
    return Objection(f"{', '.join(twice)} is revised twice in it", "state its date and amount once")


@rule("An amendment keeps the contract's currency, once it is known.")
def amendment_keeps_currency(case: Case) -> Objection | None:
    assert case.terms is not None
    now, then = case.state.terms.currency, case.terms.currency
    if now in (then, UNKNOWN_CURRENCY):
        return None
    return Objection(
        f"contract {case.state.id} is in {now}, not in {then}",
        "sign another contract for another currency",
    )


@rule("An amendment keeps the contract's day of signature.")
def amendment_keeps_signature(case: Case) -> Objection | None:
    assert case.terms is not None
    now, then = case.state.terms.signed_on, case.terms.signed_on
    if now is None or now == then:
        return None
    return Objection(
        f"contract {case.state.id} was signed on {now}, not on {then}",
        f"leave signed_on at {now}: every fact is measured against it",
    )


class Changing(Protocol):
    """Something that is to change the contract, and whether it would."""

    @property
    def changes(self) -> bool: ...


@rule("A proposal changes something.")
def proposal_changes_something(case: Case[Changing]) -> Objection | None:
    if case.subject.changes:
        return None
    return Objection("it would leave everything as it is", "say what is to become different")


@rule("Only an open proposal is approved, rejected or withdrawn from.")
def proposal_open(case: Case) -> Objection | None:
    proposal = case.the_proposal()
    if proposal.status == "open":
        return None
    return Objection(
        f"{case.state.id}#{proposal.version} is {proposal.status}", "propose it anew if need be"
    )
