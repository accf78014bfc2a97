"""The independent oracle: every report computed a second time, naively, from the records alone.

It imports nothing of ours, and nothing of ours imports it: the product starts it as a program of its own
(`python -m projections.oracle`) and compares. Where the two differ, one of them misreads the domain page.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from projections.oracle.contracts import Contract
from projections.oracle.exposure import Exposure
from projections.oracle.log import Json, as_of, facts_by_contract, known
from projections.oracle.rates import DISPUTES, FIRST_PASS, ON_TIME, Metric, Question
from projections.oracle.schedule import schedule
from projections.oracle.times import CYCLE_TIMES, PAID_ON_TIME

METRICS: dict[str, Metric[Any]] = {
    "on-time": ON_TIME,
    "disputes": DISPUTES,
    "first-pass": FIRST_PASS,
    "cycle-times": CYCLE_TIMES,
    "paid-on-time": PAID_ON_TIME,
}
REPORTS = ("schedule", "exposure", *METRICS)


def compute(
    records: Iterable[Json],
    report: str,
    *,
    moment: date | None = None,
    known_at: str | int | None = None,
    by: str | None = None,
    start: date | None = None,
    end: date | None = None,
    today: date | None = None,
) -> Json:
    """A report's promised fields, without as_of and known_at.

    `moment` is the as-of date; without it nothing is left out, and `today` serves aging and windows.
    """
    contracts = signed(records, moment, known_at)
    question = Question(moment or today or date.today(), by, start, end)  # noqa: DTZ011 - the machine's day
    return told(contracts, report, question)


def told(contracts: list[Contract], report: str, question: Question) -> Json:
    """What `compute` says of the contracts that there are at the moment of a question."""
    if report == "schedule":
        return schedule(contracts)
    if report == "exposure":
        owed = Exposure(question.today)
        for contract in contracts:
            owed.add(contract)
        return owed.report()
    metric = METRICS[report]
    groups = metric.begun(question)
    for contract in contracts:
        metric.add(contract, groups)
    return metric.report(groups)


def signed(
    records: Iterable[Json], moment: date | None = None, known_at: str | int | None = None
) -> list[Contract]:
    """The contracts that there are at a moment."""
    streams = facts_by_contract(known(records, known_at))
    contracts = [Contract(name, as_of(facts, moment)) for name, facts in streams.items()]
    return [contract for contract in contracts if contract.terms]
