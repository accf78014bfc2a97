"""Rebuild, catch-up after every event, and a replay of the log give the very same rows, on both databases."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.contract import evolve
from ledger.state import Contract
from ledger.store import Ledger, open_ledger
from projections.reading import reader
from projections.rebuild.catchup import catch_up
from projections.rebuild.full import Options, rebuild
from tests.oracle.portfolios import play_portfolio
from tests.projections.portfolios import append, derived, one_by_one, seen_by, served, standing

STEPS = 60


@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 3))])
def test_rows_are_the_same_whichever_way_they_were_made(
    ledger: Ledger[Contract], seed: int
) -> None:
    records = play_portfolio(seed, STEPS).records
    for record in one_by_one(ledger, records):
        assert catch_up(ledger.engine).position == record.position
    caught_up, expected = served(ledger), derived(records)
    assert caught_up == expected
    certificate = rebuild(ledger.engine, Options())
    assert (certificate.status, certificate.different) == ("rebuilt", [])
    assert served(ledger) == caught_up
    with reader(ledger, known_position=len(records)) as replayed:
        assert seen_by(replayed) == expected
    with reader(ledger, fresh=True) as fresh:
        assert seen_by(fresh) == expected


def test_a_replay_of_any_moment_shows_what_was_served_then(
    ledger: Ledger[Contract],
) -> None:
    records = play_portfolio(1, 20).records
    then = {}
    for record in one_by_one(ledger, records):
        catch_up(ledger.engine)
        then[record.position] = served(ledger)
    for position, rows in then.items():
        with reader(ledger, known_position=position) as known:
            assert seen_by(known) == rows


def test_an_empty_log_is_rebuilt_to_empty_tables(ledger: Ledger[Contract]) -> None:
    certificate = rebuild(ledger.engine, Options())
    assert (certificate.status, certificate.events, certificate.rows) == ("rebuilt", 0, 0)
    assert standing(ledger)[:2] == ("b", 0)


@settings(max_examples=12)
@given(seed=st.integers(0, 10_000), cuts=st.lists(st.integers(1, 120), max_size=4), data=st.data())
def test_catch_ups_and_rebuilds_at_any_moments_end_in_the_same_rows(
    sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    cuts: list[int],
    data: st.DataObject,
) -> None:
    records = play_portfolio(seed, 40).records
    copy = tmp_path_factory.mktemp("any") / "ledger.sqlite3"
    shutil.copyfile(sqlite_template, copy)
    with open_ledger(f"sqlite:///{copy}", evolve) as ledger:
        done = 0
        for cut in [*sorted(min(cut, len(records)) for cut in cuts), len(records)]:
            append(ledger, records[done:cut])
            done = cut
            if data.draw(st.booleans(), label=f"rebuild at {cut}"):
                incremental = data.draw(st.booleans(), label="incremental")
                found = rebuild(ledger.engine, Options(incremental=incremental))
                assert (found.status, found.different) == ("rebuilt", [])
            else:
                catch_up(ledger.engine)
            assert served(ledger) == derived(records[:done])
