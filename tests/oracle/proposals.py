"""What takes more than one person: proposals of every kind, their approval and their end."""

from __future__ import annotations

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
    Waiver,
)
from ledger.terms import MilestonePlan
from tests.oracle.clauses import CLAUSES, money_terms
from tests.oracle.play import ADMINISTRATORS, FINANCE, MANAGERS, Play, pick, some_milestone


def _revision(play: Play, contract: str, milestone: str) -> Revision:
    rng, state = play.rng, play.states[contract]
    plan = state.milestones[milestone].baselines[-1]
    days = rng.choice((0, -4, 7, 21))
    amount = rng.choice((plan.amount_minor, (plan.amount_minor or 0) + 50_003))
    due = plan.due + timedelta(days=days) if plan.due else None
    return Revision(milestone=milestone, due=due, amount_minor=amount)


def _change_order(play: Play, contract: str) -> Content:
    milestones = sorted({some_milestone(play, contract) for _ in range(play.rng.randint(1, 2))})
    revisions = tuple(_revision(play, contract, milestone) for milestone in milestones)
    return ChangeOrder(revisions=revisions, reason="scope")


def _bonus(play: Play, contract: str) -> Content:
    amount = play.rng.choice((100, 33_333))
    return BonusProposal(
        milestone=some_milestone(play, contract), amount_minor=amount, reason="fine"
    )


def _amendment(play: Play, contract: str) -> Content:
    rng, state = play.rng, play.states[contract]
    terms = replace(state.terms, partner=rng.choice((state.terms.partner, "Renamed Works")))
    plan = MilestonePlan(
        id=f"A{rng.randint(1, 5)}",
        stage="run",
        due=play.clocks[contract] + timedelta(days=20),
        amount_minor=400_000,
    )
    revisions = (_revision(play, contract, some_milestone(play, contract)),)
    return Amendment(terms=terms, define=(plan,), revisions=revisions[: rng.randint(0, 1)])


def amend_a_clause(play: Play, contract: str) -> None:
    """One agrees on other clauses for what is still to come: any of those about money, drawn anew."""
    rng, state = play.rng, play.states[contract]
    other = money_terms(rng, state.terms.signed_on or play.clocks[contract])
    names = rng.sample(CLAUSES, rng.randint(1, 3))
    clauses: dict[str, Any] = {name: getattr(other, name) for name in names}
    content = Amendment(terms=replace(state.terms, **clauses), reason="agreed anew")
    on, before = play.clocks[contract], len(play.records)
    play.act(contract, ADMINISTRATORS[0], i.ProposeChange(content=content, on=on))
    for record in play.records[before:]:
        approval = i.ApproveChange(proposal=record.version, on=on)
        play.act(contract, ADMINISTRATORS[1], approval)


def _role(play: Play, contract: str) -> Content:
    rng = play.rng
    person = rng.choice(("manager-4", *MANAGERS))
    return RoleChange(role="manager", person=person, grant=rng.random() < 0.7)


def _about(play: Play, contract: str) -> Content | None:
    """A subject that names an earlier event: a dispute, an acceptance, a bonus or a penalty."""
    rng = play.rng
    kinds = ("DisputeOpened", "MilestoneAccepted", "BonusAwarded", "PenaltyAssessed")
    there = [(kind, found) for kind in kinds if (found := pick(play, contract, kind))]
    if not there:
        return None
    kind, (version, event) = rng.choice(there)
    why: Any = rng.choice(("error", "event"))
    about = {"milestone": event.milestone, "reason": "seen again"}
    if kind == "DisputeOpened":
        outcome: Any
        outcome, share = rng.choice((("upheld", 1), ("rejected", 0), ("split", 3)))
        sign = -1 if event.side == "client" else 1
        adjustment = sign * event.amount_minor // share if share else 0
        return Resolution(dispute=version, outcome=outcome, adjustment_minor=adjustment, **about)
    if kind == "MilestoneAccepted":
        return Reversal(acceptance=version, why=why, **about)
    if kind == "BonusAwarded":
        return BonusRevocation(bonus=version, why=why, **about)
    whole = -sum(line.amount_minor for line in event.lines)
    return Waiver(penalty=version, amount_minor=rng.choice((whole, whole // 3)), **about)


def propose(play: Play, contract: str) -> None:
    rng = play.rng
    make = rng.choice(
        (_change_order, _change_order, _bonus, _amendment, _role, _about, _about, _about)
    )
    content = make(play, contract)
    if content is None:
        return
    actors = ADMINISTRATORS if isinstance(content, Amendment | RoleChange) else MANAGERS
    intent = i.ProposeChange(content=content, on=play.on(contract))
    play.act(contract, rng.choice(actors), intent)


def approve(play: Play, contract: str) -> None:
    """Everyone tries, so that a quorum is often reached; whoever may not is refused."""
    state = play.states[contract]
    waiting = [
        version for version, proposal in state.proposals.items() if proposal.status == "open"
    ]
    if not waiting:
        return
    proposal = play.rng.choice(waiting)
    people = [*MANAGERS, *FINANCE, *ADMINISTRATORS]
    play.rng.shuffle(people)
    for actor in people[: play.rng.randint(1, 7)]:
        play.act(contract, actor, i.ApproveChange(proposal=proposal, on=play.on(contract)))


def drop(play: Play, contract: str) -> None:
    found = pick(play, contract, "ChangeProposed")
    if found is not None:
        intent = i.RejectChange(proposal=found[0], on=play.on(contract), reason="no")
        play.act(contract, play.rng.choice(MANAGERS), intent)
