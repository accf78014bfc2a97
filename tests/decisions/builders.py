"""A standard contract and the acts of its people, so that a test reads like minutes of what was done.

    story = contract()
    play(story, submits("M1"), approves("M1"))
    refused(story, pays("M1", 1_000_001), "payment-within-payable")

Amounts are minor units of CNY. M1 is worth 1,000,000 and due on 21 August, M2 3,000,000 and due on 18 September;
the ceiling is 5,000,000. Up to 2,000,000 one manager approves, above it a manager and a finance clerk.
An act is (who, intent).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ledger import intents as i
from ledger.events import (
    BonusProposal,
    BonusRevocation,
    ChangeOrder,
    ContractSigned,
    Fact,
    MilestoneDefined,
    Resolution,
    Result,
    Reversal,
    Revision,
    RoleChange,
    Waiver,
)
from ledger.terms import EarlyBonus, LatePenalty, MilestonePlan, PaymentTerms, Terms, Tier
from tests.decisions.spec import Given, Story, given

Act = tuple[str, i.Intent]

TODAY = date(2026, 11, 22)
SIGNED = date(2026, 8, 3)
PLANS = (
    MilestonePlan(id="M1", due=date(2026, 8, 21), amount_minor=1_000_000),
    MilestonePlan(id="M2", due=date(2026, 9, 18), amount_minor=3_000_000),
)
TERMS = Terms(
    client="BrightWave",
    partner="Studio",
    currency="CNY",
    timezone="Asia/Shanghai",
    signed_on=SIGNED,
    ceiling_minor=5_000_000,
    backdating_days=400,
    administrators=("admin-1", "admin-2", "admin-3"),
    roles={
        "manager": ("manager-1", "manager-2", "manager-3"),
        "finance": ("finance-1", "finance-2"),
        "partner": ("partner-1",),
    },
    approval=(
        Tier(up_to_minor=2_000_000, quorum={"manager": 1}),
        Tier(quorum={"manager": 1, "finance": 1}),
    ),
    payment=PaymentTerms(net_days=30),
    early_bonus=EarlyBonus(rate=Decimal("0.5"), cap=Decimal(5)),
    late_penalty=LatePenalty(rate=Decimal("0.1"), cap=Decimal(10)),
)


def day(month: int, number: int) -> date:
    return date(2026, month, number)


def days_after(start: date, count: int) -> date:
    return start + timedelta(days=count)


# --- histories -----------------------------------------------------------------------------------


def signed(**terms: Any) -> Given:
    """The contract is signed on the standard terms, with these changed."""
    return "admin-1", ContractSigned(on=SIGNED, terms=replace(TERMS, **terms))


def defined(milestone: str = "M1", **plan: Any) -> Given:
    """A milestone is defined on the day of signature: by its standard plan, with this changed."""
    standard = next((p for p in PLANS if p.id == milestone), PLANS[0])
    fields = {"due": standard.due, "amount_minor": standard.amount_minor} | plan
    return "admin-1", MilestoneDefined(on=SIGNED, rests_on=(1,), milestone=milestone, **fields)


def contract(*milestones: Given, **terms: Any) -> Story:
    """The standard contract with M1 and M2 (versions 2 and 3), or with the milestones given."""
    return given(signed(**terms), *(milestones or (defined("M1"), defined("M2"))))


def play(story: Story, *acts: Act) -> Story:
    """Each act in turn is permitted, and happens."""
    for by, intent in acts:
        story.when(intent, by=by).happened()
    return story


def permitted(story: Story, act: Act, **context: Any) -> list[Fact]:
    """The act is permitted; what follows from it, which is now history."""
    by, intent = act
    story.when(intent, by=by, **context)
    events = list(story.events)
    story.happened()
    return events


def refused(story: Story, act: Act, rule: str, **context: Any) -> None:
    """The act is refused by this rule and by no other."""
    by, intent = act
    story.when(intent, by=by, **context).refused(rule)


def last(story: Story) -> int:
    """The version of the latest event."""
    return len(story.records)


def version_of(story: Story, kind: type[Fact]) -> int:
    """The version of the latest event of a kind."""
    return next(r.version for r in reversed(story.records) if isinstance(r.data, kind))


# --- acts ----------------------------------------------------------------------------------------


def defines(milestone: str, amount: int = 1, by: str = "manager-1", **plan: Any) -> Act:
    on = plan.pop("on", SIGNED)
    return by, i.DefineMilestone(
        plan=MilestonePlan(id=milestone, amount_minor=amount, **plan), on=on
    )


def starts(milestone: str = "M1", on: date | None = None, by: str = "partner-1") -> Act:
    return by, i.StartMilestone(milestone=milestone, on=on)


def submits(
    milestone: str = "M1", on: date | None = None, by: str = "partner-1", **more: Any
) -> Act:
    """Submits on the milestone's standard due date where no day is given."""
    if on is None and "at" not in more and not more.get("corrects"):
        on = {"M1": day(8, 21), "M2": day(9, 18)}.get(milestone, day(9, 30))
    return by, i.SubmitMilestone(milestone=milestone, on=on, **more)


def measured(**values: str) -> tuple[Result, ...]:
    return tuple(Result(criterion=name, measured=value) for name, value in values.items())


def approves(
    milestone: str = "M1",
    on: date | None = None,
    by: str = "manager-1",
    part: str = "",
    **more: Any,
) -> Act:
    return by, i.ApproveMilestone(milestone=milestone, on=on, part=part, **more)


def rejects(milestone: str = "M1", on: date | None = None, by: str = "manager-1") -> Act:
    return by, i.RejectSubmission(milestone=milestone, on=on, reason="does not meet its criteria")


def withdraws(milestone: str = "M1", by: str = "manager-1") -> Act:
    return by, i.WithdrawApproval(milestone=milestone)


def cancels(milestone: str = "M1", on: date | None = None, by: str = "manager-1") -> Act:
    return by, i.CancelMilestone(milestone=milestone, on=on, reason="no longer needed")


def proposes(content: Any, on: date | None = None, by: str = "manager-1") -> Act:
    return by, i.ProposeChange(content=content, on=on)


def agrees(proposal: int, on: date | None = None, by: str = "manager-2", role: str = "") -> Act:
    return by, i.ApproveChange(proposal=proposal, on=on, role=role)


def disputes(
    milestone: str = "M1",
    amount: int = 100_000,
    on: date | None = None,
    by: str = "manager-3",
    **more: Any,
) -> Act:
    return by, i.OpenDispute(milestone=milestone, amount_minor=amount, on=on, **more)


def pays(
    milestone: str = "M1",
    amount: int | None = None,
    on: date | None = None,
    by: str = "finance-1",
) -> Act:
    return by, i.InstructPayment(milestone=milestone, amount_minor=amount, on=on)


def records_paid(
    instruction: int, amount: int | None = None, on: date | None = None, by: str = "finance-1"
) -> Act:
    return by, i.RecordPayment(instruction=instruction, amount_minor=amount, on=on)


# --- contents of proposals -----------------------------------------------------------------------


def order(*revisions: tuple[str, date | None, int | None]) -> ChangeOrder:
    """A change order: (milestone, due date, amount) for each milestone revised."""
    return ChangeOrder(
        revisions=tuple(Revision(milestone=m, due=due, amount_minor=a) for m, due, a in revisions)
    )


def bonus(amount: int, milestone: str = "M1") -> BonusProposal:
    return BonusProposal(milestone=milestone, amount_minor=amount, reason="went out of their way")


def revocation(award: int, why: Any = "event", milestone: str = "M1") -> BonusRevocation:
    return BonusRevocation(milestone=milestone, bonus=award, why=why, reason="not earned")


def waiver(penalty: int, amount: int, milestone: str = "M1") -> Waiver:
    return Waiver(milestone=milestone, penalty=penalty, amount_minor=amount, reason="our own delay")


def resolution(dispute: int, outcome: Any, adjustment: int, milestone: str = "M1") -> Resolution:
    return Resolution(
        milestone=milestone, dispute=dispute, outcome=outcome, adjustment_minor=adjustment
    )


def reversal(acceptance: int, why: Any = "event", milestone: str = "M1") -> Reversal:
    return Reversal(milestone=milestone, acceptance=acceptance, why=why, reason="accepted wrongly")


def role(person: str, name: str = "manager", *, grant: bool = True) -> RoleChange:
    return RoleChange(role=name, person=person, grant=grant)


def accepted(milestone: str = "M1", on: date | None = None, **terms: Any) -> Story:
    """The standard contract with one milestone delivered on its due date, and accepted whole a little later.

    Versions: 4 the submission, 5 the approval, 6 the acceptance; of M2, with two approvals, 7.
    """
    on = on or (day(8, 25) if milestone == "M1" else day(9, 25))
    story = play(contract(**terms), submits(milestone), approves(milestone, on=on))
    if milestone == "M2":
        play(story, approves(milestone, on=on, by="finance-1"))
    return story
