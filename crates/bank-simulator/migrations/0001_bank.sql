-- The stand-in bank's books. Money is in sen, time in Unix milliseconds of the bank's own clock.

CREATE TABLE settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE customers (
    account_no        TEXT PRIMARY KEY,
    phone_no          TEXT NOT NULL UNIQUE,
    name              TEXT NOT NULL,
    note              TEXT NOT NULL,
    position          INTEGER NOT NULL,
    state             TEXT NOT NULL CHECK (state IN ('active', 'blocked', 'dormant')),
    otp_silent        INTEGER NOT NULL CHECK (otp_silent IN (0, 1)),
    pin_salt          TEXT NOT NULL,
    pin_hash          TEXT NOT NULL,
    wrong_pins        INTEGER NOT NULL DEFAULT 0,
    pin_locked        INTEGER NOT NULL DEFAULT 0 CHECK (pin_locked IN (0, 1)),
    otp_blocked_until INTEGER NOT NULL DEFAULT 0
) STRICT;

-- A customer's three accounts, and the bank's own (account_no is null), which may be negative.
CREATE TABLE accounts (
    id         TEXT PRIMARY KEY,
    account_no TEXT REFERENCES customers (account_no),
    kind       TEXT NOT NULL CHECK (kind IN ('BALANCE', 'POINT', 'PAYLATER', 'CLEARING', 'CAPITAL')),
    balance    INTEGER NOT NULL,
    CHECK (account_no IS NULL OR balance >= 0)
) STRICT;

-- Double entry: the postings of one movement add up to zero.
CREATE TABLE movements (
    id         TEXT PRIMARY KEY,
    kind       TEXT NOT NULL CHECK (kind IN ('opening', 'payment', 'refund', 'reset')),
    payment_id TEXT,
    refund_id  TEXT,
    at         INTEGER NOT NULL
) STRICT;
CREATE INDEX movements_by_time ON movements (at);

CREATE TABLE postings (
    movement_id TEXT NOT NULL REFERENCES movements (id),
    account_id  TEXT NOT NULL REFERENCES accounts (id),
    amount      INTEGER NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (movement_id, account_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE links (
    id                   TEXT PRIMARY KEY,
    partner_reference_no TEXT NOT NULL UNIQUE,
    fingerprint          TEXT NOT NULL,
    account_no           TEXT NOT NULL REFERENCES customers (account_no),
    state                TEXT NOT NULL CHECK (state IN ('pending', 'linked', 'failed', 'unlinked')),
    merchant_name        TEXT NOT NULL,
    return_url           TEXT NOT NULL,
    expires_at           INTEGER NOT NULL,
    created_at           INTEGER NOT NULL,
    ended_at             INTEGER,
    reason_code          TEXT,
    reason_message       TEXT
) STRICT;
CREATE INDEX links_by_account ON links (account_no, state);
CREATE INDEX links_waiting ON links (expires_at) WHERE state = 'pending';

CREATE TABLE tokens (
    hash       TEXT PRIMARY KEY,
    kind       TEXT NOT NULL CHECK (kind IN ('b2b', 'customer', 'refresh')),
    link_id    TEXT REFERENCES links (id),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_by_expiry ON tokens (expires_at);

CREATE TABLE payments (
    id                   TEXT PRIMARY KEY,
    partner_reference_no TEXT NOT NULL UNIQUE,
    fingerprint          TEXT NOT NULL,
    link_id              TEXT NOT NULL REFERENCES links (id),
    account_no           TEXT NOT NULL REFERENCES customers (account_no),
    amount               INTEGER NOT NULL CHECK (amount > 0),
    state                TEXT NOT NULL CHECK (state IN ('pending', 'paid', 'cancelled', 'failed')),
    merchant_name        TEXT NOT NULL,
    remarks              TEXT NOT NULL,
    return_url           TEXT NOT NULL,
    expires_at           INTEGER NOT NULL,
    created_at           INTEGER NOT NULL,
    ended_at             INTEGER,
    reason_code          TEXT,
    reason_message       TEXT
) STRICT;
CREATE INDEX payments_waiting ON payments (expires_at) WHERE state = 'pending';
CREATE INDEX payments_by_link ON payments (link_id, state);

-- Which account pays how much, and how much of it went back.
CREATE TABLE payment_parts (
    payment_id TEXT NOT NULL REFERENCES payments (id),
    kind       TEXT NOT NULL CHECK (kind IN ('BALANCE', 'POINT', 'PAYLATER')),
    amount     INTEGER NOT NULL CHECK (amount > 0),
    refunded   INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (payment_id, kind),
    CHECK (refunded >= 0 AND refunded <= amount)
) STRICT, WITHOUT ROWID;

CREATE TABLE refunds (
    id                TEXT PRIMARY KEY,
    partner_refund_no TEXT NOT NULL UNIQUE,
    fingerprint       TEXT NOT NULL,
    payment_id        TEXT NOT NULL REFERENCES payments (id),
    amount            INTEGER NOT NULL CHECK (amount > 0),
    reason            TEXT,
    at                INTEGER NOT NULL
) STRICT;
CREATE INDEX refunds_by_payment ON refunds (payment_id, at);

-- One page per binding or payment. Its id is never stored, only the id's hash; the same for the browser's session.
CREATE TABLE pages (
    hash                  TEXT PRIMARY KEY,
    link_id               TEXT UNIQUE REFERENCES links (id),
    payment_id            TEXT UNIQUE REFERENCES payments (id),
    step                  TEXT NOT NULL DEFAULT 'landing' CHECK (step IN ('landing', 'otp', 'pin')),
    otp_accepted          INTEGER NOT NULL DEFAULT 0 CHECK (otp_accepted IN (0, 1)),
    session_hash          TEXT,
    previous_session_hash TEXT,
    rotated_at            INTEGER NOT NULL DEFAULT 0,
    wrong_otps            INTEGER NOT NULL DEFAULT 0,
    notice                TEXT,
    CHECK ((link_id IS NULL) <> (payment_id IS NULL))
) STRICT;

CREATE TABLE otps (
    id         TEXT PRIMARY KEY,
    account_no TEXT NOT NULL REFERENCES customers (account_no),
    page_hash  TEXT NOT NULL REFERENCES pages (hash),
    code       TEXT NOT NULL,
    reference  TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('live', 'used', 'void')),
    sent_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX otps_by_account ON otps (account_no, sent_at);
CREATE INDEX otps_by_page ON otps (page_hash, sent_at);

CREATE TABLE wrong_otps (
    id         TEXT PRIMARY KEY,
    account_no TEXT NOT NULL REFERENCES customers (account_no),
    at         INTEGER NOT NULL
) STRICT;
CREATE INDEX wrong_otps_by_account ON wrong_otps (account_no, at);

-- Where an SMS arrives.
CREATE TABLE inbox (
    id        TEXT PRIMARY KEY,
    phone_no  TEXT NOT NULL,
    body      TEXT NOT NULL,
    otp       TEXT NOT NULL,
    reference TEXT NOT NULL,
    at        INTEGER NOT NULL
) STRICT;
CREATE INDEX inbox_by_phone ON inbox (phone_no, at);

-- What the gateway is still to be told (service 56); kept until it has accepted.
CREATE TABLE notifications (
    id         TEXT PRIMARY KEY,
    payment_id TEXT NOT NULL UNIQUE REFERENCES payments (id),
    state      TEXT NOT NULL CHECK (state IN ('due', 'delivered')),
    attempts   INTEGER NOT NULL DEFAULT 0,
    due_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX notifications_due ON notifications (due_at) WHERE state = 'due';
