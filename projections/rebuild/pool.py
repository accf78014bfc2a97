"""A rebuild by several processes: this one and its helpers take ranges of streams, until none is left."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, cast

from sqlalchemy import Engine

from ledger.errors import Failure
from projections.rebuild.build import Built, Job, Tick, adding, build, bulk_engine, ranges


@dataclass(frozen=True, slots=True)
class Tasks:
    """Ranges of streams, of which each process takes the next; `taken` counts them for all processes."""

    ranges: Sequence[range]
    taken: Any

    def __iter__(self) -> Iterator[range]:
        while True:
            with self.taken.get_lock():
                number = self.taken.value
                self.taken.value += 1
            if number >= len(self.ranges):
                return
            yield self.ranges[number]


def build_all(job: Job, tick: Tick) -> Built:
    """Adds the rows of every stream to the empty side, by this process and `job.workers` - 1 helpers."""
    with bulk_engine(job.url) as engine:
        if job.workers <= 1:
            every = range(1, job.streams + 1)
            return build(engine, adding(engine, job), every, job.until, tick)
        return _share(engine, job, tick)


def _share(engine: Engine, job: Job, tick: Tick) -> Built:
    total = Built(workers=job.workers)
    context = get_context("spawn")
    tasks = Tasks(ranges(job.streams), context.Value("q", 0))

    def add(built: Built) -> None:
        total.add(built)
        tick(built.events)

    with _helpers(context, job, tasks) as found:
        for some in tasks:
            total.add(build(engine, adding(engine, job), some, job.until, tick))
            for helper in list(found):
                while helper in found and helper.poll():
                    _take(helper, found, add)
        while found:
            for ready in wait(list(found)):
                _take(cast("Connection", ready), found, add)
    return total


@contextmanager
def _helpers(context: Any, job: Job, tasks: Tasks) -> Iterator[dict[Connection, BaseProcess]]:
    """Starts helpers; ends them however this ends. Each is known by the connection on which it reports."""
    found: dict[Connection, BaseProcess] = {}
    try:
        for _ in range(job.workers - 1):
            mine, theirs = context.Pipe(duplex=False)
            process = context.Process(target=_help, args=(job, tasks, theirs), daemon=True)
            process.start()
            theirs.close()
            found[mine] = process
        started = list(found.values())
        yield found
    except BaseException:
        for process in found.values():
            process.terminate()
        raise
    for process in started:
        process.join()


def _take(
    helper: Connection, found: dict[Connection, BaseProcess], add: Callable[[Built], None]
) -> None:
    """One report of a helper: what it built, None at its end, or the error that ended it."""
    try:
        said = helper.recv()
    except EOFError:
        process = found.pop(helper)
        process.join()
        raise Failure(
            "worker-died",
            f"process {process.pid} of the rebuild ended with {process.exitcode} before its work was done",
            hint="was memory short? run it again, with fewer --workers",
        ) from None
    if isinstance(said, BaseException):
        raise said
    if said is None:
        del found[helper]
    else:
        add(said)


def _help(job: Job, tasks: Tasks, report: Connection) -> None:
    """What a helper does. An interrupt is the parent's to deal with; without a parent there is nothing left to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        with bulk_engine(job.url) as engine:
            for some in tasks:
                report.send(
                    build(engine, adding(engine, job), some, job.until, lambda events: None)
                )
        report.send(None)
    except Exception as error:
        report.send(error)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
