"""What a driver's error means to a person: `translate` raises ours instead, without passwords."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ledger.errors import (
    Conflict,
    ConnectionLost,
    DatabaseUnusable,
    IntegrityViolated,
    LedgerError,
    StoreUnavailable,
)

DAMAGED = "database-damaged"
# What a full disk looks like to SQLite, besides SQLITE_FULL: it cannot make or grow the files beside its own.
_WITHOUT_ROOM = ("SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY")
_ROOM_BESIDE = 64 * 1024
_SECRET = ("password", "passfile", "sslpassword", "sslkey")


def masked(url: URL) -> str:
    """The URL as it may be shown: passwords are stars, wherever they stand."""
    shown = {name: "***" if name in _SECRET else value for name, value in url.query.items()}
    return url.set(query=shown).render_as_string(hide_password=True).replace("%2A", "*")


@contextmanager
def translate(url: URL) -> Iterator[None]:
    """Within it, an error of the driver that a person can do something about is raised as one of
    ours.

    Errors of constraints pass unchanged: what they mean is known only where the statement is.
    """
    try:
        yield
    except DBAPIError as error:
        if (ours := _ours(error.orig, url)) is not None:
            raise ours from error
        raise
    except PoolTimeout as error:
        raise Conflict("database-busy", f"every connection to {masked(url)} is in use") from error
    except Exception as error:
        # COPY goes past SQLAlchemy, so its errors come as the driver's own.
        if (ours := _ours(error, url)) is not None:
            raise ours from error
        raise


def _ours(error: BaseException | None, url: URL) -> LedgerError | None:
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error, url)
    if error is not None and type(error).__module__.startswith("psycopg"):
        return _of_postgresql(error, url)
    return None


def _of_sqlite(error: sqlite3.Error, url: URL) -> LedgerError | None:
    if str(error).startswith(_GUARD):
        return _guarded(url, str(error))
    # Extended codes begin with the primary one: SQLITE_READONLY_DBMOVED, SQLITE_BUSY_SNAPSHOT.
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(_WITHOUT_ROOM) and url.database and not has_room(Path(url.database)):
        return _full(url, "database or disk is full")
    for code, ours in _BY_SQLITE_NAME.items():
        if name.startswith(code):
            return ours(url, str(error))
    return None


def _of_postgresql(error: BaseException, url: URL) -> LedgerError | None:
    state = getattr(error, "sqlstate", None)
    if state is None:
        # libpq gives no code to a connection that never came about or was lost.
        gone = type(error).__name__ in ("OperationalError", "ConnectionTimeout")
        return _not_connected(url, str(error)) if gone else None
    ours = _BY_SQLSTATE.get(state) or _BY_SQLSTATE.get(state[:2])
    return ours(url, str(error)) if ours else None


def has_room(file: Path) -> bool:
    """Whether there is room beside a file for what SQLite keeps there while it is open."""
    import shutil

    try:
        return shutil.disk_usage(file.expanduser().absolute().parent).free >= _ROOM_BESIDE
    except OSError:
        return True  # what is wrong is something else


def _locked(url: URL, detail: str) -> LedgerError:
    return Conflict(
        "database-locked",
        f"another process is writing to {masked(url)}: {_line(detail)}",
        hint="nothing was recorded; try again",
    )


def _read_only(url: URL, detail: str) -> LedgerError:
    return StoreUnavailable(
        "database-read-only",
        f"{masked(url)} cannot be written to: {_line(detail)}",
        hint="reports work; to record, ask for the right to write, or use the primary server",
    )


def _forbidden(url: URL, detail: str) -> LedgerError:
    return StoreUnavailable(
        "database-read-only",
        f"the database user has no right to do this in {masked(url)}: {_line(detail)}",
        hint="ask for one of this ledger's roles: …_writer to record, …_auditor to read (mledger init names them)",
    )


def _full(url: URL, detail: str) -> LedgerError:
    return StoreUnavailable(
        "disk-full",
        f"there is no room left where {masked(url)} lies: {_line(detail)}",
        hint="nothing was recorded; make room and try again (reports go on meanwhile)",
    )


def _unreachable(url: URL, detail: str) -> LedgerError:
    return StoreUnavailable(
        "database-unreachable",
        f"{masked(url)} cannot be opened: {_line(detail)}",
        hint="check the address, the file's rights, and that the server runs",
    )


def _not_connected(url: URL, detail: str) -> LedgerError:
    """What kept a connection from coming about, by the server's own words, or that one was lost."""
    for words, ours in _BY_WORDS.items():
        if re.search(words, detail):
            return ours(url, detail)
    return _unreachable(url, detail) if _CONNECTING.match(detail) else _lost(url, detail)


def _login_refused(url: URL, detail: str) -> LedgerError:
    return StoreUnavailable(
        "login-refused",
        f"the server of {masked(url)} does not let this user in: {_line(detail)}",
        hint="check the user's name and password (the file of PGPASSFILE, or .pgpass). An expired password is refused"
        " in the same words: an administrator sees it with SELECT rolname, rolcanlogin, rolvaliduntil FROM pg_roles",
    )


def _database_missing(url: URL, detail: str) -> LedgerError:
    return StoreUnavailable(
        "database-missing",
        f"the server has no such database as {masked(url)} names: {_line(detail)}",
        hint="check the name at the end of the URL; an administrator makes one by CREATE DATABASE, then: mledger init",
    )


def _too_many(url: URL, detail: str) -> LedgerError:
    return Conflict(
        "too-many-connections",
        f"the server of {masked(url)} takes no more connections: {_line(detail)}",
        hint="nothing was recorded; try again in a moment. An administrator sees who is connected in pg_stat_activity,"
        " and may raise max_connections",
    )


def _starting(url: URL, detail: str) -> LedgerError:
    return Conflict(
        "server-not-ready",
        f"the server of {masked(url)} is starting up, shutting down or recovering: {_line(detail)}",
        hint="nothing was recorded; try again in a moment",
    )


def _lost(url: URL, detail: str) -> LedgerError:
    return ConnectionLost(
        "connection-lost",
        f"the connection to {masked(url)} was lost: {_line(detail)}",
        hint="what was being recorded may or may not be: give the same command again with the same --idempotency-key,"
        " and it is recorded once; without a key look first: mledger audit log --limit 20",
    )


def _not_a_database(url: URL, detail: str) -> LedgerError:
    return DatabaseUnusable(
        "database-not-ours",
        f"{masked(url)} is not a database: {_line(detail)}",
        hint="name another database with --database",
    )


def _damaged(url: URL, detail: str) -> LedgerError:
    return IntegrityViolated(
        DAMAGED,
        f"{masked(url)} is damaged: {_line(detail)}",
        hint="mledger audit verify says whether it is the log: then restore a backup; or the read models alone:"
        " then run mledger projections rebuild",
    )


def _guarded(url: URL, detail: str) -> LedgerError:
    return IntegrityViolated(
        "guard-refused",
        f"{masked(url)} refuses it: {_line(detail).removeprefix(_GUARD).partition(' CONTEXT: ')[0]}",
        hint="nothing was recorded; mledger audit verify says how the log stands, and the run-book goes on from"
        " there under: The head was moved",
    )


def _line(detail: str) -> str:
    return " ".join(detail.split())


# How the messages of our own triggers begin, and PostgreSQL's code for them (migration 0006).
_GUARD = "guard: "

_BY_SQLITE_NAME = {
    "SQLITE_BUSY": _locked,
    "SQLITE_LOCKED": _locked,
    "SQLITE_READONLY": _read_only,
    "SQLITE_FULL": _full,
    "SQLITE_NOTADB": _not_a_database,
    "SQLITE_CORRUPT": _damaged,
    "SQLITE_CANTOPEN": _unreachable,
    "SQLITE_IOERR": _unreachable,
    "SQLITE_PERM": _unreachable,
}

# A refused connection has no code, only words; in the server's own language, so that others are unreachable.
_BY_WORDS = {
    r"password authentication failed|no password supplied|no pg_hba\.conf entry|is not permitted to log in"
    r'|role "[^"]*" does not exist|authentication failed for user': _login_refused,
    r'database "[^"]*" does not exist': _database_missing,
    r"too many clients|too many connections|connection slots are reserved": _too_many,
    r"the database system is|not yet accepting connections": _starting,
}
# How psycopg begins what it says of a connection that never came about.
_CONNECTING = re.compile(
    r"connection (?:failed|timeout)|\[Errno|failed to resolve|could not translate|timeout expired"
)

# PostgreSQL's appendix A: a whole class (two characters) or one condition.
_BY_SQLSTATE = {
    "08": _lost,
    "08001": _unreachable,
    "08004": _login_refused,
    "28": _login_refused,
    "3D": _database_missing,
    "3F": _unreachable,
    "40": _locked,
    "57P01": _lost,
    "57P02": _lost,
    "57P03": _starting,
    "53": _unreachable,
    "53300": _too_many,
    "53100": _full,
    "55P03": _locked,
    "57014": _locked,
    "25006": _read_only,
    "25P03": _lost,
    "42501": _forbidden,
    "XX001": _damaged,
    "XX002": _damaged,
    "MLG01": _guarded,
}
