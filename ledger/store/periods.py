"""The closed months of a ledger: load → decide → append on the stream `~periods`, and what adjusts them since."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sqlalchemy import Connection

from ledger.contract import acting_date
from ledger.decisions.periods import Covered, close, judge_closing
from ledger.errors import Conflict
from ledger.events import Record
from ledger.intents import ClosePeriod, Context
from ledger.periods import STREAM, Periods, fold
from ledger.state import Contract
from ledger.store.application import Ledger
from ledger.store.asked import asked_of
from ledger.store.perform import ATTEMPTS, Outcome, answered_before
from ledger.store.reading import read_log, read_stream
from ledger.store.records import Envelope
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
    with ledger.snapshot() as conn:
        judge_closing(periods_of(conn), intent, _able(conn, context))


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
    asked = asked_of([(STREAM, intent)]) if key is not None else ""
    for attempt in range(1, ATTEMPTS + 1):
        if key is not None and (answer := answered_before(ledger, key, asked, context)) is not None:
            return answer
        with ledger.snapshot() as conn:
            periods = periods_of(conn)
            since = adjustments_since(conn, periods, covered.position)
            events = close(periods, intent, _able(conn, context), covered, since)
        envelope = Envelope(
            actor=context.actor,
            authenticated_as=context.authenticated_as,
            key=key,
            digest=asked,
            origin=origin,
        )
        try:
            records = ledger.append([(STREAM, periods.version, events)], envelope, dry_run)
        except Conflict:
            if attempt == ATTEMPTS:
                raise
        else:
            return Outcome(records, dry_run=dry_run)
    raise AssertionError("unreachable")


def _able(conn: Connection, context: Context) -> Context:
    keepers = {context.actor} if administers(conn, context) else set()
    return replace(context, administrators=frozenset(keepers))
