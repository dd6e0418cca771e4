//! What applying a command to a state machine can come to.

use thiserror::Error;

/// The result of a command that the state machine allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<T> {
    /// The state moved, or what is known about it grew: store it.
    Changed(T),
    /// The command said what was already so: nothing to store.
    Unchanged(T),
    /// The bank debited a customer for a payment that had already ended without a debit. The
    /// state stays; the money must go back and somebody must look.
    LateDebit(T),
}

impl<T> Step<T> {
    /// The value, whatever came of the command.
    pub fn into_inner(self) -> T {
        match self {
            Self::Changed(value) | Self::Unchanged(value) | Self::LateDebit(value) => value,
        }
    }

    /// True when the value must be stored.
    pub fn is_change(&self) -> bool {
        matches!(self, Self::Changed(_))
    }
}

/// A command that its state does not allow: a bug or a lying bank, never the merchant's mistake.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{noun} {id} is {state} and cannot {command}")]
pub struct Impossible {
    /// What kind of thing it is, such as `payment`.
    pub noun: &'static str,
    /// Its id.
    pub id: String,
    /// The state it is in.
    pub state: &'static str,
    /// The command that was given.
    pub command: &'static str,
}
