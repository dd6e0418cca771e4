//! What can go wrong between the gateway and its database.
//!
//! A refusal by the rules is never an error of this crate; an error here is a failure of the world
//! (retried or answered as 5xx) or a row that cannot be (corrupt). A message never repeats its
//! source and never holds a stored value.

use thiserror::Error;

use crate::cipher::CipherError;

/// A failure of the store.
#[derive(Debug, Error)]
pub enum Error {
    /// The settings do not name a database that can be opened.
    #[error("the database settings are wrong: {0}")]
    Settings(String),
    /// The database would answer before data is on disk.
    #[error("the database is not safe for money: {0}")]
    Unsafe(String),
    /// No connection could be had in time, or it was lost and stayed lost.
    #[error("the database cannot be reached")]
    Unavailable(#[source] sqlx::Error),
    /// The schema is newer than this program, was tampered with, or could not be changed.
    #[error("the schema could not be brought up to date")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// A statement failed for a reason that trying again does not mend.
    #[error("statement {statement} failed")]
    Statement {
        /// The statement's name.
        statement: &'static str,
        /// What the driver said.
        #[source]
        source: sqlx::Error,
    },
    /// Other transactions were in the way, again and again.
    #[error("statement {statement} lost against other transactions")]
    Contention {
        /// The statement's name.
        statement: &'static str,
        /// What the driver said.
        #[source]
        source: sqlx::Error,
    },
    /// The row was changed by somebody else since it was read. [`crate::Store::transact`] runs the
    /// whole transaction again; the caller sees this only when that did not help.
    #[error("{table} {id} was changed by another transaction")]
    Overtaken {
        /// The table.
        table: &'static str,
        /// The row's id.
        id: String,
    },
    /// The connection was lost while committing: it may have happened or not.
    #[error("whether transaction {transaction} was committed is not known")]
    CommitUnknown {
        /// The transaction's name.
        transaction: &'static str,
        /// What the driver said; nothing when a test pretended it.
        #[source]
        source: Option<sqlx::Error>,
    },
    /// The work of a transaction said yes although one of its statements had failed. It was rolled
    /// back: PostgreSQL would have done the same and answered as if it had committed.
    #[error("transaction {transaction} ignored a failed statement")]
    IgnoredFailure {
        /// The transaction's name.
        transaction: &'static str,
    },
    /// A session was used after its transaction had ended.
    #[error("the transaction is over")]
    Finished,
    /// A session that is only good for reading was asked to write.
    #[error("statement {statement} writes outside a transaction")]
    ReadOnly {
        /// The statement's name.
        statement: &'static str,
    },
    /// A text that one of the engines cannot keep: it holds a NUL character.
    #[error("a value for statement {statement} holds a NUL character")]
    Nul {
        /// The statement's name.
        statement: &'static str,
    },
    /// A row that no version of this program could have written.
    #[error("{table} {id} is corrupt: {what}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The row's id.
        id: String,
        /// What cannot be.
        what: String,
    },
    /// A value could not be encrypted or decrypted.
    #[error("{table} {id}: an encrypted value is not readable")]
    Cipher {
        /// The table.
        table: &'static str,
        /// The row's id.
        id: String,
        /// Why.
        #[source]
        source: CipherError,
    },
    /// An entry of the journal whose postings do not add up to zero, or are none.
    #[error("the postings of entry {entry} do not balance")]
    Unbalanced {
        /// The entry.
        entry: String,
    },
    /// A failure that a test asked for.
    #[error("a simulated fault: {0}")]
    Simulated(&'static str),
}

impl Error {
    /// True when the store is out of reach or too busy: the same request may succeed later.
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_) | Self::Contention { .. } | Self::Overtaken { .. }
        )
    }

    /// A row that cannot be, or that is missing where another says that it is there.
    pub fn corrupt(table: &'static str, id: impl ToString, what: impl Into<String>) -> Self {
        Self::Corrupt {
            table,
            id: id.to_string(),
            what: what.into(),
        }
    }
}
