"""A payment is instructed, recorded, fails, or is reversed; what was paid too much is refunded."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.decisions.case import Case, find, judge, open_case
from ledger.decisions.milestones import WHO, about
from ledger.decisions.payees import payee_to_pay
from ledger.decisions.rules_invoice import invoice_before_payment
from ledger.decisions.rules_money import (
    Claim,
    amount_above_zero,
    payment_within_payable,
    record_within_instruction,
    refund_within_claim,
)
from ledger.decisions.rules_payment import Instruction, discount_as_agreed
from ledger.decisions.rules_state import instruction_open, milestone_accepted, payment_recorded
from ledger.decisions.rules_when import DATES
from ledger.decisions.signatures import signed
from ledger.events import (
    Fact,
    Line,
    PaymentFailed,
    PaymentInstructed,
    PaymentRecorded,
    PaymentRefunded,
    PaymentReversed,
)
from ledger.intents import (
    Context,
    FailPayment,
    InstructPayment,
    Intent,
    RecordPayment,
    RecordRefund,
    ReversePayment,
)
from ledger.known import Known
from ledger.money import percent_text
from ledger.payables import discount_day, early_payment, payable_of
from ledger.pricing.order import take_back
from ledger.state import Contract, Milestone, Release


def instruct(
    state: Contract, intent: InstructPayment, context: Context, known: Known
) -> list[Fact]:
    """Reserves an amount that is payable now, of a milestone or of a release; without one, all of it."""
    case = about(state, intent, context, intent.milestone, "finance")
    case.known = known
    milestone = case.the_milestone()
    judge(case, *WHO, milestone_accepted)
    assert milestone.acceptance is not None
    case.rests_on = (*case.rests_on, milestone.acceptance.version)
    if intent.release:
        release = find(state, "release", {r.version: r for r in milestone.releases}, intent.release)
        case.rests_on = (*case.rests_on, release.version)
    payable = payable_of(milestone, intent.release)
    earns = intent.discount and not intent.release
    discount = early_payment(state, milestone, case.on) if earns else 0
    case.amount_minor = payable - discount if intent.amount_minor is None else intent.amount_minor
    asked = case.about(Instruction(discount, payable - discount, intent.release))
    judge(asked, *DATES, amount_above_zero, payment_within_payable, invoice_before_payment)
    if intent.discount:
        judge(asked, discount_as_agreed)
    payee, account = payee_to_pay(case, intent.exchange)
    instruction = PaymentInstructed(
        on=case.on,
        rests_on=case.rests_on,
        milestone=intent.milestone,
        amount_minor=case.amount_minor,
        run=intent.run,
        release=intent.release,
        transfer=intent.transfer,
        payee=payee,
        account=account,
        exchange=intent.exchange,
        discount_minor=discount,
    )
    return [signed(case, instruction, intent.signature)]


def _about_instruction(state: Contract, intent: Intent, context: Context, version: int) -> Case:
    payment = find(state, "payment", state.payments, version)
    case = open_case(
        state, intent, context, payment=payment, rests_on=(version,), roles=("finance",)
    )
    case.bank_day = bool(getattr(intent, "entry", ""))
    return case


def record(state: Contract, intent: RecordPayment, context: Context) -> list[Fact]:
    """The bank paid, all that was instructed or less (or, if it says so, more); the reservation ends."""
    case = _about_instruction(state, intent, context, intent.instruction)
    payment = case.the_payment()
    case.amount_minor = payment.amount_minor if intent.amount_minor is None else intent.amount_minor
    judge(case, *WHO, instruction_open, *DATES, amount_above_zero)
    if not intent.over:
        judge(case, record_within_instruction)
    return [
        PaymentRecorded(
            on=case.on,
            rests_on=case.rests_on,
            milestone=payment.milestone,
            instruction=payment.version,
            amount_minor=case.amount_minor,
            reference=intent.reference,
            release=payment.release,
            exchange=intent.exchange,
            fees_minor=intent.fees_minor,
            entry=intent.entry,
            lines=_discount_earned(case),
        )
    ]


def _discount_earned(case: Case) -> tuple[Line, ...]:
    """The discount that was instructed, if the money left in time, and all of it."""
    payment = case.the_payment()
    told = payment.instruction
    if told is None or not told.discount_minor or case.amount_minor < payment.amount_minor:
        return ()
    milestone = case.state.milestones[payment.milestone]
    last, terms = discount_day(case.state, milestone), case.state.terms_of(milestone)
    agreed = terms.payment.discount if terms.payment is not None else None
    if last is None or case.on is None or case.on > last or agreed is None:
        return ()
    return (
        Line(
            step="settlement",
            clause="discount",
            amount_minor=-told.discount_minor,
            calculation={
                "rate": percent_text(agreed.rate),
                "base_minor": str(payment.amount_minor + told.discount_minor),
                "rounding": terms.rounding,
                "until": str(last),
                "instruction": str(payment.version),
            },
        ),
    )


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
            entry=intent.entry,
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
    case.bank_day = bool(intent.entry)
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
            entry=intent.entry,
            fees_minor=intent.fees_minor,
            lines=take_back(list(payment.recorded.lines), [payment.record])
            if payment.recorded and payment.recorded.lines
            else (),
        )
    ]


def refund(state: Contract, intent: RecordRefund, context: Context) -> list[Fact]:
    """The partner paid back what was paid too much: all of the claim, or a part of it."""
    case = about(state, intent, context, intent.milestone, "finance")
    milestone = case.the_milestone()
    judge(case, *WHO, milestone_accepted)
    assert milestone.acceptance is not None
    owed: Milestone | Release = milestone
    if intent.release:
        known = {r.version: r for r in milestone.releases}
        owed = find(state, "release", known, intent.release)
    claim = max(0, -owed.outstanding_minor)
    case.amount_minor = claim if intent.amount_minor is None else intent.amount_minor
    judge(case.about(Claim(claim, intent.release)), refund_within_claim, amount_above_zero)
    case.rests_on = (*case.rests_on, *_behind_claim(state, milestone, intent.release))
    judge(case, *DATES)
    return [
        PaymentRefunded(
            on=case.on,
            rests_on=tuple(sorted(set(case.rests_on))),
            milestone=milestone.id,
            amount_minor=case.amount_minor,
            reference=intent.reference,
            release=intent.release,
            fees_minor=intent.fees_minor,
            entry=intent.entry,
        )
    ]


def _behind_claim(state: Contract, milestone: Milestone, release: int) -> Iterator[int]:
    """The facts on which a claim rests: the acceptance or release, the last of the lines, and what was paid."""
    assert milestone.acceptance is not None
    yield release or milestone.acceptance.version
    if not release:
        yield from (posted.version for posted in milestone.lines[-1:])
    for payment in state.payments.values():
        if payment.stands and (payment.milestone, payment.release) == (milestone.id, release):
            yield payment.record
