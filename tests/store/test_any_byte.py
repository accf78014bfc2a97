"""Whatever one byte of a sealed record becomes, verification finds it and names the place."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

import migrations
from ledger.store import Ledger, open_ledger
from ledger.store.verifying import verify
from tests.store.events import Count, counted
from tests.store.sealed import SECOND_SEAL, Sealing, sealed_twice, unguarded


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ledger[Count], Sealing]]:
    url = f"sqlite:///{tmp_path_factory.mktemp('sealed') / 'ledger.sqlite3'}"
    migrations.upgrade(url)
    with open_ledger(url, counted) as ledger:
        sealing = sealed_twice(ledger)
        unguarded(ledger.engine, lambda conn: None)
        yield ledger, sealing


def record_at(conn: Connection, position: int) -> bytes:
    query = f"SELECT CAST(record AS BLOB) FROM log WHERE position = {position}"
    found: bytes = conn.exec_driver_sql(query).scalar_one()
    return found


def put(conn: Connection, position: int, record: bytes) -> None:
    """The bytes as they are, even where they are no text at all."""
    query = "UPDATE log SET record = CAST(? AS TEXT) WHERE position = ?"
    conn.exec_driver_sql(query, (record, position))


def names(told: str, position: int) -> bool:
    """Whether a message names the position, or the stretch between two seals that it lies in."""
    stretches = re.findall(r"positions (\d+) to (\d+)", told)
    within = any(int(first) <= position <= int(last) for first, last in stretches)
    return within or str(position) in re.findall(r"\d+", told)


# The records differ by little: which byte of which is changed is what matters, and to what.
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    position=st.integers(1, SECOND_SEAL),
    place=st.integers(0, 10_000),
    other=st.integers(1, 255),
)
def test_any_changed_byte_of_a_sealed_record_is_found(
    sealed: tuple[Ledger[Count], Sealing], position: int, place: int, other: int
) -> None:
    ledger, sealing = sealed
    with ledger.engine.connect() as conn:
        before = record_at(conn, position)
    changed = bytearray(before)
    changed[place % len(before)] ^= other
    unguarded(ledger.engine, lambda conn: put(conn, position, bytes(changed)))
    try:
        verdict = verify(ledger.engine, sealing.keys, sealing.anchor)
    finally:
        unguarded(ledger.engine, lambda conn: put(conn, position, before))
    assert not verdict.ok
    told = " ".join(check.detail() for check in verdict.checks if not check.ok)
    assert names(told, position), told


def test_the_log_put_back_verifies(sealed: tuple[Ledger[Count], Sealing]) -> None:
    """The property could fail: what is as it was is found to be so."""
    ledger, sealing = sealed
    assert verify(ledger.engine, sealing.keys, sealing.anchor).ok
