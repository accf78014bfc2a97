"""What a clause may look at when a milestone is priced."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from ledger.events import Line, Result
from ledger.terms import Terms


@dataclass(slots=True)
class Delivered:
    """A milestone at the moment of acceptance: the part accepted, the due date in force when it was submitted.

    Amounts are minor units of the contract's currency; `lines` are those of the steps before.
    """

    terms: Terms
    milestone: str
    planned_minor: int
    accepted_minor: int
    due: date | None
    submitted_on: date | None
    results: tuple[Result, ...] = ()
    lines: list[Line] = field(default_factory=list)

    @property
    def days_late(self) -> int | None:
        """Calendar days from the due date in force to the submission; negative is early, None unknown."""
        if self.due is None or self.submitted_on is None:
            return None
        return (self.submitted_on - self.due).days
