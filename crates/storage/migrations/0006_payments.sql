-- Payments and refunds. What may never be exceeded stands in the payment's own row.

CREATE TABLE payments (
    merchant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    binding_id TEXT NOT NULL,
    partner_reference_no TEXT NOT NULL,
    reference_no TEXT NOT NULL,
    external_id TEXT NOT NULL,
    external_day TEXT NOT NULL,        -- Jakarta's calendar day on which it was started
    amount BIGINT NOT NULL CHECK (amount > 0),
    fee BIGINT NOT NULL CHECK (fee >= 0),
    parts TEXT NOT NULL,
    details TEXT NOT NULL,
    first_answer TEXT NOT NULL CHECK (first_answer IN ('none', 'accepted', 'refused', 'open')),
    created_at BIGINT NOT NULL,
    valid_until BIGINT NOT NULL,
    bank_reference_no TEXT,
    bank_page TEXT,
    refunded BIGINT NOT NULL CHECK (refunded >= 0),
    refund_reserved BIGINT NOT NULL CHECK (refund_reserved >= 0),
    state TEXT NOT NULL CHECK (state IN ('created', 'awaiting customer', 'unknown', 'succeeded',
                                         'refunded', 'cancelled', 'failed')),
    paid_at BIGINT,
    cancel_cause TEXT,
    failure_code TEXT,
    failure_message TEXT,
    page_hash TEXT NOT NULL,
    state_hash TEXT NOT NULL,
    state_used_at BIGINT,
    settle_at BIGINT,
    lease_until BIGINT NOT NULL,
    lease_owner TEXT NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1),
    PRIMARY KEY (merchant_id, id),
    UNIQUE (partner_reference_no, merchant_id),
    UNIQUE (reference_no, merchant_id),
    CHECK (fee <= amount),
    CHECK (refunded + refund_reserved <= amount),
    CHECK (refunded + refund_reserved = 0 OR state IN ('succeeded', 'refunded')),
    CHECK ((state = 'refunded') = (refunded = amount)),
    CHECK ((paid_at IS NOT NULL) = (state IN ('succeeded', 'refunded'))),
    CHECK ((cancel_cause IS NOT NULL) = (state = 'cancelled')),
    CHECK ((failure_code IS NOT NULL) = (state = 'failed')),
    CHECK ((failure_code IS NULL) = (failure_message IS NULL))
);

-- The bank's notify names the payment alone, and pages name neither.
CREATE UNIQUE INDEX payments_by_id ON payments (id);
CREATE UNIQUE INDEX payments_by_page ON payments (page_hash);
CREATE UNIQUE INDEX payments_by_state ON payments (state_hash);
CREATE INDEX payments_by_external_id ON payments (external_id, merchant_id, created_at);
CREATE INDEX payments_open ON payments (binding_id, merchant_id)
    WHERE state IN ('created', 'awaiting customer', 'unknown');
CREATE INDEX payments_due ON payments (settle_at) WHERE settle_at IS NOT NULL;

CREATE TABLE refunds (
    merchant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    payment_id TEXT NOT NULL,
    partner_refund_no TEXT NOT NULL,
    refund_no TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('merchant', 'late debit')),
    amount BIGINT NOT NULL CHECK (amount > 0),
    reason TEXT,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('created', 'unknown', 'succeeded', 'failed')),
    refunded_at BIGINT,
    failure_code TEXT,
    failure_message TEXT,
    settle_at BIGINT,
    lease_until BIGINT NOT NULL,
    lease_owner TEXT NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1),
    PRIMARY KEY (merchant_id, id),
    UNIQUE (partner_refund_no, merchant_id, kind),
    CHECK ((refunded_at IS NOT NULL) = (state = 'succeeded')),
    CHECK ((failure_code IS NOT NULL) = (state = 'failed')),
    CHECK ((failure_code IS NULL) = (failure_message IS NULL))
);

CREATE INDEX refunds_by_payment ON refunds (payment_id, merchant_id);
CREATE INDEX refunds_due ON refunds (settle_at) WHERE settle_at IS NOT NULL;
