"""`mledger doctor`: is everything here that the ledger needs, and if not, what to do next."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.options import Output, output_options, settings_options
from commands.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

PYTHON = (3, 11)
SQLITE = (3, 37)  # the first with STRICT tables
LIBRARIES = ("click", "msgspec", "SQLAlchemy", "eventsourcing", "alembic", "pydantic", "holidays")
LITTLE_BYTES = 1 << 30
TOO_LITTLE_BYTES = 1 << 26


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: `status` is ok, warn or fail; `hint` the next step where it is not ok."""

    name: str
    status: str
    detail: str
    hint: str = ""


@click.command()
@settings_options
@output_options
def doctor(settings: Settings, output: Output) -> int:
    """Check the installation and the database.

    Nothing is changed. Every line is ok, warn or fail, with the next step; the exit code is 1 if
    one is fail.

    \b
    mledger doctor --json
    """
    from commands.output import Table, exact

    checks = [
        *_software(settings),
        *_settings(settings),
        *_guarded("database", lambda: _database(settings)),
        *_surroundings(settings),
    ]
    failed = any(check.status == "fail" for check in checks)
    entries = [asdict(check) for check in checks]
    rows = [(c.status, c.name, c.detail, c.hint) for c in checks]
    table = Table([exact("status"), exact("check"), "found", "next step"], rows)
    output.emit({"ok": not failed, "checks": entries}, rows=entries, people=[table])
    return 1 if failed else 0


def _guarded(name: str, look: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    """The checks that a look gives; where it cannot go on, the reason as its last one."""
    from commands.settings import masked
    from ledger.errors import LedgerError

    try:
        yield from look()
    except LedgerError as problem:
        yield Check(name, "fail", masked(problem.message), problem.hint)
    except Exception as problem:
        hint = "this is a fault of the program: please report it"
        yield Check(name, "fail", masked(f"{type(problem).__name__}: {problem}"), hint)


# --- what is installed ---------------------------------------------------------------------------


def _software(settings: Settings) -> Iterator[Check]:
    import sqlite3
    from platform import python_version

    from commands.version import version_text

    yield Check("product", "ok", version_text())
    new = sys.version_info >= PYTHON
    needed = ".".join(map(str, PYTHON))
    hint = "" if new else f"install Python {needed} or newer"
    yield Check("python", "ok" if new else "fail", python_version(), hint)
    new = sqlite3.sqlite_version_info >= SQLITE
    hint = "" if new else f"SQLite {'.'.join(map(str, SQLITE))} is needed: use a newer Python build"
    yield Check("sqlite", "ok" if new else "fail", sqlite3.sqlite_version, hint)
    found = {name: _version(name) for name in LIBRARIES}
    missing = [name for name, version in found.items() if version is None]
    detail = ", ".join(f"{name} {version or 'is missing'}" for name, version in found.items())
    hint = "pip install --force-reinstall mledger" if missing else ""
    yield Check("libraries", "fail" if missing else "ok", detail, hint)
    driver = _version("psycopg")
    wanted = settings.database.startswith("postgresql")
    status = "ok" if driver or not wanted else "fail"
    detail = f"psycopg {driver}" if driver else "psycopg is not installed; PostgreSQL needs it"
    hint = "pip install 'mledger[postgres]'" if status == "fail" else ""
    yield Check("postgresql driver", status, detail, hint)


def _version(library: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(library)
    except PackageNotFoundError:
        return None


def _settings(settings: Settings) -> Iterator[Check]:
    from commands.settings import masked

    values = {"database": settings.database, "actor": settings.actor, "zone": settings.zone}
    for name, value in values.items():
        detail = f"{masked(value) if value else 'whoever is logged in'} ({settings.origins[name]})"
        yield Check(f"setting {name}", "ok", detail)


# --- the database --------------------------------------------------------------------------------


def _database(settings: Settings) -> Iterator[Check]:
    from commands.settings import masked
    from ledger.store.database import engine_for, exists, reading, refuse_newer, schema_version
    from ledger.store.schema import HEAD

    if not exists(settings.database):
        yield Check("database", "fail", f"no file {masked(settings.database)} yet", "mledger init")
        return
    engine = engine_for(settings.database)
    try:
        with reading(engine) as conn:
            found = schema_version(conn)
        yield Check("database", "ok", f"{masked(settings.database)} can be reached")
        refuse_newer(found, engine.url)
        if found != HEAD:
            detail = (
                f"schema {found}; this program needs {HEAD}" if found else "no ledger in it yet"
            )
            yield Check("schema", "fail", detail, "mledger init")
            return
        yield Check("schema", "ok", HEAD)
        yield from _guarded("log", lambda: _log(engine))
        yield from _guarded("guards", lambda: _guards(engine))
        yield from _guarded("read models", lambda: _read_models(engine))
        yield from _guarded("right to record", lambda: _writable(engine))
    finally:
        engine.dispose()


def _log(engine: Engine) -> Iterator[Check]:
    from ledger.store.database import reading
    from ledger.store.reading import head, stream_count
    from ledger.store.recorder import utc_now

    with reading(engine) as conn:
        last, contracts = head(conn), stream_count(conn)
    if not last.position:
        yield Check("log", "ok", "empty: nothing is recorded yet")
        return
    detail = f"{last.position:,} events in {contracts:,} streams, the last at {last.recorded_at}"
    ahead = last.recorded_at > utc_now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    hint = "the clock of this machine is behind the log: set it" if ahead else ""
    yield Check("log", "warn" if ahead else "ok", detail, hint)


def _guards(engine: Engine) -> Iterator[Check]:
    """Each guard of the log that `audit verify` would name; what it then says of the records takes the whole log."""
    from ledger.store.database import reading
    from ledger.store.guards import found_and_steps

    with reading(engine) as conn:
        found = found_and_steps(conn)
    for says, step in found:
        yield Check("guards", "fail", says, step)
    if not found:
        yield Check("guards", "ok", "every guard of the log is as mledger init made it")


def _read_models(engine: Engine) -> Iterator[Check]:
    from ledger.store.database import reading
    from ledger.store.reading import head
    from projections.derive import DERIVATION
    from projections.sides import checkpoint, serving

    with reading(engine) as conn:
        side, last = serving(conn), head(conn).position
        reached = checkpoint(conn, side)
    if reached.position > last:
        detail = f"side {side} is {reached.position - last:,} events beyond the log"
        hint = "mledger audit verify --anchor PATH, then mledger projections rebuild"
        yield Check("read models", "fail", detail, hint)
    elif reached.position < last:
        detail = f"side {side} is {last - reached.position:,} events behind the log"
        yield Check("read models", "warn", detail, "mledger projections catch-up")
    elif reached.derivation not in ("", DERIVATION):
        detail = f"side {side} was made by an earlier release"
        yield Check("read models", "warn", detail, "mledger projections rebuild")
    else:
        yield Check("read models", "ok", f"side {side} is level with the log")


def _writable(engine: Engine) -> Iterator[Check]:
    from ledger.errors import Conflict, StoreUnavailable
    from ledger.store.database import reading, writing
    from migrations.roles import missing

    if engine.dialect.name == "postgresql":
        with reading(engine) as conn:
            # Whoever has a right to the log and none to its keys is a sealer.
            may, seals = conn.exec_driver_sql(
                "SELECT has_table_privilege('keys', 'INSERT'), has_table_privilege('log', 'INSERT')"
            ).one()
            stands_by = conn.exec_driver_sql("SELECT pg_is_in_recovery()").scalar_one()
            lacking = missing(conn)
        yield _roles(lacking)
        if stands_by:
            detail = "no: this server is a standby, which follows another one"
            hint = "to record, name the primary with --database; reports work here"
            yield Check("right to record", "warn", detail, hint)
            return
        else_only = "no: seals only" if seals else "no: reports only"
        status, detail = ("ok", "yes") if may else ("warn", else_only)
        hint = (
            "" if may else "to record, ask for this ledger's role …_writer (mledger init names it)"
        )
        yield Check("right to record", status, detail, hint)
        return
    try:
        with writing(engine) as conn:  # takes the lock, writes nothing
            conn.rollback()
    except Conflict as problem:
        yield Check("right to record", "warn", problem.message, "try again in a moment")
    except StoreUnavailable as problem:
        yield Check("right to record", "warn", f"no: {problem.message}", problem.hint)
    else:
        yield Check("right to record", "ok", "yes")
    yield _disk(Path(engine.url.database or "").absolute().parent)


def _roles(lacking: list[str]) -> Check:
    """Whether the roles that people are given are there, and bear rights."""
    if not lacking:
        return Check("roles", "ok", "all four of this ledger's are there")
    hint = "as an administrator: " + "; ".join(f"CREATE ROLE {role} NOLOGIN" for role in lacking)
    hint += "; then, as the owner of the tables: mledger init"
    return Check("roles", "warn", f"missing, or without rights: {', '.join(lacking)}", hint)


def _disk(folder: Path) -> Check:
    import shutil

    free = shutil.disk_usage(folder).free
    status = "fail" if free < TOO_LITTLE_BYTES else "warn" if free < LITTLE_BYTES else "ok"
    hint = "" if status == "ok" else "make room: without it nothing can be recorded"
    return Check("disk space", status, f"{free / (1 << 30):.1f} GiB free in {folder}", hint)


# --- time, language, terminal --------------------------------------------------------------------


def _surroundings(settings: Settings) -> Iterator[Check]:
    yield from _guarded("time zone", lambda: _zone(settings))
    yield _locale()
    yield _terminal()


def _zone(settings: Settings) -> Iterator[Check]:
    from commands.settings import LOCAL

    today = settings.today()
    if settings.zone == LOCAL:
        hint = 'name it, so that reports agree elsewhere: zone = "Asia/Shanghai" in mledger.toml'
        yield Check("time zone", "warn", f"the machine's, without a name; today is {today}", hint)
    else:
        yield Check("time zone", "ok", f"{settings.zone}, where today is {today}")


def _locale() -> Check:
    import locale

    encoding = locale.getpreferredencoding(do_setlocale=False)
    utf8 = encoding.lower().replace("-", "") == "utf8"
    hint = "" if utf8 else "Chinese names may be shown wrong: export LANG=C.UTF-8"
    return Check("locale", "ok" if utf8 else "warn", encoding, hint)


def _terminal() -> Check:
    from commands.output import colourful, on_terminal, terminal_width

    if not on_terminal(sys.stdout):
        return Check("terminal", "ok", "none: plain text, no progress bars")
    colour = "colour" if colourful(sys.stdout) else "no colour"
    width = terminal_width(sys.stdout)
    hint = "tables need 80 columns to stay tables" if width < 80 else ""
    status = "warn" if hint else "ok"
    return Check(
        "terminal", status, f"{os.environ.get('TERM', '')}, {width} columns, {colour}", hint
    )
