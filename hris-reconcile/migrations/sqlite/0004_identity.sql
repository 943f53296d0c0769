-- Whose account it is, and which connection holds it.

ALTER TABLE links ADD COLUMN external_id TEXT;                    -- what the account carries; NULL until known
ALTER TABLE links ADD COLUMN protected_by TEXT;                   -- the entry under which it was once found
ALTER TABLE links ADD COLUMN invites INTEGER NOT NULL DEFAULT 0;  -- how many were sent
ALTER TABLE links ADD COLUMN invited_to TEXT;                     -- a digest of the last invitation's address
ALTER TABLE links ADD COLUMN learned TEXT;                        -- JSON with digests; NULL where nothing was written
-- Until now every account that was asked to join was asked again, whoever had asked first.
UPDATE links SET invites = 1 WHERE awaits_invite = 0;
CREATE INDEX links_by_user ON links (user);

-- Accounts that a connection waits for while another one holds them.
CREATE TABLE claims (
    connection TEXT NOT NULL,
    employee   TEXT NOT NULL,
    user       TEXT NOT NULL,
    PRIMARY KEY (connection, employee, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX claims_by_user ON claims (user);

-- What people decided about whose an account is.
CREATE TABLE judgements (
    connection TEXT NOT NULL,
    id         TEXT NOT NULL,             -- of the question
    judgement  TEXT NOT NULL,             -- JSON
    PRIMARY KEY (connection, id)
) STRICT, WITHOUT ROWID;

-- What other connections are told of a baseline.
ALTER TABLE baselines ADD COLUMN target TEXT;
ALTER TABLE baselines ADD COLUMN organisation TEXT;
ALTER TABLE baselines ADD COLUMN vendor TEXT;
UPDATE baselines SET target = json_extract(baseline, '$.target'),
                     organisation = json_extract(baseline, '$.fingerprint.organisation'),
                     vendor = nullif(json_extract(baseline, '$.vendor'), '')
WHERE json_valid(baseline);

ALTER TABLE runs ADD COLUMN command TEXT;
UPDATE runs SET command = json_extract(report, '$.command') WHERE json_valid(report);
CREATE INDEX runs_by_command ON runs (connection, command, position);

ALTER TABLE journal ADD COLUMN empty TEXT;                        -- JSON list of names of fields; NULL where none

PRAGMA user_version = 4;
