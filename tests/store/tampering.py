"""Classes of tampering with the tables of the log: what is done, what finds it with the key, what with an anchor.

Whoever owns the database does it, and puts the guards back. `without` is what is found with the trusted key alone: a
check's name, and words of its detail; None where nothing can be, which `why` then says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from ledger.proof.checkpoints import Checkpoint, read, signed
from tests.store.sealed import (
    END,
    FIRST_SEAL,
    SECOND_SEAL,
    STRANGER,
    cut,
    does,
    edits,
    exchange,
    insert_one,
    put,
    records,
    renumber,
    swap,
)


@dataclass(frozen=True)
class Attack:
    """What is done, what is found without an anchor (a check's name, and words of its detail), and with one."""

    name: str
    act: Callable[[Connection], None]
    without: tuple[str, str] | None
    anchored: tuple[str, str] | None = None
    why: str = ""

    def __str__(self) -> str:
        return self.name


SEALED = "what was altered lies in positions 1 to 6"
LATER = "what was altered lies in positions 7 to 11"
UNSEALED = "no seal covers it yet, and no anchor"


def note_of(conn: Connection, size: int) -> bytes:
    query = f"SELECT note FROM log_checkpoints WHERE size = {size}"
    return str(conn.exec_driver_sql(query).scalar_one()).encode()


def set_note(conn: Connection, size: int, note: bytes) -> None:
    mark = "?" if conn.dialect.name == "sqlite" else "%s"
    statement = f"UPDATE log_checkpoints SET note = {mark} WHERE size = {size}"
    conn.exec_driver_sql(statement, (note.decode(),))


def signed_by_a_stranger(conn: Connection) -> None:
    one = read(note_of(conn, FIRST_SEAL)).checkpoint
    set_note(conn, FIRST_SEAL, signed(one, STRANGER))


def another_root(conn: Connection) -> None:
    """One character of the root, the signature left as it is."""
    origin, size, root, rest = note_of(conn, FIRST_SEAL).split(b"\n", 3)
    other = (b"B" if root[:1] == b"A" else b"A") + root[1:]
    set_note(conn, FIRST_SEAL, b"\n".join((origin, size, other, rest)))


def notes_exchanged(conn: Connection) -> None:
    first, second = note_of(conn, FIRST_SEAL), note_of(conn, SECOND_SEAL)
    set_note(conn, FIRST_SEAL, second)
    set_note(conn, SECOND_SEAL, first)


def a_checkpoint_more(conn: Connection) -> None:
    """Of a position that no seal is at, with the root that the log has there, by a stranger."""
    from ledger.proof.merkle import Frontier, leaf_hashes

    query = "SELECT record FROM log WHERE position <= 8 ORDER BY position"
    frontier = Frontier()
    frontier.extend(leaf_hashes(str(t).encode() for t in conn.exec_driver_sql(query).scalars()))
    origin = read(note_of(conn, FIRST_SEAL)).checkpoint.origin
    note = signed(Checkpoint(origin, 8, frontier.root()), STRANGER).decode()
    mark = "?" if conn.dialect.name == "sqlite" else "%s"
    conn.exec_driver_sql(f"INSERT INTO log_checkpoints VALUES (8, {mark}, '')", (note,))


def seal_says_more(conn: Connection) -> None:
    """The seal at position 6, which holds the heads of two streams, says that they are three."""
    seal = records(conn)[FIRST_SEAL]
    put(conn, FIRST_SEAL, seal | {"data": seal["data"] | {"streams": seal["data"]["streams"] + 1}})


def one_more_at_the_end(conn: Connection) -> None:
    """A record that follows the last, head and all, as if somebody had recorded it."""
    last = records(conn)[END]
    put(conn, END + 1, last | {"position": END + 1, "version": last["version"] + 1})
    conn.exec_driver_sql(f"UPDATE log_head SET position = {END + 1}")


def stream_names_exchanged(conn: Connection) -> None:
    for name, number in (("?", 1), ("A", 2), ("B", 1)):
        conn.exec_driver_sql(f"UPDATE streams SET stream_id = '{name}' WHERE stream = {number}")


def numbered_later(conn: Connection) -> None:
    """C, the fourth stream, says everywhere that it is the fifth."""
    conn.exec_driver_sql("UPDATE streams SET stream = 5 WHERE stream = 4")
    for position, record in records(conn).items():
        if record["stream_id"] == "C":
            put(conn, position, record | {"stream": 5})


KEY_AT_4 = "the key 'k' at position 4 is not what its records say"

ATTACKS = [
    # --- records -------------------------------------------------------------------------------------
    Attack("one byte of a record", edits(2, data={"milestone": "M9"}), ("checkpoints", SEALED)),
    Attack(
        "one byte that is not JSON",
        does("UPDATE log SET record = '[' || substr(record, 2) WHERE position = 2"),
        ("canonical", "position 2 is no record"),
    ),
    Attack(
        "the form of a record",
        does("UPDATE log SET record = replace(record, ',', ', ') WHERE position = 2"),
        ("canonical", "position 2 is not in canonical form"),
    ),
    Attack("an actor", edits(8, actor="mallory"), ("checkpoints", LATER)),
    Attack("the login of a record", edits(2, authenticated_as="mallory"), ("checkpoints", SEALED)),
    Attack("the origin of a record", edits(2, origin="cli"), ("checkpoints", SEALED)),
    Attack("the type of a record", edits(2, type="MilestoneStarted/2"), ("checkpoints", SEALED)),
    Attack("the request of a record", edits(4, correlation="e"), ("checkpoints", SEALED)),
    Attack(
        "the key of a record", edits(5, key="other"), ("keys", "position 5 has the key 'other'")
    ),
    Attack(
        "the contract that a record names",
        edits(2, stream_id="B"),
        ("streams", "position 2 is of 'B', and stream 1 is called 'A'"),
    ),
    Attack(
        "a time",
        edits(8, recorded_at="2020-01-01T00:00:00.000000Z"),
        ("times", "position 8 was recorded 2020-01-01T00:00:00.000000Z, before position 7"),
    ),
    Attack(
        "a time that is none",
        edits(8, recorded_at="yesterday"),
        ("times", "position 8: 'yesterday' is no time"),
    ),
    Attack(
        "the last record's time",
        edits(END, recorded_at="2999-01-01T00:00:00.000000Z"),
        ("head", "the last record '2999-01-01T00:00:00.000000Z'"),
    ),
    # --- where records stand -------------------------------------------------------------------------
    Attack(
        "a copied column",
        does("UPDATE log SET version = 7 WHERE position = 8"),
        ("columns", "position 8: the record says version 5, the column 7"),
    ),
    Attack(
        "a version that is none",
        does("UPDATE log SET version = 0 WHERE position = 1"),
        ("versions", "position 1 is version 0 of A, after version 0"),
    ),
    Attack(
        "a position before the first",
        does("UPDATE log SET position = -1 WHERE position = 12"),
        ("positions", "position -1 is before the first"),
    ),
    Attack(
        "a record filed under another contract",
        does("UPDATE log SET stream = 2 WHERE position = 12"),
        ("columns", "position 12: the record says stream 4, the column 2"),
    ),
    Attack(
        "the contracts of two records exchanged",
        exchange(2, 5),
        ("columns", "position 5: the record says stream 2, the column 1"),
    ),
    Attack(
        "the last event deleted",
        does(f"DELETE FROM log WHERE position = {END}"),
        ("head", "the head row says position 12, the last record is at position 11"),
    ),
    Attack(
        "one in the middle deleted",
        does("DELETE FROM log WHERE position = 3"),
        ("positions", "position 3 is missing"),
    ),
    Attack(
        "a whole stream deleted",
        does("DELETE FROM log WHERE stream = 2", "DELETE FROM streams WHERE stream = 2"),
        ("positions", "positions 4 to 5 are missing"),
    ),
    Attack(
        "every record deleted",
        does("DELETE FROM log"),
        ("head", "the head row says position 12, the last record is at position 0"),
    ),
    Attack("one inserted", insert_one, ("checkpoints", LATER)),
    Attack(
        "one inserted beyond the head",
        does("INSERT INTO log SELECT 13, stream, version + 1, record FROM log WHERE position = 12"),
        ("columns", "position 13: the record says position 12, the column 13"),
    ),
    Attack(
        "one recorded twice",
        does("INSERT INTO log SELECT 13, 9, version, record FROM log WHERE position = 12"),
        ("columns", "position 13: the record says position 12, the column 13"),
    ),
    Attack("two swapped", swap, ("checkpoints", SEALED)),
    Attack("renumbered", renumber, ("checkpoints", LATER)),
    # --- streams -------------------------------------------------------------------------------------
    Attack(
        "a contract's name",
        does("UPDATE streams SET stream_id = 'Z' WHERE stream = 1"),
        ("streams", "position 1 is of 'A', and stream 1 is called 'Z'"),
    ),
    Attack(
        "the names of two contracts exchanged",
        stream_names_exchanged,
        ("streams", "position 1 is of 'A', and stream 1 is called 'B'"),
    ),
    Attack(
        "the number of a contract",
        does("UPDATE streams SET stream = 9 WHERE stream = 1"),
        ("streams", "position 1 is of 'A', and stream 1 is called 'nothing'"),
    ),
    Attack(
        "a contract numbered out of its order",
        numbered_later,
        ("streams", "position 9 begins stream 5, where stream 4 would be next"),
    ),
    Attack(
        "a contract's name deleted",
        does("DELETE FROM streams WHERE stream = 2"),
        ("streams", "position 4 is of 'B', and stream 2 is called 'nothing'"),
    ),
    Attack(
        "a contract without a record",
        does("INSERT INTO streams (stream, stream_id) VALUES (99, 'GHOST')"),
        ("streams", "stream 99 (GHOST) has no record"),
    ),
    # --- the head ------------------------------------------------------------------------------------
    Attack(
        "the time of the head",
        does("UPDATE log_head SET recorded_at = '2020-01-01T00:00:00.000000Z'"),
        ("head", "the head row says recorded at '2020-01-01T00:00:00.000000Z', the last record"),
    ),
    Attack(
        "the head moved on",
        does("UPDATE log_head SET position = 99"),
        ("head", "the head row says position 99, the last record is at position 12"),
    ),
    Attack(
        "the head moved back",
        does("UPDATE log_head SET position = 3"),
        ("head", "the head row says position 3, the last record is at position 12"),
    ),
    Attack(
        "the ledger's id",
        does("UPDATE log_head SET ledger_id = 'another'"),
        ("checkpoints", "the checkpoint at position 6 of mledger/another speaks of 6 records of"),
    ),
    Attack("the head deleted", does("DELETE FROM log_head"), ("database", "log_head has no row")),
    # --- idempotency keys ----------------------------------------------------------------------------
    Attack("an idempotency key", does("UPDATE keys SET last_position = 4"), ("keys", KEY_AT_4)),
    Attack(
        "the actor of an idempotency key", does("UPDATE keys SET actor = 'm'"), ("keys", KEY_AT_4)
    ),
    Attack(
        "the contract of an idempotency key", does("UPDATE keys SET stream = 1"), ("keys", KEY_AT_4)
    ),
    Attack(
        "the first version of a key", does("UPDATE keys SET first_version = 2"), ("keys", KEY_AT_4)
    ),
    Attack(
        "the last version of a key", does("UPDATE keys SET last_version = 1"), ("keys", KEY_AT_4)
    ),
    Attack(
        "the first position of a key",
        does("UPDATE keys SET first_position = 3"),
        ("keys", "the key 'k' names position 3, where no record bears it"),
    ),
    Attack(
        "an idempotency key renamed",
        does("UPDATE keys SET key = 'l'"),
        ("keys", "the key 'l' at position 4 is not what its records say"),
    ),
    Attack(
        "the request of an idempotency key",
        does("UPDATE keys SET digest = 'e' WHERE key = 'k'"),
        ("keys", "the key 'k' at position 4 stands for another request than its records say"),
    ),
    Attack(
        "a key forgotten",
        does("DELETE FROM keys"),
        ("keys", "position 4 has the key 'k', of which the table of keys knows nothing"),
    ),
    Attack(
        "a key that no record bears",
        does(
            "INSERT INTO keys SELECT 'stray', digest, actor, stream, 2, 2, 2, 2 FROM keys",
        ),
        ("keys", "the key 'stray' names position 2, where no record bears it"),
    ),
    Attack(
        "a key beyond the last that a record bears",
        does(
            "INSERT INTO keys SELECT 'stray', digest, actor, stream, 2, 2, 9, 9 FROM keys",
        ),
        ("keys", "the key 'stray' names position 9, where no record bears it"),
    ),
    # --- seals and checkpoints -----------------------------------------------------------------------
    Attack(
        "a checkpoint deleted",
        does(f"DELETE FROM log_checkpoints WHERE size = {SECOND_SEAL}"),
        ("checkpoints", "the checkpoint of the seal at position 11 is missing"),
    ),
    Attack(
        "a frontier",
        does("UPDATE log_checkpoints SET frontier = '' WHERE size = 6"),
        ("checkpoints", "the frontier stored with position 6 is not the tree's"),
    ),
    Attack(
        "the size of a checkpoint",
        does("UPDATE log_checkpoints SET size = 7 WHERE size = 6"),
        ("checkpoints", "the checkpoint of the seal at position 6 is missing"),
    ),
    Attack(
        "a checkpoint that is none",
        does("UPDATE log_checkpoints SET note = 'x' WHERE size = 6"),
        ("checkpoints", "the checkpoint at position 6 cannot be read"),
    ),
    Attack(
        "the root of a checkpoint", another_root, ("signatures", "the checkpoint at position 6")
    ),
    Attack(
        "the signature of a checkpoint",
        signed_by_a_stranger,
        ("signatures", "the checkpoint at position 6: no trusted key signed it"),
    ),
    Attack(
        "two checkpoints exchanged",
        notes_exchanged,
        ("checkpoints", "the checkpoint at position 6 of mledger/"),
    ),
    Attack(
        "a checkpoint where no seal is",
        a_checkpoint_more,
        ("checkpoints", "the checkpoint at position 8 has no seal there"),
    ),
    Attack(
        "what a seal holds",
        seal_says_more,
        ("seals", "the seal at position 6 holds 3 streams that ended otherwise than the 2 streams"),
    ),
    Attack(
        "a seal deleted with its checkpoint",
        does("DELETE FROM log WHERE position = 11", "DELETE FROM log_checkpoints WHERE size = 11"),
        ("positions", "position 11 is missing"),
    ),
    # --- the end -------------------------------------------------------------------------------------
    Attack(
        "cut back to the first seal",
        cut(FIRST_SEAL),
        None,
        ("anchor", "the log ends at position 6: positions 7 to 11 were cut off"),
        "an old copy, put back, is in itself a perfect log",
    ),
    Attack(
        "cut back to between the seals",
        cut(8),
        None,
        ("anchor", "the log ends at position 8: positions 9 to 11 were cut off"),
        "an old copy, put back, is in itself a perfect log",
    ),
    Attack("what no seal covers cut off", cut(SECOND_SEAL), None, why=UNSEALED),
    Attack(
        "what no seal covers changed",
        edits(END, actor="mallory"),
        None,
        why=f"{UNSEALED}: seal often",
    ),
    Attack(
        "one recorded at the end past the program",
        one_more_at_the_end,
        None,
        why="its bytes are in order: whether it was decided, the check `decisions` tells",
    ),
]
