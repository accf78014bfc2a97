"""The names that the log knows of people and roles: whoever is looked for by another name is mistyped.

Who acted is told by the log's index; who held a role, by the records that grant one, of which only that is decoded.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection, bindparam, text

from ledger.state import ADMINISTRATOR
from ledger.store.lookups import WHAT, kinds
from ledger.store.records import unreadable
from ledger.terms import Delegation

_AT_ONCE = 500
_GRANTING = ("ContractSigned", "ContractAmended", "RoleGranted")


class _Terms(msgspec.Struct):
    administrators: tuple[str, ...] = ()
    roles: dict[str, tuple[str, ...]] = {}
    delegations: tuple[Delegation, ...] = ()


class _Data(msgspec.Struct):
    role: str = ""
    person: str = ""
    terms: _Terms | None = None


class _Granting(msgspec.Struct):
    """Of a record that grants roles what it grants: the roles of the terms, or one to a person."""

    data: _Data
    stream_id: str


_granting = msgspec.json.Decoder(_Granting)


def holders(conn: Connection) -> Iterator[tuple[str, str]]:
    """Every role with each person who ever held it, or may act for its holder; a pair may come several times.

    Raises IntegrityViolated for a record that cannot be read.
    """
    for _, data in _granted(conn):
        yield from _held(data)


def _granted(conn: Connection) -> Iterator[tuple[str, _Data]]:
    """What each record that grants roles says of them, with its contract."""
    values = [kind.value for kind in kinds(conn) if kind.name in _GRANTING]
    if not values:
        return
    among = f"SELECT position FROM log WHERE {WHAT[conn.dialect.name]} IN :values"
    query = f"SELECT position, record FROM log WHERE position IN ({among}) ORDER BY position"
    asked = text(query).bindparams(bindparam("values", expanding=True))
    options = {"yield_per": _AT_ONCE}
    with conn.execute(asked, {"values": values}, execution_options=options) as found:
        for position, record in found:
            try:
                granting = _granting.decode(record)
            except msgspec.MsgspecError as error:
                raise unreadable(position, str(error)) from None
            yield granting.stream_id, granting.data


def _held(data: _Data) -> Iterator[tuple[str, str]]:
    """The pairs that one record tells of."""
    if data.terms is None:
        yield data.role, data.person
        return
    yield from ((ADMINISTRATOR, person) for person in data.terms.administrators)
    yield from ((role, person) for role, people in data.terms.roles.items() for person in people)
    yield from (("", person) for d in data.terms.delegations for person in (d.of, d.to))


def delegated(conn: Connection, person: str) -> list[str]:
    """The contracts in whose terms, then or now, somebody delegates to a person.

    Raises IntegrityViolated for a record that cannot be read.
    """
    found = dict.fromkeys(
        contract
        for contract, data in _granted(conn)
        if data.terms is not None and any(d.to == person for d in data.terms.delegations)
    )
    return list(found)


def actors(conn: Connection) -> list[str]:
    """All actors and logins, each once."""
    return sorted({name for kind in kinds(conn) for name in kind.actors})


def people(conn: Connection, sought: str) -> set[str]:
    """All who ever acted or held a role; where `sought` is one of them maybe fewer, but that one."""
    known = set(actors(conn))
    if sought not in known:
        for _, holder in holders(conn):
            known.add(holder)
            if holder == sought:
                break
    return known
