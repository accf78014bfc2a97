"""The contracts with a partner, and whose registration of a signing key counts for them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, select

from ledger.state import Contract
from ledger.statements import administrators_ever
from ledger.store.reading import read_streams
from ledger.store.reads import contracts_in
from ledger.store.tables import log


def contracts_with(conn: Connection, partner: str, until: int | None = None) -> list[Contract]:
    """The contracts with a partner, as they are at a position, now if none is given."""
    named = f'"partner":{msgspec.json.encode(partner).decode()}'
    query = select(log.c.stream).where(log.c.record.contains(named, autoescape=True)).distinct()
    numbers = list(conn.execute(query.order_by(log.c.stream)).scalars())
    among = contracts_in(read_streams(conn, numbers, until))
    return [state for state in among if state.terms.partner == partner]


def administrators_among(contracts: Iterable[Contract]) -> frozenset[str]:
    """Who is or was an administrator of one of the contracts."""
    return frozenset(name for contract in contracts for name in administrators_ever(contract))
