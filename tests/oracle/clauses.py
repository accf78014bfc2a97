"""Contracts with clauses about money to play with: each clause there or not, in every shape, drawn from the seed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from ledger import intents as i
from ledger.terms import (
    AdvanceRecovery,
    Disincentive,
    EarlyBonus,
    EarlyPayment,
    EarlyStep,
    InvoicePolicy,
    LateDamages,
    LatePenalty,
    MilestonePlan,
    PaymentTerms,
    Retention,
    RetentionRelease,
    Tax,
    Terms,
)
from tests.oracle.agreements import plans, terms
from tests.oracle.play import ADMINISTRATORS, Play

D = Decimal

PAYMENTS = (
    PaymentTerms(net_days=30),
    PaymentTerms(net_days=10, days="business", roll="forward"),
    PaymentTerms(net_days=14, after="month-end"),
    PaymentTerms(net_days=7, until="month-end", roll="forward"),
    PaymentTerms(net_days=5, days="business", until="month-end"),
    PaymentTerms(day_of_next_month=10),
    PaymentTerms(day_of_next_month=31, roll="forward"),
    PaymentTerms(net_days=20, after="invoice"),
    PaymentTerms(net_days=3, after="invoice", days="business"),
    PaymentTerms(net_days=40, discount=EarlyPayment(rate=D(3), days=25)),
    PaymentTerms(net_days=30, discount=EarlyPayment(rate=D("2"), days=10)),
    PaymentTerms(net_days=45, discount=EarlyPayment(rate=D("1.5"), day_of_next_month=10)),
)
EARLY = (
    None,
    EarlyBonus(rate=D("0.5"), cap=D(5), disincentive=Disincentive(rate=D("0.3"), cap=D(2))),
    EarlyBonus(rate=D("1.7"), cap=D(9), contract_cap=D("0.9")),
    EarlyBonus(
        cap=D(4),
        table=(EarlyStep(days=1, rate=D(1)), EarlyStep(days=5, rate=D("2.5")), EarlyStep(days=12, rate=D(6))),
        contract_cap=D(2),
        disincentive=Disincentive(rate=D("0.11"), cap=None),
    ),
)  # fmt: skip
LATE = (
    None,
    LatePenalty(rate=D("0.13"), cap=D(10), excused_days=2),
    LatePenalty(rate=D("0.7"), cap=D(3), base="milestone"),
    LatePenalty(rate=D("1.1"), cap=None, base="milestone", excused_days=1),
)
DAMAGES = (
    None,
    None,
    LateDamages(per_day_minor=5_003, cap_minor=20_000),
    LateDamages(per_day_minor=777, cap_minor=None, excused_days=3),
)
RETENTIONS = (
    None,
    Retention(rate=D(10)),
    Retention(
        rate=D("7.5"),
        release=(
            RetentionRelease(share=D(50), after="acceptance", days=3),
            RetentionRelease(share=D(50)),
        ),
    ),
    Retention(
        rate=D(10),
        until=D(40),
        then=D(2),
        release=(
            RetentionRelease(share=D("33.333"), after="acceptance"),
            RetentionRelease(share=D("33.333"), after="acceptance", days=9),
            RetentionRelease(share=D("33.333"), days=4),
        ),
    ),
    Retention(
        rate=D(20), limit=D(5), release=(RetentionRelease(share=D(100), after="acceptance"),)
    ),
)
ADVANCES = (
    None,
    AdvanceRecovery(rate=D(80)),
    AdvanceRecovery(rate=D(15), base="net"),
)
TAXES = (
    None,
    Tax(vat=D(6)),
    Tax(vat=D("13"), withholding=D("2.5")),
    Tax(vat=D("3.33"), withholding=D(10), base="gross"),
)


# What an amendment may change, beside who may do what.
CLAUSES = (
    *("rounding", "payment", "early_bonus", "late_penalty", "late_damages"),
    *("retention", "advance", "tax", "invoices"),
)


def money_terms(rng: Random, signed_on: date) -> Terms:
    """The usual terms, with clauses about money on top."""
    return replace(
        terms(rng, signed_on),
        ceiling_minor=None,
        payment=rng.choice(PAYMENTS),
        early_bonus=rng.choice(EARLY),
        late_penalty=rng.choice(LATE),
        late_damages=rng.choice(DAMAGES),
        retention=rng.choice((*RETENTIONS, *RETENTIONS[1:])),
        advance=rng.choice((*ADVANCES, *ADVANCES[1:])),
        tax=rng.choice((*TAXES, *TAXES[1:])),
        invoices=rng.choice((None, None, InvoicePolicy(tolerance_minor=100))),
    )


def sign_with_clauses(play: Play, contract: str) -> None:
    """Signs a contract whose first payable is an advance, where its terms recover one."""
    rng = play.rng
    signed_on = date(2026, 1, 5) + timedelta(days=rng.randint(0, 200))
    agreed = money_terms(rng, signed_on)
    planned = [
        replace(plan, depends_on=(), incentive_due=_incentive(rng, plan.due))
        for plan in plans(rng, signed_on)
    ]
    if agreed.advance is not None:
        amount = rng.choice((150_001, 2_000_000))
        planned.insert(
            0, MilestonePlan(id="ADV", kind="advance", due=signed_on, amount_minor=amount)
        )
    intent = i.SignContract(
        contract=contract, terms=agreed, milestones=tuple(planned), on=signed_on
    )
    assert play.act(contract, ADMINISTRATORS[0], intent), play.outcomes
    play.clocks[contract] = signed_on
    if agreed.advance is not None:
        _pay_the_advance(play, contract)


def _incentive(rng: Random, due: date | None) -> date | None:
    """Sometimes the early bonus counts from another day than the due date."""
    return due + timedelta(days=rng.choice((-3, 2))) if due and rng.random() < 0.2 else None


def _pay_the_advance(play: Play, contract: str) -> None:
    """Delivered, approved and paid at once, mostly; otherwise chance decides."""
    if play.rng.random() < 0.15:
        return
    on = play.clocks[contract]
    play.act(contract, "partner-1", i.SubmitMilestone(milestone="ADV", on=on))
    for approver in ("manager-1", "finance-1"):
        play.act(contract, approver, i.ApproveMilestone(milestone="ADV", on=on))
    play.act(contract, "finance-1", i.InstructPayment(milestone="ADV", on=on))
    for version, _ in play.facts(contract, "PaymentInstructed"):
        play.act(contract, "finance-1", i.RecordPayment(instruction=version, on=on))
