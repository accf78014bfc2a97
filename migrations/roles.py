"""Who may do what in PostgreSQL: three group roles, granted anew after every migration.

    mledger_writer      appends to the log: INSERT, and the head row's UPDATE
    mledger_projector   reads the log and keeps the read models
    mledger_auditor     reads everything, changes nothing

None of them can log in: an administrator grants them to people, `GRANT mledger_writer TO alice`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ledger.store.schema import VERSION_TABLE

if TYPE_CHECKING:
    from sqlalchemy import Connection

ROLES = ("mledger_writer", "mledger_projector", "mledger_auditor")

GRANTS = (
    f"SELECT ON log, streams, keys, log_head, log_checkpoints, {VERSION_TABLE}"
    " TO mledger_writer, mledger_projector, mledger_auditor",
    "INSERT ON log, streams, keys, log_checkpoints TO mledger_writer",
    "UPDATE ON log_head TO mledger_writer",
)

# Every table that is not the log's belongs to the read models: made from the log, and made again from it.
_READ_MODELS = f"""
SELECT string_agg(quote_ident(relname), ', ' ORDER BY relname) FROM pg_class
WHERE relkind = 'r' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
  AND relname NOT IN ('log', 'streams', 'keys', 'log_head', 'log_checkpoints', '{VERSION_TABLE}')
"""
READ_MODEL_GRANTS = (
    "SELECT ON {tables} TO mledger_writer, mledger_projector, mledger_auditor",
    "INSERT, UPDATE, DELETE ON {tables} TO mledger_projector",
)

# Roles belong to the whole cluster: another database may have made them, or be making them just
# now.
_CREATE = """
DO $$
BEGIN
    CREATE ROLE {role} NOLOGIN;
EXCEPTION
    WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL;
END $$
"""
_OWNS = "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'log'::regclass"


def grant(conn: Connection) -> None:
    """Makes the roles and gives them their rights; where it may not make them, it says who can.

    Does nothing for a user who does not own the tables.
    """
    if not conn.exec_driver_sql(_OWNS).scalar_one():
        return
    if missing := [role for role in ROLES if not _exists(conn, role)]:
        logging.getLogger(__name__).warning(
            "no rights were granted, since these roles are missing and %s may not create them: %s."
            " Ask an administrator for CREATE ROLE … NOLOGIN, then run mledger init again",
            conn.exec_driver_sql("SELECT current_user").scalar_one(),
            ", ".join(missing),
        )
        return
    schema = conn.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    tables = conn.exec_driver_sql(_READ_MODELS).scalar_one()
    on_read_models = [rights.format(tables=tables) for rights in READ_MODEL_GRANTS if tables]
    usage = f"USAGE ON SCHEMA {schema} TO {', '.join(ROLES)}"
    for rights in (*GRANTS, *on_read_models, usage):
        conn.exec_driver_sql(f"GRANT {rights}")


def _exists(conn: Connection, role: str) -> bool:
    """True once the role exists, made here if need be."""
    exists = f"SELECT to_regrole('{role}') IS NOT NULL"
    if not conn.exec_driver_sql(exists).scalar_one():
        conn.exec_driver_sql(_CREATE.format(role=role))
    return bool(conn.exec_driver_sql(exists).scalar_one())
