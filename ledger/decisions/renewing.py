"""A proposal that is outdated, drafted anew on what is in force: what it was to change, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

from msgspec.structs import replace

from ledger.decisions.effects_termination import fee_by_clause, not_performed
from ledger.events import (
    AmendmentPatch,
    BonusProposal,
    MilestonePatch,
    OrderPatch,
    Proposed,
    Reversal,
    Share,
    Termination,
    TermsPatch,
)
from ledger.money import round_minor
from ledger.patches import set_promises, set_terms, term, without
from ledger.premises import promised
from ledger.state import Contract, Proposal


def renewed(state: Contract, proposal: Proposal) -> Proposed:
    """The content that proposes the same changes on the contract as it is."""
    content = proposal.content
    then = {premise.what: premise.value for premise in proposal.premises}
    if isinstance(content, OrderPatch):
        return replace(content, revisions=tuple(_revisions(state, content.revisions, then)))
    if isinstance(content, AmendmentPatch):
        terms = _terms(state, content.terms, then)
        changes = tuple(_revisions(state, content.revisions, then))
        return replace(content, terms=terms, revisions=changes)
    if isinstance(content, Reversal):
        acceptance = state.milestones[content.milestone].acceptance
        return content if acceptance is None else replace(content, acceptance=acceptance.version)
    if isinstance(content, Termination):
        return _termination(state, proposal, content, then)
    return content


def nothing_left(state: Contract, content: Proposed) -> bool:
    """Whether a content drafted anew would change nothing, or has lost what it is about."""
    if isinstance(content, OrderPatch):
        return not content.revisions
    if isinstance(content, AmendmentPatch):
        return not (content.revisions or content.define or list(set_terms(content.terms)))
    if isinstance(content, Reversal | BonusProposal):
        return state.milestones[content.milestone].acceptance is None
    return False


def _revisions(
    state: Contract, patches: Iterable[MilestonePatch], then: dict[str, Any]
) -> Iterator[MilestonePatch]:
    """What each was to change and still changes; one that states everything meant only what differed then."""
    for patch in patches:
        milestone = state.milestones[patch.milestone]
        changes = {
            name: value
            for name, value in set_promises(patch)
            if value != then.get(f"{milestone.id} {name.removesuffix('_minor')}")
            and value != promised(milestone, name)[0]
        }
        if changes:
            yield MilestonePatch(milestone=milestone.id, **changes)


def _terms(state: Contract, patch: TermsPatch, then: dict[str, Any]) -> TermsPatch:
    dropped = set()
    for name, value in set_terms(patch):
        people = isinstance(value, tuple) and name.partition(".")[0] in ("roles", "administrators")
        said = tuple(sorted(value)) if people else value
        if said == then.get(name) or said == term(state.terms, name):
            dropped.add(name)
    return without(patch, dropped)


def _termination(
    state: Contract, proposal: Proposal, content: Termination, then: dict[str, Any]
) -> Termination:
    """Each share as the part of the milestone that it was; a fee by the clause is reckoned again."""
    shares = tuple(_shares(state, content.shares, then))
    open_then = sum(v for what, v in then.items() if what.endswith(" amount") and _is_minor(v))
    given_up = open_then - sum(share.accepted_minor for share in content.shares)
    fee = content.fee_minor
    if then.get("termination") is not None and fee == fee_by_clause(proposal.terms, given_up):
        fee = fee_by_clause(state.terms, not_performed(state, shares))
    return replace(content, shares=shares, fee_minor=fee)


def _is_minor(value: object) -> bool:
    return isinstance(value, int)


def _shares(state: Contract, shares: Iterable[Share], then: dict[str, Any]) -> Iterator[Share]:
    for share in shares:
        milestone = state.milestones[share.milestone]
        whole, now = then.get(f"{milestone.id} amount"), milestone.current.amount_minor
        if not milestone.is_open:
            continue
        if not whole or now is None:
            yield share
            continue
        part = round_minor(Fraction(share.accepted_minor * now, whole), state.terms.rounding)
        yield replace(share, accepted_minor=part)
