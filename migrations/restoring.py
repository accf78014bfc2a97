"""Guards that somebody took away, altered or disabled, put back as the revisions make them.

What they make is asked of them: they run once more, in a new file or, on PostgreSQL, in a schema that is rolled back.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection

from ledger.store.database import engine_for, migrating
from ledger.store.guards import definitions, wrong

_SCRATCH = "mledger_as_made"
_KINDS = ("function", "constraint", "index", "trigger")
_MADE = {
    "trigger": "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = '{name}' AND tgrelid = '{on}'::regclass",
    "constraint": "SELECT 'ALTER TABLE ' || conrelid::regclass || ' ADD CONSTRAINT {name} ' ||"
    " pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = '{name}' AND conrelid = '{on}'::regclass",
    "function": "SELECT pg_get_functiondef('{name}'::regproc)",
}

Run = Callable[[Connection], None]
"""Makes a whole ledger where a connection stands."""


def restore(conn: Connection, run: Run) -> list[str]:
    """Puts back what is missing, altered or disabled, and says what; what was added is not for it to take away."""
    names = [
        name
        for name, how in wrong(conn).items()
        if how != "added" and name.partition(" ")[0] in _KINDS
    ]
    names.sort(key=lambda name: _KINDS.index(name.partition(" ")[0]))
    if names:
        made = (
            _made_anew(names, run) if conn.dialect.name == "sqlite" else _scratch(conn, names, run)
        )
        there = definitions(conn)
        for name in names:
            if name in there and not name.startswith("function "):
                conn.exec_driver_sql(_drop(conn, name))
            conn.exec_driver_sql(made[name].replace("%", "%%"))
    return names


def _drop(conn: Connection, name: str) -> str:
    kind, _, rest = name.partition(" ")
    guard, _, table = rest.partition(" on ")
    if kind == "constraint":
        return f"ALTER TABLE {table} DROP CONSTRAINT {guard}"
    return f"DROP {kind} {guard}{'' if conn.dialect.name == 'sqlite' else f' ON {table}'}"


def _made_anew(names: list[str], run: Run) -> dict[str, str]:
    with TemporaryDirectory() as folder:
        engine = engine_for(f"sqlite:///{Path(folder) / 'made'}", create=True)
        with migrating(engine) as conn:
            run(conn)
            found = definitions(conn)
        engine.dispose()
    return {name: found[name][0] for name in names}


def _scratch(conn: Connection, names: list[str], run: Run) -> dict[str, str]:
    schema = conn.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    with conn.begin_nested() as undone:
        conn.exec_driver_sql(f"CREATE SCHEMA {_SCRATCH}")
        conn.exec_driver_sql(f"SET LOCAL search_path = {_SCRATCH}")
        run(conn)
        found = {name: str(conn.exec_driver_sql(_asked(name)).scalar_one()) for name in names}
        undone.rollback()
    return {name: text.replace(f"{_SCRATCH}.", f"{schema}.") for name, text in found.items()}


def _asked(name: str) -> str:
    kind, _, rest = name.partition(" ")
    guard, _, table = rest.partition(" on ")
    return _MADE[kind].format(name=guard.partition("(")[0], on=table)
