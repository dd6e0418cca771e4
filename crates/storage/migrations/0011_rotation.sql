-- Two of each live while one replaces the other, and a certificate authority that a merchant brings.

ALTER TABLE merchants ADD COLUMN previous_inbound_secret TEXT; -- encrypted: while it is rotated
ALTER TABLE merchants ADD COLUMN previous_inbound_secret_until BIGINT;
ALTER TABLE merchants ADD COLUMN extra_ca TEXT;                -- PEM, for this merchant's URLs alone
ALTER TABLE gateway_keys ADD COLUMN signs_from BIGINT;         -- until then the key before it signs
