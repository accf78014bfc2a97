"""The ledger as an `eventsourcing` application: its EventStore and Repository on our recorder."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    InfrastructureFactoryError,
    IntegrityError,
    Mapper,
    TrackingRecorder,
)
from eventsourcing.utils import Environment, EnvType
from sqlalchemy import Connection, Engine

from ledger.errors import Conflict, InputInvalid, IntegrityViolated
from ledger.events import Fact, Record, decode_records
from ledger.store import reading
from ledger.store.database import connect, os_user
from ledger.store.database import reading as snapshot_of
from ledger.store.mapper import DomainEvent, RecordMapper
from ledger.store.recorder import KeyTaken, LedgerRecorder, LogRecorder, VersionConflict
from ledger.store.records import Envelope

State = TypeVar("State")
Batch = Sequence[tuple[str, int, Sequence[Fact]]]
"""What to append: stream id, the number of events it is expected to have, the new events."""
HELD_TOGETHER = 256
"""How many states make one part, where there may be any number: some 10 MB of ordinary contracts."""


@dataclass(slots=True)
class Folded(Generic[State]):
    """What the library's repository holds for us: a state, and the version it stands at.

    The one thing here that changes: the library brings a cached aggregate forward in place.
    """

    id: str
    version: int
    state: State


@dataclass(frozen=True, slots=True)
class Changes:
    """What the library's `save` collects: the new events of all streams of one append."""

    events: list[DomainEvent]
    id: str = ""
    version: int = 0

    def collect_events(self) -> list[DomainEvent]:
        return self.events


class Factory(InfrastructureFactory[TrackingRecorder]):
    """Recorders on one engine, without the library's tracking: projections keep their positions."""

    def __init__(self, env: Environment, engine: Engine) -> None:
        super().__init__(env)
        self.engine = engine

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        return LogRecorder(self.engine)

    def application_recorder(self) -> ApplicationRecorder:
        return LedgerRecorder(self.engine)

    def tracking_recorder(self, tracking_recorder_class: Any = None) -> Any:
        raise InfrastructureFactoryError("the ledger's projections keep their own positions")

    def process_recorder(self) -> Any:
        raise InfrastructureFactoryError("the ledger's projections keep their own positions")

    def close(self) -> None:
        self.engine.dispose()


class Ledger(Application[str], Generic[State]):
    """The log of one database: append, load, read. `fold` makes a stream's state of its records.

    A loaded state is the caller's own, to change or use up. Where the last `cached_states` are kept
    and brought forward instead, they are the ledger's: to be read, and folded by nobody else.
    """

    name = "Ledger"
    log_section_size = 100_000

    def __init__(
        self,
        engine: Engine,
        fold: Callable[[State | None, Record], State],
        cached_states: int = 0,
    ) -> None:
        self.engine = engine
        self._fold = fold
        self._cached_states = cached_states
        # The last that this object recorded: they stand whatever follows.
        self.appended: list[Record] = []
        self.gave: dict[tuple[str, ...], str] = {}  # where a right was found last: person, roles
        super().__init__()

    def append(
        self,
        batch: Batch,
        envelope: Envelope,
        dry_run: bool = False,
        unchanged: Mapping[str, int] | None = None,
    ) -> list[Record]:
        """The new records of any number of streams, appended in one transaction.

        `unchanged` is what they rest on besides: streams, and the number of events that each was seen
        with (0: none), compared when nobody else can append any more. A dry run takes the same path
        and rolls back at its end. Raises Conflict, with nothing recorded, where a stream has grown
        ("stream-changed") or the key is used ("key-recorded"): load, decide and append again.
        """
        _check_names(envelope, batch)
        if not envelope.authenticated_as:
            envelope = replace(envelope, authenticated_as=os_user())
        events = [
            DomainEvent(stream_id, version, fact)
            for stream_id, expected, facts in batch
            for version, fact in enumerate(facts, expected + 1)
        ]
        receipt: list[str] = []
        try:
            self.save(
                Changes(events),
                envelope=envelope,
                dry_run=dry_run,
                unchanged=unchanged or {},
                receipt=receipt,
            )
        except UnicodeEncodeError as error:
            raise _unstorable(error.object) from error
        except VersionConflict as error:
            raise Conflict(
                "stream-changed",
                f"{error.stream_id} has changed meanwhile: it has {error.found} events,"
                f" not {error.expected}",
                hint="nothing was recorded; look again, then try again",
                facts={"stream": error.stream_id, "expected": error.expected, "found": error.found},
            ) from error
        except KeyTaken as error:
            raise Conflict(
                "key-recorded",
                f"the idempotency key {envelope.key} was recorded meanwhile",
                hint="try again: the same request is answered with the first outcome",
                facts={"key": envelope.key},
            ) from error
        except IntegrityError as error:
            raise IntegrityViolated(
                "position-taken",
                f"the log has records where its head says that there are none: {error}",
                hint="the log was altered: mledger audit verify",
            ) from error
        records = decode_records(f"[{','.join(receipt)}]")
        if records and not dry_run:
            self.appended = records
        return records

    @property
    def keeps_states(self) -> bool:
        """Whether what `load` gives is the ledger's own, to be read and not used up."""
        return bool(self._cached_states)

    def load(self, stream_id: str) -> State | None:
        """A stream's state now, or None if it has no events."""
        try:
            folded: Folded[State] = self.repository.get(stream_id, projector_func=self._project)
        except AggregateNotFoundError:
            return None
        return folded.state

    def load_all(self, stream_ids: Collection[str], until: int | None = None) -> dict[str, State]:
        """The states of those of the streams that exist, read together; they are the caller's own.

        They are as position `until` left them, or as they are now.
        """
        states: dict[str, State] = {}
        with self.snapshot() as conn:
            numbers = reading.stream_numbers(conn, stream_ids)
            for records in reading.read_streams(conn, numbers, until):
                for record in records:
                    name = record.stream_id
                    states[name] = self._fold(states.get(name), record)
        return states

    def load_parts(self, stream_ids: Collection[str]) -> Iterator[dict[str, State]]:
        """The states of `load_all`, so many streams at a time as are held together: for what may be any number."""
        names = list(stream_ids)
        for start in range(0, len(names), HELD_TOGETHER):
            yield self.load_all(names[start : start + HELD_TOGETHER])

    def stream(self, stream_id: str) -> list[Record]:
        """A stream's records in order of version; empty if there are none."""
        with self.snapshot() as conn:
            return reading.read_stream(conn, stream_id)

    def find_key(self, key: str) -> reading.KeyRow | None:
        """What was recorded under an idempotency key, or None."""
        with self.snapshot() as conn:
            return reading.key_row(conn, key)

    def records_of_key(self, key: str) -> list[Record]:
        """The records of a key's outcome, in order of position; empty if the key is unused."""
        with self.snapshot() as conn:
            row = reading.key_row(conn, key)
            if row is None:
                return []
            sections = reading.read_log(conn, row.first_position - 1, row.last_position)
            return [record for section in sections for record in section]

    def snapshot(self) -> AbstractContextManager[Connection]:
        """A connection for `ledger.store.reading`, which sees one moment of the database."""
        return snapshot_of(self.engine)

    def authenticated_user(self) -> str:
        """Who the store says is at work: PostgreSQL's session user, on SQLite the system's."""
        if self.engine.dialect.name == "sqlite":
            return os_user()
        with self.snapshot() as conn:
            user: str = conn.exec_driver_sql("SELECT session_user").scalar_one()
            return user

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        # Not the environment of the process, from which the library would take ciphers and topics.
        settings = {
            self.AGGREGATE_CACHE_MAXSIZE: str(self._cached_states or ""),
            self.DEEPCOPY_FROM_AGGREGATE_CACHE: "n",
        }
        return Environment(name, settings)

    def construct_factory(self, env: Environment) -> Factory:
        return Factory(env, self.engine)

    def construct_mapper(self) -> Mapper[str]:
        return RecordMapper()

    def _project(
        self, folded: Folded[State] | None, events: Iterable[DomainEvent]
    ) -> Folded[State] | None:
        for event in events:
            version = folded.version + 1 if folded else 1
            if event.originator_version != version or event.record is None:
                raise IntegrityViolated(
                    "version-missing",
                    f"{event.originator_id} has no version {version}, and goes on with version"
                    f" {event.originator_version}",
                    hint="the log was altered: mledger audit verify",
                    facts={"stream": event.originator_id, "version": version},
                )
            state = self._fold(folded.state if folded else None, event.record)
            if folded is None:
                folded = Folded(event.originator_id, version, state)
            else:
                folded.version, folded.state = version, state
        return folded


def _check_names(envelope: Envelope, batch: Batch) -> None:
    """PostgreSQL keeps no NUL in a column of text, so nobody does."""
    for name in (envelope.actor, envelope.key, envelope.digest, *(stream for stream, *_ in batch)):
        if name is not None and "\0" in name:
            raise _unstorable(name)


def _unstorable(text: str) -> InputInvalid:
    return InputInvalid(
        "text-unstorable",
        f"{text!a} holds a character that cannot be stored: NUL, or half of a surrogate pair",
        hint="write it as UTF-8 text",
    )


def open_ledger(
    url: str, fold: Callable[[State | None, Record], State], cached_states: int = 0
) -> Ledger[State]:
    """The ledger in a database that `mledger init` has made; raises what `connect` raises."""
    return Ledger(connect(url), fold, cached_states)
