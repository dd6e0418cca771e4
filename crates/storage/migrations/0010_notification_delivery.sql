-- What a notification takes along in its headers, so that sending one reads nothing else; and the
-- endpoints that were found broken.

ALTER TABLE notifications ADD COLUMN ip_address TEXT;
ALTER TABLE notifications ADD COLUMN device_id TEXT;

CREATE TABLE notification_endpoints (
    merchant_id TEXT NOT NULL,
    url TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('closed', 'open')),
    failures BIGINT NOT NULL CHECK (failures >= 0),
    since BIGINT NOT NULL,
    probe_at BIGINT,
    reason TEXT,
    PRIMARY KEY (merchant_id, url)
);

CREATE INDEX notification_endpoints_open ON notification_endpoints (since) WHERE state = 'open';
