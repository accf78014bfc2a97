"""Imported history: the same rules run, and what they object to is noted in the event, never refused."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ledger.events import (
    DisputeOpened,
    Fact,
    MilestoneAccepted,
    MilestoneCancelled,
    MilestoneDefined,
    MilestoneSubmitted,
    PaymentRecorded,
)
from ledger.intents import TakenDispute, TakenMilestone, TakenPayment, TakeOver
from tests.decisions.builders import contract, permitted, refused, starts
from tests.decisions.marks import permits, refuses
from tests.decisions.spec import Story, given

SIGNED = date(2020, 1, 1)
BEFORE, LATER, TO_COME = date(2019, 12, 31), date(2020, 6, 1), date(2030, 1, 1)


def done(id: str = "A", **told: object) -> TakenMilestone:
    fields = {"amount_minor": 100, "status": "accepted", "submitted_on": LATER} | told
    return TakenMilestone(id=id, **fields)  # type: ignore[arg-type]


def breaches(kind: type[Fact], **told: object) -> tuple[str, ...]:
    """What the first event of a kind broke, when a source tells this of a contract worth 100."""
    fields = {"contract": "C-1", "signed_on": SIGNED, "value_minor": 100} | told
    story = given()
    permitted(story, ("importer", TakeOver(**fields)))  # type: ignore[arg-type]
    (broken,) = (r.data.breaches for r in story.records if type(r.data) is kind)
    findings = {(f.rule, f.version) for f in story.the_state().findings}
    assert {rule for rule, _ in findings} >= set(broken)
    return broken


CASES: dict[str, tuple[type[Fact], dict[str, Any]]] = {
    "ceiling": (MilestoneDefined, {"milestones": (done(amount_minor=101),)}),
    "early": (MilestoneSubmitted, {"milestones": (done(submitted_on=BEFORE),)}),
    "future": (MilestoneSubmitted, {"milestones": (done(submitted_on=TO_COME),)}),
    "order": (MilestoneAccepted, {"milestones": (done(accepted_on=SIGNED),)}),
    "paid": (
        PaymentRecorded,
        {
            "milestones": (done(),),
            "payments": (TakenPayment(reference="T", amount_minor=101, milestone="A"),),
        },
    ),
    "unaccepted": (
        PaymentRecorded,
        {
            "milestones": (done(status="started"),),
            "payments": (TakenPayment(reference="T", amount_minor=1, milestone="A"),),
        },
    ),
    "undelivered": (
        DisputeOpened,
        {"milestones": (done(status="defined"),), "disputes": (TakenDispute(milestone="A"),)},
    ),
}
BROKEN = {
    "ceiling": ("committed-within-ceiling",),
    "early": ("not-before-signature",),
    "future": ("not-after-today",),
    "order": ("not-before-what-it-rests-on",),
    "paid": ("paid-within-value", "payment-within-payable"),
    "unaccepted": ("milestone-accepted", "payment-within-payable"),
    "undelivered": ("dispute-from-submission-on",),
}


@pytest.mark.parametrize("case", CASES)
def test_a_broken_rule_goes_into_the_event_and_nothing_is_dropped(case: str) -> None:
    kind, told = CASES[case]
    assert breaches(kind, **told) == BROKEN[case]


def test_what_breaks_no_rule_carries_none() -> None:
    told = {
        "milestones": (done(),),
        "payments": (TakenPayment(reference="T", amount_minor=100, milestone="A"),),
        "disputes": (TakenDispute(milestone="A", amount_minor=100, opened_on=LATER),),
    }
    for kind in (MilestoneDefined, MilestoneSubmitted, MilestoneAccepted, PaymentRecorded):
        assert breaches(kind, **told) == ()


def test_cancelled_after_acceptance_is_taken_as_it_is() -> None:
    story = given()
    for status, claim in (("accepted", "2020-07-01"), ("cancelled", "2020-08-01")):
        told = TakeOver(
            contract="C-1", signed_on=SIGNED, milestones=(done(status=status),), known_claim=claim
        )
        permitted(story, ("importer", told))
    event = story.records[-1].data
    assert isinstance(event, MilestoneCancelled)
    assert event.breaches == ("cancel-before-acceptance",)


def test_the_back_dating_window_is_not_asked_of_an_import() -> None:
    old = date(1999, 1, 1)
    story = given()
    told = TakeOver(contract="C-1", signed_on=old, milestones=(done(submitted_on=old),))
    permitted(story, ("importer", told))
    assert all(r.data.breaches == () for r in story.records)


def test_a_native_act_after_the_import_is_judged_as_any_other() -> None:
    story: Story = given()
    permitted(story, ("importer", TakeOver(contract="C-1", milestones=(done(status="defined"),))))
    refused(story, starts("A"), "actor-holds-role")


@permits("history-into-imported-contract")
def test_a_source_adds_to_a_contract_that_an_import_made() -> None:
    story = given()
    permitted(story, ("importer", TakeOver(contract="C-1", signed_on=SIGNED)))
    permitted(story, ("importer", TakeOver(contract="C-1", milestones=(done(),))))


@refuses("history-into-imported-contract")
def test_no_file_accepts_what_people_have_to_approve() -> None:
    told = TakeOver(contract="C-1", milestones=(done("M1"),))
    refused(contract(), ("importer", told), "history-into-imported-contract")


def test_a_payment_of_nothing_breaks_no_rule_and_one_below_zero_does() -> None:
    for amount, broken in ((0, ()), (-1, ("amount-above-zero",))):
        payments = (TakenPayment(reference="T", amount_minor=amount, milestone="A"),)
        assert breaches(PaymentRecorded, milestones=(done(),), payments=payments) == broken
