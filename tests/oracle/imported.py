"""Imported history to play with: sources that know little, contradict themselves and come back later."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from ledger import events as e
from ledger import intents as i
from projections.oracle.recorded import PARTS
from tests.oracle.play import ADMINISTRATORS, Play

STATUSES = ("defined", "started", "submitted", "rejected", "accepted", "accepted", "cancelled")


def _day(rng: Random) -> date | None:
    """A day of the year, or nothing known."""
    return None if rng.random() < 0.3 else date(2026, 1, 1) + timedelta(days=rng.randint(0, 330))


def _amount(rng: Random) -> int | None:
    return rng.choice((None, 0, 99, 150_000, 2_000_001))


def _milestone(rng: Random, number: int) -> i.TakenMilestone:
    return i.TakenMilestone(
        id=f"T{number}",
        title=rng.choice(("", "taken")),
        stage=rng.choice(("", "build")),
        due=_day(rng),
        baseline_due=rng.choice((None, _day(rng))),
        amount_minor=_amount(rng),
        status=rng.choice(STATUSES),
        source_status="met",
        submitted_on=_day(rng),
        accepted_on=_day(rng),
        payment_due=rng.choice((None, _day(rng))),
        submitted_inferred=rng.random() < 0.2,
        silent=rng.random() < 0.1,
        twin_status=rng.choice(("", "", "", "met", "notMet")),
    )


def _payment(rng: Random, number: int) -> i.TakenPayment:
    return i.TakenPayment(
        reference=f"pay-{number}",
        amount_minor=rng.choice((99, 150_000, 40_000)),
        paid_on=_day(rng),
        milestone=rng.choice(("", "T1", "T2", "T9")),
    )


def _dispute(rng: Random) -> i.TakenDispute:
    return i.TakenDispute(
        milestone=rng.choice(("T1", "T2")),
        opened_on=_day(rng),
        amount_minor=_amount(rng),
        outcome=rng.choice(("", "upheld", "rejected", "split", "withdrawn")),
        ended_on=_day(rng),
    )


def take_over(play: Play, contract: str) -> None:
    """One source's view of an imported contract; the same contract is told again and again, differently."""
    rng = play.rng
    known = rng.choice(("", f"2026-{rng.randint(1, 9):02d}-15T00:00:00Z"))
    currency = {"I-1": "XXX"}.get(contract, "USD")
    milestones = tuple(_milestone(rng, n) for n in rng.sample((1, 2, 3), rng.randint(0, 3)))
    days = [day for one in milestones for day in (one.due, one.payment_due) if day]
    # An old release said nothing of what its sources can tell, and so nothing of how much.
    parts = None if rng.random() < 0.3 else tuple(p for p in PARTS if rng.random() < 0.6)
    intent = i.TakeOver(
        contract=contract,
        client="Finance ministry",
        partner=rng.choice(("Supplier", "")),
        currency=currency,
        value_minor=rng.choice((None, 5_000_000)),
        timezone="America/Mexico_City",
        signed_on=_day(rng),
        milestones=milestones,
        payments=tuple(_payment(rng, n) for n in rng.sample((1, 2, 3, 4), rng.randint(0, 3))),
        disputes=tuple(_dispute(rng) for _ in range(rng.randint(0, 1))),
        known_claim=known,
        source=f"source-{rng.randint(1, 5)}" if known else "",
        digest=str(rng.randint(1, 5)) if known else "",
        knows=parts,
        whole=() if parts is None or rng.random() < 0.7 else ("payments",),
        heard_on=None if parts is None else rng.choice((_day(rng), *days)),
        signed_inferred=rng.random() < 0.2,
    )
    play.act(contract, ADMINISTRATORS[0], intent)


def act_here(play: Play, contract: str) -> None:
    """Something that people do on an imported contract: as its event, whoever it is that may."""
    rng, state = play.rng, play.states.get(contract)
    if state is None or not state.milestones:
        return
    one = rng.choice([*state.milestones.values()])
    on = _day(rng)
    tied: dict[str, Any] = {"milestone": one.id, "rests_on": (one.version,)}
    event: e.Fact = e.MilestoneStarted(on=on, **tied)
    kind = rng.random()
    if one.status == "expected" and kind < 0.5:
        event = e.MilestoneSubmitted(on=on, **tied)
    elif one.pending is not None and kind < 0.7:
        tied["rests_on"] = (one.version, one.pending.version)
        gross = e.Line(step="gross", clause="accepted-part", amount_minor=150_000)
        event = e.MilestoneAccepted(
            on=on, submission=one.pending.version, accepted_minor=150_000, lines=(gross,), **tied
        )
    elif one.acceptance is not None and kind < 0.4:
        event = e.PaymentInstructed(on=on, amount_minor=99, **tied)
    elif one.submissions and kind < 0.8:
        tied["side"] = rng.choice(("client", "partner"))
        event = e.DisputeOpened(on=on, amount_minor=_amount(rng), **tied)
    play.append(contract, ADMINISTRATORS[0], event)
