-- The keys of operators, and what notifications and tries are searched by.

CREATE TABLE management_keys (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    scope TEXT NOT NULL CHECK (scope IN ('operator', 'read-only')),
    hash TEXT NOT NULL,                -- SHA-256 of the secret part, in hex
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT
);

CREATE INDEX notifications_by_id ON notifications (id);

CREATE INDEX notifications_resting ON notifications (id) WHERE state = 'resting';

CREATE INDEX notification_attempts_by_time ON notification_attempts (at, notification_id, version);

-- On an expression, so that no statement that names a merchant and a notification can take it instead of
-- the primary key; see tests/indexes.rs.
CREATE INDEX notification_attempts_by_merchant
    ON notification_attempts (('' || merchant_id), at, notification_id, version);
