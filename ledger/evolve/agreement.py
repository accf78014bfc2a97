"""How the events about the contract itself change its state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from ledger import events as e
from ledger.events import Fact, Record
from ledger.evolve.common import approved, touch
from ledger.patches import ROLES, set_terms, terms_patch, with_changes
from ledger.recorded import PROGRESS
from ledger.state import ADMINISTRATOR, Contract, Grant, Note
from ledger.terms import Terms


def _grants(terms: Terms, since: date | None) -> list[Grant]:
    granted = [
        Grant(role, person, since) for role, people in terms.roles.items() for person in people
    ]
    return granted + [Grant(ADMINISTRATOR, person, since) for person in terms.administrators]


def contract_signed(data: e.ContractSigned, record: Record) -> Contract:
    contract = Contract(
        record.stream_id, record.stream, data.terms, data.imported, record.actor, record.position
    )
    contract.grants = _grants(data.terms, None)
    contract.source_status = data.source_status
    contract.status_positions.append(record.position)
    contract.inferred = data.inferred
    return contract


def history_imported(contract: Contract, data: e.HistoryImported, record: Record) -> None:
    """What the source can tell is added to what was known of each of its milestones, and when it was heard of.

    What an import of an older release took over counts as known whole: it said nothing of what it could not tell.
    """
    if data.source:
        contract.sources[data.source, data.digest] = data.known_claim
    before = contract.told[-1][1] if contract.told else 0
    since = data.since or before + 1
    contract.told.append((since, record.version))
    if data.knows is not None:
        contract.told_whole = frozenset(data.whole) | (contract.told_whole or frozenset())
    heard_on = data.heard_on
    if data.knows is None and data.known_claim:
        heard_on = date.fromisoformat(data.known_claim[:10])
    out, silent = set(data.leaves_out), set(data.silent)
    for milestone in contract.milestones.values():
        if milestone.id in out:
            continue
        if data.knows is not None and (milestone.knows is not None or milestone.version >= since):
            told = frozenset(data.knows)
            told = told - PROGRESS if milestone.id in silent else told
            milestone.knows = told | (milestone.knows or frozenset())
        latest = milestone.heard_on if milestone.heard_on is not None else heard_on
        milestone.heard_on = None if heard_on is None or latest is None else max(heard_on, latest)


def contract_amended(contract: Contract, data: e.ContractAmended, record: Record) -> None:
    """New terms; roles that they add are granted, those that they drop are revoked, from that day."""
    terms = with_changes(contract.terms, data.terms, data.changes)
    wanted = {(g.role, g.person) for g in _grants(terms, data.on)}
    for grant in contract.grants:
        if grant.until is None and (grant.role, grant.person) not in wanted:
            grant.until = data.on
    held = {(g.role, g.person) for g in contract.grants if g.until is None}
    contract.grants += [Grant(role, person, data.on) for role, person in sorted(wanted - held)]
    for name, _ in set_terms(terms_patch(contract.terms, terms)):
        contract.put_by[name] = record.version
    contract.terms = terms
    contract.source_status = data.source_status or contract.source_status
    if data.changes is None:
        contract.inferred = data.inferred
    elif "signed_on" in data.changes:
        contract.inferred = ()
    contract.policies.append(record.version)
    contract.status_positions.append(record.position)
    approved(contract, data.proposal, record)


def role_granted(contract: Contract, data: e.RoleGranted, record: Record) -> None:
    contract.grants.append(Grant(data.role, data.person, data.on))
    contract.terms = _named(contract.terms, data.role, data.person, held=True)
    _put(contract, data.role, record)
    approved(contract, data.proposal, record)


def role_revoked(contract: Contract, data: e.RoleRevoked, record: Record) -> None:
    for grant in contract.grants:
        if (grant.role, grant.person, grant.until) == (data.role, data.person, None):
            grant.until = data.on
    contract.terms = _named(contract.terms, data.role, data.person, held=False)
    _put(contract, data.role, record)
    approved(contract, data.proposal, record)


def _put(contract: Contract, role: str, record: Record) -> None:
    name = "administrators" if role == ADMINISTRATOR else f"{ROLES}.{role}"
    contract.put_by[name] = record.version


def _named(terms: Terms, role: str, person: str, *, held: bool) -> Terms:
    """The terms with a person named for a role or not, so that the next amendment starts from who holds what."""
    people = terms.administrators if role == ADMINISTRATOR else terms.roles.get(role, ())
    others = tuple(one for one in people if one != person)
    names = (*others, person) if held else others
    if role == ADMINISTRATOR:
        return replace(terms, administrators=names)
    return replace(terms, roles=terms.roles | {role: names})


def becomes(status: str) -> Callable[[Contract, Any, Record], None]:
    def apply(contract: Contract, data: Fact, record: Record) -> None:
        suspended = contract.status == "suspended"
        contract.status = status
        contract.suspended_by = record.version if status == "suspended" else 0
        contract.status_positions.append(record.position)
        if status == "suspended":
            contract.suspensions.append((data.on, None))
        elif suspended:
            contract.suspensions[-1] = (contract.suspensions[-1][0], data.on)
        approved(contract, getattr(data, "proposal", 0), record)

    return apply


def note_added(contract: Contract, data: e.NoteAdded, record: Record) -> None:
    """It is kept with what it is about; no figure and no standing follows from it."""
    if data.milestone in contract.milestones:
        touch(contract, data.milestone, record)
    contract.notes.append(
        Note(
            record.version,
            record.position,
            data.on,
            record.actor,
            data.text,
            data.milestone,
            data.fact,
        )
    )
