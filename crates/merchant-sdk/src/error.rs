//! Why an operation was not sent at all.

use crate::Invalid;

/// The operation did not leave this process, or only a token request did: nothing can have
/// happened at the gateway, and the same call with the same references is safe to make again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The HTTP client could not be set up.
    #[error("the HTTP client could not be set up")]
    Setup(#[source] reqwest::Error),
    /// The base URL is of no use. It is not repeated here: it might hold a password.
    #[error("the base URL is not an http or https URL of host, port and path only")]
    BaseUrl,
    /// The proxy is of no use. It is not repeated here: it might hold a password.
    #[error("the proxy is not a URL such as http://proxy.example:3128")]
    Proxy,
    /// A value in the request is not what the API allows.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// A header, method or path cannot be put on the wire.
    #[error("the request cannot be written: {0}")]
    Request(String),
    /// The message could not be written as JSON.
    #[error("the message cannot be written as JSON")]
    Message(#[from] serde_json::Error),
    /// The gateway refused to give a B2B token.
    #[error("the gateway gave no B2B token: {code} {message}")]
    TokenRefused {
        /// The gateway's responseCode.
        code: String,
        /// The gateway's responseMessage.
        message: String,
    },
    /// The gateway could not be asked for a B2B token, or its answer was no token.
    #[error("no B2B token could be fetched: {0}")]
    TokenUnavailable(String),
    /// The customer's token had to be renewed first, and the gateway could not be asked.
    #[error("the customer's token could not be renewed: {0}")]
    CustomerTokenUnavailable(String),
    /// There was no connection, so nothing was sent.
    #[error("the gateway could not be reached: {0}")]
    Unreachable(String),
    /// The system gave no runtime for the blocking client.
    #[cfg(feature = "blocking")]
    #[error("no runtime could be started")]
    Runtime(#[source] std::io::Error),
    /// The blocking client was called inside an async runtime, which it would block.
    #[cfg(feature = "blocking")]
    #[error(
        "the blocking client was called inside an async runtime: use merchant_sdk::Client there"
    )]
    InsideRuntime,
    /// A raw request got no answer; whether it arrived is not known.
    #[error("no answer came")]
    NoAnswer(#[source] reqwest::Error),
}
