//! Which gateway processes run on this database: each writes its name down every few seconds and
//! takes it away when it stops.
//!
//! Nothing of the business depends on it. It is there for what must not be done under a running
//! gateway, such as copying the database, and for people.

use crate::statements::statements;
use crate::{Error, Session};

/// A gateway that was not seen for this long is dead, or was never told how to stop.
pub const GONE_AFTER_MS: i64 = 30_000;

statements! { "gateways";
    BEAT = "INSERT INTO gateways (name, seen_at) VALUES ($1, $2) \
            ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at";
    LEAVE = "DELETE FROM gateways WHERE name = $1";
    ALL = "SELECT name, seen_at FROM gateways ORDER BY name";
    FORGET = "DELETE FROM gateways WHERE seen_at < $1";
    CLAIMED_PAYMENT = "SELECT id FROM payments \
                       WHERE settle_at IS NOT NULL AND lease_until > $1 LIMIT 1";
    CLAIMED_REFUND = "SELECT id FROM refunds \
                      WHERE settle_at IS NOT NULL AND lease_until > $1 LIMIT 1";
    CLAIMED_BINDING = "SELECT id FROM bindings \
                       WHERE settle_at IS NOT NULL AND lease_until > $1 LIMIT 1";
    CLAIMED_NOTIFICATION = "SELECT id FROM notifications \
                            WHERE state = 'due' AND lease_until > $1 LIMIT 1";
}

/// A gateway process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// Its name, which no other process has.
    pub name: String,
    /// When it was last seen, in Unix milliseconds of the wall clock.
    pub seen_at_ms: i64,
}

impl Gateway {
    /// Whether it may still be running. A time in the future counts as well: clocks differ.
    #[must_use]
    pub fn is_alive(&self, now_ms: i64) -> bool {
        now_ms.saturating_sub(self.seen_at_ms) <= GONE_AFTER_MS
    }
}

/// Notes that a gateway runs, and forgets those that have been gone for long.
pub async fn beat(s: &Session, name: &str, now_ms: i64) -> Result<(), Error> {
    s.execute(BEAT, &[name.into(), now_ms.into()]).await?;
    let long_ago_ms = now_ms.saturating_sub(GONE_AFTER_MS.saturating_mul(100));
    s.execute(FORGET, &[long_ago_ms.into()]).await.map(drop)
}

/// Notes that a gateway has stopped.
pub async fn leave(s: &Session, name: &str) -> Result<(), Error> {
    s.execute(LEAVE, &[name.into()]).await.map(drop)
}

/// All that were seen and not forgotten.
pub async fn all(s: &Session) -> Result<Vec<Gateway>, Error> {
    s.fetch_all(ALL, &[])
        .await?
        .iter()
        .map(|row| {
            Ok(Gateway {
                name: row.text("name")?,
                seen_at_ms: row.int("seen_at")?,
            })
        })
        .collect()
}

/// A table in which a gateway holds a lease at this business time, if there is one.
pub async fn claimed(s: &Session, now_ms: i64) -> Result<Option<&'static str>, Error> {
    for (table, sql) in [
        ("payments", CLAIMED_PAYMENT),
        ("refunds", CLAIMED_REFUND),
        ("bindings", CLAIMED_BINDING),
        ("notifications", CLAIMED_NOTIFICATION),
    ] {
        if s.fetch_optional(sql, &[now_ms.into()]).await?.is_some() {
            return Ok(Some(table));
        }
    }
    Ok(None)
}
