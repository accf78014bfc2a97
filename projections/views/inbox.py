"""What a task of the inbox shows: what waits for whom, since when, and until when.

A row is told the day it is looked at as `today`.
"""

from __future__ import annotations

from datetime import date

from ledger.money import display_minor
from projections.derive import inbox
from projections.views.view import (
    Row,
    View,
    amount,
    count,
    currency,
    day,
    exact,
    listed,
    text,
)

WORDS = (
    *("deliver", "submit again", "approve", "propose anew", inbox.STOPPED, "pay", inbox.RELEASE),
    *("recover the claim", "send an invoice", "propose a resolution", "record the payment"),
)


def waiting_days(row: Row) -> int | None:
    """Days since it waits; None where that is not known."""
    return _days(row["since"], row["today"])


def overdue_days(row: Row) -> int | None:
    """Days since it was due, 0 for none; None where it has no date, or may be done since its source was heard of."""
    due, heard = row["due_on"], row["heard_on"]
    late = None if heard and due and heard <= due else _days(due, row["today"])
    return None if late is None else max(late, 0)


def _days(earlier: str | None, today: str) -> int | None:
    if earlier is None:
        return None
    return (date.fromisoformat(today) - date.fromisoformat(earlier)).days


def _late(row: Row) -> str:
    days = overdue_days(row)
    return f"{days} d" if days else ""


def _tone(row: Row) -> str:
    return "late" if overdue_days(row) else ""


_PEOPLE = listed("people")
_ABSENT = listed("acting_for", "acting for")
_AFTER = listed("waits_for", "after")


def _who(row: Row) -> str:
    """The role, and who may do it now; behind them for whom of these the person asked for acts."""
    who = f"{row['role']}: {', '.join(_PEOPLE.read(row)) or 'nobody holds it'}"
    absent = ", ".join(_ABSENT.read(row))
    return f"{who} (for {absent})" if absent else who


def _after(row: Row) -> str:
    return ", ".join(name.rpartition("/")[2] for name in _AFTER.read(row))


def _amount(row: Row) -> str:
    minor = row["amount_minor"]
    return "" if minor is None else display_minor(int(minor), row["currency"])


def _currency(row: Row) -> str:
    return "" if row["amount_minor"] is None else str(row["currency"])


TASKS = View(
    "tasks",
    inbox.LIST,
    (
        text("task", words=WORDS),
        exact("reference"),
        exact("contract"),
        text("partner"),
        text("title", rank=6),
        text("role", "who", shown=_who),
        _PEOPLE,
        day("since", rank=4),
        count("waiting_days", "waits", column="", read=waiting_days),
        day("due_on", "due", tone=_tone),
        count("overdue_days", "overdue", column="", read=overdue_days, shown=_late, rank=1),
        amount("amount", shown=_amount, rank=2),
        listed("waits_for", "after", shown=_after, rank=5),
        listed("events"),
        currency(title="cur", shown=_currency, rank=3),
        day("heard_on", "last heard of"),
        _ABSENT,
    ),
    screen=(
        *("due_on", "overdue_days", "task", "reference", "title", "role", "since", "amount"),
        *("currency", "waits_for"),
    ),
    header=(
        *("task", "reference", "contract", "partner", "title", "role", "people", "since"),
        *("waiting_days", "due_on", "overdue_days", "amount", "currency", "waits_for", "events"),
        "acting_for",
    ),
    empty="(nothing waits)",
    due="due_on",
    overdue="due_on < :today AND (heard_on IS NULL OR heard_on > due_on)",
)
