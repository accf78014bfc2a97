"""What each act leads to, whole: every field of every event, by hand, and the facts that it rests on.

M1 (version 2) is worth 10,000.00 and due on 21 August, M2 (3) 30,000.00 and due on 18 September.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from ledger import events as e
from ledger import intents as i
from ledger.events import Fact, Line
from ledger.evolve.common import digest
from ledger.intents import InvoicedMilestone
from ledger.terms import (
    Criterion,
    EarlyPayment,
    MilestonePlan,
    PaymentTerms,
    Tax,
    Tier,
)
from tests.decisions import builders as b
from tests.decisions.builders import TODAY, day
from tests.decisions.endings import END, FEE, SET_OFF, advanced, ends, money_claimed, sets_off
from tests.decisions.endings import ended as end
from tests.decisions.spec import Story

PLAIN: dict[str, Any] = {"early_bonus": None, "late_penalty": None}
M1: dict[str, Any] = {"milestone": "M1"}


def plain(events: list[Fact]) -> list[Fact]:
    """The events without the digests and prices that approvals bind to, which other tests are about."""
    return [
        structs.replace(event, digest="", price=())
        if isinstance(event, e.ApprovalGranted)
        else event
        for event in events
    ]


def gross(amount: int, planned: int) -> Line:
    return Line(
        step="gross",
        clause="accepted-part",
        amount_minor=amount,
        calculation={"planned_minor": str(planned)},
    )


# --- milestones --------------------------------------------------------------------------------------------

PLAN = MilestonePlan(
    id="M3",
    title="Hall",
    stage="build",
    owner="partner-1",
    due=day(9, 30),
    amount_minor=300_000,
    deliverables=("a", "b", "c"),
    criteria=(Criterion(name="rate", at_least="3%"),),
    depends_on=("M1",),
    incentive_due=day(9, 20),
)
DEFINED = e.MilestoneDefined(
    on=b.SIGNED,
    rests_on=(1,),
    milestone="M3",
    title="Hall",
    stage="build",
    owner="partner-1",
    due=day(9, 30),
    amount_minor=300_000,
    deliverables=("a", "b", "c"),
    criteria=(Criterion(name="rate", at_least="3%"),),
    depends_on=("M1",),
    incentive_due=day(9, 20),
)


def test_a_milestone_is_defined_started_submitted_corrected_rejected_and_cancelled() -> None:
    story = b.contract()
    define = "manager-1", i.DefineMilestone(plan=PLAN, on=b.SIGNED)
    assert b.permitted(story, define) == [DEFINED]
    assert b.permitted(story, b.starts("M3", on=day(8, 10))) == [
        e.MilestoneStarted(on=day(8, 10), rests_on=(4,), milestone="M3")
    ]
    results = b.measured(rate="4%")
    assert b.permitted(
        story, b.submits("M3", on=day(9, 18), results=results, note="all of it")
    ) == [
        e.MilestoneSubmitted(
            on=day(9, 18), rests_on=(4,), milestone="M3", results=results, note="all of it"
        )
    ]
    assert b.permitted(story, b.submits("M3", on=day(9, 19), results=results, corrects=True)) == [
        e.MilestoneSubmitted(
            on=day(9, 19), rests_on=(6,), milestone="M3", results=results, corrects=6, why="error"
        )
    ]
    assert b.permitted(story, b.rejects("M3", on=day(9, 21))) == [
        e.SubmissionRejected(
            on=day(9, 21),
            rests_on=(4, 7),
            milestone="M3",
            submission=7,
            reason="does not meet its criteria",
        )
    ]
    assert b.permitted(story, b.cancels("M3", on=day(9, 25))) == [
        e.MilestoneCancelled(
            on=day(9, 25), rests_on=(4,), milestone="M3", reason="no longer needed"
        )
    ]


def test_a_part_told_by_deliverables_leaves_the_others_in_a_remainder_with_the_same_plan() -> None:
    """Two of three deliverables are 2,000.00 of 3,000.00; due by the 30th, delivered two days early: 1 % of that."""
    story = b.contract(
        b.defined("M1"),
        b.defined("M2"),
        ("admin-1", structs.replace(DEFINED, incentive_due=None, depends_on=())),
    )
    moved = b.proposes(b.order(("M3", day(10, 2), 300_000)), on=day(8, 10))
    b.play(story, moved, b.agrees(5, on=day(8, 11)))
    b.play(story, b.submits("M3", on=day(9, 30), results=b.measured(rate="4%")))
    events = b.permitted(story, b.approves("M3", on=day(10, 5), deliverables=("b", "a")))
    assert plain(events) == [
        e.ApprovalGranted(
            on=day(10, 5),
            rests_on=(4, 8),
            subject=8,
            role="manager",
            digest="",
            milestone="M3",
            accepted_minor=200_000,
            part="b, a",
            deliverables=("a", "b"),
        ),
        e.MilestoneAccepted(
            on=day(10, 5),
            rests_on=(4, 8, 9),
            milestone="M3",
            submission=8,
            accepted_minor=200_000,
            lines=(gross(200_000, 300_000),),
            payment_due=day(11, 4),
            remainder="M3-r1",
        ),
        e.BonusAwarded(
            on=day(10, 5),
            rests_on=(4, 10),
            milestone="M3",
            kind="early",
            lines=(
                Line(
                    step="bonus",
                    clause="early",
                    amount_minor=2_000,
                    calculation={
                        "days": "2",
                        "rate": "0.5%",
                        "base_minor": "200000",
                        "cap": "5%",
                        "rounding": "half-up",
                        "due": "2026-10-02",
                        "submitted": "2026-09-30",
                        "cap_minor": "10000",
                        "capped": "no",
                    },
                ),
            ),
        ),
        structs.replace(
            DEFINED,
            on=day(10, 5),
            rests_on=(4, 10),
            milestone="M3-r1",
            due=day(10, 2),
            amount_minor=100_000,
            deliverables=("c",),
            depends_on=(),
            incentive_due=None,
            remainder_of="M3",
        ),
    ]


def test_a_deliverable_named_twice_is_one_and_so_is_one_planned_twice() -> None:
    """One of two is a half of 3,000.00, however often the plan or the approval names it."""
    for planned in (("a", "b"), ("a", "b", "b")):
        story = b.contract(
            b.defined("M1", amount_minor=300_000, deliverables=planned), early_bonus=None
        )
        b.play(story, b.submits("M1"))
        approval, accepted, rest = b.permitted(story, b.approves("M1", deliverables=("b", "b")))
        assert isinstance(approval, e.ApprovalGranted)
        assert isinstance(accepted, e.MilestoneAccepted)
        assert isinstance(rest, e.MilestoneDefined)
        assert (approval.deliverables, accepted.accepted_minor) == (("b",), 150_000)
        assert (rest.amount_minor, rest.deliverables) == (150_000, ("a",))
    whole = b.contract(b.defined("M1", amount_minor=300_000, deliverables=("a", "b", "b")))
    b.play(whole, b.submits("M1"))
    approval, *_ = b.permitted(whole, b.approves("M1", deliverables=("b", "a", "a")))
    assert isinstance(approval, e.ApprovalGranted)
    assert (approval.accepted_minor, approval.deliverables) == (300_000, ())


def test_the_remainder_keeps_its_dependencies_and_its_incentive_date() -> None:
    kept = b.contract(b.defined("M1"), b.defined("M2"), ("admin-1", DEFINED))
    b.play(kept, b.submits("M1"), b.approves("M1", on=day(8, 25)))
    b.play(kept, b.submits("M3", on=day(9, 20), results=b.measured(rate="4%")))
    *_, rest = b.permitted(kept, b.approves("M3", on=day(9, 21), part="50%"))
    assert isinstance(rest, e.MilestoneDefined)
    assert (rest.depends_on, rest.incentive_due, rest.kind) == (("M1",), day(9, 20), "milestone")
    assert (rest.deliverables, rest.criteria, rest.stage) == (
        ("a", "b", "c"),
        PLAN.criteria,
        "build",
    )
    assert (rest.title, rest.owner, rest.amount_minor) == ("Hall", "partner-1", 150_000)
    # of the remainder again a part: the rest of the rest counts on in the family
    b.play(kept, b.submits("M3-r1", on=day(9, 22), results=b.measured(rate="4%")))
    *_, again = b.permitted(kept, b.approves("M3-r1", on=day(9, 23), part="1,000.00"))
    assert isinstance(again, e.MilestoneDefined)
    assert (again.milestone, again.remainder_of, again.amount_minor) == ("M3-r2", "M3-r1", 50_000)


def test_the_last_approval_decides_on_the_latest_day_of_all_and_rests_on_each() -> None:
    story = b.play(b.contract(approval=(Tier(quorum={"manager": 2}),), **PLAIN), b.submits("M1"))
    b.play(story, b.approves(on=day(8, 28)))
    events = b.permitted(story, b.approves(on=day(8, 25), by="manager-2"))
    assert plain(events) == [
        e.ApprovalGranted(
            on=day(8, 25),
            rests_on=(2, 4),
            subject=4,
            role="manager",
            digest="",
            accepted_minor=1_000_000,
            **M1,
        ),
        e.MilestoneAccepted(
            on=day(8, 28),
            rests_on=(2, 4, 5, 6),
            submission=4,
            accepted_minor=1_000_000,
            lines=(gross(1_000_000, 1_000_000),),
            payment_due=day(9, 27),
            **M1,
        ),
    ]


def test_what_is_decided_again_after_a_reversal_rests_on_the_reversal() -> None:
    story = b.accepted(**PLAIN)
    b.play(story, b.proposes(b.reversal(6), on=day(9, 1)), b.agrees(7, on=day(9, 2)))
    assert b.last(story) == 9
    approval, acceptance = b.permitted(story, b.approves(on=day(9, 3), by="manager-2"))
    assert (approval.rests_on, acceptance.rests_on) == ((2, 4, 9), (2, 4, 9, 10))
    again = b.play(b.accepted(**PLAIN), b.proposes(b.reversal(6), on=day(9, 1)))
    b.play(again, b.agrees(7, on=day(9, 2)))
    (rejected,) = b.permitted(again, b.rejects(on=day(9, 3)))
    assert rejected.rests_on == (2, 4, 9)


def test_an_approval_taken_back_rests_on_itself_and_is_never_dated_before_it() -> None:
    story = b.play(b.contract(), b.submits("M2"), b.approves("M2", on=day(9, 20)))
    assert b.permitted(story, ("manager-1", i.WithdrawApproval(milestone="M2", on=day(9, 22)))) == [
        e.ApprovalWithdrawn(
            on=day(9, 22), rests_on=(5,), subject=4, approval=5, why="event", milestone="M2"
        )
    ]


# --- money -------------------------------------------------------------------------------------------------


def test_a_payment_with_its_discount_from_the_instruction_to_its_return() -> None:
    """2 % of 10,000.00 for paying within ten days of 25 August."""
    agreed = PaymentTerms(net_days=30, discount=EarlyPayment(rate=Decimal(2), days=10))
    story = b.accepted(payment=agreed, **PLAIN)
    pays = i.InstructPayment(
        milestone="M1", discount=True, on=day(9, 1), run="run-1", transfer="T-1"
    )
    assert b.permitted(story, ("finance-1", pays)) == [
        e.PaymentInstructed(
            on=day(9, 1),
            rests_on=(2, 6),
            amount_minor=980_000,
            run="run-1",
            transfer="T-1",
            discount_minor=20_000,
            **M1,
        )
    ]
    record = i.RecordPayment(
        instruction=7, on=day(9, 4), reference="R-1", fees_minor=5, entry="E-1"
    )
    earned = Line(
        step="settlement",
        clause="discount",
        amount_minor=-20_000,
        calculation={
            "rate": "2%",
            "base_minor": "1000000",
            "rounding": "half-up",
            "until": "2026-09-04",
            "instruction": "7",
        },
    )
    assert b.permitted(story, ("finance-1", record)) == [
        e.PaymentRecorded(
            on=day(9, 4),
            rests_on=(7,),
            amount_minor=980_000,
            instruction=7,
            reference="R-1",
            fees_minor=5,
            entry="E-1",
            lines=(earned,),
            **M1,
        )
    ]
    back = i.ReversePayment(payment=7, on=day(9, 9), reason="closed", entry="E-2", fees_minor=3)
    assert b.permitted(story, ("finance-1", back)) == [
        e.PaymentReversed(
            on=day(9, 9),
            rests_on=(8,),
            payment=8,
            why="event",
            reason="closed",
            entry="E-2",
            fees_minor=3,
            lines=(
                Line(
                    step="settlement",
                    clause="discount",
                    amount_minor=20_000,
                    calculation={"takes_back": "8"},
                ),
            ),
            **M1,
        )
    ]


def test_a_discount_is_not_earned_by_less_nor_by_a_day_too_late() -> None:
    agreed = PaymentTerms(net_days=30, discount=EarlyPayment(rate=Decimal(2), days=10))
    for amount, on in ((979_999, day(9, 4)), (None, day(9, 5))):
        story = b.accepted(payment=agreed, **PLAIN)
        pays = i.InstructPayment(milestone="M1", discount=True, on=day(9, 1))
        b.play(story, ("finance-1", pays))
        (event,) = b.permitted(story, b.records_paid(7, amount, on=on))
        assert isinstance(event, e.PaymentRecorded)
        assert event.lines == ()


def test_a_discount_is_earned_also_where_the_bank_paid_more_than_it_was_told() -> None:
    """All that was instructed left in time; what went beyond is a claim: 10,000.00 were owed less 2 %."""
    agreed = PaymentTerms(net_days=30, discount=EarlyPayment(rate=Decimal(2), days=10))
    story = b.accepted(payment=agreed, **PLAIN)
    b.play(story, ("finance-1", i.InstructPayment(milestone="M1", discount=True, on=day(9, 1))))
    over = i.RecordPayment(instruction=7, amount_minor=980_100, over=True, on=day(9, 4))
    (event,) = b.permitted(story, ("finance-1", over))
    assert isinstance(event, e.PaymentRecorded)
    assert [line.amount_minor for line in event.lines] == [-20_000]
    assert story.the_state().milestones["M1"].outstanding_minor == -100


def test_a_payment_that_failed_and_one_that_was_recorded_by_mistake() -> None:
    story = b.play(b.accepted(), b.pays(on=day(9, 1)))
    fails = i.FailPayment(instruction=7, on=day(9, 2), reason="closed", entry="E-1")
    assert b.permitted(story, ("finance-1", fails)) == [
        e.PaymentFailed(
            on=day(9, 2), rests_on=(7,), instruction=7, reason="closed", entry="E-1", **M1
        )
    ]
    story = b.play(b.accepted(), b.pays(on=day(9, 1)), b.records_paid(7, on=day(9, 2)))
    wrong = i.ReversePayment(payment=8, why="error", on=day(9, 9))
    assert b.permitted(story, ("finance-1", wrong)) == [
        e.PaymentReversed(on=None, rests_on=(8,), payment=8, why="error", **M1)
    ]


def test_a_dispute_from_its_opening_to_its_resolution_taxed_as_it_was_accepted() -> None:
    """Of 10,000.00 with 6 % the client disputes 1,000.00, and half of it is upheld: 500.00 and 30.00 of tax."""
    story = b.accepted(tax=Tax(vat=Decimal(6)), **PLAIN)
    opens = i.OpenDispute(milestone="M1", amount_minor=100_000, on=day(9, 1), reason="late")
    assert b.permitted(story, ("manager-3", opens)) == [
        e.DisputeOpened(
            on=day(9, 1), rests_on=(2, 4), side="client", amount_minor=100_000, reason="late", **M1
        )
    ]
    adds = i.AddDisputeEvidence(dispute=7, note="photo", on=day(9, 2))
    assert b.permitted(story, ("partner-1", adds)) == [
        e.DisputeEvidenceAdded(on=day(9, 2), rests_on=(2, 7), dispute=7, note="photo", **M1)
    ]
    b.play(story, b.proposes(b.resolution(7, "split", -50_000), on=day(9, 3), by="manager-1"))
    *_, resolved = b.permitted(story, b.agrees(9, on=day(9, 4)))
    tax = {"rate": "6%", "base_minor": "950000", "rounding": "half-up", "posted_minor": "60000"}
    assert resolved == e.DisputeResolved(
        on=day(9, 4),
        rests_on=(2, 7, 9, 10),
        dispute=7,
        outcome="split",
        proposal=9,
        lines=(
            Line(
                step="adjustment",
                clause="dispute",
                amount_minor=-50_000,
                calculation={"outcome": "split", "disputed_minor": "100000", "dispute": "7"},
            ),
            Line(step="tax", clause="vat", amount_minor=-3_000, calculation=tax),
        ),
        **M1,
    )


def test_a_dispute_withdrawn_as_an_error_acts_from_its_own_day() -> None:
    for why, on, rests in (("event", day(9, 5), (2, 7)), ("error", None, (7,))):
        story = b.play(b.accepted(), b.disputes(on=day(9, 1), by="manager-3"))
        ends = i.WithdrawDispute(dispute=7, on=day(9, 5), why=why, reason="settled")  # type: ignore[arg-type]
        assert b.permitted(story, ("manager-1", ends)) == [
            e.DisputeWithdrawn(on=on, rests_on=rests, dispute=7, why=why, reason="settled", **M1)  # type: ignore[arg-type]
        ]


def test_a_dispute_after_a_second_delivery_rests_on_the_first() -> None:
    story = b.play(b.contract(), b.submits("M1", on=day(8, 10)), b.rejects("M1", on=day(8, 11)))
    b.play(story, b.submits("M1", on=day(8, 20)))
    (event,) = b.permitted(story, b.disputes("M1", on=day(8, 12)))
    assert event.rests_on == (2, 4)


def test_an_invoice_is_received_with_its_tax_and_sent_back() -> None:
    """Payment counts from the invoice: thirty days after the one dated 1 September."""
    agreed = PaymentTerms(net_days=30, after="invoice")
    story = b.accepted(payment=agreed, tax=Tax(vat=Decimal(6)), **PLAIN)
    receives = i.ReceiveInvoice(
        number=" F-1 ",
        kind="special-vat",
        covers=(InvoicedMilestone(milestone="M1", amount_minor=530_000),),
        on=day(9, 3),
        issued_on=day(9, 1),
        uri="f.pdf",
    )
    covered = e.Covered(milestone="M1", amount_minor=530_000, payment_due=day(10, 1))
    assert b.permitted(story, ("partner-1", receives)) == [
        e.InvoiceReceived(
            on=day(9, 3),
            rests_on=(2, 4),
            number="F-1",
            kind="special-vat",
            amount_minor=530_000,
            covers=(covered,),
            tax_minor=30_000,
            issued_on=day(9, 1),
            uri="f.pdf",
        )
    ]
    b.play(
        story,
        (
            "partner-1",
            structs.replace(
                receives,
                number="F-2",
                issued_on=None,
                on=day(9, 10),
                covers=(InvoicedMilestone(milestone="M1"),),
            ),
        ),
    )
    second = story.records[-1].data
    assert isinstance(second, e.InvoiceReceived)
    # the rest of 10,600.00, thirty days after it came in
    assert (second.amount_minor, second.covers[0].payment_due) == (530_000, day(10, 10))
    rejects = i.RejectInvoice(invoice=8, reason="wrong title", on=day(9, 11))
    assert b.permitted(story, ("finance-1", rejects)) == [
        e.InvoiceRejected(
            on=day(9, 11), rests_on=(8,), invoice=8, reason="wrong title", covers=(covered,)
        )
    ]


def test_of_an_invoice_in_all_the_one_milestone_without_an_amount_has_the_rest() -> None:
    story = b.play(b.contract(), b.submits("M1"), b.submits("M2"))
    covers = (
        InvoicedMilestone(milestone="M1", amount_minor=300),
        InvoicedMilestone(milestone="M2"),
    )
    receives = i.ReceiveInvoice(
        number="F-1", kind="special-vat", covers=covers, amount_minor=1_000, on=day(10, 1)
    )
    (event,) = b.permitted(story, ("partner-1", receives))
    assert isinstance(event, e.InvoiceReceived)
    assert [c.amount_minor for c in event.covers] == [300, 700]


# --- the contract ------------------------------------------------------------------------------------------


def test_a_contract_is_suspended_resumed_terminated_and_completed() -> None:
    story = b.contract()
    suspends = "admin-1", i.SuspendContract(reason="frost", on=day(8, 10))
    assert b.permitted(story, suspends) == [
        e.ContractSuspended(on=day(8, 10), rests_on=(1,), reason="frost")
    ]
    resumes = "admin-1", i.ResumeContract(reason="thaw", on=day(8, 14))
    assert b.permitted(story, resumes) == [
        e.ContractResumed(on=day(8, 14), rests_on=(4,), reason="thaw")
    ]
    b.play(story, b.submits("M1"), b.approves("M1", on=day(8, 25)))
    ends = "admin-1", i.TerminateContract(reason="notice", on=day(11, 1))
    assert b.permitted(story, ends) == [
        e.ContractTerminated(on=day(11, 1), rests_on=(1,), reason="notice"),
        e.MilestoneCancelled(
            on=day(11, 1), rests_on=(3, 9), milestone="M2", reason="contract terminated"
        ),
    ]
    done = b.play(b.contract(b.defined("M1")), b.cancels("M1", on=day(8, 10)))
    assert b.permitted(done, ("admin-1", i.CompleteContract())) == [
        e.ContractCompleted(on=TODAY, rests_on=(1,))
    ]


def test_a_bonus_its_revocation_and_a_waiver_carry_their_tax() -> None:
    taxed: dict[str, Any] = {"tax": Tax(vat=Decimal(6))} | PLAIN
    story = b.play(b.accepted(**taxed), b.proposes(b.bonus(5_000), on=day(9, 1)))
    *_, awarded = b.permitted(story, b.agrees(7, on=day(9, 2)))
    assert isinstance(awarded, e.BonusAwarded)
    assert awarded.rests_on == (2, 6, 7, 8)
    assert [(x.step, x.clause, x.amount_minor) for x in awarded.lines] == [
        ("bonus", "discretionary", 5_000),
        ("tax", "vat", 300),
    ]
    assert awarded.lines[0].calculation == {"reason": "went out of their way"}
    b.play(story, b.proposes(b.revocation(9), on=day(9, 3)))
    *_, revoked = b.permitted(story, b.agrees(10, on=day(9, 4)))
    assert isinstance(revoked, e.BonusRevoked)
    assert [(x.step, x.amount_minor) for x in revoked.lines] == [("bonus", -5_000), ("tax", -300)]
    assert (revoked.rests_on, revoked.reason) == ((2, 9, 10, 11), "not earned")


def test_a_rejected_proposal_rests_on_it() -> None:
    story = b.play(b.accepted(), b.proposes(b.bonus(5_000), on=day(9, 1)))
    rejects = i.RejectChange(proposal=7, reason="no", on=day(9, 2))
    assert b.permitted(story, ("manager-2", rejects)) == [
        e.ChangeRejected(on=day(9, 2), rests_on=(7,), proposal=7, reason="no")
    ]


# --- proposals ---------------------------------------------------------------------------------------------


def test_a_change_is_put_up_as_a_patch_that_rests_on_what_put_in_force_what_it_changes() -> None:
    story = b.contract()
    b.play(
        story,
        b.proposes(b.order(("M1", day(8, 25), 1_000_000)), on=day(8, 5)),
        b.agrees(4, on=day(8, 6)),
    )
    assert isinstance(story.records[-1].data, e.MilestoneRevised)
    order = b.order(("M1", day(8, 30), 1_000_000), ("M2", day(9, 18), 3_200_000))
    (event,) = b.permitted(story, b.proposes(order, on=day(8, 7), by="manager-2"))
    content = e.OrderPatch(
        revisions=(
            e.MilestonePatch(milestone="M1", due=day(8, 30)),
            e.MilestonePatch(milestone="M2", amount_minor=3_200_000),
        )
    )
    assert event == e.ChangeProposed(
        on=day(8, 7),
        rests_on=(1, 2, 3, 6),
        content=content,
        digest=digest(content),
        amount_minor=200_000,
        quorum={"manager": 1},
    )
    _, *revised = b.permitted(story, b.agrees(7, on=day(8, 8), by="manager-3"))
    tied: dict[str, Any] = {"on": day(8, 8), "proposal": 7}
    assert revised == [
        e.MilestoneRevised(
            milestone="M1",
            due=day(8, 30),
            amount_minor=1_000_000,
            only="due",
            rests_on=(2, 7, 8),
            **tied,
        ),
        e.MilestoneRevised(
            milestone="M2",
            due=day(9, 18),
            amount_minor=3_200_000,
            only="amount",
            rests_on=(3, 7, 8),
            **tied,
        ),
    ]


def test_an_amendment_takes_effect_on_terms_milestones_and_baselines_together() -> None:
    terms = replace(b.TERMS, title="Hall", ceiling_minor=6_000_000)
    content = e.Amendment(
        terms=terms,
        define=(replace(PLAN, depends_on=()),),
        revisions=(e.Revision(milestone="M1", due=day(8, 30), amount_minor=1_000_000),),
        reason="more",
    )
    story = b.play(b.contract(), b.proposes(content, on=day(8, 5), by="admin-1"))
    put_up = story.records[-1].data
    assert isinstance(put_up, e.ChangeProposed)
    assert (put_up.amount_minor, put_up.quorum) == (300_000, {"manager": 1, "administrator": 1})
    b.play(story, b.agrees(4, on=day(8, 6), by="admin-2"))
    _, amended, revised, defined = b.permitted(story, b.agrees(4, on=day(8, 7)))
    assert amended == e.ContractAmended(
        on=day(8, 7),
        rests_on=(4, 5, 6),
        terms=terms,
        proposal=4,
        reason="more",
        changes=("title", "ceiling_minor"),
    )
    assert isinstance(revised, e.MilestoneRevised)
    assert (revised.milestone, revised.due, revised.only) == ("M1", day(8, 30), "due")
    assert defined == structs.replace(
        DEFINED, on=day(8, 7), rests_on=(4, 5, 6), proposal=4, depends_on=()
    )


def test_a_role_is_granted_and_taken_by_two_administrators() -> None:
    story = b.play(b.contract(), b.proposes(b.role("newcomer"), on=day(8, 5), by="admin-1"))
    _, granted = b.permitted(story, b.agrees(4, on=day(8, 6), by="admin-2"))
    shared: dict[str, Any] = {"role": "manager", "person": "newcomer"}
    assert granted == e.RoleGranted(on=day(8, 6), rests_on=(4, 5), proposal=4, **shared)
    b.play(story, b.proposes(b.role("newcomer", grant=False), on=day(8, 7), by="admin-1"))
    _, taken = b.permitted(story, b.agrees(7, on=day(8, 8), by="admin-2"))
    assert taken == e.RoleRevoked(on=day(8, 8), rests_on=(7, 8), proposal=7, **shared)


def test_who_may_propose_a_kind_may_reject_it_too() -> None:
    """A set-off is proposed by finance as well, and approved by managers alone up to 20,000.00."""
    story = money_claimed()
    b.play(story, sets_off())
    rejects = i.RejectChange(proposal=b.last(story), reason="no", on=SET_OFF)
    (event,) = b.permitted(story, ("finance-2", rejects))
    assert isinstance(event, e.ChangeRejected)


def test_a_set_off_moves_the_same_on_both_and_says_what_it_was_drafted_on() -> None:
    story = money_claimed()
    b.play(story, sets_off(40_000, by="finance-1"))
    proposal = b.last(story)
    _, one, two = b.permitted(story, b.agrees(proposal, on=SET_OFF))
    said = {"claim": "M1", "outstanding_minor": "-100000", "payable_minor": "3000000"}
    for event, name, other, amount in ((one, "M1", "M2", 40_000), (two, "M2", "M1", -40_000)):
        assert isinstance(event, e.ClaimSetOff)
        assert (event.milestone, event.against, event.proposal) == (name, other, proposal)
        assert event.lines == (
            Line(
                step="settlement",
                clause="set-off",
                amount_minor=amount,
                calculation={"with": other, **said},
            ),
        )
    # all of it given back is told as such, and so is a part
    for part, back in ((40_000, "yes"), (39_999, "yes"), (40_001, None)):
        again = replace_story(story)
        if back is None:
            b.refused(again, sets_off(part, "M2", "M1"), "set-off-within-claim")
            continue
        b.play(again, sets_off(part, "M2", "M1"))
        _, first, _ = b.permitted(again, b.agrees(b.last(again), on=SET_OFF))
        assert isinstance(first, e.ClaimSetOff)
        assert first.lines[0].calculation.get("gives_back") == back


def replace_story(story: Story) -> Story:
    """The same history once more, to go on from by itself."""
    return Story(list(story.records), story.contract)


# --- endings -----------------------------------------------------------------------------------------------


def test_a_termination_settles_fee_and_advance_and_rests_on_all_that_it_settles() -> None:
    """Of an advance of 6,000.00 M1 gave 3,000.00 back; the rest is recovered beside a fee of 1,000.00."""
    story = advanced(**PLAIN)
    b.play(story, b.submits("M1"), b.approves("M1", on=day(8, 25)))
    assert b.last(story) == 12
    _, ended, cancelled, defined, accepted = end(story, fee=100_000)
    by: tuple[int, ...] = (13, 14, 15)  # the proposal and its two approvals
    assert ended == e.ContractTerminated(
        on=END, rests_on=(1, *by), reason="notice", proposal=13, settlement="TERMINATION"
    )
    assert cancelled == e.MilestoneCancelled(
        on=END, rests_on=(4, 16), milestone="M2", reason="contract terminated"
    )
    assert defined == e.MilestoneDefined(
        on=END,
        rests_on=(16,),
        milestone="TERMINATION",
        title="Settlement of the termination",
        amount_minor=100_000,
        proposal=13,
        kind="settlement",
    )
    assert accepted == e.MilestoneAccepted(
        on=END,
        rests_on=(7, 12, *by, 16, 18),
        milestone="TERMINATION",
        accepted_minor=0,
        lines=(
            Line(
                step="charge",
                clause="termination-fee",
                amount_minor=100_000,
                calculation={"not_performed_minor": "3000000"},
            ),
            Line(
                step="advance",
                clause="recovered",
                amount_minor=-300_000,
                calculation={"open_minor": "300000", "rest": "yes"},
            ),
        ),
        payment_due=day(12, 1),
    )


def test_a_share_of_what_was_never_handed_over_is_delivered_on_no_known_day() -> None:
    story = b.contract(**PLAIN)
    _, ended, submitted, accepted, remainder, *rest = end(story, ("M1", 400_000))
    assert isinstance(ended, e.ContractTerminated)
    assert submitted == e.MilestoneSubmitted(
        on=None,
        rests_on=(2, 7),
        milestone="M1",
        note="work in progress when the contract ended",
    )
    assert accepted == e.MilestoneAccepted(
        on=END,
        rests_on=(2, 8, 4, 5, 6, 7),
        milestone="M1",
        submission=8,
        accepted_minor=400_000,
        lines=(gross(400_000, 1_000_000),),
        payment_due=day(12, 1),
        remainder="M1-r1",
    )
    assert isinstance(remainder, e.MilestoneDefined)
    assert remainder.amount_minor == 600_000
    gone = [event.milestone for event in rest if isinstance(event, e.MilestoneCancelled)]
    assert gone == ["M2", "M1-r1"]


def test_a_fee_by_the_clause_says_what_the_clause_gives() -> None:
    """10 % of the 36,000.00 of the 40,000.00 that are not performed; 3,000.00 are agreed, in the partner's favour."""
    story = b.contract(termination=FEE, **PLAIN)
    *_, accepted = end(story, ("M1", 400_000), fee=300_000)
    assert isinstance(accepted, e.MilestoneAccepted)
    assert [(x.clause, x.amount_minor, x.calculation) for x in accepted.lines] == [
        (
            "termination-fee",
            300_000,
            {
                "not_performed_minor": "3600000",
                "rate": "10%",
                "by_clause_minor": "360000",
                "rounding": "half-up",
            },
        )
    ]


def test_what_a_milestone_is_worth_to_a_dispute_has_its_bonus() -> None:
    """A day early, 10,000.00 have become 10,050.00."""
    story = b.play(b.contract(), b.submits("M1", on=day(8, 20)), b.approves("M1", on=day(8, 25)))
    b.refused(story, b.disputes("M1", 1_005_001, on=day(9, 1)), "dispute-within-amount")
    b.permitted(story, b.disputes("M1", 1_005_000, on=day(9, 1)))


@pytest.mark.parametrize(("fee", "renewed"), [(400_000, 300_000), (100_000, 100_000)])
def test_a_fee_by_the_clause_is_reckoned_again_and_one_agreed_apart_stays(
    fee: int, renewed: int
) -> None:
    """10 % of 40,000.00; M2 becomes 10,000.00 less before the termination is proposed anew."""
    story = b.contract(termination=FEE, **PLAIN)
    b.play(story, ends(fee=fee))
    b.play(story, b.proposes(b.order(("M2", day(9, 18), 2_000_000)), on=END))
    b.play(story, b.agrees(5, on=END))
    rejected, again = b.permitted(story, ("admin-1", i.RenewChange(proposal=4, on=END)))
    assert isinstance(rejected, e.ChangeRejected)
    assert isinstance(again, e.ChangeProposed)
    assert isinstance(again.content, e.Termination)
    assert again.content.fee_minor == renewed


def test_a_refund_rests_on_what_was_paid_and_not_on_what_failed() -> None:
    story = b.play(b.accepted(**PLAIN), b.pays(on=day(9, 1)))
    b.play(story, ("finance-1", i.FailPayment(instruction=7, on=day(9, 2))))
    b.play(story, b.pays(on=day(9, 3)), b.records_paid(9, on=day(9, 4)))
    b.play(story, b.disputes("M1", 100_000, on=day(9, 5)))
    b.play(story, b.proposes(b.resolution(11, "upheld", -100_000), on=day(9, 6)))
    b.play(story, b.agrees(12, on=day(9, 7)))
    refund = i.RecordRefund(milestone="M1", reference="R-9", on=day(9, 20))
    assert b.permitted(story, ("finance-1", refund)) == [
        e.PaymentRefunded(
            on=day(9, 20), rests_on=(2, 6, 10, 14), amount_minor=100_000, reference="R-9", **M1
        )
    ]
