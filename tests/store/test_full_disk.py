"""Where no room is left beside an SQLite file reports go on, and whoever records is told why it cannot be."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import make_url

from ledger.errors import StoreUnavailable
from ledger.store import database, failures, open_ledger
from tests.store.events import ALICE, counted, started


@pytest.fixture
def full(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The memory that is shared beside the file cannot be made, as on a full disk, which says that it is full."""
    with open_ledger(sqlite_url, counted) as ledger:
        ledger.append([("A", 0, started("M1", "M2"))], ALICE)
    fill_up(monkeypatch)
    return sqlite_url


def fill_up(monkeypatch: pytest.MonkeyPatch, room: bool = False) -> None:
    whole = database._opened

    def without_memory(path: Path, mode: str, first: str = "") -> sqlite3.Connection:
        if "immutable" not in mode and "EXCLUSIVE" not in first:
            problem = sqlite3.OperationalError("disk I/O error")
            problem.sqlite_errorname = "SQLITE_IOERR_SHMSIZE"
            raise problem
        return whole(path, mode, first)

    monkeypatch.setattr(database, "_opened", without_memory)
    for module in (database, failures):
        monkeypatch.setattr(module, "has_room", lambda file: room)


def test_reports_go_on_and_nothing_is_recorded(full: str) -> None:
    with open_ledger(full, counted) as ledger:
        assert [record.version for record in ledger.stream("A")] == [1, 2]
        with pytest.raises(StoreUnavailable) as refused:
            ledger.append([("A", 2, started("M3"))], ALICE)
    assert refused.value.code == "disk-full"
    assert "there is no room left" in refused.value.message
    assert "reports go on" in refused.value.hint


def test_what_is_not_yet_in_the_file_itself_is_read_as_well(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that was killed has left its last records in the write-ahead log alone."""
    file = make_url(sqlite_url).database or ""
    copy = tmp_path / "copy.sqlite3"
    with open_ledger(sqlite_url, counted) as ledger:
        ledger.append([("A", 0, started("M1"))], ALICE)
        for end in ("", "-wal"):
            shutil.copyfile(f"{file}{end}", f"{copy}{end}")
    assert Path(f"{copy}-wal").stat().st_size
    fill_up(monkeypatch)
    with open_ledger(f"sqlite:///{copy}", counted) as ledger:
        assert [record.version for record in ledger.stream("A")] == [1]


def test_with_room_a_file_that_cannot_be_opened_is_told_as_that(
    full: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_up(monkeypatch, room=True)
    with pytest.raises(StoreUnavailable) as refused:
        open_ledger(full, counted)
    assert refused.value.code == "database-unreachable"


def test_room_is_what_the_file_system_says() -> None:
    assert failures.has_room(Path.cwd() / "ledger.sqlite3")
    assert failures.has_room(
        Path("/nowhere/at/all/ledger.sqlite3")
    )  # what is wrong there is something else
