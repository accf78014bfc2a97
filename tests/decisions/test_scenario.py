"""The double-11 contract, act by act: what is refused on the way, the final figures, and any day's."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.contract import fold
from ledger.decisions.delivery import in_force
from ledger.events import ApprovalGranted
from ledger.state import Contract
from tests.decisions.builders import (
    Act,
    agrees,
    approves,
    day,
    pays,
    permitted,
    play,
    refused,
    starts,
)
from tests.decisions.double_11 import ACTS, CHANGE, CONTRACT, SPLIT
from tests.decisions.spec import Story

Row = tuple[str, int, int, int, int, int, int, int, int, int, int, date | None]

# milestone, gross, bonus, penalty, adjustment, net, held, instructed, paid, outstanding, payable, due
M1: Row = ("M1", 12000000, 180000, 0, 0, 12180000, 0, 0, 12180000, 0, 0, day(9, 19))
M2: Row = ("M2", 30000000, 0, 0, 0, 30000000, 0, 0, 0, 30000000, 30000000, day(11, 7))
M3: Row = ("M3", 18000000, 0, 72000, 0, 17928000, 0, 0, 0, 17928000, 17928000, day(11, 21))
M3_HELD: Row = (*M3[:6], 4500000, 0, 0, 17928000, 13428000, day(11, 21))
OPEN = (0,) * 10
M4_OPEN, M5, M4_REST = ((name, *OPEN, None) for name in ("M4", "M5", "M4-r1"))
M2_PAID: Row = (*M2[:6], 0, 0, 30000000, 0, 0, day(11, 7))
M2_AGAIN: Row = (*M2[:6], 0, 30000000, 0, 30000000, 0, day(11, 7))
M3_SPLIT: Row = (
    "M3",
    18000000,
    0,
    72000,
    -2000000,
    *(15928000, 0, 0, 0, 15928000, 15928000),
    M3[-1],
)
M4: Row = ("M4", 30000000, 2150000, 0, 0, *(32150000, 0, 0, 0, 32150000, 32150000), day(12, 17))


def played(up_to: int = 24) -> Story:
    return play(Story(contract=CONTRACT), *(act for number, act in ACTS if number <= up_to))


def rows(state: Contract | None) -> list[tuple[object, ...]]:
    assert state is not None
    return [
        (
            m.id,
            m.gross_minor,
            m.bonus_minor,
            m.penalty_minor,
            m.adjustment_minor,
            m.net_minor,
            m.held_minor,
            m.instructed_minor,
            m.paid_minor,
            m.outstanding_minor,
            m.payable_minor,
            m.acceptance.payment_due if m.acceptance else None,
        )
        for m in state.milestones.values()
    ]


def test_with_all_that_is_known_every_figure_is_the_one_worked_out_by_hand() -> None:
    state = played().the_state()
    assert rows(state) == [M1, M2_PAID, M3_SPLIT, M4, M5, M4_REST]
    assert sum(m.net_minor for m in state.milestones.values()) == 90258000
    assert sum(m.outstanding_minor for m in state.milestones.values()) == 48078000


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [
        (day(10, 28), [M1, M2, M3_HELD, M4_OPEN, M5]),
        (day(11, 8), [M1, M2_PAID, M3_SPLIT, M4_OPEN, M5]),
        (day(11, 11), [M1, M2_AGAIN, M3_SPLIT, M4_OPEN, M5]),
        (day(11, 20), [M1, M2_PAID, M3_SPLIT, M4, M5, M4_REST]),
    ],
)
def test_as_of_any_day_the_figures_are_those_of_that_day(as_of: date, expected: list[Row]) -> None:
    assert rows(fold(played().records, as_of=as_of)) == expected


def test_as_known_after_act_13_nothing_is_held_and_nothing_of_m2_is_paid() -> None:
    assert rows(played(13).state()) == [M1, M2, M3, M4_OPEN, M5]


def test_the_remainder_keeps_its_date_and_both_parts_make_the_whole() -> None:
    milestones = played().the_state().milestones
    kept, rest = milestones["M4"], milestones["M4-r1"]
    assert [(b.due, b.amount_minor) for b in kept.baselines] == [(day(11, 12), 30000000)]
    assert [(b.due, b.amount_minor) for b in rest.baselines] == [(day(11, 12), 10000000)]
    assert rest.family == kept.id


def test_m2_is_on_time_against_the_baseline_in_force_and_late_against_the_first() -> None:
    m2 = played().the_state().milestones["M2"]
    delivery = m2.submissions[-1]
    assert [b.due for b in m2.baselines] == [day(9, 18), day(9, 25)]
    assert delivery.on == in_force(m2, delivery).due == day(9, 25)
    assert m2.settled_on == day(11, 12)


def test_first_pass_is_said_of_the_first_decision() -> None:
    milestones = played().the_state().milestones
    assert {m.id: m.first_pass for m in milestones.values()} == {
        "M1": True,
        "M2": False,
        "M3": True,
        "M4": False,
        "M5": None,
        "M4-r1": None,
    }


@pytest.mark.parametrize(
    ("after", "act", "rule"),
    [
        (2, approves("M1", by="partner-1"), "submitter-does-not-approve"),
        (4, agrees(CHANGE, by="manager-1"), "proposer-does-not-approve"),
        (10, approves("M2"), "nobody-counts-twice"),
        (10, pays("M2", 1), "milestone-accepted"),
        (14, pays("M3", 13_428_001), "payment-within-payable"),
        (15, agrees(SPLIT, by="manager-2"), "opener-does-not-resolve"),
        (17, pays("M2", 1), "payment-within-payable"),
        (24, starts("M5", date(2026, 8, 2)), "not-before-signature"),
        (24, starts("M5", date(2026, 11, 23)), "not-after-today"),
    ],
)
def test_what_is_refused_on_the_way(after: int, act: Act, rule: str) -> None:
    refused(played(after), act, rule)


def test_the_payable_part_of_a_disputed_milestone_is_paid_to_the_cent() -> None:
    permitted(played(14), pays("M3", 13_428_000))


def test_another_part_as_second_approval_starts_the_count_anew() -> None:
    story = played(23)
    (approval,) = permitted(story, approves("M4", day(11, 16), by="finance-1", part="80%"))
    assert isinstance(approval, ApprovalGranted)
    assert story.the_state().milestones["M4"].status == "submitted"
