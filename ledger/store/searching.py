"""Records looked for in the log by who recorded them and what they are: the database tells most of the others apart.

A record that its text seems to name is decoded and looked at again, so what the database lets through may be more.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, text

from ledger.events import Record, encode, type_name
from ledger.store.reading import RECORD_BYTES, read_log
from ledger.store.records import read_one

_CONTAINS = {"sqlite": "instr(record, :{0}) > 0", "postgresql": "strpos(record, :{0}) > 0"}
_AT_ONCE = 500
_FIRST_WINDOW, _GROWTH = 1_000, 4


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
    where, given = _where(conn.dialect.name, sought)
    query = text(
        f"SELECT position, {RECORD_BYTES[conn.dialect.name]} FROM log"
        f" WHERE position > :after AND position <= :until AND {where} ORDER BY position"
    )
    given |= {"after": after, "until": until}
    with conn.execute(query, given, execution_options={"yield_per": _AT_ONCE}) as found:
        for position, record in found:
            one = read_one(position, bytes(record))
            if sought.takes(one):
                yield one


def search_last(
    conn: Connection, sought: Sought, after: int, until: int, most: int
) -> list[Record]:
    """The last `most` of them, in order of position: looked for backwards, in windows that grow."""
    found = deque[Record]()
    size = most if sought.anything else _FIRST_WINDOW
    while until > after and len(found) < most:
        start = max(after, until - size)
        some = deque(search(conn, sought, start, until), maxlen=most - len(found))
        found.extendleft(reversed(some))
        until, size = start, size * _GROWTH
    return list(found)


def _where(dialect: str, sought: Sought) -> tuple[str, dict[str, object]]:
    """The condition that the text of a record meets, and its parameters."""
    contains, given, conditions = _CONTAINS[dialect].format, dict[str, object](), list[str]()
    if sought.types:
        types = {f"type{n}": f'"type":"{name}/' for n, name in enumerate(sought.types)}
        conditions.append(" OR ".join(map(contains, types)))
        given |= types
    if sought.actor is not None:
        said = encode(sought.actor).decode()
        names = {field: f'"{field}":{said}' for field in ("actor", "authenticated_as")}
        conditions.append(" OR ".join(map(contains, names)))
        given |= names
    return " AND ".join(f"({one})" for one in conditions), given
