"""What a dispute shows in a list."""

from __future__ import annotations

from projections.derive import disputes
from projections.views.view import Row, View, amount, currency, day, exact, milestone, text, version

STATUSES = ("open", "upheld", "rejected", "split", "withdrawn")


def held(row: Row) -> str:
    """An open dispute holds money back."""
    return "held" if row["status"] == "open" else ""


LIST = View(
    "disputes",
    disputes.LIST,
    (
        version(),
        milestone(),
        text("partner"),
        exact("side", rank=1),
        exact("status", tone=held, words=STATUSES),
        day("opened_on", "opened", rank=2),
        exact("opened_by", "opened by"),
        day("ended_on", "ended", rank=4),
        text("reason", rank=3),
        currency(),
        amount("amount", summed=True),
    ),
    screen=(
        *("reference", "milestone", "side", "status", "opened_on", "ended_on", "amount"),
        *("currency", "reason"),
    ),
    empty="no dispute",
)
