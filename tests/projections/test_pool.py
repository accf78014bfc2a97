"""A process of the pool that is killed takes no row with it: its share is done again."""

from __future__ import annotations

import logging
import os
import signal
import time
from contextlib import nullcontext
from dataclasses import replace
from multiprocessing import active_children
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ledger.errors import Conflict
from ledger.state import Contract
from ledger.store import Ledger
from ledger.store.database import reading, writing
from projections.rebuild import pool
from projections.rebuild.build import Built, Job, adding, build, ranges, start_anew
from projections.rebuild.catchup import catch_up
from projections.rebuild.drift import counts
from projections.rebuild.full import Options, rebuild
from projections.sides import mark
from tests.projections.portfolios import fill, served

CONTRACTS, SMALL = 128, 16


@pytest.mark.parametrize("begun", [False, True], ids=["as it starts", "in the middle of its work"])
def test_a_killed_helper_has_its_share_done_again(
    ledger: Ledger[Contract],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    begun: bool,
) -> None:
    fill(ledger, CONTRACTS, 12)
    catch_up(ledger.engine)
    rows = served(ledger)
    alone = rebuild(ledger.engine, Options(workers=1))
    monkeypatch.setattr(pool, "ranges", lambda streams: ranges(streams, SMALL))
    monkeypatch.setattr(
        pool, "TemporaryDirectory", lambda prefix: nullcontext(str(tmp_path / "taken"))
    )
    (tmp_path / "taken").mkdir()
    killed: list[int] = []
    anew: list[range] = []

    def noted(engine: Engine, job: Job, streams: range) -> None:
        anew.append(streams)
        start_anew(engine, job, streams)

    monkeypatch.setattr(pool, "start_anew", noted)

    def tick(done: int, total: int) -> None:
        if killed:
            return
        until = time.monotonic() + 60
        while begun and len(list((tmp_path / "taken").iterdir())) < 2 and time.monotonic() < until:
            time.sleep(0.001)  # the first range is this process's own, the second the helper's
        for helper in active_children():
            os.kill(helper.pid or 0, signal.SIGKILL)
            killed.append(helper.pid or 0)

    with caplog.at_level(logging.WARNING):
        shared = rebuild(ledger.engine, Options(workers=2), tick)
    assert killed
    assert bool(anew) or not begun
    assert "its share is done again" in caplog.text
    assert (shared.status, shared.differences) == ("rebuilt", 0)
    assert shared.tables == alone.tables
    assert served(ledger) == rows


def test_what_was_left_half_done_is_taken_out_before_it_is_done_again(
    ledger: Ledger[Contract],
) -> None:
    fill(ledger, CONTRACTS, 12)
    with writing(ledger.engine) as conn:
        mark(conn, "b", 0, "filling 1")
    url = ledger.engine.url.render_as_string(hide_password=False)
    job = Job(url, "b", CONTRACTS, CONTRACTS * 12, "filling 1")
    first, second = ranges(CONTRACTS, SMALL)[:2]

    def built(some: range) -> Built:
        return build(
            ledger.engine, adding(ledger.engine, job), some, job.until, lambda events: None
        )

    once, other = built(first), built(second)
    start_anew(ledger.engine, job, first)
    assert built(first) == once
    with reading(ledger.engine) as conn:
        assert sum(counts(conn, "b").values()) == sum(once.rows) + sum(other.rows)
    with pytest.raises(Conflict) as late:
        start_anew(ledger.engine, replace(job, stamp="filling 0"), first)
    assert late.value.code == "rebuild-over"


def test_no_range_is_taken_twice_and_none_is_left() -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        tasks = pool.Tasks(ranges(100, SMALL), folder)
        one, other = iter(tasks), iter(tasks)
        taken = [next(one), next(other), next(one), *other, *one]
    assert sorted(number for number, _ in taken) == list(range(7))
    assert [some for _, some in sorted(taken)] == list(ranges(100, SMALL))
