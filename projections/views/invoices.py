"""What an invoice shows in a list, a line for each milestone that it covers."""

from __future__ import annotations

from projections.derive import invoices
from projections.views.view import Row, View, amount, currency, day, exact, milestone, text, version

STATUSES = ("received", "rejected")


def refused(row: Row) -> str:
    """Whether the invoice was sent back."""
    return "refused" if row["status"] == "rejected" else ""


LIST = View(
    "invoices",
    invoices.LIST,
    (
        version(),
        exact("number"),
        milestone(),
        text("partner"),
        exact("kind"),
        exact("status", tone=refused, words=STATUSES),
        day("issued_on", "issued", rank=4),
        day("received_on", "received", rank=2),
        day("rejected_on", "sent back"),
        currency(),
        amount("covered", "covers"),
        amount("amount", "of", rank=1),
        amount("tax", rank=3),
    ),
    screen=(
        *("reference", "number", "milestone", "status", "issued_on", "received_on", "covered"),
        *("amount", "tax", "currency"),
    ),
    empty="no invoice",
)
