"""What a contract shows in a list and in the register."""

from __future__ import annotations

from ledger.money import display_minor
from projections.derive import contracts
from projections.views.view import (
    Field,
    Row,
    View,
    amount,
    count,
    currency,
    day,
    exact,
    flag,
    listed,
    text,
)

STATUSES = ("active", "suspended", "terminated", "completed")


def _value(row: Row) -> str:
    minor = row["value_minor"]
    return "unknown" if minor is None else display_minor(int(minor), row["currency"])


def _counted(row: Row) -> str:
    """The milestones by status; of a total their number."""
    if "counted" not in row:
        return f"{row['milestones']} in all"
    return ", ".join(f"{n} {status}" for status, n in row["counted"].items())


LIST = View(
    "contracts",
    contracts.LIST,
    (
        exact("contract"),
        text("title", rank=3),
        text("client"),
        text("partner", rank=1),
        exact("status", words=STATUSES),
        day("signed_on", "signed"),
        currency(),
        amount("value"),
        amount("committed", summed=True),
        amount("paid", summed=True),
        count("milestones"),
        count("payments", rank=2),
        flag("imported"),
    ),
    screen=("contract", "title", "partner", "status", "committed", "paid", "currency"),
    empty="no contract",
)
# Here `counted` of a row has its milestones by status.
REGISTER = View(
    "contracts",
    contracts.LIST,
    (
        *LIST.some("contract", "partner"),
        amount("value", shown=_value, summed=True),
        Field(
            "milestones",
            "list",
            "milestones",
            lambda row: row["counted"],
            "milestones",
            shown=_counted,
            summed=True,
        ),
        count("payments", rank=2, summed=True),
        *LIST.some("paid", "title", "client", "status"),
        currency(title="cur"),
        *LIST.some("committed", "signed_on", "imported"),
        listed("events"),
    ),
    screen=("contract", "title", "partner", "milestones", "payments", "value", "paid", "currency"),
    header=(
        *("contract", "partner", "value", "currency", "milestones", "payments", "paid", "title"),
        *("client", "status", "committed", "signed_on", "imported", "events"),
    ),
    empty="(no contract)",
)
