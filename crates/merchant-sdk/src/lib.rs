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
//! use merchant_sdk::{Client, Config, Outcome};
//! use snap::messages::status::StatusRequest;
//! use snap::{PrivateKey, Secret};
//!
//! let key = PrivateKey::from_pem(private_key_pem)?;
//! let config = Config::new("http://127.0.0.1:8700", "MCH-1", Secret::new("SK-…"), key);
//! let client = Client::new(config)?;
//! match client.status(&StatusRequest::of("INV-20260102-1")).await? {
//!     Outcome::Done(payment) => println!("{}", payment.latest_transaction_status),
//!     Outcome::Refused { code, message } => println!("{code} {message}"),
//!     Outcome::Unknown(unresolved) => println!("ask again: {}", unresolved.cause),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Never here: retrying an operation under a new reference. An answer that is missing is
//! [`Outcome::Unknown`], and the way to resolve it is [`Client::status`].

mod client;
mod clock;
mod entropy;
mod error;
pub mod notifications;
mod operations;
mod outcome;
pub mod pages;
mod sending;
mod token;

pub use client::{Client, Config, Device};
pub use error::Error;
pub use outcome::{Outcome, Unresolved};
pub use sending::{Answer, Authorization, RawOptions, Signature};
