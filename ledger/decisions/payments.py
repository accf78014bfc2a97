"""A payment is instructed, recorded, fails, or is reversed."""

from __future__ import annotations

from ledger.decisions.case import Case, find, judge, open_case
from ledger.decisions.milestones import WHO, about
from ledger.decisions.rules_money import (
    amount_above_zero,
    payment_within_payable,
    record_within_instruction,
)
from ledger.decisions.rules_state import instruction_open, milestone_accepted, payment_recorded
from ledger.decisions.rules_when import DATES
from ledger.decisions.signed import signed
from ledger.events import (
    Fact,
    PaymentFailed,
    PaymentInstructed,
    PaymentRecorded,
    PaymentReversed,
)
from ledger.intents import (
    Context,
    FailPayment,
    InstructPayment,
    Intent,
    RecordPayment,
    ReversePayment,
)
from ledger.state import Contract


def instruct(state: Contract, intent: InstructPayment, context: Context) -> list[Fact]:
    """Reserves an amount that is payable now; without one, all of it."""
    case = about(state, intent, context, intent.milestone, "finance")
    milestone = case.the_milestone()
    judge(case, *WHO, milestone_accepted)
    assert milestone.acceptance is not None
    case.rests_on = (*case.rests_on, milestone.acceptance.version)
    case.amount_minor = (
        milestone.payable_minor if intent.amount_minor is None else intent.amount_minor
    )
    judge(case, *DATES, amount_above_zero, payment_within_payable)
    instruction = PaymentInstructed(
        on=case.on,
        rests_on=case.rests_on,
        milestone=intent.milestone,
        amount_minor=case.amount_minor,
        run=intent.run,
    )
    return [signed(case, instruction, intent.signature)]


def _about_instruction(state: Contract, intent: Intent, context: Context, version: int) -> Case:
    payment = find(state, "payment", state.payments, version)
    return open_case(
        state, intent, context, payment=payment, rests_on=(version,), roles=("finance",)
    )


def record(state: Contract, intent: RecordPayment, context: Context) -> list[Fact]:
    """The bank paid, all that was instructed or less; the reservation ends."""
    case = _about_instruction(state, intent, context, intent.instruction)
    payment = case.the_payment()
    case.amount_minor = payment.amount_minor if intent.amount_minor is None else intent.amount_minor
    judge(case, *WHO, instruction_open, *DATES, amount_above_zero, record_within_instruction)
    return [
        PaymentRecorded(
            on=case.on,
            rests_on=case.rests_on,
            milestone=payment.milestone,
            instruction=payment.version,
            amount_minor=case.amount_minor,
            reference=intent.reference,
        )
    ]


def fail(state: Contract, intent: FailPayment, context: Context) -> list[Fact]:
    """The bank did not pay; the reservation ends."""
    case = _about_instruction(state, intent, context, intent.instruction)
    judge(case, *WHO, instruction_open, *DATES)
    return [
        PaymentFailed(
            on=case.on,
            rests_on=case.rests_on,
            milestone=case.the_payment().milestone,
            instruction=intent.instruction,
            reason=intent.reason,
        )
    ]


def reverse(state: Contract, intent: ReversePayment, context: Context) -> list[Fact]:
    """Money came back (`event`), or was never paid (`error`, from the day of the record)."""
    by_record = {p.record: p for p in state.payments.values() if p.record}
    version = intent.payment
    known = state.payments | by_record
    payment = find(state, "payment", known, version)
    case = open_case(
        state, intent, context, payment=payment, roles=("finance",), rests_on=(payment.record,)
    )
    judge(case, *WHO, payment_recorded)
    if intent.why == "error":
        case.on = None
    judge(case, *DATES)
    return [
        PaymentReversed(
            on=case.on,
            rests_on=(payment.record,),
            milestone=payment.milestone,
            payment=payment.record,
            why=intent.why,
            reason=intent.reason,
        )
    ]
