"""The library's recorder interfaces on our tables: one code for SQLite and PostgreSQL.

An append is one transaction: it claims its positions in the head row (whose lock keeps every other
writer waiting, so that commit order is position order), compares the streams that it rests on,
numbers those that are new, inserts the records, and remembers the key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import sleep
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    IntegrityError,
    Notification,
    StoredEvent,
    Subscription,
)
from sqlalchemy import Connection, Engine, Table, bindparam, func, insert, select
from sqlalchemy.exc import IntegrityError as ConstraintFailed

from ledger.errors import IntegrityViolated
from ledger.store.bulk import insert_rows
from ledger.store.database import reading, telling_who_waits, writing
from ledger.store.holding import STANDS_STILL_SECONDS, naming_who_holds
from ledger.store.records import Envelope, RecordedEvent, Row, splice, stored_event
from ledger.store.tables import keys, log, streams

_NOBODY = Envelope()
_NOTHING: Mapping[str, int] = {}
_MOST_NAMES = 500  # in one IN list: far below every driver's limit of parameters
_POLL_SECONDS = 0.1

# Of some streams the text, the number and the last version. Built once: each append asks it.
_STANDING = select(
    streams.c.stream_id,
    streams.c.stream,
    select(func.max(log.c.version)).where(log.c.stream == streams.c.stream).scalar_subquery(),
).where(streams.c.stream_id.in_(bindparam("some", expanding=True)))

# PostgreSQL says what time it is and who is connected; SQLite knows neither, and is told.
_CLAIM = {
    "sqlite": "UPDATE log_head SET position = position + ?, recorded_at = max(recorded_at, ?)"
    " RETURNING position, recorded_at, NULL",
    "postgresql": "UPDATE log_head SET position = position + %s, recorded_at ="
    """ greatest(recorded_at, to_char("""
    """clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))"""
    " RETURNING position, recorded_at, session_user,"
    # No statement of its own: an append would wait for one more answer.
    " set_config('idle_in_transaction_session_timeout', %s, true)",
}


class VersionConflict(IntegrityError):
    """The stream is no longer where the writer saw it: `expected` and `found` count its events."""

    def __init__(self, stream_id: str, expected: int, found: int) -> None:
        super().__init__(f"{stream_id} has {found} events, not {expected}")
        self.stream_id, self.expected, self.found = stream_id, expected, found


class KeyTaken(IntegrityError):
    """An outcome is already recorded under this idempotency key."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Positions taken in an open transaction: the first of them, the time of recording, and who records."""

    first_position: int
    recorded_at: str
    envelope: Envelope


def utc_now() -> datetime:
    """The clock of this process, which SQLite's records go by; it must be in UTC."""
    return datetime.now(UTC)


class LogRecorder(AggregateRecorder):
    """Appends events to the log and reads a stream's."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime] | None = None) -> None:
        self.engine = engine
        self.clock = clock or utc_now

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        self.append(stored_events)
        return None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        return [
            StoredEvent(e.originator_id, e.originator_version, e.topic, e.state)
            for e in self.read(originator_id, gt, lte, desc, limit)
        ]

    def append(
        self,
        events: Sequence[StoredEvent],
        envelope: Envelope = _NOBODY,
        dry_run: bool = False,
        unchanged: Mapping[str, int] = _NOTHING,
    ) -> list[Row]:
        """The rows that one transaction inserted; after a dry run, those that it would have.

        Raises VersionConflict, also where a stream that must be `unchanged` has another version, and
        KeyTaken, with nothing recorded.
        """
        if not events:
            return []
        with writing(self.engine) as conn:
            claim = self.claim(conn, len(events), envelope)
            rows = insert_claimed(conn, claim, events, unchanged)
            if dry_run:
                conn.rollback()
        return rows

    def read(
        self,
        originator_id: UUID | str,
        gt: int | None,
        lte: int | None,
        desc: bool,
        limit: int | None,
    ) -> list[RecordedEvent]:
        """A stream's events after version `gt` up to `lte`."""
        query = (
            select(log.c.position, log.c.record)
            .join(streams, streams.c.stream == log.c.stream)
            .where(streams.c.stream_id == str(originator_id))
            .order_by(log.c.version.desc() if desc else log.c.version)
            .limit(limit)
        )
        if gt is not None:
            query = query.where(log.c.version > gt)
        if lte is not None:
            query = query.where(log.c.version <= lte)
        with reading(self.engine) as conn:
            return [stored_event(position, record) for position, record in conn.execute(query)]

    def claim(self, conn: Connection, count: int, envelope: Envelope) -> Claim:
        """Takes the next `count` positions; from here on every other writer waits."""
        now = self.clock().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        told = (count, now if conn.dialect.name == "sqlite" else f"{STANDS_STILL_SECONDS}s")
        with telling_who_waits(conn.engine.url), naming_who_holds(conn.engine):
            claimed = conn.exec_driver_sql(_CLAIM[conn.dialect.name], told).all()
        all_stand("log_head", len(claimed), 1)
        position, recorded_at, session_user = claimed[0][:3]
        if session_user is not None:
            envelope = replace(envelope, authenticated_as=session_user)
        return Claim(position - count + 1, recorded_at, envelope)


class LedgerRecorder(LogRecorder, ApplicationRecorder):
    """The same, for an application: it tells positions, and its events carry their records."""

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        envelope: Envelope = _NOBODY,
        dry_run: bool = False,
        unchanged: Mapping[str, int] = _NOTHING,
        receipt: list[str] | None = None,
        **kwargs: Any,
    ) -> Sequence[int] | None:
        """The positions of the appended events; `receipt` is filled with their records."""
        rows = self.append(stored_events, envelope, dry_run, unchanged)
        if receipt is not None:
            receipt.extend(row[3] for row in rows)
        return [row[0] for row in rows]

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        return self.read(originator_id, gt, lte, desc, limit)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        after = (start or 0) - (1 if inclusive_of_start else 0)
        found: list[Notification] = []
        with reading(self.engine) as conn:
            while len(found) < limit:
                query = select(log.c.position, log.c.record).where(log.c.position > after)
                if stop is not None:
                    query = query.where(log.c.position <= stop)
                rows = conn.execute(query.order_by(log.c.position).limit(limit)).all()
                if not rows:
                    break
                after = rows[-1].position
                # An event's type stands in its record only, so topics are sifted here.
                notifications = [_notification(position, record) for position, record in rows]
                found += [n for n in notifications if not topics or n.topic in topics]
        return found[:limit]

    def max_notification_id(self) -> int | None:
        with reading(self.engine) as conn:
            position: int | None = conn.execute(select(func.max(log.c.position))).scalar_one()
        return position

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        return PollingSubscription(self, gt, topics)


class PollingSubscription(Subscription[ApplicationRecorder]):
    """Every event after a position, then each new one soon after it is recorded."""

    _waiting: Sequence[Notification] = ()

    def __next__(self) -> Notification:
        while not self._has_been_stopped:
            if self._waiting:
                following, self._waiting = self._waiting[0], self._waiting[1:]
                self._last_notification_id = following.id
                return following
            self._waiting = self._recorder.select_notifications(
                self._last_notification_id or 0, 500, topics=self._topics, inclusive_of_start=False
            )
            if not self._waiting:
                sleep(_POLL_SECONDS)
        raise StopIteration


def _notification(position: int, record: str) -> Notification:
    event = stored_event(position, record)
    return Notification(
        event.originator_id, event.originator_version, event.topic, event.state, position
    )


def insert_claimed(
    conn: Connection,
    claim: Claim,
    events: Sequence[StoredEvent],
    unchanged: Mapping[str, int] = _NOTHING,
) -> list[Row]:
    """The rows of these events, inserted at the positions claimed; raises VersionConflict and KeyTaken.

    Of a stream that must be `unchanged` the version is given, 0 where it must not be there yet. Since the claim waits
    for whoever else appends, what is found then stays so until these rows are there.
    """
    numbers = _numbered(conn, events, unchanged)
    rows = splice(events, claim.envelope, claim.first_position, claim.recorded_at, numbers)
    _insert_log(conn, rows)
    if claim.envelope.key is not None:
        _remember(conn, claim.envelope, rows)
    return rows


def _numbered(
    conn: Connection, events: Sequence[StoredEvent], unchanged: Mapping[str, int]
) -> dict[str, int]:
    """The streams' numbers, given now to new ones; VersionConflict where one would get a gap, or has changed."""
    first = _first_versions(events)
    numbers, versions = {}, dict.fromkeys(unchanged, 0)
    for stream_id, number, found in _known(conn, [*first.keys() | unchanged.keys()]):
        if found is not None:
            versions[stream_id] = found
        if stream_id in first:
            if found is not None and first[stream_id] != found + 1:
                raise VersionConflict(stream_id, first[stream_id] - 1, found)
            numbers[stream_id] = number
    for stream_id, expected in unchanged.items():
        if versions[stream_id] != expected:
            raise VersionConflict(stream_id, expected, versions[stream_id])
    new = [stream_id for stream_id in first if stream_id not in numbers]
    if new:
        # A stream begins at 1, in the library's own tests at 0.
        for stream_id in new:
            if first[stream_id] > 1:
                raise VersionConflict(stream_id, first[stream_id] - 1, 0)
        following = conn.execute(
            select(func.coalesce(func.max(streams.c.stream), 0) + 1)
        ).scalar_one()
        numbers |= {stream_id: number for number, stream_id in enumerate(new, following)}
        insert_all(
            conn,
            streams,
            [{"stream": numbers[stream_id], "stream_id": stream_id} for stream_id in new],
        )
    return numbers


def _first_versions(events: Sequence[StoredEvent]) -> dict[str, int]:
    """Where each stream goes on; within the batch every stream must be without a gap."""
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for event in events:
        stream_id, version = str(event.originator_id), event.originator_version
        before = last.setdefault(stream_id, version - 1)
        if version != before + 1:
            raise VersionConflict(stream_id, version - 1, before)
        first.setdefault(stream_id, version)
        last[stream_id] = version
    return first


def _known(conn: Connection, stream_ids: Sequence[str]) -> list[tuple[str, int, int | None]]:
    """Those of the streams that exist: text, number, last version."""
    found: list[tuple[str, int, int | None]] = []
    for start in range(0, len(stream_ids), _MOST_NAMES):
        some = {"some": stream_ids[start : start + _MOST_NAMES]}
        found += [(row[0], row[1], row[2]) for row in conn.execute(_STANDING, some)]
    return found


def _insert_log(conn: Connection, rows: list[Row]) -> None:
    try:
        all_stand("log", insert_rows(conn, "log", rows, 4), len(rows))
    except conn.dialect.loaded_dbapi.IntegrityError as error:
        raise IntegrityError(str(error)) from error


def insert_all(conn: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Inserts rows; raises IntegrityViolated where not all of them were kept."""
    kept = conn.execute(insert(table), rows, execution_options={"preserve_rowcount": True})
    all_stand(table.name, kept.rowcount, len(rows))


def all_stand(table: str, found: int, wanted: int) -> None:
    """Passes where as many rows were inserted as there were; else a trigger that is not ours swallowed some."""
    if found != wanted:
        raise IntegrityViolated(
            "insert-swallowed",
            f"of {wanted} row(s) for the table {table} the database kept {found}",
            hint="nothing was recorded; mledger audit verify names the trigger or rule that is in the way",
        )


def _remember(conn: Connection, envelope: Envelope, rows: Sequence[Row]) -> None:
    """Inserts the key's row: of an outcome over several streams, the first and all positions."""
    stream = rows[0][1]
    versions = [row[2] for row in rows if row[1] == stream]
    outcome = {
        "key": envelope.key,
        "digest": envelope.digest,
        "actor": envelope.actor,
        "stream": stream,
        "first_version": versions[0],
        "last_version": versions[-1],
        "first_position": rows[0][0],
        "last_position": rows[-1][0],
    }
    try:
        insert_all(conn, keys, [outcome])
    except ConstraintFailed as error:
        raise KeyTaken(f"the key {envelope.key} is already used") from error
