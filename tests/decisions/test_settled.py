"""When a payable was settled, by the days on which things happened, and what an open instruction reserves."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import permutations
from typing import Any

import msgspec
import pytest
from hypothesis import given as forall
from hypothesis import strategies as st

from ledger import intents as i
from ledger.events import Fact, Line, MilestoneAccepted, PaymentInstructed, PaymentRecorded
from ledger.state import Payment, last_settled
from ledger.terms import EarlyPayment, PaymentTerms
from projections.derive import milestones, schedule
from projections.metrics.cycle_times import cycle_times
from projections.metrics.paid_on_time import paid_on_time
from tests.decisions.builders import (
    Act,
    agrees,
    bonus,
    contract,
    day,
    defined,
    disputes,
    last,
    pays,
    play,
    proposes,
    records_paid,
    refused,
    resolution,
)
from tests.decisions.spec import Story, given
from tests.metrics.rows import Put, answering


def whole(**terms: Any) -> Story:
    """121,800.00 are accepted on 20 August, payable by 19 September."""
    story = contract(defined("M1", amount_minor=12_180_000), ceiling_minor=None, **terms)
    submits = i.SubmitMilestone(milestone="M1", on=day(8, 20))
    play(story, ("partner-1", submits))
    for by in ("manager-1", "finance-1"):
        play(story, (by, i.ApproveMilestone(milestone="M1", on=day(8, 20))))
    return story


def paid(story: Story, amount: int | None, on: date) -> int:
    """Instructs and records a payment on a day; the version of its record."""
    play(story, pays("M1", amount, on=on))
    play(story, records_paid(last(story), on=on))
    return last(story)


def m1(story: Story) -> Any:
    return story.the_state().milestones["M1"]


def asked(story: Story) -> tuple[Any, Any]:
    """Paid-on-time and the days from acceptance to payment, from the rows that the read models have."""
    state, rows = story.the_state(), []
    for model in (schedule.MODEL, milestones.MODEL):
        rows += [
            Put(model.name, dict(zip(model.names, row, strict=True))) for row in model.rows(state)
        ]
    select = answering(*rows)
    on_time = paid_on_time(select, as_of=day(11, 22), known_at={})["overall"]
    spans = cycle_times(select, as_of=day(11, 22), known_at={})["overall"]
    return (on_time["numerator"], on_time["denominator"]), spans["accept_to_paid"]["median_days"]


NO_LATENESS: dict[str, Any] = {"early_bonus": None, "late_penalty": None}


def test_a_payment_entered_late_does_not_settle_what_a_later_one_had_already() -> None:
    """100,000.00 paid on 25 September is recorded first, 21,800.00 paid on 10 September is entered afterwards."""
    story = whole(**NO_LATENESS)
    paid(story, 10_000_000, day(9, 25))
    paid(story, 2_180_000, day(9, 10))
    assert m1(story).settled_on == day(9, 25)
    assert asked(story) == ((0, 1), 36)


@pytest.mark.parametrize("order", list(permutations([(9, 10), (9, 17), (9, 25)])))
def test_the_order_of_recording_does_not_matter(order: tuple[tuple[int, int], ...]) -> None:
    story = whole(**NO_LATENESS)
    for month, number in order:
        paid(story, 4_060_000, day(month, number))
    assert m1(story).settled_on == day(9, 25)


def test_a_return_opens_it_again_until_it_is_paid_again() -> None:
    """Paid on 10 September, returned on the 14th paid again on the 12th or 22nd, whichever is recorded first."""
    for again, settled in ((day(9, 22), day(9, 22)), (day(9, 12), day(9, 10))):
        story = whole(**NO_LATENESS)
        record = paid(story, None, day(9, 10))
        returned: Act = ("finance-1", i.ReversePayment(payment=record, on=day(9, 14)))
        play(story, returned)
        assert m1(story).settled_on is None
        paid(story, None, again)
        assert m1(story).settled_on == settled


def test_a_return_that_is_entered_late_reopens_by_its_own_day() -> None:
    """Paid in two parts on 10 and 15 September; the first came back on the 12th and was paid again on the 20th."""
    story = whole(**NO_LATENESS)
    first = paid(story, 2_180_000, day(9, 10))
    paid(story, 10_000_000, day(9, 15))
    assert m1(story).settled_on == day(9, 15)
    play(story, ("finance-1", i.ReversePayment(payment=first, on=day(9, 12))))
    paid(story, 2_180_000, day(9, 20))
    assert m1(story).settled_on == day(9, 20)


def test_a_payment_that_never_was_settles_nothing() -> None:
    story = whole(**NO_LATENESS)
    record = paid(story, None, day(9, 10))
    play(story, ("finance-1", i.ReversePayment(payment=record, why="error")))
    paid(story, None, day(9, 8))
    assert m1(story).settled_on == day(9, 8)


def test_a_bonus_of_an_earlier_day_than_its_payment_is_settled_by_the_later_of_both() -> None:
    story = whole(**NO_LATENESS)
    paid(story, None, day(9, 18))
    play(story, proposes(bonus(100), on=day(9, 1)))
    play(story, agrees(last(story), on=day(9, 1)))
    paid(story, None, day(9, 3))
    assert m1(story).settled_on == day(9, 18)


def test_a_claim_of_a_later_day_changes_nothing() -> None:
    story = whole(**NO_LATENESS)
    paid(story, None, day(9, 18))
    play(story, disputes("M1", 100, on=day(9, 20)))
    play(story, proposes(resolution(last(story), "upheld", -100), on=day(9, 21)))
    play(story, agrees(last(story), on=day(9, 21)))
    assert m1(story).settled_on == day(9, 18)


def test_where_it_hangs_on_a_payment_of_no_known_day_the_day_is_unknown() -> None:
    def told(*payments: tuple[date | None, int]) -> Story:
        line = Line(step="gross", clause="accepted-part", amount_minor=100)
        events: list[Fact] = [
            MilestoneAccepted(on=day(8, 25), milestone="M1", accepted_minor=100, lines=(line,))
        ]
        events += [PaymentRecorded(on=on, milestone="M1", amount_minor=n) for on, n in payments]
        start = contract(defined("M1")).records
        return given(*(r.data for r in start), *events)

    assert m1(told((day(9, 1), 60), (None, 40))).settled_on is None
    assert m1(told((None, 40), (day(9, 1), 60))).settled_on is None
    assert m1(told((None, 40), (day(9, 1), 100))).settled_on == day(9, 1)


moves = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 60), st.none() | st.integers(0, 40)),
    min_size=1,
    max_size=6,
)


@forall(moves, st.randoms(use_true_random=False))
def test_settled_is_the_last_day_on_which_outstanding_reached_nothing(
    made: list[tuple[int, int, int | None]], random: Any
) -> None:
    """Against every day in turn: the last on which something was outstanding before, and nothing from then on."""

    def on(number: int) -> date:
        return date.fromordinal(day(9, 1).toordinal() + number)

    owed = 100
    payments = []
    for number, (paid_on, minor, after) in enumerate(made):
        back = None if after is None else paid_on + after
        status = "paid" if back is None else "reversed"
        one = Payment(number, 0, "M1", minor, None, status=status, paid_minor=minor)
        one.paid_on, one.ended_on = on(paid_on), None if back is None else on(back)
        payments.append(one)

    def outstanding(number: int) -> int:
        return owed - sum(
            p.paid_minor
            for p in payments
            if p.paid_on
            and p.paid_on <= on(number)
            and not (p.ended_on and p.ended_on <= on(number))
        )

    expected = None
    for number in range(90):
        if outstanding(number) > 0:
            expected = None
        elif expected is None:
            expected = on(number)
    random.shuffle(payments)
    assert last_settled(day(8, 25), [(day(8, 25), owed)], payments) == expected


# --- what an instruction reserves ---------------------------------------------------------------------

DISCOUNT = PaymentTerms(net_days=30, discount=EarlyPayment(rate=Decimal(2), days=10))


def instructed() -> Story:
    """Net 121.00, 2 %: 118.58 is instructed with the discount of 2.42."""
    story = contract(defined("M1", amount_minor=12_100), payment=DISCOUNT)
    play(story, ("partner-1", i.SubmitMilestone(milestone="M1", on=day(8, 21))))
    play(story, ("manager-1", i.ApproveMilestone(milestone="M1", on=day(8, 25))))
    told = i.InstructPayment(milestone="M1", on=day(8, 26), discount=True)
    play(story, ("finance-1", told))
    event = story.records[-1].data
    assert isinstance(event, PaymentInstructed)
    assert (event.amount_minor, event.discount_minor) == (11_858, 242)
    return story


def test_the_discount_is_reserved_with_the_amount_until_the_bank_has_paid() -> None:
    story = instructed()
    assert (m1(story).instructed_minor, m1(story).payable_minor) == (12_100, 0)
    for minor in (1, 242, None):
        act: Act = pays("M1", minor, on=day(8, 27))
        refused(story, act, "amount-above-zero" if minor is None else "payment-within-payable")
    play(story, records_paid(last(story), on=day(8, 28)))
    assert (m1(story).paid_minor, m1(story).outstanding_minor) == (11_858, 0)
    assert (m1(story).instructed_minor, m1(story).payable_minor) == (0, 0)


@pytest.mark.parametrize(
    ("end", "left"),
    [
        (i.FailPayment(instruction=7, on=day(8, 28)), 12_100),
        (i.RecordPayment(instruction=7, on=day(9, 5)), 242),  # late: the discount stays owed
        (i.RecordPayment(instruction=7, amount_minor=5_000, on=day(8, 28)), 7_100),
    ],
)
def test_the_discount_is_free_again_when_the_instruction_ends_without_it(
    end: i.Intent, left: int
) -> None:
    story = instructed()
    assert last(story) == 6
    play(story, ("finance-1", _of(end, 6)))
    assert (m1(story).instructed_minor, m1(story).payable_minor) == (0, left)


def _of(end: i.Intent, version: int) -> i.Intent:
    return msgspec.structs.replace(end, instruction=version)
