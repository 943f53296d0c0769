-- Credentials of connections, such as access tokens that a person typed in.

CREATE TABLE credentials (
    connection TEXT NOT NULL,
    name       TEXT NOT NULL,             -- as the vendor asks for it
    content    BLOB NOT NULL,             -- the credential, or that sealed
    sealed     INTEGER NOT NULL,          -- whether it takes a key to read it
    PRIMARY KEY (connection, name)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 5;
