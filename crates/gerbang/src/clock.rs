//! The one place of the binary that reads the wall clock, for X-TIMESTAMP.

use std::time::{SystemTime, UNIX_EPOCH};

/// Unix milliseconds.
#[allow(
    clippy::disallowed_methods,
    reason = "the one place of this crate that reads the wall clock"
)]
pub fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
