"""The names that the log knows of people and roles: whoever is looked for by another name is mistyped.

Nothing indexes the names within records, so each question reads the log's text once: for a name that is known up to
where it stands first, for one that nobody ever heard of to the end.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, text

from ledger import events as e
from ledger.events import decode_record, encode
from ledger.state import ADMINISTRATOR

_CONTAINS = {"sqlite": "instr(record, :{0}) > 0", "postgresql": "strpos(record, :{0}) > 0"}
_FIELD = {
    "sqlite": "json_extract(record, '$.{name}')",
    "postgresql": "record::json ->> '{name}'",
}
_AT_ONCE = 500
_GRANTING = ("ContractSigned", "ContractAmended", "RoleGranted")
_ACTING = ("actor", "authenticated_as")


def holders(conn: Connection, name: str = "") -> Iterator[tuple[str, str]]:
    """Every role with each person who ever held it, or may act for its holder; a pair may come several times.

    With a `name` only those of the events in which that text stands somewhere, which may be others' too.
    """
    for record in _granting(conn, name):
        data = record.data
        if isinstance(data, e.RoleGranted):
            yield data.role, data.person
        terms = getattr(data, "terms", None)
        if terms is None:
            continue
        yield from ((ADMINISTRATOR, person) for person in terms.administrators)
        yield from ((role, person) for role, people in terms.roles.items() for person in people)
        yield from (("", person) for d in terms.delegations for person in (d.of, d.to))


def _granting(conn: Connection, name: str) -> Iterator[e.Record]:
    """In one reading of the log."""
    contains = _CONTAINS[conn.dialect.name].format
    given = {f"type{number}": f'"type":"{kind}/' for number, kind in enumerate(_GRANTING)}
    where = f"({' OR '.join(contains(one) for one in given)})"
    if name:
        given["name"], where = encode(name).decode(), f"{contains('name')} AND {where}"
    query = text(f"SELECT record FROM log WHERE {where} ORDER BY position")
    found = conn.execution_options(yield_per=_AT_ONCE).execute(query, given)
    yield from (decode_record(row) for row in found.scalars())


def has_acted(conn: Connection, name: str) -> bool:
    """Whether anything was recorded by this actor, or under this login."""
    contains = _CONTAINS[conn.dialect.name].format
    said = encode(name).decode()
    given = {field: f'"{field}":{said}' for field in _ACTING}
    where = " OR ".join(contains(field) for field in given)
    query = text(f"SELECT position FROM log WHERE {where} LIMIT 1")
    return conn.execute(query, given).first() is not None


def actors(conn: Connection) -> list[str]:
    """All actors and logins, each once."""
    columns = ", ".join(_FIELD[conn.dialect.name].format(name=field) for field in _ACTING)
    pairs = conn.execute(text(f"SELECT DISTINCT {columns} FROM log")).all()
    return sorted({str(name) for pair in pairs for name in pair if name is not None})
