"""Writing: one approval inside the process against the same SQL bare, bulk appends, and appends during a rebuild."""

from __future__ import annotations

import statistics
import threading
import time
from datetime import date

from sqlalchemy import Engine, text

from ledger.contract import evolve
from ledger.intents import ApproveMilestone, Context, DefineMilestone, SubmitMilestone
from ledger.state import Contract
from ledger.store import Ledger, open_ledger
from ledger.store.database import writing
from ledger.store.perform import perform
from ledger.terms import MilestonePlan
from tests.benchmarks.logs import NOW
from tests.benchmarks.measure import Book

APPROVALS = 60
DAY = date(2026, 6, 1)


def _by(actor: str) -> Context:
    return Context(actor=actor, now=NOW)


def _waiting(ledger: Ledger[Contract], contracts: list[str]) -> list[tuple[str, str]]:
    """Defines and submits a milestone in each contract, small enough for one approval to accept it."""
    found = []
    for number, contract in enumerate(contracts):
        plan = MilestonePlan(id=f"B{number}-{time.monotonic_ns()}", due=DAY, amount_minor=1_000)
        define = DefineMilestone(plan=plan, on=DAY)
        submit = SubmitMilestone(milestone=plan.id, on=DAY)
        perform(ledger, [(contract, define)], _by("manager-1"))
        perform(ledger, [(contract, submit)], _by("partner-1"))
        found.append((contract, plan.id))
    return found


def one_approval(book: Book, url: str, title: str, to_reach: str) -> None:
    """An approval (load a stream of 50, fold, decide, append 2 events and the key) against its bare SQL."""
    names = [f"BW-{number:07d}" for number in range(APPROVALS)]
    waiting = _waiting(open_ledger(url, evolve), names)
    ledger = open_ledger(url, evolve)
    _bare_tables(ledger.engine, drop=False)
    ours, bare = [], []
    for number, (contract, milestone) in enumerate(waiting):
        began = time.perf_counter()
        perform(
            ledger,
            [(contract, ApproveMilestone(milestone=milestone, on=DAY))],
            _by("manager-1"),
            key=f"bench-{milestone}",
        )
        ours.append(time.perf_counter() - began)
        bare.append(_bare(ledger.engine, contract, number))
    _bare_tables(ledger.engine, drop=True)
    base = f"{title}: the same SQL bare"
    book.add(base, statistics.median(bare) * 1_000, "ms")
    book.add(
        f"{title}: one approval inside the process",
        statistics.median(ours) * 1_000,
        "ms",
        ratio_to=base,
        to_reach=to_reach,
    )
    ledger.engine.dispose()


def _bare(engine: Engine, contract: str, number: int) -> float:
    """The statements of an approval with nothing around them, in tables of the same shape, committed."""
    began = time.perf_counter()
    with engine.connect() as conn:
        stream = conn.execute(
            text("SELECT stream FROM streams WHERE stream_id = :id"), {"id": contract}
        ).scalar_one()
        records = conn.execute(
            text("SELECT record FROM log WHERE stream = :s ORDER BY version"), {"s": stream}
        ).all()
        conn.execute(text("SELECT 1 FROM keys WHERE key = :k"), {"k": f"bare-{number}"}).all()
    with writing(engine) as conn:
        position = conn.execute(
            text("UPDATE bare_head SET position = position + 2 RETURNING position")
        ).scalar_one()
        insert = text("INSERT INTO bare_log VALUES (:p, :s, :v, :r)")
        for n in (1, 2):
            version = len(records) + n
            row = {"p": position - 2 + n, "s": stream, "v": version, "r": records[-1][0]}
            conn.execute(insert, row)
        key = {"k": f"bare-{position}", "s": stream, "p": position}
        conn.execute(text("INSERT INTO bare_keys VALUES (:k, 'd', 'a', :s, :p)"), key)
    return time.perf_counter() - began


_BARE_TABLES = (
    "CREATE TABLE bare_head (position BIGINT NOT NULL)",
    "INSERT INTO bare_head VALUES (0)",
    "CREATE TABLE bare_log (position BIGINT PRIMARY KEY, stream BIGINT, version BIGINT, record TEXT,"
    " UNIQUE (stream, version, position))",
    "CREATE TABLE bare_keys (key TEXT PRIMARY KEY, digest TEXT, actor TEXT, stream BIGINT, p BIGINT)",
)


def _bare_tables(engine: Engine, *, drop: bool) -> None:
    with writing(engine) as conn:
        for name in ("bare_head", "bare_log", "bare_keys"):
            conn.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")
        for statement in () if drop else _BARE_TABLES:
            conn.exec_driver_sql(statement)


def appends_during_rebuild(book: Book, url: str, title: str) -> None:
    """How long appends take while a rebuild runs beside them."""
    ledger = open_ledger(url, evolve)
    waits: list[float] = []
    done = threading.Event()
    worker = threading.Thread(target=lambda: _rebuild_beside(url, done))
    worker.start()
    contract, number = "BW-0000001", 0
    while not done.is_set():
        number += 1
        plan = MilestonePlan(id=f"D{time.monotonic_ns()}", due=DAY, amount_minor=100)
        began = time.perf_counter()
        perform(ledger, [(contract, DefineMilestone(plan=plan, on=DAY))], _by("manager-1"))
        waits.append(time.perf_counter() - began)
        time.sleep(0.01)
    worker.join()
    waits.sort()
    p95 = waits[int(len(waits) * 0.95)] * 1_000
    book.add(f"{title}: appends during a rebuild, p95", p95, "ms", to_reach="<= 20")
    book.add(
        f"{title}: appends during a rebuild, longest", waits[-1] * 1_000, "ms", to_reach="<= 500"
    )
    ledger.engine.dispose()


def _rebuild_beside(url: str, done: threading.Event) -> None:
    """A rebuild in a process of its own, as the nightly job is."""
    from tests.benchmarks.rebuilding import peak_of_rebuild

    try:
        peak_of_rebuild(url)
    finally:
        done.set()
