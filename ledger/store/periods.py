"""The closed months of a ledger, and what adjusts them since."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from ledger.contract import acting_date
from ledger.events import Record
from ledger.periods import STREAM, Periods, fold
from ledger.store.reading import read_log, read_stream


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
