"""The tables of the log, as the recorder and the readers name them. Migrations create them; these
only describe.

`log` is the truth: `record` is the canonical text that is hashed, replayed and exported, every
other column a copy for indexing. `streams` numbers the streams in order of first appearance, `keys`
remembers idempotency keys, `log_head` has one row, whose lock makes one writer at a time.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text, UniqueConstraint

metadata = MetaData()

Number = BigInteger().with_variant(Integer, "sqlite")

log = Table(
    "log",
    metadata,
    Column("position", Number, primary_key=True, autoincrement=False),
    Column("stream", Number, nullable=False),
    Column("version", Number, nullable=False),
    Column("record", Text, nullable=False),
    UniqueConstraint("stream", "version", name="log_stream_version"),
)

streams = Table(
    "streams",
    metadata,
    Column("stream", Number, primary_key=True, autoincrement=False),
    Column("stream_id", Text, nullable=False, unique=True),
)

keys = Table(
    "keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("stream", Number, nullable=False),
    Column("first_version", Number, nullable=False),
    Column("last_version", Number, nullable=False),
    Column("first_position", Number, nullable=False),
    Column("last_position", Number, nullable=False),
)

log_head = Table(
    "log_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("position", Number, nullable=False),
    Column("recorded_at", Text, nullable=False),
    Column("ledger_id", Text, nullable=False),
)

# `note` is the signed checkpoint over the first `size` records, the last of which is a LogSealed; `frontier`
# (base64) are the nodes of the tree without that last record, so that whoever goes on must read it again.
log_checkpoints = Table(
    "log_checkpoints",
    metadata,
    Column("size", Number, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
    Column("frontier", Text, nullable=False),
)
