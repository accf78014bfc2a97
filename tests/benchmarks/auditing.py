"""The auditor's figures: verifying, explaining, looking back, and sealing what is new, on a log that is sealed."""

from __future__ import annotations

import statistics
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine

from ledger.contract import evolve
from ledger.proof.checkpoints import origin_of
from ledger.proof.notes import public_key
from ledger.store import Envelope, connect, open_ledger
from ledger.store.checking import Check
from ledger.store.database import reading
from ledger.store.reading import head
from ledger.store.redeciding import decided_again
from ledger.store.sealing import seal
from ledger.store.verifying import Verdict, verify
from projections.rebuild.full import Options, rebuild
from tests.benchmarks.logs import appends, contracts
from tests.benchmarks.measure import Book, in_turn, mledger, process_seconds, seconds
from tests.benchmarks.rebuilding import raw_read

RUNS = 3
_NEW = 20  # contracts of 50 events: 1,000 new events


def figures(book: Book, url: str, *, full: bool) -> None:
    """The figures on an SQLite log; the bounds are those of a million events."""
    engine = connect(url)
    key = Ed25519PrivateKey.generate()
    with reading(engine) as conn:
        top = head(conn)
        trusted = [public_key(origin_of(top.ledger_id), key)]
    seal(engine, key)

    def verified() -> float:
        took = seconds(lambda: _holds(verify(engine, trusted)))
        return top.position / took

    found = in_turn(RUNS, {"raw": lambda: raw_read(engine), "verify": verified})
    book.add("audit: raw read in order of position", found["raw"], "events/s")
    book.add(
        "audit verify, inside the process",
        found["verify"],
        "events/s",
        ratio_to="audit: raw read in order of position",
        to_reach=">= 0.10" if full else None,
    )
    _deciding_again(book, engine)
    _looking_back(book, url, top.position, full=full)
    times = []
    for number in range(RUNS):
        _append_some(url, f"S{number}")
        times.append(seconds(lambda: seal(engine, key)))
    book.add(
        "audit: seal after 1,000 new events, inside the process",
        statistics.median(times),
        "s",
        to_reach="<= 0.5" if full else None,
    )
    engine.dispose()


def _deciding_again(book: Book, engine: Engine) -> None:
    """The check `decisions` alone, against a rebuild of the same log, both with one process."""
    found = in_turn(
        RUNS,
        {
            "rebuild": lambda: seconds(lambda: rebuild(engine, Options(workers=1))),
            "again": lambda: seconds(lambda: _follows(decided_again(engine))),
        },
    )
    base = "audit: rebuild, 1 worker"
    book.add(base, found["rebuild"], "s")
    again = "audit: history decided again"
    book.add(again, found["again"], "s", ratio_to=base, to_reach="<= 3")


def _looking_back(book: Book, url: str, events: int, *, full: bool) -> None:
    then = str(events * 6 // 10)
    one = ("report", "schedule", "--contract", "BW-0000100", "--known-at", then)
    for name, words, bound in (
        ("audit explain C/M, whole process", ("audit", "explain", "BW-0000100/M3"), "<= 0.7"),
        ("report --known-at, one contract, whole process", one, "<= 0.8"),
    ):
        took = statistics.median(
            process_seconds(mledger(*words, "--json", database=url)) for _ in range(RUNS)
        )
        book.add(name, took, "s", to_reach=bound if full else None)
    engine = connect(url)
    book.add("audit: full rebuild", seconds(lambda: rebuild(engine, Options())), "s")
    engine.dispose()
    everything = mledger("report", "schedule", "--json", "--known-at", then, database=url)
    book.add(
        "report schedule --known-at, all contracts, whole process",
        process_seconds(everything),
        "s",
        ratio_to="audit: full rebuild",
        to_reach="<= 2" if full else None,
    )


def _holds(verdict: Verdict) -> None:
    assert verdict.ok, verdict


def _follows(check: Check) -> None:
    assert check.ok, check.detail()


def _append_some(url: str, prefix: str) -> None:
    ledger = open_ledger(url, evolve)
    for actor, batch in appends((f"{prefix}-{name}", played) for name, played in contracts(_NEW)):
        ledger.append(batch, Envelope(actor=actor, origin="bench"))
    ledger.engine.dispose()


def sealed_copy(folder: Path, url: str) -> str:
    """A copy of an SQLite log, so that seals do not disturb other figures."""
    import shutil

    path = Path(url.removeprefix("sqlite:///"))
    copy = folder / "sealed.sqlite3"
    shutil.copyfile(path, copy)
    return f"sqlite:///{copy}"
