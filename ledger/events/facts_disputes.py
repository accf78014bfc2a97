"""The events about disputes."""

from __future__ import annotations

from ledger.events.parts import Evidence, Fact, Line, Outcome, Side, Why


class DisputeOpened(Fact, frozen=True, kw_only=True):
    """One side disputes an amount of a milestone. The client's holds it; the partner's holds nothing."""

    milestone: str
    side: Side
    amount_minor: int | None
    reason: str = ""


class DisputeEvidenceAdded(Fact, frozen=True, kw_only=True):
    """Either side adds to a dispute's file."""

    milestone: str
    dispute: int
    note: str = ""
    evidence: tuple[Evidence, ...] = ()


class DisputeResolved(Fact, frozen=True, kw_only=True):
    """A dispute ends by decision, with the line that adjusts the price."""

    milestone: str
    dispute: int
    outcome: Outcome
    lines: tuple[Line, ...] = ()
    proposal: int = 0
    reason: str = ""


class DisputeWithdrawn(Fact, frozen=True, kw_only=True):
    """Whoever opened the dispute takes it back."""

    milestone: str
    dispute: int
    why: Why
    reason: str = ""
