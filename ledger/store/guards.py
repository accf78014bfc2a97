"""Are the guards of the log as `mledger init` made them? Each trigger, function, table and constraint.

A definition is compared by a digest of its text, the schema's name left out. A test holds the digests equal to what the
migrations make.
"""

from __future__ import annotations

from hashlib import sha256

from sqlalchemy import Connection

from ledger.store.checking import Check
from ledger.store.guard_digests import DIGESTS

TABLES = ("log", "streams", "keys", "log_head", "log_checkpoints")
_AMONG = ", ".join(f"'{table}'" for table in TABLES)

_SQLITE = f"""
SELECT type || ' ' || name || ' on ' || tbl_name, coalesce(sql, ''), '' FROM sqlite_master
WHERE tbl_name IN ({_AMONG}) ORDER BY type, name
"""
# A function that bears our prefix counts, whatever its arguments; constraints of NOT NULL are the columns' business.
_POSTGRESQL = f"""
WITH ours AS (
    SELECT oid, relname, relkind, relrowsecurity FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relname IN ({_AMONG})
)
SELECT 'trigger ' || tgname || ' on ' || relname, pg_get_triggerdef(t.oid),
    CASE WHEN tgenabled IN ('O', 'A') THEN '' ELSE 'disabled' END
FROM pg_trigger t JOIN ours c ON c.oid = tgrelid WHERE NOT tgisinternal
UNION ALL
SELECT 'function ' || proname || '(' || oidvectortypes(proargtypes) || ')',
    concat_ws(' ', lanname, provolatile, prosecdef, array_to_string(proconfig, ';'), prosrc), ''
FROM pg_proc p JOIN pg_language l ON l.oid = prolang
WHERE pronamespace = current_schema()::regnamespace AND starts_with(proname, 'mledger_')
UNION ALL
SELECT 'constraint ' || conname || ' on ' || relname, pg_get_constraintdef(t.oid), ''
FROM pg_constraint t JOIN ours c ON c.oid = conrelid WHERE contype NOT IN ('n', 't')
UNION ALL
SELECT 'rule ' || rulename || ' on ' || relname, pg_get_ruledef(r.oid), ''
FROM pg_rewrite r JOIN ours c ON c.oid = ev_class
UNION ALL
SELECT 'row security on ' || relname, '', '' FROM ours WHERE relrowsecurity
UNION ALL
SELECT 'table ' || relname, relkind::text || ' ' || (
    SELECT string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull,
        (SELECT collname FROM pg_collation o WHERE o.oid = attcollation)), ', ' ORDER BY attnum)
    FROM pg_attribute WHERE attrelid = ours.oid AND attnum > 0 AND NOT attisdropped), ''
FROM ours
UNION ALL
SELECT 'setting session_replication_role of '
    || CASE setrole WHEN 0 THEN 'DATABASE ' || current_database() ELSE 'ROLE ' || setrole::regrole END, '', ''
FROM pg_db_role_setting, unnest(setconfig) AS one
WHERE starts_with(one, 'session_replication_role=') AND (setdatabase = 0 OR setdatabase =
    (SELECT oid FROM pg_database WHERE datname = current_database()))
"""


def definitions(conn: Connection) -> dict[str, tuple[str, str]]:
    """What guards the log here, by its name: its definition without the schema's name, and "disabled" where it is."""
    if conn.dialect.name == "sqlite":
        return {row[0]: (row[1], row[2]) for row in conn.exec_driver_sql(_SQLITE)}
    schema = conn.exec_driver_sql("SELECT quote_ident(current_schema()) || '.'").scalar_one()
    rows = conn.exec_driver_sql(_POSTGRESQL)
    return {row[0]: (row[1].replace(schema, ""), row[2]) for row in rows}


def digest_of(definition: str) -> str:
    """What a definition is known by."""
    return sha256(definition.encode()).hexdigest()[:16]


def wrong(conn: Connection) -> dict[str, str]:
    """The guards that are not as they must be, and how: missing, altered, disabled, or added by somebody."""
    expected, found = DIGESTS[conn.dialect.name], definitions(conn)
    said = dict.fromkeys([name for name in expected if name not in found], "missing")
    for name, (definition, disabled) in found.items():
        if name not in expected:
            said[name] = "added"
        elif digest_of(definition) != expected[name]:
            said[name] = "altered"
        elif disabled:
            said[name] = disabled
    return said


def check_guards(conn: Connection) -> Check:
    """Whether every guard is in place; the detail names each that is not, with the step that helps."""
    check = Check("guards", "every guard of the log is as mledger init made it")
    for says, step in found_and_steps(conn):
        check.report(f"{says}: {step}")
    return check


def found_and_steps(conn: Connection) -> list[tuple[str, str]]:
    """Each guard that is not as it must be, in words, and the step that helps."""
    return [_told(name, how, conn.dialect.name) for name, how in wrong(conn).items()]


def _told(name: str, how: str, dialect: str) -> tuple[str, str]:
    if how == "added":
        foreign = "is none of this program's, and may change, refuse or swallow what is recorded"
        return f"{name} {foreign}", _taken_away(name, dialect)
    if name.startswith("table "):
        return f"{name} was {how}", "restore a backup of before that"
    return f"{name} is {how}", "mledger init, as the owner of the tables, puts it back"


def _taken_away(name: str, dialect: str) -> str:
    kind, _, rest = name.partition(" ")
    if dialect == "sqlite":  # which knows no DROP ... ON
        return f"DROP {kind.upper()} {rest.rpartition(' on ')[0]}"
    match kind:
        case "row":
            return f"ALTER TABLE {rest.rpartition(' ')[2]} DISABLE ROW LEVEL SECURITY"
        case "setting":
            return f"ALTER {rest.rpartition(' of ')[2]} RESET session_replication_role"
        case "constraint":
            return "ALTER TABLE {1} DROP CONSTRAINT {0}".format(*rest.split(" on "))
    return f"DROP {kind.upper()} {rest}"
