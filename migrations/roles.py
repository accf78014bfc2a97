"""Who may do what in PostgreSQL: four group roles of each ledger's own, granted anew after every migration.

    PREFIX_writer      appends to the log: INSERT, and the head row's UPDATE
    PREFIX_projector   reads the log and keeps the read models
    PREFIX_sealer      appends seals and their checkpoints, and nothing else
    PREFIX_auditor     reads everything, changes nothing

None of them can log in: an administrator grants them to people. Roles belong to the whole server, so the prefix is
`mledger_` and the beginning of the ledger's id, or what `mledger init --role-prefix` said: a comment on `log_head`
remembers it. Roles that bear another ledger's id in their comment are not taken. Until schema 0005 there were three
roles for every ledger of a server; they lose what they had.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from ledger.errors import DatabaseUnusable, InputInvalid
from ledger.store.schema import VERSION_TABLE

if TYPE_CHECKING:
    from sqlalchemy import Connection

KINDS = ("writer", "projector", "sealer", "auditor")
SHARED = ("mledger_writer", "mledger_projector", "mledger_auditor")

GRANTS = (
    f"GRANT SELECT ON log, streams, keys, log_head, log_checkpoints, {VERSION_TABLE}"
    " TO {writer}, {projector}, {sealer}, {auditor}",
    "GRANT INSERT ON log, streams TO {writer}, {sealer}",
    "GRANT INSERT ON keys TO {writer}",
    "GRANT INSERT ON log_checkpoints TO {sealer}",
    # By column: the right in the whole table would also let them lock every reader out.
    "REVOKE UPDATE ON log_head FROM {writer}, {sealer}",
    "GRANT UPDATE (position, recorded_at) ON log_head TO {writer}, {sealer}",
)

_TABLES = """
SELECT string_agg(quote_ident(relname), ', ' ORDER BY relname) FROM pg_class
WHERE relkind = 'r' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
"""
# Every table that is not the log's belongs to the read models: made from the log, and made again from it.
_READ_MODELS = f"""{_TABLES}
  AND relname NOT IN ('log', 'streams', 'keys', 'log_head', 'log_checkpoints', '{VERSION_TABLE}')
"""
# What was run stays told: only the owner takes a run away again.
RUNS = "rebuild_runs, nightly_runs"
READ_MODEL_GRANTS = (
    "GRANT SELECT ON {tables} TO {writer}, {projector}, {sealer}, {auditor}",
    "GRANT INSERT, UPDATE, DELETE ON {tables} TO {projector}",
    f"REVOKE UPDATE, DELETE ON {RUNS} FROM {{projector}}",
)

# Another process may be making them just now.
_CREATE = """
DO $$
BEGIN
    CREATE ROLE {role} NOLOGIN;
    COMMENT ON ROLE {role} IS '{mark}';
EXCEPTION
    WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL;
END $$
"""
_MARK_ANEW = """
DO $$
BEGIN
    COMMENT ON ROLE {role} IS '{mark}';
EXCEPTION
    WHEN insufficient_privilege THEN NULL;
END $$
"""
_OWNS = "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'log'::regclass"
_REMEMBERED = "SELECT obj_description('log_head'::regclass, 'pg_class')"
_SAYS = "roles: "
_MARK = "of the ledger "
_PREFIX = re.compile(r"[a-z_][a-z0-9_]{0,50}")


def named(prefix: str) -> dict[str, str]:
    """The names of the roles by their kind."""
    return {kind: f"{prefix}_{kind}" for kind in KINDS}


def roles(conn: Connection) -> dict[str, str]:
    """The names of this ledger's roles by their kind; none where init has made none yet."""
    said = conn.exec_driver_sql(_REMEMBERED).scalar_one() or ""
    return named(said.removeprefix(_SAYS)) if said.startswith(_SAYS) else {}


def owns(conn: Connection) -> bool:
    """Whether who is connected owns the tables; on SQLite, whoever may write the file does."""
    return conn.dialect.name == "sqlite" or bool(conn.exec_driver_sql(_OWNS).scalar_one())


def missing(conn: Connection) -> list[str]:
    """The roles of this ledger that are not on the server, or have no right here."""
    ledger_id = conn.exec_driver_sql("SELECT ledger_id FROM log_head").scalar_one()
    mine = _chosen(roles(conn), None, ledger_id)
    has = "SELECT coalesce(has_table_privilege(to_regrole('{}')::oid, 'log', 'SELECT'), false)"
    return [
        role for role in mine.values() if not conn.exec_driver_sql(has.format(role)).scalar_one()
    ]


def grant(conn: Connection, prefix: str | None = None, formerly: str = "") -> None:
    """Makes the roles and gives them their rights; where it may not make them, it says who can.

    Roles of the id that an empty ledger had `formerly`, before records were moved into it, are taken over. Does nothing
    on SQLite, nor for a user who does not own the tables. Raises InputInvalid for a prefix that is no name, and
    DatabaseUnusable where the roles are another ledger's.
    """
    if conn.dialect.name != "postgresql" or not owns(conn):
        return
    ledger_id = conn.exec_driver_sql("SELECT ledger_id FROM log_head").scalar_one()
    before = roles(conn)
    mine = _chosen(before, prefix, ledger_id)
    mark = f"{_MARK}{ledger_id}"
    missing = [role for role in mine.values() if not _exists(conn, role, mark)]
    for role in mine.values():
        if formerly and _says(conn, role) == f"{_MARK}{formerly}":
            conn.exec_driver_sql(_MARK_ANEW.format(role=role, mark=mark))
        _refuse_of_another(conn, role, mark)
    if missing:
        logging.getLogger(__name__).warning(
            "no rights were granted, since these roles are missing and %s may not create them: %s."
            " Ask an administrator for CREATE ROLE … NOLOGIN, then run mledger init again",
            conn.exec_driver_sql("SELECT current_user").scalar_one(),
            ", ".join(missing),
        )
        return
    _revoke(conn, [role for role in (*SHARED, *before.values()) if role not in mine.values()])
    tables = conn.exec_driver_sql(_READ_MODELS).scalar_one()
    on_read_models = [rights.format(tables=tables, **mine) for rights in READ_MODEL_GRANTS]
    schema = conn.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    usage = f"GRANT USAGE ON SCHEMA {schema} TO {', '.join(mine.values())}"
    for rights in (*(each.format(**mine) for each in GRANTS), *on_read_models, usage):
        conn.exec_driver_sql(rights)
    said = mine["writer"].removesuffix("_writer")
    conn.exec_driver_sql(f"COMMENT ON TABLE log_head IS '{_SAYS}{said}'")


def _chosen(before: dict[str, str], prefix: str | None, ledger_id: str) -> dict[str, str]:
    if prefix is None:
        return before or named(f"mledger_{ledger_id[:8]}")
    if not _PREFIX.fullmatch(prefix) or named(prefix)["writer"] in SHARED:
        raise InputInvalid(
            "role-prefix",
            f"{prefix!a} cannot begin the names of a ledger's roles",
            hint="small letters, digits and _, at most 51, not mledger alone: --role-prefix acme",
        )
    return named(prefix)


def _exists(conn: Connection, role: str, mark: str) -> bool:
    """True once the role exists, made here if need be."""
    exists = f"SELECT to_regrole('{role}') IS NOT NULL"
    if not conn.exec_driver_sql(exists).scalar_one():
        conn.exec_driver_sql(_CREATE.format(role=role, mark=mark))
    return bool(conn.exec_driver_sql(exists).scalar_one())


def _says(conn: Connection, role: str) -> str:
    """The comment on a role, which says whose it is; "" where there is none."""
    query = f"SELECT coalesce(shobj_description(to_regrole('{role}'), 'pg_authid'), '')"
    return str(conn.exec_driver_sql(query).scalar_one())


def _refuse_of_another(conn: Connection, role: str, mark: str) -> None:
    said = _says(conn, role)
    if said.startswith(_MARK) and said != mark:
        raise DatabaseUnusable(
            "roles-of-another",
            f"the role {role} is {said}, and not of this one",
            hint="whoever has it could read and write here: name others with --role-prefix",
            facts={"role": role},
        )


def _revoke(conn: Connection, others: list[str]) -> None:
    """Takes from roles that are not this ledger's what they had here, and names their members."""
    tables = conn.exec_driver_sql(_TABLES).scalar_one()
    schema = conn.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    for role in others:
        if not conn.exec_driver_sql(f"SELECT to_regrole('{role}') IS NOT NULL").scalar_one():
            continue
        had = f"SELECT has_table_privilege('{role}', 'log', 'SELECT')"
        if not conn.exec_driver_sql(had).scalar_one():
            continue
        conn.exec_driver_sql(f"REVOKE ALL ON {tables} FROM {role}")
        conn.exec_driver_sql(f"REVOKE USAGE ON SCHEMA {schema} FROM {role}")
        members = conn.exec_driver_sql(
            "SELECT string_agg(quote_ident(pg_get_userbyid(member)), ', ' ORDER BY member)"
            f" FROM pg_auth_members WHERE roleid = to_regrole('{role}')"
        ).scalar_one()
        if members:
            logging.getLogger(__name__).warning(
                "%s has no rights here any more: grant this ledger's own role of that kind to its members (%s)",
                role,
                members,
            )
