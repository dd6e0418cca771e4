//! Why an operation was not sent at all.

/// The operation did not leave this process, or only its token request did: nothing can have
/// happened at the gateway, and the same call with the same references is safe to make again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The HTTP client could not be set up.
    #[error("the HTTP client could not be set up")]
    Setup(#[source] reqwest::Error),
    /// The base URL is not an http or https URL.
    #[error("the base URL `{0}` is not an http or https URL")]
    BaseUrl(String),
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
    /// A raw request got no answer.
    #[error("no answer came")]
    NoAnswer(#[source] reqwest::Error),
}
