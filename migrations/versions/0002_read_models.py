"""The read models, twice (side a, side b), which side serves, how far each reaches, and the runs of the rebuild.

Revision ID: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Frozen: a later change of a read model is a later revision. BIGINT and TEXT become SQLite's INTEGER and TEXT.
TABLES = {
    "contracts": """
    stream BIGINT NOT NULL,
    version BIGINT NOT NULL,
    position BIGINT NOT NULL,
    contract TEXT NOT NULL,
    title TEXT NOT NULL,
    client TEXT NOT NULL,
    partner TEXT NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    timezone TEXT NOT NULL,
    signed_on TEXT,
    value_minor BIGINT,
    committed_minor BIGINT NOT NULL,
    paid_minor BIGINT NOT NULL,
    payments BIGINT NOT NULL,
    milestones BIGINT NOT NULL,
    imported BIGINT NOT NULL,
    separation BIGINT NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream)
""",
    "milestones": """
    stream BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    contract TEXT NOT NULL,
    partner TEXT NOT NULL,
    milestone TEXT NOT NULL,
    family TEXT NOT NULL,
    title TEXT NOT NULL,
    stage TEXT NOT NULL,
    owner TEXT NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    source_status TEXT,
    twin_status TEXT,
    original_due TEXT,
    current_due TEXT,
    reference_due TEXT,
    original_minor BIGINT,
    amount_minor BIGINT,
    reference_minor BIGINT,
    started_on TEXT,
    first_submitted_on TEXT,
    delivered_on TEXT,
    delivery TEXT NOT NULL,
    accepted_on TEXT,
    is_accepted BIGINT NOT NULL,
    is_root BIGINT NOT NULL,
    submissions BIGINT NOT NULL,
    first_pass BIGINT,
    first_decided_on TEXT,
    submitted_minor BIGINT,
    disputes BIGINT NOT NULL,
    disputes_open BIGINT NOT NULL,
    disputed_minor BIGINT NOT NULL,
    settled_on TEXT,
    cancelled_on TEXT,
    baselines BIGINT NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, ordinal)
""",
    "schedule": """
    stream BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    contract TEXT NOT NULL,
    partner TEXT NOT NULL,
    kind TEXT NOT NULL,
    milestone TEXT,
    title TEXT,
    stage TEXT,
    status TEXT NOT NULL,
    currency TEXT NOT NULL,
    due_on TEXT,
    provisional BIGINT NOT NULL,
    gross_minor BIGINT,
    bonus_minor BIGINT NOT NULL,
    penalty_minor BIGINT NOT NULL,
    credit_minor BIGINT NOT NULL,
    adjustment_minor BIGINT NOT NULL,
    tax_minor BIGINT NOT NULL,
    retention_minor BIGINT NOT NULL,
    net_minor BIGINT NOT NULL,
    held_minor BIGINT NOT NULL,
    instructed_minor BIGINT NOT NULL,
    paid_minor BIGINT NOT NULL,
    outstanding_minor BIGINT NOT NULL,
    payable_minor BIGINT NOT NULL,
    expected_minor BIGINT NOT NULL,
    settled_on TEXT,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, ordinal, kind)
""",
    "disputes": """
    stream BIGINT NOT NULL,
    version BIGINT NOT NULL,
    contract TEXT NOT NULL,
    partner TEXT NOT NULL,
    milestone TEXT NOT NULL,
    family TEXT NOT NULL,
    side TEXT NOT NULL,
    status TEXT NOT NULL,
    currency TEXT NOT NULL,
    reason TEXT NOT NULL,
    amount_minor BIGINT,
    opened_on TEXT,
    ended_on TEXT,
    opened_by TEXT NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, version)
""",
    "payments": """
    stream BIGINT NOT NULL,
    version BIGINT NOT NULL,
    contract TEXT NOT NULL,
    partner TEXT NOT NULL,
    milestone TEXT,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    paid_minor BIGINT NOT NULL,
    instructed_on TEXT,
    paid_on TEXT,
    ended_on TEXT,
    run TEXT NOT NULL,
    reference TEXT NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, version)
""",
    "bonuses": """
    stream BIGINT NOT NULL,
    version BIGINT NOT NULL,
    contract TEXT NOT NULL,
    partner TEXT NOT NULL,
    milestone TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    taken_back_minor BIGINT NOT NULL,
    awarded_on TEXT,
    PRIMARY KEY (stream, version)
""",
    "inbox": """
    stream BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    contract TEXT NOT NULL,
    partner TEXT NOT NULL,
    task TEXT NOT NULL,
    reference TEXT NOT NULL,
    title TEXT NOT NULL,
    role TEXT NOT NULL,
    people TEXT NOT NULL,
    since TEXT,
    due_on TEXT,
    currency TEXT NOT NULL,
    amount_minor BIGINT,
    waits_for TEXT NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, ordinal)
""",
    "findings": """
    stream BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    contract TEXT NOT NULL,
    rule TEXT NOT NULL,
    severity TEXT NOT NULL,
    milestone TEXT,
    detail TEXT NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, ordinal)
""",
}

CONTROL = """
CREATE TABLE serving (id BIGINT PRIMARY KEY CHECK (id = 1), side TEXT NOT NULL CHECK (side IN ('a', 'b')));
INSERT INTO serving VALUES (1, 'a');
CREATE TABLE checkpoints (
    side TEXT PRIMARY KEY NOT NULL CHECK (side IN ('a', 'b')),
    position BIGINT NOT NULL,
    derivation TEXT NOT NULL
);
INSERT INTO checkpoints VALUES ('a', 0, ''), ('b', 0, '');
CREATE TABLE rebuild_lock (id BIGINT PRIMARY KEY CHECK (id = 1), taken BIGINT NOT NULL);
INSERT INTO rebuild_lock VALUES (1, 0);
CREATE TABLE rebuild_holder (id BIGINT PRIMARY KEY CHECK (id = 1), holder TEXT NOT NULL);
INSERT INTO rebuild_holder VALUES (1, '');
CREATE TABLE rebuild_runs (
    run_id TEXT PRIMARY KEY NOT NULL,
    started_at TEXT NOT NULL,
    certificate TEXT NOT NULL
)
"""


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name, columns in TABLES.items():
        for side in ("a", "b"):
            op.execute(_create(f"{name}_{side}", columns, sqlite))
    for statement in CONTROL.split(";"):
        op.execute(_typed(statement, sqlite))


def _create(table: str, columns: str, sqlite: bool) -> str:
    # In order of the key, which is the order of streams: a rebuild appends, and one contract's rows lie together.
    kind = " WITHOUT ROWID" if sqlite else ""
    return f"CREATE TABLE {table} ({_typed(columns, sqlite)}){kind}"


def _typed(ddl: str, sqlite: bool) -> str:
    if sqlite:
        return ddl.replace("BIGINT", "INTEGER")
    # Text sorts by code point, on both databases.
    return ddl.replace(" TEXT", ' TEXT COLLATE "C"')
