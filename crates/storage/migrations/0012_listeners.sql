-- Where a merchant's notifications go for a while instead of to its own URLs: one place a merchant.

CREATE TABLE listeners (
    merchant_id TEXT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    notification_url TEXT NOT NULL,
    token_url TEXT,
    binding_notification_url TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL         -- by the wall clock: a listener is a process, not business
);
