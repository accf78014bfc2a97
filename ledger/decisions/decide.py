"""decide: one intent against one stream's state, in one table; and what each decision reads beside it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import cache
from importlib import import_module

from ledger import intents as i
from ledger import intents_bank, invoice_numbers
from ledger.bank_entries import BankBook
from ledger.errors import NotFound
from ledger.events import Fact
from ledger.known import NOTHING, Known
from ledger.payees import Payees
from ledger.periods import Periods
from ledger.signers import Signers
from ledger.state import Contract

Register = Signers | Payees | Periods | BankBook | invoice_numbers.Numbers
State = Contract | Register

# Who decides an intent, as `room.function`: a room is imported when it is first asked, since a command asks one.
DECIDERS: dict[type[i.Intent], str] = {
    i.SignContract: "contracts.sign",
    i.TakeOver: "history.take_over",
    i.SuspendContract: "contracts.suspend",
    i.ResumeContract: "contracts.resume",
    i.TerminateContract: "contracts.terminate",
    i.CompleteContract: "contracts.complete",
    i.AddNote: "notes.add",
    i.DefineMilestone: "milestones.define",
    i.StartMilestone: "milestones.start",
    i.SubmitMilestone: "milestones.submit",
    i.RejectSubmission: "milestones.reject",
    i.CancelMilestone: "milestones.cancel",
    i.ApproveMilestone: "acceptance.approve_milestone",
    i.WithdrawApproval: "withdrawing.withdraw",
    i.ProposeChange: "changes.propose",
    i.ApproveChange: "changes.approve_change",
    i.RejectChange: "changes.reject_change",
    i.RenewChange: "changes.renew",
    i.OpenDispute: "disputes.open_dispute",
    i.AddDisputeEvidence: "disputes.add_evidence",
    i.WithdrawDispute: "disputes.withdraw_dispute",
    i.ReleaseRetention: "retention.release",
    i.FileWithholding: "withholding.file",
    i.ReceiveInvoice: "invoices.receive",
    i.RejectInvoice: "invoices.reject",
    i.InstructPayment: "payments.instruct",
    i.RecordPayment: "payments.record",
    i.FailPayment: "payments.fail",
    i.ReversePayment: "payments.reverse",
    i.RecordRefund: "payments.refund",
    i.ProposeSigner: "signers.propose",
    i.ApproveSigner: "signers.approve",
    i.RevokeSigner: "signers.revoke",
    i.ProposePayee: "payees.propose",
    i.ApprovePayee: "payees.approve",
    i.RevokePayee: "payees.revoke",
    i.ClosePeriod: "periods.close",
    intents_bank.BookBankEntry: "bank.book",
    intents_bank.ExplainBankEntry: "bank.explain",
}
# Those that begin a contract: they alone are decided where there is none.
_BEGINNING = (i.SignContract, i.TakeOver)

_SIGNATURE = ("signers", "registrars")
"""What only a signature makes a decision look at."""

# Whose decision is told what is `known` beside its stream, and what of that it reads.
_READING: dict[type[i.Intent], tuple[str, ...]] = {
    i.ApproveMilestone: ("signers",),
    i.ApproveChange: ("signers",),
    i.InstructPayment: ("signers", "payees"),
    i.ReceiveInvoice: ("numbers",),
    i.ProposeSigner: ("keepers",),
    i.ApproveSigner: ("keepers",),
    i.RevokeSigner: ("keepers",),
    i.ProposePayee: ("keepers", *_SIGNATURE),
    i.ApprovePayee: ("keepers", *_SIGNATURE),
    i.RevokePayee: ("keepers",),
    i.ClosePeriod: ("keepers", "adjustments"),
    intents_bank.BookBankEntry: ("keepers",),
    intents_bank.ExplainBankEntry: ("keepers",),
}
# What follows on a register from what was decided on a contract.
_FOLLOWING: dict[type[i.Intent], tuple[str, ...]] = {i.RejectInvoice: ("numbers",)}


@cache
def decider(intent: type[i.Intent]) -> Callable[..., list[Fact]]:
    """The function that decides intents of a type: of state, intent and context, and of what is known if it reads."""
    room, function = DECIDERS[intent].split(".")
    decides: Callable[..., list[Fact]] = getattr(
        import_module(f"ledger.decisions.{room}"), function
    )
    return decides


def reads_of(intent: i.Intent) -> Collection[str]:
    """The names in `Known` of what the decision of an intent reads beside its own stream, and may not go beyond."""
    kind = type(intent)
    names = _READING.get(kind) or _FOLLOWING.get(kind, ())
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
    kind = type(intent)
    if state is None and kind not in _BEGINNING:
        raise NotFound(
            "contract-unknown",
            f"there is no contract {contract!r}",
            hint="see those that exist: mledger contract list",
        )
    if kind in _READING:
        return decider(kind)(state, intent, context, known.only(reads_of(intent)))
    return decider(kind)(state, intent, context)


def follow(
    state: State | None, intent: i.Intent, events: Iterable[Fact], known: Known
) -> dict[str, list[Fact]]:
    """What an intent's events mean for other streams, by their names; `state` is as it was before them."""
    if not isinstance(state, Contract) or "numbers" not in reads_of(intent):
        return {}
    return {invoice_numbers.STREAM: list(invoice_numbers.noted(known.numbers, state, events))}
