"""What refusals say: every rule's form is written down, and each figure stands in its place.

That a refusal has the form of its own rule is held against `said.txt` in every test of this folder.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from ledger import intents as i
from ledger.decisions.rules import RULES
from ledger.errors import Refused
from ledger.events import Amendment
from ledger.intents import InvoicedMilestone
from ledger.terms import DisputeRules, InvoicePolicy, Tax
from tests.decisions import builders as b
from tests.decisions import endings as e
from tests.decisions.said import SAID, unsaid
from tests.decisions.spec import Story
from tests.decisions.test_rules_measured import with_criteria
from tests.decisions.test_rules_release import EARLY as DISCOUNT
from tests.decisions.test_rules_release import (
    WITHHOLDING,
    advanced,
    begun,
    completed,
    files,
    pays_early,
    releases,
)

NOTED_ONLY = {"amount-in-minor-units", "paid-within-value"}  # of imported history, never refused


def test_what_every_rule_that_refuses_says_is_written_down() -> None:
    assert set(SAID) == {rule.id for rule in RULES} - NOTED_ONLY


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("C-1/M1 is accepted", "reverse its acceptance first"),  # another rule's
        ("C-1#4 is approved", "open a new one"),  # another rule's hint
        ("C-1#4 is", "propose it anew if need be"),
    ],
)
def test_what_another_rule_says_is_noticed(message: str, hint: str) -> None:
    facts = {"actor": "manager-1", "contract": "C-1"}
    assert unsaid(Refused("proposal-open", message, hint=hint, facts=facts))


def test_a_value_that_comes_again_is_the_same() -> None:
    facts = {"actor": "manager-1", "contract": "C-1"}
    hint = "it is submitted first: mledger milestone submit C-1/{}"
    right = Refused("submission-pending", "C-1/M1 is rejected", hint=hint.format("M1"), facts=facts)
    wrong = Refused("submission-pending", "C-1/M1 is rejected", hint=hint.format("M2"), facts=facts)
    assert (unsaid(right), bool(unsaid(wrong))) == ("", True)


# --- each figure in its place ------------------------------------------------------------------------------


def with_invoice() -> Story:
    """M1 is accepted for 10,000.00, of which 4,000.00 are invoiced on 1 October."""
    policy = InvoicePolicy(required=True, tolerance_minor=250)
    story = b.accepted(invoices=policy, early_bonus=None)
    return b.play(story, invoices(400_000))


def invoices(amount: int, milestone: str = "M1") -> b.Act:
    covers = (InvoicedMilestone(milestone=milestone, amount_minor=amount),)
    number = f"F-{amount}"
    return "partner-1", i.ReceiveInvoice(
        number=number, kind="special-vat", covers=covers, on=b.day(10, 1)
    )


def half_paid() -> Story:
    """Of M1's 10,000.00 a dispute holds 1,000.00, and 2,000.00 are instructed: 7,000.00 are payable."""
    story = b.play(b.accepted(early_bonus=None), b.disputes("M1", 100_000, on=b.day(9, 1)))
    return b.play(story, b.pays("M1", 200_000))


def almost_paid() -> Story:
    """1,000.00 are claimed on M1; of M2's 30,000.00 all but 500.00 are instructed."""
    return b.play(e.money_claimed(), b.pays("M2", 2_950_000, on=b.day(10, 6)))


def given_back() -> Story:
    story = e.money_claimed()
    e.approved(story, e.sets_off(e.CLAIM))
    return story


def disputed() -> Story:
    return b.play(b.accepted(), b.disputes("M1", 100_000, on=b.day(9, 1)))


def late() -> Story:
    """M1 is delivered ten days late: 10 × 0.1 % of 10,000.00 is a penalty of 100.00."""
    return b.play(b.contract(), b.submits("M1", b.day(8, 31)), b.approves("M1", on=b.day(8, 31)))


FIGURES: list[tuple[str, Callable[[], Story], b.Act, str, str]] = [
    (
        "committed-within-ceiling",
        b.contract,
        b.defines("M3", 1_000_001),
        "40,000.00 CNY is committed and 10,000.01 CNY would be added; the ceiling is 50,000.00 CNY",
        "",
    ),
    (
        "payment-within-payable",
        half_paid,
        b.pays("M1", 700_001),
        "7,000.00 CNY of C-1/M1 is payable, not 7,000.01 CNY (outstanding 10,000.00 CNY,"
        " held 1,000.00 CNY, instructed 2,000.00 CNY)",
        "instruct at most what is payable",
    ),
    (
        "payment-within-payable",
        lambda: b.play(half_paid(), b.pays("M1", 700_000)),
        b.pays("M1", 1),
        "0.00 CNY of C-1/M1 is payable, not 0.01 CNY (outstanding 10,000.00 CNY,"
        " held 1,000.00 CNY, instructed 9,000.00 CNY)",
        "see why: mledger audit explain C-1/M1",
    ),
    (
        "payment-within-payable",
        lambda: b.play(completed(), releases(amount=60_000, on=b.day(11, 1))),
        ("finance-1", i.InstructPayment(milestone="M1", release=11, amount_minor=50_001)),
        # 600.00 were released as two payables, 500.00 and 100.00; of M1 itself 9,000.00 are payable
        "500.00 CNY of C-1#11 is payable, not 500.01 CNY (outstanding 500.00 CNY, held 0.00 CNY,"
        " instructed 0.00 CNY)",
        "instruct at most what is payable",
    ),
    (
        "record-within-instruction",
        half_paid,
        b.records_paid(8, 200_001),
        "2,000.00 CNY was instructed, not 2,000.01 CNY",
        "",
    ),
    (
        "set-off-within-claim",
        given_back,
        e.sets_off(e.CLAIM + 1, "M2", "M1"),
        "the claim on C-1/M2 is 0.00 CNY, not 1,000.01 CNY; 1,000.00 CNY set off before can be given back",
        "set off at most that",
    ),
    (
        "set-off-within-claim",
        e.money_claimed,
        e.sets_off(e.CLAIM + 1),
        "the claim on C-1/M1 is 1,000.00 CNY, not 1,000.01 CNY",
        "set off at most that",
    ),
    (
        "set-off-within-claim",
        e.money_claimed,
        e.sets_off(1, "M2", "M1"),
        "the claim on C-1/M2 is 0.00 CNY, not 0.01 CNY",
        "only a negative outstanding is a claim",
    ),
    (
        "set-off-within-payable",
        almost_paid,
        e.sets_off(e.CLAIM),
        "500.00 CNY of C-1/M2 is payable, not 1,000.00 CNY (outstanding 30,000.00 CNY, held 0.00 CNY,"
        " instructed 29,500.00 CNY)",
        "",
    ),
    (
        "reversal-before-set-off",
        given_back,
        b.proposes(b.reversal(10, "event", "M2"), on=b.day(11, 10)),
        "1,000.00 CNY is set off between M2 and M1",
        "give it back first: mledger payment set-off C-1/M2 1000.00 --against C-1/M1 --reason REASON",
    ),
    (
        "everything-settled",
        e.money_claimed,
        ("admin-1", i.CompleteContract(on=b.day(11, 1))),
        "more than is owed was paid for C-1/M1",
        "record that the partner paid it back: mledger payment refund C-1/M1; or take it off what is owed"
        " elsewhere: mledger payment set-off C-1/M1 AMOUNT --against C-1/MILESTONE --reason REASON",
    ),
    (
        "dispute-within-amount",
        b.accepted,
        b.disputes("M1", 1_000_001),
        "10,000.01 CNY is more than C-1/M1 is worth, 10,000.00 CNY",
        "",
    ),
    (
        "resolution-fits-outcome",
        disputed,
        b.proposes(b.resolution(7, "upheld", -99_999)),
        "upheld does not go with an adjustment of -999.99 CNY on a claim of 1,000.00 CNY by the client",
        "upheld: -1,000.00 CNY; rejected: 0; split: between the two",
    ),
    (
        "waiver-within-penalty",
        late,
        b.proposes(b.waiver(7, 10_001)),
        "100.00 CNY of the penalty is left, not 100.01 CNY",
        "",
    ),
    (
        "part-within-whole",
        lambda: b.play(b.contract(), b.submits("M1")),
        b.approves("M1", part="10,000.01"),
        "10,000.01 CNY is not a part of 10,000.00 CNY",
        "",
    ),
    (
        "policy-covers-amount",
        lambda: b.contract(approval=b.TERMS.approval[:1], ceiling_minor=9_000_000),
        b.proposes(b.order(("M2", None, 5_000_001))),
        "contract C-1 names nobody to approve 20,000.01 CNY",
        "",
    ),
    (
        "share-within-whole",
        b.contract,
        e.ends(("M1", 1_000_001)),
        "10,000.01 CNY is not a part of C-1/M1, 10,000.00 CNY",
        "",
    ),
    (
        "termination-decides-submissions",
        lambda: b.play(b.contract(), b.submits("M1"), b.submits("M2")),
        e.ends(),
        "C-1/M1, C-1/M2 wait for a decision",
        "",
    ),
    (
        "release-within-retention",
        lambda: b.play(completed(), releases(amount=60_000, on=b.day(11, 1))),
        releases(amount=40_001, on=b.day(11, 1)),
        "400.00 CNY of C-1/M1 is retained, not 400.01 CNY",
        "",
    ),
    (
        "release-by-the-terms",
        lambda: b.play(completed(), releases(amount=20_000, on=b.day(10, 1))),
        releases(amount=30_001, on=b.day(10, 1)),
        "by 2026-10-01 the terms let 500.00 CNY of C-1/M1 go, and 200.00 CNY is released already",
        "release at most 300.00 CNY",
    ),
    (
        "release-by-the-terms",
        lambda: b.play(completed(), releases(on=b.day(10, 1))),
        releases(on=b.day(10, 1)),
        "by 2026-10-01 the terms let 500.00 CNY of C-1/M1 go, and 500.00 CNY is released already",
        "the next part is let go on 2026-10-25",
    ),
    (
        "discount-as-agreed",
        lambda: begun(payment=DISCOUNT, retention=None),
        pays_early(amount=500_000, on=b.day(9, 4)),
        "with the discount of 200.00 CNY, all of C-1/M1 is 9,800.00 CNY, not 5,000.00 CNY",
        "",
    ),
    (
        "discount-as-agreed",
        lambda: begun(payment=DISCOUNT, retention=None),
        pays_early(on=b.day(9, 5)),
        "the terms give a discount on C-1/M1 until 2026-09-04",
        "",
    ),
    (
        # An advance of 15,000.01 on M1 and M2, of which M2 alone would recover 50 % of 30,000.00.
        "cancel-without-unrecovered-advance",
        lambda: advanced(1_500_001),
        b.cancels("M1"),
        "15,000.01 CNY of advances is not recovered, and without C-1/M1 only 15,000.00 CNY would be",
        "",
    ),
    (
        "filing-within-withheld",
        lambda: b.play(begun(tax=WITHHOLDING), files(amount=40_000, on=b.day(9, 1))),
        files(amount=60_001, on=b.day(9, 1)),
        "1,000.00 CNY was withheld from C-1/M1, of which 400.00 CNY is filed, not 600.01 CNY more",
        "file at most 600.00 CNY",
    ),
    (
        "filing-within-withheld",
        lambda: begun(tax=WITHHOLDING),
        files(amount=0, on=b.day(9, 1)),
        "1,000.00 CNY was withheld from C-1/M1, of which 0.00 CNY is filed, not 0.00 CNY more",
        "file at most 1,000.00 CNY",
    ),
    (
        "filing-within-withheld",
        lambda: b.play(begun(tax=WITHHOLDING), files(on=b.day(9, 1))),
        files(amount=1, on=b.day(9, 1)),
        "nothing withheld from C-1/M1 is left to file: 1,000.00 CNY was withheld, 1,000.00 CNY is filed",
        "nothing is to be done",
    ),
    (
        "not-over-invoiced",
        with_invoice,
        invoices(600_251),
        "C-1/M1 was accepted for 10,000.00 CNY with tax, 2.50 CNY of tolerance; 4,000.00 CNY is invoiced,"
        " and this covers 6,002.51 CNY",
        "at most 6,002.50 CNY more is invoiced; ask the partner for a corrected invoice",
    ),
    (
        "not-over-invoiced",
        lambda: b.play(b.accepted(tax=Tax(vat=Decimal(6)), early_bonus=None), invoices(1_000_000)),
        invoices(60_001),
        "C-1/M1 was accepted for 10,600.00 CNY with tax; 10,000.00 CNY is invoiced, and this covers"
        " 600.01 CNY",
        "at most 600.00 CNY more is invoiced; ask the partner for a corrected invoice",
    ),
    (
        "invoice-before-payment",
        lambda: b.play(with_invoice(), b.pays("M1", 150_000, on=b.day(10, 2))),
        b.pays("M1", 300_000, on=b.day(10, 3)),
        # 4,000.00 invoiced and 2.50 of tolerance, of which 1,500.00 are spent
        "invoices received by 2026-10-03 leave 2,502.50 CNY of C-1/M1 to be paid, not 3,000.00 CNY"
        " (1,500.00 CNY is paid or instructed)",
        "record the partner's invoice first: mledger invoice receive C-1 NUMBER --milestone M1",
    ),
    (
        "invoice-covers-above-zero",
        with_invoice,
        invoices(-1),
        "-0.01 CNY of C-1/M1 is not above zero; 4,000.00 CNY of it is invoiced already",
        "",
    ),
    (
        "within-backdating-window",
        lambda: b.contract(backdating_days=30),
        b.starts(on=b.day(10, 22)),  # the thirty-first day before 22 November
        "2026-10-22 is 31 days back; the contract allows 30",
        "",
    ),
    (
        "within-backdating-window",
        lambda: b.contract(backdating_days=0),
        b.starts(on=b.day(11, 21)),
        "2026-11-21 is 1 day back; the contract allows 0",
        "",
    ),
    (
        "nothing-waits-for-a-decision",
        lambda: b.play(b.contract(), b.submits("M1")),
        ("admin-1", i.CompleteContract()),
        "C-1/M1 waits for a decision",
        "decide it first",
    ),
    (
        "nothing-waits-for-a-decision",
        lambda: b.play(b.contract(), b.submits("M1"), b.submits("M2")),
        ("admin-1", i.CompleteContract()),
        "C-1/M1, C-1/M2 wait for a decision",
        "decide them first",
    ),
    (
        "invoice-covers-add-up",
        lambda: b.play(b.contract(), b.submits("M1"), b.submits("M2")),
        (
            "partner-1",
            i.ReceiveInvoice(
                number="F-1",
                kind="special-vat",
                amount_minor=301,
                covers=tuple(
                    InvoicedMilestone(milestone=m, amount_minor=150) for m in ("M1", "M2")
                ),
                on=b.day(10, 1),
            ),
        ),
        "M1 1.50 CNY + M2 1.50 CNY is 3.00 CNY, and the invoice is for 3.01 CNY",
        "give each milestone's amount, tax included: --milestone M1=AMOUNT --milestone M2=AMOUNT",
    ),
    (
        "not-before-signature",
        b.contract,
        b.starts(on=b.day(8, 2)),
        "2026-08-02 lies before the signature of C-1 on 2026-08-03",
        "",
    ),
    (
        "not-after-today",
        b.contract,
        b.starts(on=b.day(11, 23)),
        "2026-11-23 is still to come: today is 2026-11-22 in Asia/Shanghai",
        "",
    ),
    (
        "not-before-what-it-rests-on",
        lambda: b.play(b.contract(), b.submits("M1", b.day(8, 20))),
        b.approves("M1", b.day(8, 19)),
        "2026-08-19 lies before 2026-08-20, the day of C-1#4 it rests on",
        "use a day from 2026-08-20 on",
    ),
    (
        "dispute-in-time",
        lambda: b.accepted(disputes=DisputeRules(open_within_days=10)),
        b.disputes("M1", on=b.day(9, 5)),
        "2026-09-05 is 11 days after acceptance; 10 are allowed",
        "",
    ),
    (
        "termination-after-what-it-settles",
        b.accepted,
        e.ends(on=b.day(8, 24)),
        "2026-08-24 lies before 2026-08-25, the day of C-1#6 that it settles",
        "use a day from 2026-08-25 on",
    ),
    (
        "amendment-keeps-signature",
        b.contract,
        b.proposes(Amendment(terms=replace(b.TERMS, signed_on=b.day(8, 2))), by="admin-1"),
        "contract C-1 was signed on 2026-08-03, not on 2026-08-02",
        "leave signed_on at 2026-08-03: every fact is measured against it",
    ),
    (
        "actor-holds-role",
        b.contract,
        b.starts(by="finance-1"),
        "finance-1 is not partner or manager in C-1 on 2026-11-22 and today",
        "act as one of: manager-1, manager-2, manager-3, partner-1",
    ),
    (
        # There is nothing to correct, and so no day on which it was delivered.
        "actor-holds-role",
        b.contract,
        b.submits("M1", by="finance-1", corrects=True),
        "finance-1 is not partner or manager in C-1 today",
        "act as one of: manager-1, manager-2, manager-3, partner-1",
    ),
    (
        "approver-holds-a-role-of-the-tier",
        lambda: b.play(b.contract(), b.submits("M2")),
        b.approves("M2", on=b.day(9, 20), by="admin-1"),
        "admin-1 holds none of the roles that approve this (1 manager, 1 finance) on 2026-09-20 and today",
        "",
    ),
    (
        "measured-criterion-known",
        with_criteria,
        b.submits(results=b.measured(qwxyz="5")),
        "C-1/M1 has no criterion 'qwxyz', and no bonus for it rests on one of that name",
        "its criteria are footfall, wait",
    ),
]


@pytest.mark.parametrize(
    ("rule", "story", "act", "message", "hint"),
    FIGURES,
    ids=[f"{n} {row[0]}" for n, row in enumerate(FIGURES)],
)
def test_each_figure_and_name_stands_in_its_place(
    rule: str, story: Callable[[], Story], act: b.Act, message: str, hint: str
) -> None:
    by, intent = act
    refusal = story().when(intent, by=by).refused(rule)
    assert refusal.message == message
    assert refusal.hint == (hint or refusal.hint)
