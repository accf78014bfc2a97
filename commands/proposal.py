"""Proposals: one is shown before anybody approves it, or drafted anew."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

import click

from commands.reference_names import PROPOSAL, VersionName
from commands.session import acting

if TYPE_CHECKING:
    from commands.output import Column, Table
    from commands.session import Session
    from ledger.state import Approval, Contract, Proposal
    from projections.derive.proposals import Standing


@click.command()
@click.argument("reference", type=PROPOSAL)
@acting
def renew(reference: VersionName, session: Session) -> None:
    """Propose an outdated proposal's changes anew, on what is in force now.

    A proposal is outdated when what it changes has changed since. The outdated one is rejected.

    \b
    mledger contract renew 'BW-2026-014#37' --as manager-1
    """
    from ledger.intents import RenewChange

    session.record(reference.contract, RenewChange(proposal=reference.version, on=session.on))


# --- shown -------------------------------------------------------------------------------------------


def show_proposal(session: Session, reference: VersionName) -> None:
    """Prints a proposal: what it changes, before and after, who approved it, and who still has to."""
    from commands.showing import note_objects, notes_of
    from ledger.decisions.case import find

    state = session.contract(reference.contract)
    proposal = find(state, "proposal", state.proposals, reference.version)
    notes = note_objects(state, notes_of(state, fact=proposal.version))
    session.output.emit(
        lambda: {**proposal_object(state, proposal), "notes": notes},
        people=map(_visible, _pages(state, proposal)),
    )


def _visible(page: Table | str) -> Table | str:
    from commands.output import visible

    return visible(page) if isinstance(page, str) else page


def _listed(counts: dict[str, int]) -> str:
    return " and ".join(f"{count} {role}" for role, count in counts.items())


def _pages(state: Contract, proposal: Proposal) -> Iterator[Table | str]:
    from commands.output import Table, exact
    from commands.showing import note_lines, notes_of
    from ledger.money import display_minor
    from projections.derive.proposals import changes, kind_in_words, proposal_in_words, standing

    told = standing(state, proposal)
    now = ", outdated" if told.outdated else ", cannot take effect" if told.stopped else ""
    yield f"{state.id}#{proposal.version}  {kind_in_words(proposal.content)}, {proposal.status}{now}"
    yield f"proposed on {proposal.on} by {proposal.actor}: {proposal_in_words(state, proposal)}"
    if reason := getattr(proposal.content, "reason", ""):
        yield f"reason: {reason}"
    if rows := [(c.what, c.before or "none", c.after or "none") for c in changes(state, proposal)]:
        yield ""
        yield Table([exact("changes"), "before", "after"], rows)
    if told.priced:
        yield ""
        yield _priced(state, told)
    yield ""
    event, currency = proposal.event, state.terms.currency
    signed = ", signed" if event.signatures else ""
    amount = f"{display_minor(event.amount_minor, currency)} {currency}"
    tier = f", the tier of {amount}" if event.amount_minor else ""
    yield f"needs {_listed(event.quorum)}{signed}{tier}"
    yield from _approvals(state, proposal, told)
    yield from _rests_on(state, proposal, told)
    yield from _stopped(state, proposal, told)
    if lines := list(note_lines(state, notes_of(state, fact=proposal.version))):
        yield from ("", *lines)


def _stopped(state: Contract, proposal: Proposal, told: Standing) -> Iterator[str]:
    """Why the last approval would be refused, and what is left to do."""
    if (why := told.stopped) is None:
        return
    yield ""
    yield f"cannot take effect as things stand: {why.message} [{why.code}]"
    reject = f"mledger milestone reject '{state.id}#{proposal.version}' --reason WHY"
    yield f"hint: {why.hint}; or {reject}" if why.hint else f"hint: {reject}"


def _priced(state: Contract, told: Standing) -> Table:
    """What it would post now, and what each milestone comes to by it."""
    from commands.output import Table, exact, number
    from ledger.money import display_minor

    currency = state.terms.currency
    rows = [
        (f.milestone, f.step, f.clause, display_minor(f.amount_minor, currency))
        for f in told.priced
    ]
    totals = [
        (name, "net", f"was {display_minor(before, currency)}", display_minor(after, currency))
        for name, before, after in nets(state, told)
    ]
    columns: list[Column | str] = [
        exact("posts to"),
        "step",
        "clause",
        number(f"amount {currency}"),
    ]
    return Table(columns, rows, totals)


def nets(state: Contract, told: Standing) -> list[tuple[str, int, int]]:
    """The net of each milestone that the lines are posted to, before and after."""
    added: dict[str, int] = {}
    for figure in told.priced:
        added[figure.milestone] = added.get(figure.milestone, 0) + figure.amount_minor
    known = {name: m.net_minor for name, m in state.milestones.items()}
    return [(name, known.get(name, 0), known.get(name, 0) + sum_) for name, sum_ in added.items()]


def _approvals(state: Contract, proposal: Proposal, told: Standing) -> Iterator[str]:
    for approval in told.counted:
        yield f"  {approval.actor} as {approval.role} on {approval.on}"
    for approval in told.void:
        yield f"  {approval.actor} as {approval.role} on {approval.on}, {_why_void(state, proposal, approval, told)}"
    if proposal.status != "open" or told.outdated:
        return
    for role, people in _who_may(state, proposal, told):
        yield f"  still to approve: {told.missing[role]} {role}: {', '.join(people) or 'nobody who may'}"


def _why_void(state: Contract, proposal: Proposal, approval: Any, told: Standing) -> str:
    from commands.counts import moved_in_words
    from ledger.decisions.binding import moved

    if not approval.live:
        return "no longer: approved anew or withdrawn"
    if proposal.status == "open" and (lines := moved(approval.price, told.priced)):
        said = ", ".join(moved_in_words(line, state.terms.currency) for line in lines)
        return f"no longer: the price changed ({said})"
    return "which does not count"


def _who_may(
    state: Contract, proposal: Proposal, told: Standing
) -> Iterator[tuple[str, tuple[str, ...]]]:
    from projections.derive.inbox import people_for, ruled_out

    without = (*ruled_out(state, proposal), *(a.actor for a in told.counted))
    for role in told.missing:
        yield role, people_for(state, role, *without)


def _rests_on(state: Contract, proposal: Proposal, told: Standing) -> Iterator[str]:
    if told.outdated:
        from ledger.premises import in_words

        currency = state.terms.currency
        yield ""
        yield "outdated: what it rests on has changed"
        for change in told.outdated:
            before, after = (
                in_words(change.what, value, currency) for value in (change.before, change.after)
            )
            yield f"  {change.what}: {before}, since {state.id}#{change.by} {after}"
        name = f"'{state.id}#{proposal.version}'"
        if told.not_renewable:
            yield f"hint: {told.not_renewable}: mledger milestone reject {name} --reason outdated"
        else:
            yield f"hint: mledger contract renew {name} proposes it anew"
    elif proposal.premises:
        behind = dict.fromkeys(f"{state.id}#{one.version}" for one in proposal.premises)
        yield f"rests on {', '.join(behind)}" + ("" if proposal.status != "open" else ", unchanged")


def _approval_object(
    state: Contract, approval: Approval, counted: Collection[Approval]
) -> dict[str, Any]:
    return {
        "reference": f"{state.id}#{approval.version}",
        "by": approval.actor,
        "role": approval.role,
        "on": approval.on.isoformat() if approval.on else None,
        "counts": approval in counted,
    }


def proposal_object(state: Contract, proposal: Proposal) -> dict[str, Any]:
    """A proposal for programs: what it changes, what it rests on, and where it stands."""
    from commands.output import money
    from ledger.premises import in_words
    from projections.derive.proposals import changes, kind_in_words, proposal_in_words, standing

    told, currency = standing(state, proposal), state.terms.currency
    waiting = (
        _who_may(state, proposal, told) if proposal.status == "open" and not told.outdated else ()
    )
    return {
        "reference": f"{state.id}#{proposal.version}",
        "contract": state.id,
        "kind": kind_in_words(proposal.content),
        "says": proposal_in_words(state, proposal),
        "status": proposal.status,
        "outdated": bool(told.outdated),
        "cannot_take_effect": told.stopped
        and {
            "rule": told.stopped.code,
            "message": told.stopped.message,
            "hint": told.stopped.hint,
        },
        "proposed_on": proposal.on.isoformat() if proposal.on else None,
        "proposed_by": proposal.actor,
        "reason": getattr(proposal.content, "reason", "") or None,
        "changes": [change._asdict() for change in changes(state, proposal)],
        "price": [
            {
                "milestone": f"{state.id}/{f.milestone}",
                "step": f.step,
                "clause": f.clause,
                "amount": money(f.amount_minor, currency),
            }
            for f in told.priced
        ],
        "net": [
            {
                "milestone": f"{state.id}/{name}",
                "before": money(before, currency),
                "after": money(after, currency),
            }
            for name, before, after in nets(state, told)
        ],
        "amount": money(proposal.event.amount_minor, currency),
        "quorum": proposal.event.quorum,
        "signatures": proposal.event.signatures,
        "approvals": [_approval_object(state, a, told.counted) for a in proposal.approvals],
        "missing": [
            {"role": role, "count": told.missing[role], "people": list(people)}
            for role, people in waiting
        ],
        "rests_on": [
            {
                "what": one.what,
                "value": in_words(one.what, one.value, currency),
                "event": f"{state.id}#{one.version}",
            }
            for one in proposal.premises
        ],
        "changed_since": [
            {
                "what": change.what,
                "before": in_words(change.what, change.before, currency),
                "after": in_words(change.what, change.after, currency),
                "event": f"{state.id}#{change.by}",
            }
            for change in told.outdated
        ],
    }
