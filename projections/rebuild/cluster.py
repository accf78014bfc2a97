"""The rebuild on a Dask cluster: the tasks of a pool, on other machines, safe to run twice and late.

A task replaces the rows of its own streams, some at a time. In the transaction that does so it first takes the lock
of its range, and then looks whether the side still bears the stamp of its run. So there is one writer per side and
range: a task that is run again beside a worker that was given up and lives on waits for it and leaves the same rows,
and one that wakes up after the side was filled changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine

from ledger.errors import Conflict, Failure, InputInvalid, StoreUnavailable
from ledger.store.database import connect, reading, writing
from ledger.store.reading import STREAMS_PER_CHUNK, head
from projections.derive import DERIVATION
from projections.derive.model import Row
from projections.rebuild import sink
from projections.rebuild.build import (
    STREAMS_PER_TASK,
    BuildAll,
    Built,
    Job,
    Tick,
    build,
    bulk_engine,
    check_stamp,
    ranges,
)
from projections.sides import names

if TYPE_CHECKING:
    from distributed import Client

CONNECT_SECONDS = 10
# How long a replica may take to reach the position, and a cluster to have a worker again.
REPLICA_WAIT_SECONDS = 30.0
NO_WORKER_SECONDS = 60.0
# Times that Dask runs a failing task again: a server may restart, a replica fall behind.
RETRIES = 2
# Times that a task waits, as long as the store lets it, for another process that writes its range.
ATTEMPTS = 6
TASKS_PER_WORKER = 8
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Task:
    """A range of streams, and all that a worker must know to replace their rows; its repr shows no password."""

    job: Job
    streams: range
    read_url: str = field(repr=False)
    ledger_id: str
    release: tuple[str, str]


def on_cluster(engine: Engine, scheduler: str, read_url: str = "") -> BuildAll:
    """The engine that gives a job's tasks to the Dask scheduler at this address.

    Raises InputInvalid where databases are no servers or no scheduler is named, Failure where Dask is missing.
    """
    if engine.dialect.name != "postgresql" or read_url.startswith("sqlite"):
        raise InputInvalid(
            "cluster-needs-server",
            "workers on other machines cannot share an SQLite file",
            hint="leave --engine dask out, or keep the ledger in PostgreSQL",
        )
    if not scheduler:
        raise InputInvalid(
            "scheduler-missing",
            "the engine dask needs the address of a scheduler",
            hint="add --scheduler tcp://HOST:8786",
        )
    try:
        import distributed  # noqa: F401  missed now rather than half-way
    except ImportError:
        raise Failure(
            "dask-missing",
            "the engine dask needs Dask, which is not installed",
            hint="pip install 'mledger[cluster]'",
        ) from None
    return partial(build_all, scheduler, read_url)


def build_all(scheduler: str, read_url: str, job: Job, tick: Tick) -> Built:
    """Replaces the rows of every stream by tasks on the cluster; raises the first error of a task."""
    read_url = read_url or job.url
    ledger_id = _ledger_id(job.url)
    _await_position(read_url, ledger_id, job.until)
    with connected(scheduler) as (client, workers):
        size = _streams_per_task(job.streams, workers)
        tasks = [
            Task(job, some, read_url, ledger_id, release()) for some in ranges(job.streams, size)
        ]
        keys = [f"{job.stamp.replace(' ', '-')}-{task.streams.start}" for task in tasks]
        futures = client.map(run, tasks, key=keys, pure=False, retries=RETRIES)
        return _collected(client, futures, Built(workers=workers), tick)


def run(task: Task) -> Built:
    """What one worker does: the pure function of every rebuild, between two databases."""
    if task.release != release():
        raise _other_release(
            f"a worker runs mledger {' with derivation '.join(release())},"
            f" and the rebuild {' with derivation '.join(task.release)}"
        )
    job = task.job
    _await_position(task.read_url, task.ledger_id, job.until)
    with bulk_engine(task.read_url) as source, bulk_engine(job.url) as target:
        write = partial(replace, target, task)
        return build(source, write, task.streams, job.until, lambda events: None)


def replace(engine: Engine, task: Task, streams: range, rows: Sequence[list[Row]]) -> None:
    """Replaces the rows of some of a task's streams on its side, in one transaction, alone in the task's range.

    Raises Conflict "rebuild-over" where the side is filled, or another run has begun: nothing is changed then.
    """
    side = task.job.side
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with writing(engine) as conn:
                _lock_range(conn, task)
                check_stamp(conn, task.job)
                for table in names(side).values():
                    conn.exec_driver_sql(
                        f"DELETE FROM {table}"
                        f" WHERE stream BETWEEN {streams[0]:d} AND {streams[-1]:d}"
                    )
                sink.write(conn, side, rows)
            return
        except Conflict as error:
            # The lock was not had in the time that any writer waits.
            if attempt == ATTEMPTS or error.code == "rebuild-over":
                raise


def _lock_range(conn: Connection, task: Task) -> None:
    """Waits until no other process writes this task's range; no transaction holds two such locks, so none deadlock."""
    of = f"rebuild {task.job.side} {task.streams.start:d}"
    conn.exec_driver_sql(
        f"SELECT pg_advisory_xact_lock(hashtextextended(concat(current_schema(), ' {of}'), 0))"
    )


def release() -> tuple[str, str]:
    """The program and the derivation that this process runs: rows of two must not mix."""
    try:
        return version("mledger"), DERIVATION
    except PackageNotFoundError:
        return "unknown", DERIVATION


def _ledger_id(url: str) -> str:
    engine = connect(url)
    try:
        with reading(engine) as conn:
            return head(conn).ledger_id
    finally:
        engine.dispose()


def _await_position(url: str, ledger_id: str, until: int) -> None:
    """Returns when the database has the log up to a position; raises StoreUnavailable "replica-behind"."""
    deadline = time.monotonic() + REPLICA_WAIT_SECONDS
    engine = connect(url)
    try:
        while True:
            with reading(engine) as conn:
                found = head(conn)
            if found.ledger_id != ledger_id:
                raise InputInvalid(
                    "replica-of-another",
                    f"the database to read from holds another ledger, {found.ledger_id}",
                    hint="--read-url must name a replica of the database that is rebuilt",
                    facts={"expected": ledger_id, "found": found.ledger_id},
                )
            if found.position >= until:
                return
            if time.monotonic() > deadline:
                raise StoreUnavailable(
                    "replica-behind",
                    f"the database to read from has position {found.position}, and did not reach"
                    f" {until} within {REPLICA_WAIT_SECONDS:.0f} s",
                    hint="look why it lags (pg_stat_wal_receiver), or leave --read-url out",
                    facts={"position": found.position, "needed": until},
                )
            time.sleep(0.2)
    finally:
        engine.dispose()


@contextmanager
def connected(scheduler: str) -> Iterator[tuple[Client, int]]:
    """A connection to the scheduler and its number of workers; losing it raises Failure, and takes the tasks back."""
    from distributed import KilledWorker
    from distributed.comm import CommClosedError

    client = _connect(scheduler)
    try:
        yield client, _await_workers(client)
    except KilledWorker as error:
        raise _lost(f"workers died one after the other at the same task: {error}") from error
    except (ImportError, RuntimeError) as error:  # the scheduler opens a task before a worker does
        raise _other_release(f"the cluster cannot run the task: {error}") from error
    except (CancelledError, CommClosedError, TimeoutError) as error:
        raise _lost(f"the scheduler at {scheduler} is gone: {error}") from error
    finally:
        client.close(timeout=2)


def _connect(scheduler: str) -> Client:
    from distributed import Client

    try:
        return Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
    except ValueError as error:
        raise InputInvalid("scheduler-address", f"{scheduler!r}: {error}") from error
    except OSError as error:  # a timeout is one, too
        raise Failure(
            "scheduler-unreachable",
            f"no Dask scheduler answers at {scheduler}: {' '.join(str(error).split())}",
            hint="check the address and that `dask scheduler` runs; nothing was changed",
        ) from error


def _other_release(why: str) -> Failure:
    return Failure(
        "cluster-release",
        " ".join(why.split()),
        hint="install the same mledger[cluster] on the scheduler and every worker, then try again",
    )


def _lost(why: str) -> Failure:
    return Failure(
        "cluster-lost",
        " ".join(why.split()),
        hint="the serving side serves on; see the workers' logs, then rebuild again",
    )


def _await_workers(client: Client) -> int:
    """How many workers there are, once there is one."""
    deadline = time.monotonic() + NO_WORKER_SECONDS
    while not (workers := client.nthreads()):
        _check_alone(deadline)
        time.sleep(_POLL_SECONDS)
    return len(dict(workers))


def _check_alone(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise Failure(
            "cluster-without-workers",
            f"the scheduler has had no worker for {NO_WORKER_SECONDS:.0f} s",
            hint="start some: dask worker ADDRESS --nthreads 1; the serving side serves on",
        )


def _collected(client: Client, futures: list[Any], total: Built, tick: Tick) -> Built:
    """Adds up what the tasks give, in whatever order they end."""
    from distributed import as_completed

    ended = as_completed(futures, loop=client.loop)
    looked = had_worker = time.monotonic()
    while ended.count():
        for future in ended.next_batch(block=False):
            built: Built = future.result()
            total.add(built)
            tick(built.events)
        if time.monotonic() > looked + 1:
            looked = time.monotonic()
            had_worker = looked if client.nthreads() else had_worker
            _check_alone(had_worker + NO_WORKER_SECONDS)
        time.sleep(_POLL_SECONDS)
    return total


def _streams_per_task(streams: int, workers: int) -> int:
    """Some tasks for each worker, so that a slow or lost one costs little; whole blocks of chunks."""
    even = streams // (workers * TASKS_PER_WORKER)
    blocks = min(max(even, STREAMS_PER_CHUNK), STREAMS_PER_TASK) // STREAMS_PER_CHUNK
    return blocks * STREAMS_PER_CHUNK
