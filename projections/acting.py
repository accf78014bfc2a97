"""For whom a person may act on a day: what waits for the absent waits for their delegates too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection

from ledger.contract import fold
from ledger.store.names import delegated
from ledger.store.reading import read_stream


class Acting(NamedTuple):
    """In a contract a person may act for `absent`, on `until` for the last time; None is open."""

    contract: str
    absent: str
    until: date | None


def acting(
    conn: Connection, person: str, day: date, until: int, as_of: date | None
) -> Iterator[Acting]:
    """The delegations to a person that hold on a day, as the log up to a position and, if given, a day has them."""
    for contract in delegated(conn, person):
        state = fold(read_stream(conn, contract, until), as_of)
        for one in state.terms.delegations if state is not None else ():
            if one.to == person and one.holds(day):
                yield Acting(contract, one.of, one.until)
