//! The merchant's side of notifications: the gateway fetches a token from the merchant, then
//! posts what happened, signed.
//!
//! [`router()`] is the whole of it for an axum application; [`Verifier`] is the same without any
//! HTTP framework. A notification is delivered only after its token, signature and time have been
//! checked. It is sent at least once: the receiver keeps what it has already seen and does
//! nothing on a repeat.
//!
//! Never here: a decision from a notification's content. The receiver compares reference and
//! amount with its own order.

mod router;
mod tokens;
mod verifier;

pub use router::{Paths, router};
pub use verifier::{Event, Incoming, Notification, Rejected, Settings, Verifier};
