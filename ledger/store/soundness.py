"""What the database says of itself: its own check of every table, and whether both orders of the log hold the same.

A reader by position and a reader by stream take different ways through the file: a record that an index leaves out is
there for the one and not for the other, and no record's text can tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from os import urandom

from sqlalchemy import Connection, Engine, text

from ledger.errors import IntegrityViolated
from ledger.store.checking import Check
from ledger.store.database import reading
from ledger.store.guards import TABLES
from ledger.store.schema import VERSION_TABLE

_ROWS_AT_ONCE = 10_000
_REBUILD_INDEX = {"sqlite": "REINDEX log", "postgresql": "REINDEX TABLE log"}
_RESTORE = "restore a backup, then run: mledger audit verify"


@dataclass(slots=True)
class Places:
    """Where the records of each stream stand, summed up: their number, and a sum that no other places have."""

    _salt: int = field(default_factory=lambda: int.from_bytes(urandom(8), "big"))
    sums: dict[int, tuple[int, int]] = field(default_factory=dict)

    def add(
        self, positions: Iterable[int], streams: Iterable[int], versions: Iterable[int]
    ) -> None:
        """More records, by columns."""
        sums, salt = self.sums, self._salt
        for position, stream, version in zip(positions, streams, versions, strict=True):
            count, total = sums.get(stream, (0, 0))
            sums[stream] = count + 1, total + hash((salt, position, version))

    def beside(self) -> Places:
        """Nothing yet, summed up in the same way."""
        return Places(self._salt)


# --- both orders -------------------------------------------------------------------------------------


def check_orders(conn: Connection, by_position: Places) -> Check:
    """Whether the log read by stream and version is the log that was read by position."""
    check = Check("orders", "by position and by stream the log holds the same records")
    step = f"as its owner: {_REBUILD_INDEX[conn.dialect.name]}"
    by_stream = by_position.beside()
    for streams, versions, positions in _by_stream(conn):
        by_stream.add(positions, streams, versions)
    for stream in sorted(by_position.sums.keys() | by_stream.sums.keys()):
        there, here = by_position.sums.get(stream, (0, 0)), by_stream.sums.get(stream, (0, 0))
        if there != here:
            what = f"stream {stream} has {there[0]} records by position and {here[0]} by version"
            same = ", in other places" if there[0] == here[0] else ""
            check.report(f"{what}{same}: the index log_stream_version is not the table's; {step}")
    if conn.dialect.name == "postgresql":
        events, stored = sum(count for count, _ in by_position.sums.values()), _stored(conn)
        if stored != events:
            what = f"the table holds {stored} records, and its key log_pkey {events}"
            check.report(f"{what}; {step}")
    return check


def _by_stream(conn: Connection) -> Iterator[Iterable[Sequence[int]]]:
    """Streams, versions and positions of the records, by the index of streams and by nothing else."""
    if conn.dialect.name == "postgresql":
        _by_index(conn, True)
    query = text("SELECT stream, version, position FROM log ORDER BY stream, version")
    for rows in conn.execute(query, execution_options={"yield_per": _ROWS_AT_ONCE}).partitions():
        yield zip(*rows, strict=True)


def _stored(conn: Connection) -> int:
    """How many rows the table itself holds, whatever its indexes say."""
    _by_index(conn, False)
    return int(conn.exec_driver_sql("SELECT count(*) FROM log").scalar_one())


def _by_index(conn: Connection, wanted: bool) -> None:
    ways = {"seqscan": not wanted, "sort": not wanted, "bitmapscan": False, "indexscan": wanted}
    for way, used in (ways | {"indexonlyscan": wanted}).items():
        conn.exec_driver_sql(f"SET LOCAL enable_{way} = {'on' if used else 'off'}")


# --- the database's own check ------------------------------------------------------------------------

# bt_index_check reads every index against its table, verify_heapam the table itself; an administrator installs them.
_AMCHECK = """
SELECT coalesce(bool_and(has_function_privilege(p.oid, 'EXECUTE')), false) AND count(*) > 1
FROM pg_extension e JOIN pg_depend d ON d.refobjid = e.oid AND d.deptype = 'e' JOIN pg_proc p ON p.oid = d.objid
WHERE extname = 'amcheck' AND proname IN ('bt_index_check', 'verify_heapam')
"""
_WITHOUT_AMCHECK = (
    "PostgreSQL's own check, amcheck, is not at hand: an administrator can CREATE EXTENSION amcheck and GRANT EXECUTE"
    " on bt_index_check and verify_heapam; every page was read, and both orders of the log were compared"
)
_TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    "postgresql": "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
    " AND has_table_privilege(oid, 'SELECT') ORDER BY relname",
}


def check_tables(engine: Engine) -> tuple[list[Check], str]:
    """Whether the database finds its own tables sound, those of the log and the others; and what could not be asked."""
    log = Check("database", "its own check finds every table and index of the log sound")
    others = Check("read models", "the database's own check finds their tables sound")
    without = ""
    with reading(engine) as conn:
        names = [str(name) for name in conn.exec_driver_sql(_TABLES[conn.dialect.name]).scalars()]
        thorough = conn.dialect.name == "sqlite" or conn.exec_driver_sql(_AMCHECK).scalar_one()
        if not thorough:
            without = _WITHOUT_AMCHECK
    for name in names:
        wrong = _wrong(engine, name, thorough)
        if not wrong:
            continue
        if name in (*TABLES, VERSION_TABLE):
            log.report(f"the table {name} is damaged: {wrong}; {_step(engine, wrong)}")
        else:
            step = "the log is not: mledger projections rebuild, which makes it anew"
            others.report(f"the table {name} is damaged: {wrong}; {step}")
    return [log, others], without


def _step(engine: Engine, wrong: str) -> str:
    of_index = " index" in wrong and "malformed" not in wrong
    return f"as its owner: {_REBUILD_INDEX[engine.dialect.name]}" if of_index else _RESTORE


def _wrong(engine: Engine, table: str, thorough: bool) -> str:
    """What the database finds wrong with a table: "" where nothing is."""
    try:
        with reading(engine) as conn:
            if conn.dialect.name == "sqlite":
                found = conn.exec_driver_sql(f"PRAGMA integrity_check('{table}')").scalars().all()
                return "" if found == ["ok"] else _line(str(found[0]))
            if not thorough:
                conn.exec_driver_sql(f"SELECT count(*) FROM {table}")
                return ""
            indexes = f"SELECT indexrelid FROM pg_index WHERE indrelid = '{table}'::regclass"
            conn.exec_driver_sql(f"SELECT bt_index_check(indexrelid, true) FROM ({indexes}) i")
            heap = f"SELECT msg FROM verify_heapam('{table}') LIMIT 1"
            return _line(str(conn.exec_driver_sql(heap).scalar() or ""))
    except IntegrityViolated as damaged:
        return _line(damaged.message.partition(" is damaged: ")[2] or damaged.message)


def _line(said: str) -> str:
    return " ".join(said.split()).removeprefix("(").strip()
