"""What each fact about money makes of a contract, field by field: disputed, invoiced, released, paid, settled."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec import structs

from ledger import events as e
from ledger.events import Covered, Fact
from ledger.state import (
    Dispute,
    Invoice,
    Payment,
    Release,
    Standing,
    last_settled,
)
from tests.decisions.builders import day
from tests.decisions.told import DEFINED, KEYED, M1, accepted, after, line, m1

# --- disputes and invoices ---------------------------------------------------------------------------------


def test_a_dispute_is_kept_and_ends_as_decided() -> None:
    opened = e.DisputeOpened(on=day(9, 1), side="partner", amount_minor=70, reason="r", **M1)
    resolved = e.DisputeResolved(
        on=day(9, 5), dispute=5, outcome="split", lines=(line(40, "adjustment"),), **M1
    )
    state = after(*accepted(), opened, resolved)
    assert state.disputes == {
        5: Dispute(
            version=5,
            position=105,
            milestone="M1",
            side="partner",
            amount_minor=70,
            on=day(9, 1),
            actor="person-5",
            reason="r",
            status="split",
            ended_on=day(9, 5),
            positions=[105, 106],
        )
    }
    assert state.milestones["M1"].disputes == [state.disputes[5]]
    assert state.milestones["M1"].posted_minor == 1_040
    for why, ended in (("event", day(9, 6)), ("error", day(9, 1))):
        back = e.DisputeWithdrawn(on=day(9, 6), dispute=5, why=why, **M1)  # type: ignore[arg-type]
        found = after(*accepted(), opened, back).disputes[5]
        assert (found.status, found.ended_on, found.positions) == ("withdrawn", ended, [105, 106])


def disputed(side: str, amount: int | None) -> Fact:
    return e.DisputeOpened(on=day(9, 1), side=side, amount_minor=amount, **M1)  # type: ignore[arg-type]


def test_open_disputes_of_the_client_hold_what_is_outstanding_and_no_more() -> None:
    def held(*facts: Fact) -> tuple[int, int, int]:
        found = m1(*facts)
        return found.disputed_minor, found.held_minor, found.payable_minor

    assert held(*accepted(), disputed("client", 300)) == (300, 300, 700)
    assert held(*accepted(), disputed("client", 300), disputed("client", 900)) == (1_200, 1_000, 0)
    assert held(*accepted(), disputed("partner", 300), disputed("client", None)) == (0, 0, 1_000)
    rejected = e.DisputeResolved(on=day(9, 2), dispute=5, outcome="rejected", **M1)
    assert held(*accepted(), disputed("client", 300), rejected) == (0, 0, 1_000)
    assert held(*accepted()[:2], disputed("client", 300)) == (300, 0, 0)
    paid = e.PaymentRecorded(on=day(9, 3), amount_minor=1_200, **M1)
    assert held(*accepted(), disputed("client", 300), paid) == (300, 0, 0)


def test_an_invoice_covers_until_it_is_rejected_and_the_latest_says_when_payment_is_due() -> None:
    covers = Covered(milestone="M1", amount_minor=600, payment_due=day(10, 1), provisional=True)
    first = e.InvoiceReceived(
        on=day(9, 1), number="F-1", kind="k", amount_minor=600, covers=(covers,)
    )
    early = structs.replace(
        first, covers=(structs.replace(covers, payment_due=day(9, 30), provisional=False),)
    )
    late = structs.replace(first, covers=(structs.replace(covers, payment_due=day(10, 2)),))
    left = Covered(milestone="M1", amount_minor=0, payment_due=day(10, 3))
    rejected = e.InvoiceRejected(on=day(9, 9), invoice=5, reason="", covers=(left,))

    def due(*facts: Fact) -> tuple[date | None, bool, int]:
        milestone = m1(*accepted(payment_due=None), *facts)
        assert milestone.acceptance is not None
        due = milestone.acceptance
        return due.payment_due, due.provisional, milestone.invoiced_minor

    assert due(first) == (day(10, 1), True, 600)
    assert due(first, early) == (day(10, 1), True, 1_200)
    assert due(first, late) == (day(10, 2), True, 1_200)
    assert due(first, rejected) == (day(10, 3), False, 0)
    state = after(*accepted(), first, rejected)
    assert state.invoices == {
        5: Invoice(
            version=5,
            position=105,
            event=first,
            on=day(9, 1),
            rejected_on=day(9, 9),
            status="rejected",
            positions=[105, 106],
        )
    }
    other = structs.replace(DEFINED, milestone="M2")
    second = e.MilestoneAccepted(on=day(8, 25), milestone="M2", accepted_minor=1_000)
    both = e.InvoiceRejected(
        on=day(9, 9), invoice=7, reason="", covers=(left, structs.replace(left, milestone="M2"))
    )
    found = after(*accepted(), other, second, first, both).milestones
    assert [m.acceptance.payment_due for m in found.values() if m.acceptance] == [day(10, 3)] * 2
    filed = e.WithholdingFiled(on=day(9, 9), reference="T", amount_minor=25, **M1)
    assert m1(*accepted(), filed, filed).filed_minor == 50


def test_of_two_invoices_the_one_that_is_sent_back_covers_no_more() -> None:
    def invoice(amount: int) -> Fact:
        covers = (Covered(milestone="M1", amount_minor=amount),)
        return e.InvoiceReceived(
            on=day(9, 1), number=f"F-{amount}", kind="k", amount_minor=amount, covers=covers
        )

    back = e.InvoiceRejected(on=day(9, 9), invoice=5, reason="")
    assert m1(*accepted(), invoice(600), invoice(250), back).invoiced_minor == 250


# --- paid --------------------------------------------------------------------------------------------------


def released(amount: int = 100) -> Fact:
    return e.RetentionReleased(
        on=day(9, 1),
        acceptance=4,
        amount_minor=amount,
        lines=(line(amount, "retention"),),
        payment_due=day(9, 30),
        provisional=True,
        **M1,
    )


def test_a_release_is_a_payable_beside_the_milestones_own() -> None:
    milestone = m1(*accepted(), released())
    assert milestone.releases == [
        Release(
            version=5,
            position=105,
            amount_minor=100,
            on=day(9, 1),
            payment_due=day(9, 30),
            provisional=True,
            positions=[105],
        )
    ]
    assert (milestone.posted_minor, milestone.released_minor) == (1_000, 100)
    assert milestone.standings() == [Standing(0, 0, 1_000), Standing(5, 0, 100)]


def test_what_is_held_or_claimed_goes_to_the_milestone_first_and_then_to_its_releases_in_order() -> (
    None
):
    facts = (*accepted(), released(100), released(50), disputed("client", 1_120))
    assert m1(*facts).standings() == [
        Standing(0, 1_000, 0),
        Standing(5, 100, 0),
        Standing(6, 20, 30),
    ]
    # 1,060 is paid of the milestone's 1,000: the claim of 60 leaves 90 of the releases payable
    over = e.PaymentRecorded(on=day(9, 2), amount_minor=1_060, **M1)
    standings = m1(*facts[:-1], over).standings()
    assert standings == [Standing(0, 0, 0), Standing(5, 0, 90), Standing(6, 0, 0)]
    begun = e.PaymentInstructed(on=day(9, 2), amount_minor=40, release=5, **M1)
    milestone = m1(*facts[:-1], begun)
    assert milestone.standings() == [Standing(0, 0, 1_000), Standing(5, 0, 60), Standing(6, 0, 50)]
    assert (milestone.payable_minor, milestone.releases[0].positions) == (1_000, [105, 107])


@pytest.mark.parametrize("release", [0, 5])
def test_an_instruction_reserves_and_its_record_pays_what_it_names(release: int) -> None:
    instructed = e.PaymentInstructed(
        on=day(9, 2),
        amount_minor=80,
        run="run-1",
        release=release,
        discount_minor=3,
        signature=KEYED,
        **M1,
    )
    recorded = e.PaymentRecorded(
        on=day(9, 4),
        amount_minor=79,
        instruction=6,
        reference="R-1",
        lines=(line(-3, "settlement"),),
        **M1,
    )
    state = after(*accepted(), released(), instructed)
    milestone = state.milestones["M1"]
    part: Any = milestone.releases[0] if release else milestone
    assert (part.instructed_minor, part.paid_minor) == (83, 0)
    assert (state.nonces, milestone.banked) == ({"n-1"}, True)
    assert state.payments == {
        6: Payment(
            version=6,
            position=106,
            milestone="M1",
            amount_minor=80,
            on=day(9, 2),
            run="run-1",
            positions=[106],
            release=release,
            instruction=instructed,
        )
    }
    state = after(*accepted(), released(), instructed, recorded)
    milestone = state.milestones["M1"]
    part = milestone.releases[0] if release else milestone
    assert (part.instructed_minor, part.paid_minor) == (0, 79)
    assert part.payments == [state.payments[6]]
    assert (milestone.posted_minor, milestone.offset_minor) == (997, -3)
    assert state.payments[6] == Payment(
        version=6,
        position=106,
        milestone="M1",
        amount_minor=80,
        on=day(9, 2),
        run="run-1",
        status="paid",
        record=7,
        paid_minor=79,
        paid_on=day(9, 4),
        reference="R-1",
        positions=[106, 107],
        release=release,
        instruction=instructed,
        recorded=recorded,
    )
    back = e.PaymentReversed(on=day(9, 6), payment=7, why="event", **M1)
    state = after(*accepted(), released(), instructed, recorded, back)
    milestone = state.milestones["M1"]
    assert (milestone.paid_minor, milestone.releases[0].paid_minor) == (0, 0)
    failed = e.PaymentFailed(on=day(9, 5), instruction=6, entry="E-1", **M1)
    state = after(*accepted(), released(), instructed, failed)
    milestone = state.milestones["M1"]
    part = milestone.releases[0] if release else milestone
    payment = state.payments[6]
    assert (part.instructed_minor, part.paid_minor) == (0, 0)
    assert (payment.status, payment.ended_on, payment.ended_by) == ("failed", day(9, 5), "E-1")
    assert (payment.stands, payment.paid_minor) == (False, 0)


def test_what_is_instructed_is_payable_no_more() -> None:
    begun = e.PaymentInstructed(on=day(9, 2), amount_minor=80, **M1)
    assert m1(*accepted(), begun).payable_minor == 1_000 - 80
    assert m1(*accepted(), disputed("client", 300), begun).payable_minor == 1_000 - 300 - 80


@pytest.mark.parametrize("why", ["event", "error"])
def test_a_reversed_payment_is_owed_again_and_one_recorded_wrongly_was_never_paid(why: Any) -> None:
    paid = e.PaymentRecorded(on=day(9, 4), amount_minor=80, reference="R-1", **M1)
    back = e.PaymentReversed(
        on=day(9, 8),
        payment=5,
        why=why,
        entry="E-2",
        fees_minor=2,
        lines=(line(3, "settlement"),),
        **M1,
    )
    state = after(*accepted(), paid, back)
    assert state.payments[5] == Payment(
        version=5,
        position=105,
        milestone="M1",
        amount_minor=80,
        on=None,
        status="reversed",
        record=5,
        paid_minor=80,
        paid_on=day(9, 4),
        reference="R-1",
        ended_on=day(9, 8),
        positions=[105, 106],
        recorded=paid,
        ended_by="E-2",
        return_fees_minor=2,
        undone=why == "error",
    )
    milestone = state.milestones["M1"]
    assert (milestone.paid_minor, milestone.outstanding_minor) == (0, 1_003)
    assert milestone.lines[-1].on == (day(9, 8) if why == "event" else day(9, 4))
    assert milestone.last_paid_on is None


def test_a_payment_pays_the_release_that_it_names_and_no_other() -> None:
    begun = e.PaymentInstructed(on=day(9, 2), amount_minor=40, release=6, **M1)
    recorded = e.PaymentRecorded(on=day(9, 3), amount_minor=40, instruction=7, release=6, **M1)
    back = e.PaymentReversed(on=day(9, 4), payment=8, why="event", **M1)
    facts = (*accepted(), released(100), released(50), begun, recorded)
    for more, sums in (((), [0, 0, 40]), ((back,), [0, 0, 0])):
        milestone = m1(*facts, *more)
        assert [milestone.paid_minor, *(r.paid_minor for r in milestone.releases)] == sums
        assert milestone.releases[0].positions == [105]


def test_a_payment_without_an_instruction_pays_the_release_that_it_names_too() -> None:
    paid = e.PaymentRecorded(on=day(9, 3), amount_minor=30, release=5, **M1)
    state = after(*accepted(), released(100), paid)
    milestone = state.milestones["M1"]
    assert (milestone.paid_minor, milestone.releases[0].paid_minor) == (0, 30)
    assert state.payments[6].release == 5


def test_what_is_owed_later_counts_from_its_own_day() -> None:
    """Of 1,000 a dispute takes 100 off on 10 September: until then 950 paid by the 5th had left 50 open."""
    facts = (
        *accepted(),
        e.PaymentRecorded(on=day(9, 1), amount_minor=900, **M1),
        e.PaymentRecorded(on=day(9, 5), amount_minor=50, **M1),
        disputed("client", 100),
        e.DisputeResolved(
            on=day(9, 10), dispute=7, outcome="upheld", lines=(line(-100, "adjustment"),), **M1
        ),
    )
    assert m1(*facts).settled_on == day(9, 5)
    assert m1(*facts[:-1]).settled_on is None


def test_a_refund_settles_nothing() -> None:
    """Of 1,000, 900 were paid and 50 came back; 150 taken off leave 850, which the payment had paid."""
    facts = (
        *accepted(),
        e.PaymentRecorded(on=day(9, 5), amount_minor=900, **M1),
        e.PaymentRefunded(on=day(9, 8), amount_minor=50, **M1),
        disputed("client", 150),
        e.DisputeResolved(
            on=day(9, 10), dispute=7, outcome="upheld", lines=(line(-150, "adjustment"),), **M1
        ),
    )
    assert m1(*facts).settled_on == day(9, 5)


def test_a_payment_without_a_milestone_stands_on_the_contract() -> None:
    paid = e.PaymentRecorded(on=day(9, 4), amount_minor=80)
    state = after(*accepted(), paid)
    assert (state.unallocated_minor, state.unallocated_positions) == (80, [105])
    assert (state.milestones["M1"].paid_minor, state.milestones["M1"].banked) == (0, False)
    back = e.PaymentReversed(on=day(9, 8), milestone="", payment=5, why="event")
    state = after(*accepted(), paid, back)
    assert (state.unallocated_minor, state.unallocated_positions) == (0, [105, 106])
    assert state.payments[5].status == "reversed"


def test_a_refund_is_a_payment_of_its_own_below_zero() -> None:
    over = e.PaymentRecorded(on=day(9, 4), amount_minor=1_200, **M1)
    refund = e.PaymentRefunded(on=day(9, 20), amount_minor=200, reference="R-2", **M1)
    state = after(*accepted(), over, refund)
    assert state.payments[6] == Payment(
        version=6,
        position=106,
        milestone="M1",
        amount_minor=-200,
        on=None,
        status="refunded",
        record=6,
        paid_minor=-200,
        paid_on=day(9, 20),
        reference="R-2",
        positions=[106],
        refunded=refund,
    )
    milestone = state.milestones["M1"]
    assert (milestone.paid_minor, milestone.outstanding_minor) == (1_000, 0)
    # what settled it was the payment: nothing was paid on the day of the refund
    assert (milestone.settled_on, milestone.last_paid_on) == (day(9, 4), day(9, 4))
    assert (state.payments[6].stands, state.payments[6].booked) == (True, refund)


def test_a_refund_of_a_release_leaves_what_was_paid_of_the_milestone() -> None:
    paid_twice = e.PaymentRecorded(on=day(9, 3), amount_minor=130, release=5, **M1)
    refund = e.PaymentRefunded(on=day(9, 20), amount_minor=30, release=5, **M1)
    milestone = m1(*accepted(), released(100), paid_twice, refund)
    assert (milestone.paid_minor, milestone.releases[0].paid_minor) == (0, 100)


def test_evidence_is_one_of_the_facts_of_its_dispute() -> None:
    shown = e.DisputeEvidenceAdded(on=day(9, 2), dispute=5, note="annex", **M1)
    state = after(*accepted(), disputed("client", 300), shown)
    assert state.disputes[5].positions == [105, 106]
    assert state.milestones["M1"].positions[-1] == 106


# --- what follows from the facts ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "progress"),
    [
        ((DEFINED,), "expected"),
        ((DEFINED, e.MilestoneStarted(on=day(8, 10), **M1)), "started"),
        ((*accepted()[:2], e.MilestoneStarted(on=day(8, 10), **M1)), "submitted"),
        (accepted(), "accepted"),
        ((*accepted(), e.PaymentRecorded(on=day(9, 1), amount_minor=999, **M1)), "accepted"),
        ((*accepted(), e.PaymentRecorded(on=day(9, 1), amount_minor=1_000, **M1)), "paid"),
        ((*accepted(), e.PaymentRecorded(on=day(9, 1), amount_minor=1_001, **M1)), "paid"),
        # accepted at nothing, there is nothing left to pay; at an amount that is unknown, nobody can say
        (accepted(0), "paid"),
        (accepted(0, accepted_minor=None, lines=()), "accepted"),
        # given up after it was accepted
        ((*accepted(0), e.MilestoneCancelled(on=day(9, 1), reason="", **M1)), "cancelled"),
    ],
)
def test_how_far_a_milestone_is(facts: tuple[Fact, ...], progress: str) -> None:
    assert m1(*facts).progress == progress


def test_what_is_owed_counts_from_the_acceptance_on() -> None:
    adjusted = e.DisputeResolved(
        on=day(8, 23), dispute=4, outcome="upheld", lines=(line(-70, "adjustment"),), **M1
    )
    milestone = m1(*accepted()[:2], disputed("client", 70), adjusted)
    assert (milestone.posted_minor, milestone.net_minor, milestone.outstanding_minor) == (-70, 0, 0)


def paid(on: date | None, amount: int, ended: date | None = None) -> Payment:
    status = "reversed" if ended else "paid"
    return Payment(
        1, 1, "M1", amount, None, status=status, paid_minor=amount, paid_on=on, ended_on=ended
    )


@pytest.mark.parametrize(
    ("payments", "settled"),
    [
        ([], None),
        ([paid(day(9, 1), 999)], None),
        ([paid(day(9, 1), 1_000)], day(9, 1)),
        ([paid(day(9, 5), 400), paid(day(9, 1), 600)], day(9, 5)),
        # one that came back settled nothing; what was paid in its place did
        ([paid(day(9, 1), 1_000, day(9, 3)), paid(day(9, 7), 1_000)], day(9, 7)),
        ([paid(day(9, 1), 1_000, day(9, 3))], None),
        # one of a day that is unknown may have been the last
        ([paid(None, 1_000)], None),
        ([paid(None, 1), paid(day(9, 1), 999)], None),
        # paid before it was accepted, it is settled by that payment
        ([paid(day(8, 1), 1_000)], day(8, 1)),
    ],
)
def test_the_day_of_the_payment_that_left_nothing_outstanding(
    payments: list[Payment], settled: date | None
) -> None:
    assert last_settled(day(8, 25), [(day(8, 25), 1_000)], payments) == settled


def test_what_was_decided_before_the_acceptance_is_owed_from_that_on() -> None:
    owed = [(day(8, 20), -100), (day(8, 25), 1_000)]
    assert last_settled(day(8, 25), owed, [paid(day(8, 25), 900)]) == day(8, 25)


def test_only_a_payment_whose_record_was_an_error_was_never_made() -> None:
    paid = e.PaymentRecorded(on=day(9, 1), amount_minor=80, **M1)
    for why, undone in (("error", True), ("event", False)):
        back: Any = e.PaymentReversed(on=day(9, 2), payment=5, why=why, **M1)  # type: ignore[arg-type]
        assert after(*accepted(), paid, back).payments[5].undone is undone


def test_what_names_no_milestone_adds_up() -> None:
    one = e.PaymentRecorded(on=day(9, 1), milestone="", amount_minor=80)
    assert after(one, one).unallocated_minor == 160


def test_a_record_after_the_failure_of_its_instruction_frees_nothing_again() -> None:
    told = e.PaymentInstructed(on=day(9, 1), amount_minor=80, **M1)
    fails = e.PaymentFailed(on=day(9, 2), instruction=5, reason="", **M1)
    paid = e.PaymentRecorded(on=day(9, 3), amount_minor=80, instruction=5, **M1)
    found = m1(*accepted(), told, fails, paid)
    assert (found.instructed_minor, found.paid_minor) == (0, 80)
