"""Contracts to play with: terms of every shape that changes a figure, drawn from the seed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from ledger import intents as i
from ledger.terms import (
    EarlyBonus,
    LatePenalty,
    MilestonePlan,
    PaymentTerms,
    QualityBonus,
    Terms,
    Tier,
)
from tests.oracle.play import ADMINISTRATORS, FINANCE, MANAGERS, PARTNERS, Play

STAGES = ("plan", "build", "run", "")
PAYMENTS = (
    PaymentTerms(net_days=30),
    PaymentTerms(net_days=10, days="business"),
    PaymentTerms(net_days=14, roll="forward"),
    PaymentTerms(net_days=0),
    None,
)


def terms(rng: Random, signed_on: date) -> Terms:
    return Terms(
        title="campaign",
        client="BrightWave",
        partner=rng.choice(("Hangzhou Studio", "Shenzhen Works", "深圳工坊")),
        currency=rng.choice(("CNY", "CNY", "USD", "JPY", "KWD")),
        timezone=rng.choice(("Asia/Shanghai", "UTC", "America/New_York")),
        signed_on=signed_on,
        ceiling_minor=rng.choice((None, 500_000_000)),
        rounding=rng.choice(("half-up", "half-even")),
        separation=rng.random() < 0.8,
        backdating_days=400,
        administrators=ADMINISTRATORS,
        roles={"manager": MANAGERS, "finance": FINANCE, "partner": PARTNERS},
        approval=(
            Tier(up_to_minor=rng.choice((300_000, 20_000_000)), quorum={"manager": 1}),
            Tier(quorum={"manager": 1, "finance": 1}),
        ),
        payment=rng.choice(PAYMENTS),
        early_bonus=rng.choice((None, EarlyBonus(rate=Decimal("0.5"), cap=Decimal(5)))),
        late_penalty=rng.choice(
            (
                None,
                LatePenalty(rate=Decimal("0.13"), cap=Decimal(10)),
                LatePenalty(rate=Decimal(7), cap=None),
            )
        ),
        quality_bonuses=(
            QualityBonus(
                milestone="M2", criterion="conversion_rate", at_least="3%", amount_minor=777
            ),
        ),
    )


def plans(rng: Random, signed_on: date) -> tuple[MilestonePlan, ...]:
    due, found = signed_on, []
    for number in range(1, rng.randint(3, 6)):
        due += timedelta(days=rng.randint(3, 30))
        found.append(
            MilestonePlan(
                id=f"M{number}",
                title=f"step {number}",
                stage=rng.choice(STAGES),
                due=due,
                amount_minor=rng.choice((100_001, 333_333, 1_234_567, 12_000_000)),
                deliverables=("film", "text", "shop") if rng.random() < 0.3 else (),
                depends_on=(f"M{number - 1}",) if number > 1 and rng.random() < 0.15 else (),
            )
        )
    return tuple(found)


def sign(play: Play, contract: str) -> None:
    """Signs a contract and sets its clock to the day of signature."""
    rng = play.rng
    signed_on = date(2026, 1, 5) + timedelta(days=rng.randint(0, 200))
    intent = i.SignContract(
        contract=contract,
        terms=terms(rng, signed_on),
        milestones=plans(rng, signed_on),
        on=signed_on,
    )
    assert play.act(contract, ADMINISTRATORS[0], intent), play.outcomes
    play.clocks[contract] = signed_on
