"""The full rebuild: fill the resting side from the log, compare it with what people saw, and let it serve.

It never touches the serving side, so an interrupted run leaves everything as it was; the next one starts clean. Its
result is a certificate, written for failures too.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
from sqlalchemy import Connection, Engine

from ledger.errors import LedgerError
from ledger.store.database import reading, writing
from ledger.store.reading import changed_streams, check_complete, head, stream_count
from projections.derive import DERIVATION, MODELS
from projections.rebuild import sink
from projections.rebuild.build import BuildAll, Built, Job, build_all
from projections.rebuild.catchup import advance, catch_up
from projections.rebuild.drift import Difference, compare, counts
from projections.rebuild.lock import only_one
from projections.sides import Side, checkpoint, other, serving

# Above this many events a second process pays for its start.
POOL_FROM_EVENTS = 300_000

IN_PROCESS, DASK = ENGINES = ("in-process", "dask")

Tick = Callable[[int, int], None]
"""Told events done and events in all."""


@dataclass(slots=True)
class Certificate:
    """What a run did and found; `status` is rebuilt, checked, drift or failed.

    `drift.compared` counts the streams compared at equal position; `different` names where rows part; `superseded`
    counts rows that an older derivation made, which are no drift.
    """

    run_id: str
    started_at: str
    status: str = "failed"
    position: int = 0
    events: int = 0
    streams: int = 0
    rows: int = 0
    seconds: float = 0.0
    events_per_second: int = 0
    compared: int = 0
    different: list[Difference] = field(default_factory=list)
    differences: int = 0
    superseded: int = 0
    engine: str = IN_PROCESS
    workers: int = 1
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    derivation: str = DERIVATION
    program: str = ""
    error: dict[str, Any] | None = None

    def as_object(self) -> dict[str, Any]:
        """The certificate in the order and with the fields that `projections rebuild --json` promises."""
        found = asdict(self)
        promised = ("run_id", "status", "position", "events", "streams", "rows", "seconds")
        first = {name: found.pop(name) for name in (*promised, "events_per_second")}
        drift = {
            "compared": found.pop("compared"),
            "different": [d.as_object() for d in self.different],
            "differences": found.pop("differences"),
            "superseded": found.pop("superseded"),
        }
        del found["different"]
        return {
            **first,
            "drift": drift,
            "engine": found.pop("engine"),
            "workers": found.pop("workers"),
            **found,
        }


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is asked for; `workers` 0 is the machine's choice.

    With `engine` "dask" the tasks run where the `scheduler` sends them, and read from `read_url` if given: a replica.
    """

    workers: int = 1
    check: bool = False
    incremental: bool = False
    accept_drift: bool = False
    program: str = ""
    engine: str = IN_PROCESS
    scheduler: str = ""
    read_url: str = ""


def rebuild(engine: Engine, options: Options, tick: Tick = lambda done, total: None) -> Certificate:
    """Runs one rebuild and keeps its certificate; raises Conflict where another runs.

    A drift holds the flip back unless accepted. Raises what reading a damaged log raises, after the certificate of
    the failure is written.
    """
    started_at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    certificate = Certificate(uuid4().hex, started_at, program=options.program)
    began = time.perf_counter()
    build = _build_all(engine, options)
    with only_one(engine, certificate.run_id, started_at):
        try:
            _run(engine, options, build, certificate, tick)
        except LedgerError as error:
            certificate.error = error.as_object()
            raise
        finally:
            certificate.seconds = round(time.perf_counter() - began, 3)
            certificate.events_per_second = round(
                certificate.events / max(certificate.seconds, 0.001)
            )
            _keep(engine, certificate)
    return certificate


def _build_all(engine: Engine, options: Options) -> BuildAll:
    """The engine that was asked for; raises InputInvalid and Failure where it cannot be had."""
    if options.engine != DASK:
        return build_all
    from projections.rebuild.cluster import on_cluster

    return on_cluster(engine, options.scheduler, options.read_url)


def _run(
    engine: Engine, options: Options, build: BuildAll, certificate: Certificate, tick: Tick
) -> None:
    catch_up(engine)
    with reading(engine) as conn:
        served = serving(conn)
        until = head(conn).position
        streams = stream_count(conn)
    resting = other(served)
    certificate.position = until
    kept = options.incremental and _refresh(engine, resting, until)
    if not kept:
        certificate.engine = options.engine
        certificate.workers = options.workers or _auto(until)
        job = Job(
            engine.url.render_as_string(hide_password=False),
            resting,
            streams,
            until,
            f"filling {certificate.run_id}",
            certificate.workers,
        )
        built = _fill(engine, job, build, tick)
        _describe(certificate, built, until, engine)
    else:
        _describe_kept(certificate, engine, resting, streams)
    _compare(engine, served, until, certificate)
    clean = not certificate.differences or options.accept_drift
    certificate.status = "checked" if options.check else "rebuilt"
    if certificate.differences and not options.accept_drift:
        certificate.status = "drift"
    if clean and not options.check:
        _flip(engine, served)


def _auto(events: int) -> int:
    import os

    return min(4, os.cpu_count() or 1) if events > POOL_FROM_EVENTS else 1


def _fill(engine: Engine, job: Job, build: BuildAll, tick: Tick) -> Built:
    """Empties a side and fills it from the log."""
    with writing(engine) as conn:
        _stamp(conn, job.side, 0, job.stamp)
        sink.clear(conn, job.side)
    done = 0

    def count(events: int) -> None:
        nonlocal done
        done += events
        tick(done, job.until)

    built = build(job, count)
    with writing(engine) as conn:
        _stamp(conn, job.side, job.until, DERIVATION)
    return built


def _stamp(conn: Connection, side: Side, position: int, derivation: str) -> None:
    conn.exec_driver_sql(
        f"UPDATE checkpoints SET position = {position:d}, derivation = '{derivation}'"
        f" WHERE side = '{side}'"
    )


def _refresh(engine: Engine, side: Side, until: int) -> bool:
    """Brings the resting side forward instead of filling it anew; False where this derivation never filled it."""
    with writing(engine) as conn:
        reached = checkpoint(conn, side)
        if reached.derivation != DERIVATION:
            return False
        if reached.position < until:
            advance(conn, reached, until)
    return True


def _describe(certificate: Certificate, built: Built, until: int, engine: Engine) -> None:
    certificate.events = built.events
    certificate.streams = built.streams
    certificate.workers = built.workers
    certificate.rows = sum(built.rows)
    for model, rows, digest in zip(MODELS, built.rows, built.digests, strict=True):
        certificate.tables[model.name] = {"rows": rows, "digest": f"{digest:064x}"}
    if built.events != until:
        # Every stream is whole, so what is missing is a position of the log.
        with reading(engine) as conn:
            check_complete(conn, until)


def _describe_kept(certificate: Certificate, engine: Engine, side: Side, streams: int) -> None:
    with reading(engine) as conn:
        found = counts(conn, side)
    certificate.events = certificate.position
    certificate.streams = streams
    certificate.rows = sum(found.values())
    certificate.tables = {name: {"rows": rows, "digest": None} for name, rows in found.items()}


def _compare(engine: Engine, served: Side, until: int, certificate: Certificate) -> None:
    """Compares the sides at equal position: both are brought to the head, streams that change meanwhile left out."""
    with writing(engine) as conn:
        _align(conn, served)
    with reading(engine) as conn:
        stamp = checkpoint(conn, served).derivation
        here, there = checkpoint(conn, served).position, checkpoint(conn, other(served)).position
        moving = changed_streams(conn, min(here, there), max(here, there))
        found, count = compare(conn, served, max(until, here, there), moving)
        certificate.streams = stream_count(conn)
        certificate.compared = certificate.streams - len(moving)
    if stamp in (DERIVATION, ""):
        certificate.different, certificate.differences = found, count
    else:
        certificate.superseded = count


def _align(conn: Connection, served: Side) -> None:
    """Brings both sides to the same position, the head."""
    last = head(conn).position
    for side in (served, other(served)):
        reached = checkpoint(conn, side)
        if reached.position < last:
            advance(conn, reached, last)


def _flip(engine: Engine, served: Side) -> None:
    """Lets the other side serve, at the head of the log, in one transaction."""
    with writing(engine) as conn:
        _align(conn, served)
        conn.exec_driver_sql(f"UPDATE serving SET side = '{other(served)}' WHERE id = 1")


def _keep(engine: Engine, certificate: Certificate) -> None:
    mark = "?" if engine.dialect.name == "sqlite" else "%s"
    text = msgspec.json.encode(certificate.as_object()).decode()
    with writing(engine) as conn:
        conn.exec_driver_sql(
            f"INSERT INTO rebuild_runs VALUES ({mark}, {mark}, {mark})",
            (certificate.run_id, certificate.started_at, text),
        )


def last_run(conn: Connection) -> dict[str, Any] | None:
    """The certificate of the run that began last, or None."""
    found = conn.exec_driver_sql(
        "SELECT certificate FROM rebuild_runs ORDER BY started_at DESC, run_id DESC LIMIT 1"
    ).scalar_one_or_none()
    return None if found is None else msgspec.json.decode(found)
