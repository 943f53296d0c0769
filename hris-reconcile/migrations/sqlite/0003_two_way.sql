-- What keeps two systems in step that are both edited.

ALTER TABLE links ADD COLUMN bases TEXT;  -- JSON with values as both sides had them; NULL where none

CREATE TABLE decisions (
    connection TEXT NOT NULL,
    id         TEXT NOT NULL,             -- of the conflict
    decision   TEXT NOT NULL,             -- JSON with the values it was made on
    PRIMARY KEY (connection, id)
) STRICT, WITHOUT ROWID;

-- Nothing is written to the source of a connection while its settings are these.
CREATE TABLE holds (
    connection TEXT PRIMARY KEY NOT NULL,
    settings   TEXT NOT NULL              -- a digest
) STRICT;

PRAGMA user_version = 3;
