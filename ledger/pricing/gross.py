"""Step 1, gross: the accepted part of the milestone's amount."""

from __future__ import annotations

from ledger.events import Line
from ledger.pricing.delivered import Delivered


def lines(delivered: Delivered) -> list[Line]:
    """One line: the accepted part. The part itself was fixed by the approvals, so nothing is rounded here."""
    return [
        Line(
            step="gross",
            clause="accepted-part",
            amount_minor=delivered.accepted_minor,
            calculation={"planned_minor": str(delivered.planned_minor)},
        )
    ]
