"""A folder in the setting of the bank cases: played once, copied for every test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from commands.settings import Settings
from ledger.store import recorder
from tests.bank.setting import play
from tests.commands.acting import ENVIRON, NOON
from tests.commands.transcripts import surroundings
from tests.databases import sqlite_template

__all__ = ["instructed", "played_setting", "sqlite_template"]


@pytest.fixture(scope="session")
def played_setting(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """A ledger in which the run is instructed, at noon in Shanghai on 2026-11-22."""
    folder = tmp_path_factory.mktemp("setting")
    shutil.copyfile(sqlite_template, folder / "ledger.sqlite3")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recorder, "utc_now", lambda: NOON)
        patch.setattr(Settings, "today", lambda self: NOON.date())
        with surroundings(folder, ENVIRON):
            play(folder)
    return folder / "ledger.sqlite3"


@pytest.fixture
def instructed(played_setting: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The setting as the current folder, on the day that its clock says."""
    shutil.copyfile(played_setting, tmp_path / "ledger.sqlite3")
    monkeypatch.setattr(recorder, "utc_now", lambda: NOON)
    monkeypatch.setattr(Settings, "today", lambda self: NOON.date())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MLEDGER_DATABASE_URL", ENVIRON["MLEDGER_DATABASE_URL"])
    for name in ("MLEDGER_ACTOR", "MLEDGER_ZONE", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path
