//! A payment: one debit of a customer's account, verified by the customer at the bank.
//!
//! A payment ends without a debit only because the bank said so; no timer ends one. How much of it
//! was or may yet be refunded stands in the payment itself, so that one row decides every race.

use snap::{Amount, TransactionStatus};

use crate::{
    BankReason, BindingId, FirstAnswer, Impossible, MerchantId, PayPart, PaymentDetails, PaymentId,
    Refusal, Step,
};

/// A payment with everything that its rules need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Our id, and the reference at the bank.
    pub id: PaymentId,
    /// Whose payment it is.
    pub merchant: MerchantId,
    /// The binding that it debits.
    pub binding: BindingId,
    /// The merchant's reference, unique per merchant for ever (1–64 characters).
    pub partner_reference_no: String,
    /// Our reference, told to the merchant.
    pub reference_no: String,
    /// The `X-EXTERNAL-ID` of the request that started it.
    pub external_id: String,
    /// What the customer is asked to pay.
    pub amount: Amount,
    /// Where the money comes from; adds up to `amount`.
    pub parts: Vec<PayPart>,
    /// The merchant's fee, charged when the payment succeeds.
    pub fee: Amount,
    /// What the merchant gave with it.
    pub details: PaymentDetails,
    /// What the merchant was told when it asked.
    pub first_answer: FirstAnswer,
    /// When it was started, in Unix milliseconds.
    pub created_at_ms: i64,
    /// Until when the bank keeps its page open, in Unix milliseconds.
    pub valid_until_ms: i64,
    /// The bank's reference, once known.
    pub bank_reference_no: Option<String>,
    /// The bank's page, once known.
    pub bank_page: Option<String>,
    /// Refunds that succeeded.
    pub refunded: Amount,
    /// Refunds that have not come to an end; their amount stays reserved.
    pub refund_reserved: Amount,
    /// Where it stands.
    pub state: PaymentState,
    /// Grows by one with every stored change.
    pub version: i64,
}

/// Why a payment ended without a debit and without a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelCause {
    /// The customer pressed cancel or left.
    Customer,
    /// The page's time was over and the bank confirmed the cancellation.
    Expired,
    /// The binding ended while the page was open.
    BindingEnded,
    /// The bank never knew the payment.
    NeverKnown,
    /// The answer to the payment was lost and its page could not be had again.
    PageLost,
}

impl CancelCause {
    /// Every cause.
    pub const ALL: [Self; 5] = [
        Self::Customer,
        Self::Expired,
        Self::BindingEnded,
        Self::NeverKnown,
        Self::PageLost,
    ];

    /// The word that is stored and logged.
    pub fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Expired => "expired",
            Self::BindingEnded => "binding ended",
            Self::NeverKnown => "never known",
            Self::PageLost => "page lost",
        }
    }

    /// The cause with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.name() == name)
    }
}

/// Where a payment stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentState {
    /// Written down; the bank has not been asked or has not answered.
    Created,
    /// The bank's page is open to the customer.
    AwaitingCustomer,
    /// The bank was asked and the answer is missing; it is being resolved.
    Unknown,
    /// The money moved.
    Succeeded {
        /// When the bank says it was paid, in Unix milliseconds.
        paid_at_ms: i64,
    },
    /// All of the money went back.
    Refunded {
        /// When the bank says it was paid, in Unix milliseconds.
        paid_at_ms: i64,
    },
    /// No debit.
    Cancelled {
        /// Why.
        cause: CancelCause,
    },
    /// The bank refused.
    Failed {
        /// The bank's words.
        reason: BankReason,
    },
}

/// The states by name alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PaymentStateName {
    /// See [`PaymentState::Created`].
    Created,
    /// See [`PaymentState::AwaitingCustomer`].
    AwaitingCustomer,
    /// See [`PaymentState::Unknown`].
    Unknown,
    /// See [`PaymentState::Succeeded`].
    Succeeded,
    /// See [`PaymentState::Refunded`].
    Refunded,
    /// See [`PaymentState::Cancelled`].
    Cancelled,
    /// See [`PaymentState::Failed`].
    Failed,
}

impl PaymentStateName {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Created,
        Self::AwaitingCustomer,
        Self::Unknown,
        Self::Succeeded,
        Self::Refunded,
        Self::Cancelled,
        Self::Failed,
    ];

    /// The word that is stored, logged and documented.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::AwaitingCustomer => "awaiting customer",
            Self::Unknown => "unknown",
            Self::Succeeded => "succeeded",
            Self::Refunded => "refunded",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }

    /// What the merchant is told as `latestTransactionStatus`.
    pub fn transaction_status(self) -> TransactionStatus {
        match self {
            Self::Created => TransactionStatus::Initiated,
            Self::AwaitingCustomer => TransactionStatus::Paying,
            Self::Unknown => TransactionStatus::Pending,
            Self::Succeeded => TransactionStatus::Success,
            Self::Refunded => TransactionStatus::Refunded,
            Self::Cancelled => TransactionStatus::Cancelled,
            Self::Failed => TransactionStatus::Failed,
        }
    }

    /// True when the outcome is known: the merchant is notified of it.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Created | Self::AwaitingCustomer | Self::Unknown)
    }
}

impl PaymentState {
    /// The state's name without its data.
    pub fn name(&self) -> PaymentStateName {
        match self {
            Self::Created => PaymentStateName::Created,
            Self::AwaitingCustomer => PaymentStateName::AwaitingCustomer,
            Self::Unknown => PaymentStateName::Unknown,
            Self::Succeeded { .. } => PaymentStateName::Succeeded,
            Self::Refunded { .. } => PaymentStateName::Refunded,
            Self::Cancelled { .. } => PaymentStateName::Cancelled,
            Self::Failed { .. } => PaymentStateName::Failed,
        }
    }
}

/// What can happen to a payment from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentCommand {
    /// The bank took the payment and opened its page.
    OpenPage {
        /// The bank's reference.
        bank_reference_no: Option<String>,
        /// The bank's page for the customer.
        bank_page: String,
    },
    /// The bank's answer is missing, or leaves the outcome open.
    LoseSight,
    /// The bank says that the customer paid.
    Pay {
        /// When, in Unix milliseconds.
        paid_at_ms: i64,
        /// The bank's reference.
        bank_reference_no: Option<String>,
    },
    /// The bank says that there was no debit and will be none.
    Cancel {
        /// Why.
        cause: CancelCause,
    },
    /// The bank refuses.
    Fail {
        /// The bank's words.
        reason: BankReason,
    },
}

impl PaymentCommand {
    /// The command's word in messages and tables.
    pub fn name(&self) -> &'static str {
        match self {
            Self::OpenPage { .. } => "open page",
            Self::LoseSight => "lose sight",
            Self::Pay { .. } => "pay",
            Self::Cancel { .. } => "cancel",
            Self::Fail { .. } => "fail",
        }
    }
}

impl Payment {
    /// Applies what the bank or the customer did. A state never goes back.
    pub fn apply(mut self, command: PaymentCommand) -> Result<Step<Self>, Impossible> {
        use PaymentStateName as Is;
        let is = self.state.name();
        match command {
            PaymentCommand::OpenPage {
                bank_reference_no,
                bank_page,
            } => Ok(self.open_page(bank_reference_no, bank_page)),
            PaymentCommand::LoseSight => match is {
                Is::Created => Ok(self.become_state(PaymentState::Unknown)),
                _ => Ok(Step::Unchanged(self)),
            },
            PaymentCommand::Pay {
                paid_at_ms,
                bank_reference_no,
            } => {
                match is {
                    Is::Succeeded | Is::Refunded => return Ok(Step::Unchanged(self)),
                    Is::Cancelled | Is::Failed => return Ok(Step::LateDebit(self)),
                    Is::Created | Is::AwaitingCustomer | Is::Unknown => {}
                }
                self.bank_reference_no = bank_reference_no.or(self.bank_reference_no);
                Ok(self.become_state(PaymentState::Succeeded { paid_at_ms }))
            }
            PaymentCommand::Cancel { cause } => match is {
                Is::Created | Is::AwaitingCustomer | Is::Unknown => {
                    Ok(self.become_state(PaymentState::Cancelled { cause }))
                }
                Is::Cancelled | Is::Failed => Ok(Step::Unchanged(self)),
                Is::Succeeded | Is::Refunded => Err(self.impossible("cancel")),
            },
            PaymentCommand::Fail { reason } => match is {
                Is::Created | Is::AwaitingCustomer | Is::Unknown => {
                    Ok(self.become_state(PaymentState::Failed { reason }))
                }
                Is::Cancelled | Is::Failed => Ok(Step::Unchanged(self)),
                Is::Succeeded | Is::Refunded => Err(self.impossible("fail")),
            },
        }
    }

    /// Demands that the parts together are the amount.
    pub fn check_parts(&self) -> Result<(), Refusal> {
        let sum: Option<Amount> = self.parts.iter().map(|part| part.amount).sum();
        if sum == Some(self.amount) {
            Ok(())
        } else {
            Err(Refusal::PartsDoNotAddUp)
        }
    }

    /// Sets an amount aside for a refund, so that refunds together never exceed the payment.
    pub fn reserve_refund(mut self, amount: Amount) -> Result<Self, Refusal> {
        match self.state.name() {
            PaymentStateName::Succeeded => {}
            PaymentStateName::Refunded => return Err(Refusal::RefundAboveLimit),
            _ => return Err(Refusal::PaymentNotPaid),
        }
        let taken = self.refunded.checked_add(self.refund_reserved);
        let wanted = taken.and_then(|taken| taken.checked_add(amount));
        if wanted.is_none_or(|wanted| wanted > self.amount) {
            return Err(Refusal::RefundAboveLimit);
        }
        self.refund_reserved = self
            .refund_reserved
            .checked_add(amount)
            .ok_or(Refusal::RefundAboveLimit)?;
        Ok(self)
    }

    /// Turns a reserved amount into a refunded one. When all of the payment has gone back, the
    /// payment is refunded.
    pub fn settle_refund(mut self, amount: Amount) -> Result<Self, Impossible> {
        let (Some(reserved), Some(refunded)) = (
            self.refund_reserved.checked_sub(amount),
            self.refunded.checked_add(amount),
        ) else {
            return Err(self.impossible("settle a refund"));
        };
        let PaymentState::Succeeded { paid_at_ms } = self.state else {
            return Err(self.impossible("settle a refund"));
        };
        self.refund_reserved = reserved;
        self.refunded = refunded;
        if refunded == self.amount {
            self.state = PaymentState::Refunded { paid_at_ms };
        }
        Ok(self)
    }

    /// Gives a reserved amount back, because the bank refused the refund.
    pub fn release_refund(mut self, amount: Amount) -> Result<Self, Impossible> {
        let Some(reserved) = self.refund_reserved.checked_sub(amount) else {
            return Err(self.impossible("release a refund"));
        };
        self.refund_reserved = reserved;
        Ok(self)
    }

    fn open_page(mut self, reference: Option<String>, page: String) -> Step<Self> {
        let before = (self.bank_reference_no.clone(), self.bank_page.clone());
        self.bank_reference_no = reference.or(self.bank_reference_no);
        self.bank_page = Some(page);
        match self.state.name() {
            PaymentStateName::Created | PaymentStateName::Unknown => {
                self.become_state(PaymentState::AwaitingCustomer)
            }
            _ if before == (self.bank_reference_no.clone(), self.bank_page.clone()) => {
                Step::Unchanged(self)
            }
            _ => Step::Changed(self),
        }
    }

    fn become_state(mut self, state: PaymentState) -> Step<Self> {
        self.state = state;
        Step::Changed(self)
    }

    fn impossible(&self, command: &'static str) -> Impossible {
        Impossible {
            noun: "payment",
            id: self.id.to_string(),
            state: self.state.name().as_str(),
            command,
        }
    }
}
