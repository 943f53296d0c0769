-- What an authorisation server granted to a connection. The row stays when its grant is forgotten,
-- so that a version is never used twice.

CREATE TABLE grants (
    connection    TEXT PRIMARY KEY NOT NULL,
    version       INTEGER NOT NULL,       -- grows with each grant and with forgetting one
    content       BLOB,                   -- JSON, or that sealed; none where it was forgotten
    sealed        INTEGER NOT NULL,       -- whether it takes a key to read it
    claimed_until INTEGER NOT NULL,       -- milliseconds since 1970; 0 is no claim
    process       TEXT                    -- who claimed it
) STRICT;

PRAGMA user_version = 2;
