"""The library's own tests of recorders, on both databases.

Of `eventsourcing.tests.persistence` two suites are left out: TrackingRecorderTestCase and
ProcessRecorderTestCase test the library's tracking records, which the ledger does not have (a
projection keeps its own position), and InfrastructureFactoryTestCase tests how recorders are chosen
by environment variables, which it must not be.

The library's events hold b"state1", which is no JSON, and the database takes no record that is none: here they are
stored as JSON strings, and read as they were.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from eventsourcing.persistence import Notification, StoredEvent
from eventsourcing.tests.persistence import (
    AggregateRecorderTestCase,
    ApplicationRecorderTestCase,
    NonInterleavingNotificationIDsBaseCase,
)
from sqlalchemy import Engine

from ledger.store import connect, database
from ledger.store.recorder import LedgerRecorder, LogRecorder


class OnSQLite:
    """Gives a test case an engine; a stream's name is text."""

    engine: Engine

    @pytest.fixture(autouse=True)
    def _database(self, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        # Ten threads write at once and none tries again: how long one waits is the machine's affair.
        monkeypatch.setattr(database, "LOCK_WAIT_SECONDS", 600)
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


def quoted(events: Sequence[StoredEvent]) -> list[StoredEvent]:
    return [replace(event, state=json.dumps(event.state.decode()).encode()) for event in events]


def unquoted(state: bytes) -> bytes:
    text: str = json.loads(state)
    return text.encode()


class Quoting(LogRecorder):
    """A recorder whose payloads are any bytes of text."""

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        return super().insert_events(quoted(stored_events), **kwargs)

    def select_events(self, *args: Any, **kwargs: Any) -> Sequence[StoredEvent]:
        found = super().select_events(*args, **kwargs)
        return [replace(event, state=unquoted(event.state)) for event in found]


class QuotingLedger(Quoting, LedgerRecorder):
    """The same, for an application."""

    def select_notifications(self, *args: Any, **kwargs: Any) -> Sequence[Notification]:
        found = super().select_notifications(*args, **kwargs)
        return [replace(one, state=unquoted(one.state)) for one in found]


class TestAggregateRecorderOnSQLite(OnSQLite, AggregateRecorderTestCase):
    def create_recorder(self) -> Quoting:
        return Quoting(self.engine)


class TestAggregateRecorderOnPostgreSQL(OnPostgreSQL, AggregateRecorderTestCase):
    def create_recorder(self) -> Quoting:
        return Quoting(self.engine)


class TestApplicationRecorderOnSQLite(OnSQLite, ApplicationRecorderTestCase[QuotingLedger]):
    def create_recorder(self) -> QuotingLedger:
        return QuotingLedger(self.engine)

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestApplicationRecorderOnPostgreSQL(OnPostgreSQL, ApplicationRecorderTestCase[QuotingLedger]):
    def create_recorder(self) -> QuotingLedger:
        return QuotingLedger(self.engine)

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestNonInterleavingOnSQLite(OnSQLite, NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> QuotingLedger:
        return QuotingLedger(self.engine)


class TestNonInterleavingOnPostgreSQL(OnPostgreSQL, NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> QuotingLedger:
        return QuotingLedger(self.engine)


# Imported as bases; on their own they are no tests.
del AggregateRecorderTestCase, ApplicationRecorderTestCase, NonInterleavingNotificationIDsBaseCase
