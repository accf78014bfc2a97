"""The rebuild on a Dask cluster gives the rows of the rebuild in process, whatever happens to a worker."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import make_url

from ledger.contract import evolve
from ledger.errors import Conflict, Failure, InputInvalid, StoreUnavailable
from ledger.events import MilestoneStarted
from ledger.state import Contract
from ledger.store import Envelope, Ledger, database, open_ledger
from ledger.store.database import reading, writing
from projections.rebuild import cluster as on
from projections.rebuild import sink
from projections.rebuild.build import Job
from projections.rebuild.full import Certificate, Options, last_run, rebuild
from projections.sides import mark, other, serving
from tests.databases import (
    SERVER,
    Cluster,
    free_port,
    postgresql_binaries,
    unprivileged,
    wait_until_ready,
)
from tests.projections.portfolios import Tables, change, fill, served, standing, tables_of

pytestmark = pytest.mark.postgres

CONTRACTS, EVENTS = 264, 12


@pytest.fixture
def ledger(postgresql_url: str) -> Iterator[Ledger[Contract]]:
    with open_ledger(postgresql_url, evolve) as opened:
        yield opened


class DaskProcesses:
    """A scheduler and its workers: processes that talk over TCP, as they would between machines."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = f"tcp://127.0.0.1:{free_port()}"
        port = self.address.rpartition(":")[2]
        listening = ["--host", "127.0.0.1", "--port", port, "--no-dashboard"]
        self.scheduler = self._start("dask_scheduler", *listening)
        self.workers = [self._worker() for _ in range(2)]

    def _worker(self) -> subprocess.Popen[bytes]:
        one = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--memory-limit", "0"]
        return self._start("dask_worker", self.address, *one, "--local-directory", str(self.folder))

    def _start(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{program}", *arguments]
        with (self.folder / f"{program}.log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, env=dict(os.environ))

    def wait_for(self, workers: int) -> None:
        """Returns when so many workers have registered."""
        from distributed import Client

        with Client(self.address, timeout=20, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=20)

    def stop(self) -> None:
        running = [p for p in (*self.workers, self.scheduler) if p.poll() is None]
        for process in running:
            process.kill()
        for process in running:
            process.wait(timeout=10)


@contextmanager
def dask_processes(folder: Path) -> Iterator[DaskProcesses]:
    started = DaskProcesses(folder)
    try:
        started.wait_for(2)
        yield started
    finally:
        started.stop()


def on_dask(address: str, **more: Any) -> Options:
    return Options(engine="dask", scheduler=address, **more)


def digests(certificate: Certificate) -> dict[str, Any]:
    return {name: table["digest"] for name, table in certificate.tables.items()}


def resting_rows(ledger: Ledger[Contract]) -> Tables:
    with reading(ledger.engine) as conn:
        return tables_of(conn, other(serving(conn)))


# --- with processes ------------------------------------------------------------------------------


def test_a_worker_killed_in_mid_run_changes_no_row(
    ledger: Ledger[Contract], tmp_path: Path
) -> None:
    fill(ledger, CONTRACTS, EVENTS)
    in_process = rebuild(ledger.engine, Options())
    expected = served(ledger)
    killed: list[int] = []
    with dask_processes(tmp_path) as dask:

        def tick(done: int, total: int) -> None:
            if not killed:  # the other tasks are under way, or wait for a worker
                assert done < total / 2
                killed.append(dask.workers[0].pid)
                os.kill(dask.workers[0].pid, signal.SIGKILL)

        certificate = rebuild(ledger.engine, on_dask(dask.address), tick)
        assert dask.workers[0].wait(timeout=5) == -signal.SIGKILL

        assert killed
        assert (certificate.status, certificate.different) == ("rebuilt", [])
        assert (certificate.engine, certificate.workers) == ("dask", 2)
        assert certificate.compared == CONTRACTS
        assert served(ledger) == expected
        assert digests(certificate) == digests(in_process)
        assert (certificate.events, certificate.rows) == (in_process.events, in_process.rows)

        # The scheduler dies, too: a failure that names it, and readers keep what they had.
        before = standing(ledger)

        def stop_scheduler(done: int, total: int) -> None:
            dask.scheduler.kill()

        with pytest.raises(Failure) as lost:
            rebuild(ledger.engine, on_dask(dask.address), stop_scheduler)
        assert lost.value.code in ("cluster-lost", "cluster-without-workers")
        assert standing(ledger) == before
        with reading(ledger.engine) as conn:
            run = last_run(conn)
        assert run is not None
        assert (run["status"], run["error"]["error"]) == ("failed", lost.value.code)
    assert rebuild(ledger.engine, Options()).status == "rebuilt"


# --- the task alone ------------------------------------------------------------------------------


@pytest.fixture
def task(ledger: Ledger[Contract]) -> on.Task:
    """A task over all of a small ledger, while its run fills the side."""
    fill(ledger, 40, EVENTS)
    url = ledger.engine.url.render_as_string(hide_password=False)
    with reading(ledger.engine) as conn:
        side = other(serving(conn))
    job = Job(url, side, 40, 40 * EVENTS, "filling 1")
    stamp(ledger, job.stamp)
    return on.Task(job, range(1, 41), url, on._ledger_id(url), on.release())


def stamp(ledger: Ledger[Contract], text: str) -> None:
    with writing(ledger.engine) as conn:
        mark(conn, other(serving(conn)), 0, text)


def test_a_task_run_again_leaves_the_same_rows(ledger: Ledger[Contract], task: on.Task) -> None:
    first = on.run(task)
    rows = resting_rows(ledger)
    assert sum(map(len, rows.values())) == sum(first.rows)
    change(ledger, f"DELETE FROM schedule_{task.job.side} WHERE stream > 20")  # as if cut off
    assert on.run(task) == first
    assert resting_rows(ledger) == rows


@pytest.mark.parametrize("times", [12, pytest.param(120, marks=pytest.mark.slow)])
def test_two_workers_at_the_same_task_leave_the_same_rows(
    ledger: Ledger[Contract], task: on.Task, times: int
) -> None:
    first = on.run(task)
    rows = resting_rows(ledger)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(on.run, [task] * times)) == [first] * times
    assert resting_rows(ledger) == rows


def test_one_worker_at_a_time_writes_a_range_and_the_others_are_not_held_up(
    ledger: Ledger[Contract], task: on.Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (replace(task, streams=some) for some in (range(1, 17), range(17, 41)))
    deleted, go_on = Event(), Event()
    write = sink.write

    def held_up(*args: Any) -> int:
        if not deleted.is_set():  # the first to come stops between its DELETE and its rows
            deleted.set()
            assert go_on.wait(20)
        return write(*args)

    monkeypatch.setattr(sink, "write", held_up)
    with ThreadPoolExecutor(3) as pool:
        zombie = pool.submit(on.run, first)
        assert deleted.wait(20)
        again = pool.submit(on.run, first)
        assert pool.submit(on.run, second).result(timeout=20).streams == 24
        time.sleep(0.3)
        assert not again.done()
        go_on.set()
        assert zombie.result(timeout=20) == again.result(timeout=20)
    rows = resting_rows(ledger)
    on.run(task)
    assert resting_rows(ledger) == rows


def test_a_range_that_is_held_for_good_is_given_up_as_a_conflict(
    ledger: Ledger[Contract], task: on.Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on, "ATTEMPTS", 2)
    monkeypatch.setattr(database, "LOCK_WAIT_SECONDS", 0.2)
    with writing(ledger.engine) as zombie:
        on._lock_range(zombie, task)
        with pytest.raises(Conflict) as held:
            on.run(task)
    assert held.value.code == "database-locked"
    on.run(task)


@pytest.mark.parametrize("stamped", ["filling 2", "1.1.1"], ids=["another run", "side filled"])
def test_a_task_that_wakes_up_too_late_changes_nothing(
    ledger: Ledger[Contract], task: on.Task, stamped: str
) -> None:
    on.run(task)
    rows = resting_rows(ledger)
    stamp(ledger, stamped)
    with pytest.raises(Conflict) as late:
        on.run(replace(task, job=replace(task.job, until=EVENTS)))
    assert late.value.code == "rebuild-over"
    assert resting_rows(ledger) == rows


def test_a_worker_of_another_release_is_refused(task: on.Task) -> None:
    with pytest.raises(Failure) as refused:
        on.run(replace(task, release=("0.0.0", "1.0")))
    assert refused.value.code == "cluster-release"


def test_a_cluster_without_the_program_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Bare:
        def nthreads(self) -> dict[str, int]:
            raise RuntimeError("Error during deserialization of the task graph")

        def close(self, timeout: int) -> None: ...

    monkeypatch.setattr(on, "_connect", lambda scheduler: Bare())
    with pytest.raises(Failure) as refused, on.connected("tcp://127.0.0.1:1"):
        pass
    assert refused.value.code == "cluster-release"


def test_a_cluster_without_workers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    class Idle:
        def nthreads(self) -> dict[str, int]:
            return {}

        def close(self, timeout: int) -> None: ...

    monkeypatch.setattr(on, "_connect", lambda scheduler: Idle())
    monkeypatch.setattr(on, "NO_WORKER_SECONDS", 0.2)
    with pytest.raises(Failure) as alone, on.connected("tcp://127.0.0.1:1"):
        pass
    assert alone.value.code == "cluster-without-workers"


def test_no_password_stands_in_what_a_worker_logs(task: on.Task) -> None:
    url = "postgresql+psycopg://me:secret@db/ledger"
    assert "secret" not in repr(replace(task, read_url=url, job=replace(task.job, url=url)))


# --- reading from another server -----------------------------------------------------------------


def test_a_replica_that_lags_is_waited_for_within_bounds(
    ledger: Ledger[Contract], task: on.Task, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = make_url(task.job.url).database
    assert database is not None
    ledger.engine.dispose()
    with cluster.database(database) as copy:  # stands for a replica: the log as it was
        fresh = replace(task, read_url=copy)
        assert on.run(fresh) == on.run(task)
        monkeypatch.setattr(on, "REPLICA_WAIT_SECONDS", 0.5)
        with pytest.raises(StoreUnavailable) as behind:
            on.run(replace(fresh, job=replace(task.job, until=task.job.until + 1)))
        assert behind.value.code == "replica-behind"
        with open_ledger(copy, evolve) as replica, writing(replica.engine) as conn:
            conn.exec_driver_sql("ALTER TABLE log_head DISABLE TRIGGER ALL")
            conn.exec_driver_sql("UPDATE log_head SET ledger_id = 'another'")
        with pytest.raises(InputInvalid) as other_ledger:
            on.run(fresh)
        assert other_ledger.value.code == "replica-of-another"


@contextmanager
def streaming_replica(primary: Cluster) -> Iterator[Cluster]:
    """A second server that follows the first one's write-ahead log."""
    binaries = postgresql_binaries()
    assert binaries is not None
    folder = Path(tempfile.mkdtemp(prefix="mledger-replica-"))
    owner, data, port = unprivileged(folder), folder / "data", free_port()
    source = ["-h", "localhost", "-p", str(primary.port), "-U", "postgres"]
    copying = [f"--pgdata={data}", "--write-recovery-conf", "--checkpoint=fast", "--no-sync"]
    subprocess.run(
        [binaries / "pg_basebackup", *source, *copying], check=True, capture_output=True, **owner
    )
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-p", str(port), *SERVER], stderr=log, **owner
        )
    try:
        wait_until_ready(server, port, folder / "log")
        yield Cluster(port)
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


def test_the_log_is_read_from_a_streaming_replica(
    ledger: Ledger[Contract], task: on.Task, cluster: Cluster
) -> None:
    name = make_url(task.job.url).database
    assert name is not None
    with streaming_replica(cluster) as replica:
        own = replica.url(name)
        from_replica = replace(task, read_url=own)
        expected = on.run(task)
        assert on.run(from_replica) == expected
        # It stands still while the log grows: a task waits, and ends when the replica has caught up.
        replica.execute("SELECT pg_wal_replay_pause()")
        append_more(ledger)
        later = replace(from_replica, job=replace(task.job, until=task.job.until + 2))
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(on.run, later)
            time.sleep(0.5)
            assert not waiting.done()
            replica.execute("SELECT pg_wal_replay_resume()")
            assert waiting.result(timeout=20).events == expected.events + 2


def append_more(ledger: Ledger[Contract]) -> None:
    facts = [MilestoneStarted(milestone="M1"), MilestoneStarted(milestone="M2")]
    ledger.append([("BW-0000000", EVENTS, facts)], Envelope(actor="bench", origin="test"))


# --- what cannot be had --------------------------------------------------------------------------


def test_a_scheduler_out_of_reach_is_named(
    ledger: Ledger[Contract], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on, "CONNECT_SECONDS", 1)
    address = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(Failure) as refused:
        rebuild(ledger.engine, on_dask(address))
    assert refused.value.code == "scheduler-unreachable"
    assert address in refused.value.message


def test_an_address_is_needed(ledger: Ledger[Contract]) -> None:
    with pytest.raises(InputInvalid) as refused:
        rebuild(ledger.engine, on_dask(""))
    assert refused.value.code == "scheduler-missing"
    with pytest.raises(InputInvalid) as refused:
        rebuild(ledger.engine, on_dask("nonsense://here"))
    assert refused.value.code == "scheduler-address"


def test_dask_that_is_not_installed_is_named(
    ledger: Ledger[Contract], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(Failure) as refused:
        rebuild(ledger.engine, on_dask("tcp://127.0.0.1:1"))
    assert refused.value.code == "dask-missing"
    assert "mledger[cluster]" in refused.value.hint


def test_an_sqlite_file_cannot_be_shared_out(sqlite_url: str) -> None:
    with open_ledger(sqlite_url, evolve) as ledger, pytest.raises(InputInvalid) as refused:
        rebuild(ledger.engine, on_dask("tcp://127.0.0.1:1"))
    assert refused.value.code == "cluster-needs-server"
