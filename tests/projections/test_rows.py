"""Whole rows of the read models, written by hand column by column: no figure stands in another's place.

The fact of version v stands at position 100 + v in the log.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from ledger import events as e
from ledger.events import Covered, Exchange, Fact
from ledger.state import Contract
from ledger.terms import InvoicePolicy, PaymentTerms, Retention, RetentionRelease
from projections.derive import (
    bonuses,
    contracts,
    disputes,
    findings,
    invoices,
    milestones,
    payments,
    retentions,
    schedule,
    settlements,
    unknowns,
)
from projections.derive.model import ReadModel
from tests.decisions.builders import day
from tests.decisions.told import DEFINED, M1, accepted, after, line
from tests.metrics.rows import answering
from tests.metrics.rows import line as payable

OF_M1: dict[str, Any] = {"stream": 1, "contract": "C-1", "partner": "Studio", "currency": "CNY"}


def rows(model: ReadModel, state: Contract) -> list[dict[str, Any]]:
    return [dict(zip(model.names, row, strict=True)) for row in model.rows(state)]


def row(model: ReadModel, *facts: Fact, **more: Any) -> dict[str, Any]:
    (one,) = rows(model, after(*facts, **more))
    return one


def paid(amount: int, on: date | None = None, **more: Any) -> Fact:
    return e.PaymentRecorded(on=on or day(9, 20), amount_minor=amount, **(M1 | more))


def opened(amount: int | None, side: Any = "client") -> Fact:
    return e.DisputeOpened(on=day(9, 1), side=side, amount_minor=amount, reason="late", **M1)


def released(amount: int = 40) -> Fact:
    return e.RetentionReleased(
        on=day(9, 10),
        acceptance=4,
        amount_minor=amount,
        lines=(line(amount, "retention"),),
        payment_due=day(9, 30),
        provisional=True,
        **M1,
    )


# --- contracts, disputes, bonuses, payments ----------------------------------------------------------------


def test_a_contracts_row() -> None:
    facts = (
        *accepted(),
        structs.replace(DEFINED, milestone="M2", amount_minor=300),
        structs.replace(DEFINED, milestone="M3", amount_minor=700),
        e.MilestoneCancelled(on=day(9, 1), milestone="M3", reason=""),
        paid(250),
        paid(50),
        e.PaymentReversed(on=day(9, 21), payment=9, why="event", **M1),
        e.ContractSuspended(on=day(9, 22)),
    )
    assert row(contracts.MODEL, *facts, title="Fit-out") == {
        "stream": 1,
        "version": 11,
        "position": 111,
        "contract": "C-1",
        "title": "Fit-out",
        "client": "BrightWave",
        "partner": "Studio",
        "currency": "CNY",
        "status": "suspended",
        "timezone": "Asia/Shanghai",
        "signed_on": "2026-08-03",
        "value_minor": 5_000_000,
        "committed_minor": 1_300,
        "paid_minor": 250,
        "payments": 1,
        "milestones": 2,
        "imported": 0,
        "separation": 1,
        "events": "[101,111]",
    }


def test_what_was_paid_is_less_by_what_came_back_from_the_partner() -> None:
    refund = e.PaymentRefunded(on=day(9, 25), amount_minor=200, **M1)
    one = row(contracts.MODEL, *accepted(), paid(1_200), refund)
    assert (one["paid_minor"], one["payments"]) == (1_000, 2)


def test_a_contract_that_its_source_calls_ended_is_shown_so() -> None:
    state = after(imported=True)
    state.source_status = "terminated"
    (one,) = rows(contracts.MODEL, state)
    assert (one["status"], one["imported"]) == ("terminated", 1)


@pytest.mark.parametrize(
    ("kind", "status", "committed"),
    [
        ("milestone", "expected", None),
        ("advance", "expected", 1_000),
        ("milestone", "cancelled", 1_000),
    ],
)
def test_what_is_committed_is_unknown_where_an_amount_that_counts_is(
    kind: str, status: str, committed: int | None
) -> None:
    open_ended = structs.replace(DEFINED, milestone="M2", amount_minor=None, kind=kind)
    gone = e.MilestoneCancelled(on=day(9, 1), milestone="M2", reason="")
    facts = (DEFINED, open_ended, *([gone] if status == "cancelled" else []))
    assert row(contracts.MODEL, *facts)["committed_minor"] == committed


def test_a_disputes_row() -> None:
    ended = e.DisputeWithdrawn(on=day(9, 5), dispute=6, why="event", **M1)
    rest = structs.replace(DEFINED, milestone="M1-r1", amount_minor=400, remainder_of="M1")
    about_rest = structs.replace(opened(70), milestone="M1-r1")
    facts = (*accepted(600), rest, about_rest, structs.replace(ended, milestone="M1-r1"))
    assert row(disputes.MODEL, *facts) == OF_M1 | {
        "version": 6,
        "milestone": "M1-r1",
        "family": "M1",
        "side": "client",
        "status": "withdrawn",
        "reason": "late",
        "amount_minor": 70,
        "opened_on": "2026-09-01",
        "ended_on": "2026-09-05",
        "opened_by": "person-6",
        "events": "[106,107]",
    }


def test_the_rows_of_bonuses_and_penalties() -> None:
    facts = (
        *accepted(),
        e.BonusAwarded(on=day(8, 25), kind="early", lines=(line(50, "bonus"),), **M1),
        e.BonusAwarded(on=day(8, 26), kind="quality", lines=(line(60, "bonus"),), **M1),
        e.BonusRevoked(on=day(9, 1), bonus=6, why="event", lines=(line(-60, "bonus"),), **M1),
        e.PenaltyAssessed(on=day(8, 27), lines=(line(-30, "penalty"),), **M1),
        e.PenaltyWaived(on=day(9, 1), penalty=8, lines=(line(10, "penalty"),), **M1),
        e.PenaltyAssessed(on=day(8, 28), lines=(line(-5, "penalty"),), **M1),
        e.PenaltyWaived(on=day(9, 1), penalty=10, lines=(line(5, "penalty"),), **M1),
    )
    found = rows(bonuses.MODEL, after(*facts))
    shared = OF_M1 | {"milestone": "M1"}
    names = ("version", "kind", "status", "amount_minor", "taken_back_minor", "awarded_on")
    expected = [
        (5, "early bonus", "awarded", 50, 0, "2026-08-25"),
        (6, "quality bonus", "revoked", 60, 60, "2026-08-26"),
        (8, "late penalty", "assessed", 30, 10, "2026-08-27"),
        (10, "late penalty", "waived", 5, 5, "2026-08-28"),
    ]
    assert found == [shared | dict(zip(names, one, strict=True)) for one in expected]


USD: dict[str, Any] = {"currency": "USD", "rate_on": day(9, 1), "source": "ECB"}


def instructed(**more: Any) -> Fact:
    fields: dict[str, Any] = {"amount_minor": 80, "run": "run-1", "on": day(9, 2)} | M1
    return e.PaymentInstructed(**(fields | more))


def test_the_rows_of_a_payment() -> None:
    facts = (
        *accepted(),
        instructed(
            transfer="T-1",
            payee=7,
            account="6222",
            discount_minor=3,
            exchange=Exchange(amount_minor=1_000, rate="12.5", **USD),
        ),
        paid(
            78,
            instruction=5,
            reference="R-1",
            entry="E-1",
            fees_minor=2,
            exchange=Exchange(
                amount_minor=960, rate="12.3", currency="USD", rate_on=day(9, 4), source="PBoC"
            ),
            lines=(line(-3, "settlement", "discount"),),
        ),
    )
    beside: dict[str, Any] = {
        "version": 5,
        "milestone": "M1",
        "status": "paid",
        "amount_minor": 80,
        "paid_minor": 78,
        "instructed_on": "2026-09-02",
        "paid_on": "2026-09-20",
        "run": "run-1",
        "reference": "R-1",
        "events": "[105,106]",
    }
    assert row(payments.MODEL, *facts) == OF_M1 | beside | {"ended_on": None}
    assert row(settlements.MODEL, *facts) == OF_M1 | beside | {
        "release": 0,
        "transfer": "T-1",
        "account": "6222",
        "payee": 7,
        "discount_minor": 3,
        "fees_minor": 2,
        "paid_currency": "USD",
        "instructed_foreign_minor": 1_000,
        "paid_foreign_minor": 960,
        # 78 of 80 are 975 of the 1,000 that were instructed, and 960 were paid
        "gain_minor": 15,
        "rate": "12.3",
        "rate_on": "2026-09-04",
        "rate_source": "PBoC",
        "entry": "E-1",
    }


def test_a_contract_was_paid_what_was_recorded_and_not_what_was_instructed() -> None:
    one = row(contracts.MODEL, *accepted(), instructed(), paid(78, instruction=5))
    assert (one["paid_minor"], one["payments"]) == (78, 1)


def test_of_money_instructed_in_one_currency_and_paid_in_another_nothing_was_gained() -> None:
    told = Exchange(amount_minor=1_000, rate="12.5", **USD)
    facts = (*accepted(), instructed(exchange=told))
    for currency, gained in (("USD", 40), ("EUR", None)):
        moved = structs.replace(told, amount_minor=960, currency=currency)
        one = row(settlements.MODEL, *facts, paid(80, instruction=5, exchange=moved))
        assert (one["gain_minor"], one["paid_currency"]) == (gained, currency)


def test_what_is_gained_on_more_than_was_instructed_is_reckoned_in_proportion() -> None:
    """100 of 80 are 1,250 of the 1,000 that were instructed, and 1,240 were paid."""
    told = Exchange(amount_minor=1_000, rate="12.5", **USD)
    more = paid(100, instruction=5, exchange=structs.replace(told, amount_minor=1_240))
    one = row(settlements.MODEL, *accepted(), instructed(exchange=told), more)
    assert one["gain_minor"] == 10
    # 41 of 80 are 512.50 of the 1,000, rounded half up: 513, and 500 were paid
    less = paid(41, instruction=5, exchange=structs.replace(told, amount_minor=500))
    one = row(settlements.MODEL, *accepted(), instructed(exchange=told), less)
    assert one["gain_minor"] == 13
    back = e.PaymentReversed(on=day(9, 25), payment=6, why="event", **M1)
    one = row(settlements.MODEL, *accepted(), instructed(exchange=told), less, back)
    assert (one["status"], one["gain_minor"]) == ("reversed", None)


def test_a_run_pays_what_is_due_on_its_day_and_not_what_is_due_the_day_after() -> None:
    select = answering(payable("M1", "2026-11-07", 100), payable("M2", "2026-11-08", 100))
    due = select(schedule.DUE, on="2026-11-07", contract=None, partner=None)
    assert [one["milestone"] for one in due] == ["M1"]


def test_a_payment_that_came_back_has_both_fees_and_its_end() -> None:
    facts = (
        *accepted(),
        paid(80, fees_minor=2),
        e.PaymentReversed(on=day(9, 25), payment=5, why="event", fees_minor=5, entry="E-2", **M1),
    )
    plain, beside = row(payments.MODEL, *facts), row(settlements.MODEL, *facts)
    assert (plain["status"], plain["ended_on"], plain["run"]) == ("reversed", "2026-09-25", "")
    assert (plain["instructed_on"], plain["paid_on"]) == (None, "2026-09-20")
    assert (beside["fees_minor"], beside["gain_minor"], beside["rate"]) == (7, None, None)


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        ({}, False),
        ({"run": "run-2"}, False),
        ({"transfer": "T-1"}, True),
        ({"payee": 7}, True),
        ({"discount_minor": 1}, True),
        ({"exchange": Exchange(amount_minor=1, rate="1", **USD)}, True),
        ({"release": 5}, True),
    ],
)
def test_a_payment_with_nothing_beside_it_has_no_row_of_settlement(
    more: dict[str, Any], shown: bool
) -> None:
    state = after(*accepted(), released(), instructed(**more))
    assert len(rows(settlements.MODEL, state)) == shown


# --- milestones --------------------------------------------------------------------------------------------


def test_a_milestones_row_has_every_baseline_date_and_amount_in_its_place() -> None:
    plan = structs.replace(
        DEFINED,
        title="Hall",
        stage="build",
        owner="partner-1",
        amount_minor=900,
        source_status="met",
        twin_status="scheduled",
    )
    facts = (
        plan,
        e.MilestoneRevised(on=day(8, 10), due=day(8, 25), amount_minor=1_000, **M1),
        e.MilestoneStarted(on=day(8, 11), **M1),
        e.MilestoneSubmitted(on=day(8, 20), **M1),
        e.SubmissionRejected(on=day(8, 22), submission=5, reason="", **M1),
        e.MilestoneSubmitted(on=day(8, 24), **M1),
        e.MilestoneRevised(on=day(8, 26), due=day(8, 30), amount_minor=1_100, **M1),
        e.MilestoneAccepted(
            on=day(8, 27), submission=7, accepted_minor=1_100, lines=(line(1_100),), **M1
        ),
        opened(70),
        opened(30, "partner"),
        e.DisputeWithdrawn(on=day(9, 2), dispute=10, why="event", **M1),
        paid(1_100),
    )
    assert row(milestones.MODEL, *facts) == OF_M1 | {
        "ordinal": 1,
        "milestone": "M1",
        "family": "M1",
        "title": "Hall",
        "stage": "build",
        "owner": "partner-1",
        "status": "paid",
        "source_status": "met",
        "twin_status": "scheduled",
        "original_due": "2026-08-21",
        "current_due": "2026-08-30",
        "reference_due": "2026-08-25",  # in force when it was delivered
        "original_minor": 900,
        "amount_minor": 1_100,
        "reference_minor": 1_000,
        "started_on": "2026-08-11",
        "first_submitted_on": "2026-08-20",
        "delivered_on": "2026-08-24",
        "delivery": "known",
        "accepted_on": "2026-08-27",
        "is_accepted": 1,
        "is_root": 1,
        "submissions": 2,
        "first_pass": 0,
        "first_decided_on": "2026-08-22",
        "submitted_minor": 1_000,
        "disputes": 2,
        "disputes_open": 1,
        "disputed_minor": 100,
        "settled_on": "2026-09-20",
        "cancelled_on": None,
        "baselines": 3,
        "events": "[102,103,104,105,106,107,108,109,110,111,112,113]",
    }


def test_what_is_undecided_is_delivered_by_the_pending_submission_alone() -> None:
    pending = e.MilestoneSubmitted(on=day(8, 24), **M1)
    rejected = e.SubmissionRejected(on=day(8, 26), submission=3, reason="", **M1)
    gone = e.MilestoneCancelled(on=day(8, 28), reason="", **M1)

    def told(*facts: Fact) -> tuple[Any, ...]:
        one = row(milestones.MODEL, DEFINED, *facts)
        names = ("delivery", "delivered_on", "first_submitted_on", "first_pass", "cancelled_on")
        return tuple(one[name] for name in names)

    assert told() == ("none", None, None, None, None)
    assert told(pending) == ("known", "2026-08-24", "2026-08-24", None, None)
    assert told(structs.replace(pending, on=None))[:2] == ("unknown", None)
    assert told(pending, rejected) == ("none", None, "2026-08-24", 0, None)
    assert told(pending, rejected, gone)[-1] == "2026-08-28"


def test_of_a_milestone_accepted_in_part_the_whole_was_submitted() -> None:
    rest = structs.replace(DEFINED, milestone="M1-r1", amount_minor=400, remainder_of="M1")
    void = structs.replace(DEFINED, milestone="V")
    state = after(*accepted(600, remainder="M1-r1"), rest, void)
    state.milestones["V"].status = "void"
    whole, part = rows(milestones.MODEL, state)
    assert (whole["submitted_minor"], whole["amount_minor"], whole["is_root"]) == (1_000, 600, 1)
    assert (part["submitted_minor"], part["amount_minor"], part["is_root"]) == (None, 400, 0)
    assert (part["family"], part["milestone"], part["ordinal"]) == ("M1", "M1-r1", 2)


def test_of_a_milestone_accepted_in_part_the_whole_is_what_was_in_force_when_it_was_submitted() -> (
    None
):
    """1,500 were promised at first, and 1,000 when it was submitted."""
    rest = structs.replace(DEFINED, milestone="M1-r1", amount_minor=400, remainder_of="M1")
    facts = (
        structs.replace(DEFINED, amount_minor=1_500),
        e.MilestoneRevised(on=day(8, 10), due=day(8, 21), amount_minor=1_000, **M1),
        e.MilestoneSubmitted(on=day(8, 21), **M1),
        e.MilestoneAccepted(
            on=day(8, 25), submission=4, accepted_minor=600, remainder="M1-r1", **M1
        ),
        rest,
    )
    whole = rows(milestones.MODEL, after(*facts))[0]
    assert (whole["submitted_minor"], whole["amount_minor"]) == (1_000, 600)


def test_what_was_submitted_is_the_whole_amount_in_force_at_the_first_submission() -> None:
    facts = (
        DEFINED,
        e.MilestoneSubmitted(on=day(8, 10), **M1),
        e.SubmissionRejected(on=day(8, 11), submission=3, reason="", **M1),
        e.MilestoneRevised(on=day(8, 12), due=day(8, 21), amount_minor=1_200, **M1),
        e.MilestoneSubmitted(on=day(8, 20), **M1),
    )
    assert row(milestones.MODEL, *facts)["submitted_minor"] == 1_000
    # and so when only a part of the 1,200 was accepted then
    part = e.MilestoneAccepted(
        on=day(8, 25), submission=6, accepted_minor=900, lines=(line(900),), remainder="M1-r1", **M1
    )
    rest = structs.replace(DEFINED, milestone="M1-r1", amount_minor=300, remainder_of="M1")
    whole = rows(milestones.MODEL, after(*facts, part, rest))[0]
    assert (whole["submitted_minor"], whole["amount_minor"]) == (1_000, 900)


def test_a_dispute_that_ended_on_no_known_day_is_not_open() -> None:
    ended = e.DisputeResolved(on=None, dispute=5, outcome="rejected", **M1)
    one = row(milestones.MODEL, *accepted(), opened(30), ended)
    assert (one["disputes"], one["disputes_open"], one["disputed_minor"]) == (1, 0, 30)


@pytest.mark.parametrize(
    ("knows", "first_pass", "disputed"),
    [
        (("deliveries", "acceptances"), None, None),
        (("deliveries", "acceptances", "rejections"), 1, None),
        (("deliveries", "acceptances", "disputes"), None, 0),
    ],
)
def test_of_a_source_that_does_not_tell_rejections_or_disputes_neither_is_known(
    knows: tuple[str, ...], first_pass: int | None, disputed: int | None
) -> None:
    one = row(milestones.MODEL, *accepted(), read(*knows), imported=True)
    assert (one["first_pass"], one["disputes"]) == (first_pass, disputed)
    assert (one["disputes_open"], one["disputed_minor"]) == (disputed, disputed)


def test_what_is_invoiced_of_a_milestone_is_what_all_its_invoices_cover() -> None:
    one = e.InvoiceReceived(
        on=day(9, 2),
        number="F-1",
        kind="k",
        amount_minor=600,
        covers=(Covered(milestone="M1", amount_minor=600),),
    )
    two = structs.replace(one, number="F-2", covers=(Covered(milestone="M1", amount_minor=400),))
    found = rows(invoices.MODEL, after(*accepted(), one, two))
    names = ("number", "covered_minor", "invoiced_minor", "match")
    assert [tuple(each[name] for name in names) for each in found] == [
        ("F-1", 600, 1_000, "unpaid"),
        ("F-2", 400, 1_000, "unpaid"),
    ]


def test_a_dispute_of_an_unknown_amount_makes_what_is_disputed_unknown() -> None:
    one = row(milestones.MODEL, *accepted(), opened(None), opened(30))
    assert (one["disputes"], one["disputes_open"], one["disputed_minor"]) == (2, 2, None)


# --- findings ----------------------------------------------------------------------------------------------


def test_the_rows_of_findings_name_the_amount_that_the_fact_is_about() -> None:
    facts = (
        structs.replace(DEFINED, breaches=("amount-in-minor-units",), source_amount="10.005"),
        e.MilestoneSubmitted(on=day(8, 20), inferred=True, **M1),
        paid(700, breaches=("payment-within-payable",)),
        e.ContractAmended(on=day(9, 1), terms=after().terms, breaches=("not-after-today",)),
    )
    found = rows(findings.MODEL, after(*facts))
    names = ("ordinal", "rule", "severity", "milestone", "detail", "events")
    assert [tuple(one[name] for name in names) for one in found] == [
        (1, "amount-in-minor-units", "medium", "M1", "10.00 CNY, of 10.005", "[102]"),
        (2, "payment-within-payable", "high", "M1", "7.00 CNY", "[104]"),
        (3, "not-after-today", "medium", None, "50000.00 CNY", "[105]"),
        (
            4,
            "date-inferred",
            "low",
            "M1",
            "the delivery date was inferred from the source's status and date of change",
            "[103]",
        ),
    ]
    none = structs.replace(DEFINED, amount_minor=None, breaches=("not-after-today",))
    assert row(findings.MODEL, none)["detail"] == "imported history breaks this rule"


@pytest.mark.parametrize(
    ("rule", "weight"),
    [
        ("payment-within-payable", "high"),
        ("milestone-accepted", "high"),
        ("paid-within-value", "high"),
        ("not-after-today", "medium"),
        ("committed-within-ceiling", "medium"),
    ],
)
def test_money_beyond_what_was_agreed_or_accepted_weighs_most(rule: str, weight: str) -> None:
    assert findings.weight_of(rule) == weight


# --- invoices ----------------------------------------------------------------------------------------------


def test_the_rows_of_an_invoice_and_of_one_that_is_missing() -> None:
    received = e.InvoiceReceived(
        on=day(9, 2),
        number="F-1",
        kind="special-vat",
        amount_minor=900,
        tax_minor=90,
        issued_on=day(9, 1),
        covers=(
            Covered(milestone="M1", amount_minor=600),
            Covered(milestone="M2", amount_minor=300),
        ),
    )
    other = structs.replace(DEFINED, milestone="M2", amount_minor=300)
    last = structs.replace(DEFINED, milestone="M3", amount_minor=500)
    late = e.MilestoneAccepted(
        on=day(8, 28), milestone="M3", accepted_minor=500, lines=(line(500),)
    )
    of_m1, of_m2, of_m3 = rows(
        invoices.MODEL, after(*accepted(), other, last, received, late, paid(250))
    )
    assert of_m1 == OF_M1 | {
        "version": 7,
        "ordinal": 1,
        "number": "F-1",
        "kind": "special-vat",
        "status": "received",
        "milestone": "M1",
        "issued_on": "2026-09-01",
        "received_on": "2026-09-02",
        "rejected_on": None,
        "amount_minor": 900,
        "tax_minor": 90,
        "covered_minor": 600,
        "invoiced_minor": 600,
        "accepted_minor": 1_000,
        "paid_minor": 250,
        "match": "under-invoiced",
        "events": "[102,103,104,107,109]",
    }
    assert (of_m2["accepted_minor"], of_m2["match"], of_m2["ordinal"]) == (
        None,
        "accepted-later",
        2,
    )
    assert of_m3 == OF_M1 | {
        "version": 0,
        "ordinal": 3,
        "number": "",
        "kind": "",
        "status": "missing",
        "milestone": "M3",
        "issued_on": None,
        "received_on": None,
        "rejected_on": None,
        "amount_minor": 0,
        "tax_minor": 0,
        "covered_minor": 0,
        "invoiced_minor": 0,
        "accepted_minor": 500,
        "paid_minor": 0,
        "match": "not-invoiced",
        "events": "[106,108]",
    }
    rejected = e.InvoiceRejected(on=day(9, 9), invoice=7, reason="")
    facts = (*accepted(), other, last, received, rejected)
    back, _, again = rows(invoices.MODEL, after(*facts))
    assert (back["status"], back["rejected_on"], back["match"]) == (
        "rejected",
        "2026-09-09",
        "rejected",
    )
    # sent back, it covers nothing: the accepted milestone has none
    assert (again["milestone"], again["status"], again["version"]) == ("M1", "missing", 0)


def test_where_no_invoice_is_required_and_none_came_none_is_missing() -> None:
    assert rows(invoices.MODEL, after(*accepted())) == []
    for policy, missing in ((InvoicePolicy(), 0), (InvoicePolicy(required=True), 1)):
        assert len(rows(invoices.MODEL, after(*accepted(), invoices=policy))) == missing


# --- the schedule ------------------------------------------------------------------------------------------

NOTHING = {
    "bonus_minor": 0,
    "penalty_minor": 0,
    "credit_minor": 0,
    "adjustment_minor": 0,
    "tax_minor": 0,
    "retention_minor": 0,
    "instructed_minor": 0,
    "provisional": 0,
}


def test_the_lines_of_a_milestone_and_of_its_release_have_every_figure_in_its_place() -> None:
    steps = (
        line(1_000),
        line(70, "tax", "vat"),
        line(-100, "retention"),
        line(-200, "advance"),
    )
    facts = (
        structs.replace(DEFINED, title="Hall", stage="build"),
        *accepted(lines=steps, provisional=True)[1:],
        released(),
        e.BonusAwarded(on=day(8, 25), kind="early", lines=(line(50, "bonus"),), **M1),
        e.PenaltyAssessed(on=day(8, 25), lines=(line(-30, "penalty"),), **M1),
        e.ClaimSetOff(
            on=day(9, 1), against="M2", lines=(line(-15, "settlement", "set-off"),), **M1
        ),
        opened(90),
        instructed(amount_minor=60),
        instructed(amount_minor=7, release=5),
        paid(300),
        paid(12, release=5),
        paid(11, milestone=""),
    )
    named: dict[str, Any] = OF_M1 | {"milestone": "M1", "title": "Hall", "stage": "build"}
    own, release, unallocated = rows(schedule.MODEL, after(*facts))
    # net 1,000 + 70 - 100 - 200 + 50 - 30 - 15 = 775, of which 300 are paid, 90 held and 60 instructed
    assert own == named | {
        "ordinal": 1,
        "kind": "milestone",
        "status": "accepted",
        "due_on": "2026-09-24",
        "provisional": 1,
        "gross_minor": 1_000,
        "bonus_minor": 50,
        "penalty_minor": 30,
        "credit_minor": 0,
        "adjustment_minor": -15 - 200,
        "tax_minor": 70,
        "retention_minor": 100,
        "net_minor": 775,
        "held_minor": 90,
        "instructed_minor": 60,
        "paid_minor": 300,
        "outstanding_minor": 475,
        "payable_minor": 325,
        "expected_minor": 0,
        "settled_on": None,
        "events": "[102,103,104,105,106,107,108,109,110,111,112,113]",
    }
    assert release == named | NOTHING | {
        "ordinal": 5,
        "kind": "retention",
        "status": "accepted",
        "due_on": "2026-09-30",
        "provisional": 1,
        "gross_minor": 0,
        "retention_minor": -40,
        "net_minor": 40,
        "held_minor": 0,
        "instructed_minor": 7,
        "paid_minor": 12,
        "outstanding_minor": 28,
        "payable_minor": 21,
        "expected_minor": 0,
        "settled_on": None,
        "events": "[105,111,113]",
    }
    assert unallocated == OF_M1 | NOTHING | {
        "ordinal": 0,
        "kind": "unallocated",
        "milestone": None,
        "title": None,
        "stage": None,
        "status": "paid",
        "due_on": None,
        "gross_minor": None,
        "net_minor": 0,
        "held_minor": 0,
        "paid_minor": 11,
        "outstanding_minor": 0,
        "payable_minor": 0,
        "expected_minor": 0,
        "settled_on": None,
        "events": "[114]",
    }


def test_what_is_not_accepted_is_expected_by_its_plan() -> None:
    """Due on 21 August, payable 30 days later; what was paid in advance of it stands there."""
    facts = (DEFINED, e.MilestoneStarted(on=day(8, 10), **M1), paid(250))
    assert row(schedule.MODEL, *facts) == OF_M1 | NOTHING | {
        "ordinal": 1,
        "kind": "milestone",
        "milestone": "M1",
        "title": "",
        "stage": "",
        "status": "expected",
        "due_on": "2026-09-20",
        "gross_minor": 1_000,
        "net_minor": 0,
        "held_minor": 0,
        "paid_minor": 250,
        "outstanding_minor": 0,
        "payable_minor": 0,
        "expected_minor": 1_000,
        "settled_on": None,
        "events": "[102,103,104]",
    }


def test_an_advance_is_expected_with_the_milestones_and_what_is_cancelled_not_at_all() -> None:
    advance = structs.replace(DEFINED, milestone="A", kind="advance")
    gone = structs.replace(DEFINED, milestone="M2")
    fee = structs.replace(DEFINED, milestone="T", kind="settlement")
    cancelled = e.MilestoneCancelled(on=day(9, 1), milestone="M2", reason="")
    found = rows(schedule.MODEL, after(DEFINED, advance, gone, fee, cancelled))
    assert [(one["milestone"], one["kind"], one["expected_minor"]) for one in found] == [
        ("M1", "milestone", 1_000),
        ("A", "advance", 0),
        ("T", "milestone", 1_000),
    ]
    # a settlement and an advance are delivered by nobody
    assert [one["milestone"] for one in rows(milestones.MODEL, after(DEFINED, advance, fee))] == [
        "M1"
    ]


@pytest.mark.parametrize(
    ("accepted_minor", "disputed", "figures"),
    [
        # net, held, outstanding, payable: what is disputed for an unknown amount may hold all of it
        (1_000, (None,), (1_000, None, 750, None)),
        (1_000, (100, None), (1_000, None, 750, None)),
        (1_000, (100,), (1_000, 100, 750, 650)),
        # accepted for an unknown amount: what is held of it is known where nothing is disputed
        (None, (), (None, 0, None, None)),
        (None, (100,), (None, None, None, None)),
    ],
)
def test_what_is_not_known_is_null_in_all_that_follows_from_it(
    accepted_minor: int | None, disputed: tuple[int | None, ...], figures: tuple[int | None, ...]
) -> None:
    lines = () if accepted_minor is None else (line(1_000),)
    facts = (*accepted(accepted_minor=accepted_minor, lines=lines), paid(250))
    one = row(schedule.MODEL, *facts, *(opened(amount) for amount in disputed))
    names = ("net_minor", "held_minor", "outstanding_minor", "payable_minor")
    assert tuple(one[name] for name in names) == figures
    assert one["gross_minor"] == accepted_minor
    state = after(*facts, *(opened(amount) for amount in disputed))
    told = schedule.figures_of(state, state.milestones["M1"])
    net, held, outstanding, payable = figures
    assert told == {
        "net": net,
        "held": held,
        "instructed": 0,
        "paid": 250,
        "outstanding": outstanding,
        "payable": payable,
    }


# --- retention ---------------------------------------------------------------------------------------------

HALVES = Retention(
    rate=Decimal(10),
    release=(
        RetentionRelease(share=Decimal(60), after="acceptance", days=10),
        RetentionRelease(share=Decimal(40), days=5),
    ),
)


def test_the_rows_of_retention_take_what_was_released_off_the_first_parts() -> None:
    """Of 100 kept back 60 are let go on 4 September, 40 five days after completion, planned for 30 September."""
    steps = (line(1_000), line(-100, "retention"))
    open_yet = structs.replace(DEFINED, milestone="M2", due=day(9, 30))
    gone = structs.replace(DEFINED, milestone="M3", due=day(12, 30))
    dropped = e.MilestoneCancelled(on=day(10, 20), milestone="M3", reason="")
    facts = (
        structs.replace(DEFINED, title="Hall"),
        *accepted(lines=steps)[1:],
        released(70),
        open_yet,
        gone,
        dropped,
    )
    one, two = rows(retentions.MODEL, after(*facts, retention=HALVES))
    shared = OF_M1 | {
        "ordinal": 1,
        "milestone": "M1",
        "title": "Hall",
        "events": "[102,103,104,105]",
    }
    assert one == shared | {
        "part": 1,
        "due_on": "2026-09-04",
        "provisional": 0,
        "retained_minor": 60,
        "released_minor": 60,
    }
    assert two == shared | {
        "part": 2,
        "due_on": "2026-10-05",
        "provisional": 1,
        "retained_minor": 40,
        "released_minor": 10,
    }
    last = e.MilestoneAccepted(
        on=day(10, 10), milestone="M2", accepted_minor=1_000, lines=(line(1_000),)
    )
    done = rows(retentions.MODEL, after(*facts, last, retention=HALVES))[1]
    # M3 was cancelled last, on 20 October: that completed the contract
    assert (done["due_on"], done["provisional"]) == ("2026-10-25", 0)
    assert rows(retentions.MODEL, after(*accepted(), retention=HALVES)) == []
    for amount, parts in ((20, [20, 0]), (60, [60, 0]), (100, [60, 40])):
        facts = (*accepted(lines=steps), released(amount))
        found = rows(retentions.MODEL, after(*facts, retention=HALVES))
        assert [part["released_minor"] for part in found] == parts


def test_what_waits_for_completion_is_planned_for_the_last_due_date_of_what_is_open() -> None:
    """Of 20 and 30 September the later, and five days."""
    steps = (line(1_000), line(-100, "retention"))
    open_yet = [
        structs.replace(DEFINED, milestone=name, due=due)
        for name, due in (("M2", day(9, 20)), ("M3", day(9, 30)), ("M4", None))
    ]
    late = structs.replace(DEFINED, due=day(11, 30))  # M1 itself is accepted: it waits for no day
    _, *decided = accepted(lines=steps)
    found = rows(retentions.MODEL, after(late, *decided, *open_yet, retention=HALVES))
    assert [(part["due_on"], part["provisional"]) for part in found] == [
        ("2026-09-04", 0),
        ("2026-10-05", 1),
    ]


def test_a_release_that_is_paid_whole_is_paid() -> None:
    for amount, status in ((39, "accepted"), (40, "paid"), (41, "paid")):
        facts = (*accepted(), released(40), paid(amount, release=5))
        assert rows(schedule.MODEL, after(*facts))[1]["status"] == status


# --- what is not recorded ----------------------------------------------------------------------------------


def read(*knows: str, **more: Any) -> Fact:
    """A source that can tell of these was read to its end."""
    return e.HistoryImported(on=day(10, 1), source="s.csv", digest="d", knows=knows, **more)


def test_the_rows_of_what_is_unknown_name_each_part_that_no_source_tells() -> None:
    delivered = e.MilestoneSubmitted(on=day(8, 20), inferred=True, **M1)
    state = after(
        DEFINED, delivered, read("deliveries", "disputes", heard_on=day(9, 30)), imported=True
    )
    of_m1, of_contract = rows(unknowns.MODEL, state)
    parts = {f"no_{part}": 0 for part in ("deliveries", "acceptances", "rejections", "disputes")}
    assert of_m1 == OF_M1 | parts | {
        "ordinal": 1,
        "milestone": "M1",
        "heard_on": "2026-09-30",
        "signed_inferred": 0,
        "delivered_inferred": 1,
        "first_inferred": 1,
        "no_acceptances": 1,
        "no_rejections": 1,
        "no_payments": 1,
        "events": "[102,103]",
    }
    assert of_contract == OF_M1 | parts | {
        "ordinal": 0,
        "milestone": None,
        "heard_on": None,
        "signed_inferred": 0,
        "delivered_inferred": 0,
        "first_inferred": 0,
        "no_payments": 1,
        "events": "[101]",
    }


@pytest.mark.parametrize(
    ("first", "second", "flags"),
    [(True, False, (0, 1)), (False, True, (1, 0)), (True, True, (1, 1))],
)
def test_of_what_is_accepted_the_accepted_delivery_says_whether_its_day_was_inferred(
    first: bool, second: bool, flags: tuple[int, int]
) -> None:
    facts = (
        DEFINED,
        e.MilestoneSubmitted(on=day(8, 20), inferred=first, **M1),
        e.SubmissionRejected(on=day(8, 21), submission=3, reason="", **M1),
        e.MilestoneSubmitted(on=day(8, 22), inferred=second, **M1),
        e.MilestoneAccepted(on=day(8, 25), submission=5, accepted_minor=1_000, **M1),
    )
    one = rows(unknowns.MODEL, after(*facts, imported=True))[0]
    assert (one["delivered_inferred"], one["first_inferred"]) == flags


def test_a_contract_signed_here_lacks_nothing_and_one_told_whole_neither() -> None:
    whole = ("deliveries", "acceptances", "rejections", "disputes", "payments")
    assert rows(unknowns.MODEL, after(DEFINED, read())) == []
    told = read(*whole, whole=whole)
    assert rows(unknowns.MODEL, after(DEFINED, told, imported=True)) == []


def test_a_remainder_that_fell_away_lacks_nothing() -> None:
    rest = e.MilestoneDefined(milestone="M1-r1", amount_minor=400, remainder_of="M1")
    back = e.AcceptanceReversed(on=day(9, 1), acceptance=4, why="event", **M1)
    facts = (*accepted(600, remainder="M1-r1"), rest, back, read())
    found = rows(unknowns.MODEL, after(*facts, imported=True))
    assert [one["milestone"] for one in found] == ["M1", None]


def test_an_inferred_day_of_signature_is_named_in_the_contracts_own_row() -> None:
    state = after(imported=True)
    state.inferred = ("signed_on",)
    (one,) = rows(unknowns.MODEL, state)
    assert (one["signed_inferred"], one["no_payments"], one["ordinal"]) == (1, 0, 0)


@pytest.mark.parametrize(
    ("agreed", "due", "provisional"),
    [
        ({"net_days": 30}, "2026-09-20", 0),
        ({"net_days": 30, "after": "month-end"}, "2026-09-30", 0),
        ({"net_days": 0, "day_of_next_month": 10}, "2026-09-10", 0),
        # a calendar may move a day that rolls, and business days: five of them from a Friday end on the next one
        ({"net_days": 30, "roll": "forward"}, "2026-09-20", 1),
        ({"net_days": 5, "days": "business"}, "2026-08-28", 1),
        ({"net_days": 6, "days": "business"}, "2026-08-31", 1),
        # the month's last day is a Monday, October's a Saturday, which rolls to the Monday
        ({"net_days": 0, "days": "business", "until": "month-end"}, "2026-08-31", 1),
        (
            {"net_days": 45, "days": "business", "until": "month-end", "roll": "forward"},
            "2026-11-02",
            1,
        ),
    ],
)
def test_the_plan_says_when_payment_would_fall_due(
    agreed: dict[str, Any], due: str, provisional: int
) -> None:
    one = row(schedule.MODEL, DEFINED, payment=PaymentTerms(**agreed))
    assert (one["due_on"], one["provisional"]) == (due, provisional)


def test_positions_are_told_once_each_and_in_order_and_the_contract_is_due_by_nobodys_clock() -> (
    None
):
    assert row(schedule.MODEL, DEFINED, payment=None)["due_on"] is None
    dated = structs.replace(DEFINED, payment_due=day(12, 1))
    assert row(schedule.MODEL, dated)["due_on"] == "2026-12-01"


def test_where_no_source_tells_of_disputes_what_is_held_is_not_known() -> None:
    known = ("deliveries", "acceptances", "rejections", "payments")
    for knows, held in ((known, None), ((*known, "disputes"), 0)):
        state = after(*accepted(), read(*knows), imported=True)
        assert rows(schedule.MODEL, state)[0]["held_minor"] == held
