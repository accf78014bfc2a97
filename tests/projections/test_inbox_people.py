"""Whom the inbox asks to deliver, approve and pay, since when, and for how much."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.events import Covered, InvoiceReceived, PaymentFailed, PaymentInstructed
from ledger.intents import RejectChange, SuspendContract
from ledger.terms import InvoicePolicy, Tier
from projections.derive.inbox import Task, _claim_task, people_for, tasks
from tests.decisions import builders as b
from tests.decisions.spec import Story, record
from tests.decisions.test_rules_refund import claimed
from tests.decisions.told import M1, accepted, after

MANAGERS = ("manager-1", "manager-2", "manager-3")


def told(story: Story, task: str, reference: str = "C-1/M1") -> list[Task]:
    return [t for t in tasks(story.the_state()) if (t.task, t.reference) == (task, reference)]


def only(story: Story, task: str, reference: str = "C-1/M1") -> Task:
    (found,) = told(story, task, reference)
    return found


def asked(
    story: Story, reference: str = "C-1/M1"
) -> list[tuple[str, tuple[str, ...], date | None]]:
    """Who is asked to approve it, in which role, since when."""
    return [(t.role, t.people, t.since) for t in told(story, "approve", reference)]


# --- deliveries -------------------------------------------------------------------------------------


def test_a_delivery_waits_for_the_partner_since_it_was_agreed_or_started() -> None:
    story = b.contract()
    task = only(story, "deliver")
    assert (task.role, task.people, task.since) == ("partner", ("partner-1",), b.SIGNED)
    assert (task.due, task.amount_minor, task.waits_for) == (b.day(8, 21), 1_000_000, ())
    b.play(story, b.starts(on=b.day(8, 10)))
    assert only(story, "deliver").since == b.day(8, 10)


def test_it_waits_for_its_owner_where_it_has_one() -> None:
    story = b.contract(b.defined("M1", owner="ann"))
    assert only(story, "deliver").people == ("ann",)


def test_what_was_rejected_waits_since_its_last_rejection() -> None:
    story = b.play(b.contract(), b.submits(), b.rejects(on=b.day(8, 22)))
    assert (only(story, "submit again").since, told(story, "deliver")) == (b.day(8, 22), [])
    b.play(story, b.submits(on=b.day(8, 24)), b.rejects(on=b.day(8, 26)))
    assert only(story, "submit again").since == b.day(8, 26)


def test_what_depends_on_others_says_which_of_them_are_open() -> None:
    story = b.contract(b.defined("M1"), b.defined("M2", depends_on=("M1",)))
    assert only(story, "deliver", "C-1/M2").waits_for == ("C-1/M1",)
    b.play(story, b.submits(), b.rejects(on=b.day(8, 22)))
    assert only(story, "deliver", "C-1/M2").waits_for == ("C-1/M1",)
    b.play(story, b.submits(), b.submits("M2"))
    assert {t.waits_for for t in told(story, "approve", "C-1/M2")} == {("C-1/M1",)}
    b.play(story, b.approves(on=b.day(9, 20)))
    assert {t.waits_for for t in told(story, "approve", "C-1/M2")} == {()}


def test_nothing_waits_for_what_was_given_up() -> None:
    """M2 may be accepted once M1 is cancelled: a task that named M1 would wait for ever."""
    story = b.contract(b.defined("M1"), b.defined("M2", depends_on=("M1",)))
    b.play(story, b.cancels("M1"))
    assert only(story, "deliver", "C-1/M2").waits_for == ()
    b.play(story, b.submits("M2"))
    assert {t.waits_for for t in told(story, "approve", "C-1/M2")} == {()}
    b.play(story, b.approves("M2"), b.approves("M2", by="finance-1"))
    assert story.the_state().milestones["M2"].status == "accepted"


def test_of_two_parts_under_approval_the_one_approved_last_goes_on() -> None:
    """30 % by one manager, then 40 % by another; the third joins the first count, which lacks one more."""
    tiers = (Tier(quorum={"manager": 3}),)
    story = b.play(b.contract(approval=tiers), b.submits("M1"))
    for by, part in (("manager-1", "30%"), ("manager-2", "40%"), ("manager-3", "30%")):
        b.play(story, b.approves("M1", on=b.day(8, 25), by=by, part=part))
    (task,) = told(story, "approve", "C-1/M1")
    assert (task.amount_minor, task.people) == (300_000, ("manager-2",))


def test_a_suspended_contract_asks_for_no_delivery() -> None:
    story = b.contract()
    suspend = SuspendContract(reason="flood", on=b.day(8, 5))
    b.play(story, ("admin-1", suspend))
    assert told(story, "deliver") == []


# --- approvals --------------------------------------------------------------------------------------


def test_an_approval_waits_for_each_role_of_its_tier_since_the_last_that_was_given() -> None:
    story = b.play(b.contract(), b.submits("M2"))
    since = b.day(9, 18)
    assert asked(story, "C-1/M2") == [
        ("manager", MANAGERS, since),
        ("finance", ("finance-1", "finance-2"), since),
    ]
    b.play(story, b.approves("M2", on=b.day(9, 20), by="manager-2"))
    assert asked(story, "C-1/M2") == [("finance", ("finance-1", "finance-2"), b.day(9, 20))]


@pytest.mark.parametrize("separation", [True, False])
def test_of_two_managers_the_second_is_another_and_is_asked_since_the_first(
    separation: bool,
) -> None:
    """Nobody counts twice, whether duties are apart or not."""
    story = b.contract(approval=(Tier(quorum={"manager": 3}),), separation=separation)
    b.play(story, b.submits(), b.approves(on=b.day(8, 23), by="manager-1"))
    b.play(story, b.approves(on=b.day(8, 25), by="manager-3"))
    assert asked(story) == [("manager", ("manager-2",), b.day(8, 25))]


@pytest.mark.parametrize(
    ("separation", "people"), [(True, MANAGERS), (False, (*MANAGERS, "partner-1"))]
)
def test_who_submitted_is_not_asked_to_approve_it_where_duties_are_apart(
    separation: bool, people: tuple[str, ...]
) -> None:
    roles = b.TERMS.roles | {"manager": (*MANAGERS, "partner-1")}
    story = b.play(b.contract(roles=roles, separation=separation), b.submits())
    assert asked(story) == [("manager", people, b.day(8, 21))]


def test_an_approval_by_somebody_who_lost_the_role_counts_no_more() -> None:
    story = b.play(b.contract(), b.submits("M2"), b.approves("M2", on=b.day(9, 20), by="manager-2"))
    b.play(story, b.proposes(b.role("manager-2", grant=False), by="admin-1"))
    b.play(story, b.agrees(b.last(story), by="admin-2"))
    assert asked(story, "C-1/M2") == [
        ("manager", ("manager-1", "manager-3"), b.day(9, 18)),
        ("finance", ("finance-1", "finance-2"), b.day(9, 18)),
    ]


def test_the_tier_is_that_of_the_amount_with_its_bonus() -> None:
    """1,960,000 delivered eleven days early: 5% is 98,000, together 2,058,000, above 2,000,000."""
    story = b.contract(b.defined("M1", amount_minor=1_960_000))
    b.play(story, b.submits(on=b.day(8, 10)))
    assert [role for role, _, _ in asked(story)] == ["manager", "finance"]
    assert {t.amount_minor for t in told(story, "approve")} == {2_058_000}
    late = b.contract(b.defined("M1", amount_minor=1_960_000))
    b.play(late, b.submits())
    assert [role for role, _, _ in asked(late)] == ["manager"]


def test_the_amount_of_what_has_none_is_not_known() -> None:
    story = b.play(b.contract(b.defined("M1", amount_minor=None)), b.submits())
    assert [t.amount_minor for t in told(story, "approve")] == [None]


def test_the_role_of_a_day_is_nobodys_to_be_asked_in() -> None:
    state = b.contract().the_state()
    state.grants.append(replace(state.grants[0], person="x", role="manager", until=b.day(8, 5)))
    state.grants.append(replace(state.grants[0], person="y", role="manager", until=None))
    assert people_for(state, "manager") == (*MANAGERS, "y")
    assert people_for(state, "manager", "y", "manager-1") == ("manager-2", "manager-3")


@pytest.mark.parametrize(("grant", "asks"), [(True, ("admin-2",)), (False, ("admin-2", "admin-3"))])
def test_who_would_gain_a_role_is_not_asked_and_who_would_lose_it_is(
    grant: bool, asks: tuple[str, ...]
) -> None:
    story = b.contract()
    if not grant:
        b.play(story, b.proposes(b.role("admin-3"), by="admin-1"))
        b.play(story, b.agrees(b.last(story), by="admin-2"))
    b.play(story, b.proposes(b.role("admin-3", grant=grant), by="admin-1"))
    task = only(story, "approve", f"C-1#{b.last(story)}")
    assert tuple(p for p in task.people if p.startswith("admin")) == asks


# --- disputes, payments, ends -----------------------------------------------------------------------


def test_a_dispute_waits_for_a_manager_who_did_not_open_it_until_a_resolution_is_proposed() -> None:
    story = b.play(b.accepted(), b.disputes(on=b.day(8, 27), by="manager-3"))
    dispute = b.last(story)
    task = only(story, "propose a resolution", f"C-1#{dispute}")
    assert (task.people, task.since, task.amount_minor) == (
        ("manager-1", "manager-2"),
        b.day(8, 27),
        100_000,
    )
    b.play(story, b.proposes(b.resolution(dispute, "upheld", -100_000), on=b.day(8, 28)))
    proposal = b.last(story)
    assert told(story, "propose a resolution", f"C-1#{dispute}") == []
    b.play(story, ("manager-2", RejectChange(proposal=proposal, reason="no", on=b.day(8, 29))))
    assert only(story, "propose a resolution", f"C-1#{dispute}").since == b.day(8, 27)


def test_what_is_accepted_waits_to_be_paid_and_what_is_instructed_to_be_recorded() -> None:
    story = b.accepted()
    task = only(story, "pay")
    assert (task.role, task.people, task.since) == (
        "finance",
        ("finance-1", "finance-2"),
        b.day(8, 25),
    )
    assert (task.due, task.amount_minor) == (b.day(9, 24), 1_000_000)  # 30 days from 25 August
    b.play(story, b.pays(amount=400_000, on=b.day(9, 1)))
    name = f"C-1#{b.last(story)}"
    assert only(story, "pay").amount_minor == 600_000
    waits = only(story, "record the payment", name)
    assert (waits.since, waits.amount_minor) == (b.day(9, 1), 400_000)
    b.play(story, b.records_paid(b.last(story), on=b.day(9, 2)))
    assert told(story, "record the payment", name) == []


def test_an_instruction_that_failed_waits_to_be_recorded_no_more_and_the_money_to_be_paid() -> None:
    begun = PaymentInstructed(on=b.day(9, 2), amount_minor=400, **M1)
    failed = PaymentFailed(on=b.day(9, 5), instruction=5, **M1)
    assert [(t.task, t.amount_minor) for t in tasks(after(*accepted(), begun))] == [
        ("pay", 600),
        ("record the payment", 400),
    ]
    assert [(t.task, t.amount_minor) for t in tasks(after(*accepted(), begun, failed))] == [
        ("pay", 1_000)
    ]


def test_what_was_imported_and_is_completed_or_ended_waits_for_nobody() -> None:
    state: Any = b.accepted().the_state()
    assert list(tasks(state)) != []
    state.imported = True
    state.status = "completed"
    assert list(tasks(state)) == []
    state.imported = False
    assert list(tasks(state)) != []


def test_what_is_invoiced_whole_waits_to_be_paid_and_for_no_invoice() -> None:
    story = b.accepted(invoices=InvoicePolicy(required=True))
    assert only(story, "send an invoice").amount_minor == 1_000_000
    assert told(story, "pay") == []
    for invoiced, left in ((400_000, 600_000), (600_000, None)):
        covers = (Covered(milestone="M1", amount_minor=invoiced),)
        fact = InvoiceReceived(
            on=b.day(9, 1),
            number=f"F-{invoiced}",
            kind="commercial",
            amount_minor=invoiced,
            covers=covers,
        )
        story.records.append(record(fact, b.last(story) + 1))
        found = told(story, "send an invoice")
        assert [t.amount_minor for t in found] == ([] if left is None else [left])
    assert only(story, "pay").amount_minor == 1_000_000


def test_a_claim_is_what_a_milestone_and_its_releases_come_to_together() -> None:
    state: Any = claimed().the_state()
    milestone = state.milestones["M1"]
    assert [t.amount_minor for t in _claim_task(state, milestone)] == [100_000]
    milestone.releases.append(SimpleNamespace(outstanding_minor=40_000))
    assert [t.amount_minor for t in _claim_task(state, milestone)] == [60_000]
    milestone.releases.append(SimpleNamespace(outstanding_minor=60_000))
    assert list(_claim_task(state, milestone)) == []


def test_a_proposal_under_a_suspended_contract_still_waits() -> None:
    story = b.play(b.contract(), b.proposes(b.order(("M1", b.day(8, 30), 1_000_000))))
    name = f"C-1#{b.last(story)}"
    b.play(story, ("admin-1", SuspendContract(reason="flood", on=b.day(8, 5))))
    assert only(story, "approve", name).role == "manager"
