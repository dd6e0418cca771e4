-- The double-entry journal, and what somebody must look at.

CREATE TABLE postings (
    merchant_id TEXT NOT NULL,
    entry_id TEXT NOT NULL,            -- derived from what happened, so that it is booked once
    account TEXT NOT NULL CHECK (account IN ('bank', 'merchant', 'fees', 'suspense')),
    subject TEXT NOT NULL,             -- the payment, or the refund
    amount BIGINT NOT NULL CHECK (amount <> 0),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, entry_id, account)
);

CREATE INDEX postings_by_time ON postings (merchant_id, created_at);
CREATE INDEX postings_by_subject ON postings (subject, merchant_id);

CREATE TABLE alarms (
    merchant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, id)
);

CREATE INDEX alarms_by_time ON alarms (created_at);
