"""Readers and writers while a rebuild runs: one whole side throughout, and nothing that was recorded is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from ledger.contract import evolve
from ledger.events import Record
from ledger.state import Contract
from ledger.store import Envelope, Ledger, open_ledger
from projections.reading import reader
from projections.rebuild.catchup import catch_up
from projections.rebuild.full import Options, rebuild
from tests.benchmarks.logs import contracts
from tests.oracle.portfolios import play_portfolio
from tests.projections.children import child
from tests.projections.portfolios import (
    append,
    derived,
    fill,
    one_by_one,
    seen_by,
    served,
    standing,
)

CONTRACTS = 120


def test_a_reader_sees_one_whole_side_throughout_two_rebuilds(ledger: Ledger[Contract]) -> None:
    records = play_portfolio(3, 90).records
    third = len(records) // 3
    append(ledger, records[:third])
    catch_up(ledger.engine)
    before = served(ledger)
    with reader(ledger) as long, reader(ledger) as untouched:
        assert long.known.position == third
        assert seen_by(long) == before
        append(ledger, records[third : 2 * third])
        assert rebuild(ledger.engine, Options()).status == "rebuilt"
        assert seen_by(long) == before
        append(ledger, records[2 * third :])
        # The second one empties and fills the very side that these readers see.
        assert rebuild(ledger.engine, Options()).status == "rebuilt"
        assert seen_by(long) == before
        assert seen_by(untouched)["contracts"] != served(ledger)["contracts"]
        assert seen_by(untouched) == before
    assert served(ledger) == derived(records)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_is_appended_while_a_rebuild_runs_is_in_the_rows_after_it(
    ledger: Ledger[Contract], database_url: str, workers: str
) -> None:
    fill(ledger, CONTRACTS, 20)
    catch_up(ledger.engine)
    new = ((f"NEW-{name}", 0, [e for _, e in played]) for name, played in contracts(50_000, 9))
    appended = 0
    with child("rebuild", database_url, workers) as running:
        while running.poll() is None:
            ledger.append([next(new)], Envelope(actor="writer", origin="test"))
            appended += 1
            time.sleep(0.002)  # SQLite's lock goes to whoever asks at the right moment
        assert running.stdout is not None
        assert running.stdout.read() == "rebuilt\n"
    assert appended
    side, position, _ = standing(ledger)
    assert side == "b"
    with reader(ledger, known_position=position) as then:
        assert served(ledger) == seen_by(then)
    catch_up(ledger.engine)
    with reader(ledger, fresh=True) as now:
        assert served(ledger) == seen_by(now)
    assert len(served(ledger)["contracts"]) == CONTRACTS + appended


def test_writers_who_catch_up_meet_every_flip(ledger: Ledger[Contract], database_url: str) -> None:
    records = play_portfolio(4, 70).records
    failures: list[BaseException] = []
    ended = threading.Event()

    def rebuild_again_and_again() -> None:
        try:
            with open_ledger(database_url, evolve) as own:
                while not ended.is_set():
                    assert rebuild(own.engine, Options()).status == "rebuilt"
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=rebuild_again_and_again)
    thread.start()
    try:
        for record in _caught_up(ledger, records):
            # Whoever has caught up sees what was recorded before, whichever side serves.
            with reader(ledger) as now:
                assert now.known.position >= record.position
    finally:
        ended.set()
        thread.join()
    assert failures == []
    catch_up(ledger.engine)
    assert served(ledger) == derived(records)


def _caught_up(ledger: Ledger[Contract], records: list[Record]) -> Iterator[Record]:
    for record in one_by_one(ledger, records):
        catch_up(ledger.engine)
        yield record
