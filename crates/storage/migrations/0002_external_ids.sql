-- One row per X-EXTERNAL-ID that was used: the claim, and the answer once there is one.

CREATE TABLE external_ids (
    merchant_id TEXT NOT NULL,
    scope TEXT NOT NULL,               -- the operation; one for all where the merchant is strict
    day TEXT NOT NULL,                 -- Jakarta's calendar day of the signed timestamp
    external_id TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    claimed_at BIGINT NOT NULL,
    in_flight_until BIGINT NOT NULL,
    answer_status BIGINT,
    answer TEXT,                       -- encrypted
    subject TEXT,                      -- the payment, refund or binding that it led to
    PRIMARY KEY (merchant_id, scope, day, external_id),
    CHECK ((answer IS NULL) = (answer_status IS NULL))
);

-- For throwing old claims away.
CREATE INDEX external_ids_by_age ON external_ids (claimed_at);
