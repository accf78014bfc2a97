"""A log that is not what was written: every way to rows stops, names the position, and leaves what serves."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ledger.errors import IntegrityViolated
from ledger.state import Contract
from ledger.store import Ledger
from ledger.store.database import reading
from projections.reading import reader
from projections.rebuild.catchup import catch_up
from projections.rebuild.full import Options, last_run, rebuild
from tests.projections.portfolios import damage_log, fill, served, standing

CONTRACTS, EVENTS = 20, 10
LAST = CONTRACTS * EVENTS
# The fifth contract's: one of its milestones, and its last event.
INSIDE, AT_ITS_END = 4 * EVENTS + 3, 5 * EVENTS


@dataclass(frozen=True)
class Damage:
    """What somebody did to the log, and what must be said about it."""

    statement: str
    code: str
    position: int


DAMAGES = {
    "a missing position": Damage(
        f"DELETE FROM log WHERE position = {AT_ITS_END}", "position-missing", AT_ITS_END
    ),
    "the last position missing": Damage(
        f"DELETE FROM log WHERE position = {LAST}", "position-missing", LAST
    ),
    "a stream missing": Damage(
        f"DELETE FROM log WHERE stream = {CONTRACTS}", "position-missing", LAST - EVENTS + 1
    ),
    "a stream with a version missing": Damage(
        f"DELETE FROM log WHERE position = {INSIDE}", "version-missing", INSIDE + 1
    ),
    "an event of a newer version": Damage(
        "UPDATE log SET record = replace(record, '\"MilestoneDefined/1\"', '\"MilestoneDefined/9\"')"
        f" WHERE position = {INSIDE}",
        "event-unknown",
        INSIDE,
    ),
    "a payload that does not decode": Damage(
        'UPDATE log SET record = replace(record, \'"amount_minor":\', \'"amount_minor":"x","y":\')'
        f" WHERE position = {INSIDE}",
        "record-unreadable",
        INSIDE,
    ),
    "a text that is no record": Damage(
        f"UPDATE log SET record = 'gone' WHERE position = {INSIDE}", "record-unreadable", INSIDE
    ),
}


# What the processes of a pool find is told as by one alone: a gap, and a record.
OF_A_POOL = ("a missing position", "a payload that does not decode")
RUNS = [
    pytest.param(damage, workers, id=f"{name}, {workers}")
    for name, damage in DAMAGES.items()
    for workers in ((1, 2) if name in OF_A_POOL else (1,))
]


@pytest.mark.parametrize(("damage", "workers"), RUNS)
def test_a_rebuild_of_a_damaged_log_stops_and_names_the_position(
    ledger: Ledger[Contract], damage: Damage, workers: int
) -> None:
    fill(ledger, CONTRACTS, EVENTS, at_once=1)
    catch_up(ledger.engine)
    before, rows = standing(ledger), served(ledger)
    damage_log(ledger, damage.statement)
    with pytest.raises(IntegrityViolated) as found:
        rebuild(ledger.engine, Options(workers=workers))
    _check(found.value, damage)
    assert (standing(ledger), served(ledger)) == (before, rows)
    with reading(ledger.engine) as conn:
        run = last_run(conn)
    assert run is not None
    assert run["status"] == "failed"
    assert (run["error"]["error"], run["error"]["exit_code"]) == (damage.code, 5)


def _check(error: IntegrityViolated, damage: Damage) -> None:
    assert (error.code, error.exit_code) == (damage.code, 5)
    assert f"position {damage.position}" in error.message
    assert error.facts["position"] == damage.position


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=list(DAMAGES))
def test_a_catch_up_over_damaged_events_stops_and_names_the_position(
    ledger: Ledger[Contract], damage: Damage
) -> None:
    before, rows = standing(ledger), served(ledger)
    fill(ledger, CONTRACTS, EVENTS, at_once=1)
    damage_log(ledger, damage.statement)
    with pytest.raises(IntegrityViolated) as found:
        catch_up(ledger.engine)
    _or_its_position(found.value, damage)
    assert (standing(ledger), served(ledger)) == (before, rows)


def test_an_incremental_rebuild_over_a_missing_position_stops(ledger: Ledger[Contract]) -> None:
    fill(ledger, 3, EVENTS, at_once=1)
    rebuild(ledger.engine, Options())
    rebuild(ledger.engine, Options())
    before, rows = standing(ledger), served(ledger)
    damage_log(ledger, "DELETE FROM log WHERE position = 7")
    with pytest.raises(IntegrityViolated) as found:
        rebuild(ledger.engine, Options(incremental=True))
    assert found.value.facts["position"] == 7
    assert (standing(ledger), served(ledger)) == (before, rows)


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=list(DAMAGES))
def test_a_replay_of_damaged_events_stops_and_names_the_position(
    ledger: Ledger[Contract], damage: Damage
) -> None:
    fill(ledger, CONTRACTS, EVENTS, at_once=1)
    damage_log(ledger, damage.statement)
    with pytest.raises(IntegrityViolated) as found, reader(ledger, fresh=True):
        raise AssertionError("the replay went on")
    _or_its_position(found.value, damage)


def _or_its_position(error: IntegrityViolated, damage: Damage) -> None:
    # A gap may be seen from either side: the version that follows, or the position that is not there.
    if damage.code == "version-missing" and error.code == "position-missing":
        assert error.facts["position"] == damage.position - 1
    else:
        _check(error, damage)


def test_a_stream_that_is_not_listed_is_named(ledger: Ledger[Contract]) -> None:
    fill(ledger, 10, EVENTS, at_once=1)
    catch_up(ledger.engine)
    guard = (
        "DROP TRIGGER streams_no_delete"
        if ledger.engine.dialect.name == "sqlite"
        else "ALTER TABLE streams DISABLE TRIGGER ALL"
    )
    damage_log(ledger, guard, "DELETE FROM streams WHERE stream = 10")
    with pytest.raises(IntegrityViolated) as found:
        rebuild(ledger.engine, Options())
    assert (found.value.code, found.value.facts["position"]) == ("stream-missing", 91)
