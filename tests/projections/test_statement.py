"""What statements say beside the schedule: advances, discounts, bonuses by day, claims, refunds and the unknown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from ledger import intents as i
from ledger.intents import TakenMilestone, TakenPayment
from ledger.state import Contract
from ledger.terms import (
    AdvanceRecovery,
    EarlyPayment,
    PaymentTerms,
    QualityBonus,
    Retention,
    RetentionRelease,
)
from projections.statement import Advance, Discount, beside
from projections.termination_account import GROUPS, Settlement, settlement
from tests.decisions import builders as b
from tests.decisions import endings
from tests.decisions.spec import Story
from tests.exports.releases import taken

DISCOUNT = PaymentTerms(net_days=30, discount=EarlyPayment(rate=Decimal(2), days=10))


def told(story: Story, as_of: date | None = None) -> Settlement:
    found = settlement(story.records, as_of)
    assert found is not None
    return found


def lines(found: Settlement) -> list[tuple[str, str, str, int]]:
    return [(n.group, n.milestone, n.clause, n.amount_minor) for n in found.entries]


def equal(found: Settlement) -> Iterator[str]:
    """The figures whose lines sum to what the schedule has; a figure that differs fails."""
    for name, ours, theirs in found.checks:
        assert ours == theirs, name
        yield name


# --- of a partner ----------------------------------------------------------------------------------


def test_an_advance_is_open_as_far_as_it_is_not_recovered() -> None:
    """6,000.00 paid; 30 % of M1's 10,000.00 is recovered."""
    story = endings.advanced()
    assert beside([story.the_state()], b.day(8, 10)).advances == [Advance("C-1", "CNY", 600_000, 0)]
    b.play(story, b.submits("M1"), b.approves("M1", on=b.day(8, 25)))
    (advance,) = beside([story.the_state()], b.day(8, 26)).advances
    assert (advance.paid_minor, advance.recovered_minor, advance.open_minor) == (
        *(600_000, 300_000),
        300_000,
    )
    assert beside([b.accepted().the_state()], b.day(8, 26)).advances == []
    b.play(story, b.pays("M1", on=b.day(9, 1)))
    b.play(story, b.records_paid(b.last(story), on=b.day(9, 2)))
    assert beside([story.the_state()], b.day(9, 3)).advances == [advance]


def test_an_advance_that_is_recovered_whole_is_told_with_nothing_open() -> None:
    story = endings.advanced(advance=AdvanceRecovery(rate=Decimal(100)))
    b.play(story, b.submits("M1"), b.approves("M1", on=b.day(8, 25)))
    assert beside([story.the_state()], b.day(8, 26)).advances == [
        Advance("C-1", "CNY", 600_000, 600_000)
    ]


def test_a_discount_is_told_until_its_day_of_what_is_payable() -> None:
    """2 % of 10,000.00, ten days from 25 August."""
    state = b.accepted(payment=DISCOUNT).the_state()
    assert beside([state], b.day(9, 4)).discounts == {("C-1", "M1"): Discount(b.day(9, 4), 20_000)}
    assert beside([state], b.day(9, 1)).discounts == beside([state], b.day(9, 4)).discounts
    assert beside([state], b.day(9, 5)).discounts == {}
    assert beside([state], b.day(9, 4)).accepted_on == {("C-1", "M1"): b.day(8, 25)}
    paid = b.play(b.accepted(payment=DISCOUNT), b.pays(on=b.day(9, 1)))
    assert beside([paid.the_state()], b.day(9, 4)).discounts == {}


def test_bonuses_stand_in_the_order_of_their_days_and_those_without_one_last() -> None:
    quality = QualityBonus(milestone="M1", criterion="visits", at_least="5", amount_minor=7)
    first = b.contract(quality_bonuses=(quality,)).the_state()
    second = replace_id(b.contract(b.defined("M1", due=b.day(8, 11))).the_state(), "B-1")
    found = beside([first, second], b.day(8, 5))
    # 5 % is reached ten days early; on 5 August six days are left to 11 August.
    assert [(n.contract, n.milestone, n.clause, n.steps[0].by) for n in found.incentives] == [
        ("B-1", "M1", "early", b.day(8, 5)),
        ("C-1", "M1", "early", b.day(8, 11)),
        ("C-1", "M2", "early", b.day(9, 8)),
        ("C-1", "M1", "quality", None),
    ]
    # 3 % and 5 % of 10,000.00, 5 % of 30,000.00, and 0.07.
    assert found.bonus_open == {"CNY": 30_000 + 50_000 + 150_000 + 7}


def replace_id(state: Contract, name: str) -> Contract:
    state.id = name
    return state


# --- of a contract ---------------------------------------------------------------------------------


def test_lines_stand_in_their_groups_in_the_order_of_the_statement() -> None:
    story = endings.advanced()
    b.play(story, b.submits("M1", on=b.day(8, 25)), b.approves("M1", on=b.day(8, 26)))
    b.play(story, b.pays("M1", on=b.day(9, 1)))
    b.play(story, b.records_paid(b.last(story), on=b.day(9, 2)))
    found = told(story)
    # 10,000.00 four days late at 0.1 %: 40.00; 30 % of it is recovered, 3,000.00.
    assert lines(found) == [
        ("accepted", "M1", "accepted-part", 1_000_000),
        ("penalty", "M1", "late", -4_000),
        ("advance", "A", "accepted-part", 600_000),
        ("advance", "M1", "recovered", -300_000),
        ("paid", "A", "payment", -600_000),
        ("paid", "M1", "payment", -696_000),
    ]
    assert [n.group for n in found.entries] == sorted(
        (n.group for n in found.entries), key=list(GROUPS).index
    )
    assert dict(found.totals())["advance"] == 300_000
    assert set(equal(found)) >= {"penalty", "paid", "net", "outstanding"}


def test_a_claim_is_what_the_partner_owes_and_a_refund_takes_it_off() -> None:
    story = endings.money_claimed()
    assert told(story).claims == [("M1", 100_000)]
    b.play(story, ("finance-1", i.RecordRefund(milestone="M1", on=b.day(10, 7))))
    found = told(story)
    assert found.claims == []
    paid = [(n.clause, n.amount_minor) for n in found.entries if n.group == "paid"]
    assert paid == [("payment", -1_000_000), ("refund", 100_000)]
    assert set(equal(found)) >= {"paid", "outstanding"}


def test_what_is_held_instructed_and_payable_is_told() -> None:
    story = b.play(b.accepted(), b.pays(amount=300_000), b.disputes(amount=200_000, on=b.day(9, 1)))
    found = told(story)
    assert (found.held_minor, found.instructed_minor, found.payable_minor) == (
        *(200_000, 300_000),
        500_000,
    )
    assert found.balance_minor == 1_000_000


def test_a_payment_is_what_left_and_did_not_come_back() -> None:
    """5,000.00 are instructed and 4,000.00 paid; another 1,000.00 come back."""
    story = b.play(b.accepted(), b.pays(amount=500_000, on=b.day(9, 1)))
    b.play(story, b.records_paid(b.last(story), 400_000, on=b.day(9, 2)))
    b.play(story, b.pays(amount=100_000, on=b.day(9, 3)))
    second = b.last(story)
    b.play(story, b.records_paid(second, on=b.day(9, 4)))
    back = i.ReversePayment(payment=second, reason="closed", on=b.day(9, 5))
    b.play(story, ("finance-1", back))
    found = told(story)
    assert [n.amount_minor for n in found.entries if n.group == "paid"] == [-400_000]
    assert set(equal(found)) >= {"paid", "outstanding"}
    assert [group for group, _ in found.totals()] == ["accepted", "paid"]


def test_a_payment_names_its_day_its_reference_and_the_release_that_it_pays() -> None:
    terms = Retention(
        rate=Decimal(10), release=(RetentionRelease(share=Decimal(100), after="acceptance"),)
    )
    story = b.accepted(retention=terms)
    b.play(story, ("finance-1", i.ReleaseRetention(milestone="M1", on=b.day(9, 1))))
    release = b.last(story)
    pays = i.InstructPayment(milestone="M1", release=release, on=b.day(9, 2))
    b.play(story, ("finance-1", pays))
    done = i.RecordPayment(instruction=b.last(story), reference="TX-9", on=b.day(9, 3))
    b.play(story, ("finance-1", done))
    found = told(story)
    paid = found.entries[-1]
    assert paid.calculation == (
        f"C-1#{release + 1} on 2026-09-03, reference TX-9, retention #{release}"
    )
    assert paid.events == [release + 1, release + 2]
    freed = next(n for n in found.entries if n.group == "release")
    assert (freed.amount_minor, release in freed.events, 6 in freed.events) == (100_000, True, True)
    assert found.kept_minor == 0
    assert set(equal(found)) >= {"retention", "outstanding"}


def test_what_is_not_known_is_no_balance_and_money_beside_it_is_listed_apart() -> None:
    records = taken(
        TakenMilestone(id="M1", status="accepted"),
        TakenMilestone(id="M2", status="accepted", amount_minor=900, accepted_on=b.day(8, 25)),
        TakenMilestone(id="M3"),
        payments=(
            TakenPayment(reference="a", amount_minor=400, milestone="M2", paid_on=b.day(9, 1)),
            TakenPayment(reference="b", amount_minor=70, milestone="M3"),
            TakenPayment(reference="c", amount_minor=5),
        ),
    )
    found = settlement(records)
    assert found is not None
    assert found.unknown == ["M1"]
    assert [(n.milestone, n.amount_minor) for n in found.beside] == [("M3", -70), ("", -5)]
    assert found.beside[0].calculation.endswith("on an unknown day, reference b")
    assert set(equal(found)) == {"bonus", "penalty", "tax", "retention", "paid"}


def test_what_a_dispute_takes_off_an_advance_is_no_advance() -> None:
    story = endings.advanced()
    b.play(story, b.disputes("A", 20_000, on=b.day(8, 8)))
    b.play(story, b.proposes(b.resolution(b.last(story), "upheld", -20_000, "A"), on=b.day(8, 9)))
    b.play(story, b.agrees(b.last(story), on=b.day(8, 9)))
    assert dict(told(story).totals()) == {
        "adjustment": -20_000,
        "advance": 600_000,
        "paid": -600_000,
    }


def test_a_void_remainder_is_in_no_statement() -> None:
    """75 % of M1 is accepted, its rest too; then the first acceptance is reversed, and the rest falls away."""
    story = b.play(b.contract(), b.submits(), b.approves(on=b.day(8, 25), part="75%"))
    accepted = b.last(story) - 1
    reverses = b.reversal(accepted)
    b.play(story, b.proposes(reverses, on=b.day(9, 1)))
    b.play(story, b.agrees(b.last(story), on=b.day(9, 1)))
    assert story.the_state().milestones["M1-r1"].status == "void"
    found = told(story)
    assert {n.milestone for n in found.entries} <= {"M1"}
    assert found.balance_minor == 0


def test_a_ceiling_says_nothing_of_the_balance() -> None:
    story = b.accepted()
    state = story.the_state()
    state.terms = replace(state.terms, ceiling_minor=1)
    assert told(story).balance_minor == 1_000_000
