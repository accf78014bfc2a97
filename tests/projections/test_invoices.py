"""Invoices in the read models, in the inbox and among the exceptions."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.events import Covered, InvoiceReceived, InvoiceRejected, PaymentRecorded
from ledger.terms import InvoicePolicy
from projections.derive import invoices
from projections.derive.inbox import tasks
from projections.examining import examine
from projections.exception_rules.every import exception_rules
from projections.exception_rules.rule import Exceptional, Setting
from tests.decisions.builders import (
    accepted,
    contract,
    day,
    last,
    pays,
    play,
    records_paid,
    submits,
)
from tests.decisions.spec import Story, record
from tests.decisions.test_rules_invoice import VAT, sends_back
from tests.decisions.test_rules_invoice import invoices as receives

REQUIRED = InvoicePolicy(required=True, tolerance_minor=10)


def rows(story: Story) -> list[dict[str, Any]]:
    names = [column.name for column in invoices.COLUMNS]
    return [dict(zip(names, row, strict=True)) for row in invoices.rows(story.the_state())]


def happened(story: Story, *facts: Any) -> Story:
    for fact in facts:
        story.records.append(record(fact, last(story) + 1))
    return story


def received(amount: int, number: str = "F-1") -> InvoiceReceived:
    covers = (Covered(milestone="M1", amount_minor=amount),)
    return InvoiceReceived(
        on=day(9, 1), number=number, kind="commercial", amount_minor=amount, covers=covers
    )


def paid(amount: int) -> PaymentRecorded:
    return PaymentRecorded(on=day(9, 2), milestone="M1", amount_minor=amount)


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ([], "not-invoiced"),
        ([received(1_060_000)], "unpaid"),
        ([received(1_060_000), paid(1_060_000)], "matched"),
        ([received(1_060_010), paid(1_060_000)], "matched"),
        ([received(1_059_990), paid(1_060_000)], "matched"),
        ([received(1_060_011)], "over-invoiced"),
        ([received(1_059_989)], "under-invoiced"),
        ([received(1_060_000), paid(1_060_011)], "paid-over-invoice"),
        (
            [received(1), received(1_060_000, "F-2"), InvoiceRejected(invoice=7, reason="r")],
            "unpaid",
        ),
    ],
)
def test_the_three_amounts_agree_within_the_tolerance(facts: list[Any], state: str) -> None:
    story = happened(accepted(tax=VAT, invoices=REQUIRED), *facts)
    found = [row for row in rows(story) if row["status"] != "rejected"]
    assert [row["match"] for row in found] == [state]
    assert found[0]["accepted_minor"] == 1_060_000


def test_what_is_not_accepted_yet_is_compared_later() -> None:
    story = play(contract(), submits("M1"), receives())
    (row,) = rows(story)
    assert (row["match"], row["accepted_minor"], row["covered_minor"]) == (
        "accepted-later",
        None,
        1_000_000,
    )


def test_an_accepted_milestone_without_an_invoice_has_a_row_where_one_is_required() -> None:
    (row,) = rows(accepted(invoices=REQUIRED))
    assert (row["version"], row["status"], row["number"]) == (0, "missing", "")
    assert rows(accepted()) == []
    assert rows(accepted("M1", invoices=InvoicePolicy())) == []


def test_a_rejected_invoice_stays_a_row_beside_the_one_that_is_missing() -> None:
    story = play(accepted(invoices=REQUIRED), receives(), sends_back(7))
    found = [(row["version"], row["status"], row["match"]) for row in rows(story)]
    assert found == [(7, "rejected", "rejected"), (0, "missing", "not-invoiced")]


# --- the inbox -------------------------------------------------------------------------------------


def waiting(story: Story) -> list[tuple[str, str, int | None]]:
    found = tasks(story.the_state())
    return [(t.task, t.role, t.amount_minor) for t in found if t.reference == "C-1/M1"]


def test_payment_waits_for_the_partners_invoice() -> None:
    story = accepted(tax=VAT, invoices=REQUIRED)
    assert waiting(story) == [("send an invoice", "partner", 1_060_000)]
    play(story, receives("F-1", ("M1", 400_000)))
    assert waiting(story) == [("send an invoice", "partner", 660_000), ("pay", "finance", 400_010)]
    play(story, receives("F-2"))
    assert waiting(story) == [("pay", "finance", 1_060_000)]


def test_without_the_policy_payment_waits_for_finance_alone() -> None:
    assert waiting(accepted()) == [("pay", "finance", 1_000_000)]


# --- exceptions ------------------------------------------------------------------------------------


def exceptions(story: Story, rule: str) -> list[Exceptional]:
    settings = {one.id: Setting(enabled=one.id == rule) for one in exception_rules()}
    return examine([story.records], settings).found


@pytest.mark.parametrize(("amount", "hits"), [(1_000_010, 0), (1_000_011, 1)])
def test_paid_without_invoice(amount: int, hits: int) -> None:
    story = happened(accepted(invoices=REQUIRED), received(1_000_000), paid(amount))
    found = exceptions(story, "paid-without-invoice")
    assert len(found) == hits
    if hits:
        assert (found[0].severity, found[0].milestone, found[0].events) == ("high", "C-1/M1", [8])
        says = "10,000.11 CNY is paid, and invoices cover 10,000.00 CNY"
        assert found[0].detail == says
    free = happened(accepted(invoices=InvoicePolicy()), paid(amount))
    assert exceptions(free, "paid-without-invoice") == []


def test_a_payment_within_the_tolerance_still_needs_an_invoice() -> None:
    story = happened(accepted(invoices=REQUIRED), paid(5))
    assert len(exceptions(story, "paid-without-invoice")) == 1


@pytest.mark.parametrize(("amount", "hits"), [(1_000_010, 0), (1_000_011, 1)])
def test_over_invoiced(amount: int, hits: int) -> None:
    """Invoiced before the acceptance, or before a dispute took a part away."""
    story = happened(accepted(invoices=REQUIRED), received(amount))
    found = exceptions(story, "over-invoiced")
    assert len(found) == hits
    if hits:
        assert (found[0].severity, found[0].milestone, found[0].events) == ("medium", "C-1/M1", [7])


def test_what_was_paid_on_its_invoice_is_no_exception() -> None:
    story = play(accepted(invoices=REQUIRED), receives(), pays(), records_paid(8))
    for rule in ("paid-without-invoice", "over-invoiced"):
        assert exceptions(story, rule) == []
