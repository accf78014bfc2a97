"""The full rebuild: fill the resting side from the log, compare it with what people saw, and let it serve.

It never touches the serving side, so an interrupted run leaves everything as it was; the next one starts clean. The
first build of all has nothing to be compared with; both sides hold its rows afterwards. The result is a certificate,
written for failures too.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from traceback import clear_frames
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine

from ledger.errors import DifferencesFound, IntegrityViolated
from ledger.store.database import reading, writing
from ledger.store.failures import DAMAGED
from ledger.store.reading import changed_streams, check_complete, head, stream_count
from projections.derive import DERIVATION, MODELS
from projections.rebuild import sink
from projections.rebuild.build import BuildAll, Built, Job, check_stamp
from projections.rebuild.catchup import bring_forward, catch_up, prepare, take
from projections.rebuild.certificate import Certificate, keep, last_run, write_file
from projections.rebuild.copying import copy
from projections.rebuild.drift import compare, counts
from projections.rebuild.lock import only_one
from projections.rebuild.pool import build_all
from projections.sides import (
    Side,
    checkpoint,
    hidden_streams,
    left_out,
    mark,
    names,
    never_built,
    other,
    serving,
)

__all__ = ["DASK", "ENGINES", "IN_PROCESS", "Certificate", "Options", "Tick", "last_run", "rebuild"]

IN_PROCESS, DASK = ENGINES = ("in-process", "dask")

# Above this many events a second process pays for its start.
POOL_FROM_EVENTS = 300_000
MOST_WORKERS = 4
# How often the two sides are brought to the same position before streams that go on changing are left out.
ALIGNMENTS = 3

Tick = Callable[[int, int], None]
"""Told events done and events in all."""
Judge = Callable[[Side], dict[str, Any]]
"""Asked what it holds of a side that is to serve: its `differences` are a number, 0 where it agrees with everything."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is asked for; `workers` 0 is the machine's choice, `certificate` a file to write it to as well.

    `judge` is asked before the rebuilt side serves, and holds it back where it disagrees.
    With `engine` "dask" the work is done where the `scheduler` sends it, reading from `read_url` if given: a replica.
    """

    workers: int = 1
    check: bool = False
    incremental: bool = False
    accept_drift: bool = False
    program: str = ""
    certificate: Path | None = None
    engine: str = IN_PROCESS
    scheduler: str = ""
    read_url: str = ""
    judge: Judge | None = None


def rebuild(engine: Engine, options: Options, tick: Tick = lambda done, total: None) -> Certificate:
    """Runs one rebuild and keeps its certificate; raises Conflict where another runs.

    A drift holds the flip back unless accepted. Raises what reading a damaged log raises, after the certificate of
    the failure is written.
    """
    started_at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    certificate = Certificate(uuid4().hex, started_at, program=options.program)
    build = _build_all(engine, options)
    with only_one(engine, certificate.run_id, started_at):
        try:
            with _timed(certificate):
                _run(engine, options, build, certificate, tick)
        except BaseException as error:
            interrupt = _interrupt_behind(error)
            certificate.failed(interrupt or error)
            # The frames of an interrupted statement keep it, and with it SQLite's write lock, alive.
            clear_frames(error.__traceback__)
            # What went wrong is told, even where there is no room left to note it.
            with suppress(Exception):
                keep(engine, certificate)
            with suppress(Exception):
                _write_file(options, certificate)
            if interrupt is not None:
                raise interrupt from None
            raise
        keep(engine, certificate)
        _write_file(options, certificate)
    return certificate


def _interrupt_behind(error: BaseException | None) -> KeyboardInterrupt | None:
    """The interrupt from which an error follows: a driver stopped in mid-statement cannot even roll back."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error


def _write_file(options: Options, certificate: Certificate) -> None:
    if options.certificate is not None:
        write_file(options.certificate, certificate)


@contextmanager
def _timed(certificate: Certificate, phase: str = "") -> Iterator[None]:
    """Notes how long a step took, or, without its name, the whole run."""
    began = time.perf_counter()
    try:
        yield
    finally:
        seconds = time.perf_counter() - began
        if phase:
            certificate.phases[phase] = round(seconds, 3)
        else:
            certificate.seconds = round(seconds, 3)
            certificate.events_per_second = round(certificate.events / max(seconds, 0.001))


def _build_all(engine: Engine, options: Options) -> BuildAll:
    """The engine that was asked for; raises InputInvalid and Failure where it cannot be had."""
    if options.engine != DASK:
        return build_all
    from projections.rebuild.cluster import on_cluster

    return on_cluster(engine, options.scheduler, options.read_url)


def _run(
    engine: Engine, options: Options, build: BuildAll, certificate: Certificate, tick: Tick
) -> None:
    # A check is asked for a comparison, so that it fills what is to be compared.
    first = not options.check and _nothing_served(engine, certificate)
    if not first:
        _catch_up(engine, certificate)
    with reading(engine) as conn:
        served = serving(conn)
        until = head(conn).position
        streams = stream_count(conn)
        if first:
            # What a catch-up would say: without it the build blames the versions of a stream for a missing position.
            check_complete(conn, until)
    resting = other(served)
    certificate.position = until
    with _timed(certificate, "build"):
        if not options.incremental or not _refreshed(certificate, engine, resting, streams):
            certificate.engine = options.engine
            job = Job(
                engine.url.render_as_string(hide_password=False),
                resting,
                streams,
                until,
                f"filling {certificate.run_id}",
                options.workers or _auto(until),
            )
            _describe(certificate, _fill(engine, job, build, tick))
    # Unless somebody has caught up meanwhile, who is compared like everybody.
    certificate.first = first and _nothing_served(engine, certificate)
    if certificate.first:
        certificate.streams = streams
    else:
        with _timed(certificate, "compare"), _unless_damaged(certificate):
            _compare(engine, served, certificate)
    with reading(engine) as conn:
        certificate.left_out = left_out(conn, resting)
    certificate.status = "checked" if options.check else "rebuilt"
    if certificate.differences and not options.accept_drift:
        certificate.status = "drift"
    elif not _agreed(options, resting, certificate):
        certificate.status = "disagreement"
    elif not options.check:
        with _timed(certificate, "flip"):
            _flip(engine, served, certificate)
        if certificate.first:
            with _timed(certificate, "copy"):
                copy(engine, resting)


def _nothing_served(engine: Engine, certificate: Certificate) -> bool:
    """Whether there is nothing to catch up and to compare with: the first build needs neither.

    A catch-up folds a contract again for each step of the log in which it stands, which is many times the work.
    """
    with _unless_damaged(certificate), reading(engine) as conn:
        return never_built(conn, serving(conn))
    return False


def _catch_up(engine: Engine, certificate: Certificate) -> None:
    with _timed(certificate, "catch-up"), _unless_damaged(certificate), suppress(DifferencesFound):
        catch_up(engine)  # a side that is damaged, or beyond the log, is not caught up but replaced


def _agreed(options: Options, side: Side, certificate: Certificate) -> bool:
    """Whether the judge agrees with what a side would serve; without one there is nothing to disagree with."""
    if options.judge is None:
        return True
    with _timed(certificate, "oracle"):
        certificate.oracle = options.judge(side)
    return not certificate.oracle["differences"]


def _auto(events: int) -> int:
    return min(MOST_WORKERS, os.cpu_count() or 1) if events > POOL_FROM_EVENTS else 1


def _fill(engine: Engine, job: Job, build: BuildAll, tick: Tick) -> Built:
    """Empties a side and fills it from the log."""
    with writing(engine) as conn:
        mark(conn, job.side, 0, job.stamp)
    for table in names(job.side).values():
        # One by one: SQLite looks at every page that it gives back, while appends wait.
        sink.empty_damaged(engine, table)
    done = 0

    def count(events: int) -> None:
        nonlocal done
        done += events
        tick(done, job.until)

    built = build(job, count)
    if built.events != job.until:
        with reading(engine) as conn:
            _explain_missing(conn, job.streams, job.until)
    with writing(engine) as conn:
        check_stamp(conn, job)
        mark(conn, job.side, job.until, DERIVATION)
    return built


def _explain_missing(conn: Connection, streams: int, until: int) -> None:
    """Raises IntegrityViolated: every stream read is whole, so a position is missing, or a stream's number is."""
    check_complete(conn, until)
    position = conn.exec_driver_sql(
        f"SELECT MIN(position) FROM log WHERE position <= {until:d} AND stream NOT BETWEEN 1 AND {streams:d}"
    ).scalar_one()
    raise IntegrityViolated(
        "stream-missing",
        f"the record at position {position} belongs to a stream that the ledger does not list",
        hint="the log was altered: mledger audit verify",
        facts={"position": position},
    )


def _refreshed(certificate: Certificate, engine: Engine, side: Side, streams: int) -> bool:
    """Brings the resting side forward instead of filling it anew, and describes it.

    False where this derivation never filled it, where it is beyond the log, or where its pages cannot be read.
    """
    until = certificate.position
    with reading(engine) as conn:
        reached = checkpoint(conn, side)
        if reached.derivation != DERIVATION or reached.position > until:
            return False
    try:
        bring_forward(engine, side, until)
        _describe_kept(certificate, engine, side, streams)
    except IntegrityViolated as damaged:
        if damaged.code != DAMAGED:
            raise
        return False
    return True


def _describe(certificate: Certificate, built: Built) -> None:
    certificate.workers = built.workers
    certificate.events = built.events
    certificate.streams = built.streams
    certificate.rows = sum(built.rows)
    for model, rows, digest in zip(MODELS, built.rows, built.digests, strict=True):
        certificate.tables[model.name] = {"rows": rows, "digest": f"{digest:064x}"}


def _describe_kept(certificate: Certificate, engine: Engine, side: Side, streams: int) -> None:
    with reading(engine) as conn:
        check_complete(conn, certificate.position)
        found = counts(conn, side)
    certificate.events = certificate.position
    certificate.streams = streams
    certificate.rows = sum(found.values())
    certificate.tables = {name: {"rows": rows, "digest": None} for name, rows in found.items()}


def _compare(engine: Engine, served: Side, certificate: Certificate) -> None:
    """Compares the sides at equal position: both are brought to the head, streams that change meanwhile left out."""
    for attempt in range(1, ALIGNMENTS + 1):
        _align(engine, served, other(served))
        with reading(engine) as conn:
            stamp = checkpoint(conn, served)
            here, there = stamp.position, checkpoint(conn, other(served)).position
            moving = changed_streams(conn, min(here, there), max(here, there))
            if moving and attempt < ALIGNMENTS:
                continue
            # Nothing was served of these but that nothing could be: whatever is there now is no drift.
            apart = {*moving, *hidden_streams(conn, served)}
            found, count = compare(conn, served, max(here, there), sorted(apart))
            certificate.streams = stream_count(conn)
            certificate.compared = certificate.streams - len(apart)
            break
    if stamp.derivation in (DERIVATION, ""):
        certificate.different, certificate.differences = found, count
    else:
        certificate.superseded = count


def _align(engine: Engine, *sides: Side) -> None:
    """Brings sides, step by step, to where the head stood at the beginning: appends go on meanwhile."""
    with reading(engine) as conn:
        target = head(conn).position
    for side in sides:
        bring_forward(engine, side, target)


@contextmanager
def _unless_damaged(certificate: Certificate) -> Iterator[None]:
    """Within it, a serving side whose pages cannot be read is noted: the log gives its rows anew."""
    try:
        yield
    except IntegrityViolated as damaged:
        if damaged.code != DAMAGED:
            raise
        certificate.damaged = damaged.message


def _flip(engine: Engine, served: Side, certificate: Certificate) -> None:
    """Lets the other side serve, at the head of the log, in one transaction."""
    side = other(served)
    with _unless_damaged(certificate):
        _align(engine, *([side] if certificate.first else [served, side]))
    with writing(engine) as conn:
        # First, so that a catch-up under way ends before, and the next one sees the new side.
        conn.exec_driver_sql(f"UPDATE serving SET side = '{side}' WHERE id = 1")
        target = head(conn).position
        while (reached := checkpoint(conn, side)).position < target:
            take(conn, prepare(conn, reached, target))
    catch_up(engine)
