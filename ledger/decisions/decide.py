"""decide: one intent against one stream's state, in one table; and what each decision reads beside it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from ledger import intents as i
from ledger import intents_bank, invoice_numbers
from ledger.bank_entries import BankBook
from ledger.decisions import (
    acceptance,
    bank,
    changes,
    disputes,
    history,
    invoices,
    milestones,
    payees,
    payments,
    periods,
    retention,
    signers,
    signing,
    withdrawing,
    withholding,
)
from ledger.errors import NotFound
from ledger.events import Fact
from ledger.known import NOTHING, Known
from ledger.payees import Payees
from ledger.periods import Periods
from ledger.signers import Signers
from ledger.state import Contract

Register = Signers | Payees | Periods | BankBook | invoice_numbers.Numbers
State = Contract | Register

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
    i.WithdrawApproval: withdrawing.withdraw,
    i.ProposeChange: changes.propose,
    i.RejectChange: changes.reject_change,
    i.RenewChange: changes.renew,
    i.OpenDispute: disputes.open_dispute,
    i.AddDisputeEvidence: disputes.add_evidence,
    i.WithdrawDispute: disputes.withdraw_dispute,
    i.ReleaseRetention: retention.release,
    i.FileWithholding: withholding.file,
    i.RejectInvoice: invoices.reject,
    i.RecordPayment: payments.record,
    i.FailPayment: payments.fail,
    i.ReversePayment: payments.reverse,
    i.RecordRefund: payments.refund,
}

_SIGNATURE = ("signers", "registrars")
"""What only a signature makes a decision look at."""

_READING: dict[
    type[i.Intent],
    tuple[Callable[[Any, Any, i.Context, Known], list[Fact]], tuple[str, ...]],
] = {
    i.ApproveMilestone: (acceptance.approve_milestone, ("signers",)),
    i.ApproveChange: (changes.approve_change, ("signers",)),
    i.InstructPayment: (payments.instruct, ("signers", "payees")),
    i.ReceiveInvoice: (invoices.receive, ("numbers",)),
    i.ProposeSigner: (signers.propose, ("keepers",)),
    i.ApproveSigner: (signers.approve, ("keepers",)),
    i.RevokeSigner: (signers.revoke, ("keepers",)),
    i.ProposePayee: (payees.propose, ("keepers", *_SIGNATURE)),
    i.ApprovePayee: (payees.approve, ("keepers", *_SIGNATURE)),
    i.RevokePayee: (payees.revoke, ("keepers",)),
    i.ClosePeriod: (periods.close, ("keepers", "adjustments")),
    intents_bank.BookBankEntry: (bank.book, ("keepers",)),
    intents_bank.ExplainBankEntry: (bank.explain, ("keepers",)),
}
# What follows on a register from what was decided on a contract.
_FOLLOWING: dict[type[i.Intent], tuple[str, ...]] = {i.RejectInvoice: ("numbers",)}


def reads_of(intent: i.Intent) -> Collection[str]:
    """The names in `Known` of what the decision of an intent reads beside its own stream, and may not go beyond."""
    kind = type(intent)
    names = _READING[kind][1] if kind in _READING else _FOLLOWING.get(kind, ())
    if names and getattr(intent, "signature", None) is None:
        return [name for name in names if name not in _SIGNATURE]
    return names


def decide(
    state: State | None,
    intent: i.Intent,
    context: i.Context,
    contract: str = "",
    known: Known = NOTHING,
) -> list[Fact]:
    """The events that follow from an intent on its stream, in order; the state is left as it was.

    Of what is `known` it sees what it declares, and whatever of that was not told is empty. Raises Refused with the
    rule's id, NotFound where the contract, milestone or reference does not exist, InputInvalid where a value cannot be
    read.
    """
    if (begin := _BEGINNING.get(type(intent))) is not None:
        assert not isinstance(state, Register)
        return begin(state, intent, context)
    if state is None:
        raise NotFound(
            "contract-unknown",
            f"there is no contract {contract!r}",
            hint="see those that exist: mledger contract list",
        )
    if (reading := _READING.get(type(intent))) is not None:
        return reading[0](state, intent, context, known.only(reads_of(intent)))
    assert isinstance(state, Contract)
    return _DECIDERS[type(intent)](state, intent, context)


def follow(
    state: State | None, intent: i.Intent, events: Iterable[Fact], known: Known
) -> dict[str, list[Fact]]:
    """What an intent's events mean for other streams, by their names; `state` is as it was before them."""
    if not isinstance(state, Contract) or "numbers" not in reads_of(intent):
        return {}
    return {invoice_numbers.STREAM: list(invoice_numbers.noted(known.numbers, state, events))}
