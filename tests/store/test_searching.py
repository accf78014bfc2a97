"""Records looked for: what the database lets through is exactly what a look at every record finds."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from ledger.contract import evolve
from ledger.events import ContractResumed, ContractSigned, ContractSuspended, Fact, Record
from ledger.state import Contract
from ledger.store import Envelope, Ledger, open_ledger, searching
from ledger.store.reading import read_log
from ledger.store.searching import Sought, search, search_last
from ledger.terms import Terms

ANN, ODD = "ann", 'Zoë "Z" \\'
# A reason that reads like the envelope of another record.
FORGED = '","authenticated_as":"eve","type":"ContractResumed/1'
TYPES = ((), ("ContractSuspended",), ("ContractSigned", "ContractResumed"), ("ContractTerminated",))
ACTORS = (None, ANN, ODD, "login-1", "postgres", "eve", "an")


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger[Contract]]:
    with open_ledger(database_url, evolve) as made:
        signed = ContractSigned(terms=Terms(client="c", partner="p", currency="CNY"))
        facts: list[Fact] = [signed, ContractSuspended(reason=FORGED), ContractResumed()]
        for version, fact in enumerate([*facts, ContractSuspended(), ContractResumed()] * 2):
            stream, at = f"C-{version // 5}", version % 5
            who = (ANN, ODD, "bob")[version % 3]
            login = ("login-1", "login-2")[version % 2]
            made.append(
                [(stream, at, [fact])], Envelope(actor=who, authenticated_as=login, origin="test")
            )
        yield made


def looked_at(everything: list[Record], types: tuple[str, ...], actor: str | None) -> list[int]:
    return [
        r.position
        for r in everything
        if (not types or type(r.data).__name__ in types)
        and actor in (None, r.actor, r.authenticated_as)
    ]


def test_every_type_and_actor_in_every_part_of_the_log(ledger: Ledger[Contract]) -> None:
    with ledger.snapshot() as conn:
        everything = [r for section in read_log(conn, 0) for r in section]
        for types, actor in product(TYPES, ACTORS):
            expected = looked_at(everything, types, actor)
            for after, until in ((0, 10), (3, 7), (10, 10)):
                found = [r.position for r in search(conn, Sought(types, actor), after, until)]
                assert found == [p for p in expected if after < p <= until]


@pytest.mark.parametrize("window", [1, 2, 1_000])
def test_the_last_of_them_however_far_back_they_stand(
    ledger: Ledger[Contract], monkeypatch: pytest.MonkeyPatch, window: int
) -> None:
    monkeypatch.setattr(searching, "_FIRST_WINDOW", window)
    with ledger.snapshot() as conn:
        everything = [r for section in read_log(conn, 0) for r in section]
        for types, actor, most in product(TYPES, ACTORS, (1, 2, 20)):
            expected = [p for p in looked_at(everything, types, actor) if p > 2]
            found = search_last(conn, Sought(types, actor), 2, 10, most)
            assert [r.position for r in found] == expected[-most:]
