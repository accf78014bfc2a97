"""The played scenario as fixtures, on a copy of the migrated databases of tests/databases.py."""

from __future__ import annotations

import pytest

from tests.commands.acting import today
from tests.commands.played import record
from tests.stories import double_eleven

__all__ = ["today"]


@pytest.fixture
def story_url(database_url: str) -> str:
    """A database with the whole scenario, once on SQLite and once on PostgreSQL."""
    record(database_url, double_eleven())
    return database_url


@pytest.fixture
def sqlite_story(sqlite_url: str) -> str:
    """A database with the whole scenario, on SQLite."""
    record(sqlite_url, double_eleven())
    return sqlite_url


@pytest.fixture(autouse=True)
def a_page_of_fixed_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables come out alike in any terminal; a test of another width sets its own."""
    monkeypatch.setenv("COLUMNS", "120")
