"""One rebuild at a time, by a lock that only someone who may write read models can take.

PostgreSQL: a row lock, held as long as its connection lives, so a killed run leaves none behind. SQLite: a row that
names the process, which is void as soon as that process is gone.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from ledger.errors import Conflict
from ledger.store.database import writing
from ledger.store.failures import translate

_HOLDER = "SELECT holder FROM rebuild_holder WHERE id = 1"


@contextmanager
def only_one(engine: Engine, run_id: str, started_at: str) -> Iterator[None]:
    """Holds the lock; raises Conflict "rebuild-running" naming who has it."""
    mine = json.dumps(
        {
            "run_id": run_id,
            "host": platform.node(),
            "pid": os.getpid(),
            "began": _began(os.getpid()),
            "started_at": started_at,
        }
    )
    if engine.dialect.name == "sqlite":
        with writing(engine) as conn:
            found = conn.exec_driver_sql(_HOLDER).scalar_one()
            if _alive(found):
                raise _taken(found)
            _name(conn, mine)
        try:
            yield
        finally:
            _release(engine)
        return
    with translate(engine.url), engine.connect() as guard:
        _lock_row(guard)
        try:
            with writing(engine) as conn:
                _name(conn, mine)
            yield
        finally:
            _release(engine)
            guard.rollback()


def _lock_row(guard: Connection) -> None:
    try:
        guard.exec_driver_sql("SELECT taken FROM rebuild_lock WHERE id = 1 FOR UPDATE NOWAIT")
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", "") != "55P03":  # lock_not_available
            raise
        guard.rollback()
        raise _taken(guard.exec_driver_sql(_HOLDER).scalar_one()) from None


def _name(conn: Connection, holder: str) -> None:
    mark = "?" if conn.dialect.name == "sqlite" else "%s"
    conn.exec_driver_sql(f"UPDATE rebuild_holder SET holder = {mark} WHERE id = 1", (holder,))


def _release(engine: Engine) -> None:
    # Failing to clear the name is harmless: it is void once the process or the connection is gone.
    with suppress(Exception), writing(engine) as conn:
        _name(conn, "")


def _alive(holder: str) -> bool:
    """Whether the process that a holder names still runs; one on another host is taken to."""
    if not holder:
        return False
    found = json.loads(holder)
    if found["host"] != platform.node():
        return True
    try:
        os.kill(found["pid"], 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return bool(_began(found["pid"]) == found["began"])


def _began(pid: int) -> str:
    """When a process began, in ticks since boot, so that a reused number is told apart; "" where unknown."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _taken(holder: str) -> Conflict:
    found = json.loads(holder) if holder else {}
    who = (
        f"process {found['pid']} on {found['host']} since {found['started_at']}"
        if found
        else "another process"
    )
    return Conflict(
        "rebuild-running",
        f"a rebuild is running: {who}",
        hint="wait for it to end, or stop that process; nothing was changed",
        facts=found,
    )
