"""An explanation's parts: who approved what and whether it counts, what moved, and the events behind each line."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ledger import events as e
from ledger import intents as i
from ledger.events import Exchange
from ledger.terms import (
    AdvanceRecovery,
    Criterion,
    EarlyPayment,
    PaymentTerms,
    QualityBonus,
    Retention,
    RetentionRelease,
    Tax,
)
from projections.explain import Explanation, Moved, concerns, explain
from tests.decisions import builders as b
from tests.decisions import endings
from tests.decisions.spec import Story
from tests.decisions.test_terms_kept import amend

FINANCE = "finance-1"


def told(story: Story, milestone: str = "M1", as_of: date | None = None) -> Explanation:
    found = explain(story.records, milestone, as_of)
    assert found is not None
    return found


def versions(story: Story, *kinds: type[e.Fact]) -> list[int]:
    return [one.version for one in story.records if isinstance(one.data, kinds)]


def counting(story: Story, milestone: str = "M1") -> list[tuple[str, str, bool]]:
    """Who approved what, and whether it counts."""
    return [(a.subject, a.actor, a.counts) for a in told(story, milestone).approvals]


# --- approvals -------------------------------------------------------------------------------------


def test_an_approval_that_waits_for_another_counts_and_one_taken_back_does_not() -> None:
    story = b.play(b.contract(), b.submits("M2"), b.approves("M2", on=b.day(9, 20)))
    assert counting(story, "M2") == [("C-1/M2", "manager-1", True)]
    b.play(story, b.withdraws("M2"))
    assert counting(story, "M2") == [("C-1/M2", "manager-1", False)]
    b.play(story, b.approves("M2", on=b.day(9, 21), by="manager-2"))
    b.play(story, b.approves("M2", on=b.day(9, 22), by=FINANCE))
    assert counting(story, "M2") == [
        ("C-1/M2", "manager-1", False),
        ("C-1/M2", "manager-2", True),
        ("C-1/M2", FINANCE, True),
    ]


def test_an_approval_of_another_part_does_not_count_beside_the_last() -> None:
    story = b.play(b.contract(), b.submits("M2"))
    b.play(story, b.approves("M2", on=b.day(9, 20), part="70%"))
    b.play(story, b.approves("M2", on=b.day(9, 21), by="manager-2", part="80%"))
    b.play(story, b.approves("M2", on=b.day(9, 22), by=FINANCE, part="80%"))
    assert [(a.actor, a.part, a.counts) for a in told(story, "M2").approvals] == [
        ("manager-1", "70%", False),
        ("manager-2", "80%", True),
        (FINANCE, "80%", True),
    ]


def test_an_approval_of_another_price_counts_no_more_while_the_delivery_waits() -> None:
    """A manager approves at no tax; the terms are amended to 13 %: what was approved is another amount."""
    story = b.play(b.contract(), b.submits("M2"), b.approves("M2", on=b.day(9, 20)))
    amend(story, b.day(9, 21), tax=Tax(vat=Decimal(13)))
    assert counting(story, "M2") == [("C-1/M2", "manager-1", False)]


def test_an_approval_names_the_position_of_its_record() -> None:
    story = b.accepted()
    (approval,) = told(story).approvals
    assert (approval.position, approval.authenticated_as) == (5, "manager-1")
    assert approval.recorded_at == story.records[4].recorded_at


def test_an_approval_of_a_rejected_delivery_counts_no_more() -> None:
    story = b.play(b.contract(), b.submits("M2"), b.approves("M2", on=b.day(9, 20)))
    b.play(story, b.rejects("M2", on=b.day(9, 21), by="manager-2"))
    assert counting(story, "M2") == [("C-1/M2", "manager-1", False)]


def test_approvals_of_proposals_count_while_these_are_open_or_approved() -> None:
    story = b.contract(ceiling_minor=None)
    b.play(story, b.proposes(b.order(("M1", b.day(9, 1), 1_000_000)), on=b.day(8, 10)))
    proposal = b.last(story)
    b.play(story, b.agrees(proposal, on=b.day(8, 11)))
    assert counting(story) == [(f"C-1#{proposal}", "manager-2", True)]
    assert counting(story, "M2") == []
    b.play(story, b.proposes(b.order(("M1", b.day(9, 1), 4_000_000)), on=b.day(8, 12)))
    second = b.last(story)
    b.play(story, b.agrees(second, on=b.day(8, 13)))
    assert counting(story)[1] == (f"C-1#{second}", "manager-2", True)
    b.play(
        story, ("manager-2", i.RejectChange(proposal=second, reason="too dear", on=b.day(8, 14)))
    )
    assert counting(story)[1] == (f"C-1#{second}", "manager-2", False)


def test_approvals_stand_in_the_order_in_which_they_were_given() -> None:
    story = b.play(b.contract(), b.submits("M2"), b.approves("M2", on=b.day(9, 20)))
    b.play(story, b.proposes(b.order(("M2", b.day(9, 30), 3_000_000)), on=b.day(9, 21)))
    proposal = b.last(story)
    b.play(story, b.agrees(proposal, on=b.day(9, 21), by="manager-3"))
    b.play(story, b.approves("M2", on=b.day(9, 22), by=FINANCE))
    subjects = [subject for subject, _, _ in counting(story, "M2")]
    assert subjects == ["C-1/M2", f"C-1#{proposal}", "C-1/M2"]


def test_a_proposal_is_about_every_milestone_that_it_names() -> None:
    set_off = e.SetOff(milestone="M1", against="M2", amount_minor=1, reason="r")
    shares = (e.Share(milestone="M3", accepted_minor=1),)
    end = e.Termination(shares=shares, fee_minor=0, reason="r")
    changes = e.OrderPatch(revisions=(e.MilestonePatch(milestone="M4"),))
    assert [concerns(set_off, name) for name in ("M1", "M2", "M3")] == [True, True, False]
    assert [concerns(end, name) for name in ("M3", "M4")] == [True, False]
    assert [concerns(changes, name) for name in ("M4", "M1")] == [True, False]


# --- what moved ------------------------------------------------------------------------------------


def test_a_payment_says_when_it_was_paid_and_an_instruction_when_it_was_given() -> None:
    story = b.play(b.accepted(), b.pays(amount=400_000, on=b.day(9, 1)))
    first = b.last(story)
    b.play(story, b.records_paid(first, on=b.day(9, 3)), b.pays(amount=100_000, on=b.day(9, 4)))
    second = b.last(story)
    assert told(story).moved == [
        Moved("payment", f"C-1#{first}", 400_000, b.day(9, 3), "paid", None, [first, first + 1]),
        Moved("payment", f"C-1#{second}", 100_000, b.day(9, 4), "instructed", None, [second]),
    ]
    assert told(story, "M2").moved == []


def test_what_an_instruction_keeps_for_a_discount_is_told() -> None:
    terms = PaymentTerms(net_days=30, discount=EarlyPayment(rate=Decimal(2), days=10))
    story = b.accepted(payment=terms)
    act = i.InstructPayment(milestone="M1", on=b.day(9, 1), discount=True)
    b.play(story, (FINANCE, act))
    (moved,) = told(story).moved
    assert (moved.amount_minor, moved.discount_minor) == (980_000, 20_000)


def test_a_refund_is_told_as_what_came_back() -> None:
    story = endings.money_claimed()
    b.play(story, (FINANCE, i.RecordRefund(milestone="M1", on=b.day(10, 7))))
    refund = told(story).moved[1]
    assert (refund.kind, refund.amount_minor, refund.on) == ("refund", 100_000, b.day(10, 7))
    dispute = told(story).moved[2]
    assert (dispute.kind, dispute.amount_minor, dispute.status) == ("dispute", 100_000, "upheld")
    assert (dispute.on, dispute.ended_on) == (b.day(10, 1), b.day(10, 5))


def test_a_partners_dispute_is_called_so() -> None:
    story = b.play(b.accepted(), b.disputes(amount=5, on=b.day(9, 1), by="partner-1"))
    assert [moved.kind for moved in told(story).moved] == ["partner's dispute"]


def usd(amount: int, rate: str, **more: Any) -> Exchange:
    return Exchange(currency="USD", amount_minor=amount, rate=rate, **more)


@pytest.mark.parametrize(
    ("paid", "says"),
    [
        (usd(138_000, "0.138"), "1,380.00 USD at 0.138, a gain of 10.00 USD"),
        (usd(140_000, "0.14"), "1,400.00 USD at 0.14, a loss of 10.00 USD"),
        (usd(139_000, "0.139"), "1,390.00 USD at 0.139"),
        (usd(139_000, "0.139", rate_on=date(2026, 9, 1)), "1,390.00 USD at 0.139 (2026-09-01)"),
        (usd(139_000, "0.139", source="the bank"), "1,390.00 USD at 0.139 (the bank)"),
        (
            usd(139_000, "0.139", rate_on=date(2026, 9, 1), source="the bank"),
            "1,390.00 USD at 0.139 (2026-09-01 the bank)",
        ),
    ],
)
def test_a_payment_abroad_is_told_by_what_it_cost_in_the_end(paid: Exchange, says: str) -> None:
    story = b.accepted()
    act = i.InstructPayment(milestone="M1", exchange=usd(139_000, "0.139", source="told"))
    b.play(story, (FINANCE, act))
    assert told(story).moved[0].abroad == "1,390.00 USD at 0.139 (told)"
    b.play(story, (FINANCE, i.RecordPayment(instruction=b.last(story), exchange=paid)))
    assert told(story).moved[0].abroad == says


def test_a_release_is_a_payable_with_holds_instructions_and_payments_of_its_own() -> None:
    """1,000.00 retained and let go; 300.00 paid, 200.00 instructed, and 9,100.00 disputed of all 9,700.00 that is left:
    9,000.00 of it is the milestone's, 100.00 the release's.
    """
    terms = Retention(
        rate=Decimal(10), release=(RetentionRelease(share=Decimal(100), after="acceptance"),)
    )
    story = b.accepted(retention=terms)
    b.play(story, (FINANCE, i.ReleaseRetention(milestone="M1", on=b.day(9, 1))))
    release = b.last(story)
    for amount in (30_000, 20_000):
        act = i.InstructPayment(
            milestone="M1", release=release, amount_minor=amount, on=b.day(9, 2)
        )
        b.play(story, (FINANCE, act))
    b.play(story, b.records_paid(release + 1, on=b.day(9, 3)))
    b.play(story, b.disputes(amount=910_000, on=b.day(9, 4)))
    (found,) = told(story).releases
    assert (found.reference, found.amount_minor, found.due_on) == (
        f"C-1#{release}",
        100_000,
        b.day(8, 25),
    )
    assert (found.held_minor, found.instructed_minor, found.paid_minor) == (10_000, 20_000, 30_000)
    assert (found.outstanding_minor, found.payable_minor) == (70_000, 40_000)
    assert [moved.release for moved in told(story).moved] == [release, release, 0]
    assert {1, release} <= set(found.events)


# --- order, and the events behind a line -----------------------------------------------------------


def test_later_lines_stand_as_they_came_behind_those_of_the_acceptance() -> None:
    """Late by four days: gross, then its penalty; then a bonus by decision, and last what a dispute took."""
    story = b.play(b.contract(), b.submits(on=b.day(8, 25)), b.approves(on=b.day(8, 26)))
    b.play(story, b.disputes(amount=20_000, on=b.day(8, 27)))
    b.play(story, b.proposes(b.resolution(b.last(story), "upheld", -20_000), on=b.day(8, 28)))
    b.play(story, b.agrees(b.last(story), on=b.day(8, 28)))
    b.play(story, b.proposes(b.bonus(50_000), on=b.day(8, 29)))
    b.play(story, b.agrees(b.last(story), on=b.day(8, 29)))
    found = told(story)
    assert [one.step for one in found.lines] == ["gross", "penalty", "adjustment", "bonus"]
    assert found.differences == []


def test_lines_of_an_acceptance_stand_in_the_order_of_its_price_whichever_event_has_them() -> None:
    """The tax is a line of the acceptance itself, the penalty one of the event that follows it."""
    story = b.contract(tax=Tax(vat=Decimal(6)))
    b.play(story, b.submits(on=b.day(8, 25)), b.approves(on=b.day(8, 26)))
    assert [one.step for one in told(story).lines] == ["gross", "penalty", "tax"]


def test_what_an_advance_recovers_stands_last_of_a_price() -> None:
    """Of 10,000.00: 6 % tax on top, 5 % kept back, and 30 % of the advance given back."""
    story = endings.advanced(tax=Tax(vat=Decimal(6)), **endings.retained())
    b.play(story, b.submits("M1"), b.approves("M1", on=b.day(8, 25)))
    assert [(one.step, one.amount_minor) for one in told(story).lines] == [
        ("gross", 1_000_000),
        ("tax", 60_000),
        ("retention", -50_000),
        ("advance", -300_000),
    ]


def test_behind_a_line_stand_the_terms_under_which_its_milestone_was_accepted() -> None:
    """Amended before the acceptance and again after it: the bonus awarded last rests on the terms in between."""
    story = b.contract()
    amend(story, b.day(8, 5), title="first")
    first = b.last(story)
    b.play(story, b.submits(), b.approves(on=b.day(8, 25)))
    amend(story, b.day(8, 26), title="second")
    second = b.last(story)
    b.play(story, b.submits("M2", on=b.day(8, 26)), b.approves("M2", on=b.day(8, 27)))
    b.play(story, b.approves("M2", on=b.day(8, 27), by=FINANCE))
    b.play(story, b.proposes(b.bonus(50_000), on=b.day(8, 27)))
    b.play(story, b.agrees(b.last(story), on=b.day(8, 27)))
    for one in told(story).lines:
        assert (first in one.events, second in one.events) == (True, False)


def test_behind_a_recovery_stand_the_advances_payments_and_earlier_acceptances() -> None:
    story = endings.advanced(advance=AdvanceRecovery(rate=Decimal(30)))
    b.play(story, b.submits("M1"), b.approves("M1", on=b.day(8, 25)))
    recovered = next(one for one in told(story).lines if one.step == "advance")
    gross = told(story).lines[0]
    paid = versions(story, e.PaymentRecorded)
    (advance, first) = versions(story, e.MilestoneAccepted)
    assert set(paid) <= set(recovered.events)
    assert advance not in recovered.events
    assert not set(paid) & set(gross.events)
    b.play(story, b.submits("M2"), b.approves("M2", on=b.day(9, 20)))
    b.play(story, b.approves("M2", on=b.day(9, 20), by=FINANCE))
    second = next(one for one in told(story, "M2").lines if one.step == "advance")
    assert first in second.events
    again = next(one for one in told(story).lines if one.step == "advance")
    assert again.events == recovered.events  # what came later is not behind it


def test_behind_a_retention_by_the_share_completed_stand_the_acceptances_before_it() -> None:
    """10 % until half of the contract is completed: how far that was, M1 tells."""
    story = b.accepted(retention=Retention(rate=Decimal(10), until=Decimal(50)))
    (first,) = versions(story, e.MilestoneAccepted)
    b.play(story, b.submits("M2"), b.approves("M2", on=b.day(9, 20)))
    b.play(story, b.approves("M2", on=b.day(9, 20), by=FINANCE))
    behind = {one.step: first in one.events for one in told(story, "M2").lines}
    assert behind == {"gross": False, "retention": True}


def test_behind_a_line_that_an_error_undid_no_later_acceptance_stands() -> None:
    story = b.play(b.accepted(), b.proposes(b.reversal(6, "error"), on=b.day(9, 1)))
    b.play(story, b.agrees(b.last(story), on=b.day(9, 1), by="manager-2"))
    amend(story, b.day(9, 2), title="again")
    amended = b.last(story)
    b.play(story, b.approves(on=b.day(9, 3)))
    found = told(story)
    (first, second) = versions(story, e.MilestoneAccepted)
    behind = [(first in one.events, amended in one.events) for one in found.lines]
    # The price, what takes it back, and the price anew: only this one rests on the terms of then.
    assert behind == [(True, False), (True, False), (False, True)]
    assert all(second not in one.events for one in found.lines if first in one.events)
    assert found.differences == []


# --- what was measured -----------------------------------------------------------------------------


def test_what_was_missed_and_not_earned_is_judged_by_the_terms_of_the_acceptance() -> None:
    bonus = QualityBonus(milestone="M1", criterion="visits", at_least="5", amount_minor=7)
    criteria = (Criterion(name="uptime", at_least="99%"),)
    story = b.contract(b.defined("M1", criteria=criteria), quality_bonuses=(bonus,))
    results = b.measured(uptime="98%", visits="4")
    b.play(story, b.submits(results=results))
    assert [one.criterion for one in told(story).missed] == ["uptime"]
    b.play(story, b.approves(on=b.day(8, 25)))
    amend(story, b.day(8, 26), quality_bonuses=())
    found = told(story)
    assert [(one.criterion, one.measured) for one in found.unearned] == [("visits", "4")]
    assert [one.criterion for one in found.missed] == ["uptime"]
    assert (told(b.contract()).missed, told(b.contract()).unearned) == ([], [])
