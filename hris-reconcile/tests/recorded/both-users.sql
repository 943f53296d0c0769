PRAGMA application_id = 0;
PRAGMA user_version = 0;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE users (
    id                  TEXT PRIMARY KEY NOT NULL DEFAULT (lower(hex(randomblob(8)))),
    external_id         TEXT UNIQUE,
    employee_number     TEXT,
    email               TEXT COLLATE NOCASE UNIQUE,
    given_name          TEXT,
    family_name         TEXT,
    phone               TEXT,
    job_title           TEXT,
    department          TEXT,
    location            TEXT,
    manager_external_id TEXT,
    start_date          TEXT,
    end_date            TEXT,
    address             TEXT,                             -- JSON object
    custom              TEXT,                             -- JSON object
    role                TEXT,
    status              TEXT NOT NULL DEFAULT 'active',   -- pending, invited, active, deactivated
    invited_at          TEXT,
    deactivated_at      TEXT,
    created_at          TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
    updated_at          TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
);
INSERT INTO users VALUES('ef6b1ee3d6b1836d','e-1',NULL,'ada@mill.example','ada',NULL,'+4722000001','Senior Mille',NULL,NULL,NULL,'2024-02-29',NULL,'{"street":"1 \"Fuller''s\" Yard","city":"Tromsø","country":"no"}','{"began":"2024-02-29","numbers":"[{\"number\":\"N 1\",\"kind\":\"passport\"}]","teams":"Dyeing; Weaving"}','employee','active',NULL,NULL,'2026-11-01T09:00:00Z','2026-11-02T09:00:00Z');
INSERT INTO users VALUES('1181558d0659cc27','e-2',NULL,'bo@mill.example','bo',NULL,'+47 99 00 00 02','Carder',NULL,NULL,NULL,'2024-02-29',NULL,'{"street":"2 \"Fuller''s\" Yard","city":"Tromsø","country":"no"}','{"began":"2024-02-29","numbers":"[{\"number\":\"N 2\",\"kind\":\"passport\"}]","teams":"Dyeing; Weaving"}','employee','active',NULL,NULL,'2026-11-01T09:00:00Z','2026-11-01T09:00:00Z');
INSERT INTO users VALUES('3e500dad4f25051a','e-3',NULL,'cy@mill.example','cy',NULL,'+4722000003','Weaver',NULL,NULL,NULL,'2024-02-29',NULL,'{"street":"3 \"Fuller''s\" Yard","city":"Tromsø","country":"no"}','{"began":"2024-02-29","numbers":"[{\"number\":\"N 3\",\"kind\":\"passport\"}]","teams":"Dyeing; Weaving"}','employee','active',NULL,NULL,'2026-11-01T09:00:00Z','2026-11-01T09:00:00Z');
INSERT INTO users VALUES('7f7370e1de080851','e-4',NULL,'di@mill.example','di',NULL,'+4722000004','Miller',NULL,NULL,NULL,'2025-01-01',NULL,'{"street":"4 \"Fuller''s\" Yard","city":"Bodø","country":"no"}','{"began":"2025-01-01","numbers":"[{\"number\":\"N 4\",\"kind\":\"passport\"}]","teams":"Dyeing; Weaving"}','employee','active',NULL,NULL,'2026-11-01T09:00:00Z','2026-11-03T09:00:00Z');
CREATE TABLE assignments (
    user_id TEXT NOT NULL,
    kind    TEXT NOT NULL,                                -- role, location, area
    value   TEXT NOT NULL,
    PRIMARY KEY (user_id, kind, value)
);
CREATE TABLE invites (
    user_id     TEXT NOT NULL,
    sent_at     TEXT NOT NULL,
    expires_at  TEXT,
    accepted_at TEXT
);
CREATE TABLE hris_applied (
    key     TEXT PRIMARY KEY NOT NULL,
    user_id TEXT NOT NULL,
    at      TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO hris_applied VALUES('6392f3d58fe6d8a9c935a1489689d1da','1181558d0659cc27','2026-11-01T09:00:00Z');
INSERT INTO hris_applied VALUES('7b72524261dd36aeb6ad23974b7d4e2f','3e500dad4f25051a','2026-11-01T09:00:00Z');
INSERT INTO hris_applied VALUES('888d075f92b199362b61ed0a4789b3a1','7f7370e1de080851','2026-11-01T09:00:00Z');
INSERT INTO hris_applied VALUES('957bd3afa403ea1a25d1db00b6b4afc2','7f7370e1de080851','2026-11-03T09:00:00Z');
INSERT INTO hris_applied VALUES('c8c3cd6f88c64d5bd2ea051246a5f934','ef6b1ee3d6b1836d','2026-11-01T09:00:00Z');
INSERT INTO hris_applied VALUES('d6c01d77a8f3dd0a6ce9f4876cb6cb2f','ef6b1ee3d6b1836d','2026-11-02T09:00:00Z');
CREATE TABLE hris_target (
    id TEXT PRIMARY KEY NOT NULL
) WITHOUT ROWID;
INSERT INTO hris_target VALUES('04a6e1470c94bb1c2e57016ded1e7df9');
CREATE TABLE hris_closed (
    user_id TEXT PRIMARY KEY NOT NULL,
    status  TEXT,
    at      TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX invites_by_user ON invites (user_id);
CREATE TRIGGER short AFTER UPDATE OF job_title ON users BEGIN UPDATE users SET job_title = substr(new.job_title, 1, 12) WHERE id = new.id; END;
COMMIT;
