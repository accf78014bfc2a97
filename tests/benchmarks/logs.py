"""Realistic logs for benchmarks: contracts signed, delivered, approved, disputed and paid, by our own decisions.

Some hundred contracts of different shapes are played through decide once; their events, under other names and
stretched over the same years, make logs of any size, seeded and the same on every machine; `unlike` ones are played
one by one. They are lawful histories:
every act is whole and recorded by who did it, so that the oracle and `audit verify` hold on them.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from operator import itemgetter

from ledger.contract import evolve
from ledger.decisions.decide import decide
from ledger.events import RECORD_TYPES, ChangeOrder, Fact, Result, Revision
from ledger.intents import (
    ApproveChange,
    ApproveMilestone,
    Context,
    DefineMilestone,
    InstructPayment,
    Intent,
    OpenDispute,
    ProposeChange,
    RecordPayment,
    RejectSubmission,
    SignContract,
    SubmitMilestone,
    WithdrawDispute,
)
from ledger.state import Contract
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

SHAPES = 200
PARTNERS = 40
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
_FIRST, _LATER = date(2025, 1, 6), date(2026, 11, 2)

Played = tuple[str, Fact]
"""Who recorded an event, and the event."""


def terms(number: int) -> Terms:
    """Terms with every clause of the pricing order, a few partners and two currencies."""
    return Terms(
        title=f"双十一 launch {number}",
        client="BrightWave",
        partner=f"Hangzhou Content Studio {number % PARTNERS}",
        currency="USD" if number % 5 == 0 else "CNY",
        timezone="Asia/Shanghai",
        signed_on=_FIRST,
        ceiling_minor=900_000_000,
        backdating_days=2_000,
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


class _Full(Exception):
    """The next act would have more events than are asked for."""


class _Play:
    """One contract played through decide, act after act, to at most so many events."""

    def __init__(self, number: int, events: int) -> None:
        self.state: Contract | None = None
        self.played: list[Played] = []
        self.contract = f"SHAPE-{number}"
        self.events = events

    def ask(self, actor: str, intent: Intent) -> int:
        """Records what follows, all or nothing; returns the version of the last event."""
        decided = decide(self.state, intent, Context(actor=actor, now=NOW), self.contract)
        if len(self.played) + len(decided) > self.events:
            raise _Full
        for event in decided:
            version = len(self.played) + 1
            record = RECORD_TYPES[type(event)](
                actor=actor,
                authenticated_as=actor,
                data=event,
                origin="bench",
                position=version,
                recorded_at="",
                stream=1,
                stream_id=self.contract,
                version=version,
            )
            self.state = evolve(self.state, record)
            self.played.append((actor, event))
        return len(self.played)


def play(number: int, events: int = 50) -> list[Played]:
    """One contract's history of exactly `events` events; what is left beside the last act are milestones to come."""
    chance = random.Random(number)
    story = _Play(number, events)
    plans = tuple(_plan(chance, n) for n in range(1, 9))
    story.ask(
        "admin-1", SignContract(contract=story.contract, terms=terms(number), milestones=plans)
    )
    try:
        for plan in plans:
            _deliver(story, chance, plan)
    except _Full:
        pass
    for spare in range(9, 9 + events - len(story.played)):
        later = MilestonePlan(id=f"M{spare}", due=_LATER, amount_minor=100_000)
        story.ask("manager-1", DefineMilestone(plan=later, on=_FIRST))
    return story.played


def _plan(chance: random.Random, number: int) -> MilestonePlan:
    return MilestonePlan(
        id=f"M{number}",
        title=f"里程碑 {number} content batch",
        stage=("plan", "build", "run", "close")[number % 4],
        owner="partner-1",
        due=_FIRST + timedelta(days=40 * number + chance.randrange(10)),
        amount_minor=chance.randrange(5_000_000, 45_000_000),
        deliverables=("draft", "final"),
        criteria=(Criterion(name="conversion_rate"),),
    )


def _deliver(story: _Play, chance: random.Random, plan: MilestonePlan) -> None:
    """One milestone: perhaps postponed, rejected, disputed; delivered, approved, paid."""
    assert plan.due is not None
    day = plan.due + timedelta(days=chance.randrange(-6, 9))
    if chance.random() < 0.2:
        revision = Revision(
            milestone=plan.id, due=plan.due + timedelta(days=7), amount_minor=plan.amount_minor
        )
        asked = day - timedelta(days=8)
        proposal = story.ask(
            "manager-1", ProposeChange(content=ChangeOrder(revisions=(revision,)), on=asked)
        )
        story.ask("manager-2", ApproveChange(proposal=proposal, on=asked))
    results = (Result(criterion="conversion_rate", measured=f"{chance.randrange(20, 45) / 10}%"),)
    submit = SubmitMilestone(milestone=plan.id, results=results, on=day)
    story.ask("partner-1", submit)
    if chance.random() < 0.2:
        story.ask("manager-1", RejectSubmission(milestone=plan.id, reason="补充材料", on=day))
        story.ask("partner-1", submit)
    accepted = day + timedelta(days=2)
    story.ask("manager-1", ApproveMilestone(milestone=plan.id, on=accepted))
    assert story.state is not None
    if story.state.milestones[plan.id].acceptance is None:
        story.ask("finance-1", ApproveMilestone(milestone=plan.id, on=accepted))
    paid = accepted + timedelta(days=chance.randrange(20, 40))
    if chance.random() < 0.15:
        dispute = story.ask(
            "manager-2", OpenDispute(milestone=plan.id, amount_minor=1_000_000, on=accepted)
        )
        story.ask("manager-2", WithdrawDispute(dispute=dispute, on=paid))
    instruction = story.ask("finance-1", InstructPayment(milestone=plan.id, on=paid))
    story.ask("finance-1", RecordPayment(instruction=instruction, on=paid, reference="BANK-1"))


def contracts(count: int, events: int = 50) -> Iterator[tuple[str, list[Played]]]:
    """Contracts of `events` events each, in order of name."""
    shapes = [play(number, events) for number in range(min(SHAPES, count))]
    for number in range(count):
        yield f"BW-{number:07d}", shapes[number % len(shapes)]


def unlike(count: int, events: int = 50) -> Iterator[tuple[str, list[Played]]]:
    """Contracts each with amounts and days of its own, as a company has them, but for one in a hundred.

    That one is a copy of an earlier contract with its partner, so that some payments are made twice.
    """
    for number in range(count):
        copied = number % 100 == 0 and number > 0
        yield f"BW-{number:07d}", play(number - PARTNERS if copied else number, events)


Batch = tuple[str, int, list[Fact]]
"""A contract, the version before, and what is appended to it."""


def appends(some: Iterable[tuple[str, list[Played]]]) -> Iterator[tuple[str, list[Batch]]]:
    """Who records what, append after append: always one person, in every contract in which it is their turn."""
    left = {name: list(_turns(played)) for name, played in some}
    while left:
        turns: dict[str, list[Batch]] = defaultdict(list)
        for name, theirs in left.items():
            actor, before, events = theirs[0]
            turns[actor].append((name, before, events))
        actor, batch = max(turns.items(), key=lambda turn: len(turn[1]))
        yield actor, batch
        for name, _, _ in batch:
            del left[name][0]
        left = {name: theirs for name, theirs in left.items() if theirs}


def _turns(played: list[Played]) -> Iterator[tuple[str, int, list[Fact]]]:
    """What one person after the other records: who, the version before it, and the events."""
    before = 0
    for actor, theirs in groupby(played, key=itemgetter(0)):
        events = [event for _, event in theirs]
        yield actor, before, events
        before += len(events)
