"""What a sealer's login writes past the program, with no key that anybody trusts: what `audit verify` finds it by."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import make_url

from ledger.store import Ledger, open_ledger
from ledger.store.sealing import seal
from ledger.store.verifying import verify
from tests.databases import Cluster, role_of
from tests.store.events import Count, counted
from tests.store.raw import Raw
from tests.store.sealed import KEY, SECOND_SEAL, STRANGER, Sealing, sealed_twice

pytestmark = pytest.mark.postgres

Played = tuple[Cluster, str, Ledger[Count], Sealing]


@pytest.fixture
def played(postgresql_url: str, cluster: Cluster) -> Iterator[Played]:
    """A ledger sealed twice, and a login that has the role of its sealer and no other."""
    cluster.execute(f"CREATE ROLE notary LOGIN IN ROLE {role_of(postgresql_url, 'sealer')}")
    try:
        with open_ledger(postgresql_url, counted) as ledger:
            yield cluster, postgresql_url, ledger, sealed_twice(ledger)
    finally:
        cluster.execute("DROP ROLE notary")


def recorded(played: Played, change: Callable[[dict[str, Any]], dict[str, Any]]) -> int:
    """Position of a record in ~seals made by hand, like the last real seal but for a change."""
    cluster, url, ledger, _ = played
    with ledger.snapshot() as conn:
        query = f"SELECT record FROM log WHERE position = {SECOND_SEAL}"
        last = json.loads(conn.exec_driver_sql(query).scalar_one())
    with closing(cluster.connect(make_url(url).database or "", "notary")) as conn:
        with conn.transaction():
            raw = Raw(conn)
            own = raw.claim() | {
                name: last[name] for name in ("stream", "stream_id", "type", "data")
            }
            raw.insert(change(own | {"version": last["version"] + 1}))
        return int(own["position"])


FALSE: dict[str, tuple[Callable[[dict[str, Any]], dict[str, Any]], str, str]] = {
    "a seal of an earlier moment said again": (
        lambda seal: seal,
        "seals",
        "that ended otherwise than the",
    ),
    "a seal of another root": (
        lambda seal: seal | {"data": seal["data"] | {"root": "A" * 43 + "="}},
        "seals",
        "that ended otherwise than the",
    ),
    "no seal at all": (
        lambda seal: seal | {"type": "MilestoneStarted/1", "data": {"milestone": "M9"}},
        "seals",
        "holds None streams",
    ),
}


@pytest.mark.parametrize("name", FALSE)
def test_a_false_record_among_the_seals_is_found_without_a_key(played: Played, name: str) -> None:
    change, check, words = FALSE[name]
    position = recorded(played, change)
    found = {one.name: one.detail() for one in verify(played[2].engine).checks if not one.ok}
    assert f"the seal at position {position}" in found[check] and words in found[check]
    assert f"the checkpoint of the seal at position {position} is missing" in found["checkpoints"]
    # The next seal goes on from the last real one, and hides nothing.
    seal(played[2].engine, KEY)
    assert not verify(played[2].engine).ok


def test_a_perfect_seal_by_another_key_is_found_by_the_trusted_key_alone(played: Played) -> None:
    """Without a key that is trusted a seal is as good as any other: who may seal can make it."""
    _, url, ledger, sealing = played
    own = make_url(url).set(username="notary").render_as_string(hide_password=False)
    with open_ledger(own, counted) as notary:
        sealed = seal(notary.engine, STRANGER, trusted=sealing.keys)
    assert verify(ledger.engine).ok
    found = {
        one.name: one.detail() for one in verify(ledger.engine, sealing.keys).checks if not one.ok
    }
    assert found.keys() == {"signatures"}
    assert (
        f"the checkpoint at position {sealed.checkpoint.size}: no trusted key"
        in found["signatures"]
    )
