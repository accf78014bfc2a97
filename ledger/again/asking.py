"""What was asked, read back from what was recorded: the intents whose decision can begin with a fact.

A fact that is only ever an outcome (an acceptance, a bonus, a revision …) begins no decision: nobody can ask for it.
Where two requests are recorded alike, each is given, the likelier first; what they lead to tells which one it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from ledger import events as e
from ledger import intents as i
from ledger.decisions.changes import OUTDATED
from ledger.state import Contract
from ledger.terms import MilestonePlan

Batch = Sequence[e.Record]
"""Records of one contract that one person recorded one after the other, from the one that begins a decision on."""
_Asking = Callable[[Contract | None, Any, Batch], Iterator[i.Intent]]


def asked(state: Contract | None, data: e.Fact, batch: Batch) -> Iterator[i.Intent]:
    """The intents that can have led to a fact, the first of a batch, and to what follows it; none for an outcome.

    An event of an old version is given as today's.
    """
    begins = _BEGINS.get(type(data))
    if begins is not None:
        yield from begins(state, data, batch)


def _simply(make: type[i.Intent], *same: str, **other: str) -> _Asking:
    """An intent whose fields are those of the fact: of the `same` names, or of `other` ones."""
    names = {name: name for name in ("on", *same)} | other

    def asks(state: Contract | None, data: Any, batch: Batch) -> Iterator[i.Intent]:
        yield make(**{name: getattr(data, field) for name, field in names.items()})

    return asks


# --- the contract and its milestones ------------------------------------------------------------------------


def plan_of(data: e.MilestoneDefined) -> MilestonePlan:
    """The plan by which a milestone was defined."""
    kind: Any = data.kind
    return MilestonePlan(
        id=data.milestone,
        title=data.title,
        stage=data.stage,
        owner=data.owner,
        due=data.due,
        amount_minor=data.amount_minor,
        deliverables=data.deliverables,
        criteria=data.criteria,
        depends_on=data.depends_on,
        kind=kind,
        incentive_due=data.incentive_due,
    )


def _signs(state: Contract | None, data: e.ContractSigned, batch: Batch) -> Iterator[i.Intent]:
    """With the milestones defined along with it; those at the end may have been defined by a request of their own."""
    plans = []
    for record in batch[1:]:
        one = record.data
        if not isinstance(one, e.MilestoneDefined) or one.on != data.on or one.remainder_of:
            break
        plans.append(plan_of(one))
    contract = batch[0].stream_id
    for count in range(len(plans), -1, -1):
        first = tuple(plans[:count])
        yield i.SignContract(contract=contract, terms=data.terms, milestones=first, on=data.on)


def _defines(state: Contract | None, data: e.MilestoneDefined, batch: Batch) -> Iterator[i.Intent]:
    if not (data.proposal or data.remainder_of):
        yield i.DefineMilestone(plan=plan_of(data), on=data.on)


def _submits(
    state: Contract | None, data: e.MilestoneSubmitted, batch: Batch
) -> Iterator[i.Intent]:
    """By its moment where one is kept: also one that nobody gave, for then it is that of the recording."""
    said: dict[str, Any] = {
        "milestone": data.milestone,
        "results": data.results,
        "evidence": data.evidence,
        "note": data.note,
        "corrects": bool(data.corrects),
    }
    if data.at:
        yield i.SubmitMilestone(**said, at=datetime.fromisoformat(data.at))
        return
    yield i.SubmitMilestone(**said, on=data.on)


def _terminates(
    state: Contract | None, data: e.ContractTerminated, batch: Batch
) -> Iterator[i.Intent]:
    if not data.proposal:
        yield i.TerminateContract(reason=data.reason, on=data.on)


def _notes(state: Contract | None, data: e.NoteAdded, batch: Batch) -> Iterator[i.Intent]:
    """Of a fact, which tells its milestone, or of a milestone itself."""
    yield i.AddNote(
        text=data.text,
        milestone="" if data.fact else data.milestone,
        fact=data.fact,
        on=data.on,
    )


# --- approvals and proposals --------------------------------------------------------------------------------


def _approves(state: Contract | None, data: e.ApprovalGranted, batch: Batch) -> Iterator[i.Intent]:
    if not data.milestone:
        yield i.ApproveChange(
            proposal=data.subject, role=data.role, signature=data.signature, on=data.on
        )
        return
    said: dict[str, Any] = {
        "milestone": data.milestone,
        "role": data.role,
        "signature": data.signature,
        "on": data.on,
    }
    known = state.milestones.get(data.milestone) if state is not None else None
    names = named_in(data.part, known.plan.deliverables) if known is not None else ()
    if names:
        yield i.ApproveMilestone(**said, deliverables=names)
    yield i.ApproveMilestone(**said, part=data.part)


def named_in(text: str, known: Sequence[str]) -> tuple[str, ...]:
    """The deliverables that a text names one after the other, with commas between; none where it is another text."""
    for name in known:
        if text == name:
            return (name,)
        if text.startswith(f"{name}, "):
            rest = named_in(text[len(name) + 2 :], known)
            if rest:
                return (name, *rest)
    return ()


def _withdraws(
    state: Contract | None, data: e.ApprovalWithdrawn, batch: Batch
) -> Iterator[i.Intent]:
    proposal = 0 if data.milestone else data.subject
    yield i.WithdrawApproval(
        milestone=data.milestone,
        proposal=proposal,
        why=data.why,
        reason=data.reason,
        on=data.on,
    )


def _proposes(state: Contract | None, data: e.ChangeProposed, batch: Batch) -> Iterator[i.Intent]:
    """A patch proposes itself: of what is stated in full it would be what differs."""
    content: Any = data.content
    yield i.ProposeChange(content=content, on=data.on)


def _rejects_change(
    state: Contract | None, data: e.ChangeRejected, batch: Batch
) -> Iterator[i.Intent]:
    """An outdated proposal is rejected by whoever proposes it anew, in one act."""
    again = len(batch) > 1 and isinstance(batch[1].data, e.ChangeProposed)
    if again and data.reason == OUTDATED:
        yield i.RenewChange(proposal=data.proposal, on=data.on)
    yield i.RejectChange(proposal=data.proposal, reason=data.reason, on=data.on)


# --- money --------------------------------------------------------------------------------------------------


def _receives(state: Contract | None, data: e.InvoiceReceived, batch: Batch) -> Iterator[i.Intent]:
    covers = tuple(
        i.InvoicedMilestone(milestone=one.milestone, amount_minor=one.amount_minor)
        for one in data.covers
    )
    yield i.ReceiveInvoice(
        number=data.number,
        kind=data.kind,
        covers=covers,
        amount_minor=data.amount_minor,
        tax_minor=data.tax_minor,
        issued_on=data.issued_on,
        sha256=data.sha256,
        uri=data.uri,
        on=data.on,
    )


def _releases(
    state: Contract | None, data: e.RetentionReleased, batch: Batch
) -> Iterator[i.Intent]:
    """All the parts that one act let go of a milestone, or fewer where acts followed each other."""
    parts: list[int] = []
    for record in batch:
        one = record.data
        if not isinstance(one, e.RetentionReleased):
            break
        if (one.milestone, one.on) != (data.milestone, data.on):
            break
        parts.append(one.amount_minor)
    for count in range(len(parts), 0, -1):
        amount = sum(parts[:count])
        yield i.ReleaseRetention(milestone=data.milestone, amount_minor=amount, on=data.on)


def _instructs(
    state: Contract | None, data: e.PaymentInstructed, batch: Batch
) -> Iterator[i.Intent]:
    yield i.InstructPayment(
        milestone=data.milestone,
        amount_minor=data.amount_minor,
        run=data.run,
        signature=data.signature,
        release=data.release,
        transfer=data.transfer,
        exchange=data.exchange,
        discount=bool(data.discount_minor),
        on=data.on,
    )


def _records(state: Contract | None, data: e.PaymentRecorded, batch: Batch) -> Iterator[i.Intent]:
    """More than was instructed only where the bank says so, by an entry."""
    if data.instruction:
        yield i.RecordPayment(
            instruction=data.instruction,
            amount_minor=data.amount_minor,
            reference=data.reference,
            exchange=data.exchange,
            fees_minor=data.fees_minor,
            entry=data.entry,
            over=bool(data.entry),
            on=data.on,
        )


_BEGINS: dict[type[e.Fact], _Asking] = {
    e.ContractSigned: _signs,
    e.ContractSuspended: _simply(i.SuspendContract, "reason"),
    e.ContractResumed: _simply(i.ResumeContract, "reason"),
    e.ContractTerminated: _terminates,
    e.ContractCompleted: _simply(i.CompleteContract),
    e.NoteAdded: _notes,
    e.MilestoneDefined: _defines,
    e.MilestoneStarted: _simply(i.StartMilestone, "milestone"),
    e.MilestoneSubmitted: _submits,
    e.SubmissionRejected: _simply(i.RejectSubmission, "milestone", "reason"),
    e.MilestoneCancelled: _simply(i.CancelMilestone, "milestone", "reason"),
    e.ApprovalGranted: _approves,
    e.ApprovalWithdrawn: _withdraws,
    e.ChangeProposed: _proposes,
    e.ChangeRejected: _rejects_change,
    e.DisputeOpened: _simply(i.OpenDispute, "milestone", "amount_minor", "side", "reason"),
    e.DisputeEvidenceAdded: _simply(i.AddDisputeEvidence, "dispute", "note", "evidence"),
    e.DisputeWithdrawn: _simply(i.WithdrawDispute, "dispute", "why", "reason"),
    e.RetentionReleased: _releases,
    e.WithholdingFiled: _simply(i.FileWithholding, "milestone", "reference", "amount_minor"),
    e.InvoiceReceived: _receives,
    e.InvoiceRejected: _simply(i.RejectInvoice, "invoice", "reason"),
    e.PaymentInstructed: _instructs,
    e.PaymentRecorded: _records,
    e.PaymentFailed: _simply(i.FailPayment, "instruction", "reason", "entry"),
    e.PaymentReversed: _simply(i.ReversePayment, "payment", "why", "reason", "entry", "fees_minor"),
    e.PaymentRefunded: _simply(
        i.RecordRefund,
        "milestone",
        "amount_minor",
        "reference",
        "release",
        "fees_minor",
        "entry",
    ),
}
