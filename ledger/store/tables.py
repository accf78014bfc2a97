"""The tables of the log, as the recorder and the readers name them. Migrations create them; these
only describe.

`log` is the truth: `record` is the canonical text that is hashed, replayed and exported, every
other column a copy for indexing. `streams` numbers the streams in order of first appearance, `keys`
remembers idempotency keys, `log_head` has one row, whose lock makes one writer at a time.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text, UniqueConstraint

metadata = MetaData()

log = Table(
    "log",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("stream", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("record", Text, nullable=False),
    UniqueConstraint("stream", "version", name="log_stream_version"),
)

streams = Table(
    "streams",
    metadata,
    Column("stream", BigInteger, primary_key=True, autoincrement=False),
    Column("stream_id", Text, nullable=False, unique=True),
)

keys = Table(
    "keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("stream", BigInteger, nullable=False),
    Column("first_version", BigInteger, nullable=False),
    Column("last_version", BigInteger, nullable=False),
    Column("first_position", BigInteger, nullable=False),
    Column("last_position", BigInteger, nullable=False),
)

log_head = Table(
    "log_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("recorded_at", Text, nullable=False),
    Column("ledger_id", Text, nullable=False),
)
