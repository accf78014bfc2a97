"""The clauses about money agree with the independent oracle, in the log and in every row, and planted bugs do not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.events import Record
from projections.oracle import signed
from projections.oracle.faults import faults
from projections.oracle.kept import KEPT
from projections.oracle.log import Json
from tests.oracle.mutants import Mutant
from tests.oracle.mutants_money import MUTANTS_MONEY
from tests.oracle.play import LAST_DAY
from tests.oracle.portfolios import as_json, play_money
from tests.oracle.product import Asked, answer, reader, table
from tests.oracle.shown import soonest

SEEDS = range(24)
MORE_SEEDS = range(120)
MOMENTS = (None, date(2026, 6, 1), date(2026, 9, 1))
REPORTS = ("schedule", "exposure", "on-time", "paid-on-time", "cycle-times")


def _sorted(found: list[Json]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in found)


def disagreements(records: list[Record], moment: date | None = None) -> Iterator[str]:
    """Where the product and the oracle tell something else of these records."""
    stored = as_json(records)
    reading, contracts = reader(records, moment), signed(stored, moment)
    for report in REPORTS:
        asked = Asked(report, moment)
        if answer(reading, asked, LAST_DAY) != asked.of_contracts(contracts, LAST_DAY):
            yield report
    for name in KEPT:
        ours = [row for one in contracts for row in KEPT[name](one)]
        if _sorted(table(reading, name, ours)) != _sorted(ours):
            yield name


@cache
def played(seed: int) -> list[Record]:
    return play_money(seed).records


@pytest.mark.parametrize("seed", SEEDS)
def test_every_line_and_due_date_in_the_log_is_what_its_clause_gives(seed: int) -> None:
    assert faults(as_json(played(seed))) == []


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_row_is_what_the_facts_say(seed: int, moment: date | None) -> None:
    assert list(disagreements(played(seed), moment)) == []


@given(seed=st.integers(0, 2**32), steps=st.integers(1, 180), moment=st.sampled_from(MOMENTS))
def test_any_portfolio_with_clauses_reads_the_same(
    seed: int, steps: int, moment: date | None
) -> None:
    records = play_money(seed, steps).records
    assert faults(as_json(records)) == []
    assert list(disagreements(records, moment)) == []


def test_the_walks_reach_every_event_about_money() -> None:
    kinds = {type(record.data).__name__ for seed in SEEDS for record in played(seed)}
    assert kinds >= {
        *("RetentionReleased", "ClaimSetOff", "InvoiceReceived", "InvoiceRejected"),
        *("WithholdingFiled", "PaymentReversed", "PaymentFailed", "PaymentRefunded"),
        "AcceptanceReversed",
        *("ContractSuspended", "ContractResumed", "ContractTerminated", "DisputeResolved"),
        *("BonusRevoked", "PenaltyWaived", "PenaltyAssessed", "BonusAwarded"),
    }
    lines = {
        (line.step, line.clause)
        for seed in SEEDS
        for record in played(seed)
        for line in getattr(record.data, "lines", ())
    }
    assert lines >= {
        *(("penalty", clause) for clause in ("late", "damages", "disincentive", "waiver")),
        *(("tax", clause) for clause in ("vat", "withholding")),
        *(("retention", clause) for clause in ("retained", "release")),
        *(("settlement", clause) for clause in ("discount", "set-off")),
        *(("advance", "recovered"), ("charge", "termination-fee"), ("adjustment", "dispute")),
        *(("bonus", clause) for clause in ("early", "quality")),
    }


@pytest.mark.parametrize("mutant", MUTANTS_MONEY, ids=lambda mutant: mutant.name)
def test_a_planted_bug_is_noticed(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant.plant(monkeypatch)
    assert any(map(_noticed, soonest(mutant.name, MORE_SEEDS))), "the oracle agrees with a bug"


def _noticed(seed: int) -> bool:
    records = play_money(seed).records
    if faults(as_json(records)):
        return True
    return any(any(disagreements(records, moment)) for moment in MOMENTS[:2])


PRICED = ("MilestoneAccepted", "PenaltyAssessed", "BonusAwarded")


@pytest.mark.parametrize("step", ["gross", "penalty", "bonus", "tax", "retention", "advance"])
def test_a_stored_line_altered_by_one_unit_is_found_in_the_log_alone(step: str) -> None:
    """The nightly run prices each stored line again: one that its clause does not give is a fault of the log."""
    altered = 0
    for seed in range(8):
        for record in (stored := as_json(played(seed))):
            for line in record["data"].get("lines", ()):
                if line["step"] == step and record["type"].startswith(PRICED):
                    line["amount_minor"] += 1
                    assert faults(stored) != [], (seed, line)
                    line["amount_minor"] -= 1
                    altered += 1
                    break
            if altered > seed:
                break
    assert altered
