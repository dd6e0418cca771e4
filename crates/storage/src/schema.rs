//! The schema: one set of migrations, read unchanged by both engines, embedded in the program.
//!
//! A migration that was released is never edited. A change adds a table, a column or an index;
//! anything else creates a new table, copies, drops and renames. Since old and new gateways run
//! side by side during an upgrade, a migration must leave the old program working.

use sqlx::migrate::Migrator;

use crate::Error;
use crate::engine::Pools;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Every table of the schema, each after those whose rows it refers to.
pub(crate) const TABLES: &[&str] = &[
    "merchants",
    "merchant_keys",
    "gateway_keys",
    "management_keys",
    "settings",
    "bindings",
    "payments",
    "refunds",
    "history",
    "external_ids",
    "notifications",
    "notification_attempts",
    "notification_endpoints",
    "listeners",
    "alarms",
    "postings",
    PRESENCE,
];

/// The table that says which gateways run, and nothing of the business: it is neither dumped nor
/// copied.
pub(crate) const PRESENCE: &str = "gateways";

/// Brings the schema up to date.
pub(crate) async fn migrate(pools: &Pools) -> Result<(), Error> {
    pools.migrate(&MIGRATIONS).await.map_err(Error::Migration)
}
