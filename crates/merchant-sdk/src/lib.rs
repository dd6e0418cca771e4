//! A client for merchants of a SNAP direct debit gateway, and the merchant's side of its
//! notifications.
//!
//! * [`Client`] signs and sends every operation of the API: binding, customer tokens, balance,
//!   payment, status, refund, unbinding. It fetches the B2B token itself and renews it ahead.
//! * [`notifications`] is what the gateway calls: the merchant's token endpoint and notification
//!   endpoint, verified, with each notification delivered through a channel.
//! * [`pages`] plays the customer on the hosted pages of a sandbox, for automated tests.
//!
//! It knows the protocol and nothing of the gateway behind it: the same client works against any
//! gateway that speaks DOKU's dialect of SNAP.
//!
//! ```no_run
//! # async fn example(private_key_pem: &str) -> Result<(), Box<dyn std::error::Error>> {
//! use merchant_sdk::{Client, Outcome, PrivateKey, Secret};
//!
//! let key = PrivateKey::from_pem(private_key_pem)?;
//! let client = Client::builder("http://127.0.0.1:8700", "MCH-1", Secret::new("SK-…"), key).build()?;
//! match client.status("INV-20260102-1").await? {
//!     Outcome::Done(payment) => println!("{}", payment.latest_transaction_status),
//!     Outcome::Refused { code, meaning } => println!("{code} {meaning}"),
//!     Outcome::Unknown(unresolved) => println!("ask again: {}", unresolved.cause),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Never here: retrying an operation under a new reference. An answer that is missing is
//! [`Outcome::Unknown`], and the way to resolve it is [`Client::status`].

mod builder;
mod client;
mod clock;
mod customer;
mod entropy;
mod error;
pub mod notifications;
mod operations;
mod outcome;
pub mod pages;
mod requests;
mod resolving;
mod retry;
mod sending;
mod token;

pub use builder::{ClientBuilder, DOKU_PRODUCTION, DOKU_SANDBOX};
pub use client::{Client, Device};
pub use customer::{Customer, CustomerTokens};
pub use error::Error;
pub use operations::{Binding, Next, Payment, Refund};
pub use outcome::{Meaning, NotDone, Outcome, Unresolved};
pub use requests::{
    Handset, Invalid, NewBinding, NewPayment, NewRefund, Os, PaymentId, Reference, ReturnTo,
    Through,
};
pub use retry::{Attempt, RetryPolicy};
pub use sending::{Answer, Authorization, RawOptions, Signature};

pub use snap;
pub use snap::messages::balance::{AccountInfo, BalanceResponse};
pub use snap::messages::payment::LineItem;
pub use snap::messages::refund::RefundResponse;
pub use snap::messages::status::{RefundHistory, StatusResponse};
pub use snap::messages::unbinding::UnbindingResponse;
pub use snap::{
    Amount, Case, PayMethod, PrivateKey, PublicKey, RefundStatus, Secret, Service,
    TransactionStatus,
};
