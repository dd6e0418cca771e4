-- Bindings, and the history of everything that has states.

CREATE TABLE bindings (
    merchant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    bank TEXT NOT NULL,
    cust_id_merchant TEXT NOT NULL,
    channel TEXT NOT NULL,
    phone TEXT NOT NULL,               -- encrypted
    phone_hash TEXT NOT NULL,          -- keyed, for look-ups
    reference_no TEXT NOT NULL,
    external_id TEXT NOT NULL,
    success_url TEXT NOT NULL,
    failed_url TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    bank_reference_no TEXT,
    bank_page TEXT,
    account_id TEXT,
    account_masked TEXT,
    bank_link TEXT NOT NULL CHECK (bank_link IN ('none', 'open', 'unwanted', 'gone')),
    bank_access_token TEXT,            -- encrypted
    bank_refresh_token TEXT,           -- encrypted
    bank_token_expires_at BIGINT,
    state TEXT NOT NULL CHECK (state IN ('created', 'awaiting customer', 'unknown', 'active',
                                         'ending', 'ended', 'failed')),
    end_cause TEXT,
    failure TEXT,
    failure_code TEXT,
    failure_message TEXT,
    page_hash TEXT NOT NULL,
    state_hash TEXT NOT NULL,
    auth_code_hash TEXT NOT NULL,
    state_used_at BIGINT,
    settle_at BIGINT,
    lease_until BIGINT NOT NULL,
    lease_owner TEXT NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1),
    PRIMARY KEY (merchant_id, id),
    CHECK ((account_id IS NULL) = (account_masked IS NULL)),
    CHECK (account_id IS NOT NULL OR state NOT IN ('active', 'ending', 'ended')),
    CHECK ((end_cause IS NOT NULL) = (state = 'ended')),
    CHECK ((failure IS NOT NULL) = (state = 'failed')),
    CHECK ((failure_code IS NULL) = (failure_message IS NULL)),
    CHECK ((bank_access_token IS NULL) = (bank_token_expires_at IS NULL))
);

-- One active binding per customer and channel, and one customer per bank account, at a merchant. A
-- binding that is ending stands in nobody's way: its link at the bank is another one.
CREATE UNIQUE INDEX bindings_one_per_customer ON bindings (cust_id_merchant, merchant_id, channel)
    WHERE state = 'active';
CREATE UNIQUE INDEX bindings_one_per_account ON bindings (account_id, merchant_id, bank)
    WHERE state = 'active';

CREATE UNIQUE INDEX bindings_by_page ON bindings (page_hash);
CREATE UNIQUE INDEX bindings_by_state ON bindings (state_hash);
CREATE UNIQUE INDEX bindings_by_auth_code ON bindings (auth_code_hash, merchant_id);
CREATE INDEX bindings_by_customer ON bindings (cust_id_merchant, merchant_id, channel);
CREATE INDEX bindings_by_phone ON bindings (phone_hash, merchant_id, created_at);
CREATE INDEX bindings_by_external_id ON bindings (external_id, merchant_id, created_at);
CREATE INDEX bindings_due ON bindings (settle_at) WHERE settle_at IS NOT NULL;

CREATE TABLE history (
    merchant_id TEXT NOT NULL,
    subject TEXT NOT NULL,             -- the binding, payment or refund
    version BIGINT NOT NULL,           -- its version after the change
    noun TEXT NOT NULL CHECK (noun IN ('binding', 'payment', 'refund')),
    at BIGINT NOT NULL,
    state TEXT NOT NULL,
    cause TEXT NOT NULL,
    PRIMARY KEY (merchant_id, subject, version)
);
