//! The bank's clock: the wall clock plus an offset that can be moved forward.
//!
//! Business timers (OTP, page expiry, token life, retries) read [`Clock::now_ms`]. X-TIMESTAMP, in and out, reads
//! [`Clock::wall_ms`], so that clients keep working while the bank's time is moved. The offset never goes back:
//! a page that has expired stays expired.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Wall clock plus offset. The offset is kept in the database; this is its copy in memory.
#[derive(Debug, Default)]
pub struct Clock {
    offset_ms: AtomicI64,
}

impl Clock {
    pub(crate) fn at_offset(offset_ms: i64) -> Self {
        Self {
            offset_ms: AtomicI64::new(offset_ms),
        }
    }

    /// Business time in Unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.wall_ms().saturating_add(self.offset_ms())
    }

    /// The machine's time in Unix milliseconds.
    #[allow(clippy::disallowed_methods)] // the one place that reads the machine's clock
    pub fn wall_ms(&self) -> i64 {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    /// How far business time is ahead of the wall clock.
    pub fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::SeqCst)
    }

    pub(crate) fn set_offset(&self, offset_ms: i64) {
        self.offset_ms.fetch_max(offset_ms, Ordering::SeqCst);
    }
}
