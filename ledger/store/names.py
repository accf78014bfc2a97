"""The names that the log knows of people and roles: whoever is looked for by another name is mistyped.

Nothing indexes the names within records, so each question reads the log's text once: for a name that is known up to
where it stands first, for one that nobody ever heard of to the end.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection, text

from ledger import events as e
from ledger.events import decode_record, encode
from ledger.state import ADMINISTRATOR

_CONTAINS = {"sqlite": "instr(record, :{0}) > 0", "postgresql": "strpos(record, :{0}) > 0"}
# A record begins with them, and no name has an unescaped quote.
_WHO = {
    "sqlite": "substr(record, 1, instr(record, ',\"correlation\":') - 1)",
    "postgresql": "split_part(record, ',\"correlation\":', 1)",
}
_AT_ONCE = 500
_GRANTING = ("ContractSigned", "ContractAmended", "RoleGranted")
_ACTING = ("actor", "authenticated_as")


def holders(conn: Connection, name: str = "") -> Iterator[tuple[str, str]]:
    """Every role with each person who ever held it, or may act for its holder; a pair may come several times.

    With a `name` only those of the events in which that text stands somewhere, which may be others' too.
    """
    where, given = _grants(conn.dialect.name)
    if name:
        where = f"{_CONTAINS[conn.dialect.name].format('name')} AND {where}"
        given["name"] = encode(name).decode()
    for record in _found(conn, where, given):
        yield from _held(record)


def _held(record: e.Record) -> Iterator[tuple[str, str]]:
    """The pairs that one record tells of."""
    data = record.data
    if isinstance(data, e.RoleGranted):
        yield data.role, data.person
    terms = getattr(data, "terms", None)
    if terms is None:
        return
    yield from ((ADMINISTRATOR, person) for person in terms.administrators)
    yield from ((role, person) for role, people in terms.roles.items() for person in people)
    yield from (("", person) for d in terms.delegations for person in (d.of, d.to))


def _grants(dialect: str) -> tuple[str, dict[str, str]]:
    """The condition that an event which grants roles meets, and its parameters."""
    given = {f"type{number}": f'"type":"{kind}/' for number, kind in enumerate(_GRANTING)}
    return f"({' OR '.join(map(_CONTAINS[dialect].format, given))})", given


def _found(conn: Connection, where: str, given: dict[str, str]) -> Iterator[e.Record]:
    """The records whose text meets a condition, in one reading of the log."""
    query = text(f"SELECT record FROM log WHERE {where} ORDER BY position")
    with conn.execute(query, given, execution_options={"yield_per": _AT_ONCE}) as found:
        yield from (decode_record(row) for row in found.scalars())


def is_known(conn: Connection, name: str) -> bool:
    """Whether anything was recorded by this actor or under this login, or this person ever held a role."""
    contains = _CONTAINS[conn.dialect.name].format
    said = encode(name).decode()
    given = {field: f'"{field}":{said}' for field in _ACTING}
    granting, types = _grants(conn.dialect.name)
    where = f"{' OR '.join(map(contains, given))} OR ({contains('name')} AND {granting})"
    given |= {**types, "name": said}
    for record in _found(conn, where, given):
        if name in (record.actor, record.authenticated_as):
            return True
        if any(holder == name for _, holder in _held(record)):
            return True
    return False


def actors(conn: Connection) -> list[str]:
    """All actors and logins, each once."""
    heads = conn.exec_driver_sql(f"SELECT DISTINCT {_WHO[conn.dialect.name]} FROM log").scalars()
    pairs = [msgspec.json.decode(f"{head}}}") for head in heads]
    return sorted({pair[field] for pair in pairs for field in _ACTING})
