"""A note is added: anybody with a part in the contract may, at any time, for nothing follows from it."""

from __future__ import annotations

from typing import Any

from ledger.decisions.case import find_milestone, judge, open_case
from ledger.decisions.rules_when import DATES
from ledger.decisions.rules_who import acting_for_another_needs_delegation, actor_holds_role
from ledger.errors import InputInvalid, NotFound
from ledger.events import Fact, NoteAdded
from ledger.intents import AddNote, Context
from ledger.state import Contract


def add(state: Contract, intent: AddNote, context: Context) -> list[Fact]:
    """Keeps what somebody says of the contract, a milestone, or a fact by its version.

    Where nobody holds a role, as in what was imported, anybody may say it.
    """
    text = intent.text.strip()
    if not text:
        raise InputInvalid("note-empty", "the note is empty", hint="write what is to be kept")
    milestone, about = intent.milestone, 1
    if intent.milestone:
        about = find_milestone(state, intent.milestone).version
    elif intent.fact:
        require_fact(state.id, state.version, intent.fact)
        milestone, about = milestone_of(state, intent.fact), intent.fact
    roles = tuple(dict.fromkeys(grant.role for grant in state.grants))
    case = open_case(state, intent, context, rests_on=(about,), roles=roles)
    judge(case, acting_for_another_needs_delegation, *([actor_holds_role] if roles else []), *DATES)
    return [
        NoteAdded(
            on=case.on, rests_on=case.rests_on, text=text, milestone=milestone, fact=intent.fact
        )
    ]


def require_fact(contract: str, last: int, version: int) -> None:
    """Passes for the number of a fact of a contract, whose last one is `last`. Raises NotFound `reference-unknown`."""
    if not 1 <= version <= last:
        raise NotFound(
            "reference-unknown",
            f"{contract} has no #{version}: its last fact is #{last}",
            hint=f"see them all: mledger audit log --contract {contract}",
        )


def milestone_of(state: Contract, version: int) -> str:
    """The milestone that a dispute, payment, proposal, release, bonus or penalty is about; "" for any other fact."""
    some: tuple[dict[int, Any], ...] = (
        state.disputes,
        state.payments,
        state.awards,
        state.assessments,
    )
    for known in some:
        if version in known:
            return str(known[version].milestone)
    if (proposal := state.proposals.get(version)) is not None:
        named = str(getattr(proposal.content, "milestone", ""))
        return named if named in state.milestones else ""
    for milestone in state.milestones.values():
        its = (*milestone.submissions, *milestone.releases, milestone.acceptance)
        if any(one is not None and one.version == version for one in its):
            return milestone.id
    return ""
