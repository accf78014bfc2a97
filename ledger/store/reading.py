"""The log as records: heads and positions, one stream, the log in order, whole streams by the
thousand.

Every function takes a connection of `database.reading`, so that all of them see the same moment.
Nothing is skipped: a missing position, a gap in a stream, a record that does not decode, or an
event type that this release does not know raises IntegrityViolated and names the position.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, func, select

from ledger.errors import IntegrityViolated
from ledger.events import Record, decode_records
from ledger.store.records import read_one, tail_of
from ledger.store.tables import keys, log, log_head, streams

STREAMS_PER_CHUNK = 16
RECORDS_PER_SECTION = 1_000
NAMES_PER_QUERY = 500  # far below every driver's limit of parameters


@dataclass(frozen=True, slots=True)
class Head:
    """How far the log goes: the last position (0 if empty), its time ("" if empty), and the
    ledger's own id.
    """

    position: int
    recorded_at: str
    ledger_id: str


@dataclass(frozen=True, slots=True)
class KeyRow:
    """What an idempotency key stands for; its positions run over all streams of the outcome."""

    key: str
    digest: str
    actor: str
    stream: int
    first_version: int
    last_version: int
    first_position: int
    last_position: int


def head(conn: Connection) -> Head:
    """The head row; raises IntegrityViolated where somebody took it away."""
    row = conn.execute(select(log_head.c.position, log_head.c.recorded_at, log_head.c.ledger_id))
    if (found := row.one_or_none()) is None:
        raise IntegrityViolated(
            "head-missing",
            "the table log_head has no row: nothing says how far the log goes, and whose it is",
            hint="restore a backup, then run: mledger audit verify",
        )
    return Head(*found)


def position_at(conn: Connection, time: str) -> int:
    """The last position recorded at or before `time` (UTC text with six digits and Z); 0 if there
    is none.
    """

    def recorded_at(position: int) -> str:
        query = select(log.c.record).where(log.c.position == position)
        record = conn.execute(query).scalar_one_or_none()
        if record is None:
            raise _missing(position)
        return tail_of(position, record).recorded_at

    # `recorded_at` never decreases with position, so twenty looks find a moment among a million
    # records.
    return bisect_right(range(1, head(conn).position + 1), time, key=recorded_at)


def stream_number(conn: Connection, stream_id: str) -> int | None:
    """A stream's number, or None if nothing was recorded under that name."""
    query = select(streams.c.stream).where(streams.c.stream_id == stream_id)
    number: int | None = conn.execute(query).scalar_one_or_none()
    return number


def stream_numbers(conn: Connection, stream_ids: Collection[str]) -> list[int]:
    """The numbers of those of the streams that exist, ascending."""
    names, found = list(stream_ids), list[int]()
    for start in range(0, len(names), NAMES_PER_QUERY):
        some = streams.c.stream_id.in_(names[start : start + NAMES_PER_QUERY])
        found += conn.execute(select(streams.c.stream).where(some)).scalars()
    return sorted(found)


def stream_id(conn: Connection, number: int) -> str | None:
    """A stream's name, or None if there are not that many."""
    query = select(streams.c.stream_id).where(streams.c.stream == number)
    name: str | None = conn.execute(query).scalar_one_or_none()
    return name


def stream_count(conn: Connection) -> int:
    """How many streams there are: their numbers run from 1 to this."""
    count: int = conn.execute(select(func.coalesce(func.max(streams.c.stream), 0))).scalar_one()
    return count


def stream_ids(conn: Connection) -> list[str]:
    """Every stream's name, in the order of their numbers."""
    return list(conn.execute(select(streams.c.stream_id).order_by(streams.c.stream)).scalars())


def changed_streams(conn: Connection, after: int, until: int) -> list[int]:
    """The numbers of the streams with a record in (after, until], ascending."""
    query = select(log.c.stream).where(log.c.position > after, log.c.position <= until).distinct()
    return list(conn.execute(query.order_by(log.c.stream)).scalars())


def changes(conn: Connection, after: int, until: int, most: int) -> tuple[list[int], int]:
    """The first `most` streams with a record in (after, until], ascending, and the position up to
    which these are all; raises IntegrityViolated where a position of (after, until] is missing.
    """
    first = func.min(log.c.position)
    query = select(log.c.stream, first, func.count()).where(
        log.c.position > after, log.c.position <= until
    )
    found = conn.execute(query.group_by(log.c.stream).order_by(first)).all()
    if sum(count for _, _, count in found) != until - after:
        check_complete(conn, until)
    if len(found) > most:
        until = found[most][1] - 1
    return sorted(stream for stream, _, _ in found[:most]), until


def key_row(conn: Connection, key: str) -> KeyRow | None:
    """What was recorded under an idempotency key, or None."""
    row = conn.execute(select(keys).where(keys.c.key == key)).one_or_none()
    return None if row is None else KeyRow(*row)


def check_complete(conn: Connection, until: int) -> None:
    """Raises IntegrityViolated unless every position from 1 to `until` is there."""
    query = select(func.count()).select_from(log).where(log.c.position.between(1, until))
    if conn.execute(query).scalar_one() != until:
        numbered = select(
            log.c.position, func.row_number().over(order_by=log.c.position).label("n")
        )
        inner = numbered.where(log.c.position.between(1, until)).subquery()
        first = select(func.min(inner.c.n)).where(inner.c.position != inner.c.n)
        raise _missing(conn.execute(first).scalar_one() or conn.execute(query).scalar_one() + 1)


def read_stream(conn: Connection, stream_id: str, until: int | None = None) -> list[Record]:
    """One stream's records in order of version, up to position `until`; empty if there are none."""
    number = stream_number(conn, stream_id)
    if number is None:
        return []
    return [r for chunk in read_streams(conn, range(number, number + 1), until) for r in chunk]


def read_log(
    conn: Connection, after: int, until: int | None = None, size: int = RECORDS_PER_SECTION
) -> Iterator[list[Record]]:
    """The records of (after, until] in order of position, up to `size` at a time; to the head if
    `until` is None.
    """
    last = head(conn).position if until is None else until
    for start in range(after, last, size):
        stop = min(start + size, last)
        section = _records(conn, _BY_POSITION, f"position > {start:d} AND position <= {stop:d}")
        for expected, record in enumerate(section, start + 1):
            if record.position != expected:
                raise _missing(expected)
        if len(section) != stop - start:
            raise _missing(start + len(section) + 1)
        yield section


def read_streams(
    conn: Connection,
    numbers: Sequence[int],
    until: int | None = None,
    chunk: int = STREAMS_PER_CHUNK,
) -> Iterator[list[Record]]:
    """Whole streams in order of (stream, version), up to position `until`, a few streams at a time.

    `numbers` are stream numbers, ascending; a `range` of step 1 is read by its bounds. A stream
    without records up to `until` is absent.
    """
    # `+ 0` keeps both planners on the index of streams, of which a few are far less than the bound.
    bound = "" if until is None else f" AND position + 0 <= {until:d}"
    for start in range(0, len(numbers), chunk):
        some = numbers[start : start + chunk]
        records = _records(conn, _BY_STREAM, f"{_among(some)}{bound}")
        if records:
            _check_versions(records)
            yield records


def _among(numbers: Sequence[int]) -> str:
    if isinstance(numbers, range) and numbers.step == 1:
        return f"stream BETWEEN {numbers[0]:d} AND {numbers[-1]:d}"
    return f"stream IN ({', '.join(f'{number:d}' for number in numbers)})"


def _check_versions(records: list[Record]) -> None:
    """Every stream begins at version 1 and goes on by ones: also proof that the database kept the
    order.
    """
    stream, version = 0, 0
    for record in records:
        if record.stream != stream:
            if record.stream < stream:
                raise _gap(record, stream, version)
            stream, version = record.stream, 0
        version += 1
        if record.version != version:
            raise _gap(record, stream, version)


def _records(conn: Connection, statements: dict[str, str], where: str) -> list[Record]:
    """The records of some rows, fetched as a few long texts and decoded in one call."""
    found = conn.exec_driver_sql(statements[conn.dialect.name].format(where=where)).scalars()
    texts = [text.encode() if isinstance(text, str) else text for text in found if text]
    try:
        return decode_records(b"[" + b",".join(texts) + b"]")
    except (msgspec.MsgspecError, UnicodeError):
        # Again, one by one, to name the position.
        rows = conn.exec_driver_sql(
            f"SELECT position, {RECORD_BYTES[conn.dialect.name]} FROM log WHERE {where} ORDER BY position"
        )
        return [read_one(position, bytes(record)) for position, record in rows]


# SQLite 3.40 aggregates in the order of the subquery, which it does not promise: `_check_versions`
# and `read_log` see to it. In PostgreSQL a COPY per section was slower, by its escapes, and one
# text for all streams was slower than one per stream, by its sort.
_BY_STREAM = {
    "sqlite": "SELECT CAST(group_concat(record, ',') AS BLOB)"
    " FROM (SELECT record FROM log WHERE {where} ORDER BY stream, version)",
    "postgresql": "SELECT string_agg(record, ',' ORDER BY version)"
    " FROM log WHERE {where} GROUP BY stream ORDER BY stream",
}
_BY_POSITION = {
    "sqlite": "SELECT CAST(group_concat(record, ',') AS BLOB)"
    " FROM (SELECT record FROM log WHERE {where} ORDER BY position)",
    "postgresql": "SELECT string_agg(record, ',' ORDER BY position) FROM log WHERE {where}",
}
RECORD_BYTES = {"sqlite": "CAST(record AS BLOB)", "postgresql": "convert_to(record, 'UTF8')"}


def _missing(position: int) -> IntegrityViolated:
    return IntegrityViolated(
        "position-missing",
        f"position {position} is missing from the log",
        hint="the log was altered: mledger audit verify",
        facts={"position": position},
    )


def _gap(record: Record, stream: int, version: int) -> IntegrityViolated:
    return IntegrityViolated(
        "version-missing",
        f"stream {stream} has a gap before position {record.position}: version {version} was"
        f" expected, version {record.version} found",
        hint="the log was altered: mledger audit verify",
        facts={"position": record.position, "stream": stream, "version": version},
    )
