"""A folder to act in: a fresh ledger, the Double 11 contract file, and 2026-11-22 as today."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from commands.main import main
from commands.settings import Settings
from ledger.store import recorder
from tests.databases import sqlite_template

__all__ = ["CONTRACT", "ENVIRON", "C", "at_noon", "folder", "here", "sqlite_template", "today"]

REPOSITORY = Path(__file__).resolve().parents[2]
CONTRACT = REPOSITORY / "docs" / "examples" / "double-11.yaml"
C = "BW-2026-014"
ENVIRON = {"MLEDGER_DATABASE_URL": "ledger.sqlite3"}


NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is noon in Shanghai on 2026-11-22, by the program's one clock and in the reports' zone.

    Not by freezegun: msgspec encodes dates, and refuses the dates that freezegun puts in their place.
    """
    at_noon(monkeypatch)


def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, for a fixture of its own scope."""
    monkeypatch.setattr(recorder, "utc_now", lambda: NOON)
    monkeypatch.setattr(Settings, "today", lambda self: date(2026, 11, 22))


@pytest.fixture
def folder(tmp_path: Path, sqlite_template: Path) -> Path:
    """A folder with an empty ledger and the contract file."""
    shutil.copyfile(sqlite_template, tmp_path / "ledger.sqlite3")
    shutil.copyfile(CONTRACT, tmp_path / "double-11.yaml")
    return tmp_path


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch, today: None) -> Path:
    """The folder as current folder, its ledger as the database, the contract signed."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("MLEDGER_DATABASE_URL", ENVIRON["MLEDGER_DATABASE_URL"])
    for name in ("MLEDGER_ACTOR", "MLEDGER_ZONE", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    assert main(["contract", "sign", "double-11.yaml", "--as", "admin-1"]) == 0
    return folder
