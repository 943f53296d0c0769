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
INSERT INTO links VALUES('both','e-1','ef6b1ee3d6b1836d',0,0,'[{"kind":"role","value":"employee"}]',0,'{"email":{"source":"ada@mill.example","target":"ada@mill.example","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"given_name":{"source":"ada","target":"ada","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"phone":{"source":"+4722000001","target":"+4722000001","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"job_title":{"source":"Senior Miller of the mill","target":"Senior Mille","at":"2026-11-02T09:00:00Z","wrote":{"to":"target","over":"Miller","flips":0}},"start_date":{"source":"2024-02-29","target":"2024-02-29","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"address":{"source":"{\"street\":\"1 \\\"fuller''s\\\" yard\",\"city\":\"tromsø\",\"country\":\"NO\"}","target":"{\"street\":\"1 \\\"fuller''s\\\" yard\",\"city\":\"tromsø\",\"country\":\"NO\"}","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"custom.began":{"source":"2024-02-29","target":"2024-02-29","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"custom.numbers":{"source":"[{\"number\":\"N 1\",\"kind\":\"passport\"}]","target":"[{\"number\":\"N 1\",\"kind\":\"passport\"}]","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"custom.teams":{"source":"Dyeing; Weaving","target":"Dyeing; Weaving","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}}}','e-1',NULL,0,NULL,NULL);
INSERT INTO links VALUES('both','e-2','1181558d0659cc27',0,0,'[{"kind":"role","value":"employee"}]',0,'{"email":{"source":"bo@mill.example","target":"bo@mill.example","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"given_name":{"source":"bo","target":"bo","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"phone":{"source":"+4799000002","target":"+4799000002","at":"2026-11-02T09:00:00Z","wrote":{"to":"source","over":"+4722000002","flips":0}},"job_title":{"source":"Carder","target":"Carder","at":"2026-11-02T09:00:00Z","wrote":{"to":"source","over":"Miller","flips":0}},"start_date":{"source":"2024-02-29","target":"2024-02-29","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"address":{"source":"{\"street\":\"2 \\\"fuller''s\\\" yard\",\"city\":\"tromsø\",\"country\":\"NO\"}","target":"{\"street\":\"2 \\\"fuller''s\\\" yard\",\"city\":\"tromsø\",\"country\":\"NO\"}","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"custom.began":{"source":"2024-02-29","target":"2024-02-29","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"custom.numbers":{"source":"[{\"number\":\"N 2\",\"kind\":\"passport\"}]","target":"[{\"number\":\"N 2\",\"kind\":\"passport\"}]","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"custom.teams":{"source":"Dyeing; Weaving","target":"Dyeing; Weaving","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}}}','e-2',NULL,0,NULL,NULL);
INSERT INTO links VALUES('both','e-3','3e500dad4f25051a',0,0,'[{"kind":"role","value":"employee"}]',0,'{"email":{"source":"cy@mill.example","target":"cy@mill.example","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"given_name":{"source":"cy","target":"cy","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"phone":{"source":"+4722000003","target":"+4722000003","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"job_title":{"source":"Miller","target":"Miller","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"start_date":{"source":"2024-02-29","target":"2024-02-29","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"address":{"source":"{\"street\":\"3 \\\"fuller''s\\\" yard\",\"city\":\"tromsø\",\"country\":\"NO\"}","target":"{\"street\":\"3 \\\"fuller''s\\\" yard\",\"city\":\"tromsø\",\"country\":\"NO\"}","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"custom.began":{"source":"2024-02-29","target":"2024-02-29","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"custom.numbers":{"source":"[{\"number\":\"N 3\",\"kind\":\"passport\"}]","target":"[{\"number\":\"N 3\",\"kind\":\"passport\"}]","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"custom.teams":{"source":"Dyeing; Weaving","target":"Dyeing; Weaving","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}}}','e-3',NULL,0,NULL,NULL);
INSERT INTO links VALUES('both','e-4','7f7370e1de080851',0,0,'[{"kind":"role","value":"employee"}]',0,'{"email":{"source":"di@mill.example","target":"di@mill.example","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"given_name":{"source":"di","target":"di","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"phone":{"source":"+4722000004","target":"+4722000004","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"job_title":{"source":"Miller","target":"Miller","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"start_date":{"source":"2024-02-29","target":"2024-02-29","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"address":{"source":"{\"street\":\"4 \\\"fuller''s\\\" yard\",\"city\":\"tromsø\",\"country\":\"NO\"}","target":"{\"street\":\"4 \\\"fuller''s\\\" yard\",\"city\":\"tromsø\",\"country\":\"NO\"}","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"custom.began":{"source":"2024-02-29","target":"2024-02-29","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"custom.numbers":{"source":"[{\"number\":\"N 4\",\"kind\":\"passport\"}]","target":"[{\"number\":\"N 4\",\"kind\":\"passport\"}]","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}},"custom.teams":{"source":"Dyeing; Weaving","target":"Dyeing; Weaving","at":"2026-11-01T09:00:00Z","wrote":{"to":"target","flips":0}}}','e-4',NULL,0,NULL,NULL);
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
INSERT INTO journal VALUES(1,'both','c8c3cd6f88c64d5bd2ea051246a5f934','01M6B5CJM0GQ5892RT84RYMG9H','create','e-1',NULL,1793523600,0,NULL,1,NULL);
INSERT INTO journal VALUES(2,'both','6392f3d58fe6d8a9c935a1489689d1da','01M6B5CJM0GQ5892RT84RYMG9H','create','e-2',NULL,1793523600,0,NULL,1,NULL);
INSERT INTO journal VALUES(3,'both','7b72524261dd36aeb6ad23974b7d4e2f','01M6B5CJM0GQ5892RT84RYMG9H','create','e-3',NULL,1793523600,0,NULL,1,NULL);
INSERT INTO journal VALUES(4,'both','888d075f92b199362b61ed0a4789b3a1','01M6B5CJM0GQ5892RT84RYMG9H','create','e-4',NULL,1793523600,0,NULL,1,NULL);
INSERT INTO journal VALUES(5,'both','d6c01d77a8f3dd0a6ce9f4876cb6cb2f','01M6DQS9M0SFXAW93NZE6Z6NSG','update','e-1','ef6b1ee3d6b1836d',1793610000,0,NULL,1,NULL);
INSERT INTO journal VALUES(6,'both','6c99274cd91280f79f10e1c6d2d18ecb','01M6DQS9M0SFXAW93NZE6Z6NSG','update','e-2','1181558d0659cc27',1793610000,0,NULL,1,NULL);
INSERT INTO journal VALUES(7,'both','957bd3afa403ea1a25d1db00b6b4afc2','01M6GA60M0T64WDSQGEGMBR6XA','update','e-4','7f7370e1de080851',1793696400,0,'{"key":"957bd3afa403ea1a25d1db00b6b4afc2","kind":"update","employee":"e-4","user":"7f7370e1de080851","changes":[{"field":"address","from":"{\"street\":\"4 \\\"Fuller''s\\\" Yard\",\"city\":\"Tromsø\",\"country\":\"no\"}","to":"{\"street\":\"4 \\\"Fuller''s\\\" Yard\",\"city\":\"Bodø\",\"country\":\"no\"}"},{"field":"custom.began","from":"2024-02-29","to":"2025-01-01"},{"field":"start_date","from":"2024-02-29","to":"2025-01-01"}],"grants":[],"situation":"confirmed","reason":"fields_differ","releases":false,"awaits_invite":false}',NULL,NULL);
CREATE TABLE baselines (
    connection TEXT PRIMARY KEY NOT NULL,
    baseline   TEXT NOT NULL              -- JSON
, target TEXT, organisation TEXT, vendor TEXT) STRICT;
INSERT INTO baselines VALUES('both','{"fingerprint":{"organisation":null,"credential":null,"role":null,"scopes":null,"statuses":{},"places":[]},"people":4,"filled":{"address":4,"custom.began":4,"custom.numbers":4,"custom.teams":4,"email":4,"external_id":4,"given_name":4,"job_title":4,"phone":4,"start_date":4},"config":"23220a69a326b07a27dfac4f9d95b49bfb98d1af2690120441df901ea64210d8","vendor":"memory","target":"04a6e1470c94bb1c2e57016ded1e7df9","accepted_silence":[],"at":"2026-11-02T09:00:00Z"}','04a6e1470c94bb1c2e57016ded1e7df9',NULL,'memory');
CREATE TABLE runs (
    position   INTEGER PRIMARY KEY AUTOINCREMENT,
    connection TEXT NOT NULL,
    run        TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    report     TEXT NOT NULL, command TEXT,             -- JSON
    UNIQUE (connection, run)
) STRICT;
INSERT INTO runs VALUES(1,'both','01M6B5CJM0GQ5892RT84RYMG9H',1793523600,'{"run":"01M6B5CJM0GQ5892RT84RYMG9H","connection":"both","command":"sync","outcome":"completed","started_at":"2026-11-01T09:00:00Z","finished_at":"2026-11-01T09:00:00Z","source":{"vendor":"memory","employees":4,"complete":true,"requests":0},"counts":{"created":4,"invited":0,"reinvited":0,"updated":0,"unchanged":0,"deactivated":0,"reactivated":0,"linked":0,"conflicts":0,"skipped":0,"failed":0},"actions":[{"action":"create","employee":"e-1","user":"ef6b1ee3d6b1836d","fields":["address","custom.began","custom.numbers","custom.teams","email","external_id","given_name","job_title","phone","start_date","role"],"reason":"is employed and has no account","result":"done"},{"action":"create","employee":"e-2","user":"1181558d0659cc27","fields":["address","custom.began","custom.numbers","custom.teams","email","external_id","given_name","job_title","phone","start_date","role"],"reason":"is employed and has no account","result":"done"},{"action":"create","employee":"e-3","user":"3e500dad4f25051a","fields":["address","custom.began","custom.numbers","custom.teams","email","external_id","given_name","job_title","phone","start_date","role"],"reason":"is employed and has no account","result":"done"},{"action":"create","employee":"e-4","user":"7f7370e1de080851","fields":["address","custom.began","custom.numbers","custom.teams","email","external_id","given_name","job_title","phone","start_date","role"],"reason":"is employed and has no account","result":"done"}],"problems":[],"refusal":null,"situations":{"joiner":4}}','sync');
INSERT INTO runs VALUES(2,'both','01M6DQS9M0SFXAW93NZE6Z6NSG',1793610000,'{"run":"01M6DQS9M0SFXAW93NZE6Z6NSG","connection":"both","command":"sync","outcome":"partial","started_at":"2026-11-02T09:00:00Z","finished_at":"2026-11-02T09:00:00Z","source":{"vendor":"memory","employees":4,"complete":true,"requests":0},"counts":{"created":0,"invited":0,"reinvited":0,"updated":2,"unchanged":1,"deactivated":0,"reactivated":0,"linked":0,"conflicts":1,"skipped":1,"failed":0},"actions":[{"action":"update","employee":"e-1","user":"ef6b1ee3d6b1836d","fields":["job_title"],"reason":"the source has other values","result":"done"},{"action":"update","side":"source","employee":"e-2","user":"1181558d0659cc27","fields":["job_title","phone"],"reason":"the target has newer values","result":"done"}],"problems":[{"severity":"error","code":"two_way_conflict","employee":"e-3","user":"3e500dad4f25051a","field":"job_title","message":"both sides changed it; `hris resolve da033d1eeb --keep source` or `--keep target` decides whose value stays"},{"severity":"warning","code":"divergence","employee":"e-1","user":"ef6b1ee3d6b1836d","field":"job_title","message":"was written, and the target kept a part of it only; each side keeps what it has until one changes"}],"refusal":null,"situations":{"confirmed":4},"conflicts":[{"id":"da033d1eeb","employee":"e-3","user":"3e500dad4f25051a","field":"job_title","cause":"both_changed"}]}','sync');
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
INSERT INTO sqlite_sequence VALUES('journal',7);
INSERT INTO sqlite_sequence VALUES('runs',2);
CREATE INDEX journal_open ON journal (connection, position) WHERE action IS NOT NULL;
CREATE INDEX journal_done ON journal (connection, kind, at) WHERE done = 1;
CREATE INDEX runs_by_time ON runs (connection, started_at);
CREATE INDEX links_by_user ON links (user);
CREATE INDEX claims_by_user ON claims (user);
CREATE INDEX runs_by_command ON runs (connection, command, position);
COMMIT;
