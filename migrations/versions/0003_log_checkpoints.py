"""The signed checkpoints of the log: append-only, on both databases.

Revision ID: 0003
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SQLITE = """
CREATE TABLE log_checkpoints (
    size INTEGER PRIMARY KEY NOT NULL,
    note TEXT NOT NULL,
    frontier TEXT NOT NULL
) STRICT
"""
POSTGRESQL = """
CREATE TABLE log_checkpoints (
    size BIGINT PRIMARY KEY,
    note TEXT COLLATE "C" NOT NULL,
    frontier TEXT COLLATE "C" NOT NULL
)
"""
# Each goes on from the one before. INSERT OR REPLACE deletes without firing a DELETE trigger, so on SQLite an
# insert that is not beyond the last is refused before it could.
BEHIND = "NEW.size <= (SELECT coalesce(max(size), 0) FROM log_checkpoints)"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        refuse = "BEGIN SELECT RAISE(ABORT, 'log_checkpoints is append-only'); END"
        op.execute(SQLITE)
        for name, on in (
            ("no_delete", "DELETE ON log_checkpoints"),
            ("no_replace", f"INSERT ON log_checkpoints WHEN {BEHIND}"),
            ("no_update", "UPDATE ON log_checkpoints"),
        ):
            op.execute(f"CREATE TRIGGER log_checkpoints_{name} BEFORE {on} {refuse}")
    else:
        refuse = "ON log_checkpoints EXECUTE FUNCTION mledger_refuse()"
        op.execute(POSTGRESQL)
        op.execute(f"CREATE TRIGGER log_checkpoints_no_delete BEFORE DELETE OR TRUNCATE {refuse}")
        op.execute(f"CREATE TRIGGER log_checkpoints_no_update BEFORE UPDATE {refuse}")
