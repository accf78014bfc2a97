"""Contracts to play with in which it matters who decides and on which days people work, drawn from the seed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from ledger import intents as i
from ledger.events import Amendment, ChangeOrder, Content, Result, Revision, RoleChange
from ledger.terms import (
    EarlyPayment,
    PaymentTerms,
    QualityBonus,
    QualityTier,
    Retention,
    RetentionRelease,
    Tier,
)
from tests.oracle.agreements import plans
from tests.oracle.clauses import money_terms
from tests.oracle.play import ADMINISTRATORS, FINANCE, MANAGERS, PARTNERS, Play

D = Decimal
SMALL, MIDDLE = (
    333_333,
    1_234_567,
)  # amounts of milestones, so that some stand exactly at the end of a tier
POLICIES = (
    (Tier(up_to_minor=SMALL, quorum={"manager": 1}), Tier(quorum={"manager": 1, "finance": 1})),
    (
        Tier(up_to_minor=SMALL, quorum={"manager": 1}),
        Tier(up_to_minor=MIDDLE, quorum={"manager": 2}),
        Tier(quorum={"manager": 2, "finance": 1}),
    ),
)
PAYMENTS = (
    PaymentTerms(net_days=5, days="business"),
    PaymentTerms(net_days=3, days="business", roll="forward", until="month-end"),
    PaymentTerms(net_days=12, roll="forward"),
    PaymentTerms(day_of_next_month=15),
    PaymentTerms(net_days=30, day_of_next_month=10, days_first=True),
    PaymentTerms(net_days=20, day_of_next_month=1, days_first=True, roll="forward"),
    PaymentTerms(net_days=9, days="business", day_of_next_month=31, days_first=True, roll="forward"),
    PaymentTerms(net_days=7, days="business", after="invoice", discount=EarlyPayment(rate=D(2), days=9)),
)  # fmt: skip
CALENDARS = (("CN",), ("US",), ("CN", "US"), ())
ZONES = {"Asia/Shanghai": 8, "UTC": 0, "-03:00": -3}
CUT_OFF = time(18)
QUALITY = QualityBonus(
    milestone="M1",
    criterion="visits",
    tiers=(
        QualityTier(at_least="5000 visits", amount_minor=20_000),
        QualityTier(at_least="9000 visits", amount_minor=70_000),
        QualityTier(at_least="7000 visits", amount_minor=50_000),
    ),
)
SINGLE = QualityBonus(milestone="M2", criterion="visits", at_least="80%", amount_minor=4_321)
MEASURED = ("4999 visits", "5000 visits", "8000 visits", "9000 visits", "80%", "79.9%", "90%")


def sign(play: Play, contract: str) -> None:
    """Signs a contract with a policy of two or three tiers, calendars, and mostly a cut-off."""
    rng = play.rng
    signed_on = date(2026, 1, 5) + timedelta(days=rng.randint(0, 200))
    release = (
        RetentionRelease(share=D(50), after="acceptance", days=5),
        RetentionRelease(share=D(50)),
    )
    agreed = replace(
        money_terms(rng, signed_on),
        timezone=rng.choice([*ZONES]),
        separation=rng.random() < 0.8,
        approval=rng.choice(POLICIES),
        payment=rng.choice(PAYMENTS),
        calendars=rng.choice(CALENDARS),
        extra_holidays=_some_days(rng, signed_on, 8),
        extra_workdays=_some_days(rng, signed_on + timedelta(days=1), 6),
        cut_off=rng.choice(("", f"{CUT_OFF:%H:%M}", f"{CUT_OFF:%H:%M}")),
        quality_bonuses=(QUALITY, SINGLE),
        retention=rng.choice((None, Retention(rate=D(10), release=release))),
        advance=None,
    )
    planned = tuple(
        replace(
            plan, depends_on=(), amount_minor=rng.choice((SMALL, SMALL + 1, MIDDLE, MIDDLE + 1))
        )
        for plan in plans(rng, signed_on)
    )
    signs = i.SignContract(contract=contract, terms=agreed, milestones=planned, on=signed_on)
    assert play.act(contract, ADMINISTRATORS[0], signs), play.outcomes
    play.clocks[contract] = signed_on


def _some_days(rng: Random, first: date, step: int) -> tuple[date, ...]:
    """Every so many days one; never both a holiday and a workday, for those begin on the day after."""
    if rng.random() < 0.5:
        return ()
    return tuple(first + timedelta(days=step * 6 * number) for number in range(30))


# --- moves ------------------------------------------------------------------------------------------------


def deliver_at(play: Play, contract: str) -> None:
    """Delivers at a time around the cut-off, on the contract's clock or on another; corrected by somebody else."""
    rng, state = play.rng, play.states[contract]
    waiting = [
        m for m in state.milestones.values() if m.status in ("expected", "rejected", "submitted")
    ]
    if not waiting:
        return
    one = rng.choice(waiting)
    hour = rng.choice((time(9), time(17, 59, 59), CUT_OFF, time(18, 0, 1), time(23, 30)))
    local = datetime.combine(play.on(contract), hour) - timedelta(hours=ZONES[state.terms.timezone])
    measured = (
        (Result(criterion="visits", measured=rng.choice(MEASURED)),)
        if one.id in ("M1", "M2")
        else ()
    )
    intent = i.SubmitMilestone(
        milestone=one.id,
        at=local.replace(tzinfo=UTC),
        results=measured,
        corrects=one.status == "submitted",
    )
    play.act(contract, rng.choice((*PARTNERS, MANAGERS[0], MANAGERS[1], "manager-4")), intent)


def change_a_role(play: Play, contract: str) -> None:
    """Two administrators give a role or take it, also their own; the day may lie back."""
    rng = play.rng
    role, person = rng.choice(
        (("manager", "manager-4"), ("manager", MANAGERS[1]), ("finance", "finance-3"),
         ("finance", FINANCE[0]), ("manager", ADMINISTRATORS[1]))
    )  # fmt: skip
    _agree(play, contract, RoleChange(role=role, person=person, grant=rng.random() < 0.6))


def change_the_policy(play: Play, contract: str) -> None:
    """Other tiers, other people, or no separation any more: for what is submitted and proposed from now on."""
    rng, terms = play.rng, play.states[contract].terms
    people = {
        **terms.roles,
        "finance": rng.choice((FINANCE, ("finance-3",), (*FINANCE, ADMINISTRATORS[1]))),
    }
    changed = rng.choice(
        (
            replace(terms, approval=rng.choice(POLICIES)),
            replace(terms, separation=not terms.separation),
            replace(terms, roles=people),
        )
    )
    _agree(play, contract, Amendment(terms=changed))


def _agree(play: Play, contract: str, content: Content) -> None:
    on, before = play.on(contract), len(play.records)
    people = [*ADMINISTRATORS, *MANAGERS, *FINANCE]
    play.rng.shuffle(people)
    for by in people:
        if play.act(contract, by, i.ProposeChange(content=content, on=on)):
            break
    for record in play.records[before:]:
        for by in people:
            if play.states[contract].proposals[record.version].status == "open":
                play.act(contract, by, i.ApproveChange(proposal=record.version, on=on))


def order_up_and_down(play: Play, contract: str) -> None:
    """One milestone is to cost more and another less, about as much."""
    rng, state = play.rng, play.states[contract]
    names = [m.id for m in state.milestones.values() if m.status == "expected"]
    if len(names) < 2:
        return
    more, less = rng.sample(names, 2)
    added = rng.choice((SMALL, SMALL + 1, 700_000))
    revisions = tuple(
        Revision(milestone=name, due=now.due, amount_minor=max(1, (now.amount_minor or 0) + change))
        for name, change in ((more, added), (less, -added))
        for now in [state.milestones[name].current]
    )
    _agree(play, contract, ChangeOrder(revisions=revisions))


def approve_by_anyone(play: Play, contract: str) -> None:
    """Everybody tries in any order, on any of the last days: whoever may not is refused."""
    waiting = [m.id for m in play.states[contract].milestones.values() if m.status == "submitted"]
    if not waiting:
        return
    people = [*MANAGERS, "manager-4", *FINANCE, "finance-3", *ADMINISTRATORS, *PARTNERS]
    play.rng.shuffle(people)
    milestone, part = play.rng.choice(waiting), play.rng.choice(("", "", "", "60%"))
    for by in people[: play.rng.randint(2, 9)]:
        intent = i.ApproveMilestone(milestone=milestone, part=part, on=play.on(contract))
        play.act(contract, by, intent)
