//! What became of an operation: done, refused, or not known yet.

use std::fmt;

use serde::de::DeserializeOwned;
use snap::{Case, ReceivedCode};

use crate::sending::Answer;
use crate::{Attempt, Error};

/// What became of an operation that was sent.
///
/// There are three answers and not two: money may have moved although no answer came. Match on
/// all three, or use [`Outcome::done`] and `?` to hand on whatever is not a yes.
#[must_use = "money may have moved: look whether this was done, refused, or is not known"]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome<T> {
    /// The gateway said yes.
    Done(T),
    /// The gateway said no, definitely: nothing happened and nothing will.
    Refused {
        /// The responseCode, such as `4035414`.
        code: String,
        /// What it means.
        meaning: Meaning,
    },
    /// It may have happened. Ask with [`crate::Client::status`] or make the same call again under
    /// the same references; never under new ones.
    Unknown(Unresolved),
}

/// What a refusal means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    /// The case, if it is one of the standard's, to decide by.
    pub case: Option<Case>,
    /// The responseMessage, such as `Insufficient Funds`, to read.
    pub message: String,
}

impl fmt::Display for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Why an outcome is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// The responseCode, where an answer with one came (such as `2025400` or `5045400`).
    pub code: Option<String>,
    /// What was seen instead of a definite answer.
    pub cause: String,
    /// What was tried to find out, where the call tries by itself.
    pub attempts: Vec<Attempt>,
}

/// An outcome that is not a yes, as an error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotDone {
    /// The gateway said no.
    #[error("refused: {code} {meaning}")]
    Refused {
        /// The responseCode.
        code: String,
        /// What it means.
        meaning: Meaning,
    },
    /// It may have happened.
    #[error("not known yet: {} (ask for the status, or repeat it under the same reference)", .0.cause)]
    Unknown(Unresolved),
}

impl<T> Outcome<T> {
    /// The answer if the gateway said yes; what was said otherwise as an error for `?`.
    ///
    /// # Errors
    /// [`NotDone`] when it was refused or is not known.
    pub fn done(self) -> Result<T, NotDone> {
        match self {
            Self::Done(answer) => Ok(answer),
            Self::Refused { code, meaning } => Err(NotDone::Refused { code, meaning }),
            Self::Unknown(unresolved) => Err(NotDone::Unknown(unresolved)),
        }
    }

    /// The same outcome with another answer in a yes.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Done(answer) => Outcome::Done(change(answer)),
            Self::Refused { code, meaning } => Outcome::Refused { code, meaning },
            Self::Unknown(unresolved) => Outcome::Unknown(unresolved),
        }
    }

    /// The responseCode of a refusal or of an unresolved answer.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Done(_) => None,
            Self::Refused { code, .. } => Some(code),
            Self::Unknown(unresolved) => unresolved.code.as_deref(),
        }
    }

    /// As [`Outcome::map`], where the answer may lack what it must have: then it is not a yes that
    /// can be used, and what happened has to be asked.
    pub(crate) fn complete<U>(self, read: impl FnOnce(T) -> Option<U>) -> Outcome<U> {
        match self.map(read) {
            Outcome::Done(Some(answer)) => Outcome::Done(answer),
            Outcome::Done(None) => unknown(None, "a success without what it must hold".to_owned()),
            Outcome::Refused { code, meaning } => Outcome::Refused { code, meaning },
            Outcome::Unknown(unresolved) => Outcome::Unknown(unresolved),
        }
    }

    /// What was heard, in one line.
    pub(crate) fn heard(&self) -> String {
        match self {
            Self::Done(_) => "done".to_owned(),
            Self::Refused { code, meaning } => format!("{code} {meaning}"),
            Self::Unknown(Unresolved { code, cause, .. }) => match code {
                Some(code) => format!("{code} {cause}"),
                None => cause.clone(),
            },
        }
    }
}

/// A refusal with this code.
pub(crate) fn refused<T>(code: String, message: String) -> Outcome<T> {
    let case = ReceivedCode::parse(&code).and_then(ReceivedCode::case);
    let meaning = Meaning { case, message };
    Outcome::Refused { code, meaning }
}

pub(crate) fn unknown<T>(code: Option<String>, cause: String) -> Outcome<T> {
    Outcome::Unknown(Unresolved {
        code,
        cause,
        attempts: Vec::new(),
    })
}

/// Reads an answer as SNAP defines it: by the responseCode, not by the HTTP status alone.
pub(crate) fn read<T: DeserializeOwned>(
    answer: Result<Answer, Error>,
) -> Result<Outcome<T>, Error> {
    let answer = match answer {
        Ok(answer) => answer,
        Err(Error::NoAnswer(lost)) if lost.is_connect() => {
            return Err(Error::Unreachable(cause_of(&lost)));
        }
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
                Err(error) => unknown(Some(code), unreadable(&error)),
            },
            Some(snap::Outcome::Refused) => refused(code, message),
            Some(snap::Outcome::Unknown) | None => unknown(Some(code), message),
        },
    )
}

/// Where it went wrong and not what stood there: it may be a token.
fn unreadable(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    format!("an unreadable success, at line {line}, column {column}")
}

/// The innermost cause, which says more than "error sending request". The URL is left out: a
/// query may carry what does not belong in a log.
pub(crate) fn cause_of(error: &reqwest::Error) -> String {
    let kind = if error.is_connect() {
        "no connection"
    } else if error.is_timeout() {
        "no answer in time"
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
