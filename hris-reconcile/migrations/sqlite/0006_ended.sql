-- Old actions are found and forgotten without a walk through the others.

CREATE INDEX journal_ended ON journal (connection, at) WHERE action IS NULL;

PRAGMA user_version = 6;
