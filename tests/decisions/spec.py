"""given(events).when(intent).then(events | refusal): decisions tested as the pure functions they are.

    given(signed(), defined("M1")).when(SubmitMilestone(milestone="M1"), by="partner-1").then(MilestoneSubmitted)
    given(...).when(...).refused("submitter-does-not-approve")

Events may be given with the actor who recorded them: `("partner-1", MilestoneSubmitted(…))`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ledger.contract import evolve
from ledger.decisions.decide import decide
from ledger.errors import LedgerError, Refused
from ledger.events import RECORD_TYPES, Fact, Record
from ledger.intents import Context, Intent
from ledger.known import ALL, Known
from ledger.state import Contract

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)  # midday in Shanghai
Given = Fact | tuple[str, Fact]


def record(event: Fact, version: int, actor: str = "somebody", contract: str = "C-1") -> Record:
    """The record of an event, as if the log held nothing but this stream."""
    return RECORD_TYPES[type(event)](
        actor=actor,
        authenticated_as=actor,
        data=event,
        origin="test",
        position=version,
        recorded_at="2026-11-22T04:00:00.000000Z",
        stream=1,
        stream_id=contract,
        version=version,
    )


@dataclass
class Story:
    """A contract's history so far, and what the last intent led to."""

    records: list[Record] = field(default_factory=list)
    contract: str = "C-1"
    events: list[Fact] = field(default_factory=list)
    refusal: LedgerError | None = None

    def state(self) -> Contract | None:
        """The state after everything so far, folded anew."""
        state: Contract | None = None
        for one in self.records:
            state = evolve(state, one)
        return state

    def the_state(self) -> Contract:
        state = self.state()
        assert state is not None
        return state

    def when(
        self, intent: Intent, by: str = "manager-1", now: datetime = NOON, **context: Any
    ) -> Story:
        """Decides an intent; what follows is kept for then(), refused() or and_then().

        Of `context` what the actor is goes into the Context, and what is known besides into Known.
        """
        self.events, self.refusal = [], None
        beside = {*ALL, "ledger_id", "drafting"} & context.keys()
        known = Known(**{name: context.pop(name) for name in beside})
        about = Context(actor=by, now=now, **context)
        try:
            self.events = decide(self.state(), intent, about, self.contract, known)
        except LedgerError as refusal:
            self.refusal = refusal
        self._by = by
        return self

    def then(self, *expected: Fact | type[Fact]) -> Story:
        """The intent led to exactly these events (by class, or whole), which are now history."""
        assert self.refusal is None, str(self.refusal)
        found = [
            event if isinstance(want, Fact) else type(event)
            for event, want in zip(self.events, expected, strict=False)
        ]
        assert found == list(expected), self.events
        assert len(self.events) == len(expected), self.events
        return self.happened()

    def happened(self) -> Story:
        """Takes what the last intent led to into the history."""
        assert self.refusal is None, str(self.refusal)
        for event in self.events:
            self.records.append(record(event, len(self.records) + 1, self._by, self.contract))
        self.events = []
        return self

    def refused(self, rule: str) -> Refused:
        """The intent was refused by this rule, with a hint, and nothing follows."""
        assert self.refusal is not None, f"not refused: {self.events}"
        assert isinstance(self.refusal, Refused), repr(self.refusal)
        assert self.refusal.code == rule, str(self.refusal)
        assert self.refusal.hint, "a refusal says what to do next"
        assert self.events == []
        return self.refusal

    def fails(self, code: str) -> LedgerError:
        """The intent cannot be understood: the error has this code."""
        assert self.refusal is not None, f"not refused: {self.events}"
        assert self.refusal.code == code, str(self.refusal)
        return self.refusal


def given(*events: Given, contract: str = "C-1") -> Story:
    """A history of these events, in versions 1, 2, 3 …"""
    return Story([*_records(events, contract)], contract)


def _records(events: Sequence[Given], contract: str) -> list[Record]:
    found = []
    for version, event in enumerate(events, start=1):
        actor, fact = event if isinstance(event, tuple) else ("somebody", event)
        found.append(record(fact, version, actor, contract))
    return found
