//! Plays the customer on the hosted pages, without a browser, for automated tests against a
//! sandbox: opens a `redirectUrl` or `webRedirectUrl`, reads the OTP from the simulator's inbox,
//! types it and the PIN, and follows the way back to the merchant.
//!
//! It reads pages as a browser does (forms, cookies, redirects, meta refresh) and finds its way by
//! the `data-step` and `data-end` marks on them.
//!
//! Never here: a short cut past the pages. What a customer could not do, this cannot do either.

mod browser;
mod customer;
mod html;
mod inbox;
mod visit;

pub use customer::complete;
pub use visit::{Customer, Ending, Script, Visit};

/// Why the pages could not be played.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is not an http or https URL.
    #[error("`{0}` is not an http or https address")]
    Address(String),
    /// The HTTP client could not be set up.
    #[error("the HTTP client could not be set up")]
    Setup(#[source] reqwest::Error),
    /// A page could not be fetched.
    #[error("the page at {origin} could not be opened: {cause}")]
    Page {
        /// Scheme, host and port; the path is a secret of its own.
        origin: String,
        /// What went wrong.
        cause: String,
    },
    /// The inbox gave no answer that could be read.
    #[error("the inbox could not be read: {0}")]
    Inbox(String),
    /// A page wants an OTP and nobody said where to read it.
    #[error("the page asks for an OTP, and no inbox is known to read it from")]
    NoInbox,
    /// A page wants a PIN and none is known.
    #[error("the page asks for a PIN, and no customer was given")]
    NoPin,
    /// The pages go on and on without coming to an end.
    #[error("the pages did not come to an end after {0} steps")]
    Endless(usize),
}
