//! A refund: money going back to the customer of a payment, in full or in part.
//!
//! A refund never fails by absence: while the bank has not said yes or no, its amount stays
//! reserved in the payment and the same refund id is asked again.

use snap::Amount;

use crate::{BankReason, Impossible, MerchantId, PaymentId, RefundId, Step};

/// A refund with everything that its rules need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Our id, and the refund number at the bank.
    pub id: RefundId,
    /// Whose refund it is.
    pub merchant: MerchantId,
    /// The payment that it takes back.
    pub payment: PaymentId,
    /// The merchant's refund number, unique per merchant for ever (1–64 characters).
    pub partner_refund_no: String,
    /// Our refund number, told to the merchant.
    pub refund_no: String,
    /// Why there is a refund at all.
    pub kind: RefundKind,
    /// How much goes back.
    pub amount: Amount,
    /// The merchant's reason, as given (at most 256 characters).
    pub reason: Option<String>,
    /// When it was asked for, in Unix milliseconds.
    pub created_at_ms: i64,
    /// Where it stands.
    pub state: RefundState,
    /// Grows by one with every stored change.
    pub version: i64,
}

/// Why there is a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefundKind {
    /// The merchant asked for it; its amount is reserved in the payment.
    Merchant,
    /// The bank debited for a payment that had ended: the gateway itself sends the money back.
    LateDebit,
}

impl RefundKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Merchant, Self::LateDebit];

    /// The word that is stored and logged.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Merchant => "merchant",
            Self::LateDebit => "late debit",
        }
    }
}

/// Where a refund stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundState {
    /// Written down; the bank has not been asked or has not answered.
    Created,
    /// The bank left it open, or its answer is missing.
    Unknown,
    /// The money went back.
    Succeeded {
        /// When, in Unix milliseconds.
        refunded_at_ms: i64,
    },
    /// The bank refused.
    Failed {
        /// The bank's words.
        reason: BankReason,
    },
}

/// The states by name alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefundStateName {
    /// See [`RefundState::Created`].
    Created,
    /// See [`RefundState::Unknown`].
    Unknown,
    /// See [`RefundState::Succeeded`].
    Succeeded,
    /// See [`RefundState::Failed`].
    Failed,
}

impl RefundStateName {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Created, Self::Unknown, Self::Succeeded, Self::Failed];

    /// The word that is stored, logged and documented.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Unknown => "unknown",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }

    /// What the merchant is told as `refundStatus`: 00 success, 03 pending, 06 failed.
    pub fn refund_status(self) -> &'static str {
        match self {
            Self::Created | Self::Unknown => "03",
            Self::Succeeded => "00",
            Self::Failed => "06",
        }
    }
}

impl RefundState {
    /// The state's name without its data.
    pub fn name(&self) -> RefundStateName {
        match self {
            Self::Created => RefundStateName::Created,
            Self::Unknown => RefundStateName::Unknown,
            Self::Succeeded { .. } => RefundStateName::Succeeded,
            Self::Failed { .. } => RefundStateName::Failed,
        }
    }
}

/// What can happen to a refund from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundCommand {
    /// The bank's answer is missing, or leaves the outcome open.
    LoseSight,
    /// The bank says that the money went back.
    Succeed {
        /// When, in Unix milliseconds.
        refunded_at_ms: i64,
    },
    /// The bank refuses.
    Fail {
        /// The bank's words.
        reason: BankReason,
    },
}

impl RefundCommand {
    /// The command's word in messages and tables.
    pub fn name(&self) -> &'static str {
        match self {
            Self::LoseSight => "lose sight",
            Self::Succeed { .. } => "succeed",
            Self::Fail { .. } => "fail",
        }
    }
}

impl Refund {
    /// Applies what the bank said. A state never goes back.
    pub fn apply(mut self, command: RefundCommand) -> Result<Step<Self>, Impossible> {
        use RefundStateName as Is;
        let is = self.state.name();
        let next = match (is, command) {
            (Is::Created, RefundCommand::LoseSight) => RefundState::Unknown,
            (_, RefundCommand::LoseSight)
            | (Is::Succeeded, RefundCommand::Succeed { .. })
            | (Is::Failed, RefundCommand::Fail { .. }) => return Ok(Step::Unchanged(self)),
            (Is::Created | Is::Unknown, RefundCommand::Succeed { refunded_at_ms }) => {
                RefundState::Succeeded { refunded_at_ms }
            }
            (Is::Created | Is::Unknown, RefundCommand::Fail { reason }) => {
                RefundState::Failed { reason }
            }
            (Is::Failed, RefundCommand::Succeed { .. }) => {
                return Err(self.impossible("succeed"));
            }
            (Is::Succeeded, RefundCommand::Fail { .. }) => return Err(self.impossible("fail")),
        };
        self.state = next;
        Ok(Step::Changed(self))
    }

    fn impossible(&self, command: &'static str) -> Impossible {
        Impossible {
            noun: "refund",
            id: self.id.to_string(),
            state: self.state.name().as_str(),
            command,
        }
    }
}
