//! A notification: one message that a merchant is owed, sent at least once.

use crate::{MerchantId, NotificationId, Step};

/// A notification as far as its rules need it; its body and attempts are the store's business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// Our id.
    pub id: NotificationId,
    /// Who is owed it.
    pub merchant: MerchantId,
    /// How often it was tried since it last became due.
    pub attempts: i64,
    /// Where it stands.
    pub state: NotificationState,
}

/// Where a notification stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NotificationState {
    /// To be sent at this time.
    Due {
        /// When, in Unix milliseconds.
        at_ms: i64,
    },
    /// The merchant received it.
    Delivered,
    /// The schedule is exhausted; it may be sent again on request.
    Resting,
}

impl NotificationState {
    /// The word that is stored, logged and documented.
    pub fn name(self) -> &'static str {
        match self {
            Self::Due { .. } => "due",
            Self::Delivered => "delivered",
            Self::Resting => "resting",
        }
    }
}

/// What can happen to a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotificationCommand {
    /// The merchant confirmed receipt.
    Deliver,
    /// A try failed; the schedule names the next one, or none.
    Retry {
        /// When to try again, in Unix milliseconds; `None` when the schedule is exhausted.
        at_ms: Option<i64>,
    },
    /// Somebody wants it sent again.
    SendAgain {
        /// From when, in Unix milliseconds.
        at_ms: i64,
    },
}

impl NotificationCommand {
    /// The command's word in messages and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deliver => "deliver",
            Self::Retry { .. } => "retry",
            Self::SendAgain { .. } => "send again",
        }
    }
}

impl Notification {
    /// Applies the outcome of a try, or the wish for another.
    pub fn apply(mut self, command: NotificationCommand) -> Step<Self> {
        use NotificationState as Is;
        let next = match (self.state, command) {
            (Is::Due { .. } | Is::Resting, NotificationCommand::Deliver) => Is::Delivered,
            (Is::Due { .. }, NotificationCommand::Retry { at_ms: Some(at_ms) }) => {
                Is::Due { at_ms }
            }
            (Is::Due { .. }, NotificationCommand::Retry { at_ms: None }) => Is::Resting,
            (Is::Delivered | Is::Resting, NotificationCommand::SendAgain { at_ms }) => {
                self.attempts = 0;
                self.state = Is::Due { at_ms };
                return Step::Changed(self);
            }
            (Is::Due { .. }, NotificationCommand::SendAgain { .. })
            | (Is::Delivered, NotificationCommand::Deliver)
            | (Is::Delivered | Is::Resting, NotificationCommand::Retry { .. }) => {
                return Step::Unchanged(self);
            }
        };
        self.attempts = self.attempts.saturating_add(1);
        self.state = next;
        Step::Changed(self)
    }
}
