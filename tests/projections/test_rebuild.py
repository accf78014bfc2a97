"""The full rebuild: what its options do, and what its certificate says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from ledger.errors import IntegrityViolated, StoreUnavailable
from ledger.state import Contract
from ledger.store import Ledger
from ledger.store.database import reading
from projections.derive import DERIVATION, MODELS
from projections.rebuild import copying, sink
from projections.rebuild.build import STREAMS_PER_TASK, ranges
from projections.rebuild.catchup import catch_up
from projections.rebuild.full import Certificate, Options, last_run, rebuild
from projections.sides import checkpoint, names, other
from tests.oracle.portfolios import play_portfolio
from tests.projections.portfolios import (
    append,
    change,
    damage_log,
    derived,
    fill,
    served,
    standing,
    tables_of,
)

PROMISED = [
    "run_id",
    "status",
    "position",
    "events",
    "streams",
    "rows",
    "seconds",
    "events_per_second",
    "drift",
    "engine",
    "workers",
]


# Two tasks, so that each of two workers has one.
CONTRACTS, EVENTS = STREAMS_PER_TASK + 8, 10


def digests(certificate: Certificate) -> dict[str, Any]:
    return {name: (table["rows"], table["digest"]) for name, table in certificate.tables.items()}


def test_one_and_two_workers_give_identical_rows_and_digests(ledger: Ledger[Contract]) -> None:
    fill(ledger, CONTRACTS, EVENTS)
    alone = rebuild(ledger.engine, Options(workers=1))
    rows = served(ledger)
    together = rebuild(ledger.engine, Options(workers=2))
    assert served(ledger) == rows
    assert digests(together) == digests(alone)
    assert (alone.workers, together.workers) == (1, 2)
    assert (
        (alone.events, alone.streams)
        == (together.events, together.streams)
        == (CONTRACTS * EVENTS, CONTRACTS)
    )
    assert alone.rows == sum(map(len, rows.values()))


def test_an_incremental_rebuild_equals_a_full_one(ledger: Ledger[Contract]) -> None:
    records = play_portfolio(5, 80).records
    half = len(records) // 2
    append(ledger, records[:half])
    rebuild(ledger.engine, Options())
    rebuild(ledger.engine, Options())
    append(ledger, records[half:])
    incremental = rebuild(ledger.engine, Options(incremental=True))
    assert (incremental.status, incremental.differences) == ("rebuilt", 0)
    rows = served(ledger)
    full = rebuild(ledger.engine, Options())
    assert served(ledger) == rows == derived(records)
    assert (full.rows, full.events) == (incremental.rows, incremental.events)
    counted = {name: table["rows"] for name, table in incremental.tables.items()}
    assert counted == {name: table["rows"] for name, table in full.tables.items()}


def test_an_incremental_rebuild_keeps_what_stands_at_the_head_already(
    ledger: Ledger[Contract],
) -> None:
    """Only rows that are made anew have a digest."""
    append(ledger, play_portfolio(5, 40).records)
    rebuild(ledger.engine, Options())
    found = rebuild(ledger.engine, Options(incremental=True))
    assert (found.status, found.differences) == ("rebuilt", 0)
    assert {table["digest"] for table in found.tables.values()} == {None}


def test_an_incremental_rebuild_of_a_side_never_filled_fills_it(ledger: Ledger[Contract]) -> None:
    append(ledger, play_portfolio(6, 30).records)
    found = rebuild(ledger.engine, Options(incremental=True))
    assert found.status == "rebuilt"
    assert all(table["digest"] for table in found.tables.values())


def test_a_check_changes_nothing_that_serves(ledger: Ledger[Contract]) -> None:
    append(ledger, play_portfolio(7, 60).records)
    catch_up(ledger.engine)
    before, rows = standing(ledger), served(ledger)
    found = rebuild(ledger.engine, Options(check=True))
    assert (found.status, found.differences) == ("checked", 0)
    assert found.compared == found.streams > 0
    assert (standing(ledger), served(ledger)) == (before, rows)


def test_a_rebuild_lets_the_other_side_serve_at_the_head(ledger: Ledger[Contract]) -> None:
    records = play_portfolio(8, 40).records
    append(ledger, records)
    rebuild(ledger.engine, Options())
    assert standing(ledger) == ("b", len(records), DERIVATION)
    rebuild(ledger.engine, Options())
    assert standing(ledger) == ("a", len(records), DERIVATION)


def test_after_a_rebuild_both_sides_hold_the_same_rows(ledger: Ledger[Contract]) -> None:
    append(ledger, play_portfolio(9, 40).records)
    rebuild(ledger.engine, Options())
    side, *_ = standing(ledger)
    with reading(ledger.engine) as conn:
        assert tables_of(conn, side) == tables_of(conn, other(side))


# --- the first build -------------------------------------------------------------------------------


def test_a_first_build_says_that_nothing_was_compared(ledger: Ledger[Contract]) -> None:
    records = play_portfolio(10, 40).records
    append(ledger, records)
    first = rebuild(ledger.engine, Options()).as_object()
    assert (first["status"], first["first"]) == ("rebuilt", True)
    assert (first["drift"]["compared"], first["drift"]["differences"]) == (0, 0)
    assert list(first["phases"]) == ["build", "flip", "copy"]
    assert served(ledger) == derived(records)
    second = rebuild(ledger.engine, Options()).as_object()
    assert second["first"] is False
    assert second["drift"]["compared"] == second["streams"] == first["streams"]


def test_a_first_build_folds_no_contract_twice(
    ledger: Ledger[Contract], monkeypatch: pytest.MonkeyPatch
) -> None:
    append(ledger, play_portfolio(10, 40).records)

    def folded_again(*_: Any) -> None:
        raise AssertionError("a contract is folded again")

    monkeypatch.setattr("projections.rebuild.catchup.prepare", folded_again)
    assert rebuild(ledger.engine, Options()).first


def test_a_check_of_what_was_never_built_compares_all_the_same(ledger: Ledger[Contract]) -> None:
    append(ledger, play_portfolio(10, 40).records)
    found = rebuild(ledger.engine, Options(check=True))
    assert (found.status, found.first) == ("checked", False)
    assert found.compared == found.streams > 0


def test_rows_put_by_hand_where_nothing_was_built_are_no_first_build(
    ledger: Ledger[Contract],
) -> None:
    records = play_portfolio(10, 40).records
    append(ledger, records)
    catch_up(ledger.engine)
    change(ledger, "UPDATE checkpoints SET position = 0, derivation = ''")
    change(ledger, "UPDATE contracts_a SET partner = 'Forged'")
    found = rebuild(ledger.engine, Options())
    assert not found.first
    assert found.compared == found.streams
    assert served(ledger) == derived(records)


@pytest.mark.parametrize("moment", ["build", "copy"])
def test_what_is_recorded_during_a_first_build_is_served_on_both_sides(
    ledger: Ledger[Contract], monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    records = play_portfolio(9, 40).records
    half = len(records) // 2
    append(ledger, records[:half])
    late = iter([records[half:]])

    def record_the_rest(*_: Any) -> None:
        for some in late:
            append(ledger, some)
            catch_up(ledger.engine)

    if moment == "copy":
        during = sink.empty_damaged

        def emptied(engine: Engine, table: str) -> None:
            during(engine, table)
            if standing(ledger)[0] == "b":
                record_the_rest()

        monkeypatch.setattr(sink, "empty_damaged", emptied)
        found = rebuild(ledger.engine, Options())
        assert found.first
    else:
        found = rebuild(ledger.engine, Options(), record_the_rest)
        assert not found.first  # somebody else built what was served until then: it is compared
        assert found.compared > 0
    assert served(ledger) == derived(records)
    assert standing(ledger)[1] == len(records)
    assert rebuild(ledger.engine, Options(incremental=True)).differences == 0


def test_what_is_recorded_as_the_copy_ends_stands_on_both_sides_at_once(
    ledger: Ledger[Contract], monkeypatch: pytest.MonkeyPatch
) -> None:
    records = play_portfolio(9, 40).records
    half = len(records) // 2
    append(ledger, records[:half])

    def then_record(streams: int) -> Iterator[range]:
        yield from ranges(streams)
        append(ledger, records[half:])  # every range is copied
        catch_up(ledger.engine)

    monkeypatch.setattr(copying, "ranges", then_record)
    assert rebuild(ledger.engine, Options()).first
    with reading(ledger.engine) as conn:
        reached = {checkpoint(conn, side).position for side in ("a", "b")}
        differing = [
            a
            for a, b in zip(names("a").values(), names("b").values(), strict=True)
            if rows_of(conn, a) != rows_of(conn, b)
        ]
    assert reached == {len(records)}
    assert differing == []


def rows_of(conn: Connection, table: str) -> list[Any]:
    return sorted(map(repr, conn.exec_driver_sql(f"SELECT * FROM {table}")))


@pytest.mark.parametrize("first", [True, False])
def test_a_missing_position_is_told_as_that_by_the_first_build_too(
    ledger: Ledger[Contract], first: bool
) -> None:
    append(ledger, play_portfolio(9, 10).records)
    damage_log(ledger, "DELETE FROM log WHERE position = 7")
    with pytest.raises(IntegrityViolated) as told:
        rebuild(ledger.engine, Options(check=not first))
    assert told.value.code == "position-missing"


# --- the certificate -------------------------------------------------------------------------------


def test_a_certificate_says_what_it_promises_first(ledger: Ledger[Contract]) -> None:
    records = play_portfolio(10, 40).records
    append(ledger, records)
    catch_up(ledger.engine)
    found = rebuild(ledger.engine, Options(program="1.2.3")).as_object()
    assert list(found)[: len(PROMISED)] == PROMISED
    assert list(found["drift"])[:2] == ["compared", "different"]
    assert found["drift"]["compared"] == found["streams"]
    assert found["first"] is False
    assert (found["program"], found["derivation"], found["error"]) == ("1.2.3", DERIVATION, None)
    assert list(found["tables"]) == [model.name for model in MODELS]
    assert list(found["phases"]) == ["catch-up", "build", "compare", "flip"]
    with reading(ledger.engine) as conn:
        assert last_run(conn) == found


def test_a_certificate_is_written_to_a_file_whole(ledger: Ledger[Contract], tmp_path: Path) -> None:
    append(ledger, play_portfolio(11, 20).records)
    path = tmp_path / "certificate.json"
    path.write_text("of the night before")
    found = rebuild(ledger.engine, Options(certificate=path))
    assert json.loads(path.read_text()) == found.as_object()
    assert list(tmp_path.glob("certificate.json*")) == [path]


def test_a_certificate_that_cannot_be_written_is_a_failure_that_names_the_file(
    ledger: Ledger[Contract], tmp_path: Path
) -> None:
    path = tmp_path / "missing" / "certificate.json"
    with pytest.raises(StoreUnavailable) as failure:
        rebuild(ledger.engine, Options(certificate=path))
    assert failure.value.code == "certificate-unwritten"
    with reading(ledger.engine) as conn:
        run = last_run(conn)
    assert run is not None
    assert run["status"] == "rebuilt"


def test_a_certificate_that_cannot_take_its_place_leaves_no_part_of_it_behind(
    ledger: Ledger[Contract], tmp_path: Path
) -> None:
    folder = tmp_path / "certificate.json"
    folder.mkdir()
    with pytest.raises(StoreUnavailable):
        rebuild(ledger.engine, Options(certificate=folder))
    assert list(tmp_path.glob("certificate.json*")) == [folder]


def test_what_goes_wrong_unforeseen_stands_in_the_certificate(
    ledger: Ledger[Contract], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(ledger, play_portfolio(12, 20).records)
    catch_up(ledger.engine)
    before, rows = standing(ledger), served(ledger)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(ledger.engine, Options(certificate=tmp_path / "c.json"), stop)
    written = json.loads((tmp_path / "c.json").read_text())
    assert (written["status"], written["error"]["error"]) == ("failed", "interrupted")
    with reading(ledger.engine) as conn:
        assert last_run(conn) == written
    assert (standing(ledger), served(ledger)) == (before, rows)
    assert rebuild(ledger.engine, Options()).status == "rebuilt"


@pytest.mark.parametrize("workers", [1, 2])
def test_progress_counts_every_event_once(ledger: Ledger[Contract], workers: int) -> None:
    fill(ledger, CONTRACTS, EVENTS)
    told: list[tuple[int, int]] = []
    rebuild(ledger.engine, Options(workers=workers), lambda done, total: told.append((done, total)))
    assert len(told) > 1
    assert told == sorted(told)
    assert told[-1] == (CONTRACTS * EVENTS,) * 2
