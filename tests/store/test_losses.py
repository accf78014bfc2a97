"""Going on after a recovery to an earlier moment: the anchor is ahead, and what is lost is given up in sight of all."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.errors import InputInvalid, IntegrityViolated
from ledger.events import LogSealed
from ledger.store import Ledger
from ledger.store.losses import losses
from ledger.store.sealing import seal
from ledger.store.verifying import verify
from tests.store.events import ALICE, Count, started
from tests.store.sealed import (
    FIRST_SEAL,
    KEY,
    SECOND_SEAL,
    STRANGER,
    Sealing,
    cut,
    does,
    noted,
    sealed_twice,
    unguarded,
)

WHY = "disk lost, recovered to 14:05"


@pytest.fixture
def sealing(ledger: Ledger[Count]) -> Sealing:
    """Sealed at 6 and 11, both anchored; then recovered to position 8."""
    sealing = sealed_twice(ledger)
    unguarded(ledger.engine, cut(8))
    return sealing


def checks(ledger: Ledger[Count], sealing: Sealing) -> dict[str, tuple[bool, str]]:
    verdict = verify(ledger.engine, sealing.keys, sealing.anchor)
    return {check.name: (check.ok, check.detail()) for check in verdict.checks}


def test_an_anchor_that_is_ahead_stops_every_seal(ledger: Ledger[Count], sealing: Sealing) -> None:
    with pytest.raises(IntegrityViolated) as refused:
        seal(ledger.engine, KEY, anchor=sealing.anchor)
    assert refused.value.code == "log-cut"
    assert "The anchor is ahead" in refused.value.hint
    assert checks(ledger, sealing)["anchor"][0] is False


def test_a_loss_that_is_accepted_is_told_for_ever(ledger: Ledger[Count], sealing: Sealing) -> None:
    accepted = seal(ledger.engine, KEY, anchor=sealing.anchor, accepting=WHY)
    event = ledger.stream("~seals")[-1].data
    assert isinstance(event, LogSealed)
    assert ([one.size for one in event.lost], event.reason) == ([SECOND_SEAL], WHY)
    sealing.anchor.append(noted(accepted))
    for later in range(3):  # also when the log has grown beyond what was lost
        found = checks(ledger, sealing)
        assert found["anchor"] == (True, "the log goes on from every checkpoint of the anchor")
        assert (
            found["losses"][0] and f"at position {SECOND_SEAL} was given up" in found["losses"][1]
        )
        assert WHY in found["losses"][1]
        ledger.append([("D", later, started(f"M{later}"))], ALICE)
        sealing.anchor.append(noted(seal(ledger.engine, KEY, anchor=sealing.anchor)))
    assert verify(ledger.engine, sealing.keys, sealing.anchor).proven_until == 15


def test_what_was_recorded_past_the_loss_goes_on_too(
    ledger: Ledger[Count], sealing: Sealing
) -> None:
    """The log has other records by now at the positions that the anchor covers."""
    ledger.append([("D", 0, started(*(f"M{n}" for n in range(9))))], ALICE)
    with pytest.raises(IntegrityViolated) as refused:
        seal(ledger.engine, KEY, anchor=sealing.anchor)
    assert refused.value.code == "anchor-differs"
    seal(ledger.engine, KEY, anchor=sealing.anchor, accepting=WHY)
    with ledger.snapshot() as conn:
        ((size, _),) = losses(conn)
    assert size == SECOND_SEAL


def test_only_what_is_lost_is_given_up(ledger: Ledger[Count], sealing: Sealing) -> None:
    seal(ledger.engine, KEY, anchor=sealing.anchor, accepting=WHY)
    with ledger.snapshot() as conn:
        assert [size for size, _ in losses(conn)] == [SECOND_SEAL]
    unguarded(ledger.engine, does("DELETE FROM log WHERE position = 2"))
    assert checks(ledger, sealing)["anchor"][0] is False  # the first seal still counts
    assert FIRST_SEAL == 6


def test_where_nothing_is_lost_there_is_nothing_to_accept(ledger: Ledger[Count]) -> None:
    sealing = sealed_twice(ledger)
    with pytest.raises(InputInvalid) as refused:
        seal(ledger.engine, KEY, anchor=sealing.anchor, accepting=WHY)
    assert refused.value.code == "nothing-lost"
    seal(ledger.engine, KEY, anchor=sealing.anchor)


def test_a_stranger_accepts_nothing(ledger: Ledger[Count], sealing: Sealing) -> None:
    with pytest.raises(IntegrityViolated):
        seal(ledger.engine, STRANGER, anchor=sealing.anchor, accepting=WHY)
    with ledger.snapshot() as conn:
        assert losses(conn) == {}


def test_the_command_seals_and_the_findings_tell_it(sqlite_url: str, tmp_path: Path) -> None:
    from ledger.store import connect
    from tests.commands.played import asked, mledger, record
    from tests.stories import double_eleven

    record(sqlite_url, double_eleven())
    words = ["--key", str(tmp_path / "key"), "--anchor", str(tmp_path / "anchor")]
    assert (
        mledger(sqlite_url, "audit", "keygen", *words[:2], "--pin", str(tmp_path / "pin")).code == 0
    )
    assert mledger(sqlite_url, "audit", "seal", *words).code == 0
    engine = connect(sqlite_url)
    unguarded(engine, cut(30))
    engine.dispose()
    assert mledger(sqlite_url, "init").code == 0  # puts the guards back
    refused = mledger(sqlite_url, "audit", "seal", *words)
    assert (refused.code, "error[log-cut]" in refused.err) == (5, True)
    assert mledger(sqlite_url, "audit", "accept-loss", *words).code == 2  # not without a reason
    assert mledger(sqlite_url, "audit", "accept-loss", *words, "--reason", WHY).code == 0
    verified = mledger(
        sqlite_url, "audit", "verify", "--trusted-key", str(tmp_path / "pin"), *words[2:]
    )
    assert (verified.code, "given up at position 31" in verified.out) == (0, True), verified.out
    assert mledger(sqlite_url, "projections", "rebuild").code in (0, 6)
    (found,) = asked(sqlite_url, "audit", "exceptions", "--rule", "loss-accepted")["exceptions"]
    assert (found["severity"], found["events"]) == ("high", [31])
    assert WHY in found["detail"]
    assert "given up" in mledger(sqlite_url, "audit", "log", "--limit", "1").out
