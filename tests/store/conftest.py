"""The databases of tests/databases.py, and a ledger on each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.store import Ledger, open_ledger
from tests.databases import (
    backend,
    cluster,
    database_url,
    empty_url,
    postgresql_template,
    postgresql_url,
    sqlite_template,
    sqlite_url,
)
from tests.store.events import Count, counted

__all__ = [
    "backend",
    "cluster",
    "database_url",
    "empty_url",
    "postgresql_template",
    "postgresql_url",
    "sqlite_template",
    "sqlite_url",
]


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger[Count]]:
    """An empty ledger, whose states only count."""
    with open_ledger(database_url, counted) as opened:
        yield opened
