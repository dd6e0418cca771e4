-- The outbox: what merchants are owed, and every try to send it.

CREATE TABLE notifications (
    merchant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('payment', 'refund', 'binding')),
    subject TEXT NOT NULL,             -- the payment or binding; its notifications go in order
    sequence BIGINT NOT NULL CHECK (sequence >= 1),
    external_id TEXT NOT NULL,
    body TEXT NOT NULL,                -- encrypted
    state TEXT NOT NULL CHECK (state IN ('due', 'delivered', 'resting')),
    attempts BIGINT NOT NULL CHECK (attempts >= 0),
    due_at BIGINT,
    lease_until BIGINT NOT NULL,       -- zero: nobody is sending it
    lease_owner TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1),
    PRIMARY KEY (merchant_id, id),
    UNIQUE (subject, merchant_id, sequence),
    CHECK ((state = 'due') = (due_at IS NOT NULL))
);

CREATE INDEX notifications_due ON notifications (due_at) WHERE state = 'due';

CREATE TABLE notification_attempts (
    merchant_id TEXT NOT NULL,
    notification_id TEXT NOT NULL,
    version BIGINT NOT NULL,           -- the notification's version that this try led to
    at BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    http_status BIGINT,
    detail TEXT,
    address TEXT,                      -- that was connected to
    key_id TEXT,                       -- which of our keys and secrets signed
    answer TEXT,                       -- its beginning, encrypted
    PRIMARY KEY (merchant_id, notification_id, version)
);
