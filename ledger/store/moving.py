"""Moving a ledger to another database: the same bytes at the same positions, under the same id, so that seals and
anchors hold.

All of it is one transaction of the target, in which the guards are switched off, since they compare each record with
who inserts it and when; before the commit they are in force again, and every row is read back and compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Table, select

from ledger.errors import Conflict, DatabaseUnusable, IntegrityViolated, NotFound
from ledger.store.bulk import insert_rows
from ledger.store.database import reading, writing
from ledger.store.failures import masked
from ledger.store.logins import claimed_until, note_claimed
from ledger.store.reading import Head, head
from ledger.store.tables import keys, log, log_checkpoints, log_head, streams

# In this order: what is read back is compared table by table.
TABLES = (streams, log, keys, log_checkpoints, log_head)
_ROWS_AT_ONCE = 1_000

_OWNS = "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'log'::regclass"
_NAMES = ", ".join(f"'{table.name}'" for table in TABLES)
_GUARDS = {
    "sqlite": f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ({_NAMES}) ORDER BY rowid",
    "postgresql": "SELECT tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal"
    f" AND tgrelid IN (SELECT to_regclass(name) FROM unnest(ARRAY[{_NAMES}]) name) ORDER BY tgrelid, tgname",
}


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved: the ledger's id, and how many rows of each table by its name."""

    ledger_id: str
    rows: dict[str, int]


def move(
    source: Engine,
    target: Engine,
    advance: Callable[[int], None] = lambda count: None,
    finish: Callable[[Connection, str], None] = lambda conn, formerly: None,
) -> Moved:
    """Moves what the source holds into a target that `mledger init` has made and that holds nothing.

    `advance` is told how many records were moved; `finish` is the last before the commit, told the id that the target
    had before. Whatever ends it earlier leaves the target empty.
    Raises NotFound for a source without records, DatabaseUnusable for a target that holds a ledger or is not the
    caller's own, Conflict where the source has grown meanwhile, and IntegrityViolated where what is read back differs.
    """
    refuse_if_empty(source, masked(target.url))
    with reading(source) as conn:
        now = head(conn)
        with writing(target) as other:
            formerly = _refuse_unless_empty(other)
            with _unguarded(other):
                put = {table.name: _put(conn, other, table, advance) for table in TABLES}
            _refuse_unless_same(other, put)
            claimed = claimed_until(conn)
            note_claimed(other, now.position if claimed is None else claimed)
            finish(other, formerly)
            _refuse_if_grown(source, now)
    return Moved(now.ledger_id, {name: rows.count for name, rows in put.items()})


def refuse_if_empty(source: Engine, target: str) -> None:
    """Raises NotFound for a source without records: whoever asks first need not make a `target` for it."""
    with reading(source) as conn:
        if not head(conn).position:
            raise NotFound(
                "nothing-to-move",
                f"nothing is recorded in {masked(source.url)}",
                hint=f"an empty ledger needs no move: mledger init --database {target} makes one there",
            )


def _put(
    conn: Connection, other: Connection, table: Table, advance: Callable[[int], None]
) -> _Counted:
    rows = _Counted(_rows(conn, table), advance if table is log else None)
    other.exec_driver_sql(f"DELETE FROM {table.name}")
    insert_rows(other, table.name, rows, len(table.columns))
    return rows


def _refuse_if_grown(source: Engine, then: Head) -> None:
    with reading(source) as conn:
        if head(conn) != then:
            raise Conflict(
                "source-grew",
                f"somebody has recorded in {masked(source.url)} meanwhile",
                hint="nothing was moved; let nobody record there, then try again",
            )


class _Counted:
    """Rows as they pass by: how many, and their digest."""

    def __init__(
        self, rows: Iterator[tuple[Any, ...]], advance: Callable[[int], None] | None = None
    ) -> None:
        self._rows, self._advance, self._hash = rows, advance, sha256()
        self.count = 0

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        for row in self._rows:
            self._hash.update(msgspec.json.encode(row))
            self.count += 1
            if self._advance is not None and self.count % _ROWS_AT_ONCE == 0:
                self._advance(_ROWS_AT_ONCE)
            yield row

    def digest(self) -> str:
        return self._hash.hexdigest()


def _rows(conn: Connection, table: Table) -> Iterator[tuple[Any, ...]]:
    """Every row in the order of its key, a few in memory at a time."""
    query = select(table).order_by(*table.primary_key)
    for row in conn.execute(query, execution_options={"yield_per": _ROWS_AT_ONCE}):
        yield tuple(row)


def _refuse_unless_empty(conn: Connection) -> str:
    """The id of the target's own ledger, in which nothing is recorded; DatabaseUnusable where it cannot be taken."""
    url = masked(conn.engine.url)
    if conn.dialect.name == "postgresql" and not conn.exec_driver_sql(_OWNS).scalar_one():
        raise DatabaseUnusable(
            "target-of-another",
            f"the tables in {url} belong to another user",
            hint="move as their owner, who alone may switch the guards off and on",
        )
    found = head(conn)
    held = [
        t.name for t in TABLES if t is not log_head and conn.execute(select(t).limit(1)).first()
    ]
    if found.position or held:
        raise DatabaseUnusable(
            "target-not-empty",
            f"{url} holds a ledger already, up to position {found.position}",
            hint="nothing was changed; name a database in which nothing was ever recorded",
            facts={"position": found.position, "ledger": found.ledger_id},
        )
    return found.ledger_id


@contextmanager
def _unguarded(conn: Connection) -> Iterator[None]:
    """Without the guards of the log's tables, which are the same again at the end; an error rolls all of it back."""
    query = _GUARDS[conn.dialect.name]
    guards = [tuple(row) for row in conn.exec_driver_sql(query)]
    _guards(conn, guards, on=False)
    yield
    _guards(conn, guards, on=True)
    if [tuple(row) for row in conn.exec_driver_sql(query)] != guards:
        raise IntegrityViolated(
            "guards-differ",
            f"the guards in {masked(conn.engine.url)} would not be what they were before",
            hint="nothing was moved; make the target anew with mledger init, then try again",
        )


def _guards(conn: Connection, guards: list[tuple[Any, ...]], *, on: bool) -> None:
    if conn.dialect.name == "sqlite":
        for name, sql in guards:
            conn.exec_driver_sql(sql if on else f"DROP TRIGGER {name}")
    else:
        for table in TABLES:
            conn.exec_driver_sql(
                f"ALTER TABLE {table.name} {'ENABLE' if on else 'DISABLE'} TRIGGER USER"
            )


def _refuse_unless_same(conn: Connection, put: dict[str, _Counted]) -> None:
    for table in TABLES:
        found = _Counted(_rows(conn, table))
        for _ in found:
            pass
        if found.digest() != put[table.name].digest():
            raise IntegrityViolated(
                "move-differs",
                f"{table.name} in {masked(conn.engine.url)} is not what was put there",
                hint="nothing was moved; what changes rows on that server? try another one",
            )
