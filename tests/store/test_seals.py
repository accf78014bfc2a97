"""A seal says who made it; the log of honest writers holds, whatever one key recorded."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

import pytest

from ledger.events import LogSealed
from ledger.store import Ledger
from ledger.store.sealing import seal
from ledger.store.verifying import verify
from tests.store.events import ALICE, Count, started
from tests.store.sealed import KEY, SECOND_SEAL, cut, sealed_twice, unguarded


@pytest.mark.parametrize("actor", ["auditor-1", ""])
def test_a_seal_is_of_whom_it_names_else_of_whom_the_store_knows(
    ledger: Ledger[Count], actor: str
) -> None:
    ledger.append([("A", 0, started("M1"))], ALICE)
    seal(ledger.engine, KEY, actor=actor)
    (record,) = ledger.stream("~seals")
    assert record.authenticated_as == ledger.authenticated_user() != ""
    assert record.actor == (actor or record.authenticated_as)


def test_an_outcome_of_one_key_in_several_streams_holds(ledger: Ledger[Count]) -> None:
    kept = replace(ALICE, key="k", digest="d", correlation="d")
    ledger.append([("A", 0, started("M1", "M2")), ("B", 0, started("M1"))], kept)
    ledger.append([("B", 1, started("M2"))], ALICE)
    assert [check.detail() for check in verify(ledger.engine).checks if not check.ok] == []


def test_what_a_seal_gives_up_is_the_checkpoint_by_its_size_and_root(ledger: Ledger[Count]) -> None:
    """Of a history that was lost and of another one, whose checkpoint is as large, only the one is given up."""
    sealing = sealed_twice(ledger)
    unguarded(ledger.engine, cut(8))
    seal(ledger.engine, KEY, anchor=sealing.anchor, accepting="disk lost")
    event = ledger.stream("~seals")[-1].data
    assert isinstance(event, LogSealed)
    root = b64encode(sealing.anchor[-1].checkpoint.root).decode()
    assert [(one.size, one.root) for one in event.lost] == [(SECOND_SEAL, root)]
