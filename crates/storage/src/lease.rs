//! Leases: how several gateways share background work without doing it twice.
//!
//! A lease is a hint with an end, not a lock: whoever dies while holding one is overtaken when it
//! is over, and every result is stored by a guarded update.

use crate::Value;

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

/// Greater than every id, whether a database sorts by bytes or as people do: ids begin with a
/// hexadecimal digit, and punctuation sorts differently from place to place.
pub(crate) const AFTER_ALL_IDS: &str = "zzzzzzzz";
