"""Whoever owns the database can change anything in it; each change is found, and the message says what and where.

The classes stand in tampering.py and found_elsewhere.py; docs/tamper-evidence.md has the same table.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import Connection

from ledger.errors import DatabaseUnusable, IntegrityViolated
from ledger.proof.checkpoints import Checkpoint, read, signed
from ledger.store import Ledger
from ledger.store.database import connect
from ledger.store.schema import VERSION_TABLE
from ledger.store.sealing import seal
from ledger.store.tables import keys, log, log_checkpoints, log_head, streams
from ledger.store.verifying import Verdict, verify
from tests.store.events import ALICE, Count, started
from tests.store.found_elsewhere import ELSEWHERE
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
    noted,
    sealed_twice,
    unguarded,
)
from tests.store.tampering import ATTACKS, LATER, Attack

TABLES = (log, streams, keys, log_head, log_checkpoints)
DOCS = Path(__file__).parent.parent.parent / "docs" / "tamper-evidence.md"


# Every column of every table of the log and of the proof, and the class that changes it.
COLUMNS = {
    "log.position": "a position before the first",
    "log.stream": "a record filed under another contract",
    "log.version": "a copied column",
    "log.record": "one byte of a record",
    "streams.stream": "the number of a contract",
    "streams.stream_id": "a contract's name",
    "keys.key": "an idempotency key renamed",
    "keys.digest": "the request of an idempotency key",
    "keys.actor": "the actor of an idempotency key",
    "keys.stream": "the contract of an idempotency key",
    "keys.first_version": "the first version of a key",
    "keys.last_version": "the last version of a key",
    "keys.first_position": "the first position of a key",
    "keys.last_position": "an idempotency key",
    "log_head.position": "the head moved on",
    "log_head.recorded_at": "the time of the head",
    "log_head.ledger_id": "the ledger's id",
    "log_checkpoints.size": "the size of a checkpoint",
    "log_checkpoints.note": "the root of a checkpoint",
    "log_checkpoints.frontier": "a frontier",
}
CONSTANT = {"log_head.id": "the table's own constraint holds it at 1"}


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
    proven = with_anchor.keys() & {"anchor", "database"}
    assert anchored.proven_until == (0 if proven else SECOND_SEAL)
    assert bool(attack.why) == (attack.without is None), "who cannot find it says why"
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


def test_of_two_keys_the_forgotten_one_is_named_and_no_other(ledger: Ledger[Count]) -> None:
    for key, stream in (("first", "A"), ("second", "B")):
        envelope = replace(ALICE, key=key, digest="d", correlation="d")
        ledger.append([(stream, 0, started("M1"))], envelope)
    unguarded(ledger.engine, does("DELETE FROM keys WHERE key = 'first'"))
    assert found(verify(ledger.engine)) == {
        "keys": "position 1 has the key 'first', of which the table of keys knows nothing"
    }


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
        (does("DELETE FROM log WHERE position = 12"), "position-missing"),
        (
            does(
                "INSERT INTO streams VALUES (6, 'F')",
                "UPDATE log SET stream = 6 WHERE position = 12",
            ),
            "stream-missing",
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


def test_there_are_as_many_classes_as_were_tried_and_each_column_is_among_them() -> None:
    """59 ways were tried from outside; one may stand for several of them, none is left out."""
    names = [attack.name for attack in ATTACKS]
    assert len(names) == len(set(names)) >= 59
    columns = {f"{table.name}.{column.name}" for table in TABLES for column in table.columns}
    assert columns == COLUMNS.keys() | CONSTANT.keys()
    assert set(COLUMNS.values()) <= set(names)


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_is_found_elsewhere_has_its_test_there(name: str) -> None:
    check, module, test = ELSEWHERE[name]
    assert check and callable(getattr(import_module(module), test))


def test_an_anchor_that_is_none_of_this_log_proves_nothing(
    ledger: Ledger[Count], sealing: Sealing
) -> None:
    first, second = sealing.anchor
    root = bytes(32)
    other = Checkpoint(second.checkpoint.origin, SECOND_SEAL, root)
    cases = {
        "the anchor holds no checkpoint": [],
        "what was altered lies in positions 7 to 11": [first, read(signed(other, KEY))],
        "there are two checkpoints at position 11": [first, second, read(signed(other, KEY))],
        "no trusted key signed it": [read(signed(second.checkpoint, STRANGER))],
        "of another log": [read(signed(replace(other, origin="mledger/other"), KEY))],
        "positions 13 to 99 were cut off": [read(signed(replace(other, size=99), KEY))],
    }
    for words, anchor in cases.items():
        verdict = verify(ledger.engine, sealing.keys, anchor)
        assert words in found(verdict)["anchor"], words
        assert verdict.proven_until == 0
    shorter = verify(
        ledger.engine, sealing.keys, [first]
    )  # the anchor itself was cut: it proves less
    assert (shorter.ok, shorter.proven_until) == (True, FIRST_SEAL)


def test_the_table_in_the_docs_is_what_is_tested() -> None:
    rows = re.findall(r"^\| (.+?) +\| (yes|no) +\| (yes|no) +\|$", DOCS.read_text("utf-8"), re.M)
    told = {name: (alone == "yes", anchored == "yes") for name, alone, anchored in rows}
    tested = {
        a.name: (a.without is not None, (a.without or a.anchored) is not None) for a in ATTACKS
    }
    assert {name: told.get(name) for name in tested} == tested
