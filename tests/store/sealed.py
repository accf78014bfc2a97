"""A ledger that was sealed twice, and what somebody who owns the database can do to it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Engine

from ledger.proof.checkpoints import SignedCheckpoint, read
from ledger.proof.notes import VerifierKey, public_key
from ledger.store import Ledger, writing
from ledger.store.sealing import Sealed, seal
from tests.store.events import ALICE, Count, started

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(32))
FIRST_SEAL, SECOND_SEAL, END = 6, 11, 12


@dataclass(frozen=True)
class Sealing:
    """What stays outside: the trusted key, and the checkpoints in their order."""

    keys: list[VerifierKey]
    anchor: list[SignedCheckpoint]


def sealed_twice(ledger: Ledger[Count]) -> Sealing:
    """A: positions 1-3 and 7-8, B: 4-5 under a key, C: 9-10; seals at 6 and 11; one more of C at 12."""
    ledger.append([("A", 0, started("M1", "M2", "M3"))], ALICE)
    ledger.append(
        [("B", 0, started("M1", "M2"))], replace(ALICE, key="k", digest="d", correlation="d")
    )
    first = seal(ledger.engine, KEY)
    ledger.append([("A", 3, started("M4", "M5"))], ALICE)
    ledger.append([("C", 0, started("M1", "M2"))], ALICE)
    second = seal(ledger.engine, KEY, anchor=[noted(first)])
    ledger.append([("C", 2, started("M3"))], ALICE)
    key = public_key(first.checkpoint.origin, KEY)
    return Sealing([key], [noted(first), noted(second)])


def noted(sealed: Sealed) -> SignedCheckpoint:
    return read(sealed.note)


GUARDED = ("log", "streams", "keys", "log_head", "log_checkpoints")


def unguarded(engine: Engine, attack: Callable[[Connection], None], back: bool = True) -> None:
    """Does something to the tables without any trigger, as whoever owns them can, and puts the triggers back."""
    with writing(engine) as conn:
        if conn.dialect.name == "sqlite":
            triggers = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
            dropped = conn.exec_driver_sql(triggers).all()
            for name, _ in dropped:
                conn.exec_driver_sql(f"DROP TRIGGER {name}")
            attack(conn)
            for _, definition in dropped if back else ():
                conn.exec_driver_sql(definition)
        else:
            for table in GUARDED:
                conn.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            attack(conn)
            for table in GUARDED if back else ():
                conn.exec_driver_sql(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def does(*statements: str) -> Callable[[Connection], None]:
    """An attack in SQL."""

    def attack(conn: Connection) -> None:
        for statement in statements:
            conn.exec_driver_sql(statement)

    return attack


def edits(position: int, **changes: Any) -> Callable[[Connection], None]:
    """Writes one record anew, canonically, its columns with it."""
    return lambda conn: _edit(conn, position, changes)


def _edit(conn: Connection, position: int, changes: dict[str, Any]) -> None:
    text = conn.exec_driver_sql(f"SELECT record FROM log WHERE position = {position}").scalar_one()
    record = json.loads(text) | changes
    put(conn, position, record)


def put(conn: Connection, position: int, record: dict[str, Any]) -> None:
    """A record in the place of the one at a position."""
    conn.exec_driver_sql(f"DELETE FROM log WHERE position = {position}")
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    mark = "?" if conn.dialect.name == "sqlite" else "%s"
    values = (record["position"], record["stream"], record["version"], text)
    conn.exec_driver_sql(f"INSERT INTO log VALUES ({', '.join([mark] * 4)})", values)


def records(conn: Connection) -> dict[int, dict[str, Any]]:
    rows = conn.exec_driver_sql("SELECT position, record FROM log ORDER BY position")
    return {position: json.loads(text) for position, text in rows}


def swap(conn: Connection) -> None:
    """Positions 2 and 3 change places, and take each other's number and version."""
    found = records(conn)
    second, third = found[2], found[3]
    put(conn, 2, {"position": 0, **second} | {"position": -2, "version": -2})
    put(conn, 3, second | {"position": 3, "version": 3})
    conn.exec_driver_sql("DELETE FROM log WHERE position = -2")
    put(conn, 2, third | {"position": 2, "version": 2})


def exchange(one: int, other: int) -> Callable[[Connection], None]:
    """Two records, each in the row of the other's contract; the records themselves stay as they are."""

    def attack(conn: Connection) -> None:
        query = (
            f"SELECT position, stream, version, record FROM log WHERE position IN ({one}, {other})"
        )
        first, second = (tuple(row) for row in conn.exec_driver_sql(f"{query} ORDER BY position"))
        conn.exec_driver_sql(f"DELETE FROM log WHERE position IN ({one}, {other})")
        mark = "?" if conn.dialect.name == "sqlite" else "%s"
        for row, stream in ((first, second[1]), (second, first[1])):
            values = (row[0], stream, *row[2:])
            conn.exec_driver_sql(f"INSERT INTO log VALUES ({', '.join([mark] * 4)})", values)

    return attack


def renumber(conn: Connection) -> None:
    """Position 8, the last of A so far, is gone, and what followed it moves up by one, head and all."""
    found = records(conn)
    conn.exec_driver_sql("DELETE FROM log WHERE position = 8")
    for position in range(9, END + 1):
        put(conn, position, found[position] | {"position": position - 1})
    conn.exec_driver_sql(f"UPDATE log_head SET position = {END - 1}")


def insert_one(conn: Connection) -> None:
    """One more record at position 9, and what followed it moves down by one, head and all."""
    found = records(conn)
    for position in range(END, 8, -1):
        put(conn, position, found[position] | {"position": position + 1})
    put(conn, 9, found[8] | {"position": 9, "version": found[8]["version"] + 1})
    conn.exec_driver_sql(f"UPDATE log_head SET position = {END + 1}")


def cut(after: int) -> Callable[[Connection], None]:
    """The database as it was at a position, as if an old copy had been put back."""

    def attack(conn: Connection) -> None:
        times = f"SELECT record FROM log WHERE position = {after}"
        recorded_at = json.loads(conn.exec_driver_sql(times).scalar_one())["recorded_at"]
        for statement in (
            f"DELETE FROM log WHERE position > {after}",
            f"DELETE FROM keys WHERE first_position > {after}",
            "DELETE FROM streams WHERE stream NOT IN (SELECT stream FROM log)",
            f"DELETE FROM log_checkpoints WHERE size > {after}",
            f"UPDATE log_head SET position = {after}, recorded_at = '{recorded_at}'",
        ):
            conn.exec_driver_sql(statement)

    return attack
