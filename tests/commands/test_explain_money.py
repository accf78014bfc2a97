"""`mledger audit explain` on the clauses of a contract's money: in words, and reckoned again, planted errors found."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from ledger import events as e
from ledger import intents as i
from ledger.events import Line, Record
from ledger.terms import PaymentTerms, Retention, RetentionRelease, Tax
from projections.calculations import calculation
from projections.explain import Explanation, explain
from tests.decisions.builders import (
    accepted,
    agrees,
    approves,
    bonus,
    contract,
    day,
    disputes,
    last,
    play,
    proposes,
    resolution,
    submits,
    version_of,
    waiver,
)
from tests.decisions.spec import Story, record


def line(step: str, clause: str, amount: int, **kept: str) -> Line:
    return Line(step=step, clause=clause, amount_minor=amount, calculation=kept)


WORDS = [
    (
        line("retention", "retained", -1_200_000, rate="10%", base_minor="12000000"),
        "10% × 120,000.00 = 12,000.00",
    ),
    (
        line(
            *("retention", "retained", -1_200_000),
            rate="10%",
            base_minor="12000000",
            until="50%",
            completed_minor="0",
            contract_minor="40000000",
            then="5%",
            first_minor="12000000",
            then_minor="0",
        ),
        "10% × 120,000.00 = 12,000.00; 50% completion not reached",
    ),
    (
        line(
            *("retention", "retained", -300_000),
            rate="10%",
            base_minor="12000000",
            rounding="half-up",
            limit="5%",
            limit_left_minor="300000",
        ),
        "10% × 120,000.00 = 12,000.00; limit 5% of the contract reached, 3,000.00 left",
    ),
    (
        line(
            *("penalty", "damages", -20_000_000),
            days="50",
            per_day_minor="500000",
            accrued_minor="25000000",
            cap="amount",
            cap_minor="20000000",
            capped="yes",
        ),
        "5,000.00 per day × 50 days = 250,000.00; cap 200,000.00 reached",
    ),
    (
        line(
            *("penalty", "damages", -500_000),
            days="1",
            per_day_minor="500000",
            accrued_minor="500000",
            cap="no cap",
            excused_days="2",
            suspended_days="1",
            charged_minor="100000",
        ),
        "5,000.00 per day × 1 day = 5,000.00; no cap; 2 days excused; 1 day suspended;"
        " less 1,000.00 charged before",
    ),
    (
        line(
            *("advance", "recovered", -5_000_000),
            rate="80%",
            base="gross",
            base_minor="10000000",
            open_minor="5000000",
            capped="yes",
        ),
        "lesser of 80% × 100,000.00 and 50,000.00 still open = 50,000.00",
    ),
    (
        line("tax", "vat", 708_000, rate="6%", base_minor="11800000", rounding="half-up"),
        "VAT 6% × 118,000.00 = 7,080.00",
    ),
    (
        line("tax", "vat", 1, rate="6%", base_minor="11", rounding="half-up"),
        "VAT 6% × 0.11 = 0.0066, half-up 0.01",
    ),
    (
        line(
            *("tax", "withholding", 6_000),
            rate="10%",
            base_minor="11940000",
            rounding="half-up",
            posted_minor="-1200000",
        ),
        "withholding 10% × 119,400.00 = 11,940.00; less 12,000.00 before",
    ),
    (
        line(
            *("bonus", "early", 36_000_000),
            days="40",
            step_days="30",
            rate="6%",
            base_minor="600000000",
            cap="10%",
            cap_minor="60000000",
            capped="no",
            rounding="half-up",
        ),
        "40 days early (from 30 days on): 6% × 6,000,000.00 = 360,000.00;"
        " cap 10% = 600,000.00 not reached",
    ),
    (
        line(
            *("penalty", "disincentive", -12_000),
            days="1",
            rate="0.1%",
            base_minor="12000000",
            cap="no cap",
            rounding="half-up",
            incentive_due="2026-09-01",
        ),
        "1 day late × 0.1% × 120,000.00 = 120.00; no cap; against the incentive date 2026-09-01",
    ),
    (
        line(
            *("settlement", "discount", -117_600),
            rate="2%",
            base_minor="5880000",
            until="2026-10-15",
        ),
        "2% × 58,800.00 = 1,176.00, for payment until 2026-10-15",
    ),
    (
        line(
            *("retention", "release", 600_000),
            retained_minor="1200000",
            let_go_minor="1200000",
            released_minor="600000",
        ),
        "the terms let 12,000.00 of 12,000.00 retained go; 6,000.00 released before",
    ),
]


@pytest.mark.parametrize(("posted", "words"), WORDS, ids=[words for _, words in WORDS])
def test_a_line_in_words(posted: Line, words: str) -> None:
    assert calculation(posted, contract().the_state(), {}) == words


# --- reckoned again --------------------------------------------------------------------------------

MONEY: dict[str, Any] = {
    "tax": Tax(vat=Decimal(6), withholding=Decimal(10)),
    "retention": Retention(
        rate=Decimal(10),
        release=(RetentionRelease(share=Decimal(100), after="acceptance", days=5),),
    ),
}


def history() -> Story:
    """M1 four days late (40.00): accepted, a bonus, the penalty waived, a dispute upheld, its retention released."""
    story = play(contract(**MONEY), submits(on=day(8, 25)), approves(on=day(8, 26)))
    penalty = version_of(story, e.PenaltyAssessed)
    play(story, proposes(bonus(50_000), on=day(8, 27)))
    play(story, agrees(last(story), on=day(8, 27)))
    play(story, proposes(waiver(penalty, 1_000), on=day(8, 28)))
    play(story, agrees(last(story), on=day(8, 28)))
    play(story, disputes(amount=20_000, on=day(8, 29)))
    opened = last(story)
    play(story, proposes(resolution(opened, "upheld", -20_000), on=day(8, 30)))
    play(story, agrees(last(story), on=day(8, 30)))
    return play(story, ("finance-1", i.ReleaseRetention(milestone="M1", on=day(9, 1))))


def told(records: list[Record]) -> Explanation:
    found = explain(records, "M1")
    assert found is not None
    return found


def test_tax_that_follows_and_the_release_agree() -> None:
    found = told(history().records)
    # gross, penalty, two taxes, retention; two taxes that follow each of three decisions; the release
    assert (found.differences, found.checked, found.dues_checked) == ([], 5 + 3 * 2 + 1, 2)
    # 10,000.00 - 40.00 + 500.00 + 10.00 - 200.00 = 10,270.00: VAT 616.20, withheld 1,027.00
    taxes = {"vat": 0, "withholding": 0}
    for each in found.lines:
        if each.step == "tax":
            taxes[each.clause] += each.amount_minor
    assert taxes == {"vat": 61_620, "withholding": -102_700}
    assert found.releases[0].calculation == "the terms let 1,000.00 of 1,000.00 retained go"


def planted(kind: type[Any], step: str, by: int = 1) -> list[Record]:
    """The history with a line of the first event of a kind changed by a cent."""
    records, done = [], False
    for one in history().records:
        data: Any = one.data
        if type(data) is kind and not done:
            done = True
            lines = [
                msgspec.structs.replace(x, amount_minor=x.amount_minor + by)
                if x.step == step
                else x
                for x in data.lines
            ]
            data = msgspec.structs.replace(data, lines=tuple(lines))
        records.append(msgspec.structs.replace(one, data=data))
    return records


@pytest.mark.parametrize(
    ("kind", "step", "differing"),
    [
        (e.MilestoneAccepted, "retention", {("retention", "retained")}),
        (e.MilestoneAccepted, "tax", {("tax", "vat"), ("tax", "withholding")}),
        (e.BonusAwarded, "tax", {("tax", "vat"), ("tax", "withholding")}),
        (e.PenaltyWaived, "tax", {("tax", "vat"), ("tax", "withholding")}),
        (e.DisputeResolved, "tax", {("tax", "vat"), ("tax", "withholding")}),
        (e.RetentionReleased, "retention", {("retention", "release")}),
    ],
)
def test_a_planted_line_is_found(
    kind: type[e.Fact], step: str, differing: set[tuple[str, str]]
) -> None:
    found = told(planted(kind, step))
    assert differing <= {(d.step, d.clause) for d in found.differences}
    event = next(r for r in history().records if type(r.data) is kind)
    assert min(d.position for d in found.differences) == event.position


def changed(kind: type[Any], change: Callable[[Any], Any]) -> list[Record]:
    return [
        msgspec.structs.replace(one, data=change(one.data) if type(one.data) is kind else one.data)
        for one in history().records
    ]


def test_a_release_due_on_another_day_is_found() -> None:
    def later(data: Any) -> Any:
        return msgspec.structs.replace(data, payment_due=day(9, 9))

    found = told(changed(e.RetentionReleased, later))
    assert [d.detail for d in found.differences] == [
        "payment is due 2026-09-09, reckoned 2026-08-31"
    ]


def test_a_release_of_more_than_the_terms_let_go_is_found() -> None:
    def more(data: Any) -> Any:
        lines = (msgspec.structs.replace(data.lines[0], amount_minor=100_001),)
        return msgspec.structs.replace(data, amount_minor=100_001, lines=lines)

    found = told(changed(e.RetentionReleased, more))
    assert [(d.stored_minor, d.reckoned_minor) for d in found.differences] == [(100_001, 100_000)]


def test_a_due_date_that_an_invoice_does_not_give_is_found() -> None:
    terms = PaymentTerms(net_days=30, after="invoice")
    story = accepted(payment=terms, early_bonus=None)
    covered = e.Covered(milestone="M1", amount_minor=1_000_000, payment_due=day(10, 1))
    fact = e.InvoiceReceived(
        on=day(9, 1),
        rests_on=(2,),
        number="F-1",
        kind="plain",
        amount_minor=1_000_000,
        covers=(covered,),
        issued_on=day(9, 1),
    )
    for due, differing in ((day(10, 1), 0), (day(10, 2), 1)):
        data = msgspec.structs.replace(
            fact, covers=(msgspec.structs.replace(covered, payment_due=due),)
        )
        found = told([*story.records, record(data, last(story) + 1)])
        assert len(found.differences) == differing
