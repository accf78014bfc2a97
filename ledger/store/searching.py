"""Records looked for in the log by who recorded them and what they are: an index tells where they stand.

A record that is found is decoded and looked at again, so what the index lets through may be more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, text

from ledger.events import Record, type_name
from ledger.store.lookups import WHAT, kinds
from ledger.store.reading import RECORD_BYTES, read_log
from ledger.store.records import read_one

_AT_ONCE = 500
_FIRST_WINDOW, _GROWTH, _LAST_WINDOW = 1_000, 4, 64_000


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for: events of these types (any, if there are none) by this actor, or under this login."""

    types: tuple[str, ...] = ()
    actor: str | None = None

    def takes(self, record: Record) -> bool:
        """Whether a record is one of them."""
        name = type_name(record.data).partition("/")[0]
        return (not self.types or name in self.types) and self.actor in (
            None,
            record.actor,
            record.authenticated_as,
        )

    @property
    def anything(self) -> bool:
        """Whether it is every record."""
        return not self.types and self.actor is None


def search(conn: Connection, sought: Sought, after: int, until: int) -> Iterator[Record]:
    """The records of (after, until] that are sought, in order of position, a few in memory at a time."""
    if sought.anything:
        for section in read_log(conn, after, until):
            yield from section
        return
    values = _values(conn, sought)
    # Window by window: the places that an index tells are sorted by the database before the first is read.
    while values and after < until:
        stop = min(after + _LAST_WINDOW, until)
        yield from _found(conn, sought, values, after, stop, "ASC")
        after = stop


def search_last(
    conn: Connection, sought: Sought, after: int, until: int, most: int
) -> list[Record]:
    """The last `most` of them, in order of position: looked for backwards, in windows that grow."""
    if sought.anything:
        return list(search(conn, sought, max(after, until - most), until))
    values, found, size = _values(conn, sought), list[Record](), _FIRST_WINDOW
    while values and until > after and len(found) < most:
        start = max(after, until - size)
        for record in _found(conn, sought, values, start, until, "DESC"):
            found.append(record)
            if len(found) == most:
                break
        until, size = start, size * _GROWTH
    return found[::-1]


def _values(conn: Connection, sought: Sought) -> list[str]:
    """What the index knows the kinds of records by that are sought."""
    return [
        kind.value
        for kind in kinds(conn)
        if (not sought.types or kind.name in sought.types)
        and (sought.actor is None or sought.actor in kind.actors)
    ]


def _found(
    conn: Connection, sought: Sought, values: list[str], after: int, until: int, order: str
) -> Iterator[Record]:
    """The records sought between two positions."""
    dialect = conn.dialect.name
    among = f"SELECT position FROM log WHERE {WHAT[dialect]} IN :values AND position > :after AND position <= :until"
    query = text(
        f"SELECT position, {RECORD_BYTES[dialect]} FROM log WHERE position IN ({among}) ORDER BY position {order}"
    ).bindparams(bindparam("values", expanding=True))
    given = {"values": values, "after": after, "until": until}
    with conn.execute(query, given, execution_options={"yield_per": _AT_ONCE}) as found:
        for position, record in found:
            one = read_one(position, bytes(record))
            if sought.takes(one):
                yield one
