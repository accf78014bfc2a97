"""The contract of shared/scenarios/double-11.md as intents, for tests that need a rich history of real decisions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from commands.imports.contract_file import read_contract_file
from ledger.contract import evolve
from ledger.decisions.decide import decide
from ledger.events import RECORD_TYPES, ChangeOrder, Record, Resolution, Result, Revision
from ledger.intents import (
    ApproveChange,
    ApproveMilestone,
    Context,
    InstructPayment,
    Intent,
    OpenDispute,
    ProposeChange,
    RecordPayment,
    RejectSubmission,
    ReversePayment,
    SignContract,
    SubmitMilestone,
)
from ledger.state import Contract

TODAY = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
EXAMPLE = Path(__file__).parent.parent / "docs" / "examples" / "double-11.yaml"


def _on(month: int, day: int) -> date:
    return date(2026, month, day)


def _acts() -> list[tuple[str, str, Callable[[dict[str, int]], Intent]]]:
    """(name of the fact or "", actor, intent): the acts in order, named where a later one refers to them."""
    revision = Revision(milestone="M2", due=_on(9, 25), amount_minor=30_000_000)
    late = datetime.fromisoformat("2026-09-25T23:30:00+08:00")
    measured = (Result(criterion="conversion_rate", measured="3.4%"),)
    return [
        ("", "partner-1", lambda v: SubmitMilestone(milestone="M1", on=_on(8, 18))),
        ("", "manager-1", lambda v: ApproveMilestone(milestone="M1", on=_on(8, 20))),
        (
            "change",
            "manager-1",
            lambda v: ProposeChange(content=ChangeOrder(revisions=(revision,)), on=_on(9, 10)),
        ),
        ("", "manager-2", lambda v: ApproveChange(proposal=v["change"], on=_on(9, 14))),
        ("pay-1", "finance-1", lambda v: InstructPayment(milestone="M1", on=_on(9, 19))),
        ("", "finance-1", lambda v: RecordPayment(instruction=v["pay-1"], on=_on(9, 19))),
        ("", "partner-1", lambda v: SubmitMilestone(milestone="M2", on=_on(9, 23))),
        (
            "",
            "manager-1",
            lambda v: RejectSubmission(milestone="M2", on=_on(9, 24), reason="checkout is broken"),
        ),
        ("", "partner-1", lambda v: SubmitMilestone(milestone="M2", at=late)),
        ("", "manager-1", lambda v: ApproveMilestone(milestone="M2", on=_on(9, 28))),
        ("", "finance-1", lambda v: ApproveMilestone(milestone="M2", on=_on(10, 8))),
        ("", "partner-1", lambda v: SubmitMilestone(milestone="M3", on=_on(10, 20))),
        ("", "manager-2", lambda v: ApproveMilestone(milestone="M3", on=_on(10, 22))),
        (
            "dispute",
            "manager-2",
            lambda v: OpenDispute(milestone="M3", amount_minor=4_500_000, on=_on(10, 26)),
        ),
        (
            "resolution",
            "manager-1",
            lambda v: ProposeChange(
                content=Resolution(
                    milestone="M3",
                    dispute=v["dispute"],
                    outcome="split",
                    adjustment_minor=-2_000_000,
                ),
                on=_on(11, 2),
            ),
        ),
        ("", "manager-3", lambda v: ApproveChange(proposal=v["resolution"], on=_on(11, 3))),
        ("pay-2", "finance-1", lambda v: InstructPayment(milestone="M2", on=_on(11, 6))),
        ("", "finance-1", lambda v: RecordPayment(instruction=v["pay-2"], on=_on(11, 7))),
        (
            "",
            "finance-1",
            lambda v: ReversePayment(payment=v["pay-2"], on=_on(11, 10), reason="bank return"),
        ),
        ("pay-3", "finance-1", lambda v: InstructPayment(milestone="M2", on=_on(11, 11))),
        (
            "",
            "partner-1",
            lambda v: SubmitMilestone(milestone="M4", on=_on(11, 11), results=measured),
        ),
        ("", "finance-1", lambda v: RecordPayment(instruction=v["pay-3"], on=_on(11, 12))),
        ("", "manager-1", lambda v: ApproveMilestone(milestone="M4", part="75%", on=_on(11, 16))),
        ("", "finance-1", lambda v: ApproveMilestone(milestone="M4", part="75%", on=_on(11, 17))),
    ]


def double_eleven() -> list[Record]:
    """The records of the whole story, in one stream, positions equal to versions."""
    document = read_contract_file(EXAMPLE)
    signing = SignContract(
        contract=document.contract, terms=document.terms(), milestones=document.milestones
    )
    records: list[Record] = []
    state: Contract | None = None
    versions: dict[str, int] = {}
    acts: list[tuple[str, str, Callable[[dict[str, int]], Intent]]]
    acts = [("", "admin-1", lambda v: signing), *_acts()]
    for name, actor, intent in acts:
        context = Context(actor=actor, now=TODAY)
        for event in decide(state, intent(versions), context, document.contract):
            version = len(records) + 1
            record = RECORD_TYPES[type(event)](
                actor=actor,
                authenticated_as="tester",
                data=event,
                origin="story",
                position=version,
                recorded_at=f"2026-11-22T04:00:00.{version:06d}Z",
                stream=1,
                stream_id=document.contract,
                version=version,
            )
            state = evolve(state, record)
            records.append(record)
        if name:
            versions[name] = len(records)
    return records
