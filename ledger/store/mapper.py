"""Between the library's stored events and ours: stable names instead of Python paths, one decode
per record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent

from ledger.events import Fact, Record, encode, type_name
from ledger.store.records import RecordedEvent, read_one


@dataclass(frozen=True, slots=True)
class DomainEvent:
    """A fact at its place in a stream, as the library passes it on; with its `record` once it is
    stored.
    """

    originator_id: str
    originator_version: int
    event: Fact
    record: Record | None = None


class RecordMapper(Mapper[str]):
    """Facts to payloads, stored records to facts; what was read is never encoded again."""

    def __init__(self) -> None:
        super().__init__(JSONTranscoder())

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        fact: Fact = domain_event.event
        return StoredEvent(
            domain_event.originator_id,
            domain_event.originator_version,
            type_name(fact),
            encode(fact),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        assert isinstance(stored_event, RecordedEvent)
        record = read_one(stored_event.position, stored_event.record)
        return DomainEvent(record.stream_id, record.version, record.data, record)
