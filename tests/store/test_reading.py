"""Reading the log: in order, whole, up to a position; and what was altered is named, never skipped."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from ledger.errors import IntegrityViolated
from ledger.store import Ledger, reading, writing
from tests.store.events import ALICE, Count, started

Read = Callable[[Connection], object]


@pytest.fixture
def filled(ledger: Ledger[Count]) -> Ledger[Count]:
    """Streams A, B, C of 3, 2 and 1 events, at positions 1-6: A B A C A B."""
    for stream_id, version in [("A", 0), ("B", 0), ("A", 1), ("C", 0), ("A", 2), ("B", 1)]:
        ledger.append([(stream_id, version, started(f"M{version + 1}"))], ALICE)
    return ledger


def alter(ledger: Ledger[Count], *statements: str) -> None:
    """Changes the log as only the owner of the database can: with the triggers out of the way."""
    with writing(ledger.engine) as conn:
        if ledger.engine.dialect.name == "postgresql":
            conn.exec_driver_sql("ALTER TABLE log DISABLE TRIGGER USER")
        else:
            for trigger in ("log_no_update", "log_no_delete"):
                conn.exec_driver_sql(f"DROP TRIGGER {trigger}")
        for statement in statements:
            conn.exec_driver_sql(statement)


def replaced(position: int, old: str, new: str) -> str:
    return f"UPDATE log SET record = replace(record, '{old}', '{new}') WHERE position = {position}"


def test_the_head_names_the_last_position_and_its_time(filled: Ledger[Count]) -> None:
    with filled.snapshot() as conn:
        head = reading.head(conn)
        assert (head.position, len(head.ledger_id)) == (6, 36)
        assert head.recorded_at == filled.stream("B")[-1].recorded_at


def test_an_empty_log_has_position_0(ledger: Ledger[Count]) -> None:
    with ledger.snapshot() as conn:
        head = reading.head(conn)
        assert (head.position, head.recorded_at) == (0, "")
        assert list(reading.read_log(conn, 0)) == []
        assert list(reading.read_streams(conn, range(1, 1))) == []
        assert reading.position_at(conn, "9999") == 0
        reading.check_complete(conn, 0)


def test_a_time_is_a_position_inclusively(filled: Ledger[Count]) -> None:
    with filled.snapshot() as conn:
        times = [r.recorded_at for section in reading.read_log(conn, 0) for r in section]
        for time in times:
            last = max(p for p, recorded_at in enumerate(times, 1) if recorded_at <= time)
            assert reading.position_at(conn, time) == last
        assert reading.position_at(conn, "2000-01-01T00:00:00.000000Z") == 0
        assert reading.position_at(conn, "2999-01-01T00:00:00.000000Z") == 6


def test_streams_have_names_and_numbers(filled: Ledger[Count]) -> None:
    with filled.snapshot() as conn:
        assert reading.stream_ids(conn) == ["A", "B", "C"]
        assert [reading.stream_number(conn, name) for name in "ABCD"] == [1, 2, 3, None]
        assert [reading.stream_id(conn, n) for n in (1, 3, 4)] == ["A", "C", None]
        assert reading.stream_count(conn) == 3
        assert reading.changed_streams(conn, 3, 5) == [1, 3]
        assert reading.changed_streams(conn, 6, 6) == []


@pytest.mark.parametrize("size", [1, 2, 4, 100])
def test_the_log_is_read_in_order_of_position(filled: Ledger[Count], size: int) -> None:
    with filled.snapshot() as conn:
        sections = list(reading.read_log(conn, 1, 5, size))
    assert [len(section) for section in sections[:-1]] == [size] * (len(sections) - 1)
    assert [record.position for section in sections for record in section] == [2, 3, 4, 5]


@pytest.mark.parametrize("chunk", [1, 2, 16])
@pytest.mark.parametrize("numbers", [range(1, 4), [1, 2, 3]])
def test_streams_are_read_whole_in_order_of_version(
    filled: Ledger[Count], numbers: range | list[int], chunk: int
) -> None:
    with filled.snapshot() as conn:
        chunks = list(reading.read_streams(conn, numbers, None, chunk))
    assert len(chunks) == -(-3 // chunk)
    assert [(r.stream, r.version) for records in chunks for r in records] == [
        *((1, 1), (1, 2), (1, 3)),
        *((2, 1), (2, 2)),
        (3, 1),
    ]


def test_a_bounded_log_leaves_out_what_came_later(filled: Ledger[Count]) -> None:
    with filled.snapshot() as conn:
        (records,) = reading.read_streams(conn, [1, 3], 3)
        assert [(r.stream, r.version) for r in records] == [(1, 1), (1, 2)]
        assert [r.position for r in reading.read_stream(conn, "B", 5)] == [2]
        assert reading.read_stream(conn, "C", 3) == []
        assert reading.read_stream(conn, "D") == []


def test_a_snapshot_does_not_see_what_is_appended_meanwhile(filled: Ledger[Count]) -> None:
    with filled.snapshot() as conn:
        assert reading.head(conn).position == 6
        filled.append([("C", 1, started("M2"))], ALICE)
        assert reading.head(conn).position == 6
        assert len(reading.read_stream(conn, "C")) == 1
    assert len(filled.stream("C")) == 2


def every_reader(position: int, stream: int) -> list[Read]:
    return [
        lambda conn: list(reading.read_log(conn, 0, 6)),
        lambda conn: list(reading.read_log(conn, position - 1, position, 1)),
        lambda conn: list(reading.read_streams(conn, range(1, 4))),
        lambda conn: list(reading.read_streams(conn, [stream], chunk=1)),
    ]


@pytest.mark.parametrize(
    ("change", "code", "position"),
    [
        (replaced(3, "MilestoneStarted/1", "MilestoneTeleported/7"), "event-unknown", 3),
        (replaced(3, '"data"', '"date"'), "record-unreadable", 3),
        (replaced(5, '"milestone":"M3"', '"milestone":3'), "record-unreadable", 5),
        (replaced(4, '"version"', ""), "record-unreadable", 4),
        (replaced(4, "}", ""), "record-unreadable", 4),
    ],
)
def test_a_record_that_cannot_be_read_is_named(
    filled: Ledger[Count], change: str, code: str, position: int
) -> None:
    alter(filled, change)
    stream = {3: 1, 5: 1, 4: 3}[position]
    for read in every_reader(position, stream):
        with filled.snapshot() as conn, pytest.raises(IntegrityViolated) as violation:
            read(conn)
        assert (violation.value.code, violation.value.facts["position"]) == (code, position)
        assert violation.value.exit_code == 5
    with pytest.raises(IntegrityViolated) as violation:
        filled.load("AC"[stream == 3])
    assert (violation.value.code, violation.value.facts["position"]) == (code, position)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_record_that_is_not_utf_8_is_named(filled: Ledger[Count]) -> None:
    alter(filled, "UPDATE log SET record = CAST(x'7B22FF227D' AS TEXT) WHERE position = 3")
    for read in every_reader(3, 1):
        with filled.snapshot() as conn, pytest.raises(IntegrityViolated) as violation:
            read(conn)
        assert violation.value.facts["position"] == 3


@pytest.mark.parametrize(("missing", "found"), [(1, 1), (3, 3), (6, 6)])
def test_a_missing_position_is_named(filled: Ledger[Count], missing: int, found: int) -> None:
    alter(filled, f"DELETE FROM log WHERE position = {missing}")
    for read in (
        lambda conn: reading.check_complete(conn, 6),
        lambda conn: list(reading.read_log(conn, 0, 6)),
        lambda conn: list(reading.read_log(conn, 0, None, 2)),
    ):
        with filled.snapshot() as conn, pytest.raises(IntegrityViolated) as violation:
            read(conn)
        assert violation.value.code == "position-missing"
        assert violation.value.facts == {"position": found}


def test_a_missing_version_is_named(filled: Ledger[Count]) -> None:
    alter(filled, "DELETE FROM log WHERE position = 3")
    with filled.snapshot() as conn, pytest.raises(IntegrityViolated) as violation:
        list(reading.read_streams(conn, range(1, 4)))
    assert violation.value.code == "version-missing"
    assert violation.value.facts == {"position": 5, "stream": 1, "version": 2}
    with pytest.raises(IntegrityViolated) as violation:
        filled.load("A")
    assert violation.value.facts == {"stream": "A", "version": 2}


def test_the_tail_of_a_stream_is_missed_by_the_count_of_positions(filled: Ledger[Count]) -> None:
    alter(filled, "DELETE FROM log WHERE position IN (5, 6)")
    with filled.snapshot() as conn, pytest.raises(IntegrityViolated) as violation:
        reading.check_complete(conn, reading.head(conn).position)
    assert violation.value.facts == {"position": 5}


def test_exchanged_records_are_noticed(filled: Ledger[Count]) -> None:
    alter(
        filled,
        "UPDATE log SET record = (SELECT record FROM log WHERE position = 1) WHERE position = 3",
    )
    for read in every_reader(3, 1):
        with filled.snapshot() as conn, pytest.raises(IntegrityViolated):
            read(conn)


def test_changes_of_some_streams_end_before_the_first_record_of_the_others(
    filled: Ledger[Count],
) -> None:
    """Whoever goes on from there finds C, whose only record is the fourth."""
    with filled.snapshot() as conn:
        assert reading.changes(conn, 0, 4, 2) == ([1, 2], 3)
        assert reading.changes(conn, 3, 4, 2) == ([3], 4)
        assert reading.changes(conn, 0, 6, 3) == ([1, 2, 3], 6)
