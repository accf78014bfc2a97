"""The databases of tests/databases.py, and a ledger on each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ledger.contract import evolve
from ledger.state import Contract
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
def ledger(database_url: str) -> Iterator[Ledger[Contract]]:
    """An empty ledger of contracts."""
    with open_ledger(database_url, evolve) as opened:
        yield opened
