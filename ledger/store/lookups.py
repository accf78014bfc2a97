"""Which types of records there are, by whom: the log's index over the text of its records (migration 0007).

It has few values, each of which is found by a look for the next greater.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, text

from ledger.store.records import read_one

# As the index is made: by any other expression it would not be found. A record begins with who recorded it; of long
# names PostgreSQL has the beginning only.
WHAT = {
    "sqlite": "coalesce(CASE WHEN json_valid(record) THEN json_extract(record, '$.type') END, '')"
    " || substr(record, 1, instr(record, ',\"correlation\":') - 1)",
    "postgresql": "split_part(split_part(right(record, 80), '\"type\":\"', 2), '\"', 1)"
    " || left(split_part(record, ',\"correlation\":', 1), 500)",
}
_EACH = """
WITH RECURSIVE each(value) AS (
    SELECT min({what}) FROM log
    UNION ALL
    SELECT (SELECT min({what}) FROM log WHERE {what} > each.value) FROM each WHERE each.value IS NOT NULL
)
SELECT value FROM each WHERE value IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """Records of one type by one actor under one login; `value` is what the index knows them by."""

    value: str
    name: str
    actors: frozenset[str]


class _Who(msgspec.Struct):
    actor: str
    authenticated_as: str


_who = msgspec.json.Decoder(_Who)


def kinds(conn: Connection) -> list[Kind]:
    """Every kind of record that the log holds.

    Raises IntegrityViolated for a record that does not begin as it must.
    """
    values = conn.exec_driver_sql(_EACH.format(what=WHAT[conn.dialect.name])).scalars().all()
    return [_kind(conn, value) for value in values]


def _kind(conn: Connection, value: str) -> Kind:
    type_name, _, who = value.partition("{")
    name = type_name.partition("/")[0]
    try:
        found = _who.decode(f"{{{who}}}")
    except msgspec.MsgspecError:
        return Kind(value, name, _told(conn, value))  # cut off in the middle of a name
    return Kind(value, name, frozenset((found.actor, found.authenticated_as)))


def _told(conn: Connection, value: str) -> frozenset[str]:
    """The names of all whose records the index knows by one value, as the records tell them."""
    query = text(f"SELECT position, record FROM log WHERE {WHAT[conn.dialect.name]} = :value")
    found = [read_one(at, record) for at, record in conn.execute(query, {"value": value})]
    return frozenset(name for one in found for name in (one.actor, one.authenticated_as))
