"""Whoever owns the database can change anything in it; each change is found, and the message says what and where.

`without` is what is found with the trusted key alone, None where nothing can be; `anchored` what is found with the
anchor besides. docs/tamper-evidence.md has the same table.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import Connection

from ledger.errors import DatabaseUnusable, IntegrityViolated
from ledger.store import Ledger
from ledger.store.database import connect
from ledger.store.schema import VERSION_TABLE
from ledger.store.sealing import seal
from ledger.store.verifying import Verdict, verify
from tests.store.events import ALICE, Count, started
from tests.store.sealed import (
    END,
    FIRST_SEAL,
    KEY,
    SECOND_SEAL,
    STRANGER,
    Sealing,
    cut,
    does,
    edits,
    exchange,
    insert_one,
    noted,
    renumber,
    sealed_twice,
    swap,
    unguarded,
)

DOCS = Path(__file__).parent.parent.parent / "docs" / "tamper-evidence.md"


@dataclass(frozen=True)
class Attack:
    """What is done, what is found without an anchor (a check's name, and words of its detail), and with one."""

    name: str
    act: Callable[[Connection], None]
    without: tuple[str, str] | None
    anchored: tuple[str, str] | None = None

    def __str__(self) -> str:
        return self.name


SEALED = "what was altered lies in positions 1 to 6"
LATER = "what was altered lies in positions 7 to 11"
ATTACKS = [
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
    Attack(
        "a copied column",
        does("UPDATE log SET version = 7 WHERE position = 8"),
        ("columns", "position 8: the record says version 5, the column 7"),
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
    Attack("an actor", edits(8, actor="mallory"), ("checkpoints", LATER)),
    Attack(
        "a time",
        edits(8, recorded_at="2020-01-01T00:00:00.000000Z"),
        ("times", "position 8 was recorded 2020-01-01T00:00:00.000000Z, before position 7"),
    ),
    Attack(
        "a contract's name",
        does("UPDATE streams SET stream_id = 'Z' WHERE stream = 1"),
        ("streams", "position 1 is of 'A', and stream 1 is called 'Z'"),
    ),
    Attack(
        "a contract without a record",
        does("INSERT INTO streams (stream, stream_id) VALUES (99, 'GHOST')"),
        ("streams", "stream 99 (GHOST) has no record"),
    ),
    Attack(
        "the time of the head",
        does("UPDATE log_head SET recorded_at = '2020-01-01T00:00:00.000000Z'"),
        ("head", "the head row says recorded at '2020-01-01T00:00:00.000000Z', the last record"),
    ),
    Attack(
        "an idempotency key",
        does("UPDATE keys SET last_position = 4 WHERE key = 'k'"),
        ("keys", "the key 'k' at position 4 is not what its records say"),
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
    Attack("one inserted", insert_one, ("checkpoints", LATER)),
    Attack(
        "one inserted beyond the head",
        does("INSERT INTO log SELECT 13, stream, version + 1, record FROM log WHERE position = 12"),
        ("columns", "position 13: the record says position 12, the column 13"),
    ),
    Attack("two swapped", swap, ("checkpoints", SEALED)),
    Attack("renumbered", renumber, ("checkpoints", LATER)),
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
        "cut back to the first seal",
        cut(FIRST_SEAL),
        None,
        ("anchor", "the log ends at position 6: positions 7 to 11 were cut off"),
    ),
    Attack(
        "cut back to between the seals",
        cut(8),
        None,
        ("anchor", "the log ends at position 8: positions 9 to 11 were cut off"),
    ),
    Attack("what no seal covers cut off", cut(SECOND_SEAL), None),
    Attack("what no seal covers changed", edits(END, actor="mallory"), None),
]


def found(verdict: Verdict) -> dict[str, str]:
    return {check.name: check.detail() for check in verdict.checks if not check.ok}


@pytest.fixture
def sealing(ledger: Ledger[Count]) -> Sealing:
    return sealed_twice(ledger)


def test_an_untouched_log_verifies(ledger: Ledger[Count], sealing: Sealing) -> None:
    verdict = verify(ledger.engine, sealing.keys, sealing.anchor)
    assert found(verdict) == {}
    assert (verdict.ok, verdict.events, verdict.proven_until) == (True, END, SECOND_SEAL)
    assert verdict.not_checked.keys() <= {"engine"}  # amcheck is an administrator's to install


def test_without_key_and_anchor_nothing_is_proven(ledger: Ledger[Count], sealing: Sealing) -> None:
    verdict = verify(ledger.engine)
    assert (verdict.ok, verdict.proven_until) == (True, 0)
    assert verdict.not_checked.keys() - {"engine"} == {"signatures", "anchor"}
    assert verify(ledger.engine, anchor=sealing.anchor).proven_until == 0


def test_an_empty_log_verifies(ledger: Ledger[Count]) -> None:
    verdict = verify(ledger.engine)
    assert (verdict.ok, verdict.events) == (True, 0)


@pytest.mark.parametrize("attack", ATTACKS, ids=str)
def test_an_attack_is_found_and_its_place_is_named(
    ledger: Ledger[Count], sealing: Sealing, attack: Attack
) -> None:
    unguarded(ledger.engine, attack.act)
    alone = found(verify(ledger.engine, sealing.keys))
    anchored = verify(ledger.engine, sealing.keys, sealing.anchor)
    with_anchor = found(anchored)
    # An anchor that the log does not go on from proves nothing of it, to no position.
    assert anchored.proven_until == (0 if "anchor" in with_anchor else SECOND_SEAL)
    if attack.without is None:
        assert alone == {}
    else:
        name, words = attack.without
        assert words in alone[name], alone
    if attack.anchored is not None:
        name, words = attack.anchored
        assert words in with_anchor[name], with_anchor
    if (attack.without or attack.anchored) is None:
        assert with_anchor == {}


def test_keys_of_an_earlier_release_are_told_as_standing_for_what_nobody_can_check(
    ledger: Ledger[Count],
) -> None:
    ledger.append([("A", 0, started("M1"))], replace(ALICE, key="k", digest="d"))
    verdict = verify(ledger.engine)
    assert verdict.ok
    assert verdict.not_checked["digests"].startswith("the records of 1 idempotency key(s)")


@pytest.mark.parametrize(
    "statement",
    [f"DELETE FROM {VERSION_TABLE}", f"INSERT INTO {VERSION_TABLE} VALUES ('0001')"],
)
def test_a_table_of_the_schema_that_names_none_is_told(
    ledger: Ledger[Count], statement: str
) -> None:
    unguarded(ledger.engine, does(statement))
    with pytest.raises(DatabaseUnusable) as said:
        connect(ledger.engine.url.render_as_string(hide_password=False))
    assert said.value.code == "database-schema-unknown"
    assert said.value.hint.startswith("restore a backup")


def test_a_log_without_its_head_row_is_told(ledger: Ledger[Count]) -> None:
    unguarded(ledger.engine, does("DELETE FROM log_head"))
    said = found(verify(ledger.engine))
    assert said.keys() == {"database"}
    assert "the table log_head has no row" in said["database"]
    with pytest.raises(IntegrityViolated):
        ledger.append([("A", 0, started("M1"))], ALICE)


def rewritten(ledger: Ledger[Count]) -> None:
    """The suffix from position 7 on is another one, and a stranger has sealed it."""
    unguarded(ledger.engine, cut(FIRST_SEAL))
    ledger.append([("A", 3, started("M8", "M9"))], ALICE)
    ledger.append([("C", 0, started("M8", "M9"))], ALICE)


def test_a_suffix_rewritten_and_sealed_with_another_key_is_found_by_the_trusted_key(
    ledger: Ledger[Count], sealing: Sealing
) -> None:
    rewritten(ledger)
    sealed = seal(ledger.engine, STRANGER, trusted=sealing.keys)
    assert sealed.checkpoint.size == SECOND_SEAL
    assert found(verify(ledger.engine)) == {}
    alone = found(verify(ledger.engine, sealing.keys))
    assert "the checkpoint at position 11: no trusted key signed it" in alone["signatures"]
    with_anchor = found(verify(ledger.engine, sealing.keys, sealing.anchor))
    assert LATER in with_anchor["anchor"]


def test_a_suffix_rewritten_and_sealed_with_the_stolen_key_is_found_by_the_anchor_only(
    ledger: Ledger[Count], sealing: Sealing
) -> None:
    rewritten(ledger)
    seal(ledger.engine, KEY)
    assert found(verify(ledger.engine, sealing.keys)) == {}
    assert LATER in found(verify(ledger.engine, sealing.keys, sealing.anchor))["anchor"]


@pytest.mark.parametrize(
    ("attack", "code"),
    [
        (cut(FIRST_SEAL), "log-cut"),
        (does("DELETE FROM log WHERE position = 11"), "log-cut"),
        (edits(8, actor="mallory"), "heads-differ"),
        (edits(5, actor="mallory"), "heads-differ"),
        (edits(11, actor="mallory"), "checkpoint-differs"),
        (does("UPDATE log_checkpoints SET frontier = '' WHERE size = 11"), "checkpoint-differs"),
        (does("UPDATE log_checkpoints SET note = 'x' WHERE size = 11"), "checkpoint-untrusted"),
        (
            does("DELETE FROM log WHERE stream = 1", "DELETE FROM streams WHERE stream = 1"),
            "stream-missing",
        ),
        (
            does("DELETE FROM log_checkpoints", "DELETE FROM log WHERE position = 2"),
            "position-missing",
        ),
        (
            lambda conn: (does("DELETE FROM log_checkpoints")(conn), edits(2, actor="m")(conn)),
            "anchor-differs",
        ),
    ],
)
def test_what_does_not_go_on_from_the_last_seal_is_not_sealed(
    ledger: Ledger[Count], sealing: Sealing, attack: Callable[[Connection], None], code: str
) -> None:
    unguarded(ledger.engine, attack)
    with ledger.snapshot() as conn:
        before = conn.exec_driver_sql("SELECT count(*), max(position) FROM log").one()
    with pytest.raises(IntegrityViolated) as refused:
        seal(ledger.engine, KEY, anchor=sealing.anchor)
    assert refused.value.code == code
    assert re.search(r"\d", refused.value.message), "names the place"
    with ledger.snapshot() as conn:
        assert conn.exec_driver_sql("SELECT count(*), max(position) FROM log").one() == before


def test_a_fork_sealed_on_an_old_copy_is_refused_by_the_anchor(
    ledger: Ledger[Count], sealing: Sealing
) -> None:
    rewritten(ledger)
    with pytest.raises(IntegrityViolated) as refused:
        seal(ledger.engine, KEY, anchor=sealing.anchor)
    assert refused.value.code == "log-cut"
    ledger.append([("A", 5, started("M6", "M7"))], ALICE)
    with pytest.raises(IntegrityViolated) as refused:
        seal(ledger.engine, KEY, anchor=sealing.anchor)
    assert refused.value.code == "anchor-differs"


def test_an_anchor_that_is_behind_is_caught_up(ledger: Ledger[Count], sealing: Sealing) -> None:
    sealed = seal(ledger.engine, KEY, anchor=sealing.anchor[:1])
    assert verify(ledger.engine, sealing.keys, [noted(sealed)]).proven_until == END + 1


def test_the_table_in_the_docs_is_what_is_tested() -> None:
    rows = re.findall(r"^\| (.+?) +\| (yes|no) +\| (yes|no) +\|$", DOCS.read_text("utf-8"), re.M)
    told = {name: (alone == "yes", anchored == "yes") for name, alone, anchored in rows}
    tested = {
        a.name: (a.without is not None, (a.without or a.anchored) is not None) for a in ATTACKS
    }
    assert {name: told.get(name) for name in tested} == tested
