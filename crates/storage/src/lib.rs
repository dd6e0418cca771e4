//! The gateway's memory: every table, every SQL text, and the transactions around them.
//!
//! One SQL text and one set of migrations serve SQLite and PostgreSQL; only `engine.rs` knows which
//! runs. This crate knows the domain's types and SQL and nothing of HTTP. It must never make up a
//! time, an id or a decision: they are parameters.
//!
//! One noun, one file, one table. Its functions take a [`Session`]: from [`Store::transact`], which
//! is the only way to write, or from [`Store::reader`]. A row becomes a domain value only if it
//! could have been written from one; anything else is [`Error::Corrupt`].
//!
//! To add a table: a migration, a file with its statements, and its name in `schema.rs` and
//! `statements.rs`; the tests that prepare every statement and dump every table find it there.

mod cipher;
mod dump;
mod engine;
mod error;
mod lease;
mod record;
mod rows;
mod schema;
mod session;
mod statements;
mod store;
mod value;

pub mod alarms;
pub mod bindings;
pub mod copy;
pub mod external_ids;
pub mod gateway_keys;
pub mod gateways;
pub mod history;
pub mod ledger;
pub mod listeners;
pub mod management_keys;
pub mod merchant_keys;
pub mod merchants;
pub mod notification_attempts;
pub mod notification_batches;
pub mod notification_endpoints;
mod notification_profile;
pub mod notification_search;
pub mod notification_trials;
pub mod notifications;
pub mod payments;
pub mod postings;
pub mod refunds;
pub mod settings;

pub use cipher::{CipherError, MasterKeys};
pub use engine::Settings;
pub use error::Error;
pub(crate) use lease::AFTER_ALL_IDS;
pub use lease::{LONGEST_LEASE_MS, Lease, bring_forward, release_all};
pub use session::Session;
#[doc(hidden)]
pub use statements::{Sql, all as all_statements};
pub use store::{Hook, Hooked, Point, Store, WaitingHook};
pub use value::Value;
