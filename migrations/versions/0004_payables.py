"""Read models of retention, of what payments have beside their amounts, and of invoices; twice, like the others.

Revision ID: 0004
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = {
    "retentions": """
    stream BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    part BIGINT NOT NULL,
    contract TEXT NOT NULL,
    partner TEXT NOT NULL,
    milestone TEXT NOT NULL,
    title TEXT NOT NULL,
    currency TEXT NOT NULL,
    due_on TEXT,
    provisional BIGINT NOT NULL,
    retained_minor BIGINT NOT NULL,
    released_minor BIGINT NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, ordinal, part)
""",
    "settlements": """
    stream BIGINT NOT NULL,
    version BIGINT NOT NULL,
    contract TEXT NOT NULL,
    partner TEXT NOT NULL,
    milestone TEXT NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    release BIGINT NOT NULL,
    run TEXT NOT NULL,
    transfer TEXT NOT NULL,
    account TEXT NOT NULL,
    payee BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    paid_minor BIGINT NOT NULL,
    discount_minor BIGINT NOT NULL,
    fees_minor BIGINT NOT NULL,
    instructed_on TEXT,
    paid_on TEXT,
    paid_currency TEXT,
    instructed_foreign_minor BIGINT,
    paid_foreign_minor BIGINT,
    gain_minor BIGINT,
    rate TEXT,
    rate_on TEXT,
    rate_source TEXT,
    reference TEXT NOT NULL,
    entry TEXT NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, version)
""",
    "invoices": """
    stream BIGINT NOT NULL,
    version BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    contract TEXT NOT NULL,
    partner TEXT NOT NULL,
    number TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    currency TEXT NOT NULL,
    milestone TEXT NOT NULL,
    issued_on TEXT,
    received_on TEXT,
    rejected_on TEXT,
    amount_minor BIGINT NOT NULL,
    tax_minor BIGINT NOT NULL,
    covered_minor BIGINT NOT NULL,
    invoiced_minor BIGINT NOT NULL,
    accepted_minor BIGINT,
    paid_minor BIGINT NOT NULL,
    match TEXT NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, version, ordinal)
""",
}


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name, columns in TABLES.items():
        for side in ("a", "b"):
            op.execute(_create(f"{name}_{side}", columns, sqlite))


def _create(table: str, columns: str, sqlite: bool) -> str:
    # As the read models of 0002: in order of the key, and text by code point.
    if sqlite:
        return f"CREATE TABLE {table} ({columns.replace('BIGINT', 'INTEGER')}) WITHOUT ROWID"
    text = columns.replace(" TEXT", ' TEXT COLLATE "C"')
    return f"CREATE TABLE {table} ({text})"
