"""What is not known is null in the read models, and a read model of its own says why.

Revision ID: 0005
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLE = """
    stream BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    contract TEXT NOT NULL,
    partner TEXT NOT NULL,
    currency TEXT NOT NULL,
    milestone TEXT,
    heard_on TEXT,
    signed_inferred BIGINT NOT NULL,
    delivered_inferred BIGINT NOT NULL,
    first_inferred BIGINT NOT NULL,
    no_deliveries BIGINT NOT NULL,
    no_acceptances BIGINT NOT NULL,
    no_rejections BIGINT NOT NULL,
    no_disputes BIGINT NOT NULL,
    no_payments BIGINT NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, ordinal)
"""

NULLABLE = {
    "contracts": ("committed_minor", "paid_minor"),
    "milestones": ("disputes", "disputes_open", "disputed_minor"),
    "schedule": (
        *("net_minor", "held_minor", "paid_minor", "outstanding_minor", "payable_minor"),
        "expected_minor",
    ),
}


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for side in ("a", "b"):
        op.execute(_create(f"unknowns_{side}", TABLE, sqlite))
        for model, columns in NULLABLE.items():
            _allow_null(f"{model}_{side}", columns, sqlite)


def _allow_null(table: str, columns: tuple[str, ...], sqlite: bool) -> None:
    if not sqlite:
        for column in columns:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL")
        return
    # SQLite alters no column: the table is made anew beside the old one, and takes its rows and its name.
    bind = op.get_bind()
    sql = bind.exec_driver_sql(
        f"SELECT sql FROM sqlite_master WHERE type = 'table' AND name = '{table}'"
    ).scalar_one()
    for column in columns:
        before = f"    {column} INTEGER NOT NULL,"
        if before not in sql:
            raise AssertionError(f"{table}.{column} is not what 0002 made it")
        sql = sql.replace(before, f"    {column} INTEGER,")
    bind.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {table}_old")
    bind.exec_driver_sql(sql)
    bind.exec_driver_sql(f"INSERT INTO {table} SELECT * FROM {table}_old")
    bind.exec_driver_sql(f"DROP TABLE {table}_old")


def _create(table: str, columns: str, sqlite: bool) -> str:
    # As the read models of 0002: in order of the key, and text by code point.
    if sqlite:
        return f"CREATE TABLE {table} ({columns.replace('BIGINT', 'INTEGER')}) WITHOUT ROWID"
    text = columns.replace(" TEXT", ' TEXT COLLATE "C"')
    return f"CREATE TABLE {table} ({text})"
