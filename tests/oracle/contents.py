"""A proposal of any kind, about whatever there is: only proposed, so that others come between it and its approval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ledger import intents as i
from ledger.events import (
    Amendment,
    BonusProposal,
    BonusRevocation,
    ChangeOrder,
    Content,
    Resolution,
    Reversal,
    Revision,
    RoleChange,
    SetOff,
    Share,
    Termination,
    Waiver,
)
from ledger.state import Contract, Milestone
from ledger.terms import MilestonePlan
from tests.oracle.clauses import CLAUSES, money_terms
from tests.oracle.play import ADMINISTRATORS, FINANCE, MANAGERS, Play

PEOPLE = (*MANAGERS, *FINANCE, *ADMINISTRATORS)


def _revisions(play: Play, state: Contract) -> tuple[Revision, ...]:
    rng = play.rng
    there = [
        m for m in state.milestones.values() if m.acceptance is None and m.status != "cancelled"
    ]
    found = []
    for one in rng.sample(there, min(len(there), rng.randint(1, 2))):
        now = one.current
        due = now.due + timedelta(days=rng.choice((0, 5, 9))) if now.due else None
        amount = (now.amount_minor or 0) + rng.choice((0, 0, 70_007, 900_000))
        found.append(Revision(milestone=one.id, due=due, amount_minor=amount))
    return tuple(found)


def _order(play: Play, state: Contract) -> Content:
    return ChangeOrder(revisions=_revisions(play, state))


def _amendment(play: Play, state: Contract) -> Content:
    rng, terms = play.rng, state.terms
    other = money_terms(rng, terms.signed_on or play.clocks[state.id])
    names = rng.sample(CLAUSES, rng.randint(0, 2))
    clauses: dict[str, Any] = {name: getattr(other, name) for name in names}
    if rng.random() < 0.3:
        clauses["roles"] = {
            **terms.roles,
            "finance": rng.choice((FINANCE, ("finance-3", *FINANCE))),
        }
    plan = MilestonePlan(
        id=f"P{rng.randint(1, 9)}", due=play.clocks[state.id], amount_minor=210_000
    )
    return Amendment(
        terms=replace(terms, **clauses),
        define=(plan,) if rng.random() < 0.3 else (),
        revisions=_revisions(play, state) if rng.random() < 0.4 else (),
    )


def _role(play: Play, state: Contract) -> Content:
    person = play.rng.choice(("manager-4", MANAGERS[1], "finance-3"))
    role = "finance" if person == "finance-3" else "manager"
    return RoleChange(role=role, person=person, grant=play.rng.random() < 0.6)


def _accepted(play: Play, state: Contract) -> Milestone | None:
    found = [m for m in state.milestones.values() if m.acceptance is not None]
    return play.rng.choice(found) if found else None


def _bonus(play: Play, state: Contract) -> Content | None:
    one = _accepted(play, state)
    amount = play.rng.choice((5_003, 333_333, 400_000))
    return BonusProposal(milestone=one.id, amount_minor=amount, reason="fine") if one else None


def _reversal(play: Play, state: Contract) -> Content | None:
    one = _accepted(play, state)
    if one is None or one.acceptance is None:
        return None
    why: Any = play.rng.choice(("error", "event"))
    return Reversal(milestone=one.id, acceptance=one.acceptance.version, why=why, reason="again")


def _revocation(play: Play, state: Contract) -> Content | None:
    found = [award for award in state.awards.values() if not award.revoked]
    if not found:
        return None
    one, why = play.rng.choice(found), play.rng.choice(("error", "event"))
    about: Any = {"why": why, "reason": "again"}
    return BonusRevocation(milestone=one.milestone, bonus=one.version, **about)


def _waiver(play: Play, state: Contract) -> Content | None:
    found = [one for one in state.assessments.values() if one.amount_minor > one.waived_minor]
    if not found:
        return None
    one = play.rng.choice(found)
    left = one.amount_minor - one.waived_minor
    amount = play.rng.choice((left, left // 2 + 1))
    return Waiver(milestone=one.milestone, penalty=one.version, amount_minor=amount, reason="fair")


def _resolution(play: Play, state: Contract) -> Content | None:
    found = [one for one in state.disputes.values() if one.status == "open"]
    if not found:
        return None
    one = play.rng.choice(found)
    outcome: Any
    outcome, given = play.rng.choice(
        (("upheld", one.amount_minor or 0), ("rejected", 0), ("split", 99))
    )
    minor = -given if one.side == "client" else given
    return Resolution(
        milestone=one.milestone, dispute=one.version, outcome=outcome, adjustment_minor=minor
    )


def _set_off(play: Play, state: Contract) -> Content | None:
    claims = [m for m in state.milestones.values() if m.outstanding_minor < 0]
    owed = [m for m in state.milestones.values() if m.payable_minor > 0]
    if not claims or not owed:
        return None
    claim, against = play.rng.choice(claims), play.rng.choice(owed)
    most = min(-claim.outstanding_minor, against.payable_minor)
    return SetOff(
        milestone=claim.id, against=against.id, amount_minor=play.rng.choice((most, most // 2 + 1))
    )


def _termination(play: Play, state: Contract) -> Content:
    shares = tuple(
        Share(milestone=m.id, accepted_minor=(m.current.amount_minor or 0) // 2)
        for m in state.milestones.values()
        if m.acceptance is None and m.status == "submitted"
    )
    fee = play.rng.choice((0, 30_000, -5_000))
    return Termination(shares=shares, fee_minor=fee, reason="ended")


KINDS: tuple[tuple[Callable[[Play, Contract], Content | None], int], ...] = (
    (_order, 6), (_amendment, 6), (_role, 3), (_bonus, 4), (_reversal, 3), (_revocation, 4),
    (_waiver, 4), (_resolution, 5), (_set_off, 6), (_termination, 1),
)  # fmt: skip


def propose_any(play: Play, contract: str) -> None:
    """Proposes something of any kind, by the first who may."""
    ((make, _),) = play.rng.choices(KINDS, [weight for _, weight in KINDS])
    content = make(play, play.states[contract])
    if content is None:
        return
    people = list(PEOPLE)
    play.rng.shuffle(people)
    for by in people:
        if play.act(contract, by, i.ProposeChange(content=content, on=play.clocks[contract])):
            return


def approve_one(play: Play, contract: str) -> None:
    """One person approves one of the proposals that wait, in whatever order they came."""
    waiting = [
        one.version for one in play.states[contract].proposals.values() if one.status == "open"
    ]
    if waiting:
        intent = i.ApproveChange(proposal=play.rng.choice(waiting), on=play.clocks[contract])
        people = list(PEOPLE)
        play.rng.shuffle(people)
        for by in people:
            if play.act(contract, by, intent):
                return
