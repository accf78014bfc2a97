"""The head moves only with records: neither its time alone, nor its position back to where it stands.

Since 0006 its position moves by exactly the records that follow; its time alone could still be set to now.

Revision ID: 0008
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

POSTGRESQL = """
CREATE OR REPLACE FUNCTION {schema}.mledger_head_moves() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    form constant text := 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"';
BEGIN
    IF OLD.position <> (SELECT coalesce(max(position), 0) FROM {schema}.log) THEN
        PERFORM {schema}.mledger_guard('the head stands at ' || OLD.position || ', and the log does not end there');
    END IF;
    IF NEW.position <= OLD.position THEN
        PERFORM {schema}.mledger_guard('the head moves by the records that follow, and by no more');
    END IF;
    -- Since the statement began, so that who waits for the lock long and then gets it is not refused.
    IF NEW.recorded_at < to_char((statement_timestamp() - interval '1 second') AT TIME ZONE 'UTC', form)
        OR NEW.recorded_at <> OLD.recorded_at AND (
            NEW.recorded_at <> to_char(NEW.recorded_at::timestamptz AT TIME ZONE 'UTC', form)
            OR NEW.recorded_at > to_char((clock_timestamp() + interval '1 second') AT TIME ZONE 'UTC', form))
    THEN
        PERFORM {schema}.mledger_guard('the time of recording is the server''s, and ' || NEW.recorded_at || ' is not');
    END IF;
    RETURN NEW;
END $$
"""

SQLITE = """
CREATE TRIGGER log_head_moves BEFORE UPDATE ON log_head WHEN
    OLD.position <> (SELECT coalesce(max(position), 0) FROM log)
    OR NEW.position <= OLD.position
    OR NEW.recorded_at NOT GLOB
        '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9]*Z'
BEGIN SELECT RAISE(ABORT, 'guard: the head moves on from the end of the log only, at a time'); END
"""


def upgrade() -> None:
    conn = op.get_bind()
    if conn.dialect.name == "sqlite":
        # Missing, where somebody took it away: mledger init is what puts it back.
        conn.exec_driver_sql("DROP TRIGGER IF EXISTS log_head_moves")
        conn.exec_driver_sql(SQLITE.strip())
    else:
        schema = conn.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
        conn.exec_driver_sql(POSTGRESQL.format(schema=schema).strip())
