"""Tax withheld and not filed, and what was paid early on purpose."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from ledger import intents as i
from ledger.terms import EarlyPayment, PaymentTerms, Retention, RetentionRelease, Tax
from projections.examining import examine
from projections.exception_rules.every import exception_rules
from projections.exception_rules.rule import Setting
from tests.decisions.builders import accepted, day, last, pays, play, records_paid
from tests.decisions.spec import Story

RULE = "withheld-not-filed"


def found(story: Story, rule: str) -> list[tuple[str | None, str]]:
    settings = {one.id: Setting(enabled=one.id == rule) for one in exception_rules()}
    return [(one.milestone, one.detail) for one in examine([story.records], settings).found]


def test_tax_withheld_from_a_paid_milestone_is_filed() -> None:
    story = accepted(tax=Tax(withholding=Decimal(10)))
    assert found(story, RULE) == []  # nothing is paid yet
    play(story, pays(on=day(9, 1)), records_paid(last(story) + 1, on=day(9, 1)))
    said = "1,000.00 CNY of tax withheld is not filed, though the milestone was paid on 2026-09-01"
    assert found(story, RULE) == [("C-1/M1", said)]
    part = i.FileWithholding(milestone="M1", reference="T-1", amount_minor=99_999, on=day(9, 2))
    play(story, ("finance-1", part))
    assert [detail[:8] for _, detail in found(story, RULE)] == ["0.01 CNY"]
    rest = i.FileWithholding(milestone="M1", reference="T-2", on=day(9, 2))
    assert found(play(story, ("finance-1", rest)), RULE) == []


def test_a_discount_is_the_reason_to_pay_before_the_due_date() -> None:
    terms = PaymentTerms(net_days=30, discount=EarlyPayment(rate=Decimal(2), days=10))
    for discount, hits in ((True, 0), (False, 1)):
        story = accepted(payment=terms)
        intent = i.InstructPayment(milestone="M1", discount=discount, on=day(9, 1))
        play(story, ("finance-1", intent), records_paid(last(story) + 1, on=day(9, 1)))
        assert len(found(story, "paid-before-due")) == hits


@pytest.mark.parametrize(("on", "hits"), [(day(9, 1), 1), (day(9, 4), 0)])
def test_a_release_is_held_against_its_own_due_date(on: date, hits: int) -> None:
    """Let go on Tuesday 1 September, due on Friday: until then there are holidays of the contract."""
    part = RetentionRelease(share=Decimal(100), after="acceptance", days=7)
    story = accepted(
        retention=Retention(rate=Decimal(10), release=(part,)),
        payment=PaymentTerms(net_days=30, roll="forward"),
        calendars=("US",),
        extra_holidays=(day(9, 1), day(9, 2), day(9, 3)),
    )
    play(story, ("finance-1", i.ReleaseRetention(milestone="M1", on=day(9, 1))))
    intent = i.InstructPayment(milestone="M1", release=last(story), on=on)
    play(story, ("finance-1", intent), records_paid(last(story) + 1, on=on))
    assert len(found(story, "paid-before-due")) == hits
