-- Schema 0001 with three events, as its release left it; how it is upgraded is tested for ever.
PRAGMA application_id = 1296843847;
BEGIN TRANSACTION;
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
CREATE TABLE log_head (
    id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    position INTEGER NOT NULL,
    recorded_at TEXT NOT NULL,
    ledger_id TEXT NOT NULL
) STRICT;
INSERT INTO "log_head" VALUES(1,3,'2026-11-22T09:00:00.123456Z','91409a6d-9539-4bb4-bb65-ff79bb959527');
CREATE TABLE mledger_schema (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT mledger_schema_pkc PRIMARY KEY (version_num)
);
INSERT INTO "mledger_schema" VALUES('0001');
CREATE TABLE streams (
    stream INTEGER PRIMARY KEY NOT NULL,
    stream_id TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO "streams" VALUES(1,'C-1');
INSERT INTO "streams" VALUES(2,'C-2');
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
COMMIT;
