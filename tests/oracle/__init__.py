"""The independent oracle: every report computed a second time, naively, from the records alone.

It imports nothing of ledger, projections or commands (mutants.py and portfolios.py beside it serve the
tests, and do). Where it and the product differ, one of them misreads the domain page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from tests.oracle.contracts import Contract
from tests.oracle.exposure import exposure
from tests.oracle.kept import KEPT
from tests.oracle.log import Json, as_of, facts_by_contract, known
from tests.oracle.rates import Question, disputes, first_pass, on_time
from tests.oracle.schedule import schedule

REPORTS = ("schedule", "on-time", "disputes", "exposure", "first-pass")


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
    streams = facts_by_contract(known(records, known_at))
    contracts = [Contract(name, as_of(facts, moment)) for name, facts in streams.items()]
    signed = [contract for contract in contracts if contract.terms]
    question = Question(moment or today or date.today(), by, start, end)  # noqa: DTZ011 - the machine's day
    rates: dict[str, Callable[[list[Contract], Question], Json]] = {
        "on-time": on_time,
        "disputes": disputes,
        "first-pass": first_pass,
        "exposure": exposure,
    }
    return schedule(signed) if report == "schedule" else rates[report](signed, question)


def rows(records: Iterable[Json], table: str, moment: date | None = None) -> list[Json]:
    """The rows of retentions, invoices or settlements, by contract, version or milestone, as of a date."""
    streams = facts_by_contract(records)
    contracts = [Contract(name, as_of(facts, moment)) for name, facts in streams.items()]
    return [row for one in contracts if one.terms for row in KEPT[table](one)]
