//! What a copy tells: while it goes on, when it is done, and why it was not made.

use super::Checksum;
use crate::{Error, gateways};

/// What a copy tells whoever watches it. A watcher that answers `Break` interrupts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It begins, or goes on where an earlier one was interrupted.
    Begun {
        /// Whether there was an earlier one.
        resumed: bool,
    },
    /// A table is copied.
    Copying {
        /// The table.
        table: &'static str,
        /// How many rows it has, unless counting them takes too long.
        rows: Option<u64>,
    },
    /// A batch is in the target.
    Copied {
        /// The table.
        table: &'static str,
        /// The rows of the batch.
        rows: u64,
    },
    /// Rows were read again, to compare.
    Compared {
        /// The table.
        table: &'static str,
        /// How many so far.
        rows: u64,
    },
}

/// What a copy came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The source, without its password.
    pub from: String,
    /// The target.
    pub to: String,
    /// Each table with what both sides hold.
    pub tables: Vec<(&'static str, Checksum)>,
    /// The target was complete before: nothing was written.
    pub was_complete: bool,
}

/// Why a copy was not made, or not finished.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// A database failed.
    #[error("the {side} failed")]
    Store {
        /// `source` or `target`.
        side: &'static str,
        /// Why.
        #[source]
        source: Error,
    },
    /// A transaction on the target failed.
    #[error("the target failed")]
    Target(#[from] Error),
    /// There is no such file to copy from.
    #[error("there is no source {0}")]
    NoSource(String),
    /// Both are one database.
    #[error("source and target are one database: {0}")]
    Same(String),
    /// A gateway runs.
    #[error(
        "the gateway {name} runs on the {side}; stop it first (one that was killed is gone after {} s)",
        gateways::GONE_AFTER_MS / 1_000
    )]
    GatewayRuns {
        /// `source` or `target`.
        side: &'static str,
        /// The gateway.
        name: String,
    },
    /// Work is claimed.
    #[error(
        "a gateway has claimed work in {table} of the {side}; stop it (one that was killed loses its \
         claim after a minute)"
    )]
    Leased {
        /// `source` or `target`.
        side: &'static str,
        /// The table.
        table: &'static str,
    },
    /// The target holds something else.
    #[error("the target is not empty: it has rows in {0}, which no copy has brought there")]
    NotEmpty(&'static str),
    /// The target holds the rows of another source.
    #[error("the target holds a copy of {0}; copy from there, or into another database")]
    OtherOrigin(String),
    /// The source itself is half a copy.
    #[error("the source is itself a copy that was interrupted; finish that one first")]
    SourceIncomplete,
    /// The target was complete and is no longer like its source.
    #[error(
        "the target is a complete copy that has changed since ({0}); nothing was written; copy into an \
         empty database instead"
    )]
    MovedOn(String),
    /// Source and target differ after copying.
    #[error(
        "source and target differ in {0}: the source was changed after the copy was begun; run it again \
         with --start-over"
    )]
    Differs(String),
    /// Somebody else writes to the target.
    #[error("another copy writes to the target")]
    Overtaken,
    /// The watcher wished so.
    #[error("interrupted; run it again to go on")]
    Interrupted,
}
