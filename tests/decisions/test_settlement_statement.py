"""The statement of a contract: its lines are the schedule's sums, for whatever happened, and for any end of it."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any

import pytest

from ledger.contract import fold
from ledger.retaining import completed_on
from ledger.terms import AdvanceRecovery, Retention, Tax
from projections.derive import schedule
from projections.explain import explain
from projections.termination_account import lines_of, settlement
from tests.decisions import builders as b
from tests.decisions import endings as e
from tests.decisions import random_acts
from tests.decisions.spec import Story


def _agrees(story: Story, as_of: Any = None) -> int:
    """The statement's balance, which is what the schedule has outstanding."""
    told = settlement(story.records, as_of)
    state = fold(story.records, as_of)
    assert told is not None
    assert state is not None
    assert [(name, one) for name, one, _ in told.checks] == [
        (name, two) for name, _, two in told.checks
    ]
    outstanding = schedule.MODEL.names.index("outstanding_minor")
    assert told.balance_minor == sum(int(row[outstanding] or 0) for row in schedule.rows(state))
    assert told.balance_minor == lines_of(told.entries) == sum(dict(told.totals()).values())
    assert all(entry.events and entry.calculation for entry in told.entries)
    return told.balance_minor


@pytest.mark.parametrize("seed", range(25))
def test_the_balance_is_what_the_schedule_has_outstanding_whatever_happened(seed: int) -> None:
    story = random_acts.story(seed, 120)
    _agrees(story)
    days = sorted({record.data.on for record in story.records if record.data.on is not None})
    for day in days[:: max(1, len(days) // 4)]:
        _agrees(story, day)


def _ended(seed: int) -> Story:
    """A contract with every clause that an end settles, ended in some state and with some shares and fee."""
    random = Random(seed)
    terms: dict[str, Any] = {
        "advance": AdvanceRecovery(rate=Decimal(random.choice((10, 30, 100)))),
        "retention": Retention(
            rate=Decimal(random.choice((5, 10))), until=random.choice((None, Decimal(50)))
        ),
        "tax": random.choice((None, Tax(vat=Decimal(6), withholding=Decimal(2)))),
        "termination": random.choice((None, e.FEE)),
    }
    story = e.advanced(**terms)
    wholes = {"M1": 1_000_000, "M2": 3_000_000}
    for name in list(wholes):
        act = random.choice(("open", "submitted", "accepted", "in part"))
        if act != "open":
            b.play(story, b.submits(name, on=b.day(9, random.randint(1, 30))))
        if act in ("accepted", "in part"):
            part = "" if act == "accepted" else "37.5%"
            for by in ("manager-1", "finance-1"):
                if story.the_state().milestones[name].acceptance is None:
                    b.play(story, b.approves(name, on=b.day(10, 1), by=by, part=part))
            del wholes[name]
    shares = tuple(
        (name, random.choice((0, 1, whole // 3, whole))) for name, whole in wholes.items()
    )
    e.ended(story, *shares, fee=random.choice((0, 33_333, -77_777)))
    return story


@pytest.mark.parametrize("seed", range(40))
def test_however_a_contract_ends_nothing_is_left_open(seed: int) -> None:
    story = _ended(seed)
    state = story.the_state()
    assert state.status == "terminated"
    assert {m.status for m in state.milestones.values()} <= {"accepted", "cancelled"}
    assert state.open_advance_minor == 0
    acted = [m.acceptance.on if m.acceptance else m.cancelled_on for m in state.milestones.values()]
    assert completed_on(state) == max(day for day in acted if day is not None)
    fee = sum(
        posted.line.amount_minor
        for m in state.milestones.values()
        for posted in m.lines
        if posted.line.clause == "termination-fee"
    )
    earned = sum(
        m.taxable_minor + m.tax_minor - m.retained_minor
        for m in state.milestones.values()
        if m.kind == "milestone"
    )
    assert _agrees(story) == earned + fee - e.ADVANCE


def test_a_claim_set_off_leaves_the_balance_as_it_was() -> None:
    story = e.money_claimed()
    before = _agrees(story)
    e.approved(story, e.sets_off())
    assert _agrees(story) == before == 2_900_000


def test_retention_released_and_paid_stands_in_it_beside_what_is_kept() -> None:
    from ledger import intents as i

    story = b.accepted("M1", **e.retained())
    e.ended(story)
    b.play(story, ("finance-1", i.ReleaseRetention(milestone="M1", on=b.day(11, 2))))
    release = story.the_state().milestones["M1"].releases[0]
    pays = i.InstructPayment(milestone="M1", release=release.version, on=b.day(11, 3))
    b.play(story, ("finance-1", pays))
    b.play(story, b.records_paid(b.last(story), on=b.day(11, 4)))
    told = settlement(story.records)
    assert told is not None
    assert dict(told.totals()) == {
        "accepted": 1_000_000,
        "retention": -50_000,
        "release": 50_000,
        "paid": -50_000,
    }
    assert (_agrees(story), told.kept_minor, told.payable_minor) == (950_000, 0, 950_000)


def test_behind_an_entry_stand_the_events_that_explain_names_behind_a_release_its_causes() -> None:
    from ledger import intents as i

    story = b.accepted("M1", **e.retained())
    e.ended(story)
    b.play(story, ("finance-1", i.ReleaseRetention(milestone="M1", on=b.day(11, 2))))
    told, explained = settlement(story.records), explain(story.records, "M1")
    assert told is not None and explained is not None
    lines = [entry.events for entry in told.entries if entry.group != "release"]
    assert lines == [line.events for line in explained.lines]
    assert all({1, 2, 4, 5, 6} <= set(events) for events in lines)  # from the terms to the approval
    (release,) = [entry.events for entry in told.entries if entry.group == "release"]
    accepted, cancelled = 6, story.the_state().milestones["M2"].cancelled_by
    assert {2, accepted, cancelled, b.last(story)} <= set(release)


def test_a_contract_that_did_not_exist_yet_has_no_statement() -> None:
    assert settlement(b.contract().records, b.day(8, 2)) is None
