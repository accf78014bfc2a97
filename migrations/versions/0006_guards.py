"""Guards over every table of the log: what is inserted is compared with the session, the head and its own columns.

PostgreSQL's functions name every table in full and have a search path of their own, which ends in pg_temp: neither a
temporary table nor a search path of the session stands before them. They run once a statement, over all its rows.

Revision ID: 0006
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# What a record of position, stream and version must end in, and what it must begin with, are compared as text:
# parsing each record costs three times as much. Only a text that does not say it in these very bytes is parsed.
FUNCTIONS = r"""
CREATE FUNCTION {schema}.mledger_guard(why text) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'MLG01', MESSAGE = 'guard: ' || why;
END $$

CREATE FUNCTION {schema}.mledger_refuse() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$

CREATE FUNCTION {schema}.mledger_says(
    record text, user_name text, at bigint, recorded_at text, number bigint, stream_id text, version bigint
) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT array_agg(key) = ARRAY['actor', 'authenticated_as', 'correlation', 'data', 'key', 'origin', 'position',
                                  'recorded_at', 'stream', 'stream_id', 'type', 'version']
       AND (array_agg(value))[2] = user_name
       AND (array_agg(value))[7:10] = ARRAY[at::text, recorded_at, number::text, stream_id]
       AND (array_agg(value))[12] = version::text
    FROM json_each_text(replace(record, '\u0000', '\u0001')::json)
$$

CREATE FUNCTION {schema}.mledger_log_inserted() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    lowest bigint;
    highest bigint;
    many bigint;
    head record;
    wrong bigint;
    begins text;
BEGIN
    SELECT min(position), max(position), count(*) INTO lowest, highest, many FROM added;
    IF many = 0 THEN
        RETURN NULL;
    END IF;
    SELECT position, recorded_at INTO head FROM {schema}.log_head;
    IF highest <> head.position OR many <> highest - lowest + 1
        OR (lowest <> 1 AND NOT EXISTS (SELECT FROM {schema}.log WHERE position = lowest - 1))
    THEN
        PERFORM {schema}.mledger_guard('records take the positions that the head has just been moved by');
    END IF;

    SELECT min(a.stream) INTO wrong
    FROM (SELECT stream, min(version), max(version), count(*) FROM added GROUP BY stream) a
        LEFT JOIN {schema}.streams s ON s.stream = a.stream
    WHERE s.stream IS NULL
        OR a.count <> a.max - a.min + 1
        OR (a.min > 1 AND NOT EXISTS
            (SELECT FROM {schema}.log l WHERE l.stream = a.stream AND l.version = a.min - 1))
        OR a.min < 0
        OR EXISTS (SELECT FROM {schema}.log l WHERE l.stream = a.stream AND l.version = a.max + 1)
        OR NOT CASE s.stream_id
            WHEN '~seals' THEN has_table_privilege('{schema}.log_checkpoints', 'INSERT')
            ELSE has_table_privilege('{schema}.keys', 'INSERT')
        END;
    IF wrong IS NOT NULL THEN
        PERFORM {schema}.mledger_guard('stream ' || wrong
            || ' is none that this login may go on with, or would get a gap in its versions');
    END IF;

    begins := '","authenticated_as":' || to_json(session_user::text) || ',"correlation":';
    SELECT min(a.position) INTO wrong
    FROM added a JOIN (
        SELECT s.stream, s.stream_id,
            ',"recorded_at":"' || head.recorded_at || '","stream":' || s.stream
            || ',"stream_id":' || to_json(s.stream_id) || ',"type":"' AS place
        FROM {schema}.streams s WHERE s.stream IN (SELECT stream FROM added)
    ) s ON s.stream = a.stream
    CROSS JOIN LATERAL (
        SELECT ',"position":' || a.position || s.place
            || reverse(split_part(reverse(right(a.record, 150)), '"', 4)) || '","version":' || a.version || '}}' AS ends
    ) e
    WHERE NOT CASE
        WHEN right(a.record, length(e.ends)) = e.ends
            AND starts_with(a.record, '{{"actor":"' || split_part(left(a.record, 300), '"', 4) || begins)
            AND strpos(a.record, '\u') = 0
            AND length(a.record) - length(replace(a.record, '"authenticated_as"', '')) = 18
        THEN a.record::json IS NOT NULL
        ELSE {schema}.mledger_says(
            a.record, session_user::text, a.position, head.recorded_at, a.stream, s.stream_id, a.version)
    END;
    IF wrong IS NOT NULL THEN
        PERFORM {schema}.mledger_guard('the record at position ' || wrong
            || ' does not say who records it, when, or where it stands');
    END IF;
    RETURN NULL;
END $$

CREATE FUNCTION {schema}.mledger_streams_inserted() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    lowest bigint;
    highest bigint;
    many bigint;
BEGIN
    SELECT min(stream), max(stream), count(*) INTO lowest, highest, many FROM added;
    IF many > 0 AND (many <> highest - lowest + 1
        OR highest <> (SELECT max(stream) FROM {schema}.streams)
        OR (lowest <> 1 AND NOT EXISTS (SELECT FROM {schema}.streams WHERE stream = lowest - 1)))
    THEN
        PERFORM {schema}.mledger_guard('streams are numbered one after the other');
    END IF;
    RETURN NULL;
END $$

CREATE FUNCTION {schema}.mledger_stream_named() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM {schema}.log WHERE stream = NEW.stream) THEN
        PERFORM {schema}.mledger_guard('stream ' || NEW.stream || ' has no record that names it');
    END IF;
    RETURN NULL;
END $$

CREATE FUNCTION {schema}.mledger_keys_inserted() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added a
            LEFT JOIN {schema}.log f ON f.position = a.first_position
                AND f.stream = a.stream AND f.version = a.first_version
                AND starts_with(f.record, '{{"actor":' || to_json(a.actor) || ',"authenticated_as":')
            LEFT JOIN {schema}.log l ON l.stream = a.stream AND l.version = a.last_version
                AND l.position BETWEEN a.first_position AND a.last_position
        WHERE f.position IS NULL OR l.position IS NULL
            OR a.last_position <> (SELECT position FROM {schema}.log_head)
            OR EXISTS (SELECT FROM {schema}.log o WHERE o.stream = a.stream AND o.version = a.last_version + 1)
            OR EXISTS (SELECT FROM {schema}.log o WHERE o.position BETWEEN a.first_position AND a.last_position
                AND strpos(o.record, ',"key":' || to_json(a.key) || ',"origin":') = 0)
    ) THEN
        PERFORM {schema}.mledger_guard('a key names the records just made under it, and who made them');
    END IF;
    RETURN NULL;
END $$

CREATE FUNCTION {schema}.mledger_log_checkpoints_inserted() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added a CROSS JOIN {schema}.log_head h
            LEFT JOIN {schema}.log l ON l.position = a.size
            LEFT JOIN {schema}.streams s ON s.stream = l.stream
        WHERE a.size <> h.position OR s.stream_id IS DISTINCT FROM '~seals'
            OR split_part(a.note, E'\n', 1) <> 'mledger/' || h.ledger_id
            OR split_part(a.note, E'\n', 2) <> a.size::text
            OR a.size <> (SELECT max(size) FROM {schema}.log_checkpoints)
    ) THEN
        PERFORM {schema}.mledger_guard('a checkpoint goes with the seal at the head, and says so');
    END IF;
    RETURN NULL;
END $$

CREATE FUNCTION {schema}.mledger_head_moves() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    form constant text := 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"';
BEGIN
    IF OLD.position <> (SELECT coalesce(max(position), 0) FROM {schema}.log) THEN
        PERFORM {schema}.mledger_guard('the head stands at ' || OLD.position || ', and the log does not end there');
    END IF;
    -- Since the statement began, so that who waits for the lock long and then gets it is not refused.
    IF NEW.recorded_at <> OLD.recorded_at AND (
        NEW.recorded_at <> to_char(NEW.recorded_at::timestamptz AT TIME ZONE 'UTC', form)
        OR NEW.recorded_at < to_char((statement_timestamp() - interval '1 second') AT TIME ZONE 'UTC', form)
        OR NEW.recorded_at > to_char((clock_timestamp() + interval '1 second') AT TIME ZONE 'UTC', form))
        OR NEW.position <> OLD.position AND NEW.recorded_at
            < to_char((statement_timestamp() - interval '1 second') AT TIME ZONE 'UTC', form)
    THEN
        PERFORM {schema}.mledger_guard('the time of recording is the server''s, and ' || NEW.recorded_at || ' is not');
    END IF;
    RETURN NEW;
END $$

CREATE FUNCTION {schema}.mledger_head_stands() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (SELECT position FROM {schema}.log_head) <> (SELECT coalesce(max(position), 0) FROM {schema}.log) THEN
        PERFORM {schema}.mledger_guard('the head moves by the records that follow, and by no more');
    END IF;
    RETURN NULL;
END $$
"""

# Deferred to the commit, which nobody can put off further: only to now.
TRIGGERS = """
CREATE TRIGGER log_head_moves BEFORE UPDATE ON {schema}.log_head
    FOR EACH ROW EXECUTE FUNCTION {schema}.mledger_head_moves();
CREATE CONSTRAINT TRIGGER log_head_stands AFTER UPDATE ON {schema}.log_head DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION {schema}.mledger_head_stands();
CREATE CONSTRAINT TRIGGER streams_named AFTER INSERT ON {schema}.streams DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION {schema}.mledger_stream_named()
"""
INSERTED = """
CREATE TRIGGER {table}_inserted AFTER INSERT ON {schema}.{table} REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.mledger_{table}_inserted()
"""
# What the nights did: rows of a projector's, which nobody but the owner takes away again.
NIGHTS = """
CREATE TABLE nightly_runs (
    run_id TEXT PRIMARY KEY NOT NULL,
    started_at TEXT NOT NULL,
    outcome TEXT NOT NULL
)
"""
COMPARED = ("log", "streams", "keys", "log_checkpoints")

# SQLite has no sessions and defers no trigger. So the head may move on only from the end of the log.
SQLITE = {
    "log_inserted BEFORE INSERT ON log": (
        """
        NOT CASE WHEN instr(NEW.record, ',"position":' || NEW.position || ',"recorded_at":"'
            || (SELECT recorded_at FROM log_head) || '","stream":' || NEW.stream || ',"stream_id":'
            || (SELECT json_quote(stream_id) FROM streams WHERE stream = NEW.stream) || ',"type":"')
            AND NEW.record GLOB '*,"version":' || NEW.version || '}'
        THEN json_valid(NEW.record)
        ELSE coalesce(json_extract(NEW.record, '$.position', '$.recorded_at', '$.stream', '$.stream_id', '$.version')
            = json_array(NEW.position, (SELECT recorded_at FROM log_head), NEW.stream,
                (SELECT stream_id FROM streams WHERE stream = NEW.stream), NEW.version), 0)
        END""",
        "a record says when it was recorded and where it stands",
    ),
    "log_follows BEFORE INSERT ON log": (
        """
        NEW.position <> 1 AND NOT EXISTS (SELECT 1 FROM log WHERE position = NEW.position - 1)
        OR NEW.version > 1
            AND NOT EXISTS (SELECT 1 FROM log WHERE stream = NEW.stream AND version = NEW.version - 1)
        OR EXISTS (SELECT 1 FROM log WHERE stream = NEW.stream AND version = NEW.version + 1)""",
        "records follow one another without a gap",
    ),
    "streams_inserted BEFORE INSERT ON streams": (
        "NEW.stream <> (SELECT coalesce(max(stream), 0) + 1 FROM streams)",
        "streams are numbered one after the other",
    ),
    "keys_inserted BEFORE INSERT ON keys": (
        """
        NEW.last_position <> (SELECT position FROM log_head)
        OR NOT EXISTS (SELECT 1 FROM log WHERE position = NEW.first_position AND stream = NEW.stream
            AND version = NEW.first_version AND json_extract(record, '$.actor') = NEW.actor
            AND json_extract(record, '$.key') = NEW.key)
        OR NOT EXISTS (SELECT 1 FROM log WHERE stream = NEW.stream AND version = NEW.last_version
            AND position BETWEEN NEW.first_position AND NEW.last_position)""",
        "a key names the records just made under it, and who made them",
    ),
    "log_checkpoints_inserted BEFORE INSERT ON log_checkpoints": (
        """
        NEW.size <> (SELECT position FROM log_head)
        OR NOT EXISTS (SELECT 1 FROM log JOIN streams USING (stream)
            WHERE position = NEW.size AND stream_id = '~seals')
        OR instr(NEW.note, 'mledger/' || (SELECT ledger_id FROM log_head) || char(10) || NEW.size || char(10)) <> 1""",
        "a checkpoint goes with the seal at the head, and says so",
    ),
    "log_head_moves BEFORE UPDATE ON log_head": (
        """
        OLD.position <> (SELECT coalesce(max(position), 0) FROM log)
        OR NEW.recorded_at <> '' AND NEW.recorded_at NOT GLOB
            '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9]*Z'""",
        "the head moves on from the end of the log only, at a time",
    ),
}


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _run(NIGHTS)
        for head, (wrong, why) in SQLITE.items():
            _run(
                f"CREATE TRIGGER {head} WHEN {wrong} BEGIN SELECT RAISE(ABORT, 'guard: {why}'); END"
            )
    else:
        _upgrade_postgresql()


def _upgrade_postgresql() -> None:
    _run(NIGHTS.replace(" TEXT", ' TEXT COLLATE "C"'))
    schema = op.get_bind().exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    _run("DROP TRIGGER log_within_head ON log")
    _run("DROP FUNCTION mledger_within_head()")
    functions = FUNCTIONS.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    for function in functions.strip().split("\n\nCREATE "):
        text = function if function.startswith("CREATE ") else f"CREATE {function}"
        _run(text.format(schema=schema))
    for trigger in TRIGGERS.split(";"):
        _run(trigger.format(schema=schema).strip())
    for table in COMPARED:
        _run(INSERTED.format(schema=schema, table=table).strip())


def _run(statement: str) -> None:
    """Straight to the driver: SQLAlchemy would take the colons of JSON and of times for parameters."""
    op.get_bind().exec_driver_sql(statement.replace("%", "%%") if "%" in statement else statement)
