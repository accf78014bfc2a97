"""Every table, index, trigger and role, in numbered revisions; nothing else creates any.

`HEAD` is the schema that this program reads and writes. Alembic is imported only where a database
has to change.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ledger.store.schema import HEAD
from migrations.roles import grant

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["HEAD", "current", "restore", "upgrade"]


def current(url: str) -> str | None:
    """The schema that a database has: "0001"; None where there is no database, or an empty one.

    Raises DatabaseUnusable for a database that is somebody else's, StoreUnavailable for one out of
    reach.
    """
    from ledger.store.database import engine_for, exists, reading, schema_version

    if not exists(url):
        return None
    engine = engine_for(url)
    try:
        with reading(engine) as conn:
            return schema_version(conn)
    finally:
        engine.dispose()


def upgrade(
    url: str, role_prefix: str | None = None, *, roles: bool = True
) -> tuple[str | None, str]:
    """Brings a database to `HEAD`, creating it where it is an SQLite file; returns the schema
    before and after.

    One transaction: a failed upgrade leaves nothing behind. Any number of processes may do it at
    once: the first does it, the others wait and find it done. `role_prefix` begins the names of PostgreSQL's roles,
    unless none are to be made yet.
    Raises DatabaseUnusable for a newer or a foreign database, and for roles of another ledger.
    """
    from ledger.store.database import engine_for, migrating, refuse_newer, schema_version

    engine = engine_for(url, create=True)
    try:
        with migrating(engine) as conn:
            before = schema_version(conn)
            refuse_newer(before, engine.url)
            if before != HEAD:
                _run(conn)
            if roles:
                grant(conn, role_prefix)
            return before, HEAD
    finally:
        engine.dispose()


def restore(url: str) -> list[str]:
    """Puts back the guards of the log that are missing, altered or disabled; their names, none where all is well.

    On PostgreSQL only for the owner of the tables: anybody else is told nothing, and may ask audit verify.
    """
    from ledger.store.database import engine_for, migrating, reading
    from ledger.store.guards import wrong
    from migrations import restoring
    from migrations.roles import owns

    engine = engine_for(url)
    try:
        with reading(engine) as conn:
            if not wrong(conn) or not owns(conn):
                return []
        with migrating(engine) as conn:
            return restoring.restore(conn, _run)
    finally:
        engine.dispose()


def _run(conn: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    # The revisions lie beside this file, in the wheel as in the repository; ConfigParser reads % as
    # its own.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = conn
    command.upgrade(config, HEAD)
