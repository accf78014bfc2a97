"""The text of a record: spliced together when it is appended, cut apart when it is read, never
encoded anew.

    {"actor":…,"authenticated_as":…,"correlation":…,"data":PAYLOAD,"key":…,"origin":…,"position":…,
     "recorded_at":…,"stream":…,"stream_id":…,"type":…,"version":…}

Inside a JSON string every quote is escaped, so the first `,"data":` and the last `,"key":` are
always the envelope's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from eventsourcing.persistence import StoredEvent

from ledger.errors import IntegrityViolated
from ledger.events import EVENT_TYPES, Record, decode_record

Row = tuple[int, int, int, str]
"""A row of `log`: position, stream, version, record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Who records, on whose word, and where it came from. A `key` remembers the outcome under
    `digest`, for ever; the records bear that digest as their correlation, so that it is sealed with them.

    `authenticated_as` is what the operating system says; PostgreSQL puts its session's user in its
    place.
    """

    actor: str = ""
    authenticated_as: str = ""
    correlation: str | None = None
    key: str | None = None
    origin: str = ""
    digest: str = ""


@dataclass(frozen=True)
class RecordedEvent(StoredEvent):
    """The library's stored event (`state` is the payload), with the whole record and its position
    beside it.
    """

    position: int
    record: str


class Tail(msgspec.Struct):
    """The envelope behind the payload: everything that places a record."""

    key: str | None
    origin: str
    position: int
    recorded_at: str
    stream: int
    stream_id: str
    type: str
    version: int


_tail = msgspec.json.Decoder(Tail)


def splice(
    events: Sequence[StoredEvent],
    envelope: Envelope,
    first_position: int,
    recorded_at: str,
    numbers: Mapping[str, int],
) -> list[Row]:
    """The rows that store these events, from `first_position` on; `numbers` holds their streams'
    numbers.
    """
    before = (
        f'{{"actor":{_text(envelope.actor)},"authenticated_as":{_text(envelope.authenticated_as)}'
        f',"correlation":{_text(envelope.correlation)},"data":'
    )
    middle = f',"key":{_text(envelope.key)},"origin":{_text(envelope.origin)},"position":'
    after = {
        stream_id: f',"recorded_at":"{recorded_at}","stream":{number},'
        f'"stream_id":{_text(stream_id)},"type":'
        for stream_id, number in numbers.items()
    }
    types = {event.topic: _text(event.topic) for event in events}
    rows = []
    for position, event in enumerate(events, first_position):
        stream_id, version = str(event.originator_id), event.originator_version
        record = (
            f"{before}{event.state.decode()}{middle}{position}{after[stream_id]}"
            f'{types[event.topic]},"version":{version}}}'
        )
        rows.append((position, numbers[stream_id], version, record))
    return rows


def _text(value: str | None) -> str:
    return msgspec.json.encode(value).decode()


def tail_of(position: int, record: str) -> Tail:
    """What stands behind the payload; raises IntegrityViolated where the text is no record."""
    try:
        return _tail.decode("{" + record[record.rindex(',"key":') + 1 :])
    except (ValueError, msgspec.MsgspecError) as error:
        raise unreadable(position, str(error)) from None


def stored_event(position: int, record: str) -> RecordedEvent:
    """A stored record as the library wants it: the payload cut out by offset."""
    tail = tail_of(position, record)
    start, end = record.find(',"data":') + 8, record.rindex(',"key":')
    if start < 8:
        raise unreadable(position, "it has no payload")
    state = record[start:end].encode()
    return RecordedEvent(tail.stream_id, tail.version, tail.type, state, position, record)


def read_one(position: int, record: str | bytes) -> Record:
    """The record stored at `position`; raises IntegrityViolated for one that does not decode or is
    not its own.
    """
    try:
        found = decode_record(record)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        text = record if isinstance(record, str) else record.decode(errors="replace")
        name = tail_of(position, text).type
        if name not in EVENT_TYPES:
            raise IntegrityViolated(
                "event-unknown",
                f"position {position} holds an event of the unknown type {name}",
                hint="a newer release wrote it, or the log was altered: install the newest release",
                facts={"position": position, "type": name},
            ) from None
        raise unreadable(position, str(error)) from None
    if found.position != position:
        raise unreadable(position, f"it says that it is position {found.position}")
    return found


def unreadable(position: int, detail: str) -> IntegrityViolated:
    """The refusal of a record that is not what was written there."""
    return IntegrityViolated(
        "record-unreadable",
        f"the record at position {position} cannot be read: {detail}",
        hint="the log was altered: mledger audit verify",
        facts={"position": position},
    )
