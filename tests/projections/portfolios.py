"""Ledgers to rebuild: a played portfolio appended in its own order, its rows, and the rows it must have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, islice

from sqlalchemy import Connection

from ledger.events import Record, decode_record, encode
from ledger.state import Contract
from ledger.store import Envelope, Ledger
from ledger.store.database import reading, writing
from projections.derive import MODELS
from projections.derive.model import Row
from projections.reading import Reader
from projections.rebuild.fold import rows_of
from projections.sides import Side, checkpoint, serving
from tests.benchmarks.logs import appends, contracts

Tables = dict[str, list[Row]]


def append(ledger: Ledger[Contract], records: Sequence[Record]) -> None:
    """Appends played records; they get the positions, stream numbers and versions that they were played with."""
    for actor, some in groupby(records, lambda record: record.actor):
        batch = [
            (stream, some_of[0].version - 1, [record.data for record in some_of])
            for stream, group in groupby(some, lambda record: record.stream_id)
            for some_of in [list(group)]
        ]
        ledger.append(batch, Envelope(actor=actor, origin="test"))


def one_by_one(ledger: Ledger[Contract], records: Sequence[Record]) -> Iterator[Record]:
    """Appends played records one at a time, and gives each when it is recorded."""
    for record in records:
        append(ledger, [record])
        yield record


def fill(ledger: Ledger[Contract], count: int, events: int = 50, at_once: int = 100) -> None:
    """Appends so many realistic contracts, some at a time: one by one, each is in a piece of the log of its own."""
    left = contracts(count, events)
    while some := list(islice(left, at_once)):
        for actor, batch in appends(some):
            ledger.append(batch, Envelope(actor=actor, origin="bench"))


def tables_of(conn: Connection, side: Side) -> Tables:
    """Every row of a side, in the order of the keys."""
    return {
        model.name: [
            tuple(row)
            for row in conn.exec_driver_sql(
                f"SELECT * FROM {model.name}_{side} ORDER BY {', '.join(model.key)}"
            )
        ]
        for model in MODELS
    }


def served(ledger: Ledger[Contract]) -> Tables:
    """Every row that readers see."""
    with reading(ledger.engine) as conn:
        return tables_of(conn, serving(conn))


def seen_by(reader: Reader) -> Tables:
    """Every row that a reader sees."""
    return {
        model.name: [
            tuple(row.values())
            for row in reader.select(
                f"SELECT * FROM {{{model.name}}} ORDER BY {', '.join(model.key)}"
            )
        ]
        for model in MODELS
    }


def derived(records: Sequence[Record]) -> Tables:
    """The rows that records give, as they would be stored, by derivation alone, without a database."""
    stored = [decode_record(encode(record)) for record in records]
    ordered = sorted(stored, key=lambda record: (record.stream, record.version))
    return {
        model.name: sorted(
            rows, key=lambda row: tuple(row[model.names.index(k)] for k in model.key)
        )
        for model, rows in zip(MODELS, rows_of(ordered), strict=True)
    }


def standing(ledger: Ledger[Contract]) -> tuple[Side, int, str]:
    """Which side serves, how far it reaches, and by which derivation."""
    with reading(ledger.engine) as conn:
        side = serving(conn)
        reached = checkpoint(conn, side)
    return side, reached.position, reached.derivation


def change(ledger: Ledger[Contract], *statements: str) -> None:
    """What somebody with every right does by hand."""
    with writing(ledger.engine) as conn:
        for statement in statements:
            conn.exec_driver_sql(statement)


def damage_log(ledger: Ledger[Contract], *statements: str) -> None:
    """Changes the log behind its guards."""
    if ledger.engine.dialect.name == "sqlite":
        guards = [
            f"DROP TRIGGER {t}_no_{k}" for t in ("log", "log_head") for k in ("update", "delete")
        ]
    else:
        guards = [f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in ("log", "log_head")]
    change(ledger, *guards, *statements)
