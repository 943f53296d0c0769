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
INSERT INTO users VALUES('50fca6baf2dde662','e-1',NULL,'ada@mill.example','ada',NULL,'+4722000001','Senior Mille',NULL,NULL,NULL,'2024-02-29',NULL,'{"street":"1 \"Fuller''s\" Yard","city":"Tromsø","country":"no"}','{"began":"2024-02-29","numbers":"[{\"number\":\"N 1\",\"kind\":\"passport\"}]","teams":"Dyeing; Weaving"}','employee','active',NULL,NULL,'2026-11-01T09:00:00Z','2026-11-02T09:00:00Z');
INSERT INTO users VALUES('085fa2cf55b18596','e-2',NULL,'bo@mill.example','bo',NULL,'+4722000002','Miller',NULL,NULL,NULL,'2024-02-29',NULL,'{"street":"2 \"Fuller''s\" Yard","city":"Tromsø","country":"no"}','{"began":"2024-02-29","numbers":"[{\"number\":\"N 2\",\"kind\":\"passport\"}]","teams":"Dyeing; Weaving"}','employee','active',NULL,NULL,'2026-11-01T09:00:00Z','2026-11-02T09:00:00Z');
INSERT INTO users VALUES('56660f6f47b2ba7e','e-3',NULL,'cy@mill.example','cy',NULL,'+4722000003','Spinner',NULL,NULL,NULL,'2024-02-29',NULL,'{"street":"3 \"Fuller''s\" Yard","city":"Tromsø","country":"no"}','{"began":"2024-02-29","numbers":"[{\"number\":\"N 3\",\"kind\":\"passport\"}]","teams":"Dyeing; Weaving"}','employee','active',NULL,NULL,'2026-11-01T09:00:00Z','2026-11-02T09:00:00Z');
INSERT INTO users VALUES('ed1d989338560bfe','e-4',NULL,'di@mill.example','di',NULL,'+4722000004','Miller',NULL,NULL,NULL,'2025-01-01',NULL,'{"street":"4 \"Fuller''s\" Yard","city":"Bodø","country":"no"}','{"began":"2025-01-01","numbers":"[{\"number\":\"N 4\",\"kind\":\"passport\"}]","teams":"Dyeing; Weaving"}','employee','active',NULL,NULL,'2026-11-01T09:00:00Z','2026-11-03T09:00:00Z');
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
INSERT INTO hris_applied VALUES('0b69302f2b1fa63dc7cd00427c924144','56660f6f47b2ba7e','2026-11-01T09:00:00Z');
INSERT INTO hris_applied VALUES('44cdff863d333729597fa8a06f6a7ba8','085fa2cf55b18596','2026-11-01T09:00:00Z');
INSERT INTO hris_applied VALUES('4e95ae0a008ef412f0867a6a7415bfc2','085fa2cf55b18596','2026-11-02T09:00:00Z');
INSERT INTO hris_applied VALUES('6210c9743957fc6377801bc0934c224c','50fca6baf2dde662','2026-11-02T09:00:00Z');
INSERT INTO hris_applied VALUES('66ffba0997d0a6a94d7dd6bc21829206','ed1d989338560bfe','2026-11-03T09:00:00Z');
INSERT INTO hris_applied VALUES('b242cb17af2c051d07b738fc6f331257','ed1d989338560bfe','2026-11-01T09:00:00Z');
INSERT INTO hris_applied VALUES('ccd2fb33d4c81ea48224ffee58f22a5d','50fca6baf2dde662','2026-11-01T09:00:00Z');
INSERT INTO hris_applied VALUES('df90e54328838d26629383778aef9f0e','56660f6f47b2ba7e','2026-11-02T09:00:00Z');
CREATE TABLE hris_target (
    id TEXT PRIMARY KEY NOT NULL
) WITHOUT ROWID;
INSERT INTO hris_target VALUES('b7c97b6f18c29a86f3b29376f59606cd');
CREATE TABLE hris_closed (
    user_id TEXT PRIMARY KEY NOT NULL,
    status  TEXT,
    at      TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX invites_by_user ON invites (user_id);
CREATE TRIGGER short AFTER UPDATE OF job_title ON users BEGIN UPDATE users SET job_title = substr(new.job_title, 1, 12) WHERE id = new.id; END;
COMMIT;
