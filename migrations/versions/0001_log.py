"""The log, its streams, its keys and its head: append-only, on both databases.

Revision ID: 0001
"""

from __future__ import annotations

from uuid import uuid4

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPLICATION_ID = 0x4D4C4447

SQLITE_TABLES = f"""
PRAGMA application_id = {APPLICATION_ID};
CREATE TABLE streams (
    stream INTEGER PRIMARY KEY NOT NULL,
    stream_id TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE log (
    position INTEGER PRIMARY KEY NOT NULL,
    stream INTEGER NOT NULL,
    version INTEGER NOT NULL,
    record TEXT NOT NULL,
    CONSTRAINT log_stream_version UNIQUE (stream, version)
) STRICT;
CREATE TABLE keys (
    key TEXT PRIMARY KEY NOT NULL,
    digest TEXT NOT NULL,
    actor TEXT NOT NULL,
    stream INTEGER NOT NULL,
    first_version INTEGER NOT NULL,
    last_version INTEGER NOT NULL,
    first_position INTEGER NOT NULL,
    last_position INTEGER NOT NULL
) STRICT;
CREATE TABLE log_head (
    id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    position INTEGER NOT NULL,
    recorded_at TEXT NOT NULL,
    ledger_id TEXT NOT NULL
) STRICT
"""

# Besides, a row beyond the head would stand in the way of every later append, and could not be
# removed. INSERT OR REPLACE deletes without firing a DELETE trigger, so an insert over an existing
# row is refused as well.
SQLITE_TAKEN = {
    "log": "SELECT 1 FROM log WHERE position = NEW.position"
    " OR (stream = NEW.stream AND version = NEW.version)"
    # Not one more OR: it would make each insert read the whole log.
    " UNION ALL SELECT 1 WHERE NEW.position > (SELECT position FROM log_head)",
    "streams": "SELECT 1 FROM streams WHERE stream = NEW.stream OR stream_id = NEW.stream_id",
    "keys": "SELECT 1 FROM keys WHERE key = NEW.key",
    "log_head": "SELECT 1 FROM log_head",
}
FORWARD = (
    "NEW.id = OLD.id AND NEW.ledger_id = OLD.ledger_id"
    " AND NEW.position >= OLD.position AND NEW.recorded_at >= OLD.recorded_at"
)


POSTGRESQL_TABLES = """
CREATE TABLE streams (
    stream BIGINT PRIMARY KEY,
    stream_id TEXT COLLATE "C" NOT NULL UNIQUE
);
CREATE TABLE log (
    position BIGINT PRIMARY KEY,
    stream BIGINT NOT NULL,
    version BIGINT NOT NULL,
    record TEXT COLLATE "C" NOT NULL,
    CONSTRAINT log_stream_version UNIQUE (stream, version)
);
CREATE TABLE keys (
    key TEXT COLLATE "C" PRIMARY KEY,
    digest TEXT COLLATE "C" NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    stream BIGINT NOT NULL,
    first_version BIGINT NOT NULL,
    last_version BIGINT NOT NULL,
    first_position BIGINT NOT NULL,
    last_position BIGINT NOT NULL
);
CREATE TABLE log_head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    position BIGINT NOT NULL,
    recorded_at TEXT COLLATE "C" NOT NULL,
    ledger_id TEXT COLLATE "C" NOT NULL
)
"""

POSTGRESQL_REFUSAL = """
CREATE FUNCTION mledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$
"""

POSTGRESQL_WITHIN_HEAD = """
CREATE FUNCTION mledger_within_head() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT max(position) FROM added) > (SELECT position FROM log_head) THEN
        RAISE EXCEPTION 'log has no position beyond its head'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER log_within_head AFTER INSERT ON log REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION mledger_within_head()
"""

TABLES = ("log", "streams", "keys", "log_head")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _upgrade_sqlite()
    else:
        _upgrade_postgresql()


def _upgrade_sqlite() -> None:
    for statement in SQLITE_TABLES.split(";"):
        op.execute(statement.strip())
    op.execute(f"INSERT INTO log_head VALUES (1, 0, '', '{uuid4()}')")
    for table in TABLES:
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        backward = f"WHEN NOT ({FORWARD})" if table == "log_head" else ""
        taken = f"WHEN EXISTS ({SQLITE_TAKEN[table]})"
        op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}")
        op.execute(f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} {taken} {refuse}")
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {backward} {refuse}")


def _upgrade_postgresql() -> None:
    for statement in POSTGRESQL_TABLES.split(";"):
        op.execute(statement.strip())
    op.execute(f"INSERT INTO log_head VALUES (1, 0, '', '{uuid4()}')")
    op.execute(POSTGRESQL_REFUSAL)
    op.execute(POSTGRESQL_WITHIN_HEAD)
    refuse = "EXECUTE FUNCTION mledger_refuse()"
    for table in TABLES:
        backward = f"FOR EACH ROW WHEN (NOT ({FORWARD}))" if table == "log_head" else ""
        op.execute(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE OR TRUNCATE ON {table} {refuse}"
        )
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {backward} {refuse}")
