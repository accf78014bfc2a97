"""A month is closed: the decision on the stream `~periods`."""

from __future__ import annotations

from dataclasses import replace

from ledger.decisions.case import judge, open_case
from ledger.decisions.contracts import no_contract
from ledger.decisions.rules_periods import (
    Closing,
    period_closed_in_order,
    period_has_ended,
    periods_closed_by_administrators,
)
from ledger.decisions.rules_when import not_after_today
from ledger.decisions.rules_who import acting_for_another_needs_delegation
from ledger.events import Fact, PeriodClosed
from ledger.evolve.common import digest
from ledger.intents import ClosePeriod, Context
from ledger.known import Known
from ledger.periods import STREAM, Periods, last_day


def judge_closing(periods: Periods, intent: ClosePeriod, context: Context, known: Known) -> Fact:
    """The closing as far as it is known before anything is added up; raises Refused."""
    last_day(intent.period)
    nobody = no_contract(STREAM)
    nobody.terms = replace(nobody.terms, timezone=intent.timezone)
    case = open_case(nobody, intent, context, known=known)
    judge(
        case.about(Closing(intent.period, periods)),
        acting_for_another_needs_delegation,
        periods_closed_by_administrators,
        not_after_today,
        period_has_ended,
        period_closed_in_order,
    )
    return Fact(on=case.on)


def close(periods: Periods, intent: ClosePeriod, context: Context, known: Known) -> list[Fact]:
    """Closes a month, and keeps which records since the last closing adjust months closed before."""
    judged = judge_closing(periods, intent, context, known)
    by_month: dict[str, tuple[int, ...]] = {}
    for position, period in sorted(known.adjustments.items()):
        by_month[period] = (*by_month.get(period, ()), position)
    return [
        PeriodClosed(
            on=judged.on,
            period=intent.period,
            covers=intent.covers,
            totals=intent.totals,
            digest=digest(intent.totals),
            timezone=intent.timezone,
            adjustments=by_month,
        )
    ]
