"""Importing: 10,000 rows of a spreadsheet, whole process, and decided appends inside the process."""

from __future__ import annotations

import csv
import random
import time
from datetime import date, timedelta
from pathlib import Path

import migrations
from ledger.contract import evolve
from ledger.decisions.decide import decide
from ledger.intents import Context, TakenMilestone, TakenPayment, TakeOver
from ledger.store import Envelope, open_ledger
from tests.benchmarks.logs import NOW
from tests.benchmarks.measure import Book, mledger, peak_mb_of_children, process_seconds

ROWS = 10_000
_HEADER = (
    "contract,partner,client,milestone,title,stage,amount,currency,baseline_due,current_due,"
    "delivered,approved,paid_on,paid_amount,disputed_on,dispute_amount,dispute_outcome,timezone"
)


def write_sheet(path: Path, rows: int = ROWS) -> None:
    """A spreadsheet of milestones that were delivered, approved, paid and sometimes disputed."""
    chance = random.Random(7)
    with path.open("w", encoding="utf-8", newline="") as stream:
        sheet = csv.writer(stream)
        sheet.writerow(_HEADER.split(","))
        for number in range(rows):
            sheet.writerow(_row(chance, number))


def _row(chance: random.Random, number: int) -> list[str]:
    contract, milestone = divmod(number, 5)
    due = date(2024, 1, 1) + timedelta(days=chance.randrange(700))
    moved = due + timedelta(days=chance.choice((0, 0, 7)))
    delivered = moved + timedelta(days=chance.randrange(-5, 6))
    approved = delivered + timedelta(days=3)
    paid = approved + timedelta(days=30)
    amount = f"{chance.randrange(10_000, 400_000)}.00"
    disputed = [str(approved), "1000.00", "rejected"] if chance.random() < 0.1 else ["", "", ""]
    return [
        f"SHEET-{contract:05d}",
        f"Partner {contract % 50} 工作室",
        "BrightWave",
        f"M{milestone + 1}",
        f"Batch {number}",
        "build",
        amount,
        "CNY",
        str(due),
        str(moved),
        str(delivered),
        str(approved),
        str(paid),
        amount,
        *disputed,
        "Asia/Shanghai",
    ]


def figures(book: Book, folder: Path) -> str:
    """The import of a sheet by the command itself; returns the database that it filled."""
    sheet = folder / "sheet.csv"
    write_sheet(sheet)
    url = f"sqlite:///{folder / 'imported.sqlite3'}"
    migrations.upgrade(url)
    took = process_seconds(mledger("import", "csv", str(sheet), database=url))
    book.add(f"import csv, {ROWS:,} rows, whole process", took, "s", to_reach="<= 20")
    book.add("import csv, peak memory", peak_mb_of_children(), "MB", to_reach="<= 250")
    ledger = open_ledger(url, evolve)
    with ledger.snapshot() as conn:
        events = conn.exec_driver_sql("SELECT position FROM log_head").scalar_one()
    ledger.engine.dispose()
    book.add("import csv, events recorded", events, "events", to_reach=">= 40000")
    return url


def bulk_appends(book: Book, url: str, title: str, to_reach: str, contracts: int = 1_000) -> None:
    """History decided, encoded and appended inside the process, 200 contracts to a transaction."""
    migrations.upgrade(url)
    ledger = open_ledger(url, evolve)
    context = Context(actor="bench", now=NOW)
    intents = [_history(number) for number in range(contracts)]
    began = time.perf_counter()
    events = 0
    for start in range(0, contracts, 200):
        batch = []
        for intent in intents[start : start + 200]:
            decided = decide(None, intent, context)
            events += len(decided)
            batch.append((intent.contract, 0, decided))
        ledger.append(batch, Envelope(actor="bench", origin="bench"))
    rate = events / (time.perf_counter() - began)
    ledger.engine.dispose()
    book.add(f"{title}: bulk import, decided and appended", rate, "events/s", to_reach=to_reach)


def _history(number: int) -> TakeOver:
    due = date(2024, 1, 1)
    days = [due + timedelta(days=30 * n) for n in range(8)]
    milestones = tuple(
        TakenMilestone(
            id=f"M{n}",
            title=f"Batch {n}",
            stage="build",
            due=day,
            amount_minor=100_000,
            status="accepted",
            submitted_on=day,
            accepted_on=day,
        )
        for n, day in enumerate(days)
    )
    payments = tuple(
        TakenPayment(reference=f"P{n}", amount_minor=100_000, paid_on=day, milestone=f"M{n}")
        for n, day in enumerate(days)
    )
    return TakeOver(
        contract=f"HIST-{number:06d}-{time.monotonic_ns()}",
        client="BrightWave",
        partner="Studio",
        currency="CNY",
        timezone="Asia/Shanghai",
        milestones=milestones,
        payments=payments,
    )
