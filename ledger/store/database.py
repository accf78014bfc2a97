"""Opening a database, on SQLite and PostgreSQL alike, and saying in our own words what went wrong.

`connect` opens a ledger that `mledger init` has made. `reading` gives a connection with one
unchanging snapshot, `writing` one whose transaction is committed at the end and rolled back on any
error; both turn the driver's errors into ours. No message ever shows a password.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from ledger.errors import DatabaseUnusable, StoreUnavailable
from ledger.store.failures import has_room, masked, translate
from ledger.store.schema import HEAD, VERSION_TABLE

# How long a writer waits for another one before it reports a conflict.
LOCK_WAIT_SECONDS = 10

# How long it waits in silence.
WAIT_TOLD_SECONDS = 2

# Any number will do, as long as every release asks for the same: the advisory lock of `migrating`.
MIGRATION_LOCK = 0x4D4C4447

_WRITING = {"ledger_writes": True}


def connect(url: str) -> Engine:
    """An engine on a ledger whose schema is the one this program knows.

    Raises DatabaseUnusable (not ours, not initialised, older, newer) and StoreUnavailable (out of
    reach).
    """
    if not exists(url):
        raise _not_initialised(parsed(url))
    engine = engine_for(url)
    try:
        with reading(engine) as conn:
            found = schema_version(conn)
        refuse_newer(found, engine.url)
        if found is None:
            raise _not_initialised(engine.url)
        if found != HEAD:
            raise DatabaseUnusable(
                "database-older",
                f"{masked(engine.url)} has schema {found}, and this program needs {HEAD}",
                hint="mledger init upgrades it; nothing recorded is changed",
                facts={"schema": found, "needed": HEAD},
            )
    except BaseException:
        engine.dispose()
        raise
    return engine


def engine_for(url: str, *, create: bool = False) -> Engine:
    """An engine on any database, whatever is in it; `create` makes a missing SQLite file."""
    parsed_url = parsed(url)
    if parsed_url.get_backend_name() == "sqlite":
        engine = _sqlite(parsed_url, create)
    else:
        engine = _postgresql(parsed_url)
    event.listen(engine, "begin", _begin)
    return engine


def parsed(url: str) -> URL:
    """The URL with its driver named; raises DatabaseUnusable where we can use none such."""
    try:
        parsed_url = make_url(url)
    except (ArgumentError, ValueError):
        # The text itself may hold a password, so it is not repeated.
        raise DatabaseUnusable(
            "database-url", "the database URL cannot be read", hint=_URL_HINT
        ) from None
    if parsed_url.drivername == "sqlite" and parsed_url.database not in (None, "", ":memory:"):
        return parsed_url
    if parsed_url.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return parsed_url.set(drivername="postgresql+psycopg")
    raise DatabaseUnusable(
        "database-url", f"{masked(parsed_url)} names no database file or server", hint=_URL_HINT
    )


_URL_HINT = "write sqlite:///PATH, or postgresql+psycopg://USER@HOST/NAME"


def exists(url: str) -> bool:
    """False for an SQLite file that is not there; a server is asked only on connecting."""
    parsed_url = parsed(url)
    return parsed_url.get_backend_name() != "sqlite" or _path(parsed_url).exists()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one moment of the database, however long it reads."""
    with translate(engine.url), engine.connect() as conn:
        if engine.dialect.name == "postgresql":
            conn.execution_options(isolation_level="REPEATABLE READ")
        yield conn


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection in one transaction, which on SQLite has the write lock from its beginning."""
    with (
        translate(engine.url),
        engine.connect().execution_options(**_WRITING) as conn,
        conn.begin(),
    ):
        yield conn


@contextmanager
def migrating(engine: Engine) -> Iterator[Connection]:
    """As `writing`, and no other process migrates the same database meanwhile."""
    with writing(engine) as conn:
        if engine.dialect.name == "postgresql":
            conn.exec_driver_sql("SET LOCAL lock_timeout = 0")
            conn.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
        yield conn


def schema_version(conn: Connection) -> str | None:
    """The database's schema, None if it is empty; raises DatabaseUnusable if it is not ours."""
    found = conn.exec_driver_sql(_FIND_MARKER[conn.dialect.name]).scalar_one()
    if found:
        versions = conn.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalars().all()
        if len(versions) != 1:
            raise _schema_unknown(conn.engine.url, len(versions))
        return str(versions[0])
    if conn.exec_driver_sql(_COUNT_TABLES[conn.dialect.name]).scalar_one():
        raise DatabaseUnusable(
            "database-not-ours",
            f"{masked(conn.engine.url)} holds tables, but not those of a ledger",
            hint="name another database with --database, or an empty one and run: mledger init",
        )
    return None


_FIND_MARKER = {
    "sqlite": f"SELECT count(*) FROM sqlite_master WHERE name = '{VERSION_TABLE}'",
    "postgresql": f"SELECT count(to_regclass('{VERSION_TABLE}'))",
}
_COUNT_TABLES = {
    "sqlite": "SELECT count(*) FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p')"
    " AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())",
}


def refuse_newer(found: str | None, url: URL) -> None:
    """Raises DatabaseUnusable for a schema that only a later release knows."""
    if found is not None and found > HEAD:
        raise DatabaseUnusable(
            "database-newer",
            f"{masked(url)} has schema {found}, and this program knows none after {HEAD}",
            hint="install the release that made it, or a later one",
            facts={"schema": found, "needed": HEAD},
        )


def _schema_unknown(url: URL, rows: int) -> DatabaseUnusable:
    says = "is empty" if rows == 0 else f"has {rows} rows"
    return DatabaseUnusable(
        "database-schema-unknown",
        f"the table {VERSION_TABLE} of {masked(url)} {says}: nothing says which schema this ledger has",
        hint="restore a backup; or, where this release made the database, as the owner of its tables: DELETE FROM"
        f" {VERSION_TABLE}; INSERT INTO {VERSION_TABLE} VALUES ('{HEAD}')",
    )


def _not_initialised(url: URL) -> DatabaseUnusable:
    return DatabaseUnusable(
        "database-not-initialised", f"there is no ledger in {masked(url)} yet", hint="mledger init"
    )


def _begin(conn: Connection) -> None:
    if conn.dialect.name == "sqlite":
        # A SELECT before the first write in a deferred transaction is refused the lock at once,
        # however long the timeout (450 of 600 saves, tried): writers take it when they begin.
        if conn.get_execution_options().get("ledger_writes"):
            with telling_who_waits(conn.engine.url):
                conn.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            conn.exec_driver_sql("BEGIN")


@contextmanager
def telling_who_waits(url: URL) -> Iterator[None]:
    """Warns, by this module's logger, where what is done within has to wait for somebody else's lock for long."""
    says = (
        f"waiting for another process that writes to {masked(url)}, at most {LOCK_WAIT_SECONDS} s"
    )
    timer = threading.Timer(WAIT_TOLD_SECONDS, logging.getLogger(__name__).warning, (says,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _path(url: URL) -> Path:
    return Path(url.database or "").expanduser()


def _sqlite(url: URL, create: bool) -> Engine:
    path = _path(url).absolute()

    def opened() -> sqlite3.Connection:
        # The journal is chosen for a file of our own making: somebody else's stays as it is.
        fresh = create and not (path.exists() and path.stat().st_size)
        if create:
            _make_folder(path.parent, url)
        try:
            return _opened(path, _mode(path, create), "journal_mode = WAL" if fresh else "")
        except sqlite3.OperationalError:
            if fresh or has_room(path):
                raise
            # What is written beside the file while it is read has no room: it is read alone.
            wal = _wal(path)
            if wal.exists() and wal.stat().st_size:
                return _opened(path, "mode=rw", "locking_mode = EXCLUSIVE")
            return _opened(path, "mode=ro&immutable=1")

    return create_engine(url, creator=opened, poolclass=QueuePool)


def _opened(path: Path, mode: str, first: str = "") -> sqlite3.Connection:
    """A connection that has read the file, after a pragma of its own."""
    # Transactions are begun by `_begin`, not guessed by the driver from the statement's first word.
    conn = sqlite3.connect(
        f"{path.as_uri()}?{mode}",
        uri=True,
        timeout=LOCK_WAIT_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        if first:
            conn.execute(f"PRAGMA {first}")
        conn.execute("PRAGMA synchronous = FULL")
        conn.execute("PRAGMA foreign_keys = ON")
        conn.execute("PRAGMA schema_version")
    except BaseException:
        conn.close()
        raise
    return conn


def _wal(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _make_folder(folder: Path, url: URL) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(
            "database-unreachable",
            f"the folder of {masked(url)} cannot be made: {error.strerror}",
            hint="name another place with --database",
        ) from error


def _mode(path: Path, create: bool) -> str:
    if create:
        return "mode=rwc"
    if os.access(path, os.W_OK):
        return "mode=rw"
    wal = _wal(path)
    # A write-ahead log cannot be opened without writing beside it. With none there, and no right to
    # make one, the file alone is the whole database.
    alone = not wal.exists() and not os.access(path.parent, os.W_OK)
    return "mode=ro&immutable=1" if alone else "mode=ro"


def _postgresql(url: URL) -> Engine:
    options: dict[str, Any] = {}
    given = url.query.get("options", "")
    said = given if isinstance(given, str) else " ".join(given)
    if "lock_timeout" not in said:
        options["options"] = f"{said} -c lock_timeout={LOCK_WAIT_SECONDS}s".strip()
    if "connect_timeout" not in url.query:
        options["connect_timeout"] = LOCK_WAIT_SECONDS
    try:
        return create_engine(url, connect_args=options)
    except (ImportError, NoSuchModuleError):
        raise DatabaseUnusable(
            "database-driver",
            "PostgreSQL needs the driver psycopg, which is not installed",
            hint="pip install 'mledger[postgres]'",
        ) from None


def os_user() -> str:
    """Who runs this process, by its user id: a variable of the environment could say anything."""
    try:
        import pwd
    except ImportError:  # not a POSIX system
        import getpass

        return getpass.getuser()
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"
