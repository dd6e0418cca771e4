//! What can only be tested on PostgreSQL: a server that goes away, and several gateways that come and go.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests may fail loudly"
)]

mod outage;
mod rolling;
mod server;
