//! What a landing page shows: a binding or a payment turned into an end that has words.
//!
//! Pure. It must never change anything, and never make an end out of time alone where money is
//! concerned: only the state says whether a payment was made.

use direct_debit::{
    BankReason, Binding, BindingFailure, BindingState, CancelCause, Payment, PaymentState,
};
use snap::{Amount, Case, ReceivedCode};

/// What a page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Linking an account.
    Binding,
    /// Paying.
    Payment,
}

/// Where the journey stands, as far as a customer needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The bank's page is open: go there.
    Open {
        /// The bank's page.
        bank_page: String,
    },
    /// The bank's page is open but the bank does not answer at the moment.
    BankDown {
        /// The bank's page, to try again.
        bank_page: Option<String>,
    },
    /// Linked, or paid.
    Succeeded,
    /// Paid, and all of it given back.
    Refunded,
    /// Was linked, and is no longer.
    Unlinked,
    /// The customer did not finish in time.
    Expired,
    /// A newer binding took its place.
    Superseded,
    /// The customer cancelled.
    Cancelled,
    /// A payment that ended because its binding did.
    BindingEnded,
    /// The account or the customer was linked elsewhere first.
    AlreadyRegistered,
    /// The bank refused.
    Refused {
        /// The code as the bank gave it.
        code: String,
    },
    /// The bank agreed and then something was lost: nothing is linked or paid, start again.
    Lost,
    /// Not known yet.
    Unknown,
}

/// Everything that a page shows, not yet escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// What it is about.
    pub subject: Subject,
    /// Where it stands.
    pub end: End,
    /// Who asked for it.
    pub merchant_name: String,
    /// What is paid.
    pub amount: Option<Amount>,
    /// The customer's account as it may be shown.
    pub account_masked: Option<String>,
    /// The merchant's reference, for asking the merchant about it.
    pub reference: Option<String>,
    /// Where the merchant wants the customer, exactly as given.
    pub way_back: Option<String>,
}

impl View {
    /// The page of a binding. `bank_answers` is false while the bank is known to be down.
    pub fn of_binding(
        binding: &Binding,
        merchant_name: &str,
        now_ms: i64,
        bank_answers: bool,
    ) -> Self {
        let open = || opened(binding.bank_page.clone(), bank_answers);
        let end = match &binding.state {
            BindingState::Created | BindingState::AwaitingCustomer | BindingState::Unknown
                if now_ms >= binding.expires_at_ms =>
            {
                End::Expired
            }
            BindingState::AwaitingCustomer => open(),
            BindingState::Created | BindingState::Unknown => End::Unknown,
            BindingState::Active => End::Succeeded,
            BindingState::Ending | BindingState::Ended { .. } => End::Unlinked,
            BindingState::Failed { failure } => match failure {
                BindingFailure::Refused(reason) => refused(reason),
                BindingFailure::Cancelled => End::Cancelled,
                BindingFailure::Expired => End::Expired,
                BindingFailure::Superseded => End::Superseded,
                BindingFailure::AccountTaken => End::AlreadyRegistered,
                BindingFailure::CodeLost => End::Lost,
            },
        };
        let url = if end.is_good() {
            &binding.success_url
        } else {
            &binding.failed_url
        };
        Self {
            subject: Subject::Binding,
            merchant_name: merchant_name.to_owned(),
            amount: None,
            account_masked: binding
                .account
                .as_ref()
                .map(|account| account.masked.clone()),
            reference: None,
            way_back: Some(url.clone()),
            end,
        }
    }

    /// The page of a payment of `binding`.
    pub fn of_payment(
        payment: &Payment,
        binding: &Binding,
        merchant_name: &str,
        bank_answers: bool,
    ) -> Self {
        let end = match &payment.state {
            PaymentState::AwaitingCustomer => opened(payment.bank_page.clone(), bank_answers),
            PaymentState::Created | PaymentState::Unknown => End::Unknown,
            PaymentState::Succeeded { .. } => End::Succeeded,
            PaymentState::Refunded { .. } => End::Refunded,
            PaymentState::Cancelled { cause } => match cause {
                CancelCause::Customer => End::Cancelled,
                CancelCause::Expired => End::Expired,
                CancelCause::BindingEnded => End::BindingEnded,
                CancelCause::NeverKnown | CancelCause::PageLost => End::Lost,
            },
            PaymentState::Failed { reason } => refused(reason),
        };
        let url = if end.is_good() {
            &payment.details.success_url
        } else {
            &payment.details.failed_url
        };
        Self {
            subject: Subject::Payment,
            merchant_name: merchant_name.to_owned(),
            amount: Some(payment.amount),
            account_masked: binding
                .account
                .as_ref()
                .map(|account| account.masked.clone()),
            reference: Some(payment.partner_reference_no.clone()),
            way_back: Some(url.clone()),
            end,
        }
    }
}

fn opened(bank_page: Option<String>, bank_answers: bool) -> End {
    match bank_page {
        Some(bank_page) if bank_answers => End::Open { bank_page },
        bank_page => End::BankDown { bank_page },
    }
}

/// A bank may say "cancelled" and "expired" by the code of a refusal.
fn refused(reason: &BankReason) -> End {
    match ReceivedCode::parse(&reason.code).and_then(ReceivedCode::case) {
        Some(Case::TransactionCancelled) => End::Cancelled,
        Some(Case::TransactionExpired) => End::Expired,
        _ => End::Refused {
            code: reason.code.clone(),
        },
    }
}

impl End {
    /// Whether the merchant's success URL is the way back. Everything open or unknown is not.
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Refunded)
    }

    /// Whether nothing more will happen.
    pub fn is_final(&self) -> bool {
        !matches!(
            self,
            Self::Open { .. } | Self::BankDown { .. } | Self::Unknown
        )
    }

    /// The word for programs that read the page.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::BankDown { .. } => "bank-down",
            Self::Succeeded | Self::Refunded => "success",
            Self::Unlinked => "unlinked",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Cancelled | Self::BindingEnded => "cancelled",
            Self::AlreadyRegistered | Self::Refused { .. } | Self::Lost => "refused",
            Self::Unknown => "unknown",
        }
    }

    /// The bank's code, where it refused.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code } => Some(code),
            _ => None,
        }
    }
}
