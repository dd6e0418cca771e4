//! Every way in which the rules say no, in order of precedence.

use thiserror::Error;

/// A refusal by the rules. The order of the variants is the order of precedence: where several
/// apply, the merchant hears the first. How each is said in SNAP is decided by the gateway alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Error)]
pub enum Refusal {
    /// The same `X-EXTERNAL-ID` was used today for another request, or its first is in flight.
    #[error("the external id was used already")]
    ExternalIdUsed,
    /// The reference was used before with other content.
    #[error("the reference was used before with other content")]
    InconsistentRequest,
    /// The customer's token names no binding of this merchant, or one that is no longer active.
    #[error("the binding is not active")]
    BindingNotActive,
    /// The `authCode` names no binding that is active now.
    #[error("the authorization code is not usable")]
    AuthCodeNotUsable,
    /// The merchant's customer is linked already, or the account is linked to another customer.
    #[error("the account is already registered")]
    AlreadyRegistered,
    /// Too many bindings were started for one phone number within a minute.
    #[error("too many bindings for this phone number")]
    TooManyBindings,
    /// No payment of this merchant has the ids given, or they name different ones.
    #[error("there is no such payment")]
    PaymentNotFound,
    /// A refund of a payment that was not paid.
    #[error("the payment was not paid")]
    PaymentNotPaid,
    /// The refunds together would be more than what was paid.
    #[error("the refunds would be more than the payment")]
    RefundAboveLimit,
    /// The parts of a payment do not add up to its amount.
    #[error("the parts do not add up to the amount")]
    PartsDoNotAddUp,
    /// The payment under this reference ended without a debit and cannot be asked for again.
    #[error("the payment has ended")]
    PaymentEnded,
    /// Another request changed the same row at the same moment; nothing was done.
    #[error("another request was faster")]
    Overtaken,
}

impl Refusal {
    /// All refusals, in order of precedence.
    pub const ALL: [Self; 12] = [
        Self::ExternalIdUsed,
        Self::InconsistentRequest,
        Self::BindingNotActive,
        Self::AuthCodeNotUsable,
        Self::AlreadyRegistered,
        Self::TooManyBindings,
        Self::PaymentNotFound,
        Self::PaymentNotPaid,
        Self::RefundAboveLimit,
        Self::PartsDoNotAddUp,
        Self::PaymentEnded,
        Self::Overtaken,
    ];
}
