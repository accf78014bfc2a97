"""What holds for every contract, whatever its people do: sequences of acts, drawn by seed (random_acts.py)."""

from __future__ import annotations

from datetime import date

from hypothesis import assume
from hypothesis import given as forall
from hypothesis import strategies as st

from ledger import intents as i
from ledger.contract import acting_date, fold
from ledger.events import (
    PaymentInstructed,
    PaymentRecorded,
    PaymentReversed,
    decode_record,
    encode,
)
from ledger.state import Contract, Milestone
from tests.decisions import builders as b
from tests.decisions.random_acts import CEILING, MANAGERS, story
from tests.decisions.spec import Story

FAR = date(9999, 12, 31)
SEEDS = st.integers(0, 2**32 - 1)
stories = st.builds(story, SEEDS, st.integers(20, 80))


def alive(state: Contract) -> list[Milestone]:
    return [m for m in state.milestones.values() if m.status != "void"]


@forall(stories)
def test_money_is_what_it_is_defined_to_be(played: Story) -> None:
    state = played.the_state()
    for m in state.milestones.values():
        lines = sum(p.line.amount_minor for p in m.lines)
        assert m.net_minor == (lines if m.acceptance else 0)
        assert lines == m.gross_minor + m.bonus_minor - m.penalty_minor + m.adjustment_minor
        assert m.outstanding_minor == (lines - m.paid_minor if m.acceptance else 0)
        held = sum(
            d.amount_minor or 0
            for d in state.disputes.values()
            if (d.milestone, d.status, d.side) == (m.id, "open", "client")
        )
        assert m.held_minor == max(0, min(held, m.outstanding_minor))
        payable = m.outstanding_minor - m.held_minor - m.instructed_minor
        assert m.payable_minor == max(0, payable) >= 0
        assert m.penalty_minor >= 0
        assert m.instructed_minor >= 0


@forall(stories)
def test_what_is_committed_stays_within_the_ceiling(played: Story) -> None:
    assert played.the_state().committed_minor <= CEILING


@forall(stories)
def test_no_more_is_paid_than_was_instructed_and_nothing_twice(played: Story) -> None:
    state = played.the_state()
    facts = [r.data for r in played.records]
    instructed = {
        r.version: r.data for r in played.records if isinstance(r.data, PaymentInstructed)
    }
    recorded = [f for f in facts if isinstance(f, PaymentRecorded)]
    assert len({f.instruction for f in recorded}) == len(recorded)
    assert all(f.amount_minor <= instructed[f.instruction].amount_minor for f in recorded)
    reversed_ = {f.payment for f in facts if isinstance(f, PaymentReversed)}
    for m in alive(state):
        stands = sum(
            r.data.amount_minor
            for r in played.records
            if isinstance(r.data, PaymentRecorded)
            and r.data.milestone == m.id
            and r.version not in reversed_
        )
        assert m.paid_minor == stands


@forall(stories)
def test_the_parts_of_a_family_sum_to_the_whole_for_each_baseline(played: Story) -> None:
    state = played.the_state()
    for head in ("M1", "M2"):
        parts = [m for m in alive(state) if m.family == head]
        if any(len(m.baselines) != len(parts[0].baselines) for m in parts):
            continue  # a part has a change order of its own
        first = sum(m.baselines[0].amount_minor or 0 for m in parts)
        assert first == {"M1": 1_000_000, "M2": 3_000_000}[head]
        for m in parts:
            assert all((base.amount_minor or 0) >= 0 for base in m.baselines)


@forall(stories)
def test_folding_is_evolving_step_by_step_and_as_of_the_far_future_leaves_nothing_out(
    played: Story,
) -> None:
    assert fold(played.records) == fold(played.records, as_of=FAR) == played.state()


@forall(stories)
def test_evolve_takes_any_day_of_any_history(played: Story) -> None:
    days = {r.data.on for r in played.records if r.data.on is not None}
    for as_of in sorted(days):
        state = fold(played.records, as_of=as_of)
        assert state is not None
        for m in state.milestones.values():
            assert all(p.version in state.dates for p in m.lines)
            assert m.payable_minor >= 0
            accepted = m.acceptance
            assert accepted is None or accepted.version in state.dates
            if accepted is not None and accepted.accepted_minor is not None:
                assert m.gross_minor == accepted.accepted_minor, "counted twice on a day between"
        for known in (state.proposals, state.disputes, state.payments, state.awards):
            assert set(known) <= set(state.dates)


@forall(stories)
def test_every_event_rests_on_earlier_ones_and_is_not_dated_before_them(played: Story) -> None:
    dates: dict[int, date | None] = {}
    for one in played.records:
        acts_on = dates[one.version] = acting_date(dates, one.data)
        if one.version > 1:
            assert one.data.rests_on, one
        for earlier in one.data.rests_on:
            assert 0 < earlier < one.version
            before = dates[earlier]
            assert before is None or (acts_on is not None and before <= acts_on), one


@forall(st.builds(story, SEEDS, st.integers(10, 50)))
def test_reversing_everything_returns_to_zero(played: Story) -> None:
    """Payments come back, then acceptances are taken back: nothing is owed and nothing is paid."""
    state = played.the_state()
    managers = [name for name in MANAGERS if state.holds("manager", name, None)]
    assume(len(managers) > 1 and state.holds("finance", "finance-1", None))
    for payment in state.payments.values():
        if payment.status == "instructed":
            b.play(played, ("finance-1", i.FailPayment(instruction=payment.version)))
        elif payment.status == "paid":
            b.play(played, ("finance-1", i.ReversePayment(payment=payment.version)))
    for name in reversed(state.milestones):  # a remainder before the milestone whose rest it is
        milestone = played.the_state().milestones[name]
        if milestone.acceptance is not None:
            assume(_remainder_lets(played.the_state(), milestone))
            _take_back(played, milestone, managers)
    for m in played.the_state().milestones.values():
        assert (m.net_minor, m.outstanding_minor, m.paid_minor, m.payable_minor) == (0, 0, 0, 0)
        assert (m.gross_minor, m.bonus_minor, m.penalty_minor) == (0, 0, 0)


def _remainder_lets(state: Contract, milestone: Milestone) -> bool:
    assert milestone.acceptance is not None
    rest = state.milestones.get(milestone.acceptance.remainder)
    if rest is None:
        return True
    disputed = any(d.status == "open" for d in rest.disputes)
    same = len(rest.baselines) == len(milestone.baselines)
    return rest.status in ("expected", "rejected") and same and not disputed


def _take_back(played: Story, milestone: Milestone, managers: list[str]) -> None:
    assert milestone.acceptance is not None
    content = b.reversal(milestone.acceptance.version, "event", milestone.id)
    b.play(played, b.proposes(content, by=managers[0]))
    proposal = b.last(played)
    for by in (managers[1], "finance-1"):
        if played.the_state().proposals[proposal].status == "open":
            b.play(played, b.agrees(proposal, by=by))
    if milestone.id != milestone.family:
        b.play(played, b.rejects(milestone.id, by=managers[0]))


@forall(stories)
def test_every_record_reads_back_to_the_same_bytes(played: Story) -> None:
    for one in played.records:
        text = encode(one)
        assert decode_record(text) == one
        assert encode(decode_record(text)) == text
