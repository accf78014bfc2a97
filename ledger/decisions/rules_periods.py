"""Periods: the rules on closing a month."""

from __future__ import annotations

import msgspec

from ledger.decisions.case import Case, Objection, rule
from ledger.periods import Periods, following, last_day


class Closing(msgspec.Struct, frozen=True):
    """A month ("2026-10") that is to be closed, and the months that are."""

    period: str
    periods: Periods


@rule("Months are closed by administrators of the ledger's contracts.")
def periods_closed_by_administrators(case: Case) -> Objection | None:
    if case.actor in case.known.keepers:
        return None
    return Objection(
        f"{case.actor} is not an administrator of any contract",
        "act as somebody whom a contract names as one: mledger contract list",
    )


@rule("A month is closed when it has ended in the zone of the reports.")
def period_has_ended(case: Case[Closing]) -> Objection | None:
    period = case.subject.period
    if case.today > last_day(period):
        return None
    zone = case.state.terms.timezone
    return Objection(
        f"{period} has not ended: today is {case.today} in {zone}", "close it when it has ended"
    )


@rule("A month is closed once, and after the one before it.")
def period_closed_in_order(case: Case[Closing]) -> Objection | None:
    period, periods = case.subject.period, case.subject.periods
    if not periods.closed:
        return None
    last = periods.closed[-1].fact.period
    if period <= last:
        return Objection(
            f"{period} is closed: the last month closed is {last}",
            "later entries that touch it are shown as its adjustments: mledger audit periods",
        )
    after = following(last)
    return None if period == after else Objection(f"{after} is still open", f"close {after} first")
