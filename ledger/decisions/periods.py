"""A month is closed: the decision on the stream `~periods`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ledger.decisions.case import judge, open_case
from ledger.decisions.rules_periods import (
    period_closed_in_order,
    period_has_ended,
    periods_closed_by_administrators,
)
from ledger.decisions.rules_when import not_after_today
from ledger.decisions.rules_who import acting_for_another_needs_delegation
from ledger.decisions.signing import no_contract
from ledger.events import Fact, PeriodClosed, PeriodTotal
from ledger.evolve.common import digest
from ledger.intents import ClosePeriod, Context
from ledger.periods import STREAM, Periods, last_day


@dataclass(frozen=True, slots=True)
class Covered:
    """What a closing is about: the log up to a position, and what the schedule said of the month by then."""

    position: int
    totals: tuple[PeriodTotal, ...]


def judge_closing(periods: Periods, intent: ClosePeriod, context: Context) -> Fact:
    """The closing as far as it is known before anything is added up; raises Refused."""
    last_day(intent.period)
    nobody = no_contract(STREAM)
    nobody.terms = replace(nobody.terms, timezone=intent.timezone)
    case = open_case(nobody, intent, context)
    case.facts |= {"period": intent.period, "periods": periods}
    judge(
        case,
        acting_for_another_needs_delegation,
        periods_closed_by_administrators,
        not_after_today,
        period_has_ended,
        period_closed_in_order,
    )
    return Fact(on=case.on)


def close(
    periods: Periods,
    intent: ClosePeriod,
    context: Context,
    covered: Covered,
    adjustments: Mapping[int, str],
) -> list[Fact]:
    """Closes a month; `adjustments` are the records since the last closing that adjust months closed before."""
    judged = judge_closing(periods, intent, context)
    by_month: dict[str, tuple[int, ...]] = {}
    for position, period in sorted(adjustments.items()):
        by_month[period] = (*by_month.get(period, ()), position)
    return [
        PeriodClosed(
            on=judged.on,
            period=intent.period,
            covers=covered.position,
            totals=covered.totals,
            digest=digest(covered.totals),
            timezone=intent.timezone,
            adjustments=by_month,
        )
    ]
