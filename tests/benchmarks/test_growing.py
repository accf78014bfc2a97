"""The ledgers that the growth is measured on: made once, whole, and of today's schema."""

from __future__ import annotations

from pathlib import Path

from ledger.contract import evolve
from ledger.store import open_ledger
from ledger.store.reading import head
from projections.sides import checkpoint, serving
from tests.benchmarks import growing


def test_what_a_stopped_run_left_is_not_taken_for_a_ledger(tmp_path: Path) -> None:
    begun = tmp_path / "unlike-3.sqlite3.part"
    begun.write_bytes(b"half of one")
    url = growing.ledger_of(tmp_path, 3)
    assert [file.name for file in tmp_path.iterdir()] == ["unlike-3.sqlite3"]
    assert growing.ledger_of(tmp_path, 3) == url
    with open_ledger(url, evolve) as ledger, ledger.snapshot() as conn:
        assert head(conn).position == checkpoint(conn, serving(conn)).position == 150
