"""What a contract shows in a list."""

from __future__ import annotations

from projections.derive import contracts
from projections.views.view import View, amount, count, currency, day, exact, flag, text

STATUSES = ("active", "suspended", "terminated", "completed")
LIST = View(
    "contracts",
    contracts.LIST,
    (
        exact("contract"),
        text("title"),
        text("client"),
        text("partner", rank=1),
        exact("status", words=STATUSES),
        day("signed_on", "signed"),
        currency(),
        amount("value"),
        amount("committed", summed=True),
        amount("paid", summed=True),
        count("milestones"),
        count("payments"),
        flag("imported"),
    ),
    screen=("contract", "title", "partner", "status", "committed", "paid", "currency"),
    empty="no contract",
)
