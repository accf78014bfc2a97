"""The second side of a first build: the rows that serve, copied, which is a fraction of folding the log once more."""

from __future__ import annotations

from sqlalchemy import Engine

from ledger.store.database import reading, writing
from ledger.store.reading import head, stream_count
from projections.derive import DERIVATION
from projections.rebuild import sink
from projections.rebuild.build import bulk_engine, ranges
from projections.rebuild.catchup import bring_forward
from projections.sides import Side, checkpoint, mark, names, other


def copy(engine: Engine, served: Side) -> None:
    """Fills the resting side with the rows of the one that serves, by whoever holds the lock of rebuilds.

    Catch-ups go on meanwhile: streams that changed since it began are folded again at the end.
    """
    resting = other(served)
    with reading(engine) as conn:
        began, streams = checkpoint(conn, served).position, stream_count(conn)
    with writing(engine) as conn:
        mark(conn, resting, 0, f"copied from {served}")
    for table in names(resting).values():
        sink.empty_damaged(engine, table)
    with bulk_engine(engine.url.render_as_string(hide_password=False)) as hurried:
        for some in ranges(streams):
            with writing(hurried) as conn:
                for source, target in zip(
                    names(served).values(), names(resting).values(), strict=True
                ):
                    conn.exec_driver_sql(
                        f"INSERT INTO {target} SELECT * FROM {source}"
                        f" WHERE stream BETWEEN {some[0]:d} AND {some[-1]:d}"
                    )
    with writing(engine) as conn:
        mark(conn, resting, began, DERIVATION)
    with reading(engine) as conn:
        until = head(conn).position
    bring_forward(engine, resting, until)
