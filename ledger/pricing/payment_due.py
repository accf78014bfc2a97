"""When payment falls due: so many days after acceptance, by the contract's terms and calendars."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from ledger.calendars import calendar
from ledger.terms import Terms


class PaymentDue(NamedTuple):
    """The day, whether a year not yet published makes it provisional, and the calendar and edition it rests on."""

    day: date | None
    provisional: bool = False
    calendar: str = ""


def payment_due(terms: Terms, accepted_on: date | None) -> PaymentDue:
    """The due date, or none where the contract has no payment terms or the day of acceptance is unknown."""
    agreed = terms.payment
    if agreed is None or accepted_on is None:
        return PaymentDue(None)
    if agreed.days == "calendar" and agreed.roll == "none":
        return PaymentDue(accepted_on + timedelta(days=agreed.net_days))
    working = calendar(
        terms.calendars, frozenset(terms.extra_holidays), frozenset(terms.extra_workdays)
    )
    if agreed.days == "business":
        due = working.add_business_days(accepted_on, agreed.net_days)
    else:
        due = working.roll_forward(accepted_on + timedelta(days=agreed.net_days))
    if agreed.days == "business" and agreed.roll == "forward":
        rolled = working.roll_forward(due.day)
        due = rolled._replace(provisional=due.provisional or rolled.provisional)
    return PaymentDue(due.day, due.provisional, working.edition)
