"""One payment that a run proposes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ledger.events import Exchange


@dataclass(frozen=True, slots=True)
class Line:
    """What falls due of a milestone or of a release of its retention, to be paid."""

    contract: str
    partner: str
    milestone: str
    title: str
    due_on: str
    currency: str
    amount_minor: int
    held_minor: int
    kind: str = "milestone"
    release: int = 0
    transfer: str = ""
    exchange: Exchange | None = None
    discount_minor: int = 0
    discount_until: date | None = None

    @property
    def reference(self) -> str:
        """What is paid: CONTRACT/MILESTONE, or CONTRACT#VERSION of a release of its retention."""
        if self.release:
            return f"{self.contract}#{self.release}"
        return f"{self.contract}/{self.milestone}"

    @property
    def name(self) -> str:
        """What is paid, as people read it."""
        return self.reference + (f" of {self.milestone}" if self.release else "")
