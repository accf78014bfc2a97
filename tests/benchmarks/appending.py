"""Appending on PostgreSQL: what the product puts around the statements of one append."""

from __future__ import annotations

import statistics
from typing import Any

import psycopg
from sqlalchemy import make_url

from ledger.contract import evolve
from ledger.events import MilestoneStarted
from ledger.store import Envelope, open_ledger
from tests.benchmarks.measure import Book, seconds
from tests.benchmarks.writing import APPROVALS, DAY
from tests.store.raw import Raw


def one_append(book: Book, url: str) -> None:
    """One event appended on PostgreSQL, against its bare statements by psycopg on the same tables and guards."""
    ledger, stream = open_ledger(url, evolve), "BW-0000002"
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    version = len(ledger.stream(stream))
    took: dict[str, list[float]] = {"bare": [], "ours": []}
    with psycopg.connect(plain, autocommit=True) as conn:
        for _ in range(APPROVALS * 2):
            fact = MilestoneStarted(milestone="M1", on=DAY)
            took["bare"].append(seconds(lambda: _bare_append(conn, stream)))
            envelope = Envelope(actor="manager-1", origin="bench")
            batch = [(stream, version + 1, [fact])]
            took["ours"].append(seconds(lambda: ledger.append(batch, envelope)))  # noqa: B023
            version += 2
    ledger.engine.dispose()
    base = "PostgreSQL: the statements of an append by psycopg"
    book.add(base, 1 / statistics.median(took["bare"]), "/s")
    ours = 1 / statistics.median(took["ours"])
    book.add("PostgreSQL: append of one event", ours, "/s", ratio_to=base)


def _bare_append(conn: psycopg.Connection[Any], stream: str) -> None:
    with conn.transaction():
        raw = Raw(conn)
        record = raw.claim() | {"stream_id": stream, "data": {"milestone": "M1", "on": str(DAY)}}
        standing = conn.execute(
            "SELECT s.stream, (SELECT max(version) FROM log l WHERE l.stream = s.stream)"
            " FROM streams s WHERE stream_id = %s",
            (stream,),
        ).fetchone()
        assert standing is not None
        raw.insert(record | {"stream": standing[0], "version": standing[1] + 1})
