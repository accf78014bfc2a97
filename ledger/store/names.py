"""The names that the log knows of people and roles: whoever is looked for by another name is mistyped."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, text

from ledger import events as e
from ledger.events import decode_record, encode
from ledger.state import ADMINISTRATOR

_FIND = {"sqlite": "instr(record, :part) > 0", "postgresql": "strpos(record, :part) > 0"}
_ACTOR = {
    "sqlite": "json_extract(record, '$.{name}')",
    "postgresql": "record::json ->> '{name}'",
}
_AT_ONCE = 500
_GRANTING = ("ContractSigned", "ContractAmended", "RoleGranted")


def holders(conn: Connection) -> Iterator[tuple[str, str]]:
    """Every role with each person who ever held it, or may act for its holder; a pair may come several times."""
    for record in _of_types(conn, _GRANTING):
        data = record.data
        if isinstance(data, e.RoleGranted):
            yield data.role, data.person
        terms = getattr(data, "terms", None)
        if terms is None:
            continue
        yield from ((ADMINISTRATOR, person) for person in terms.administrators)
        yield from ((role, person) for role, people in terms.roles.items() for person in people)
        yield from (("", person) for d in terms.delegations for person in (d.of, d.to))


def _of_types(conn: Connection, names: tuple[str, ...]) -> Iterator[e.Record]:
    find = _FIND[conn.dialect.name]
    for name in names:
        query = text(f"SELECT record FROM log WHERE {find} ORDER BY position")
        found = conn.execution_options(yield_per=_AT_ONCE).execute(
            query, {"part": f'"type":"{name}/'}
        )
        yield from (decode_record(row) for row in found.scalars())


def has_acted(conn: Connection, name: str) -> bool:
    """Whether anything was recorded by this actor, or under this login."""
    find = _FIND[conn.dialect.name]
    said = encode(name).decode()
    for field in ("actor", "authenticated_as"):
        query = text(f"SELECT position FROM log WHERE {find} LIMIT 1")
        if conn.execute(query, {"part": f'"{field}":{said}'}).first() is not None:
            return True
    return False


def actors(conn: Connection) -> list[str]:
    """All actors and logins, each once."""
    found = set[str]()
    for field in ("actor", "authenticated_as"):
        column = _ACTOR[conn.dialect.name].format(name=field)
        found |= set(conn.execute(text(f"SELECT DISTINCT {column} FROM log")).scalars())
    return sorted(found)
