"""Contract files that cannot be signed, as their author meets them: every fault with its place and what to write."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import migrations
from tests.commands.transcripts import check

HERE = Path(__file__).parent
GOOD = (HERE.parents[1] / "docs" / "examples" / "double-11.yaml").read_text("utf-8")

FAULTS = {
    "amount": ("amount: 120,000.00", "amount: 12,00.0.0"),
    "field": ("ceiling:", "cieling:"),
    "twice": ("currency: CNY", "currency: CNY\ncurrency: USD"),
    "circle": ("    amount: 120,000.00", "    amount: 120,000.00\n    depends_on: [M5]"),
    "date": ("due: 2026-09-18", "due: 2026-09-31"),
    "tab": ("currency: CNY", "currency:\tCNY\n\tx: 1"),
}


def test_a_faulty_contract_file_is_refused_with_its_place_and_nothing_is_recorded(
    tmp_path: Path,
) -> None:
    for name, (good, bad) in FAULTS.items():
        assert good in GOOD, good
        (tmp_path / f"{name}.yaml").write_text(GOOD.replace(good, bad, 1), "utf-8")
    (tmp_path / "utf16.yaml").write_bytes(GOOD.encode("utf-16"))
    migrations.upgrade(f"sqlite:///{tmp_path / 'l.sqlite3'}")
    check(HERE / "bad_contracts.txt", tmp_path)
    with closing(sqlite3.connect(tmp_path / "l.sqlite3")) as conn, conn:
        assert conn.execute("SELECT count(*) FROM log").fetchone() == (0,)
