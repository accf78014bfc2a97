"""A process of the pool that is killed takes no row with it: its share is done again."""

from __future__ import annotations

import logging
import os
import signal
import time
from multiprocessing import active_children

import pytest

from ledger.state import Contract
from ledger.store import Ledger
from projections.rebuild import pool
from projections.rebuild.build import ranges
from projections.rebuild.catchup import catch_up
from projections.rebuild.full import Options, rebuild
from tests.projections.portfolios import fill, served

CONTRACTS, SMALL = 320, 16


@pytest.mark.parametrize("seconds", [0.0, 1.5], ids=["as it starts", "in the middle of its work"])
def test_a_killed_helper_has_its_share_done_again(
    ledger: Ledger[Contract],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    seconds: float,
) -> None:
    fill(ledger, CONTRACTS, 12)
    catch_up(ledger.engine)
    rows = served(ledger)
    alone = rebuild(ledger.engine, Options(workers=1))
    monkeypatch.setattr(pool, "ranges", lambda streams: ranges(streams, SMALL))
    began = time.monotonic()
    killed: list[int] = []

    def tick(done: int, total: int) -> None:
        time.sleep(0.1)  # so that the helper has its share
        if not killed and time.monotonic() - began > seconds:
            for helper in active_children():
                os.kill(helper.pid or 0, signal.SIGKILL)
                killed.append(helper.pid or 0)

    with caplog.at_level(logging.WARNING):
        shared = rebuild(ledger.engine, Options(workers=2), tick)
    assert killed
    assert "its share is done again" in caplog.text
    assert (shared.status, shared.differences) == ("rebuilt", 0)
    assert shared.tables == alone.tables
    assert served(ledger) == rows


def test_no_range_is_taken_twice_and_none_is_left() -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        tasks = pool.Tasks(ranges(100, SMALL), folder)
        one, other = iter(tasks), iter(tasks)
        taken = [next(one), next(other), next(one), *other, *one]
    assert sorted(number for number, _ in taken) == list(range(7))
    assert [some for _, some in sorted(taken)] == list(ranges(100, SMALL))
