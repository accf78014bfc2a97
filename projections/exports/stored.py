"""The log itself, a line per record: the very text that is stored, hashed and replayed."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from ledger.errors import IntegrityViolated
from ledger.store.reading import RECORDS_PER_SECTION

STREAMS_PER_QUERY = 500

# SQLite would read bytes that are no text as text; asked for as bytes they come as they are.
_SECTION = {
    "sqlite": "SELECT position, stream, CAST(record AS BLOB) FROM log",
    "postgresql": "SELECT position, stream, convert_to(record, 'UTF8') FROM log",
}


def lines(conn: Connection, until: int) -> Iterator[str]:
    """The stored texts up to a position in its order, each with a newline behind it, a section at a time.

    Raises IntegrityViolated where a position is missing, or where its text is none or has more than one line.
    """
    for start in range(0, until, RECORDS_PER_SECTION):
        stop = min(start + RECORDS_PER_SECTION, until)
        found = _rows(conn, f"position > {start:d} AND position <= {stop:d}")
        if len(found) != stop - start:
            present = {position for position, _, _ in found}
            raise _altered(
                next(p for p in range(start + 1, stop + 1) if p not in present),
                "is missing from the log",
            )
        yield from (_line(position, record) for position, _, record in found)


def lines_among(conn: Connection, streams: Sequence[int], until: int) -> Iterator[str]:
    """As `lines`, of some streams only, without reading the others."""
    positions = array("q")
    for start in range(0, len(streams), STREAMS_PER_QUERY):
        some = ", ".join(f"{number:d}" for number in streams[start : start + STREAMS_PER_QUERY])
        # `+ 0` keeps both planners on the index of streams.
        where = f"stream IN ({some}) AND position + 0 <= {until:d}"
        positions.extend(conn.exec_driver_sql(f"SELECT position FROM log WHERE {where}").scalars())
    ordered = array("q", sorted(positions))
    for start in range(0, len(ordered), RECORDS_PER_SECTION):
        some = ", ".join(map(str, ordered[start : start + RECORDS_PER_SECTION]))
        found = _rows(conn, f"position IN ({some})")
        yield from (_line(position, record) for position, _, record in found)


def lines_of_streams(conn: Connection, streams: Sequence[int], until: int) -> Iterator[str]:
    """As `lines`, of some streams, one after the other."""
    among = ", ".join(f"{stream:d}" for stream in streams)
    where = f"stream IN ({among}) AND position + 0 <= {until:d}"
    found = _rows(conn, where, "stream, version")
    return (_line(position, record) for position, _, record in found)


def _rows(conn: Connection, where: str, order: str = "position") -> list[tuple[int, int, bytes]]:
    select = f"{_SECTION[conn.dialect.name]} WHERE {where} ORDER BY {order}"
    return [(p, stream, bytes(record)) for p, stream, record in conn.exec_driver_sql(select)]


def _line(position: int, record: bytes) -> str:
    try:
        text = record.decode()
    except UnicodeDecodeError:
        raise _altered(position, "holds bytes that are no UTF-8") from None
    if "\n" in text or "\r" in text:
        raise _altered(position, "holds more than one line")
    return text + "\n"


def _altered(position: int, what: str) -> IntegrityViolated:
    return IntegrityViolated(
        "record-altered",
        f"position {position} {what}",
        hint="the log was altered: mledger audit verify",
        facts={"position": position},
    )
