"""The peer that a rebuild is measured against does the same work: its rows are those of a rebuild."""

from __future__ import annotations

from ledger.store import connect
from projections.rebuild.full import Options, rebuild
from projections.sides import names
from tests.benchmarks import library
from tests.benchmarks.rebuilding import make_log


def test_the_peer_that_writes_only_what_changed_has_the_rows_of_a_rebuild(
    database_url: str,
) -> None:
    make_log(database_url, 3, 40)
    engine = connect(database_url)
    assert rebuild(engine, Options()).rows > 100
    assert library.per_event(database_url, "a", 120, waits=False) > 0
    with engine.connect() as conn:
        for here, there in zip(names("a").values(), names("b").values(), strict=True):
            followed, rebuilt = (
                set(conn.exec_driver_sql(f"SELECT * FROM {table}")) for table in (here, there)
            )
            assert followed == rebuilt
    engine.dispose()
