//! What belongs to a payment and is never decided by its state machine: where the money comes from,
//! what the merchant told with it, and what was answered.

use snap::{Amount, PayMethod};

/// One part of a payment: how much comes from which of the customer's balances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayPart {
    /// The balance that pays.
    pub method: PayMethod,
    /// How much it pays.
    pub amount: Amount,
    /// The fee that the merchant named with it: recorded, never charged.
    pub fee_amount: Option<Amount>,
}

/// One line of what is paid for, as the merchant described it: told on, never added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is (at most 32 characters).
    pub name: String,
    /// What one costs.
    pub price: Amount,
    /// How many.
    pub quantity: u64,
}

/// What the merchant gave with a payment and no rule reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentDetails {
    /// The channel, such as `DIRECT_DEBIT_ALLO_SNAP`.
    pub channel: String,
    /// The merchant's words for the customer (at most 40 characters).
    pub remarks: String,
    /// Where the customer goes when it is paid.
    pub success_url: String,
    /// Where the customer goes when it is not.
    pub failed_url: String,
    /// What is paid for.
    pub items: Vec<Item>,
    /// The customer's address, from `X-IP-ADDRESS`.
    pub ip_address: Option<String>,
    /// The customer's device, from `X-DEVICE-ID`.
    pub device_id: Option<String>,
}

/// What the merchant was told when it asked for the payment: a repeat of the request under the same
/// reference is answered by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FirstAnswer {
    /// Nothing yet, or the answer was lost in a crash.
    None,
    /// Accepted: send the customer to the page.
    Accepted,
    /// The bank refused.
    Refused,
    /// The outcome was open.
    Open,
}

impl FirstAnswer {
    /// Every value.
    pub const ALL: [Self; 4] = [Self::None, Self::Accepted, Self::Refused, Self::Open];

    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Open => "open",
        }
    }
}

/// The bank's own words for a refusal, kept for the status answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankReason {
    /// SNAP response code as the bank gave it.
    pub code: String,
    /// The message with it.
    pub message: String,
}
