//! The merchant's side of notifications: the gateway fetches a token from the merchant, then
//! posts what happened, signed.
//!
//! With axum (feature `axum`), [`router()`] is the whole of it; `examples/notification_endpoint.rs`
//! is such an endpoint in ten lines. With any other framework, [`Verifier`] verifies, reads and
//! answers each call as a [`Reply`]:
//!
//! ```
//! use merchant_sdk::notifications::{Incoming, Reply, Verifier};
//!
//! fn token_url(verifier: &Verifier, incoming: &Incoming<'_>) -> Reply {
//!     let given = verifier.give_token(incoming);
//!     given.unwrap_or_else(|rejected| rejected.reply(incoming.now_ms))
//! }
//!
//! fn notification_url(verifier: &Verifier, incoming: &Incoming<'_>) -> Reply {
//!     match verifier.verify_notification(incoming) {
//!         Ok(notification) if keep(&notification.external_id) => notification.taken(incoming.now_ms),
//!         Ok(notification) => notification.not_taken(incoming.now_ms),
//!         Err(rejected) => rejected.reply(incoming.now_ms),
//!     }
//! }
//! # fn keep(_: &str) -> bool { true }
//! ```
//!
//! A notification is sent at least once, and not always in order: keep its external id, do nothing
//! on a repeat, and answer that it is taken only when it is on disk.
//!
//! Never here: a decision from a notification's content. The receiver compares reference and
//! amount with its own order.

mod reply;
#[cfg(feature = "axum")]
mod router;
mod tokens;
mod verifier;

pub use reply::Reply;
#[cfg(feature = "axum")]
pub use router::{Paths, router, to_channel};
pub use verifier::{Event, Incoming, Notification, Rejected, Settings, Verifier};
