"""By an index the log tells its records of a type by an actor; and the read model of contracts those of a partner.

Revision ID: 0007
"""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Frozen: ledger/store/lookups.py asks by the very same expressions. A record begins with who recorded it, and within a
# string every quote is escaped. PostgreSQL refuses an entry of more than a third of a page, so of long names only the
# beginning is indexed. One index over both costs an append half of what two would.
SQLITE = (
    "coalesce(CASE WHEN json_valid(record) THEN json_extract(record, '$.type') END, '')"
    " || substr(record, 1, instr(record, ',\"correlation\":') - 1)"
)
POSTGRESQL = (
    "split_part(split_part(right(record, 80), '\"type\":\"', 2), '\"', 1)"
    " || left(split_part(record, ',\"correlation\":', 1), 500)"
)


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    # SQLite ends each entry with the row's own number, the position, by itself.
    what = SQLITE if sqlite else f"({POSTGRESQL}), position"
    op.get_bind().exec_driver_sql(f"CREATE INDEX log_what ON log ({what})")
    for side in ("a", "b"):
        op.execute(f"CREATE INDEX contracts_{side}_partner ON contracts_{side} (partner)")
