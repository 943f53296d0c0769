PRAGMA application_id = 1213352275;
PRAGMA user_version = 4;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE leases (
    connection TEXT PRIMARY KEY NOT NULL,
    token      INTEGER NOT NULL,          -- grows with each lease, never goes back
    holder     TEXT,                      -- NULL once it was given back
    taken_at   INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    process    TEXT                       -- the holder's process where it can be told apart from others
) STRICT;
CREATE TABLE links (
    connection        TEXT NOT NULL,
    employee          TEXT NOT NULL,
    user              TEXT NOT NULL,
    deactivated_by_us INTEGER NOT NULL,
    awaits_invite     INTEGER NOT NULL,
    granted           TEXT,               -- JSON; NULL where nothing was given
    sequence          INTEGER NOT NULL, bases TEXT, external_id TEXT, protected_by TEXT, invites INTEGER NOT NULL DEFAULT 0, invited_to TEXT, learned TEXT,
    PRIMARY KEY (connection, employee)
) STRICT, WITHOUT ROWID;
INSERT INTO links VALUES('one','e-1','50fca6baf2dde662',0,0,'[{"kind":"role","value":"employee"}]',0,NULL,'e-1',NULL,0,NULL,'{"job_title":{"wrote":"ae7bad8eb003c989","over":"483dc65ebc51ee11","made":"e6b73e707cd74f85","flips":0}}');
INSERT INTO links VALUES('one','e-2','085fa2cf55b18596',0,0,'[{"kind":"role","value":"employee"}]',0,NULL,'e-2',NULL,0,NULL,'{"phone":{"wrote":"4673520291665ea0","over":"b2a374bd1867275e","flips":0},"job_title":{"wrote":"483dc65ebc51ee11","over":"5d416656890411c0","flips":0}}');
INSERT INTO links VALUES('one','e-3','56660f6f47b2ba7e',0,0,'[{"kind":"role","value":"employee"}]',0,NULL,'e-3',NULL,0,NULL,'{"job_title":{"wrote":"f908fc5782c80cb0","over":"0b123599e3f32ea4","flips":0}}');
INSERT INTO links VALUES('one','e-4','ed1d989338560bfe',0,0,'[{"kind":"role","value":"employee"}]',0,NULL,'e-4',NULL,0,NULL,NULL);
CREATE TABLE journal (
    position   INTEGER PRIMARY KEY AUTOINCREMENT,
    connection TEXT NOT NULL,
    key        TEXT NOT NULL,
    run        TEXT NOT NULL,
    kind       TEXT NOT NULL,
    employee   TEXT,
    user       TEXT,
    at         INTEGER NOT NULL,
    approved   INTEGER NOT NULL,
    action     TEXT,                      -- JSON with values; NULL once settled
    done       INTEGER, empty TEXT,                   -- NULL until settled
    UNIQUE (connection, key)
) STRICT;
INSERT INTO journal VALUES(1,'one','ccd2fb33d4c81ea48224ffee58f22a5d','01M6B5CJM0ATA4YGNG6Y810X6J','create','e-1',NULL,1793523600,0,NULL,1,NULL);
INSERT INTO journal VALUES(2,'one','44cdff863d333729597fa8a06f6a7ba8','01M6B5CJM0ATA4YGNG6Y810X6J','create','e-2',NULL,1793523600,0,NULL,1,NULL);
INSERT INTO journal VALUES(3,'one','0b69302f2b1fa63dc7cd00427c924144','01M6B5CJM0ATA4YGNG6Y810X6J','create','e-3',NULL,1793523600,0,NULL,1,NULL);
INSERT INTO journal VALUES(4,'one','b242cb17af2c051d07b738fc6f331257','01M6B5CJM0ATA4YGNG6Y810X6J','create','e-4',NULL,1793523600,0,NULL,1,NULL);
INSERT INTO journal VALUES(5,'one','6210c9743957fc6377801bc0934c224c','01M6DQS9M01B8Q73SQ9YRWN3RE','update','e-1','50fca6baf2dde662',1793610000,0,NULL,1,NULL);
INSERT INTO journal VALUES(6,'one','4e95ae0a008ef412f0867a6a7415bfc2','01M6DQS9M01B8Q73SQ9YRWN3RE','update','e-2','085fa2cf55b18596',1793610000,0,NULL,1,NULL);
INSERT INTO journal VALUES(7,'one','df90e54328838d26629383778aef9f0e','01M6DQS9M01B8Q73SQ9YRWN3RE','update','e-3','56660f6f47b2ba7e',1793610000,0,NULL,1,NULL);
INSERT INTO journal VALUES(8,'one','66ffba0997d0a6a94d7dd6bc21829206','01M6GA60M0HHAR4CZCC21PFCY0','update','e-4','ed1d989338560bfe',1793696400,0,'{"key":"66ffba0997d0a6a94d7dd6bc21829206","kind":"update","employee":"e-4","user":"ed1d989338560bfe","changes":[{"field":"address","from":"{\"street\":\"4 \\\"Fuller''s\\\" Yard\",\"city\":\"Tromsø\",\"country\":\"no\"}","to":"{\"street\":\"4 \\\"Fuller''s\\\" Yard\",\"city\":\"Bodø\",\"country\":\"no\"}"},{"field":"custom.began","from":"2024-02-29","to":"2025-01-01"},{"field":"start_date","from":"2024-02-29","to":"2025-01-01"}],"grants":[],"situation":"confirmed","reason":"fields_differ","releases":false,"awaits_invite":false}',NULL,NULL);
CREATE TABLE baselines (
    connection TEXT PRIMARY KEY NOT NULL,
    baseline   TEXT NOT NULL              -- JSON
, target TEXT, organisation TEXT, vendor TEXT) STRICT;
INSERT INTO baselines VALUES('one','{"fingerprint":{"organisation":null,"credential":null,"role":null,"scopes":null,"statuses":{},"places":[]},"people":4,"filled":{"address":4,"custom.began":4,"custom.numbers":4,"custom.teams":4,"email":4,"external_id":4,"given_name":4,"job_title":4,"phone":4,"start_date":4},"config":"43e57652f18f34ee40754576f12b121a4d4d64de99841b9e001b6f6af85e6d66","vendor":"memory","target":"b7c97b6f18c29a86f3b29376f59606cd","accepted_silence":[],"at":"2026-11-02T09:00:00Z"}','b7c97b6f18c29a86f3b29376f59606cd',NULL,'memory');
CREATE TABLE runs (
    position   INTEGER PRIMARY KEY AUTOINCREMENT,
    connection TEXT NOT NULL,
    run        TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    report     TEXT NOT NULL, command TEXT,             -- JSON
    UNIQUE (connection, run)
) STRICT;
INSERT INTO runs VALUES(1,'one','01M6B5CJM0ATA4YGNG6Y810X6J',1793523600,'{"run":"01M6B5CJM0ATA4YGNG6Y810X6J","connection":"one","command":"sync","outcome":"completed","started_at":"2026-11-01T09:00:00Z","finished_at":"2026-11-01T09:00:00Z","source":{"vendor":"memory","employees":4,"complete":true,"requests":0},"counts":{"created":4,"invited":0,"reinvited":0,"updated":0,"unchanged":0,"deactivated":0,"reactivated":0,"linked":0,"conflicts":0,"skipped":0,"failed":0},"actions":[{"action":"create","employee":"e-1","user":"50fca6baf2dde662","fields":["address","custom.began","custom.numbers","custom.teams","email","external_id","given_name","job_title","phone","start_date","role"],"reason":"is employed and has no account","result":"done"},{"action":"create","employee":"e-2","user":"085fa2cf55b18596","fields":["address","custom.began","custom.numbers","custom.teams","email","external_id","given_name","job_title","phone","start_date","role"],"reason":"is employed and has no account","result":"done"},{"action":"create","employee":"e-3","user":"56660f6f47b2ba7e","fields":["address","custom.began","custom.numbers","custom.teams","email","external_id","given_name","job_title","phone","start_date","role"],"reason":"is employed and has no account","result":"done"},{"action":"create","employee":"e-4","user":"ed1d989338560bfe","fields":["address","custom.began","custom.numbers","custom.teams","email","external_id","given_name","job_title","phone","start_date","role"],"reason":"is employed and has no account","result":"done"}],"problems":[],"refusal":null,"situations":{"joiner":4}}','sync');
INSERT INTO runs VALUES(2,'one','01M6DQS9M01B8Q73SQ9YRWN3RE',1793610000,'{"run":"01M6DQS9M01B8Q73SQ9YRWN3RE","connection":"one","command":"sync","outcome":"completed","started_at":"2026-11-02T09:00:00Z","finished_at":"2026-11-02T09:00:00Z","source":{"vendor":"memory","employees":4,"complete":true,"requests":0},"counts":{"created":0,"invited":0,"reinvited":0,"updated":3,"unchanged":1,"deactivated":0,"reactivated":0,"linked":0,"conflicts":0,"skipped":0,"failed":0},"actions":[{"action":"update","employee":"e-1","user":"50fca6baf2dde662","fields":["job_title"],"reason":"the source has other values","result":"done"},{"action":"update","employee":"e-2","user":"085fa2cf55b18596","fields":["job_title","phone"],"reason":"the source has other values","result":"done"},{"action":"update","employee":"e-3","user":"56660f6f47b2ba7e","fields":["job_title"],"reason":"the source has other values","result":"done"}],"problems":[],"refusal":null,"situations":{"confirmed":4}}','sync');
CREATE TABLE connections (
    name       TEXT PRIMARY KEY NOT NULL,
    connection TEXT NOT NULL              -- JSON
) STRICT;
CREATE TABLE grants (
    connection    TEXT PRIMARY KEY NOT NULL,
    version       INTEGER NOT NULL,       -- grows with each grant and with forgetting one
    content       BLOB,                   -- JSON, or that sealed; none where it was forgotten
    sealed        INTEGER NOT NULL,       -- whether it takes a key to read it
    claimed_until INTEGER NOT NULL,       -- milliseconds since 1970; 0 is no claim
    process       TEXT                    -- who claimed it
) STRICT;
CREATE TABLE decisions (
    connection TEXT NOT NULL,
    id         TEXT NOT NULL,             -- of the conflict
    decision   TEXT NOT NULL,             -- JSON with the values it was made on
    PRIMARY KEY (connection, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE holds (
    connection TEXT PRIMARY KEY NOT NULL,
    settings   TEXT NOT NULL              -- a digest
) STRICT;
CREATE TABLE claims (
    connection TEXT NOT NULL,
    employee   TEXT NOT NULL,
    user       TEXT NOT NULL,
    PRIMARY KEY (connection, employee, user)
) STRICT, WITHOUT ROWID;
CREATE TABLE judgements (
    connection TEXT NOT NULL,
    id         TEXT NOT NULL,             -- of the question
    judgement  TEXT NOT NULL,             -- JSON
    PRIMARY KEY (connection, id)
) STRICT, WITHOUT ROWID;
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('journal',8);
INSERT INTO sqlite_sequence VALUES('runs',2);
CREATE INDEX journal_open ON journal (connection, position) WHERE action IS NOT NULL;
CREATE INDEX journal_done ON journal (connection, kind, at) WHERE done = 1;
CREATE INDEX runs_by_time ON runs (connection, started_at);
CREATE INDEX links_by_user ON links (user);
CREATE INDEX claims_by_user ON claims (user);
CREATE INDEX runs_by_command ON runs (connection, command, position);
COMMIT;
