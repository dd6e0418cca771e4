-- Faults that a tester armed: the next `times` calls, or this share of calls (in millionths), decided by `seed` and
-- by how many calls were seen.
CREATE TABLE faults (
    id        INTEGER PRIMARY KEY,
    operation TEXT NOT NULL,
    outcome   TEXT NOT NULL,
    times     INTEGER CHECK (times > 0),
    share     INTEGER CHECK (share > 0 AND share <= 1000000),
    seed      INTEGER NOT NULL CHECK (seed >= 0),
    seen      INTEGER NOT NULL DEFAULT 0,
    hits      INTEGER NOT NULL DEFAULT 0,
    CHECK ((times IS NULL) <> (share IS NULL))
) STRICT;
CREATE INDEX faults_by_operation ON faults (operation, id);

-- What an amount or a customer asks for is met once for a reference; until `open_until` its answer is 202.
CREATE TABLE faults_met (
    operation  TEXT NOT NULL,
    reference  TEXT NOT NULL,
    open_until INTEGER NOT NULL,
    PRIMARY KEY (operation, reference)
) STRICT, WITHOUT ROWID;

-- Payments whose forged notifications are still to be sent; the true one waits for them.
CREATE TABLE forgeries (
    payment_id TEXT PRIMARY KEY REFERENCES payments (id),
    due_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How often a notification is sent again although it was accepted.
ALTER TABLE notifications ADD COLUMN again INTEGER NOT NULL DEFAULT 0;
