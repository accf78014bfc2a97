"""What every test may use: the shared data folder and the two Hypothesis profiles."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

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

REPOSITORY = Path(__file__).resolve().parent.parent

# `quick` draws the same examples every time: a red `make test` is red again on the next run.
settings.register_profile("quick", derandomize=True, max_examples=30, deadline=None)
settings.register_profile(
    "fuzz",
    max_examples=2000,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture(scope="session")
def published() -> Path:
    """The folder of published data that stands in the repository, its licences beside it."""
    return REPOSITORY / "tests" / "data"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared test data: $MLEDGER_SHARED, else `shared` beside the repository."""
    folder = Path(os.environ.get("MLEDGER_SHARED") or REPOSITORY.parent / "shared")
    if not (folder / "data").is_dir():
        pytest.skip(f"shared test data is missing: no folder {folder / 'data'}; set MLEDGER_SHARED")
    return folder


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
