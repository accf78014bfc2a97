"""`make bench-grow`: every command on a small ledger and on a large one, as whole processes: time, memory, growth.

The small one has 100,000 events (2,000 contracts of 50), the large one as many contracts as are asked for. Nothing may
grow faster than the ledger. A command that fails is a figure that is not reached, and the others are measured.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import migrations
from tests.benchmarks import logs, processes, rebuilding
from tests.benchmarks.measure import Book, measured, mledger

SMALL = 2_000
CONTRACT, PARTNER = "BW-0000042", "Hangzhou Content Studio 7"
OF_MILESTONES = ("cycle-times", "disputes", "exposure", "first-pass", "on-time", "paid-on-time")
REPORTS = ("inbox", "schedule", "register", "unknown", *OF_MILESTONES)
RUN = ("payment", "run", "--dry-run", "--on", "2026-11-30", "--as", "finance-1")


@dataclass(frozen=True, slots=True)
class Command:
    """A command line, and what it may take on the large ledger: seconds of wall clock (none: any), MB at its peak."""

    words: tuple[str, ...]
    seconds: float | None
    peak: int

    @property
    def name(self) -> str:
        return " ".join(f"'{word}'" if " " in word else word for word in self.words)


def _filtered() -> Iterator[tuple[str, ...]]:
    """What is asked of one contract, one partner, one person, one rule or one type."""
    one, theirs = ("--contract", CONTRACT), ("--partner", PARTNER)
    yield from (("audit", "log", "--limit", "10", *more) for more in ((), ("--actor", "finance-1")))
    yield ("audit", "log", "--type", "MilestoneAccepted", "--limit", "10")
    yield ("audit", "log", *one)
    yield ("audit", "log", "--type", "ContractTerminated")
    yield ("audit", "log", "--actor", "admin-2")
    yield ("audit", "log", "--from", "2200-12-31")
    yield ("audit", "exceptions", *one)
    for rule in ("separation-off", "duplicate-payment"):
        yield ("audit", "exceptions", "--rule", rule)
    yield ("audit", "explain", f"{CONTRACT}/M3")
    yield ("audit", "replay", CONTRACT)
    yield ("audit", "diff", "--from", "50000", *one)
    for report in REPORTS:
        yield ("report", report, *one)
        yield ("report", report, *theirs)
    yield ("report", "inbox", "--person", "finance-1", "--days", "1")
    yield ("report", "application", CONTRACT)
    yield ("report", "statement", "Hangzhou Content Studio 2", *one)
    for noun in ("bonus", "dispute", "invoice", "milestone", "payment"):
        yield (noun, "list", *one)
        yield (noun, "list", *theirs)
    yield ("contract", "list", *theirs)
    yield ("contract", "show", CONTRACT)
    yield ("milestone", "show", f"{CONTRACT}/M3")
    yield ("payee", "list", *theirs)
    yield ("invoice", "match", *one)
    yield ("invoice", "match", *theirs)
    for more in (one, theirs):
        yield (*RUN, *more)
    yield ("export", "jsonl", *one)
    for form in ("beancount", "csv", "hledger", "ocds"):
        yield ("export", form, *one)


def commands(folder: Path) -> Iterator[Command]:
    """The command lines, those that write a file into a folder."""
    yield from (Command(words, 1.5, 120) for words in _filtered())
    # These read each event of the partner's own contracts: on the large ledger of 60,000 contracts 75,000 of 1,500.
    for words in (
        ("audit", "exceptions", "--partner"),
        ("export", "jsonl", "--partner"),
        ("report", "statement"),
    ):
        yield Command((*words, PARTNER), 3, 120)
    for form in ("csv", "jsonl"):
        for report in ("inbox", "schedule", "register"):
            yield Command(("report", report, "--format", form), None, 200)
        for report in OF_MILESTONES:
            yield Command(("report", report, "--milestones", "--format", form), None, 200)
        for noun in ("contract", "milestone", "payment"):
            yield Command((noun, "list", "--format", form), None, 200)
        yield Command(("invoice", "match", "--format", form), None, 200)
    yield Command(("export", "jsonl", "-o", str(folder / "log.jsonl")), None, 200)
    for form in ("beancount", "hledger", "ocds"):
        yield Command(("export", form, "-o", str(folder / f"books.{form}")), None, 200)
    yield Command(("audit", "exceptions"), 60, 300)
    yield Command(("report", "schedule", "-o", str(folder / "schedule.xlsx")), 90, 500)
    yield Command(("report", "on-time", "--milestones", "-o", str(folder / "rate.xlsx")), 90, 500)
    yield Command(RUN, None, 200)


def ledger_of(folder: Path, contracts: int) -> str:
    """The URL of a ledger of so many contracts, made and caught up unless it lies there; of today's schema."""
    file = folder / f"unlike-{contracts}.sqlite3"
    url = processes.database_in(folder, file.name)
    if file.exists():
        migrations.upgrade(url)
        return url
    # What a run that was stopped has left is no whole ledger, and must not look like one.
    for left in folder.glob(f"{file.name}.part*"):
        left.unlink()
    begun = processes.database_in(folder, f"{file.name}.part")
    rebuilding.make_log(begun, contracts, of=logs.unlike)
    rebuilding.peak_of_rebuild(begun)
    with closing(sqlite3.connect(f"{file}.part")) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # one file is renamed, not three
    Path(f"{file}.part").rename(file)
    return url


def figures(book: Book, folder: Path, contracts: int) -> None:
    """Time and peak memory of each command on both ledgers; the growth is that of its CPU time."""
    sizes = {f"{count * 50:,} events": ledger_of(folder, count) for count in (SMALL, contracts)}
    small, large = sizes
    for command in commands(folder):
        name = command.name.replace(f"{folder}/", "")
        for size, url in sizes.items():
            try:
                took = measured(mledger(*command.words, database=url))
            except RuntimeError as failed:
                print(failed, flush=True)
                book.add(f"{size}: {name} fails", 1, "time", to_reach="<= 0")
                continue
            base = f"{small}: {name}, CPU" if size != small else None
            linear = f"<= {contracts / SMALL:g}" if base else None
            book.add(f"{size}: {name}, CPU", took.cpu, "s", ratio_to=base, to_reach=linear)
            if size == large:
                wall = None if command.seconds is None else f"<= {command.seconds:g}"
                book.add(f"{size}: {name}, wall", took.wall, "s", to_reach=wall)
                book.add(f"{size}: {name}, peak", took.peak_mb, "MB", to_reach=f"<= {command.peak}")
