"""Short events to append, and the simplest of all folds."""

from __future__ import annotations

from ledger.events import Fact, MilestoneStarted, Record
from ledger.store import Envelope

ALICE = Envelope(actor="alice@example.com", origin="test")

Count = tuple[str, ...]
"""A state: the milestones that were started, in order."""


def started(*milestones: str) -> list[Fact]:
    return [MilestoneStarted(milestone=milestone) for milestone in milestones]


def counted(state: Count | None, record: Record) -> Count:
    assert isinstance(record.data, MilestoneStarted)
    return (*(state or ()), record.data.milestone)
