"""What a milestone shows in a list: promised first, promised now, delivered, accepted."""

from __future__ import annotations

from typing import Any

from ledger.money import display_minor
from ledger.recorded import PARTS
from projections.derive import milestones
from projections.views.view import (
    Row,
    View,
    amount,
    count,
    currency,
    day,
    exact,
    listed,
    milestone,
    text,
)

STATUSES = ("expected", "started", "submitted", "rejected", "accepted", "paid", "cancelled")
UNDELIVERED = ("expected", "started", "rejected")
# Not delivered by the day `today`; what was last heard of before it was due may have been.
OVERDUE = f"""current_due < :today AND status IN {UNDELIVERED}
  AND (heard_on IS NULL OR heard_on > current_due)"""


def unknown_of(row: Row) -> dict[str, Any]:
    """What is not known of a milestone: dates that an import inferred, parts that no source tells of, the day on
    which its source was last heard of."""
    return {
        "inferred": inferred(row),
        "not_recorded": not_recorded(row),
        "heard_on": row["heard_on"],
    }


def inferred(row: Row) -> list[str]:
    """The dates that an import inferred."""
    return ["submitted_on"] if row["delivered_inferred"] else []


def not_recorded(row: Row) -> list[str]:
    """The parts that no source tells of."""
    return [part for part in PARTS if row[f"no_{part}"]]


def delivered(row: Row) -> str | None:
    """The delivery date, with a question mark where an import inferred it."""
    found: str | None = row["submitted_on"]
    return f"{found}?" if found and row["delivered_inferred"] else found


def _amount(row: Row) -> str:
    minor = row["amount_minor"]
    return "unknown" if minor is None else display_minor(int(minor), row["currency"])


def late(row: Row) -> str:
    """Whether it should be delivered by now, where the row says which day it is."""
    due, today, heard = row["current_due"], row.get("today"), row["heard_on"]
    waits = due and today and due < today and row["status"] in UNDELIVERED
    return "late" if waits and not (heard and heard <= due) else ""


def refused(row: Row) -> str:
    """Whether what was delivered was sent back."""
    return "refused" if row["status"] == "rejected" else ""


LIST = View(
    "milestones",
    milestones.REGISTER,
    (
        milestone(),
        text("title", rank=1),
        text("stage", rank=5),
        text("owner", rank=6, rare=True),
        text("partner"),
        exact("status", tone=refused, words=STATUSES),
        day("original_due", "first due", rank=4),
        day("current_due", "due", tone=late),
        day("submitted_on", "delivered", rank=2, shown=delivered),
        day("accepted_on", "accepted", rank=3),
        currency(),
        amount("amount", summed=True, shown=_amount),
        listed("inferred", read=inferred),
        listed("not_recorded", "not recorded", read=not_recorded),
        day("heard_on", "last heard of"),
    ),
    screen=(
        *("milestone", "title", "status", "original_due", "current_due", "submitted_on"),
        *("accepted_on", "amount", "currency"),
    ),
    empty="no such milestone",
    due="current_due",
    overdue=OVERDUE,
)
REGISTER = View(
    "milestones",
    milestones.REGISTER,
    (
        *LIST.some("milestone", "title", "stage", "owner", "status", "original_due"),
        *LIST.some("current_due", "submitted_on", "accepted_on", "amount"),
        exact("contract"),
        text("partner"),
        exact("source_status", "at the source"),
        exact("twin_status", "paid at the source"),
        amount("original_amount", "first amount", "original_minor"),
        currency(title="cur"),
        day("settled_on", "settled"),
        count("baselines"),
        listed("events"),
        *LIST.some("inferred", "not_recorded", "heard_on"),
    ),
    screen=(
        *("milestone", "title", "stage", "owner", "status", "original_due", "current_due"),
        *("submitted_on", "accepted_on", "amount", "currency"),
    ),
    header=(
        *("contract", "partner", "milestone", "title", "stage", "owner", "status"),
        *("original_due", "current_due", "submitted_on", "accepted_on", "amount", "currency"),
        *("source_status", "twin_status", "original_amount", "settled_on", "baselines", "events"),
        *("inferred", "not_recorded", "heard_on"),
    ),
    empty="no milestone",
)
