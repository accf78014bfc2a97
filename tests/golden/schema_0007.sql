-- Schema 0007 with three events, as its release left it; how it is upgraded is tested for ever.
PRAGMA application_id = 1296843847;
BEGIN TRANSACTION;
CREATE TABLE bonuses_a (
    stream INTEGER NOT NULL,
    version INTEGER NOT NULL,
    contract TEXT NOT NULL,
    partner TEXT NOT NULL,
    milestone TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    taken_back_minor INTEGER NOT NULL,
    awarded_on TEXT,
    PRIMARY KEY (stream, version)
) WITHOUT ROWID;
CREATE TABLE bonuses_b (
    stream INTEGER NOT NULL,
    version INTEGER NOT NULL,
    contract TEXT NOT NULL,
    partner TEXT NOT NULL,
    milestone TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    taken_back_minor INTEGER NOT NULL,
    awarded_on TEXT,
    PRIMARY KEY (stream, version)
) WITHOUT ROWID;
CREATE TABLE checkpoints (
    side TEXT PRIMARY KEY NOT NULL CHECK (side IN ('a', 'b')),
    position INTEGER NOT NULL,
    derivation TEXT NOT NULL
);
INSERT INTO "checkpoints" VALUES('a',0,'');
INSERT INTO "checkpoints" VALUES('b',0,'');
CREATE TABLE contracts_a (
    stream INTEGER NOT NULL,
    version INTEGER NOT NULL,
    position INTEGER NOT NULL,
    contract TEXT NOT NULL,
    title TEXT NOT NULL,
    client TEXT NOT NULL,
    partner TEXT NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    timezone TEXT NOT NULL,
    signed_on TEXT,
    value_minor INTEGER,
    committed_minor INTEGER,
    paid_minor INTEGER,
    payments INTEGER NOT NULL,
    milestones INTEGER NOT NULL,
    imported INTEGER NOT NULL,
    separation INTEGER NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream)
) WITHOUT ROWID;
CREATE TABLE contracts_b (
    stream INTEGER NOT NULL,
    version INTEGER NOT NULL,
    position INTEGER NOT NULL,
    contract TEXT NOT NULL,
    title TEXT NOT NULL,
    client TEXT NOT NULL,
    partner TEXT NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    timezone TEXT NOT NULL,
    signed_on TEXT,
    value_minor INTEGER,
    committed_minor INTEGER,
    paid_minor INTEGER,
    payments INTEGER NOT NULL,
    milestones INTEGER NOT NULL,
    imported INTEGER NOT NULL,
    separation INTEGER NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream)
) WITHOUT ROWID;
CREATE TABLE disputes_a (
    stream INTEGER NOT NULL,
    version INTEGER NOT NULL,
    contract TEXT NOT NULL,
    partner TEXT NOT NULL,
    milestone TEXT NOT NULL,
    family TEXT NOT NULL,
    side TEXT NOT NULL,
    status TEXT NOT NULL,
    currency TEXT NOT NULL,
    reason TEXT NOT NULL,
    amount_minor INTEGER,
    opened_on TEXT,
    ended_on TEXT,
    opened_by TEXT NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, version)
) WITHOUT ROWID;
CREATE TABLE disputes_b (
    stream INTEGER NOT NULL,
    version INTEGER NOT NULL,
    contract TEXT NOT NULL,
    partner TEXT NOT NULL,
    milestone TEXT NOT NULL,
    family TEXT NOT NULL,
    side TEXT NOT NULL,
    status TEXT NOT NULL,
    currency TEXT NOT NULL,
    reason TEXT NOT NULL,
    amount_minor INTEGER,
    opened_on TEXT,
    ended_on TEXT,
    opened_by TEXT NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, version)
) WITHOUT ROWID;
CREATE TABLE findings_a (
    stream INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    contract TEXT NOT NULL,
    rule TEXT NOT NULL,
    severity TEXT NOT NULL,
    milestone TEXT,
    detail TEXT NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, ordinal)
) WITHOUT ROWID;
CREATE TABLE findings_b (
    stream INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    contract TEXT NOT NULL,
    rule TEXT NOT NULL,
    severity TEXT NOT NULL,
    milestone TEXT,
    detail TEXT NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, ordinal)
) WITHOUT ROWID;
CREATE TABLE inbox_a (
    stream INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
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
    amount_minor INTEGER,
    waits_for TEXT NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, ordinal)
) WITHOUT ROWID;
CREATE TABLE inbox_b (
    stream INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
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
    amount_minor INTEGER,
    waits_for TEXT NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, ordinal)
) WITHOUT ROWID;
CREATE TABLE invoices_a (
    stream INTEGER NOT NULL,
    version INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
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
    amount_minor INTEGER NOT NULL,
    tax_minor INTEGER NOT NULL,
    covered_minor INTEGER NOT NULL,
    invoiced_minor INTEGER NOT NULL,
    accepted_minor INTEGER,
    paid_minor INTEGER NOT NULL,
    match TEXT NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, version, ordinal)
) WITHOUT ROWID;
CREATE TABLE invoices_b (
    stream INTEGER NOT NULL,
    version INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
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
    amount_minor INTEGER NOT NULL,
    tax_minor INTEGER NOT NULL,
    covered_minor INTEGER NOT NULL,
    invoiced_minor INTEGER NOT NULL,
    accepted_minor INTEGER,
    paid_minor INTEGER NOT NULL,
    match TEXT NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, version, ordinal)
) WITHOUT ROWID;
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
INSERT INTO "keys" VALUES('key-1','0000000000000000000000000000000000000000000000000000000000000000','alice@example.com',1,2,2,2,3);
CREATE TABLE log (
    position INTEGER PRIMARY KEY NOT NULL,
    stream INTEGER NOT NULL,
    version INTEGER NOT NULL,
    record TEXT NOT NULL,
    CONSTRAINT log_stream_version UNIQUE (stream, version)
) STRICT;
INSERT INTO "log" VALUES(1,1,1,'{"actor":"alice@example.com","authenticated_as":"alice","correlation":null,"data":{"milestone":"M1"},"key":null,"origin":"test","position":1,"recorded_at":"2026-11-22T09:00:00.123456Z","stream":1,"stream_id":"C-1","type":"MilestoneStarted/1","version":1}');
INSERT INTO "log" VALUES(2,1,2,'{"actor":"alice@example.com","authenticated_as":"alice","correlation":"run-1","data":{"milestone":"M2"},"key":"key-1","origin":"test","position":2,"recorded_at":"2026-11-22T09:00:00.123456Z","stream":1,"stream_id":"C-1","type":"MilestoneStarted/1","version":2}');
INSERT INTO "log" VALUES(3,2,1,'{"actor":"alice@example.com","authenticated_as":"alice","correlation":"run-1","data":{"milestone":"M1"},"key":"key-1","origin":"test","position":3,"recorded_at":"2026-11-22T09:00:00.123456Z","stream":2,"stream_id":"C-2","type":"MilestoneStarted/1","version":1}');
CREATE TABLE log_checkpoints (
    size INTEGER PRIMARY KEY NOT NULL,
    note TEXT NOT NULL,
    frontier TEXT NOT NULL
) STRICT
;
CREATE TABLE log_head (
    id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    position INTEGER NOT NULL,
    recorded_at TEXT NOT NULL,
    ledger_id TEXT NOT NULL
) STRICT;
INSERT INTO "log_head" VALUES(1,3,'2026-11-22T09:00:00.123456Z','91409a6d-9539-4bb4-bb65-ff79bb959527');
CREATE TABLE milestones_a (
    stream INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
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
    original_minor INTEGER,
    amount_minor INTEGER,
    reference_minor INTEGER,
    started_on TEXT,
    first_submitted_on TEXT,
    delivered_on TEXT,
    delivery TEXT NOT NULL,
    accepted_on TEXT,
    is_accepted INTEGER NOT NULL,
    is_root INTEGER NOT NULL,
    submissions INTEGER NOT NULL,
    first_pass INTEGER,
    first_decided_on TEXT,
    submitted_minor INTEGER,
    disputes INTEGER,
    disputes_open INTEGER,
    disputed_minor INTEGER,
    settled_on TEXT,
    cancelled_on TEXT,
    baselines INTEGER NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, ordinal)
) WITHOUT ROWID;
CREATE TABLE milestones_b (
    stream INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
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
    original_minor INTEGER,
    amount_minor INTEGER,
    reference_minor INTEGER,
    started_on TEXT,
    first_submitted_on TEXT,
    delivered_on TEXT,
    delivery TEXT NOT NULL,
    accepted_on TEXT,
    is_accepted INTEGER NOT NULL,
    is_root INTEGER NOT NULL,
    submissions INTEGER NOT NULL,
    first_pass INTEGER,
    first_decided_on TEXT,
    submitted_minor INTEGER,
    disputes INTEGER,
    disputes_open INTEGER,
    disputed_minor INTEGER,
    settled_on TEXT,
    cancelled_on TEXT,
    baselines INTEGER NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, ordinal)
) WITHOUT ROWID;
CREATE TABLE mledger_schema (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT mledger_schema_pkc PRIMARY KEY (version_num)
);
INSERT INTO "mledger_schema" VALUES('0007');
CREATE TABLE nightly_runs (
    run_id TEXT PRIMARY KEY NOT NULL,
    started_at TEXT NOT NULL,
    outcome TEXT NOT NULL
);
CREATE TABLE payments_a (
    stream INTEGER NOT NULL,
    version INTEGER NOT NULL,
    contract TEXT NOT NULL,
    partner TEXT NOT NULL,
    milestone TEXT,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    paid_minor INTEGER NOT NULL,
    instructed_on TEXT,
    paid_on TEXT,
    ended_on TEXT,
    run TEXT NOT NULL,
    reference TEXT NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, version)
) WITHOUT ROWID;
CREATE TABLE payments_b (
    stream INTEGER NOT NULL,
    version INTEGER NOT NULL,
    contract TEXT NOT NULL,
    partner TEXT NOT NULL,
    milestone TEXT,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    amount_minor INTEGER NOT NULL,
    paid_minor INTEGER NOT NULL,
    instructed_on TEXT,
    paid_on TEXT,
    ended_on TEXT,
    run TEXT NOT NULL,
    reference TEXT NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, version)
) WITHOUT ROWID;
CREATE TABLE rebuild_holder (id INTEGER PRIMARY KEY CHECK (id = 1), holder TEXT NOT NULL);
INSERT INTO "rebuild_holder" VALUES(1,'');
CREATE TABLE rebuild_lock (id INTEGER PRIMARY KEY CHECK (id = 1), taken INTEGER NOT NULL);
INSERT INTO "rebuild_lock" VALUES(1,0);
CREATE TABLE rebuild_runs (
    run_id TEXT PRIMARY KEY NOT NULL,
    started_at TEXT NOT NULL,
    certificate TEXT NOT NULL
);
CREATE TABLE retentions_a (
    stream INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    part INTEGER NOT NULL,
    contract TEXT NOT NULL,
    partner TEXT NOT NULL,
    milestone TEXT NOT NULL,
    title TEXT NOT NULL,
    currency TEXT NOT NULL,
    due_on TEXT,
    provisional INTEGER NOT NULL,
    retained_minor INTEGER NOT NULL,
    released_minor INTEGER NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, ordinal, part)
) WITHOUT ROWID;
CREATE TABLE retentions_b (
    stream INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    part INTEGER NOT NULL,
    contract TEXT NOT NULL,
    partner TEXT NOT NULL,
    milestone TEXT NOT NULL,
    title TEXT NOT NULL,
    currency TEXT NOT NULL,
    due_on TEXT,
    provisional INTEGER NOT NULL,
    retained_minor INTEGER NOT NULL,
    released_minor INTEGER NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, ordinal, part)
) WITHOUT ROWID;
CREATE TABLE schedule_a (
    stream INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    contract TEXT NOT NULL,
    partner TEXT NOT NULL,
    kind TEXT NOT NULL,
    milestone TEXT,
    title TEXT,
    stage TEXT,
    status TEXT NOT NULL,
    currency TEXT NOT NULL,
    due_on TEXT,
    provisional INTEGER NOT NULL,
    gross_minor INTEGER,
    bonus_minor INTEGER NOT NULL,
    penalty_minor INTEGER NOT NULL,
    credit_minor INTEGER NOT NULL,
    adjustment_minor INTEGER NOT NULL,
    tax_minor INTEGER NOT NULL,
    retention_minor INTEGER NOT NULL,
    net_minor INTEGER,
    held_minor INTEGER,
    instructed_minor INTEGER NOT NULL,
    paid_minor INTEGER,
    outstanding_minor INTEGER,
    payable_minor INTEGER,
    expected_minor INTEGER,
    settled_on TEXT,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, ordinal, kind)
) WITHOUT ROWID;
CREATE TABLE schedule_b (
    stream INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    contract TEXT NOT NULL,
    partner TEXT NOT NULL,
    kind TEXT NOT NULL,
    milestone TEXT,
    title TEXT,
    stage TEXT,
    status TEXT NOT NULL,
    currency TEXT NOT NULL,
    due_on TEXT,
    provisional INTEGER NOT NULL,
    gross_minor INTEGER,
    bonus_minor INTEGER NOT NULL,
    penalty_minor INTEGER NOT NULL,
    credit_minor INTEGER NOT NULL,
    adjustment_minor INTEGER NOT NULL,
    tax_minor INTEGER NOT NULL,
    retention_minor INTEGER NOT NULL,
    net_minor INTEGER,
    held_minor INTEGER,
    instructed_minor INTEGER NOT NULL,
    paid_minor INTEGER,
    outstanding_minor INTEGER,
    payable_minor INTEGER,
    expected_minor INTEGER,
    settled_on TEXT,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, ordinal, kind)
) WITHOUT ROWID;
CREATE TABLE serving (id INTEGER PRIMARY KEY CHECK (id = 1), side TEXT NOT NULL CHECK (side IN ('a', 'b')));
INSERT INTO "serving" VALUES(1,'a');
CREATE TABLE settlements_a (
    stream INTEGER NOT NULL,
    version INTEGER NOT NULL,
    contract TEXT NOT NULL,
    partner TEXT NOT NULL,
    milestone TEXT NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    release INTEGER NOT NULL,
    run TEXT NOT NULL,
    transfer TEXT NOT NULL,
    account TEXT NOT NULL,
    payee INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL,
    paid_minor INTEGER NOT NULL,
    discount_minor INTEGER NOT NULL,
    fees_minor INTEGER NOT NULL,
    instructed_on TEXT,
    paid_on TEXT,
    paid_currency TEXT,
    instructed_foreign_minor INTEGER,
    paid_foreign_minor INTEGER,
    gain_minor INTEGER,
    rate TEXT,
    rate_on TEXT,
    rate_source TEXT,
    reference TEXT NOT NULL,
    entry TEXT NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, version)
) WITHOUT ROWID;
CREATE TABLE settlements_b (
    stream INTEGER NOT NULL,
    version INTEGER NOT NULL,
    contract TEXT NOT NULL,
    partner TEXT NOT NULL,
    milestone TEXT NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    release INTEGER NOT NULL,
    run TEXT NOT NULL,
    transfer TEXT NOT NULL,
    account TEXT NOT NULL,
    payee INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL,
    paid_minor INTEGER NOT NULL,
    discount_minor INTEGER NOT NULL,
    fees_minor INTEGER NOT NULL,
    instructed_on TEXT,
    paid_on TEXT,
    paid_currency TEXT,
    instructed_foreign_minor INTEGER,
    paid_foreign_minor INTEGER,
    gain_minor INTEGER,
    rate TEXT,
    rate_on TEXT,
    rate_source TEXT,
    reference TEXT NOT NULL,
    entry TEXT NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, version)
) WITHOUT ROWID;
CREATE TABLE streams (
    stream INTEGER PRIMARY KEY NOT NULL,
    stream_id TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO "streams" VALUES(1,'C-1');
INSERT INTO "streams" VALUES(2,'C-2');
CREATE TABLE unknowns_a (
    stream INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    contract TEXT NOT NULL,
    partner TEXT NOT NULL,
    currency TEXT NOT NULL,
    milestone TEXT,
    heard_on TEXT,
    signed_inferred INTEGER NOT NULL,
    delivered_inferred INTEGER NOT NULL,
    first_inferred INTEGER NOT NULL,
    no_deliveries INTEGER NOT NULL,
    no_acceptances INTEGER NOT NULL,
    no_rejections INTEGER NOT NULL,
    no_disputes INTEGER NOT NULL,
    no_payments INTEGER NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, ordinal)
) WITHOUT ROWID;
CREATE TABLE unknowns_b (
    stream INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    contract TEXT NOT NULL,
    partner TEXT NOT NULL,
    currency TEXT NOT NULL,
    milestone TEXT,
    heard_on TEXT,
    signed_inferred INTEGER NOT NULL,
    delivered_inferred INTEGER NOT NULL,
    first_inferred INTEGER NOT NULL,
    no_deliveries INTEGER NOT NULL,
    no_acceptances INTEGER NOT NULL,
    no_rejections INTEGER NOT NULL,
    no_disputes INTEGER NOT NULL,
    no_payments INTEGER NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (stream, ordinal)
) WITHOUT ROWID;
CREATE TRIGGER log_no_delete BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'log is append-only'); END;
CREATE TRIGGER log_no_replace BEFORE INSERT ON log WHEN EXISTS (SELECT 1 FROM log WHERE position = NEW.position OR (stream = NEW.stream AND version = NEW.version) UNION ALL SELECT 1 WHERE NEW.position > (SELECT position FROM log_head)) BEGIN SELECT RAISE(ABORT, 'log is append-only'); END;
CREATE TRIGGER log_no_update BEFORE UPDATE ON log  BEGIN SELECT RAISE(ABORT, 'log is append-only'); END;
CREATE TRIGGER streams_no_delete BEFORE DELETE ON streams BEGIN SELECT RAISE(ABORT, 'streams is append-only'); END;
CREATE TRIGGER streams_no_replace BEFORE INSERT ON streams WHEN EXISTS (SELECT 1 FROM streams WHERE stream = NEW.stream OR stream_id = NEW.stream_id) BEGIN SELECT RAISE(ABORT, 'streams is append-only'); END;
CREATE TRIGGER streams_no_update BEFORE UPDATE ON streams  BEGIN SELECT RAISE(ABORT, 'streams is append-only'); END;
CREATE TRIGGER keys_no_delete BEFORE DELETE ON keys BEGIN SELECT RAISE(ABORT, 'keys is append-only'); END;
CREATE TRIGGER keys_no_replace BEFORE INSERT ON keys WHEN EXISTS (SELECT 1 FROM keys WHERE key = NEW.key) BEGIN SELECT RAISE(ABORT, 'keys is append-only'); END;
CREATE TRIGGER keys_no_update BEFORE UPDATE ON keys  BEGIN SELECT RAISE(ABORT, 'keys is append-only'); END;
CREATE TRIGGER log_head_no_delete BEFORE DELETE ON log_head BEGIN SELECT RAISE(ABORT, 'log_head is append-only'); END;
CREATE TRIGGER log_head_no_replace BEFORE INSERT ON log_head WHEN EXISTS (SELECT 1 FROM log_head) BEGIN SELECT RAISE(ABORT, 'log_head is append-only'); END;
CREATE TRIGGER log_head_no_update BEFORE UPDATE ON log_head WHEN NOT (NEW.id = OLD.id AND NEW.ledger_id = OLD.ledger_id AND NEW.position >= OLD.position AND NEW.recorded_at >= OLD.recorded_at) BEGIN SELECT RAISE(ABORT, 'log_head is append-only'); END;
CREATE TRIGGER log_checkpoints_no_delete BEFORE DELETE ON log_checkpoints BEGIN SELECT RAISE(ABORT, 'log_checkpoints is append-only'); END;
CREATE TRIGGER log_checkpoints_no_replace BEFORE INSERT ON log_checkpoints WHEN NEW.size <= (SELECT coalesce(max(size), 0) FROM log_checkpoints) BEGIN SELECT RAISE(ABORT, 'log_checkpoints is append-only'); END;
CREATE TRIGGER log_checkpoints_no_update BEFORE UPDATE ON log_checkpoints BEGIN SELECT RAISE(ABORT, 'log_checkpoints is append-only'); END;
CREATE TRIGGER log_inserted BEFORE INSERT ON log WHEN 
        NOT CASE WHEN instr(NEW.record, ',"position":' || NEW.position || ',"recorded_at":"'
            || (SELECT recorded_at FROM log_head) || '","stream":' || NEW.stream || ',"stream_id":'
            || (SELECT json_quote(stream_id) FROM streams WHERE stream = NEW.stream) || ',"type":"')
            AND NEW.record GLOB '*,"version":' || NEW.version || '}'
        THEN json_valid(NEW.record)
        ELSE coalesce(json_extract(NEW.record, '$.position', '$.recorded_at', '$.stream', '$.stream_id', '$.version')
            = json_array(NEW.position, (SELECT recorded_at FROM log_head), NEW.stream,
                (SELECT stream_id FROM streams WHERE stream = NEW.stream), NEW.version), 0)
        END BEGIN SELECT RAISE(ABORT, 'guard: a record says when it was recorded and where it stands'); END;
CREATE TRIGGER log_follows BEFORE INSERT ON log WHEN 
        NEW.position <> 1 AND NOT EXISTS (SELECT 1 FROM log WHERE position = NEW.position - 1)
        OR NEW.version > 1
            AND NOT EXISTS (SELECT 1 FROM log WHERE stream = NEW.stream AND version = NEW.version - 1)
        OR EXISTS (SELECT 1 FROM log WHERE stream = NEW.stream AND version = NEW.version + 1) BEGIN SELECT RAISE(ABORT, 'guard: records follow one another without a gap'); END;
CREATE TRIGGER streams_inserted BEFORE INSERT ON streams WHEN NEW.stream <> (SELECT coalesce(max(stream), 0) + 1 FROM streams) BEGIN SELECT RAISE(ABORT, 'guard: streams are numbered one after the other'); END;
CREATE TRIGGER keys_inserted BEFORE INSERT ON keys WHEN 
        NEW.last_position <> (SELECT position FROM log_head)
        OR NOT EXISTS (SELECT 1 FROM log WHERE position = NEW.first_position AND stream = NEW.stream
            AND version = NEW.first_version AND json_extract(record, '$.actor') = NEW.actor
            AND json_extract(record, '$.key') = NEW.key)
        OR NOT EXISTS (SELECT 1 FROM log WHERE stream = NEW.stream AND version = NEW.last_version
            AND position BETWEEN NEW.first_position AND NEW.last_position) BEGIN SELECT RAISE(ABORT, 'guard: a key names the records just made under it, and who made them'); END;
CREATE TRIGGER log_checkpoints_inserted BEFORE INSERT ON log_checkpoints WHEN 
        NEW.size <> (SELECT position FROM log_head)
        OR NOT EXISTS (SELECT 1 FROM log JOIN streams USING (stream)
            WHERE position = NEW.size AND stream_id = '~seals')
        OR instr(NEW.note, 'mledger/' || (SELECT ledger_id FROM log_head) || char(10) || NEW.size || char(10)) <> 1 BEGIN SELECT RAISE(ABORT, 'guard: a checkpoint goes with the seal at the head, and says so'); END;
CREATE TRIGGER log_head_moves BEFORE UPDATE ON log_head WHEN 
        OLD.position <> (SELECT coalesce(max(position), 0) FROM log)
        OR NEW.recorded_at <> '' AND NEW.recorded_at NOT GLOB
            '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9]*Z' BEGIN SELECT RAISE(ABORT, 'guard: the head moves on from the end of the log only, at a time'); END;
CREATE INDEX log_what ON log (coalesce(CASE WHEN json_valid(record) THEN json_extract(record, '$.type') END, '') || substr(record, 1, instr(record, ',"correlation":') - 1));
CREATE INDEX contracts_a_partner ON contracts_a (partner);
CREATE INDEX contracts_b_partner ON contracts_b (partner);
COMMIT;
