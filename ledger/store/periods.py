"""The closed months of a ledger: load → decide → append on the stream `~periods`, and what adjusts them since."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import Connection

from ledger.contract import acting_date
from ledger.decisions.periods import Covered, close, judge_closing
from ledger.events import Record
from ledger.intents import ClosePeriod, Context
from ledger.periods import STREAM, Periods, fold
from ledger.state import Contract
from ledger.store.apart import Decided, keep_apart
from ledger.store.application import Ledger
from ledger.store.perform import Outcome
from ledger.store.reading import read_log, read_stream
from ledger.store.reads import Reads
from ledger.store.signers import administers


def periods_of(conn: Connection, until: int | None = None) -> Periods:
    """The months closed in the log up to a position."""
    return fold(read_stream(conn, STREAM, until))


def adjustments(conn: Connection, until: int) -> dict[int, str]:
    """The records up to a position that adjust closed months, as known there: month by position.

    Only what was recorded since the last closing is read; each closing holds those before it.
    """
    periods = periods_of(conn, until)
    if not periods.closed:
        return {}
    return periods.known_adjustments() | adjustments_since(conn, periods, until)


def adjustments_since(conn: Connection, periods: Periods, until: int) -> dict[int, str]:
    """The records beyond what the last closing covers, up to a position, that adjust closed months."""
    found: dict[int, str] = {}
    if not periods.closed:
        return found
    for section in read_log(conn, periods.covers, until):
        for record in section:
            if record.stream_id.startswith("~"):
                continue
            period = periods.adjusts(record.position, acts_on(conn, record))
            if period is not None:
                found[record.position] = period
    return found


def acts_on(conn: Connection, record: Record) -> date | None:
    """The day from which a record acts; for what corrects an error, its stream tells."""
    if getattr(record.data, "why", "") != "error":
        return record.data.on
    dates: dict[int, date | None] = {}
    for one in read_stream(conn, record.stream_id, record.position):
        dates[one.version] = acting_date(dates, one.data)
    return dates[record.version]


def check_closing(ledger: Ledger[Contract], intent: ClosePeriod, context: Context) -> None:
    """Passes if the month may be closed now; raises what the decision would, before anything is added up."""
    reads = Reads(ledger)
    judge_closing(fold(reads.records(STREAM)), intent, _able(reads, context))


def close_period(
    ledger: Ledger[Contract],
    intent: ClosePeriod,
    context: Context,
    covered: Covered,
    *,
    origin: str = "api",
    key: str | None = None,
    dry_run: bool = False,
) -> Outcome:
    """Records that a month is closed; raises what the decision raises, and Conflict."""

    def decide(reads: Reads) -> Decided:
        periods = fold(reads.records(STREAM))
        with ledger.snapshot() as conn:  # only up to a fixed position
            since = adjustments_since(conn, periods, covered.position)
        return periods.version, close(periods, intent, _able(reads, context), covered, since)

    options: dict[str, Any] = {"origin": origin, "key": key, "dry_run": dry_run}
    return keep_apart(ledger, STREAM, intent, context, decide, **options)


def _able(reads: Reads, context: Context) -> Context:
    keepers = {context.actor} if administers(reads, context) else set()
    return replace(context, administrators=frozenset(keepers))
