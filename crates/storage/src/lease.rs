//! Leases: how several gateways share background work without doing it twice.
//!
//! A lease is a hint with an end, not a lock: whoever dies while holding one is overtaken when it
//! is over, and every result is stored by a guarded update.

use crate::statements::statements;
use crate::{Error, Session, Value};

statements! { "lease";
    RELEASE_BINDINGS = "UPDATE bindings SET lease_until = 0, lease_owner = '' \
                        WHERE lease_owner = $1 AND settle_at IS NOT NULL";
    RELEASE_PAYMENTS = "UPDATE payments SET lease_until = 0, lease_owner = '' \
                        WHERE lease_owner = $1 AND settle_at IS NOT NULL";
    RELEASE_REFUNDS = "UPDATE refunds SET lease_until = 0, lease_owner = '' \
                       WHERE lease_owner = $1 AND settle_at IS NOT NULL";
    RELEASE_NOTIFICATIONS = "UPDATE notifications SET lease_until = 0, lease_owner = '' \
                             WHERE lease_owner = $1 AND state = 'due'";
    FORWARD_BINDINGS = "UPDATE bindings SET settle_at = $1, lease_until = 0, lease_owner = '' \
                        WHERE settle_at > $1 OR (settle_at IS NOT NULL AND lease_until > $2)";
    FORWARD_PAYMENTS = "UPDATE payments SET settle_at = $1, lease_until = 0, lease_owner = '' \
                        WHERE settle_at > $1 OR (settle_at IS NOT NULL AND lease_until > $2)";
    FORWARD_REFUNDS = "UPDATE refunds SET settle_at = $1, lease_until = 0, lease_owner = '' \
                       WHERE settle_at > $1 OR (settle_at IS NOT NULL AND lease_until > $2)";
    FORWARD_NOTIFICATIONS = "UPDATE notifications SET due_at = $1, lease_until = 0, lease_owner = '' \
                             WHERE state = 'due' \
                             AND (created_at > $2 OR lease_until > $2 OR due_at > $3)";
}

/// No lease is longer, in milliseconds: one that is was written by a clock that ran ahead.
pub const LONGEST_LEASE_MS: i64 = 60_000;
/// No pause between two tries of a notification is longer, likewise: the seven days of a profile of one's own,
/// and a fifth by chance.
const LONGEST_PAUSE_MS: i64 = 725_760_000;

/// A claim on a piece of work, until a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Now, in Unix milliseconds.
    pub now_ms: i64,
    /// Until when the work is ours, in Unix milliseconds.
    pub until_ms: i64,
    /// Who we are; one name per process.
    pub owner: String,
}

impl Lease {
    /// The parameters of a statement that claims, in order.
    pub(crate) fn values(&self, limit: i64) -> [Value; 4] {
        [
            self.now_ms.into(),
            self.until_ms.into(),
            (&self.owner).into(),
            limit.into(),
        ]
    }
}

/// Gives back whatever this owner still holds, so that others need not wait for the end of its leases:
/// the last thing that a gateway does. Returns how many leases it was.
pub async fn release_all(s: &Session, owner: &str) -> Result<u64, Error> {
    let mut released: u64 = 0;
    for sql in [
        RELEASE_BINDINGS,
        RELEASE_PAYMENTS,
        RELEASE_REFUNDS,
        RELEASE_NOTIFICATIONS,
    ] {
        released = released.saturating_add(s.execute(sql, &[owner.into()]).await?);
    }
    Ok(released)
}

/// Makes due what a clock that ran ahead claimed or put off: all open work, for which being looked at too
/// early is harmless, and the notifications that were written, claimed or put off at a time that is not yet.
/// Returns how many rows it was.
pub async fn bring_forward(s: &Session, now_ms: i64) -> Result<u64, Error> {
    let (lease_ms, pause_ms) = (
        now_ms.saturating_add(LONGEST_LEASE_MS),
        now_ms.saturating_add(LONGEST_PAUSE_MS),
    );
    let mut rows: u64 = 0;
    for sql in [FORWARD_BINDINGS, FORWARD_PAYMENTS, FORWARD_REFUNDS] {
        let forward = s.execute(sql, &[now_ms.into(), lease_ms.into()]).await?;
        rows = rows.saturating_add(forward);
    }
    let times = [now_ms.into(), lease_ms.into(), pause_ms.into()];
    let forward = s.execute(FORWARD_NOTIFICATIONS, &times).await?;
    Ok(rows.saturating_add(forward))
}

/// Greater than every id, whether a database sorts by bytes or as people do: ids begin with a
/// hexadecimal digit, and punctuation sorts differently from place to place.
pub(crate) const AFTER_ALL_IDS: &str = "zzzzzzzz";
