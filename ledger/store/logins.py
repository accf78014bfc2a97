"""Up to where the logins in the log are claims: on PostgreSQL the server itself says who records.

What was moved there from a store that does not know it is noted beside the table, by its owner, who alone may.
"""

from __future__ import annotations

from sqlalchemy import Connection

_SAYS = "up to position {} its logins are claims of another store"
_NOTED = (
    "SELECT substring(pg_catalog.obj_description('log'::pg_catalog.regclass, 'pg_class') FROM '{}')"
)


def claimed_until(conn: Connection) -> int | None:
    """The last position of which the store does not vouch for the login, 0 if there is none; None: for no login."""
    if conn.dialect.name == "sqlite":
        return None
    noted = conn.exec_driver_sql(_NOTED.format(f"^{_SAYS.format('([0-9]+)')}$")).scalar_one()
    return int(noted or 0)


def note_claimed(conn: Connection, until: int) -> None:
    """Notes it, where the store vouches for any."""
    if conn.dialect.name != "sqlite" and until:
        conn.exec_driver_sql(f"COMMENT ON TABLE log IS '{_SAYS.format(until)}'")
