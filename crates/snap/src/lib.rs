//! The SNAP protocol as DOKU's Allo Bank Direct Debit speaks it: amounts, timestamps, codes, signatures and
//! typed messages, for client and server alike.
//!
//! This crate reads and writes bytes that it is given. It never opens a socket or a file, never asks for
//! the time and knows nothing of payments beyond their shape on the wire. What comes from outside is read
//! by [`json`] and [`Request::read`], which answer with a [`Refusal`] in SNAP's words; what goes out is
//! written by serde from the structs in [`messages`].

pub mod amount;
pub mod body;
mod case;
mod code;
mod der;
mod fields;
pub mod headers;
pub mod json;
pub mod keys;
pub mod messages;
pub mod mistakes;
pub mod openapi;
mod passphrase;
pub mod paths;
mod phone;
mod refusal;
mod request;
mod secret;
mod service;
pub mod signature;
mod status;
pub mod timestamp;
mod web_address;
mod wire_names;

pub use amount::{Amount, AmountError, Money};
pub use body::BodyForm;
pub use case::Case;
pub use code::{Outcome, ReceivedCode, ResponseCode};
pub use fields::Fields;
pub use keys::{KeyError, PrivateKey, PublicKey};
pub use phone::PhoneNo;
pub use refusal::{ErrorBody, PaymentErrorBody, Refusal};
pub use request::{Request, Rules, read};
pub use secret::Secret;
pub use service::Service;
pub use status::{PayMethod, RefundStatus, TransactionStatus};
pub use timestamp::{Timestamp, TimestampError};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
