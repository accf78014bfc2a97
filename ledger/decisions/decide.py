"""decide: one intent against one contract's state, in one table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ledger import intents as i
from ledger.decisions import (
    acceptance,
    changes,
    disputes,
    history,
    invoices,
    milestones,
    payments,
    retention,
    signing,
    withdrawing,
    withholding,
)
from ledger.errors import NotFound
from ledger.events import Fact
from ledger.state import Contract

_BEGINNING: dict[type[i.Intent], Callable[[Contract | None, Any, i.Context], list[Fact]]] = {
    i.SignContract: signing.sign,
    i.TakeOver: history.take_over,
}

_DECIDERS: dict[type[i.Intent], Callable[[Contract, Any, i.Context], list[Fact]]] = {
    i.SuspendContract: signing.suspend,
    i.ResumeContract: signing.resume,
    i.TerminateContract: signing.terminate,
    i.CompleteContract: signing.complete,
    i.DefineMilestone: milestones.define,
    i.StartMilestone: milestones.start,
    i.SubmitMilestone: milestones.submit,
    i.RejectSubmission: milestones.reject,
    i.CancelMilestone: milestones.cancel,
    i.ApproveMilestone: acceptance.approve_milestone,
    i.WithdrawApproval: withdrawing.withdraw,
    i.ProposeChange: changes.propose,
    i.ApproveChange: changes.approve_change,
    i.RejectChange: changes.reject_change,
    i.RenewChange: changes.renew,
    i.OpenDispute: disputes.open_dispute,
    i.AddDisputeEvidence: disputes.add_evidence,
    i.WithdrawDispute: disputes.withdraw_dispute,
    i.ReleaseRetention: retention.release,
    i.FileWithholding: withholding.file,
    i.ReceiveInvoice: invoices.receive,
    i.RejectInvoice: invoices.reject,
    i.InstructPayment: payments.instruct,
    i.RecordPayment: payments.record,
    i.FailPayment: payments.fail,
    i.ReversePayment: payments.reverse,
    i.RecordRefund: payments.refund,
}


def decide(
    state: Contract | None, intent: i.Intent, context: i.Context, contract: str = ""
) -> list[Fact]:
    """The events that follow from an intent, in order; the state is left as it was.

    Raises Refused with the rule's id, NotFound where the contract, milestone or reference does not exist,
    InputInvalid where a value cannot be read.
    """
    if (begin := _BEGINNING.get(type(intent))) is not None:
        return begin(state, intent, context)
    if state is None:
        raise NotFound(
            "contract-unknown",
            f"there is no contract {contract!r}",
            hint="see those that exist: mledger contract list",
        )
    return _DECIDERS[type(intent)](state, intent, context)
