"""When payment falls due: counted from approval or invoice, by the contract's terms and calendars."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from ledger.calendars import Calendar, calendar, month_end
from ledger.terms import EarlyPayment, PaymentTerms, Terms


class PaymentDue(NamedTuple):
    """The day, whether a year not yet published makes it provisional, and the calendar and edition it rests on."""

    day: date | None
    provisional: bool = False
    calendar: str = ""


def payment_due(
    terms: Terms, accepted_on: date | None, invoiced_on: date | None = None
) -> PaymentDue:
    """The due date, or none where the contract has no payment terms or the day that it counts from is unknown."""
    agreed, start = terms.payment, counted_from(terms, accepted_on, invoiced_on)
    if agreed is None or start is None:
        return PaymentDue(None)
    if not agreed.counts_days or agreed.days == "calendar":
        days = timedelta(days=agreed.net_days if agreed.counts_days else 0)
        return rolled(terms, settled(agreed, start + days))
    working = _working(terms)
    due = working.add_business_days(start, agreed.net_days)
    counted = PaymentDue(settled(agreed, due.day), due.provisional, working.edition)
    if agreed.roll == "none" or counted.day is None:
        return counted
    last = rolled(terms, counted.day)
    return last._replace(provisional=counted.provisional or last.provisional)


def settled(agreed: PaymentTerms, reached: date) -> date:
    """The day that follows from the one reached: a day of the month after, the month's end, or the day itself."""
    if agreed.day_of_next_month is not None:
        return day_of_next_month(reached, agreed.day_of_next_month)
    return month_end(reached) if agreed.until == "month-end" else reached


def counted_from(terms: Terms, accepted_on: date | None, invoiced_on: date | None) -> date | None:
    """The day from which payment and its discount count: none where there are no terms or it is not known yet.

    Where it counts from the invoice, that is the later of invoice and acceptance: money follows what was accepted.
    """
    agreed = terms.payment
    if agreed is None or accepted_on is None:
        return None
    if agreed.after == "month-end":
        return month_end(accepted_on)
    if agreed.after == "invoice":
        return None if invoiced_on is None else max(accepted_on, invoiced_on)
    return accepted_on


def rolled(terms: Terms, day: date) -> PaymentDue:
    """The day, or the next business day where the terms roll forward; it never moves back."""
    agreed = terms.payment
    if agreed is None or agreed.roll == "none":
        return PaymentDue(day)
    working = _working(terms)
    found = working.roll_forward(day)
    return PaymentDue(found.day, found.provisional, working.edition)


def day_of_next_month(day: date, wanted: int) -> date:
    """That day of the month after; its last where it is shorter."""
    first = month_end(day) + timedelta(days=1)
    return first.replace(day=min(wanted, month_end(first).day))


def discount_until(agreed: EarlyPayment, start: date) -> date:
    """The last day on which payment earns the discount, counted from where payment itself is counted."""
    if agreed.day_of_next_month is not None:
        return day_of_next_month(start, agreed.day_of_next_month)
    return start + timedelta(days=agreed.days or 0)


def _working(terms: Terms) -> Calendar:
    return calendar(
        terms.calendars, frozenset(terms.extra_holidays), frozenset(terms.extra_workdays)
    )
