"""A rebuild by several processes: this one and its helpers take ranges of streams, until none is left."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from tempfile import TemporaryDirectory
from typing import Any, cast

from sqlalchemy import Engine

from projections.rebuild.build import (
    Built,
    Job,
    Tick,
    adding,
    build,
    bulk_engine,
    ranges,
    start_anew,
)


@dataclass(frozen=True, slots=True)
class Tasks:
    """Ranges of streams by their numbers, of which each process takes the next that nobody has taken.

    Who takes one makes a file of its number: a lock that all share would stay locked by a process that is killed.
    """

    ranges: Sequence[range]
    folder: str

    def __iter__(self) -> Iterator[tuple[int, range]]:
        for number, some in enumerate(self.ranges):
            try:
                os.close(os.open(f"{self.folder}/{number}", os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                continue
            yield number, some


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
    left = dict(enumerate(ranges(job.streams)))

    def done(number: int, built: Built, events: int) -> None:
        del left[number]
        total.add(built)
        tick(events)

    with TemporaryDirectory(prefix="mledger-") as folder:
        tasks = Tasks(list(left.values()), folder)
        with _helpers(context, job, tasks) as found:
            for number, some in tasks:
                done(number, build(engine, adding(engine, job), some, job.until, tick), 0)
                for helper in list(found):
                    while helper in found and helper.poll():
                        _take(helper, found, done)
            while found:
                for ready in wait(list(found)):
                    _take(cast("Connection", ready), found, done)
    for number, some in list(left.items()):  # what was begun by helpers that died
        start_anew(engine, job, some)
        done(number, build(engine, adding(engine, job), some, job.until, tick), 0)
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
    helper: Connection,
    found: dict[Connection, BaseProcess],
    done: Callable[[int, Built, int], None],
) -> None:
    """One report of a helper: a task's number and what it built, None at its end, or the error that ended it.

    A helper that is killed reports no more: what it had begun is left, and done again by who is left.
    """
    try:
        said = helper.recv()
    except (EOFError, OSError):
        process = found.pop(helper)
        process.join()
        logging.getLogger(__name__).warning(
            "process %s of the rebuild ended with %s before its work was done; its share is done again",
            process.pid,
            process.exitcode,
        )
        return
    if isinstance(said, BaseException):
        raise said
    if said is None:
        del found[helper]
    else:
        number, built = said
        done(number, built, built.events)


def _help(job: Job, tasks: Tasks, report: Connection) -> None:
    """What a helper does. An interrupt is the parent's to deal with; without a parent there is nothing left to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        with bulk_engine(job.url) as engine:
            for number, some in tasks:
                built = build(engine, adding(engine, job), some, job.until, lambda events: None)
                report.send((number, built))
        report.send(None)
    except Exception as error:
        report.send(error)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
