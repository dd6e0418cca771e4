//! The bank port: the gateway's one way to a bank, in SNAP, as a client and as the one called back.
//!
//! It asks and listens; it must never decide what an answer means for a payment or a binding, hold a
//! database transaction, or see an OTP or a PIN. To plug in one more bank, configure one more profile.

mod asked;
mod breaker;
mod calls;
mod client;
mod counts;
pub mod inbound;
mod profile;
mod wire;

pub use asked::{Asked, BankRefusal};
pub use breaker::{Breaker, BreakerLimits, Sign};
pub use client::Bank;
pub use counts::CallCounts;
pub use profile::BankProfile;
pub use wire::BankError;

use std::collections::BTreeMap;
use std::sync::Arc;

/// Every configured bank, by its id.
#[derive(Debug, Clone, Default)]
pub struct Banks(Arc<BTreeMap<String, Arc<Bank>>>);

impl Banks {
    /// The registry of these banks.
    pub fn new(banks: impl IntoIterator<Item = Bank>) -> Self {
        Self(Arc::new(
            banks
                .into_iter()
                .map(|bank| (bank.profile().id.clone(), Arc::new(bank)))
                .collect(),
        ))
    }

    /// The bank with this id.
    pub fn get(&self, id: &str) -> Option<&Arc<Bank>> {
        self.0.get(id)
    }

    /// All of them, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Bank>> {
        self.0.values()
    }
}
