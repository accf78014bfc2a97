"""The rules on invoices: each permits at its edge, and refuses just beyond it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from ledger import intents as i
from ledger.contract import fold as fold_contract
from ledger.events import InvoiceNumbered, InvoiceNumberFreed, InvoiceReceived
from ledger.intents import InvoicedMilestone
from ledger.invoice_numbers import Numbers, evolve, fold, noted
from ledger.terms import InvoicePolicy, PaymentTerms, Retention, Tax
from tests.decisions.builders import (
    Act,
    accepted,
    agrees,
    approves,
    bonus,
    contract,
    day,
    defined,
    disputes,
    last,
    pays,
    permitted,
    play,
    proposes,
    records_paid,
    refused,
    resolution,
    submits,
)
from tests.decisions.marks import permits, refuses
from tests.decisions.spec import Story, record

VAT = Tax(vat=Decimal(6))
REQUIRED = InvoicePolicy(required=True, tolerance_minor=100)


def invoices(
    number: str = "F-1", *covers: str | tuple[str, int], by: str = "partner-1", **more: Any
) -> Act:
    """Hands an invoice in, of M1 where no milestone is named."""
    named = tuple(
        InvoicedMilestone(milestone=c)
        if isinstance(c, str)
        else InvoicedMilestone(milestone=c[0], amount_minor=c[1])
        for c in covers or ("M1",)
    )
    return by, i.ReceiveInvoice(**{"number": number, "kind": "special-vat", "covers": named} | more)


def sends_back(invoice: int, by: str = "finance-1", **more: Any) -> Act:
    return by, i.RejectInvoice(invoice=invoice, reason="wrong title", **more)


def received(story: Story, act: Act, **context: Any) -> InvoiceReceived:
    (event,) = permitted(story, act, **context)
    assert isinstance(event, InvoiceReceived)
    return event


# --- the number ------------------------------------------------------------------------------------


@permits("invoice-number-once")
def test_the_number_of_a_rejected_invoice_is_free_again() -> None:
    story = play(accepted(), invoices(), sends_back(7))
    received(story, invoices())


@refuses("invoice-number-once")
@pytest.mark.parametrize("again", ["F-1", "f-1", " F-1 ", "Ｆ-１", "F -1"])
def test_an_invoice_twice_is_refused_however_its_number_is_typed(again: str) -> None:
    story = play(contract(), submits("M1"), submits("M2"), invoices())
    story.when(invoices(again, "M2")[1], by="partner-1")
    refusal = story.refused("invoice-number-once")
    assert "C-1#6" in str(refusal)


@refuses("invoice-number-once")
def test_a_number_taken_on_another_contract_is_refused() -> None:
    taken = numbers(InvoiceNumbered(partner="Studio", number="f-1", contract="C-9"))
    story = accepted()
    refused(story, invoices(), "invoice-number-once", numbers=taken)
    received(story, invoices("F-2"), numbers=taken)


@permits("invoice-number-once")
def test_a_number_of_another_partner_or_freed_on_another_contract_is_free() -> None:
    taken = numbers(
        InvoiceNumbered(partner="Workshop", number="F-1", contract="C-9"),
        InvoiceNumbered(partner="Studio", number="F-1", contract="C-9"),
        InvoiceNumberFreed(partner="Studio", number="F-1", contract="C-9"),
    )
    received(accepted(), invoices(), numbers=taken)


def numbers(*facts: Any) -> Numbers:
    return fold(record(fact, n, contract="~invoices") for n, fact in enumerate(facts, 1))


def test_a_number_is_freed_under_the_partner_that_took_it() -> None:
    """An amendment may give the contract's partner another name meanwhile."""
    story = play(accepted(), invoices(), sends_back(7))
    state = story.the_state()
    taken = numbers(InvoiceNumbered(partner="Studio", number="F-1", contract="C-1"))
    state.terms = replace(state.terms, partner="Studio Ltd")
    (freed,) = noted(taken, state, [story.records[-1].data])
    assert evolve(taken, record(freed, 2, contract="~invoices")).holder("Studio", "F-1") == ""
    assert freed == InvoiceNumberFreed(
        on=day(11, 22), rests_on=(1,), partner="Studio", number="F-1", contract="C-1"
    )


# --- what it covers --------------------------------------------------------------------------------


@permits("invoice-covers-what-was-delivered")
def test_a_milestone_is_invoiced_once_it_is_submitted() -> None:
    event = received(play(contract(), submits("M1")), invoices())
    assert (event.amount_minor, event.covers[0].amount_minor) == (1_000_000, 1_000_000)


@refuses("invoice-covers-what-was-delivered")
def test_a_milestone_that_is_open_or_sent_back_is_not_invoiced() -> None:
    story = contract()
    refused(story, invoices(), "invoice-covers-what-was-delivered")
    play(story, submits("M1"))
    play(story, ("manager-1", i.RejectSubmission(milestone="M1", reason="late")))
    refused(story, invoices(), "invoice-covers-what-was-delivered")


@permits("invoice-issued-before-receipt")
def test_an_invoice_may_be_issued_on_the_day_of_its_receipt() -> None:
    received(accepted(), invoices(on=day(9, 1), issued_on=day(9, 1)))


@refuses("invoice-issued-before-receipt")
def test_an_invoice_of_tomorrow_is_refused() -> None:
    act = invoices(on=day(9, 1), issued_on=day(9, 2))
    refused(accepted(), act, "invoice-issued-before-receipt")


@permits("invoice-covers-above-zero")
def test_one_cent_is_invoiced() -> None:
    received(accepted(), invoices("F-1", ("M1", 1)))


@refuses("invoice-covers-above-zero")
def test_nothing_is_left_to_be_invoiced_of_what_is_invoiced_or_worth_nothing() -> None:
    rule = "invoice-covers-above-zero"
    refused(play(accepted(), invoices()), invoices("F-2"), rule)
    refused(accepted(), invoices("F-1", ("M1", 0)), rule)
    refused(accepted(), invoices("F-1", ("M1", -5)), rule)
    free = play(contract(defined("M1", amount_minor=0)), submits("M1"), approves("M1"))
    refused(free, invoices(), rule)


@permits("invoice-covers-add-up")
def test_the_one_milestone_without_an_amount_has_the_rest() -> None:
    story = play(contract(), submits("M1"), submits("M2"))
    event = received(story, invoices("F-1", ("M1", 400), "M2", amount_minor=1_000))
    assert [c.amount_minor for c in event.covers] == [400, 600]
    event = received(story, invoices("F-2", ("M1", 1), ("M2", 2), amount_minor=3))
    assert event.amount_minor == 3


@refuses("invoice-covers-add-up")
def test_covers_that_do_not_add_up_are_refused() -> None:
    rule = "invoice-covers-add-up"
    story = play(contract(), submits("M1"), submits("M2"))
    refused(story, invoices("F-1", ("M1", 1), ("M2", 2), amount_minor=4), rule)
    refused(story, invoices("F-1", "M1", "M2", amount_minor=3_999_999), rule)


@permits("invoice-tax-within-amount")
def test_the_tax_may_be_nothing_or_all() -> None:
    story = accepted()
    assert received(story, invoices("F-1", ("M1", 5), tax_minor=5)).tax_minor == 5
    assert received(story, invoices("F-2", ("M1", 5), tax_minor=0)).tax_minor == 0


@refuses("invoice-tax-within-amount")
@pytest.mark.parametrize("tax", [6, -1])
def test_a_tax_above_the_amount_or_below_zero_is_refused(tax: int) -> None:
    refused(accepted(), invoices("F-1", ("M1", 5), tax_minor=tax), "invoice-tax-within-amount")


@permits("not-over-invoiced")
@pytest.mark.parametrize(("policy", "most"), [(None, 1_060_000), (REQUIRED, 1_060_100)])
def test_an_accepted_milestone_is_invoiced_up_to_its_amount_with_tax_and_the_tolerance(
    policy: InvoicePolicy | None, most: int
) -> None:
    story = accepted(tax=VAT, invoices=policy)
    received(story, invoices("F-1", ("M1", 1_000_000)))
    received(story, invoices("F-2", ("M1", most - 1_000_000)))


@refuses("not-over-invoiced")
@pytest.mark.parametrize(("policy", "most"), [(None, 1_060_000), (REQUIRED, 1_060_100)])
def test_one_cent_more_is_refused(policy: InvoicePolicy | None, most: int) -> None:
    story = accepted(tax=VAT, invoices=policy)
    received(story, invoices("F-1", ("M1", 1_000_000)))
    refused(story, invoices("F-2", ("M1", most - 1_000_000 + 1)), "not-over-invoiced")


# --- the amounts computed --------------------------------------------------------------------------


def test_what_is_left_is_invoiced_with_its_tax() -> None:
    story = accepted(tax=VAT)
    first = received(story, invoices("F-1", ("M1", 530_000)))
    assert first.tax_minor == 30_000
    rest = received(story, invoices("F-2"))
    assert (rest.amount_minor, rest.tax_minor) == (530_000, 30_000)


def test_before_acceptance_the_amount_is_what_the_delivery_would_be_accepted_for() -> None:
    """One day early: 0.5 % of 1,000,000 more, and 6 % tax on it; retention and withholding are no part of it."""
    terms = {
        "tax": Tax(vat=Decimal(6), withholding=Decimal(10)),
        "retention": Retention(rate=Decimal(5)),
    }
    story = play(contract(**terms), submits("M1", day(8, 20)))
    before = received(story, invoices())
    assert (before.amount_minor, before.tax_minor) == (1_065_300, 60_300)
    play(story, sends_back(5), approves("M1", on=day(8, 25)))
    assert received(story, invoices()).amount_minor == before.amount_minor


def test_before_acceptance_what_a_dispute_took_off_is_not_invoiced() -> None:
    """1,000.00 of the 10,000.00 delivered are disputed and upheld before anybody accepts: 9,000.00 are left."""
    story = play(contract(), submits("M1"), disputes("M1", 100_000))
    play(story, proposes(resolution(last(story), "upheld", -100_000)), agrees(last(story) + 1))
    assert received(story, invoices()).amount_minor == 900_000


def test_of_two_milestones_without_an_amount_each_is_invoiced_whole() -> None:
    story = play(contract(), submits("M1"), submits("M2"))
    event = received(story, invoices("F-1", "M1", "M2", amount_minor=4_000_000))
    assert [covered.amount_minor for covered in event.covers] == [1_000_000, 3_000_000]


def test_a_later_bonus_is_left_to_be_invoiced() -> None:
    story = play(accepted(tax=VAT), invoices(), proposes(bonus(100_000)), agrees(8))
    assert received(story, invoices("F-2")).amount_minor == 106_000


# --- sent back -------------------------------------------------------------------------------------


@permits("invoice-live")
def test_an_invoice_received_is_rejected() -> None:
    story = play(accepted(), invoices(), sends_back(7))
    assert story.the_state().milestones["M1"].invoiced_minor == 0


@refuses("invoice-live")
def test_an_invoice_is_not_rejected_twice() -> None:
    refused(play(accepted(), invoices(), sends_back(7)), sends_back(7), "invoice-live")


@permits("invoice-not-paid")
def test_an_invoice_is_rejected_after_a_payment_that_others_cover_or_that_failed() -> None:
    story = play(accepted(), invoices("F-1", ("M1", 400_000)), invoices("F-2", ("M1", 600_000)))
    play(story, pays(amount=400_000), sends_back(8))
    play(story, ("finance-1", i.FailPayment(instruction=9)), sends_back(7))


@permits("invoice-not-paid")
def test_an_invoice_that_came_after_the_payment_is_rejected() -> None:
    story = play(accepted(), pays(), records_paid(7), invoices())
    play(story, sends_back(last(story)))


@refuses("invoice-not-paid")
def test_an_invoice_is_not_rejected_once_a_payment_needs_it() -> None:
    story = play(accepted(), invoices("F-1", ("M1", 400_000)), invoices("F-2", ("M1", 600_000)))
    play(story, pays(amount=400_001))
    refused(story, sends_back(8), "invoice-not-paid")
    play(story, records_paid(9))
    refused(story, sends_back(8), "invoice-not-paid")


# --- before payment --------------------------------------------------------------------------------


@permits("invoice-before-payment")
def test_payment_goes_up_to_what_invoices_cover_and_the_tolerance() -> None:
    story = play(accepted(invoices=REQUIRED), invoices("F-1", ("M1", 400_000)))
    play(story, pays(amount=400_100))
    free = accepted(invoices=replace(REQUIRED, required=False))
    play(free, pays())


@refuses("invoice-before-payment")
def test_no_more_is_paid_than_invoices_cover() -> None:
    rule = "invoice-before-payment"
    story = accepted(invoices=REQUIRED)
    refused(story, pays(), rule)
    refused(story, pays(amount=100), rule)  # the tolerance takes the place of no invoice
    play(story, invoices("F-1", ("M1", 400_000)))
    refused(story, pays(amount=400_101), rule)
    play(story, pays(amount=300_000))
    refused(story, pays(amount=100_101), rule)
    play(story, records_paid(8), pays(amount=100_100))


@refuses("invoice-before-payment")
def test_a_payment_is_not_back_dated_before_its_invoice() -> None:
    story = play(accepted(invoices=REQUIRED), invoices(on=day(9, 10)))
    refused(story, pays(on=day(9, 9)), "invoice-before-payment")
    play(story, pays(on=day(9, 10)))


# --- who and what ----------------------------------------------------------------------------------


def test_finance_and_partner_hand_in_and_finance_sends_back() -> None:
    story = accepted()
    for by in ("manager-1", "admin-1"):
        refused(story, invoices(by=by), "actor-holds-role")
    play(story, invoices(by="finance-1"))
    refused(story, sends_back(7, by="partner-1"), "actor-holds-role")


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (invoices(" "), "invoice-number-empty"),
        (invoices(kind="receipt"), "invoice-kind-unknown"),
        (invoices(covers=()), "invoice-covers-unclear"),
        (invoices("F-1", "M1", ("M1", 2)), "invoice-covers-unclear"),
        (invoices(sha256="abc"), "digest-invalid"),
        (invoices("F-1", "M7"), "milestone-unknown"),
        (sends_back(99), "invoice-unknown"),
    ],
)
def test_what_cannot_be_understood_is_an_error_with_a_hint(act: Act, code: str) -> None:
    assert accepted().when(act[1], by=act[0]).fails(code).hint


def test_no_invoice_is_received_before_the_delivery_or_rejected_before_its_receipt() -> None:
    story = accepted()
    refused(story, invoices(on=day(8, 20)), "not-before-what-it-rests-on")
    play(story, invoices(on=day(8, 21)))
    refused(story, sends_back(7, on=day(8, 20)), "not-before-what-it-rests-on")


# --- when payment falls due ------------------------------------------------------------------------

AFTER_INVOICE: dict[str, Any] = {"payment": PaymentTerms(net_days=30, after="invoice")}


def due(story: Story) -> Any:
    acceptance = story.the_state().milestones["M1"].acceptance
    assert acceptance is not None
    return acceptance.payment_due


def test_payment_counted_from_the_invoice_follows_the_latest_of_those_that_are_live() -> None:
    story = accepted(**AFTER_INVOICE)  # on 25 August
    assert due(story) is None
    play(story, invoices("F-1", ("M1", 400_000), on=day(9, 20)))
    assert due(story) == day(10, 20)
    play(story, invoices("F-2", ("M1", 300_000), on=day(9, 22), issued_on=day(9, 10)))
    assert due(story) == day(10, 20)  # the second is the older one
    play(story, sends_back(7))
    assert due(story) == day(10, 10)
    play(story, sends_back(8))
    assert due(story) is None


def test_of_two_invoices_before_the_acceptance_the_one_that_is_left_sets_the_due_date() -> None:
    story = play(contract(**AFTER_INVOICE), submits("M1"))
    play(story, invoices("F-1", ("M1", 400_000), on=day(8, 22)))
    play(story, invoices("F-2", ("M1", 600_000), on=day(9, 20)))
    play(story, approves("M1", on=day(9, 10)))
    assert due(story) == day(10, 20)
    play(story, sends_back(6, on=day(10, 1)))
    assert due(story) == day(10, 10)  # from the acceptance, which is later than the first invoice


def test_as_of_a_day_the_invoices_received_by_then_set_the_due_date() -> None:
    story = accepted(**AFTER_INVOICE)
    play(story, invoices("F-1", ("M1", 400_000), on=day(9, 20)))
    play(story, invoices("F-2", ("M1", 300_000), on=day(9, 10)), sends_back(7, on=day(9, 25)))
    for number, expected in ((9, None), (10, day(10, 10)), (20, day(10, 20)), (25, day(10, 10))):
        state = fold_contract(story.records, as_of=day(9, number))
        assert state is not None
        acceptance = state.milestones["M1"].acceptance
        assert acceptance is not None
        assert acceptance.payment_due == expected


def test_payment_counted_from_approval_does_not_move() -> None:
    story = accepted()
    was = due(story)
    event = received(story, invoices(on=day(9, 20)))
    assert [covered.payment_due for covered in event.covers] == [None]
    play(story, sends_back(7))
    assert due(story) == was
