"""Proposals of all kinds, approved in any order and interleaved, put nothing in force that an approver did not see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import MonkeyPatch

from ledger.decisions import rules_proposal
from ledger.decisions.binding import proposal_digest
from ledger.events import ChangeOrder
from ledger.patches import as_patch, stated_in_full
from projections.oracle.faults import faults
from projections.oracle.log import Json, facts_by_contract
from tests.oracle.as_shown import unseen
from tests.oracle.mutants import Plant, _replaced
from tests.oracle.planting_policies import allowed
from tests.oracle.portfolios import as_json, play_proposals

SEEDS = range(60)


@cache
def whole(seed: int) -> list[Json]:
    """A play of the usual length, made once."""
    return as_json(play_proposals(seed).records)


def wrong(seed: int, steps: int = 120) -> list[str]:
    return [said for _, said in unseen(as_json(play_proposals(seed, steps).records)) if said]


@given(seed=st.integers(0, 2**32), steps=st.integers(1, 160))
def test_nothing_is_put_in_force_but_what_every_approver_saw(seed: int, steps: int) -> None:
    records = as_json(play_proposals(seed, steps).records)
    assert [said for _, said in unseen(records) if said] == []
    assert faults(records) == []


def test_proposals_of_every_kind_take_effect() -> None:
    kinds = Counter(kind for seed in SEEDS for kind, _ in unseen(whole(seed)))
    assert set(kinds) == {
        *("change-order", "amendment", "role", "bonus", "bonus-revocation", "waiver", "resolution"),
        *("reversal", "set-off", "termination"),
    }
    assert min(kinds.values()) > 3, kinds


# What the property is to come across while a proposal waits that takes effect nevertheless.
BETWEEN = {
    *("MilestoneSubmitted", "SubmissionRejected", "MilestoneAccepted"),
    *("RoleGranted", "RoleRevoked", "ContractAmended", "MilestoneRevised"),
    *("PaymentInstructed", "PaymentRecorded", "DisputeOpened", "DisputeResolved"),
}


def between(records: list[Json]) -> Iterator[str]:
    """The kinds of all facts between a proposal and its effect."""
    for facts in facts_by_contract(records).values():
        since: dict[int, set[str]] = {}
        for fact in facts:
            proposal = fact.data.get("proposal", 0)
            if proposal in since and not fact.name.startswith(("Approval", "Change")):
                yield from since.pop(proposal)
            for names in since.values():
                names.add(fact.name)
            if fact.name == "ChangeProposed":
                since[fact.version] = set()


def test_while_proposals_wait_all_that_they_may_rest_on_changes() -> None:
    found = {name for seed in SEEDS for name in between(whole(seed))}
    assert found >= BETWEEN, BETWEEN - found


def _both(*plants: Plant) -> Plant:
    def plant(patch: MonkeyPatch) -> None:
        for one in plants:
            one(patch)

    return plant


def _in_full(state: Any, content: Any, typed: Any = ()) -> Any:
    """A change order as the first release stored it; other contents as today."""
    return stated_in_full(content) if isinstance(content, ChangeOrder) else as_patch(state, content)


def _one_more(case: Any, lines: Any) -> tuple[Any, ...]:
    """Only where it takes effect, on all its approvals, and not where it is shown, to nobody or to who approves."""
    return tuple(lines[:1]) if case.actor and len(case.rests_on) > 1 else ()


PLANTED: dict[str, Plant] = {
    "an outdated proposal takes effect": _replaced(
        "ledger.decisions.changes.proposal_not_outdated",
        lambda _: allowed(rules_proposal.proposal_not_outdated),
    ),
    "an approval binds to the content alone": _replaced(
        "ledger.decisions.changes.proposal_digest",
        lambda _: lambda content, priced: proposal_digest(content, ()),
    ),
    "an order sets what it leaves open, and rests on nothing": _both(
        _replaced("ledger.decisions.changes.as_patch", lambda _: _in_full),
        _replaced("ledger.decisions.rules_proposal.changes_since", lambda _: lambda *args: []),
    ),
    "what takes effect posts a line twice": _replaced(
        "ledger.decisions.effects_money.with_tax",
        lambda with_tax: lambda case, lines: (*with_tax(case, lines), *_one_more(case, lines)),
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_bug_is_noticed(name: str, monkeypatch: MonkeyPatch) -> None:
    PLANTED[name](monkeypatch)
    assert any(wrong(seed) for seed in SEEDS)
