"""The library's own tests of recorders, on both databases.

Of `eventsourcing.tests.persistence` two suites are left out: TrackingRecorderTestCase and
ProcessRecorderTestCase test the library's tracking records, which the ledger does not have (a
projection keeps its own position), and InfrastructureFactoryTestCase tests how recorders are chosen
by environment variables, which it must not be.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from eventsourcing.tests.persistence import (
    AggregateRecorderTestCase,
    ApplicationRecorderTestCase,
    NonInterleavingNotificationIDsBaseCase,
)
from sqlalchemy import Engine

from ledger.store import connect
from ledger.store.recorder import LedgerRecorder, LogRecorder


class OnSQLite:
    """Gives a test case an engine; a stream's name is text."""

    engine: Engine

    @pytest.fixture(autouse=True)
    def _database(self, sqlite_url: str) -> Iterator[None]:
        with engine_on(sqlite_url) as self.engine:
            yield

    def new_originator_id(self) -> str:
        return str(uuid4())


@pytest.mark.postgres
class OnPostgreSQL:
    """The same, on PostgreSQL."""

    engine: Engine

    @pytest.fixture(autouse=True)
    def _database(self, postgresql_url: str) -> Iterator[None]:
        with engine_on(postgresql_url) as self.engine:
            yield

    def new_originator_id(self) -> str:
        return str(uuid4())


@contextmanager
def engine_on(url: str) -> Iterator[Engine]:
    before = set(threading.enumerate())
    engine = connect(url)
    yield engine
    # The library's reader threads are told to stop, but not waited for.
    for thread in set(threading.enumerate()) - before:
        thread.join()
    engine.dispose()


class TestAggregateRecorderOnSQLite(OnSQLite, AggregateRecorderTestCase):
    def create_recorder(self) -> LogRecorder:
        return LogRecorder(self.engine)


class TestAggregateRecorderOnPostgreSQL(OnPostgreSQL, AggregateRecorderTestCase):
    def create_recorder(self) -> LogRecorder:
        return LogRecorder(self.engine)


class TestApplicationRecorderOnSQLite(OnSQLite, ApplicationRecorderTestCase[LedgerRecorder]):
    def create_recorder(self) -> LedgerRecorder:
        return LedgerRecorder(self.engine)

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestApplicationRecorderOnPostgreSQL(
    OnPostgreSQL, ApplicationRecorderTestCase[LedgerRecorder]
):
    def create_recorder(self) -> LedgerRecorder:
        return LedgerRecorder(self.engine)

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestNonInterleavingOnSQLite(OnSQLite, NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> LedgerRecorder:
        return LedgerRecorder(self.engine)


class TestNonInterleavingOnPostgreSQL(OnPostgreSQL, NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> LedgerRecorder:
        return LedgerRecorder(self.engine)


# Imported as bases; on their own they are no tests.
del AggregateRecorderTestCase, ApplicationRecorderTestCase, NonInterleavingNotificationIDsBaseCase
