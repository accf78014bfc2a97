"""The scenario contract `BW-2026-014` and its 24 acts, as they were agreed and done."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from ledger.events import Resolution
from ledger.intents import OpenDispute, ReversePayment, SignContract, SubmitMilestone
from ledger.terms import (
    Criterion,
    EarlyBonus,
    LatePenalty,
    MilestonePlan,
    PaymentTerms,
    QualityBonus,
    Terms,
    Tier,
)
from tests.decisions.builders import (
    Act,
    agrees,
    approves,
    day,
    measured,
    order,
    pays,
    proposes,
    records_paid,
    rejects,
    submits,
)

CONTRACT = "BW-2026-014"
TERMS = Terms(
    title="双十一 Double 11 launch",
    client="BrightWave",
    partner="Hangzhou Content Studio",
    currency="CNY",
    timezone="Asia/Shanghai",
    signed_on=day(8, 3),
    ceiling_minor=130_000_000,
    backdating_days=400,
    administrators=("admin-1", "admin-2"),
    roles={
        "manager": ("manager-1", "manager-2", "manager-3"),
        "finance": ("finance-1",),
        "partner": ("partner-1",),
    },
    approval=(
        Tier(up_to_minor=20_000_000, quorum={"manager": 1}),
        Tier(quorum={"manager": 1, "finance": 1}),
    ),
    payment=PaymentTerms(net_days=30),
    early_bonus=EarlyBonus(rate=Decimal("0.5"), cap=Decimal(5)),
    late_penalty=LatePenalty(rate=Decimal("0.1"), cap=Decimal(10)),
    quality_bonuses=(
        QualityBonus(
            milestone="M4", criterion="conversion_rate", at_least="3%", amount_minor=2_000_000
        ),
    ),
)


def _plan(id: str, stage: str, due: date, amount: int, *depends_on: str) -> MilestonePlan:
    criteria = (Criterion(name="conversion_rate"),) if id == "M4" else ()
    return MilestonePlan(
        id=id,
        stage=stage,
        due=due,
        amount_minor=amount,
        criteria=criteria,
        depends_on=depends_on,
    )


MILESTONES = (
    _plan("M1", "plan", day(8, 21), 12_000_000),
    _plan("M2", "build", day(9, 18), 30_000_000, "M1"),
    _plan("M3", "build", day(10, 16), 18_000_000),
    _plan("M4", "run", day(11, 12), 40_000_000, "M2", "M3"),
    _plan("M5", "close", day(12, 4), 10_000_000, "M4"),
)

# Versions of what later acts name: signing writes 1 to 6.
CHANGE, PAID_M1, DISPUTE, SPLIT, FIRST_M2, SECOND_M2 = 11, 14, 26, 27, 30, 33
_SPLIT = Resolution(milestone="M3", dispute=DISPUTE, outcome="split", adjustment_minor=-2_000_000)
_NIGHT = datetime.fromisoformat("2026-09-25T23:30:00+08:00")

# By the number of the act; act 6 is two.
ACTS: tuple[tuple[int, Act], ...] = (
    (1, ("admin-1", SignContract(contract=CONTRACT, terms=TERMS, milestones=MILESTONES))),
    (2, submits("M1", day(8, 18))),
    (3, approves("M1", day(8, 20))),
    (4, proposes(order(("M2", day(9, 25), 30_000_000)), day(9, 10))),
    (5, agrees(CHANGE, day(9, 14))),
    (6, pays("M1", 12_180_000, day(9, 19))),
    (6, records_paid(PAID_M1, None, day(9, 19))),
    (7, submits("M2", day(9, 23))),
    (8, rejects("M2", day(9, 24))),
    (9, ("partner-1", SubmitMilestone(milestone="M2", at=_NIGHT))),
    (10, approves("M2", day(9, 28))),
    (11, approves("M2", day(10, 8), by="finance-1")),
    (12, submits("M3", day(10, 20))),
    (13, approves("M3", day(10, 22), by="manager-2")),
    (14, ("manager-2", OpenDispute(milestone="M3", amount_minor=4_500_000, on=day(10, 26)))),
    (15, proposes(_SPLIT, day(11, 2))),
    (16, agrees(SPLIT, day(11, 3), by="manager-3")),
    (17, pays("M2", 30_000_000, day(11, 6))),
    (18, records_paid(FIRST_M2, None, day(11, 7))),
    (19, ("finance-1", ReversePayment(payment=FIRST_M2, on=day(11, 10)))),
    (20, pays("M2", 30_000_000, day(11, 11))),
    (21, submits("M4", day(11, 11), results=measured(conversion_rate="3.4%"))),
    (22, records_paid(SECOND_M2, None, day(11, 12))),
    (23, approves("M4", day(11, 16), part="75%")),
    (24, approves("M4", day(11, 17), by="finance-1", part="75%")),
)
