//! Tests through real parts: a gateway, the bank simulator, a merchant's client and the hosted pages,
//! over loopback. Every test has its own of each. The two binaries beside this folder run all of them
//! on SQLite and on PostgreSQL.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    missing_docs,
    dead_code,
    reason = "tests may fail loudly"
)]

pub mod calls;
pub mod faults;
pub mod forgery;
pub mod stage;
pub mod untouched;
pub mod wire;

mod bodies;
mod books;
mod commits;
mod copied;
mod dialects;
mod fields;
mod headers;
mod journey;
mod limits;
mod meanwhile;
mod notices;
mod outages;
mod precedence;
mod races;
mod repeats;
mod settling;
mod several;
mod signatures;
mod tokens;
pub mod trouble;
mod verdicts;
