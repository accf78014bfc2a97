"""What ties a bundle to its seals: every checkpoint is held against the log, and proofs have a bound."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date

import pytest

from commands.output import csv_line
from ledger.contract import evolve
from ledger.errors import InputInvalid, IntegrityViolated
from ledger.state import Contract
from ledger.store import Ledger, open_ledger
from ledger.store.sealing import seal
from projections.exports.bundle import make as making
from projections.exports.bundle.make import Made, make
from projections.exports.bundle.source import Source
from tests.commands.played import record
from tests.exports.ledgers import benchmark
from tests.store.sealed import KEY, does, unguarded

CONTRACT = "BW-0000000"


@pytest.fixture
def ledger(sqlite_url: str) -> Iterator[Ledger[Contract]]:
    """Two contracts, sealed twice."""
    record(sqlite_url, benchmark(2))
    with open_ledger(sqlite_url, evolve) as opened:
        for _ in range(2):
            seal(opened.engine, KEY)
        yield opened


def packed(ledger: Ledger[Contract], *names: str) -> Made:
    with ledger.snapshot() as conn:
        until = conn.exec_driver_sql("SELECT max(position) FROM log").scalar_one()
        source = Source(ledger, conn, until, names or None, None, date(2026, 11, 22))
        return make(source, io.BytesIO(), csv_line=csv_line, release="0")


def test_an_earlier_checkpoint_that_is_not_the_logs_keeps_a_bundle_from_being_made(
    ledger: Ledger[Contract],
) -> None:
    """The last checkpoint is the log's: only the first one states another root."""
    with ledger.snapshot() as conn:
        rows = conn.exec_driver_sql("SELECT size, note FROM log_checkpoints ORDER BY size").all()
    (first, note), (_, last) = rows
    stated, told = note.split("\n")[2], last.split("\n")[2]
    forged = f"note = replace(note, '{stated}', '{told}')"
    unguarded(ledger.engine, does(f"UPDATE log_checkpoints SET {forged} WHERE size = {first}"))
    with pytest.raises(IntegrityViolated) as refused:
        packed(ledger)
    assert (refused.value.code, refused.value.facts) == ("checkpoint-differs", {"position": first})


def test_a_bundle_has_as_many_proofs_as_its_bound_and_not_one_more(
    ledger: Ledger[Contract], monkeypatch: pytest.MonkeyPatch
) -> None:
    records = len(ledger.stream(CONTRACT))
    monkeypatch.setattr(making, "MOST_PROOFS", records)
    assert packed(ledger, CONTRACT).records == records
    monkeypatch.setattr(making, "MOST_PROOFS", records - 1)
    with pytest.raises(InputInvalid) as refused:
        packed(ledger, CONTRACT)
    assert refused.value.code == "bundle-too-large"
    assert packed(ledger).records == len(benchmark(2)) + 2  # the whole log needs no proof of each
