//! What became of an operation: done, refused, or not known yet.

use serde::de::DeserializeOwned;
use snap::ReceivedCode;

use crate::Error;
use crate::sending::Answer;

/// What became of an operation that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<T> {
    /// The gateway said yes.
    Done(T),
    /// The gateway said no, definitely: nothing happened and nothing will.
    Refused {
        /// The responseCode, such as `4035414`.
        code: String,
        /// The responseMessage, such as `Insufficient Funds`.
        message: String,
    },
    /// It may have happened. Ask with [`crate::Client::status`] or send the same call again under
    /// the same references; never under new ones.
    Unknown(Unresolved),
}

/// Why an outcome is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// The responseCode, where an answer with one came (such as `2025400` or `5045400`).
    pub code: Option<String>,
    /// What was seen instead of a definite answer.
    pub cause: String,
}

impl<T> Outcome<T> {
    /// The answer, if the gateway said yes.
    pub fn done(self) -> Option<T> {
        match self {
            Self::Done(answer) => Some(answer),
            Self::Refused { .. } | Self::Unknown(_) => None,
        }
    }

    /// The responseCode of a refusal or of an unresolved answer.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Done(_) => None,
            Self::Refused { code, .. } => Some(code),
            Self::Unknown(unresolved) => unresolved.code.as_deref(),
        }
    }
}

/// Reads an answer as SNAP defines it: by the responseCode, not by the HTTP status alone.
pub(crate) fn read<T: DeserializeOwned>(
    answer: Result<Answer, Error>,
) -> Result<Outcome<T>, Error> {
    let answer = match answer {
        Ok(answer) => answer,
        Err(Error::NoAnswer(lost)) => return Ok(unknown(None, cause_of(&lost))),
        Err(not_sent) => return Err(not_sent),
    };
    let Some(code) = answer.code() else {
        let cause = format!("HTTP {} without a responseCode", answer.status);
        return Ok(unknown(None, cause));
    };
    let message = answer.message().unwrap_or_default();
    Ok(
        match ReceivedCode::parse(&code).map(|read| read.outcome()) {
            Some(snap::Outcome::Done) => match serde_json::from_slice(&answer.body) {
                Ok(body) => Outcome::Done(body),
                Err(error) => unknown(Some(code), format!("an unreadable success: {error}")),
            },
            Some(snap::Outcome::Refused) => Outcome::Refused { code, message },
            Some(snap::Outcome::Unknown) | None => unknown(Some(code), message),
        },
    )
}

fn unknown<T>(code: Option<String>, cause: String) -> Outcome<T> {
    Outcome::Unknown(Unresolved { code, cause })
}

/// The innermost cause, which says more than "error sending request". The URL is left out: a
/// query may carry what does not belong in a log.
pub(crate) fn cause_of(error: &reqwest::Error) -> String {
    let kind = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke"
    };
    let mut innermost: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(next) = innermost.and_then(std::error::Error::source) {
        innermost = Some(next);
    }
    match innermost {
        Some(cause) => format!("{kind} ({cause})"),
        None => kind.to_owned(),
    }
}
