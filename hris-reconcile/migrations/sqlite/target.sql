-- The tables of the embedded target. Others may have made them differently, so each is made only
-- where it is missing, and no table refers to another.
-- Dates are YYYY-MM-DD, times RFC 3339 in UTC. The table `users` is made from the fields of an account.

CREATE TABLE IF NOT EXISTS assignments (
    user_id TEXT NOT NULL,
    kind    TEXT NOT NULL,                                -- role, location, area
    value   TEXT NOT NULL,
    PRIMARY KEY (user_id, kind, value)
);

CREATE TABLE IF NOT EXISTS invites (
    user_id     TEXT NOT NULL,
    sent_at     TEXT NOT NULL,
    expires_at  TEXT,
    accepted_at TEXT
);
CREATE INDEX IF NOT EXISTS invites_by_user ON invites (user_id);

-- Which actions were done, each row written in the transaction of its action.
CREATE TABLE IF NOT EXISTS hris_applied (
    key     TEXT PRIMARY KEY NOT NULL,
    user_id TEXT NOT NULL,
    at      TEXT NOT NULL
) WITHOUT ROWID;

-- Which tables these are: one row, made with the table, copied and restored with the accounts.
CREATE TABLE IF NOT EXISTS hris_target (
    id TEXT PRIMARY KEY NOT NULL
) WITHOUT ROWID;
INSERT INTO hris_target (id) SELECT lower(hex(randomblob(16))) WHERE NOT EXISTS (SELECT 1 FROM hris_target);

-- What accounts were before they were closed here; a row counts while the account was closed at that time.
CREATE TABLE IF NOT EXISTS hris_closed (
    user_id TEXT PRIMARY KEY NOT NULL,
    status  TEXT,
    at      TEXT NOT NULL
) WITHOUT ROWID;
