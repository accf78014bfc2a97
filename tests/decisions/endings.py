"""Claims, set-offs and terminations as acts, and stories in which there is something to settle."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from ledger import intents as i
from ledger.events import (
    DisputeOpened,
    Fact,
    PaymentInstructed,
    SetOff,
    Share,
    Termination,
)
from ledger.state import Milestone
from ledger.terms import AdvanceRecovery, Retention, TerminationClause
from tests.decisions import builders as b
from tests.decisions.spec import Story

CLAIM = 100_000
ADVANCE = 600_000
FEE = TerminationClause(fee=Decimal(10))
SET_OFF, END = b.day(10, 10), b.day(11, 1)


def money_claimed(claim: int = CLAIM) -> Story:
    """M1 is paid whole, and then a dispute takes `claim` back; 3,000,000 is payable on M2."""
    story = b.play(
        b.contract(),
        b.submits("M1"),
        b.approves("M1", on=b.day(8, 25)),
        b.submits("M2"),
        b.approves("M2", on=b.day(9, 25)),
        b.approves("M2", on=b.day(9, 25), by="finance-1"),
        b.pays("M1", on=b.day(9, 28)),
    )
    b.play(
        story,
        b.records_paid(b.last(story), on=b.day(9, 29)),
        b.disputes("M1", claim, on=b.day(10, 1)),
    )
    opened = b.version_of(story, DisputeOpened)
    b.play(story, b.proposes(b.resolution(opened, "upheld", -claim), on=b.day(10, 5)))
    return b.play(story, b.agrees(b.last(story), on=b.day(10, 5)))


def sets_off(
    amount: int = CLAIM,
    claim: str = "M1",
    against: str = "M2",
    by: str = "manager-1",
    on: date | None = SET_OFF,
) -> b.Act:
    content = SetOff(milestone=claim, against=against, amount_minor=amount, reason="overpaid")
    return b.proposes(content, on=on, by=by)


def approved(story: Story, act: b.Act, *others: str, on: date | None = None) -> list[Fact]:
    """The act is proposed and agreed to, by manager-2 or by those named; what the last approval leads to."""
    on = on or act[1].on
    b.play(story, act)
    proposal, events = b.last(story), []
    for other in others or ("manager-2",):
        events = b.permitted(story, b.agrees(proposal, on=on, by=other))
    return events


def ends(
    *shares: tuple[str, int],
    fee: int = 0,
    on: date | None = END,
    by: str = "admin-1",
) -> b.Act:
    content = Termination(
        shares=tuple(Share(milestone=name, accepted_minor=part) for name, part in shares),
        fee_minor=fee,
        reason="notice",
    )
    return b.proposes(content, on=on, by=by)


def ended(story: Story, *shares: tuple[str, int], fee: int = 0) -> list[Fact]:
    """The termination takes effect, with the approvals that its money needs."""
    added = sum(part for _, part in shares) + max(0, fee)
    people = ["admin-2"]
    people += ["manager-1"] if added else []
    people += ["finance-1"] if added > 2_000_000 else []
    return approved(story, ends(*shares, fee=fee), *people)


def advanced(paid: int | None = ADVANCE, **terms: Any) -> Story:
    """The standard contract with an advance A of 600,000, recovered at 30 % of gross; paid so far, if at all."""
    terms = {"advance": AdvanceRecovery(rate=Decimal(30))} | terms
    story = b.contract(
        b.defined("A", amount_minor=ADVANCE, due=b.SIGNED, kind="advance"),
        b.defined("M1"),
        b.defined("M2"),
        **terms,
    )
    b.play(story, b.submits("A", on=b.day(8, 4)), b.approves("A", on=b.day(8, 5)))
    if paid is not None:
        b.play(story, b.pays("A", paid, on=b.day(8, 6)))
        b.play(story, b.records_paid(b.version_of(story, PaymentInstructed), on=b.day(8, 7)))
    return story


def retained() -> dict[str, Any]:
    return {"retention": Retention(rate=Decimal(5))}


def terminates(on: date | None = END, by: str = "admin-1") -> b.Act:
    return by, i.TerminateContract(reason="notice", on=on)


def of(story: Story, milestone: str) -> Milestone:
    return story.the_state().milestones[milestone]


def outstanding(story: Story) -> int:
    """What is owed in all, a claim below zero."""
    return sum(
        m.outstanding_minor + sum(r.outstanding_minor for r in m.releases)
        for m in story.the_state().milestones.values()
    )


def facts(events: list[Fact], kind: type[Any]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]
