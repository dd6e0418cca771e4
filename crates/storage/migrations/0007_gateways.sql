-- The gateway processes on this database, so that nobody copies it under them.

CREATE TABLE gateways (
    name TEXT NOT NULL PRIMARY KEY,
    seen_at BIGINT NOT NULL            -- by the wall clock
);
