"""verify.py's look at causes: it accuses nobody who decided rightly, and finds what takes no rule to see."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import events as e
from ledger.contract import evolve
from ledger.events import Record, decode_record
from ledger.store import Envelope, open_ledger
from projections.exports.bundle.verify_causes import Causes
from projections.exports.bundle.verify_formats import Violated
from tests.commands.played import CONTRACT
from tests.decisions import builders as b
from tests.decisions.forging import outcomes
from tests.decisions.random_acts import story
from tests.decisions.spec import record
from tests.exports.bundles import sealed_ledger, verify
from tests.exports.ledgers import histories
from tests.golden_files import LOG

# What is seen without a rule: the others are allowed or not by amounts and days.
SEEN = (
    *(e.MilestoneAccepted, e.BonusAwarded, e.PenaltyAssessed, e.AcceptanceReversed),
    *(e.BonusRevoked, e.PenaltyWaived, e.DisputeResolved, e.ContractAmended, e.RoleGranted),
    *(e.RoleRevoked, e.MilestoneRevised, e.ClaimSetOff, e.ApprovalGranted),
)


def wrong(records: Iterable[Record]) -> str:
    """What the first record is that has no cause; empty where all have theirs."""
    causes: dict[str, Causes] = {}
    for one in records:
        if not one.stream_id.startswith("~"):
            try:
                causes.setdefault(one.stream_id, Causes()).take(json.loads(e.encode(one)))
            except Violated as problem:
                return str(problem)
    return ""


@pytest.mark.parametrize("name", histories())
def test_nobody_is_accused_who_decided_rightly(name: str) -> None:
    records = sorted(histories()[name], key=lambda one: one.position)
    assert wrong(records) == ""


def test_what_the_first_release_recorded_has_its_causes() -> None:
    assert wrong(decode_record(line) for line in LOG.read_text().splitlines()) == ""


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_an_outcome_without_a_decision_is_found(seed: int) -> None:
    played = story(seed, 40)
    assert wrong(played.records) == ""
    version = b.last(played) + 1
    for by, forged in outcomes(played.the_state()):
        by_mallory = by == "mallory" and type(forged).__name__.startswith("Payment")
        if isinstance(forged, SEEN) or by_mallory:
            found = wrong([*played.records, record(forged, version, by)])
            assert f"position {version} (" in found, (by, forged)


def test_a_bonus_by_clause_is_written_with_its_acceptance_and_never_later() -> None:
    played = b.play(b.accepted("M1"), b.pays("M1", 400))
    acceptance = b.version_of(played, e.MilestoneAccepted)
    late = e.BonusAwarded(milestone="M1", kind="early", lines=(), rests_on=(acceptance,))
    log = [*played.records, record(late, b.last(played) + 1, "manager-1")]
    assert "rests on no acceptance" in wrong(log)


@pytest.mark.parametrize("fewer", [0, 1])
def test_a_quorum_that_is_not_complete_is_told_with_what_is_missing(fewer: int) -> None:
    whole = b.play(
        b.contract(), b.submits("M2"), b.approves("M2"), b.approves("M2", by="finance-1")
    )
    records = list(whole.records)
    (at,) = [n for n, one in enumerate(records) if isinstance(one.data, e.MilestoneAccepted)]
    left_out = at - 1 - fewer  # the clerk's approval, or the manager's
    log: list[Any] = [one for n, one in enumerate(records[: at + 1]) if n != left_out]
    renumbered = [record(one.data, n, one.actor) for n, one in enumerate(log, 1)]
    assert f"lacks approvals: 1 {('finance', 'manager')[fewer]}" in wrong(renumbered)


def test_the_published_program_names_an_acceptance_that_nobody_decided(tmp_path: Path) -> None:
    made = sealed_ledger(tmp_path)
    with open_ledger(made.url, evolve) as ledger:
        version = len(ledger.stream(CONTRACT))
        facts: list[e.Fact] = [e.BonusAwarded(milestone="M1", kind="discretionary", lines=())]
        ledger.append([(CONTRACT, version, facts)], Envelope(actor="manager-1", origin="cli"))
    made.seal()
    found = verify(made.bundle("forged.zip", "--contract", CONTRACT), *made.trust)
    assert (found.code, found.violated) == (5, ["causes"]), found.out
    assert f"(BonusAwarded, {CONTRACT}#{version + 1}) rests on no acceptance" in found.line(
        "causes"
    )
