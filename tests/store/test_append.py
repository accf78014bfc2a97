"""Appending: one transaction, positions without gaps, one record text, keys, dry runs."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ledger.errors import Conflict, InputInvalid, IntegrityViolated
from ledger.events import MilestoneStarted, Record
from ledger.store import Envelope, Ledger, connect, open_ledger, reading
from ledger.store.database import os_user
from ledger.store.recorder import LedgerRecorder
from tests.store.events import ALICE, Count, counted, started
from tests.store.sealed import does, unguarded
from tests.store.workers import PROCESSES, append_thirty, at_once

HOSTILE = 'a","data":{"x"},"key":"k\\"\n\r\t\x7f %s {0} \u202e 里程碑 🧾,"data":,"key":'


def texts(ledger: Ledger[Count]) -> list[str]:
    with ledger.snapshot() as conn:
        return list(conn.exec_driver_sql("SELECT record FROM log ORDER BY position").scalars())


def position(ledger: Ledger[Count]) -> int:
    with ledger.snapshot() as conn:
        return reading.head(conn).position


def test_positions_count_the_log_and_versions_count_the_stream(ledger: Ledger[Count]) -> None:
    ledger.append([("A", 0, started("M1", "M2"))], ALICE)
    records = ledger.append([("B", 0, started("M1")), ("A", 2, started("M3"))], ALICE)
    assert [(r.position, r.stream, r.stream_id, r.version) for r in records] == [
        (3, 2, "B", 1),
        (4, 1, "A", 3),
    ]
    assert [r.position for r in ledger.stream("A")] == [1, 2, 4]
    assert records[0].recorded_at == records[1].recorded_at


def test_the_stored_text_is_one_canonical_json_object(ledger: Ledger[Count]) -> None:
    envelope = Envelope(actor="wēi", origin="cli", correlation="c1", key="k1", digest="d")
    (record,) = ledger.append(
        [("A", 0, [MilestoneStarted(milestone="M1", rests_on=(1,))])], envelope
    )
    (text,) = texts(ledger)
    stored = json.loads(text)
    assert text == json.dumps(stored, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert stored == {
        "actor": "wēi",
        "authenticated_as": record.authenticated_as,
        "correlation": "c1",
        "data": {"milestone": "M1", "rests_on": [1]},
        "key": "k1",
        "origin": "cli",
        "position": 1,
        "recorded_at": record.recorded_at,
        "stream": 1,
        "stream_id": "A",
        "type": "MilestoneStarted/1",
        "version": 1,
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", record.recorded_at)


def test_hostile_text_comes_back_as_it_was(ledger: Ledger[Count]) -> None:
    envelope = Envelope(actor=HOSTILE, origin=HOSTILE, correlation=HOSTILE, key=HOSTILE)
    (appended,) = ledger.append([("A", 0, started(HOSTILE + "\0"))], envelope)
    (event,) = ledger.recorder.select_events("A")
    (notification,) = ledger.recorder.select_notifications(1, 10)
    (read,) = ledger.stream("A")
    assert appended == read
    assert isinstance(read.data, MilestoneStarted)
    assert {read.actor, read.origin, read.correlation, read.key} == {HOSTILE}
    assert read.data.milestone == HOSTILE + "\0"
    assert json.loads(event.state) == {"milestone": HOSTILE + "\0"}
    assert notification.state == event.state
    assert "\n" not in texts(ledger)[0]


@pytest.mark.parametrize(
    ("stream_id", "envelope", "milestone"),
    [
        ("A\0", ALICE, "M1"),
        ("A", replace(ALICE, actor="al\0ice"), "M1"),
        ("A", replace(ALICE, key="k\0"), "M1"),
        ("A\udc80", ALICE, "M1"),
        ("A", replace(ALICE, origin="\udcff"), "M1"),
        ("A", ALICE, "M\ud800"),
    ],
)
def test_text_that_no_database_keeps_is_refused(
    ledger: Ledger[Count], stream_id: str, envelope: Envelope, milestone: str
) -> None:
    with pytest.raises(InputInvalid) as refusal:
        ledger.append([(stream_id, 0, started(milestone))], envelope)
    assert refusal.value.code == "text-unstorable"
    assert position(ledger) == 0


@pytest.mark.parametrize(("expected", "found"), [(0, 2), (1, 2), (3, 2)])
def test_a_stream_that_has_changed_is_a_conflict_and_nothing_is_recorded(
    ledger: Ledger[Count], expected: int, found: int
) -> None:
    ledger.append([("A", 0, started("M1", "M2"))], ALICE)
    with pytest.raises(Conflict) as conflict:
        ledger.append([("B", 0, started("M1")), ("A", expected, started("M3"))], ALICE)
    assert conflict.value.code == "stream-changed"
    assert conflict.value.facts == {"stream": "A", "expected": expected, "found": found}
    assert (position(ledger), ledger.load("B")) == (2, None)


def test_a_stream_that_is_not_there_has_no_events(ledger: Ledger[Count]) -> None:
    with pytest.raises(Conflict) as conflict:
        ledger.append([("A", 1, started("M1"))], ALICE)
    assert conflict.value.facts == {"stream": "A", "expected": 1, "found": 0}


def test_a_key_remembers_its_outcome_over_all_streams(ledger: Ledger[Count]) -> None:
    ledger.append([("A", 0, started("M1"))], ALICE)
    keyed = replace(ALICE, key="pay-1", digest="sha")
    batch = [("A", 1, started("M2", "M3")), ("B", 0, started("M1"))]
    records = ledger.append(batch, keyed)
    row = ledger.find_key("pay-1")
    assert row is not None
    assert (row.digest, row.actor, row.stream) == ("sha", ALICE.actor, 1)
    assert (row.first_version, row.last_version) == (2, 3)
    assert (row.first_position, row.last_position) == (2, 4)
    assert ledger.records_of_key("pay-1") == records
    assert ledger.find_key("pay-2") is None
    assert ledger.records_of_key("pay-2") == []


def test_a_key_is_taken_once(ledger: Ledger[Count]) -> None:
    keyed = replace(ALICE, key="pay-1")
    ledger.append([("A", 0, started("M1"))], keyed)
    with pytest.raises(Conflict) as conflict:
        ledger.append([("A", 1, started("M2"))], keyed)
    assert conflict.value.code == "key-recorded"
    assert ledger.load("A") == ("M1",)


def test_an_append_of_nothing_records_nothing(ledger: Ledger[Count]) -> None:
    assert ledger.append([("A", 0, [])], replace(ALICE, key="k")) == []
    assert (position(ledger), ledger.find_key("k")) == (0, None)


def test_a_dry_run_shows_what_would_be_recorded_and_leaves_nothing(ledger: Ledger[Count]) -> None:
    keyed = replace(ALICE, key="k")
    would_be = ledger.append([("A", 0, started("M1"))], keyed, dry_run=True)
    assert (position(ledger), ledger.load("A"), ledger.find_key("k")) == (0, None, None)
    with ledger.snapshot() as conn:
        assert reading.stream_count(conn) == 0
    (record,) = ledger.append([("A", 0, started("M1"))], keyed)
    (shown,) = would_be
    assert (shown.position, shown.stream, shown.version) == (1, 1, 1)
    assert (shown.data, shown.key, type(shown)) == (record.data, record.key, type(record))


def test_a_dry_run_finds_the_same_conflicts(ledger: Ledger[Count]) -> None:
    ledger.append([("A", 0, started("M1"))], ALICE)
    with pytest.raises(Conflict):
        ledger.append([("A", 0, started("M1"))], ALICE, dry_run=True)


def test_the_store_says_who_is_authenticated(ledger: Ledger[Count], backend: str) -> None:
    (record,) = ledger.append([("A", 0, started("M1"))], ALICE)
    assert record.actor == ALICE.actor
    assert record.authenticated_as == ledger.authenticated_user()
    assert record.authenticated_as == ("postgres" if backend == "postgresql" else os_user())


@pytest.mark.postgres
def test_postgresql_takes_nobodys_word_for_who_is_authenticated(postgresql_url: str) -> None:
    with open_ledger(postgresql_url, counted) as ledger:
        claim = Envelope(actor="bob", authenticated_as="bob")
        (record,) = ledger.append([("A", 0, started("M1"))], claim)
    assert record.authenticated_as == "postgres"


def test_time_never_goes_backwards_when_the_clock_does(sqlite_url: str) -> None:
    moments = iter([datetime(2026, 3, 1, tzinfo=UTC) - timedelta(days=n) for n in range(3)])
    engine = connect(sqlite_url)
    recorder = LedgerRecorder(engine, clock=lambda: next(moments))
    with open_ledger(sqlite_url, counted) as ledger:
        ledger.events.recorder = recorder
        times = [
            ledger.append([("A", version, started("M"))], ALICE)[0].recorded_at
            for version in range(3)
        ]
    engine.dispose()
    assert times == ["2026-03-01T00:00:00.000000Z"] * 3


def test_time_never_goes_behind_the_last_record(ledger: Ledger[Count]) -> None:
    later = "2999-01-01T00:00:00.000000Z"
    # As a server's clock that was set back leaves it: nobody may set the head's time by hand.
    unguarded(ledger.engine, does(f"UPDATE log_head SET recorded_at = '{later}'"))
    (record,) = ledger.append([("A", 0, started("M1"))], ALICE)
    assert record.recorded_at == later


@pytest.mark.parametrize(("cached_states", "folds"), [(0, 2 + 3 + 3), (5, 3)])
def test_a_state_is_folded_anew_or_a_cached_one_brought_forward(
    database_url: str, cached_states: int, folds: int
) -> None:
    folded: list[int] = []

    def folding(state: Count | None, record: Record) -> Count:
        folded.append(record.version)
        return counted(state, record)

    with (
        open_ledger(database_url, folding, cached_states) as ledger,
        open_ledger(database_url, counted) as other,
    ):
        ledger.append([("A", 0, started("M1", "M2"))], ALICE)
        assert ledger.load("A") == ("M1", "M2")
        other.append([("A", 2, started("M3"))], ALICE)
        assert ledger.load("A") == ("M1", "M2", "M3")
        assert ledger.load("A") == ("M1", "M2", "M3")
        assert len(folded) == folds
        assert ledger.load("B") is None


def test_four_processes_leave_no_gap_and_lose_nothing(database_url: str) -> None:
    appended = at_once(append_thirty, database_url)
    everything = sorted(position for positions in appended for position in positions)
    assert everything == list(range(1, 30 * PROCESSES + 1))
    with open_ledger(database_url, counted) as ledger, ledger.snapshot() as conn:
        reading.check_complete(conn, 30 * PROCESSES)
        records = [record for section in reading.read_log(conn, 0) for record in section]
    assert [record.version for record in records] == everything
    assert [r.recorded_at for r in records] == sorted(r.recorded_at for r in records)


@pytest.mark.parametrize("size", [1, 7, 600])
def test_many_streams_are_appended_at_once(ledger: Ledger[Count], size: int) -> None:
    ledger.append([(f"S{n}", 0, started("M1")) for n in range(0, size, 2)], ALICE)
    batch = [(f"S{n}", 1 - n % 2, started("M2", "M3")) for n in range(size)]
    records = ledger.append(batch, ALICE)
    first = (size + 1) // 2 + 1
    assert [r.position for r in records] == list(range(first, first + 2 * size))
    with ledger.snapshot() as conn:
        assert reading.stream_count(conn) == size


def test_a_log_whose_head_was_set_back_is_not_appended_to(ledger: Ledger[Count]) -> None:
    ledger.append([("A", 0, started("M1", "M2"))], ALICE)
    set_back = does("UPDATE log_head SET position = 1")
    unguarded(ledger.engine, set_back, back=False)
    with pytest.raises(IntegrityViolated) as violation:
        ledger.append([("B", 0, started("M1"))], ALICE)
    assert violation.value.code == "position-taken"
    assert ledger.load("B") is None
