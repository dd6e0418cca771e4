-- Merchants, their public keys, and the gateway's own keys and settings.
-- Columns whose comment says "encrypted" hold `keyid:base64` and open only in their own row.

CREATE TABLE merchants (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'disabled')),
    epoch BIGINT NOT NULL CHECK (epoch >= 0),
    secret TEXT NOT NULL,              -- encrypted: signs what the merchant sends
    previous_secret TEXT,              -- encrypted: the one before, while it is rotated
    previous_secret_until BIGINT,
    inbound_secret TEXT NOT NULL,      -- encrypted: signs what we send to the merchant
    notification_url TEXT,
    token_url TEXT,
    binding_notification_url TEXT,
    settings TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1),
    CHECK ((previous_secret IS NULL) = (previous_secret_until IS NULL))
);

CREATE TABLE merchant_keys (
    merchant_id TEXT NOT NULL REFERENCES merchants (id),
    key_id TEXT NOT NULL,
    public_key TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'retired')),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, key_id)
);

CREATE TABLE gateway_keys (
    id TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    material TEXT NOT NULL,            -- encrypted
    state TEXT NOT NULL CHECK (state IN ('active', 'previous', 'retired')),
    created_at BIGINT NOT NULL
);

CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
