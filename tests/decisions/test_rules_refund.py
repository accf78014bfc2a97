"""What was paid beyond what is owed comes back from the partner: never more than the claim, and by finance alone.

M1 is worth 10,000.00; in each story it is accepted on 25 August and paid whole on 1 September.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ledger import intents as i
from ledger.events import PaymentRefunded
from ledger.terms import PaymentTerms, Retention, RetentionRelease, Tax
from projections.derive import payments, schedule, settlements
from projections.derive.model import ReadModel
from projections.exports.entries import books
from projections.exports.ocds import release as ocds_release
from projections.termination_account import settlement
from tests.decisions.builders import (
    Act,
    accepted,
    agrees,
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
from tests.decisions.spec import Story


def refunds(
    amount: int | None = None,
    on: date | None = None,
    by: str = "finance-1",
    milestone: str = "M1",
    **more: Any,
) -> Act:
    return by, i.RecordRefund(milestone=milestone, amount_minor=amount, on=on, **more)


def claimed(**terms: Any) -> Story:
    """1,000.00 of M1 are disputed and upheld when it is paid, so that the partner owes them, with their tax."""
    story = contract(defined("M1"), **terms)
    play(story, submits("M1"), ("manager-1", i.ApproveMilestone(milestone="M1", on=day(8, 25))))
    play(story, pays("M1", on=day(9, 1)))
    play(story, records_paid(last(story), on=day(9, 1)))
    play(story, disputes("M1", 100_000, on=day(9, 3)))
    play(story, proposes(resolution(last(story), "upheld", -100_000), on=day(9, 4)))
    return play(story, agrees(last(story), on=day(9, 4)))


def row(model: ReadModel, story: Story, place: int = 0) -> dict[str, Any]:
    return dict(zip(model.names, model.rows(story.the_state())[place], strict=True))


@permits("refund-within-claim")
def test_a_claim_is_refunded_whole_and_the_contract_can_then_be_completed() -> None:
    story = claimed(tax=Tax(vat=Decimal(6)))
    completes = ("admin-1", i.CompleteContract(on=day(10, 6)))
    refused(story, completes, "everything-settled")
    (event,) = permitted(story, refunds(on=day(10, 5), reference="B-7"))
    assert isinstance(event, PaymentRefunded)
    assert (event.amount_minor, event.reference) == (106_000, "B-7")
    m1 = story.the_state().milestones["M1"]
    assert (m1.paid_minor, m1.net_minor, m1.outstanding_minor) == (954_000, 954_000, 0)
    assert m1.settled_on == day(9, 1)  # by payment: a later claim changes nothing
    play(story, completes)


@refuses("refund-within-claim")
def test_no_more_is_refunded_than_the_claim() -> None:
    story = claimed()
    refused(story, refunds(100_001, on=day(10, 5)), "refund-within-claim")
    play(story, refunds(40_000, on=day(10, 5)), refunds(60_000, on=day(10, 6)))
    refused(story, refunds(1, on=day(10, 7)), "refund-within-claim")
    refused(story, refunds(on=day(10, 7)), "refund-within-claim")


def test_a_refund_is_above_zero() -> None:
    refused(claimed(), refunds(0, on=day(10, 5)), "amount-above-zero")
    refused(claimed(), refunds(-1, on=day(10, 5)), "amount-above-zero")


def test_where_nothing_is_claimed_nothing_is_refunded() -> None:
    story = accepted("M1")
    refused(story, refunds(1, on=day(9, 1)), "refund-within-claim")
    refused(contract(), refunds(1, on=day(9, 1)), "milestone-accepted")


def test_a_refund_is_recorded_by_finance_and_not_before_the_claim() -> None:
    story = claimed()
    refused(story, refunds(on=day(10, 5), by="manager-1"), "actor-holds-role")
    refused(story, refunds(on=day(9, 3)), "not-before-what-it-rests-on")
    play(story, refunds(on=day(9, 4)))


def test_a_refund_that_was_not_is_taken_back_and_the_claim_is_there_again() -> None:
    story = claimed()
    play(story, refunds(on=day(10, 5)))
    play(story, ("finance-1", i.ReversePayment(payment=last(story), why="error")))
    m1 = story.the_state().milestones["M1"]
    assert (m1.paid_minor, m1.outstanding_minor) == (1_000_000, -100_000)
    play(story, refunds(on=day(10, 6)))
    assert story.the_state().milestones["M1"].outstanding_minor == 0


def test_a_release_that_was_paid_over_is_refunded_by_itself() -> None:
    """1,000.00 of retention are released; the bank paid 1,200.00: 200.00 are a claim on that release alone."""
    parts = (RetentionRelease(share=Decimal(100), after="acceptance"),)
    story = accepted("M1", retention=Retention(rate=Decimal(10), release=parts))
    play(story, ("finance-1", i.ReleaseRetention(milestone="M1", on=day(9, 1))))
    release = last(story)
    told = i.InstructPayment(milestone="M1", release=release, on=day(9, 1))
    play(story, ("finance-1", told))
    over = i.RecordPayment(instruction=last(story), amount_minor=120_000, over=True, on=day(9, 2))
    play(story, ("finance-1", over))
    refused(story, refunds(1, on=day(9, 3)), "refund-within-claim")
    refused(story, refunds(20_001, on=day(9, 3), release=release), "refund-within-claim")
    play(story, refunds(on=day(9, 3), release=release, fees_minor=500, entry="E-9"))
    (left,) = story.the_state().milestones["M1"].releases
    assert (left.paid_minor, left.outstanding_minor) == (100_000, 0)
    beside = row(settlements.MODEL, story, -1)
    said = ("status", "release", "paid_minor", "fees_minor", "entry")
    assert [beside[name] for name in said] == ["refunded", release, -20_000, 500, "E-9"]


def test_a_refund_rests_on_what_made_the_claim_on_that_payable_and_on_nothing_else() -> None:
    """M1 is paid, and so is its release, 200.00 too much: the refund rests on the release and on the payment of it."""
    parts = (RetentionRelease(share=Decimal(100), after="acceptance"),)
    story = accepted("M1", retention=Retention(rate=Decimal(10), release=parts))
    play(story, pays("M1", on=day(8, 26)))
    play(story, records_paid(last(story), on=day(8, 26)))
    own = last(story)
    play(story, ("finance-1", i.ReleaseRetention(milestone="M1", on=day(9, 1))))
    release = last(story)
    play(story, ("finance-1", i.InstructPayment(milestone="M1", release=release, on=day(9, 1))))
    over = i.RecordPayment(instruction=last(story), amount_minor=120_000, over=True, on=day(9, 2))
    play(story, ("finance-1", over))
    paid = last(story)
    (of_release,) = permitted(story, refunds(on=day(9, 3), release=release))
    assert of_release.rests_on == (2, release, paid)
    play(story, disputes("M1", 100, on=day(9, 3)))
    play(story, proposes(resolution(last(story), "upheld", -100), on=day(9, 4)))
    play(story, agrees(last(story), on=day(9, 4)))
    (of_milestone,) = permitted(story, refunds(on=day(9, 5)))
    # its definition, its acceptance, the payment of it, and the resolution that took 1.00 off
    assert of_milestone.rests_on == (2, 6, own, last(story) - 1)


# --- where it is told ---------------------------------------------------------------------------------


def test_the_schedule_has_less_paid_and_the_payment_list_has_a_row_below_zero() -> None:
    story = claimed()
    play(story, refunds(on=day(10, 5)))
    line = row(schedule.MODEL, story)
    assert (line["paid_minor"], line["outstanding_minor"]) == (900_000, 0)
    assert str(last(story)) in line["events"]
    refund = row(payments.MODEL, story, 1)
    assert (refund["status"], refund["paid_minor"], refund["paid_on"]) == (
        "refunded",
        -100_000,
        "2026-10-05",
    )


def test_in_the_books_a_refund_brings_money_in_and_ends_the_claim() -> None:
    """1,000.00 come back, of which the bank keeps 5.00."""
    story = claimed()
    play(story, refunds(on=day(10, 5), fees_minor=500))
    told = books(story.records)
    assert told is not None
    entry = told.entries[-1]
    assert entry.says == "refunded"
    moved = {p.account.name: p.amount_minor for p in entry.postings}
    assert moved == {"bank-clearing": 99_500, "bank-fees": 500, "claims": -100_000}


def test_the_settlement_account_sums_payments_and_refunds() -> None:
    story = claimed()
    play(story, refunds(on=day(10, 5)))
    told = settlement(story.records)
    assert told is not None
    assert [n.amount_minor for n in told.entries if n.group == "paid"] == [-1_000_000, 100_000]
    assert told.balance_minor == 0
    assert all(lines == total for _, lines, total in told.checks)


def test_in_ocds_a_refund_is_a_transaction_below_zero() -> None:
    """So that the sum of the transactions is what was paid, and what is read back is the same."""
    story = claimed()
    play(story, refunds(on=day(10, 5), reference="B-7"))
    told = ocds_release(story.the_state(), [], "2026-10-05T00:00:00Z")
    transactions = told["contracts"][0]["implementation"]["transactions"]
    assert [one["value"]["amount"] for one in transactions] == [Decimal(10_000), Decimal(-1_000)]
    assert transactions[1]["id"] == "B-7"


@pytest.mark.parametrize("net_days", [0, 30])
def test_a_refund_leaves_payment_in_time_as_it_was(net_days: int) -> None:
    story = claimed(payment=PaymentTerms(net_days=net_days))
    before = story.the_state().milestones["M1"].settled_on
    play(story, refunds(on=day(11, 5)))
    assert story.the_state().milestones["M1"].settled_on == before == day(9, 1)
