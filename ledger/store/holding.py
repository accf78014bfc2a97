"""Who holds the head of a log on PostgreSQL, so that whoever waits for it in vain is told whom to ask.

Whoever may record can hold the head as long as it likes: no right to move it goes without. A process of ours that
stands still is ended by the server.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from ledger.errors import Conflict
from ledger.store.failures import masked

# How long a process of ours may hold the head without a word to the server: as if its machine were asleep.
STANDS_STILL_SECONDS = 120

_LOCK_NOT_AVAILABLE = "55P03"
# Whoever waits has a lock on the table as well, but besides one that is not granted.
_HOLDERS = """
SELECT DISTINCT a.pid, a.usename FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.relation = 'log_head'::regclass AND l.granted AND l.mode <> 'AccessShareLock'
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND NOT EXISTS (SELECT FROM pg_locks w WHERE w.pid = l.pid AND NOT w.granted)
ORDER BY a.pid
"""


@contextmanager
def naming_who_holds(engine: Engine) -> Iterator[None]:
    """Within it, the Conflict of waiting too long for the head names who holds it, if they still do."""
    try:
        yield
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        with engine.connect() as conn:
            holders = [(pid, user) for pid, user in conn.exec_driver_sql(_HOLDERS)]
        if not holders:
            raise
        raise _held(engine, holders) from error


def _held(engine: Engine, holders: list[tuple[int, str]]) -> Conflict:
    who = ", ".join(f"{user} (session {pid})" for pid, user in holders)
    ends = ", ".join(f"pg_terminate_backend({pid})" for pid, _ in holders)
    one = holders[0][1]
    return Conflict(
        "database-locked",
        f"another process is writing to {masked(engine.url)} and has not ended: {who} holds the log's head",
        hint=f"nothing was recorded; try again, and ask {one}. An administrator, or {one}, ends what does not end by"
        f" itself: SELECT {ends}",
        facts={"holders": [{"session": pid, "user": user} for pid, user in holders]},
    )
