"""What a bonus or penalty shows in a list."""

from __future__ import annotations

from projections.derive import bonuses
from projections.views.view import View, amount, currency, day, exact, milestone, text, version

LIST = View(
    "bonuses",
    bonuses.LIST,
    (
        version(),
        milestone(),
        text("partner"),
        text("kind"),
        exact("status", words=("awarded", "revoked", "assessed", "waived")),
        day("awarded_on", "on", rank=2),
        currency(),
        amount("amount"),
        amount("taken_back", "taken back", rank=1, summed=True),
    ),
    screen=(
        "reference",
        "milestone",
        "kind",
        "status",
        "awarded_on",
        "amount",
        "taken_back",
        "currency",
    ),
    empty="no bonus and no penalty",
)
