-- The state of a runner: everything is kept by the connection's name.
-- Times are seconds since 1970, in leases milliseconds, all UTC.

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
    sequence          INTEGER NOT NULL,
    PRIMARY KEY (connection, employee)
) STRICT, WITHOUT ROWID;

-- An intent is a row with the action in it; settling the intent takes the action out, so that what
-- stays holds ids only.
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
    done       INTEGER,                   -- NULL until settled
    UNIQUE (connection, key)
) STRICT;
CREATE INDEX journal_open ON journal (connection, position) WHERE action IS NOT NULL;
CREATE INDEX journal_done ON journal (connection, kind, at) WHERE done = 1;

CREATE TABLE baselines (
    connection TEXT PRIMARY KEY NOT NULL,
    baseline   TEXT NOT NULL              -- JSON
) STRICT;

CREATE TABLE runs (
    position   INTEGER PRIMARY KEY AUTOINCREMENT,
    connection TEXT NOT NULL,
    run        TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    report     TEXT NOT NULL,             -- JSON
    UNIQUE (connection, run)
) STRICT;
CREATE INDEX runs_by_time ON runs (connection, started_at);

CREATE TABLE connections (
    name       TEXT PRIMARY KEY NOT NULL,
    connection TEXT NOT NULL              -- JSON
) STRICT;

-- "HRIS" in ASCII: tells this file from any other SQLite database.
PRAGMA application_id = 1213352275;
PRAGMA user_version = 1;
