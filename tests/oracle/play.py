"""A portfolio as it is played: the log so far, and one intent after the other through `decide`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from ledger import intents as i
from ledger.contract import evolve
from ledger.decisions.decide import decide
from ledger.errors import LedgerError
from ledger.events import RECORD_TYPES, Fact, Record
from ledger.state import Contract

ADMINISTRATORS = ("admin-1", "admin-2")
MANAGERS = ("manager-1", "manager-2", "manager-3")
FINANCE = ("finance-1", "finance-2")
PARTNERS = ("partner-1",)

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
LAST_DAY = date(2026, 11, 22)


@dataclass
class Play:
    """The log so far, and one date per contract that moves on as things happen."""

    rng: Random = field(default_factory=lambda: Random(0))
    records: list[Record] = field(default_factory=list)
    states: dict[str, Contract] = field(default_factory=dict)
    clocks: dict[str, date] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)

    def act(self, contract: str, actor: str, intent: i.Intent) -> bool:
        """Records what an intent leads to; False where it was refused."""
        state = self.states.get(contract)
        context = i.Context(actor=actor, now=NOW)
        try:
            events = decide(state, intent, context, contract)
        except LedgerError as refusal:
            self.outcomes[f"{type(intent).__name__}: {refusal.code}"] += 1
            return False
        self.outcomes[type(intent).__name__] += 1
        origin = "import:test" if isinstance(intent, i.TakeOver) else "test"
        for event in events:
            self.append(contract, actor, event, origin)
        return bool(events)

    def append(self, contract: str, actor: str, event: Fact, origin: str = "test") -> None:
        state = self.states.get(contract)
        names = list(self.states)
        record = RECORD_TYPES[type(event)](
            actor=actor,
            authenticated_as=actor,
            data=event,
            origin=origin,
            position=len(self.records) + 1,
            recorded_at=(NOW + timedelta(seconds=len(self.records))).strftime(
                "%Y-%m-%dT%H:%M:%S.%fZ"
            ),
            stream=names.index(contract) + 1 if state else len(names) + 1,
            stream_id=contract,
            version=state.version + 1 if state else 1,
        )
        self.records.append(record)
        self.states[contract] = evolve(state, record)

    def facts(self, contract: str, name: str) -> list[tuple[int, Any]]:
        """The versions and events of one kind that a contract has had."""
        return [
            (record.version, record.data)
            for record in self.records
            if record.stream_id == contract and type(record.data).__name__ == name
        ]

    def on(self, contract: str) -> date:
        """The contract's day, sometimes a few days earlier: entries may be late."""
        back = self.rng.choice((0, 0, 0, 0, 1, 4))
        return self.clocks[contract] - timedelta(days=back)

    def pass_time(self, contract: str) -> None:
        days = self.rng.choice((0, 0, 1, 1, 2, 3, 5, 9))
        self.clocks[contract] = min(LAST_DAY, self.clocks[contract] + timedelta(days=days))


def some_milestone(play: Play, contract: str) -> str:
    defined = [event.milestone for _, event in play.facts(contract, "MilestoneDefined")]
    return play.rng.choice(defined) if defined else "M1"


def pick(play: Play, contract: str, name: str) -> tuple[int, Any] | None:
    """One of the newest facts of a kind."""
    found = play.facts(contract, name)
    return play.rng.choice(found[-4:]) if found else None
