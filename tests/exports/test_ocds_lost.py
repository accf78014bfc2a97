"""What is lost in a release, each thing with its reference or its amount."""

from __future__ import annotations

from decimal import Decimal

from msgspec import structs

from ledger import intents as i
from ledger.events import MilestoneAccepted, PaymentInstructed
from ledger.intents import TakenMilestone, TakenPayment
from ledger.terms import Retention, RetentionRelease
from tests.decisions import builders as b
from tests.exports.releases import lost, taken


def test_a_contract_loses_its_terms_and_an_open_milestone_what_was_promised_of_it() -> None:
    story = b.contract(b.defined("M1", criteria=("it works",)))
    assert lost(story.records) == {
        "terms": ["C-1"],
        "provisional": ["C-1/M1"],
        "criteria": ["C-1/M1"],
    }


def test_a_currency_that_no_amount_states_is_lost() -> None:
    assert lost(taken(TakenMilestone(id="M1"))) == {"currency": ["C-1"]}
    for told in (
        {"value_minor": 5},
        {"payments": (TakenPayment(reference="a", amount_minor=5),)},
    ):
        assert "currency" not in lost(taken(TakenMilestone(id="M1"), **told))
    assert lost(taken(TakenMilestone(id="M1", amount_minor=5))) == {}


def test_an_acceptance_on_a_later_day_loses_the_day_and_who_approved() -> None:
    later = lost(b.accepted("M1", on=b.day(8, 25)).records)
    assert (later["accepted-on"], later["approvals"]) == (["C-1/M1"], ["C-1/M1"])
    same = lost(b.accepted("M1", on=b.day(8, 21)).records)
    assert "accepted-on" not in same
    assert same["provisional"] == ["C-1/M2"]  # M1's date stands


def test_work_begun_waiting_or_sent_back_is_lost_as_such() -> None:
    story = b.contract()
    b.play(story, b.starts(on=b.day(8, 5)), b.submits())
    assert {k: v for k, v in lost(story.records).items() if k in ("started", "status")} == {
        "started": ["C-1/M1"],
        "status": ["C-1/M1"],
    }
    assert "deliveries" not in lost(story.records)
    b.play(story, b.rejects(on=b.day(8, 22)))
    assert lost(story.records)["status"] == ["C-1/M1"]
    b.play(story, b.submits(on=b.day(8, 23)))
    assert lost(story.records)["deliveries"] == ["C-1/M1"]


def test_a_corrected_delivery_is_one_delivery() -> None:
    story = b.play(b.contract(), b.submits())
    b.play(story, b.submits(on=b.day(8, 20), corrects=b.last(story)))
    assert "deliveries" not in lost(story.records)


def test_what_is_held_instructed_and_came_back_is_lost_with_its_amount() -> None:
    story = b.play(b.accepted(), b.pays(amount=30_000), b.disputes(amount=20_000, on=b.day(9, 1)))
    found = lost(story.records)
    assert (found["held"], found["instructed"], found["disputes"]) == (
        *("200.00", "300.00"),
        ["C-1/M1"],
    )
    instruction = b.version_of(story, PaymentInstructed)
    b.play(story, ("finance-1", i.FailPayment(instruction=instruction, reason="closed")))
    found = lost(story.records)
    assert (found["payments-undone"], "instructed" in found) == ("300.00", False)


def test_a_payment_that_came_back_is_undone_too() -> None:
    story = b.play(b.accepted(), b.pays(amount=30_000, on=b.day(9, 1)))
    instruction = b.version_of(story, PaymentInstructed)
    b.play(story, b.records_paid(instruction, on=b.day(9, 2)))
    back = i.ReversePayment(payment=instruction, reason="returned", on=b.day(9, 3))
    b.play(story, ("finance-1", back))
    assert lost(story.records)["payments-undone"] == "300.00"


def test_what_is_lost_twice_counts_with_both_amounts() -> None:
    story = b.accepted()
    for amount in (30_000, 50_000):
        b.play(story, b.pays(amount=amount))
        failed = i.FailPayment(instruction=b.last(story), reason="closed")
        b.play(story, ("finance-1", failed))
    assert lost(story.records)["payments-undone"] == "800.00"


def test_what_is_instructed_of_a_release_counts_with_the_rest() -> None:
    """10 % of 10,000.00 is retained, and let go at once: 1,000.00 of it, and 300.00 of the milestone."""
    at_once = RetentionRelease(share=Decimal(100), after="acceptance")
    story = b.accepted(retention=Retention(rate=Decimal(10), release=(at_once,)))
    b.play(story, ("finance-1", i.ReleaseRetention(milestone="M1", on=b.day(9, 1))))
    pays = i.InstructPayment(milestone="M1", release=b.last(story), on=b.day(9, 2))
    b.play(story, ("finance-1", pays), b.pays(amount=30_000, on=b.day(9, 2)))
    assert lost(story.records)["instructed"] == "1300.00"


def test_a_payment_without_a_reference_of_the_banks_has_none_to_lose() -> None:
    story = b.play(b.accepted(), b.pays(on=b.day(9, 1)))
    b.play(story, b.records_paid(b.last(story), on=b.day(9, 2)))
    assert "reference" not in lost(story.records)


def test_a_due_date_in_a_year_not_published_is_lost_as_provisional() -> None:
    records = [
        structs.replace(one, data=structs.replace(one.data, provisional=True))
        if isinstance(one.data, MilestoneAccepted)
        else one
        for one in b.accepted().records
    ]
    assert lost(records)["provisional"] == ["C-1/M1", "C-1/M2"]


def test_money_on_a_cancelled_milestone_is_a_payment_without_milestone() -> None:
    records = taken(
        TakenMilestone(id="M1", status="cancelled", amount_minor=900),
        payments=(TakenPayment(reference="a", amount_minor=700, milestone="M1"),),
    )
    assert (lost(records)["cancelled"], lost(records)["cancelled-paid"]) == (["C-1/M1"], "7.00")


def test_an_approval_that_was_taken_back_is_no_loss_of_approvals() -> None:
    story = b.play(b.contract(b.defined("M1", amount_minor=3_000_000)), b.submits(), b.approves())
    assert lost(story.records)["approvals"] == ["C-1/M1"]
    b.play(story, b.withdraws())
    assert "approvals" not in lost(story.records)
