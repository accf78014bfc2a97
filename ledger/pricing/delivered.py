"""What a clause may look at when a milestone is priced."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from ledger.events import Line, Result
from ledger.terms import Terms


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the contract had got: its amounts, what was accepted of them, and what its clauses took and gave so far.

    Minor units of the contract's currency; advances are no part of the amounts.
    """

    contract_minor: int = 0
    completed_minor: int = 0
    retained_minor: int = 0
    early_bonus_minor: int = 0
    open_advance_minor: int = 0


@dataclass(slots=True)
class Delivered:
    """A milestone at the moment of acceptance: the part accepted, the due date in force when it was submitted.

    Amounts are minor units of the contract's currency; `lines` are those of the steps before. `whole_minor` is the
    milestone with its remainders, `charged_minor` and `damages_minor` what they were charged for lateness before;
    `adjusted_minor` is what disputes decided before acceptance. `suspended_days` are those that excuse lateness.
    """

    terms: Terms
    milestone: str
    planned_minor: int
    accepted_minor: int
    due: date | None
    submitted_on: date | None
    results: tuple[Result, ...] = ()
    lines: list[Line] = field(default_factory=list)
    kind: str = "milestone"
    incentive_due: date | None = None
    whole_minor: int = 0
    charged_minor: int = 0
    damages_minor: int = 0
    adjusted_minor: int = 0
    suspended_days: int = 0
    progress: Progress = Progress()

    @property
    def days_late(self) -> int | None:
        """Calendar days from the due date in force to the submission; negative is early, None unknown."""
        return days_after(self.due, self.submitted_on)

    def charged_days(self, excused_days: int) -> int:
        """The days late that are paid for: without those that the clause excuses, and those of suspension."""
        late = self.days_late
        return 0 if late is None else max(0, late - excused_days - self.suspended_days)

    def sum_of(self, *steps: str) -> int:
        """What the lines of those steps come to so far."""
        return sum(line.amount_minor for line in self.lines if line.step in steps)

    @property
    def earned_minor(self) -> int:
        """What was earned, before tax, retention and what advances recover."""
        earned = self.sum_of("gross", "bonus", "penalty", "credit", "charge", "adjustment")
        return earned + self.adjusted_minor


def days_after(due: date | None, on: date | None) -> int | None:
    """Calendar days from one day to the other; None where either is unknown."""
    return None if due is None or on is None else (on - due).days
