"""An idempotency key of the first release stands for the same request today: the digests are those it stored."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from ledger import intents as i
from ledger.events import Amendment, Exchange
from ledger.store.request_digest import asked_of
from ledger.terms import (
    Delegation,
    EarlyBonus,
    LatePenalty,
    MilestonePlan,
    PaymentTerms,
    Retention,
    Terms,
)

TERMS = Terms(
    title="t",
    client="c",
    partner="p",
    currency="CNY",
    ceiling_minor=5,
    payment=PaymentTerms(net_days=10),
    early_bonus=EarlyBonus(rate=Decimal("0.5"), cap=Decimal(5)),
    late_penalty=LatePenalty(rate=Decimal("0.1"), cap=None),
    delegations=(Delegation(of="a", to="b"),),
)
PLAN = MilestonePlan(id="M1", due=date(2026, 3, 1), amount_minor=4)

# As the release before the money clauses computed them.
STORED = [
    (
        i.SignContract(contract="C-1", terms=TERMS, milestones=(PLAN,)),
        "9b4e1c8dde11e4fccd52e0d5d42dbc3f34cc9bacce1224ce170e7c956e1499c5",
    ),
    (
        i.DefineMilestone(plan=PLAN),
        "52ba632830b4d6b93a40362dce2328a0d1293d3518f57eb3eec2e16919959eed",
    ),
    (
        i.ProposeChange(content=Amendment(terms=TERMS, define=(PLAN,))),
        "7463d1558492eb54354de9c5ab5ad62cc8f019e35065b77ded16778ca03afd52",
    ),
    (
        i.InstructPayment(milestone="M1", amount_minor=7, run="r"),
        "ad7b5ffa603fe1d24edded45102bb07c7c4f28cf9016ed7405da981ff0748a38",
    ),
    (
        i.RecordPayment(instruction=3, reference="b"),
        "914f2f2cbf824adcb8aad881032ec0bf3a5d0f0db6e39d0a3b6a63556e1c713c",
    ),
    (
        i.ReversePayment(payment=3),
        "c9cdbd48b4322dc945a530addb2f681ba578c2efcf59ae350830fb8581502b96",
    ),
    (
        i.TerminateContract(reason="x"),
        "29f3f0a0200bab7f2cd55b89b595e26932084ff5babbffd7d9e882289b1c6bc8",
    ),
    (
        i.SubmitMilestone(milestone="M1"),
        "bcb81e7cfbbc8c0d8d99f53c51821deb296223c441d78eacf26b97dee9e55ec2",
    ),
]


@pytest.mark.parametrize(
    ("intent", "stored"), STORED, ids=[type(intent).__name__ for intent, _ in STORED]
)
def test_a_request_has_the_digest_that_the_first_release_stored(
    intent: i.Intent, stored: str
) -> None:
    assert asked_of([("C-1", intent)]) == stored


def test_what_a_later_field_says_is_part_of_the_request() -> None:
    plain = i.InstructPayment(milestone="M1")
    other = [
        i.InstructPayment(milestone="M1", release=4),
        i.InstructPayment(milestone="M1", discount=True),
        i.InstructPayment(
            milestone="M1", exchange=Exchange(currency="USD", amount_minor=1, rate="2")
        ),
        i.DefineMilestone(plan=MilestonePlan(id="M1", kind="advance")),
        i.DefineMilestone(plan=MilestonePlan(id="M1")),
        i.SignContract(contract="C-1", terms=TERMS),
        i.SignContract(
            contract="C-1",
            terms=Terms(
                client="c", partner="p", currency="CNY", retention=Retention(rate=Decimal(5))
            ),
        ),
    ]
    digests = {asked_of([("C-1", intent)]) for intent in [plain, *other]}
    assert len(digests) == len(other) + 1
