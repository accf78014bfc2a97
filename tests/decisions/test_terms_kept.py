"""What adjusts something accepted is reckoned under the terms of its acceptance, whatever was agreed since.

M1 is worth 10,000.00 and M2 30,000.00 unless a test says otherwise.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given as forall
from hypothesis import strategies as st

from ledger import intents as i
from ledger.events import (
    Amendment,
    BonusAwarded,
    Covered,
    DisputeResolved,
    InvoiceReceived,
    InvoiceRejected,
    Line,
    PaymentInstructed,
    PaymentRecorded,
    PenaltyWaived,
    RetentionReleased,
)
from ledger.terms import (
    DisputeRules,
    EarlyPayment,
    LatePenalty,
    PaymentTerms,
    Retention,
    RetentionRelease,
    Tax,
)
from projections.recompute import reckon_all
from tests.decisions.builders import (
    TERMS,
    accepted,
    agrees,
    approves,
    bonus,
    contract,
    day,
    days_after,
    defined,
    disputes,
    last,
    pays,
    play,
    proposes,
    records_paid,
    refused,
    resolution,
    submits,
    version_of,
    waiver,
)
from tests.decisions.spec import Story
from tests.oracle.clauses import CLAUSES, money_terms

D = Decimal
TEN_DAYS = PaymentTerms(net_days=30, discount=EarlyPayment(rate=D(2), days=10))


def amend(story: Story, on: date, **clauses: Any) -> None:
    """Both administrators agree on other clauses."""
    terms = replace(story.the_state().terms, **clauses)
    play(story, proposes(Amendment(terms=terms), on=on, by="admin-1"))
    play(story, agrees(last(story), on=on, by="admin-2"))


def newest(story: Story, kind: type[Any]) -> Any:
    return next(r.data for r in reversed(story.records) if isinstance(r.data, kind))


def said(lines: tuple[Line, ...]) -> list[tuple[str, str, int]]:
    return [(line.step, line.clause, line.amount_minor) for line in lines]


def resolve(story: Story, outcome: str, amount: int, on: date) -> None:
    dispute = version_of_dispute(story)
    play(story, proposes(resolution(dispute, outcome, amount), on=on))
    play(story, agrees(last(story), on=on))


def version_of_dispute(story: Story) -> int:
    return max(story.the_state().disputes)


# --- each adjusting fact ------------------------------------------------------------------------------


def test_a_claim_won_after_the_rate_of_vat_rose_costs_the_partner_the_old_rate() -> None:
    """100,000.00 accepted and paid under 6 %; at 13 % a claim of 1,000.00 is upheld: −1,000.00 and VAT −60.00."""
    story = contract(defined("M1", amount_minor=10_000_000), ceiling_minor=None, tax=Tax(vat=D(6)))
    play(story, submits("M1"), approves("M1", on=day(8, 25)))
    play(story, approves("M1", on=day(8, 25), by="finance-1"))
    play(story, pays("M1", on=day(9, 1)))
    play(story, records_paid(last(story), on=day(9, 1)))
    assert newest(story, PaymentRecorded).amount_minor == 10_600_000
    amend(story, day(9, 2), tax=Tax(vat=D(13)))
    play(story, disputes("M1", 100_000, on=day(9, 3)))
    resolve(story, "upheld", -100_000, day(9, 4))
    lines = newest(story, DisputeResolved).lines
    assert said(lines) == [("adjustment", "dispute", -100_000), ("tax", "vat", -6_000)]
    m1 = story.the_state().milestones["M1"]
    assert (m1.outstanding_minor, m1.payable_minor) == (-106_000, 0)


def test_a_later_bonus_is_taxed_and_rounded_as_its_milestone_was() -> None:
    """6 % of 10,000.75 is 600.045: half even 600.04, half up 600.05; a tenth, 1,000.075, is 1,000.08 either way."""
    story = accepted("M1", tax=Tax(vat=D(6), withholding=D(10)), rounding="half-even")
    amend(story, day(9, 1), tax=None, rounding="half-up")
    play(story, proposes(bonus(75), on=day(9, 2)))
    play(story, agrees(last(story), on=day(9, 2)))
    assert said(newest(story, BonusAwarded).lines) == [
        ("bonus", "discretionary", 75),
        ("tax", "vat", 4),
        ("tax", "withholding", -8),
    ]


def test_what_was_accepted_untaxed_stays_untaxed() -> None:
    story = accepted("M1")
    amend(story, day(9, 1), tax=Tax(vat=D(13)))
    play(story, proposes(bonus(10_000), on=day(9, 2)))
    play(story, agrees(last(story), on=day(9, 2)))
    assert said(newest(story, BonusAwarded).lines) == [("bonus", "discretionary", 10_000)]


def test_a_waiver_gives_the_tax_of_its_penalty_back() -> None:
    """Two days late at 1 %: −20,000, and at 6 % its tax; waived under 13 % it comes back at 6 %."""
    late = LatePenalty(rate=D(1), cap=D(10))
    story = contract(tax=Tax(vat=D(6)), late_penalty=late)
    play(story, submits("M1", on=day(8, 23)), approves("M1", on=day(8, 25)))
    amend(story, day(9, 1), tax=Tax(vat=D(13)))
    penalty = max(story.the_state().assessments)
    play(story, proposes(waiver(penalty, 20_000), on=day(9, 2)))
    play(story, agrees(last(story), on=day(9, 2)))
    assert said(newest(story, PenaltyWaived).lines) == [
        ("penalty", "waiver", 20_000),
        ("tax", "vat", 1_200),
    ]


def test_a_discount_that_was_agreed_at_acceptance_is_earned_though_it_was_amended_away() -> None:
    """2 % of 10,000.00 by 4 September: instructed and paid after an amendment without any discount."""
    story = accepted("M1", on=day(8, 25), payment=TEN_DAYS)
    amend(story, day(8, 26), payment=PaymentTerms(net_days=30))
    play(story, ("finance-1", i.InstructPayment(milestone="M1", on=day(9, 1), discount=True)))
    assert newest(story, PaymentInstructed).discount_minor == 20_000
    play(story, records_paid(last(story), on=day(9, 4)))
    assert said(newest(story, PaymentRecorded).lines) == [("settlement", "discount", -20_000)]
    assert story.the_state().milestones["M1"].outstanding_minor == 0


def test_a_discount_agreed_later_is_none_for_what_was_accepted_before() -> None:
    story = accepted("M1", on=day(8, 25))
    amend(story, day(8, 26), payment=TEN_DAYS)
    act = ("finance-1", i.InstructPayment(milestone="M1", on=day(9, 1), discount=True))
    refused(story, act, "discount-as-agreed")


def test_a_discount_between_instruction_and_payment_keeps_its_rate_and_last_day() -> None:
    """Instructed at 2 % until 4 September; then 5 % until 30 days: what was instructed is earned, until the 4th."""
    story = accepted("M1", on=day(8, 25), payment=TEN_DAYS)
    play(story, ("finance-1", i.InstructPayment(milestone="M1", on=day(9, 1), discount=True)))
    told = last(story)
    more = PaymentTerms(net_days=30, discount=EarlyPayment(rate=D(5), days=30))
    amend(story, day(9, 2), payment=more)
    play(story, records_paid(told, on=day(9, 5)))
    assert newest(story, PaymentRecorded).lines == ()


def test_retention_is_let_go_as_it_was_kept() -> None:
    """10 % of 10,000.00, half at acceptance: 500.00 is let go at once, though the terms now let nothing go."""
    halves = (
        RetentionRelease(share=D(50), after="acceptance"),
        RetentionRelease(share=D(50), after="acceptance", days=30),
    )
    rolling = PaymentTerms(net_days=30, roll="forward")
    story = accepted(
        "M1", on=day(8, 29), retention=Retention(rate=D(10), release=halves), payment=rolling
    )
    amend(story, day(9, 1), retention=None, payment=PaymentTerms())
    play(story, ("finance-1", i.ReleaseRetention(milestone="M1", on=day(9, 2))))
    released = newest(story, RetentionReleased)
    # 29 August 2026 is a Saturday: by the terms of then the due date rolls to Monday.
    assert (released.amount_minor, released.payment_due) == (50_000, day(8, 31))


def test_an_invoice_sets_a_due_date_only_where_it_did_at_acceptance() -> None:
    """Accepted on terms that count from approval; counting from the invoice since then moves nothing, nor back."""
    story = accepted("M1", on=day(8, 25))
    amend(story, day(9, 1), payment=PaymentTerms(net_days=60, after="invoice"))
    covers = (i.InvoicedMilestone(milestone="M1"),)
    invoice = i.ReceiveInvoice(
        number="F-1", kind="commercial", covers=covers, issued_on=day(9, 2), on=day(9, 2)
    )
    play(story, ("finance-1", invoice))
    assert newest(story, InvoiceReceived).covers == (
        Covered(milestone="M1", amount_minor=1_000_000),
    )
    play(story, ("finance-1", i.RejectInvoice(invoice=last(story), on=day(9, 3), reason="no")))
    assert newest(story, InvoiceRejected).covers == ()
    acceptance = story.the_state().milestones["M1"].acceptance
    assert acceptance is not None
    assert acceptance.payment_due == day(9, 24)


def test_an_invoice_still_sets_the_due_date_of_what_was_accepted_to_count_from_it() -> None:
    story = accepted("M1", on=day(8, 25), payment=PaymentTerms(net_days=30, after="invoice"))
    amend(story, day(9, 1), payment=PaymentTerms(net_days=5))
    covers = (i.InvoicedMilestone(milestone="M1"),)
    invoice = i.ReceiveInvoice(
        number="F-1", kind="commercial", covers=covers, issued_on=day(9, 2), on=day(9, 2)
    )
    play(story, ("finance-1", invoice))
    (covered,) = newest(story, InvoiceReceived).covers
    assert covered.payment_due == day(10, 2)


def test_the_days_in_which_a_dispute_is_opened_are_those_of_its_acceptance() -> None:
    story = accepted("M1", on=day(8, 25), disputes=DisputeRules(open_within_days=30))
    amend(story, day(8, 26), disputes=DisputeRules(open_within_days=5))
    play(story, disputes("M1", 100, on=day(9, 24)))
    refused(story, disputes("M1", 100, on=day(9, 25)), "dispute-in-time")


def test_what_is_accepted_after_an_amendment_follows_the_new_terms() -> None:
    """The rest of a part is an acceptance of its own."""
    story = contract(defined("M1"), tax=Tax(vat=D(6)), late_penalty=None)
    play(story, submits("M1"), approves("M1", on=day(8, 25), part="50%"))
    amend(story, day(9, 1), tax=Tax(vat=D(13)))
    play(story, submits("M1-r1", on=day(9, 2)), approves("M1-r1", on=day(9, 3)))
    taxed = {m.id: m.tax_minor for m in story.the_state().milestones.values()}
    assert taxed == {"M1": 30_000, "M1-r1": 65_000}


# --- whatever is amended, whenever --------------------------------------------------------------------


def _adjust(story: Story) -> list[tuple[Any, ...]]:
    """A dispute, a bonus, a release, an invoice and a payment with discount: what each posts, and when it is due."""
    on, start = day(9, 2), len(story.records)
    acts = [
        ("finance-1", i.ReleaseRetention(milestone="M1", on=on)),
        (
            "finance-1",
            i.ReceiveInvoice(
                number="F-1",
                kind="commercial",
                covers=(i.InvoicedMilestone(milestone="M1", amount_minor=5_000),),
                issued_on=on,
                on=on,
            ),
        ),
        ("finance-1", i.InstructPayment(milestone="M1", on=on, discount=True)),
        ("finance-1", i.InstructPayment(milestone="M1", on=on, amount_minor=1)),
    ]
    play(story, disputes("M1", 33_333, on=on))
    resolve(story, "split", -22_221, on)
    play(story, proposes(bonus(12_345), on=on))
    play(story, agrees(last(story), on=on))
    for by, intent in acts:
        story.when(intent, by=by)
        if story.refusal is None:
            story.happened()
    told = version_of(story, PaymentInstructed)
    play(story, records_paid(told, on=days_after(on, 2)))
    return [
        (
            type(r.data).__name__,
            [
                (line.step, line.clause, line.amount_minor, _inputs(line))
                for line in getattr(r.data, "lines", ())
            ],
            getattr(r.data, "payment_due", None),
            [(c.amount_minor, c.payment_due) for c in getattr(r.data, "covers", ())],
            getattr(r.data, "discount_minor", None),
        )
        for r in story.records[start:]
    ]


def _inputs(line: Line) -> dict[str, str]:
    versions = ("dispute", "instruction")
    return {k: v for k, v in line.calculation.items() if k not in versions}


@forall(st.integers(0, 2**32), st.integers(0, 2**32), st.integers(1, len(CLAUSES)))
def test_no_amendment_moves_what_later_facts_post_to_something_accepted(
    agreed: int, other: int, count: int
) -> None:
    """The same acts, with and without an amendment of random clauses before them, post the same lines and dates."""
    terms = money_terms(Random(agreed), TERMS.signed_on or day(8, 3))
    clauses = {name: getattr(terms, name) for name in CLAUSES}
    random = Random(other)
    drawn = money_terms(random, day(8, 3))
    changed = {name: getattr(drawn, name) for name in random.sample(CLAUSES, count)}
    # Whether an invoice has to be there is asked of whoever pays today: it is no reckoning.
    clauses["invoices"], changed["invoices"] = None, None
    plain, amended = _accepted_on(clauses), _accepted_on(clauses)
    if any(getattr(amended.the_state().terms, name) != value for name, value in changed.items()):
        amend(amended, day(9, 1), **changed)
    assert _adjust(amended) == _adjust(plain)
    checked = reckon_all(amended.records, amended.records, "M1")
    assert checked.differences == []
    assert checked.lines >= 2


def _accepted_on(clauses: dict[str, Any]) -> Story:
    return accepted("M1", on=day(8, 25), **clauses)


@pytest.mark.parametrize("rate", [13, 0])
def test_a_line_that_was_posted_by_the_terms_of_another_day_is_noticed(rate: int) -> None:
    """As the first release did: the claim's tax was reckoned by the rate that was agreed since."""
    story = accepted("M1", tax=Tax(vat=D(6)))
    amend(story, day(9, 1), tax=Tax(vat=D(rate)))
    play(story, disputes("M1", 100_000, on=day(9, 3)))
    resolve(story, "upheld", -100_000, day(9, 4))
    right = story.records[-1]
    assert isinstance(right.data, DisputeResolved)
    wrong = Line(
        step="tax",
        clause="vat",
        amount_minor=900_000 * rate // 100 - 60_000,
        calculation={
            "rate": f"{rate}%",
            "base_minor": "900000",
            "rounding": "half-up",
            "posted_minor": "60000",
        },
    )
    lines = (right.data.lines[0], wrong)
    data = msgspec.structs.replace(right.data, lines=lines)
    story.records[-1] = msgspec.structs.replace(right, data=data)
    (difference,) = reckon_all(story.records, story.records, "M1").differences
    assert (difference.stored_minor, difference.reckoned_minor) == (wrong.amount_minor, -6_000)
    # It stays a fact; the next line brings the tax to what its own terms give on all that was earned.
    play(story, proposes(bonus(100_000), on=day(9, 5)))
    play(story, agrees(last(story), on=day(9, 5)))
    assert story.the_state().milestones["M1"].tax_minor == 60_000


def test_an_amendment_dated_before_an_acceptance_that_is_there_already_changes_nothing_of_it() -> (
    None
):
    """It was recorded later: nobody decided the acceptance under it."""
    story = contract(defined("M1"))
    before = story.the_state().terms
    play(story, submits("M1"), approves("M1", on=day(8, 25)))
    amend(story, day(8, 24), tax=Tax(vat=D(13)))
    state = story.the_state()
    assert state.terms_of(state.milestones["M1"]) == before
    assert state.terms.tax == Tax(vat=D(13))
