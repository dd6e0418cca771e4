//! The one place of this crate that reads the wall clock. Everything else is handed the time.

use std::time::{SystemTime, UNIX_EPOCH};

/// The wall clock in Unix milliseconds. X-TIMESTAMP is compared with the other side's wall clock,
/// so no test clock stands between.
#[allow(
    clippy::disallowed_methods,
    reason = "the one place where this crate reads the wall clock"
)]
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
