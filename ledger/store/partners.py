"""The contracts with a partner, and whose registration of a signing key counts for them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, text

from ledger.events import encode
from ledger.state import Contract
from ledger.statements import administrators_ever
from ledger.store.lookups import WHAT, kinds
from ledger.store.reading import read_streams
from ledger.store.reads import contracts_in

_AGREEING = ("ContractSigned", "ContractAmended")
_CONTAINS = {"sqlite": "instr(record, :named) > 0", "postgresql": "strpos(record, :named) > 0"}


def contracts_with(conn: Connection, partner: str, until: int | None = None) -> list[Contract]:
    """The contracts with a partner, as they are at a position, now if none is given."""
    among = contracts_in(read_streams(conn, streams_naming(conn, partner), until))
    return [state for state in among if state.terms.partner == partner]


def streams_naming(conn: Connection, partner: str) -> list[int]:
    """The numbers of the streams whose terms ever named the partner, ascending, and maybe of some others."""
    values = [kind.value for kind in kinds(conn) if kind.name in _AGREEING]
    if not values:
        return []
    dialect = conn.dialect.name
    agreeing = f"SELECT position FROM log WHERE {WHAT[dialect]} IN :values"
    query = (
        f"SELECT DISTINCT stream FROM log WHERE position IN ({agreeing}) AND {_CONTAINS[dialect]}"
    )
    asked = text(f"{query} ORDER BY stream").bindparams(bindparam("values", expanding=True))
    named = f'"partner":{encode(partner).decode()}'
    return list(conn.execute(asked, {"values": values, "named": named}).scalars())


def administrators_among(contracts: Iterable[Contract]) -> frozenset[str]:
    """Who is or was an administrator of one of the contracts."""
    return frozenset(name for contract in contracts for name in administrators_ever(contract))
