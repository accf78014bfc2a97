"""What holds for every contract with clauses about money, whatever its people do: walks drawn by seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from hypothesis import given as forall
from hypothesis import strategies as st

from ledger import intents as i
from ledger.contract import fold
from ledger.events import BonusAwarded, ContractAmended, ContractSigned, PenaltyAssessed, Reversal
from ledger.money import round_minor
from ledger.pricing.delivered import Delivered
from ledger.pricing.order import ORDER, price
from ledger.retaining import parts_of
from ledger.state import Contract, Milestone, Posted
from ledger.terms import Tax, Terms
from tests.decisions import builders as b
from tests.oracle.play import FINANCE, MANAGERS, Play
from tests.oracle.portfolios import play_money

plays = st.builds(play_money, st.integers(0, 2**32 - 1), st.integers(20, 160))


def every(play: Play) -> Iterator[tuple[Contract, Milestone]]:
    for state in play.states.values():
        yield from ((state, m) for m in state.milestones.values())


@forall(plays)
def test_net_is_the_sum_of_lines_and_of_its_steps(play: Play) -> None:
    for _, m in every(play):
        lines = sum(posted.line.amount_minor for posted in m.lines)
        steps = m.gross_minor + m.bonus_minor - m.penalty_minor + m.adjustment_minor
        steps += m.tax_minor - m.retained_minor - m.recovered_minor + m.offset_minor
        assert m.posted_minor == lines == steps
        assert m.net_minor == (lines if m.acceptance else 0)
        assert m.penalty_minor >= 0
        assert m.retained_minor >= 0


@forall(plays)
def test_outstanding_held_and_payable_are_what_they_are_defined_to_be(play: Play) -> None:
    """All together: outstanding is net and released retention less paid, and what is held and payable follows."""
    for state, m in every(play):
        paid = m.paid_minor + sum(r.paid_minor for r in m.releases)
        instructed = m.instructed_minor + sum(r.instructed_minor for r in m.releases)
        outstanding = m.outstanding_minor + sum(r.outstanding_minor for r in m.releases)
        if m.acceptance is not None:
            assert outstanding == m.net_minor + m.released_minor - paid
        client = sum(
            d.amount_minor or 0
            for d in state.disputes.values()
            if (d.milestone, d.status, d.side) == (m.id, "open", "client")
        )
        held = max(0, min(client, outstanding)) if m.acceptance else 0
        payable = max(0, outstanding - held - instructed)
        standings = m.standings()
        owed = [(m.outstanding_minor, m.instructed_minor)]
        owed += [(r.outstanding_minor, r.instructed_minor) for r in m.releases]
        assert sum(s.held_minor for s in standings) == held
        assert 0 <= sum(s.payable_minor for s in standings) <= payable
        for standing, (out, told) in zip(standings, owed, strict=True):
            assert 0 <= standing.held_minor <= max(0, out)
            assert 0 <= standing.payable_minor <= max(0, out - standing.held_minor - told)
        assert min(told for _, told in owed) >= 0
        assert (m.held_minor, m.payable_minor) == standings[0][1:]


@forall(plays)
def test_no_more_is_released_than_retained_nor_recovered_than_advanced(play: Play) -> None:
    for state, m in every(play):
        assert 0 <= m.released_minor <= max(0, m.retained_minor)
        parts = [amount for _, amount in parts_of(state, m)]
        assert sum(parts) == m.retained_minor
        assert min(parts) >= 0 or m.retained_minor < 0
    for state in play.states.values():
        for record in play.records:
            if record.stream_id != state.id:
                continue
            for line in getattr(record.data, "lines", ()):
                if line.step == "advance" and "open_minor" in line.calculation:
                    assert 0 < -line.amount_minor <= int(line.calculation["open_minor"])


@forall(plays)
def test_no_line_exceeds_its_cap(play: Play) -> None:
    for record in play.records:
        if not isinstance(record.data, BonusAwarded | PenaltyAssessed):
            continue
        for line in record.data.lines:
            said, amount = line.calculation, abs(line.amount_minor)
            if "cap_minor" in said:
                assert amount <= int(said["cap_minor"])
            if "contract_left_minor" in said:
                assert amount <= int(said["contract_left_minor"])
    for state in play.states.values():
        agreed = state.terms.retention
        if agreed is not None and agreed.limit is None:
            for m in state.milestones.values():
                assert m.retained_minor <= max(0, m.gross_minor)


@forall(plays)
def test_the_lines_of_a_tax_are_the_tax_of_its_own_terms_on_the_whole(play: Play) -> None:
    """Whatever is agreed later: the terms are looked up in the log, the last before the acceptance that stands."""
    for state, m in every(play):
        if m.acceptance is None or m.kind != "milestone":
            continue
        terms = _agreed_before(play, state.id, m.acceptance.version)
        tax = terms.tax or Tax()
        base = m.gross_minor if tax.base == "gross" else m.taxable_minor
        for clause, rate, sign in (("vat", tax.vat, 1), ("withholding", tax.withholding, -1)):
            posted = [p.line.amount_minor for p in m.lines if p.line.clause == clause]
            whole = round_minor(Fraction(rate) * base / 100, terms.rounding)
            assert sum(posted) == sign * whole


def _agreed_before(play: Play, contract: str, version: int) -> Terms:
    return [
        record.data.terms
        for record in play.records
        if record.stream_id == contract
        and record.version < version
        and isinstance(record.data, ContractSigned | ContractAmended)
    ][-1]


@forall(plays)
def test_no_later_fact_moves_a_line_or_a_due_date_that_stands(play: Play) -> None:
    """Lines are only ever added, and an amendment leaves acceptances and releases as they are, due dates and all."""
    for contract in play.states:
        log = [record for record in play.records if record.stream_id == contract]
        posted: dict[str, list[Posted]] = {}
        for place, record in enumerate(log):
            if not isinstance(record.data, ContractAmended):
                continue
            before, after = fold(log[:place]), fold(log[: place + 1])
            assert before is not None
            assert after is not None
            for m in before.milestones.values():
                now, earlier = after.milestones[m.id], posted.get(m.id, [])
                assert now.lines == m.lines
                assert (now.acceptance, now.releases) == (m.acceptance, m.releases)
                assert now.lines[: len(earlier)] == earlier
                posted[m.id] = list(now.lines)


@forall(plays)
def test_set_offs_move_nothing_in_a_contract(play: Play) -> None:
    for state in play.states.values():
        lines = [p.line for m in state.milestones.values() for p in m.lines]
        live = [line for line in lines if line.clause == "set-off"]
        assert sum(line.amount_minor for line in live) == 0


@forall(plays)
def test_the_parts_of_a_family_sum_to_the_whole(play: Play) -> None:
    for state in play.states.values():
        alive = [m for m in state.milestones.values() if m.status != "void"]
        for head in (m for m in alive if m.id == m.family):
            parts = [m for m in alive if m.family == head.id]
            if all(len(m.baselines) == len(head.baselines) for m in parts):
                first = sum(m.baselines[0].amount_minor or 0 for m in parts)
                assert first == head.plan.amount_minor


@forall(plays)
def test_folding_again_gives_the_same_state(play: Play) -> None:
    for name, state in play.states.items():
        assert fold(r for r in play.records if r.stream_id == name) == state


@forall(st.builds(play_money, st.integers(0, 2**32 - 1), st.integers(20, 70)))
def test_reversing_everything_returns_to_zero(play: Play) -> None:
    """Payments come back, then acceptances are taken back: nothing is owed, retained, taxed or paid."""
    for name in play.states:
        _undo(play, name)
        for m in play.states[name].milestones.values():
            undone = not play.facts(name, "ClaimSetOff") and m.acceptance is None
            if undone:
                assert (m.paid_minor, m.instructed_minor, m.payable_minor) == (0, 0, 0)
                assert (m.net_minor, m.outstanding_minor, m.released_minor) == (0, 0, 0)
                assert (m.gross_minor, m.bonus_minor, m.penalty_minor) == (0, 0, 0)
                assert (m.tax_minor, m.retained_minor, m.recovered_minor) == (0, 0, 0)
                assert m.offset_minor == 0
        if not any(m.acceptance for m in play.states[name].milestones.values()):
            assert play.states[name].open_advance_minor == 0


def _undo(play: Play, name: str) -> None:
    """Undoes what can be undone: payments first, then the acceptances, remainders before their milestones."""
    for version, payment in list(play.states[name].payments.items()):
        if payment.status == "instructed":
            assert play.act(name, FINANCE[0], i.FailPayment(instruction=version))
        elif payment.status == "paid":
            assert play.act(name, FINANCE[0], i.ReversePayment(payment=version))
    for milestone in reversed(list(play.states[name].milestones.values())):
        if milestone.acceptance is None:
            continue
        content = Reversal(
            milestone=milestone.id,
            acceptance=milestone.acceptance.version,
            why="event",
            reason="everything",
        )
        for by in (MANAGERS[0], MANAGERS[1]):
            if play.act(name, by, i.ProposeChange(content=content)):
                break
        else:
            continue
        proposal = max(play.states[name].proposals)
        for by in (*MANAGERS, *FINANCE):
            if play.states[name].proposals[proposal].status == "open":
                play.act(name, by, i.ApproveChange(proposal=proposal))
        if milestone.id != milestone.family:
            play.act(name, MANAGERS[2], i.RejectSubmission(milestone=milestone.id, reason="no"))


def _delivered(terms: Terms) -> Delivered:
    return Delivered(
        terms=terms,
        milestone="M1",
        planned_minor=1_000_003,
        accepted_minor=1_000_003,
        due=b.day(8, 21),
        submitted_on=b.day(8, 21),
        whole_minor=1_000_003,
    )


@forall(plays)
def test_a_clause_that_does_not_apply_changes_nothing(play: Play) -> None:
    """Delivered on its day and without tax, retention or advance, whatever else was agreed: the gross line alone."""
    for state in play.states.values():
        none: dict[str, Any] = {"tax": None, "retention": None, "advance": None}
        agreed = replace(state.terms, **none, quality_bonuses=())
        (line,) = price(_delivered(agreed))
        assert (line.step, line.amount_minor) == ("gross", 1_000_003)
        bare = Terms(client="c", partner="p", currency="CNY")
        whole = price(_delivered(bare))
        assert whole == [line]
        assert len(ORDER) > len(whole)
