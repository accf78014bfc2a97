"""What people do with milestones, disputes and payments, right or wrong: moves of a random walk."""

from __future__ import annotations

from datetime import timedelta

from ledger import intents as i
from ledger.events import Result, Why
from ledger.terms import MilestonePlan
from tests.oracle.play import (
    ADMINISTRATORS,
    FINANCE,
    LAST_DAY,
    MANAGERS,
    PARTNERS,
    Play,
    pick,
    some_milestone,
)

WHYS: tuple[Why, ...] = ("error", "event")


def start(play: Play, contract: str) -> None:
    intent = i.StartMilestone(milestone=some_milestone(play, contract), on=play.on(contract))
    play.act(contract, play.rng.choice(MANAGERS), intent)


def submit(play: Play, contract: str) -> None:
    rng, milestone = play.rng, some_milestone(play, contract)
    measured = rng.choice(("2.9%", "3%", "3.4%"))
    due = rng.choice([one.due for one in play.states[contract].milestones[milestone].baselines])
    if due and due <= LAST_DAY and rng.random() < 0.25:
        play.clocks[contract] = max(play.clocks[contract], due)
    else:
        due = play.on(contract)
    intent = i.SubmitMilestone(
        milestone=milestone,
        on=due,
        results=measured_there(play, contract, milestone, measured),
        corrects=rng.random() < 0.15,
    )
    play.act(contract, rng.choice((*PARTNERS, *PARTNERS, MANAGERS[0])), intent)


def measured_there(play: Play, contract: str, milestone: str, value: str) -> tuple[Result, ...]:
    """The conversion rate where a bonus of the milestone rests on it; elsewhere nothing is measured."""
    bonuses = play.states[contract].terms.quality_bonuses
    asked = any((b.milestone, b.criterion) == (milestone, "conversion_rate") for b in bonuses)
    return (Result(criterion="conversion_rate", measured=value),) if asked else ()


def reject(play: Play, contract: str) -> None:
    intent = i.RejectSubmission(
        milestone=some_milestone(play, contract), on=play.on(contract), reason="incomplete"
    )
    play.act(contract, play.rng.choice(MANAGERS), intent)


def approve(play: Play, contract: str) -> None:
    """Two people after each other, so that larger amounts come through as well."""
    found = pick(play, contract, "MilestoneSubmitted")
    if found is None:
        return
    rng, milestone, on = play.rng, found[1].milestone, play.on(contract)
    part = rng.choice(("", "", "", "33.3%", "60%", "1000"))
    deliverables = ("film",) if not part and rng.random() < 0.2 else ()
    for actor in (rng.choice(MANAGERS), *FINANCE[: rng.randint(0, 1)]):
        intent = i.ApproveMilestone(
            milestone=milestone, on=on, part=part, deliverables=deliverables
        )
        play.act(contract, actor, intent)


def withdraw_approval(play: Play, contract: str) -> None:
    rng = play.rng
    intent = i.WithdrawApproval(
        milestone=some_milestone(play, contract),
        on=play.on(contract),
        why=rng.choice(WHYS),
    )
    play.act(contract, rng.choice((*MANAGERS, *FINANCE)), intent)


def cancel(play: Play, contract: str) -> None:
    intent = i.CancelMilestone(
        milestone=some_milestone(play, contract), on=play.on(contract), reason="not needed"
    )
    play.act(contract, play.rng.choice(MANAGERS), intent)


def define(play: Play, contract: str) -> None:
    rng = play.rng
    plan = MilestonePlan(
        id=f"X{rng.randint(1, 9)}",
        title="extra",
        stage=rng.choice(("build", "run")),
        due=play.clocks[contract] + timedelta(days=rng.randint(-5, 40)),
        amount_minor=rng.randint(1, 90) * 10_007,
    )
    play.act(contract, rng.choice(MANAGERS), i.DefineMilestone(plan=plan, on=play.on(contract)))


def suspend(play: Play, contract: str) -> None:
    on = play.on(contract)
    play.act(contract, ADMINISTRATORS[0], i.SuspendContract(on=on, reason="pause"))
    play.act(contract, ADMINISTRATORS[1], i.ResumeContract(on=play.on(contract)))


def close(play: Play, contract: str) -> None:
    if play.rng.random() < 0.1:
        play.act(
            contract, ADMINISTRATORS[0], i.TerminateContract(on=play.on(contract), reason="ended")
        )


# --- disputes and payments ----------------------------------------------------------------------------------


def dispute(play: Play, contract: str) -> None:
    """Often the whole amount, so that two disputes are more than was submitted."""
    found = pick(play, contract, "MilestoneSubmitted")
    if found is None:
        return
    rng, milestone = play.rng, found[1].milestone
    whole = play.states[contract].milestones[milestone].current.amount_minor or 100
    intent = i.OpenDispute(
        milestone=milestone,
        on=play.on(contract),
        amount_minor=rng.choice((100, 4_999, whole, whole)),
        reason="quality",
    )
    play.act(contract, rng.choice((MANAGERS[0], MANAGERS[1], PARTNERS[0])), intent)


def step_in_dispute(play: Play, contract: str) -> None:
    rng, found = play.rng, pick(play, contract, "DisputeOpened")
    if found is None:
        return
    actor = rng.choice((*MANAGERS, *PARTNERS))
    if rng.random() < 0.5:
        step: i.Intent = i.AddDisputeEvidence(dispute=found[0], on=play.on(contract), note="photo")
    else:
        why: Why = rng.choice(WHYS)
        step = i.WithdrawDispute(dispute=found[0], on=play.on(contract), why=why)
    play.act(contract, actor, step)


def instruct(play: Play, contract: str) -> None:
    accepted = pick(play, contract, "MilestoneAccepted")
    if accepted is None:
        return
    intent = i.InstructPayment(
        milestone=accepted[1].milestone,
        on=play.on(contract),
        amount_minor=play.rng.choice((None, None, 5_000)),
    )
    play.act(contract, FINANCE[0], intent)


def end_payment(play: Play, contract: str) -> None:
    found = pick(play, contract, "PaymentInstructed")
    if found is None:
        return
    end: type[i.RecordPayment | i.FailPayment] = play.rng.choice(
        (i.RecordPayment, i.RecordPayment, i.RecordPayment, i.FailPayment)
    )
    play.act(contract, FINANCE[0], end(instruction=found[0], on=play.on(contract)))


def reverse_payment(play: Play, contract: str) -> None:
    kind = play.rng.choice(("PaymentRecorded", "PaymentRecorded", "PaymentRefunded"))
    found = pick(play, contract, kind)
    if found is not None:
        why = play.rng.choice(WHYS)
        intent = i.ReversePayment(payment=found[0], on=play.on(contract), why=why)
        play.act(contract, FINANCE[0], intent)
