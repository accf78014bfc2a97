"""A rebuild that ends at any moment, by an interrupt, a kill or a full disk, leaves what serves as it was."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, event

from ledger.contract import evolve
from ledger.errors import Conflict, StoreUnavailable
from ledger.state import Contract
from ledger.store import Ledger, open_ledger
from ledger.store.database import reading
from projections.rebuild.build import STREAMS_PER_TASK, Job, adding
from projections.rebuild.catchup import catch_up
from projections.rebuild.full import Options, rebuild
from projections.rebuild.lock import only_one
from projections.sides import other
from tests.projections.children import child
from tests.projections.portfolios import change, fill, served, standing, tables_of

STOPS = [2, pytest.param(25, marks=pytest.mark.slow)]
LONGEST_SECONDS = 0.8


@pytest.mark.parametrize("stops", STOPS)
@pytest.mark.parametrize(("by", "workers"), [(signal.SIGINT, "1"), (signal.SIGKILL, "2")])
def test_a_run_that_is_stopped_at_any_moment_leaves_what_serves(
    ledger: Ledger[Contract], database_url: str, by: signal.Signals, workers: str, stops: int
) -> None:
    fill(ledger, STREAMS_PER_TASK + 8, 12)
    catch_up(ledger.engine)
    rows = served(ledger)
    chance = Random(f"{by}{workers}")
    stopped = 0
    # The first of them while the rows are made, whatever the machine.
    for seconds in (0.05, *(chance.random() * LONGEST_SECONDS for _ in range(stops - 1))):
        before = standing(ledger)
        with child("rebuild", database_url, workers) as running:
            time.sleep(seconds)
            running.send_signal(by)
            said, _ = running.communicate(timeout=30)
        stopped += "rebuilt" not in said
        # Stopped after the flip, the other side serves; before it, the one that did.
        assert standing(ledger)[0] in (before[0], other(before[0]))
        assert standing(ledger)[1:] == before[1:]
        assert served(ledger) == rows
    assert stopped
    before = standing(ledger)
    found = _once_free(ledger)
    assert (found.status, found.different) == ("rebuilt", [])
    assert standing(ledger)[0] == other(before[0])
    assert served(ledger) == rows


def _once_free(ledger: Ledger[Contract]) -> Any:
    """A rebuild as soon as a server has noticed that the last one is gone."""
    for _ in range(100):
        try:
            return rebuild(ledger.engine, Options())
        except Conflict:
            time.sleep(0.05)
    raise AssertionError("the lock is still held")


def test_a_helper_that_outlives_its_run_changes_nothing(
    ledger: Ledger[Contract], database_url: str
) -> None:
    fill(ledger, 20, 10)
    with reading(ledger.engine) as conn:
        rows = list(tables_of(conn, "b").values())
    late = Job(database_url, "b", 20, 200, "filling by a run of yesterday")
    rebuild(ledger.engine, Options())
    now = served(ledger)
    with pytest.raises(Conflict) as refused:
        adding(ledger.engine, late)(range(1, 21), rows)
    assert refused.value.code == "rebuild-over"
    assert served(ledger) == now


def test_helpers_end_with_the_process_that_started_them(
    ledger: Ledger[Contract], database_url: str
) -> None:
    fill(ledger, STREAMS_PER_TASK + 8, 10)
    with child("rebuild", database_url, "2") as running:
        helpers: list[int] = []
        while not helpers and running.poll() is None:
            helpers = _children_of(running.pid)
        assert helpers
        running.kill()
        running.wait()
    for _ in range(200):
        if not any(_runs(pid) for pid in helpers):
            return
        time.sleep(0.05)
    raise AssertionError("a helper still runs")


def _children_of(pid: int) -> list[int]:
    return [int(found) for found in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


# --- no room left ----------------------------------------------------------------------------------


@contextmanager
def room_for(engine: Engine, pages: int) -> Iterator[None]:
    """Within it, an SQLite file may grow by so many pages only, whoever opens it."""
    with reading(engine) as conn:
        now = conn.exec_driver_sql("PRAGMA page_count").scalar_one()
        now -= conn.exec_driver_sql("PRAGMA freelist_count").scalar_one()
    engine.dispose()

    def limit(connection: Any, _: Any) -> None:
        connection.execute(f"PRAGMA max_page_count = {now + pages}")

    event.listen(Engine, "connect", limit)
    try:
        yield
    finally:
        event.remove(Engine, "connect", limit)
        engine.dispose()


def test_a_full_disk_is_named_and_leaves_what_serves(sqlite_url: str, tmp_path: Path) -> None:
    path = tmp_path / "certificate.json"
    with open_ledger(sqlite_url, evolve) as ledger:
        fill(ledger, 100, 20)
        catch_up(ledger.engine)
        before, rows = standing(ledger), served(ledger)
        with room_for(ledger.engine, 50):
            with pytest.raises(StoreUnavailable) as failure:
                rebuild(ledger.engine, Options(certificate=path))
            assert failure.value.code == "disk-full"
            assert failure.value.exit_code == 1
            assert (standing(ledger), served(ledger)) == (before, rows)
        written = json.loads(path.read_text())
        assert (written["status"], written["error"]["error"]) == ("failed", "disk-full")
        assert rebuild(ledger.engine, Options()).status == "rebuilt"
        assert served(ledger) == rows


def test_a_file_that_cannot_grow_stops_a_run_by_two_processes(sqlite_url: str) -> None:
    # The limit on the size of a file holds for the process and its children.
    with open_ledger(sqlite_url, evolve) as ledger:
        fill(ledger, 300, 20)
        catch_up(ledger.engine)
        before, rows = standing(ledger), served(ledger)
        ledger.engine.dispose()
        code = (
            "import resource, sys; from tests.projections import child;"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000,) * 2);"
            "child.main('rebuild', sys.argv[1], '2')"
        )
        ended = _python(code, sqlite_url)
        assert ended.returncode == 1
        assert "StoreUnavailable" in ended.stderr
        assert (standing(ledger), served(ledger)) == (before, rows)
        assert rebuild(ledger.engine, Options()).status == "rebuilt"


def _python(code: str, url: str) -> subprocess.CompletedProcess[str]:
    import sys

    from tests.conftest import REPOSITORY

    return subprocess.run(
        [sys.executable, "-c", code, url],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        timeout=60,
        check=False,
    )


def test_the_lock_is_free_after_every_failure(ledger: Ledger[Contract]) -> None:
    fill(ledger, 20, 10)

    def stop(done: int, total: int) -> None:
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        rebuild(ledger.engine, Options(), stop)
    with only_one(ledger.engine, "next", "2026-11-22T04:00:00.000000Z"):
        pass
    change(ledger, "SELECT 1")
