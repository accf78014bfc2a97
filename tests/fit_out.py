"""A contract with retention, an advance, tax and incentives, half way through: decided by the real rules."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from commands.imports.contract_file import read_contract_file
from ledger.contract import evolve
from ledger.decisions.decide import decide
from ledger.events import RECORD_TYPES, ChangeOrder, Record, Revision
from ledger.intents import (
    ApproveChange,
    ApproveMilestone,
    Context,
    InstructPayment,
    Intent,
    OpenDispute,
    ProposeChange,
    RecordPayment,
    ReleaseRetention,
    SignContract,
    SubmitMilestone,
)
from ledger.state import Contract
from tests.stories import TODAY

PARTNER = "Nanjing Fit-out"
FILE = Path(__file__).with_name("fit_out.yaml")


def _on(month: int, day: int) -> date:
    return date(2026, month, day)


class _Story:
    def __init__(self) -> None:
        document = read_contract_file(FILE)
        self.id = document.contract
        self.state: Contract | None = None
        self.records: list[Record] = []
        terms, plans = document.terms(), document.milestones
        self.act("admin-1", SignContract(contract=self.id, terms=terms, milestones=plans))

    def act(self, actor: str, intent: Intent) -> int:
        """Decides and keeps it; the version of its last event."""
        context = Context(actor=actor, now=TODAY)
        for event in decide(self.state, intent, context, self.id):
            version = len(self.records) + 1
            record = RECORD_TYPES[type(event)](
                actor=actor,
                authenticated_as="tester",
                data=event,
                origin="story",
                position=version,
                recorded_at=f"2026-11-22T04:00:00.{version:06d}Z",
                stream=1,
                stream_id=self.id,
                version=version,
            )
            self.state = evolve(self.state, record)
            self.records.append(record)
        return len(self.records)

    def accepted(self, milestone: str, submitted: date, approved: date) -> None:
        self.act("partner-1", SubmitMilestone(milestone=milestone, on=submitted))
        self.act("manager-1", ApproveMilestone(milestone=milestone, on=approved))

    def paid(self, milestone: str, on: date, reference: str, release: int = 0) -> None:
        told = InstructPayment(milestone=milestone, on=on, release=release)
        instruction = self.act("finance-1", told)
        done = RecordPayment(instruction=instruction, on=on, reference=reference)
        self.act("finance-1", done)


@cache
def fit_out() -> tuple[Record, ...]:
    """The records, in one stream, positions equal to versions."""
    story = _Story()
    story.accepted("AD", _on(8, 3), _on(8, 4))
    story.paid("AD", _on(8, 5), "advance")
    story.accepted("M1", _on(9, 7), _on(9, 10))
    story.paid("M1", _on(10, 5), "TX-1")
    release = story.act("finance-1", ReleaseRetention(milestone="M1", on=_on(10, 12)))
    story.paid("M1", _on(10, 20), "TX-2", release)
    revision = Revision(milestone="M4", due=_on(12, 20), amount_minor=9_000_000)
    order = ChangeOrder(revisions=(revision,))
    proposal = story.act("manager-1", ProposeChange(content=order, on=_on(11, 1)))
    story.act("manager-2", ApproveChange(proposal=proposal, on=_on(11, 2)))
    story.accepted("M2", _on(11, 12), _on(11, 15))
    dispute = OpenDispute(milestone="M2", amount_minor=500_000, reason="scratches", on=_on(11, 16))
    story.act("manager-2", dispute)
    return tuple(story.records)
