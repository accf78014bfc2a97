"""Whole processes, as a person at the terminal waits for them."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from datetime import date
from pathlib import Path

from ledger.contract import evolve
from ledger.intents import Context, DefineMilestone, SubmitMilestone
from ledger.store import open_ledger
from ledger.store.perform import perform
from ledger.terms import MilestonePlan
from tests.benchmarks.logs import NOW
from tests.benchmarks.measure import Book, mledger, process_seconds

RUNS = 7
_DAY = date(2026, 6, 1)


def help_and_completion(book: Book, url: str, to_reach: str) -> None:
    """`mledger --help`, and the completion of an open milestone."""
    helped = statistics.median(process_seconds(mledger("--help")) for _ in range(RUNS))
    book.add("mledger --help, whole process", helped, "s", to_reach=to_reach)
    completing = os.environ | {
        "_MLEDGER_COMPLETE": "bash_complete",
        "COMP_WORDS": "mledger milestone approve BW-",
        "COMP_CWORD": "3",
        "MLEDGER_DATABASE_URL": url,
    }
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        subprocess.run(mledger(), env=completing, capture_output=True, check=False)
        times.append(time.perf_counter() - began)
    book.add(
        "completion of a milestone, whole process",
        statistics.median(times),
        "s",
        to_reach="<= 0.10",
    )


def approve(book: Book, url: str, title: str, to_reach: str, login: str = "") -> None:
    """`mledger milestone approve`, whole process, catch-up included; `login` is the URL of the one who approves."""
    ledger = open_ledger(url, evolve)
    times = []
    for number in range(RUNS):
        contract = f"BW-{number:07d}"
        plan = MilestonePlan(id=f"P{time.monotonic_ns()}", due=_DAY, amount_minor=1_000)
        manager, partner = Context(actor="manager-1", now=NOW), Context(actor="partner-1", now=NOW)
        perform(ledger, [(contract, DefineMilestone(plan=plan, on=_DAY))], manager)
        perform(ledger, [(contract, SubmitMilestone(milestone=plan.id, on=_DAY))], partner)
        reference = f"{contract}/{plan.id}"
        command = mledger(
            "milestone",
            "approve",
            reference,
            "--as",
            "manager-1",
            "--on",
            str(_DAY),
            database=login or url,
        )
        times.append(process_seconds(command))
    ledger.engine.dispose()
    book.add(
        f"{title}: milestone approve, whole process",
        statistics.median(times),
        "s",
        to_reach=to_reach,
    )


def schedule_after_one_event(book: Book, url: str) -> None:
    """`mledger report schedule` on the imported log, after one event that nobody has caught up with."""
    from ledger.events import HistoryImported
    from ledger.store import Envelope

    times = []
    for number in range(3):
        ledger = open_ledger(url, evolve)
        name = f"SHEET-{number:05d}"
        state = ledger.load(name)
        assert state is not None
        event = HistoryImported(source="bench", digest=str(number))
        ledger.append([(name, state.version, [event])], Envelope(actor="b", origin="bench"))
        ledger.engine.dispose()
        times.append(process_seconds(mledger("report", "schedule", "--json", database=url)))
    book.add(
        "report schedule after one new event, whole process",
        statistics.median(times),
        "s",
        to_reach="<= 1.2",
    )


def database_in(folder: Path, name: str) -> str:
    """The URL of an SQLite file in a folder."""
    return f"sqlite:///{folder / name}"
