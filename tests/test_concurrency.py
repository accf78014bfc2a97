"""Four processes approve at once: no position is lost, nobody is counted twice, the totals are exact."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime
from multiprocessing import get_context

from ledger.contract import evolve
from ledger.errors import Conflict
from ledger.events import ApprovalGranted, MilestoneAccepted
from ledger.intents import ApproveMilestone, Context, Intent, SignContract, SubmitMilestone
from ledger.store import open_ledger
from ledger.store.perform import perform
from ledger.terms import MilestonePlan, Terms, Tier
from projections.derive import schedule
from projections.reading import reader
from projections.rebuild.catchup import catch_up

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
MANAGERS = ("manager-0", "manager-1", "manager-2", "manager-3")
CONTRACTS = ("C-0", "C-1", "C-2", "C-3")
MILESTONES = tuple(f"M{n}" for n in range(5))
EACH = len(CONTRACTS) * len(MILESTONES)
AMOUNT_MINOR = 10_001


def test_four_processes_that_approve_everything_leave_no_gap(database_url: str) -> None:
    _prepare(database_url)
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        done = list(pool.map(_approve_all, [database_url] * 4, MANAGERS))
    assert done == [EACH] * 4

    ledger = open_ledger(database_url, evolve)
    with ledger.snapshot() as conn:
        count, first, last = conn.exec_driver_sql(
            "SELECT count(*), min(position), max(position) FROM log"
        ).one()
    assert (first, last) == (1, count)

    approvals: Counter[tuple[str, str, str]] = Counter()
    accepted: Counter[tuple[str, str]] = Counter()
    for contract in CONTRACTS:
        for record in ledger.stream(contract):
            if isinstance(record.data, ApprovalGranted):
                approvals[contract, record.data.milestone, record.actor] += 1
            elif isinstance(record.data, MilestoneAccepted):
                accepted[contract, record.data.milestone] += 1
    assert len(approvals) == 4 * EACH
    assert set(approvals.values()) == {1}
    assert len(accepted) == EACH
    assert set(accepted.values()) == {1}

    catch_up(ledger.engine)
    with reader(ledger) as read:
        (total,) = read.select(schedule.TOTALS)
    assert total["net_minor"] == EACH * AMOUNT_MINOR
    ledger.engine.dispose()


def _prepare(url: str) -> None:
    terms = Terms(
        client="BrightWave",
        partner="Studio",
        currency="CNY",
        timezone="Asia/Shanghai",
        signed_on=DAY,
        administrators=("admin-1", "admin-2"),
        roles={"manager": MANAGERS, "partner": ("partner-1",)},
        approval=(Tier(quorum={"manager": 4}),),
    )
    plans = tuple(MilestonePlan(id=m, due=DAY, amount_minor=AMOUNT_MINOR) for m in MILESTONES)
    ledger = open_ledger(url, evolve)
    for contract in CONTRACTS:
        signing: Intent = SignContract(contract=contract, terms=terms, milestones=plans)
        perform(ledger, [(contract, signing)], Context(actor="admin-1", now=NOW))
        submissions: list[tuple[str, Intent]] = [
            (contract, SubmitMilestone(milestone=m, on=DAY)) for m in MILESTONES
        ]
        perform(ledger, submissions, Context(actor="partner-1", now=NOW))
    ledger.engine.dispose()


def _approve_all(url: str, manager: str) -> int:
    """Approves everything as one manager, trying again where somebody else was first."""
    ledger = open_ledger(url, evolve)
    done = 0
    for contract in CONTRACTS:
        for milestone in MILESTONES:
            while True:
                try:
                    request = (contract, ApproveMilestone(milestone=milestone, on=DAY))
                    perform(ledger, [request], Context(actor=manager, now=NOW))
                except Conflict:
                    continue
                done += 1
                break
    ledger.engine.dispose()
    return done
