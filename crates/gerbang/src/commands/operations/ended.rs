//! How an operation ended when it was not simply done: the exit status, the words, and what to do next.

use std::process::ExitCode;

use merchant_sdk::{Attempt, Case, Meaning, Unresolved};
use serde_json::json;
use snap::openapi;

use super::Session;
use crate::screen;

/// The gateway, the bank or the customer said no.
const REFUSED: u8 = 3;
/// Whether it happened is not known, or it is not over.
const UNKNOWN: u8 = 4;

/// It was refused: nothing happened.
pub fn refused(session: &Session, what: &str, code: &str, meaning: &Meaning) -> ExitCode {
    let words = meaning.case.and_then(openapi::meaning);
    if session.json {
        screen::json(&json!({
            "outcome": "refused",
            "code": code,
            "message": meaning.message,
            "meaning": words,
        }));
        return ExitCode::from(REFUSED);
    }
    screen::bad(format!("{what} was refused: {code} {}", meaning.message));
    if let Some(words) = words {
        screen::line(format!("  {words}"));
    }
    if let Some((advice, command)) = meaning.case.and_then(advice) {
        screen::note(format!("  {advice}:"));
        session.next(command);
    }
    ExitCode::from(REFUSED)
}

/// The exit status of what is not known or not over.
pub fn not_over() -> ExitCode {
    ExitCode::from(UNKNOWN)
}

/// The exit status of a payment that ended without money.
pub fn ended_badly() -> ExitCode {
    ExitCode::from(REFUSED)
}

/// It is not known: `next` is what finds out.
pub fn unknown(
    session: &Session,
    what: &str,
    reference: &str,
    lost: &Unresolved,
    next: &[String],
) -> ExitCode {
    if session.json {
        screen::json(&json!({
            "outcome": "unknown",
            "reference": reference,
            "code": lost.code,
            "cause": lost.cause,
            "attempts": attempts(&lost.attempts),
        }));
        return not_over();
    }
    let code = lost.code.as_deref().unwrap_or_default();
    screen::bad(format!(
        "whether {what} happened is not known: {code} {}",
        lost.cause
    ));
    if !reference.is_empty() {
        screen::value("reference", reference);
    }
    for attempt in &lost.attempts {
        screen::value(
            "asked",
            format!("{}: {}", attempt.service.name(), attempt.heard),
        );
    }
    screen::note("  it may still happen, so nothing is begun anew; this finds out:");
    for command in next {
        session.next(command);
    }
    not_over()
}

/// The attempts for scripts.
pub fn attempts(attempts: &[Attempt]) -> serde_json::Value {
    let one =
        |attempt: &Attempt| json!({ "asked": attempt.service.name(), "heard": attempt.heard });
    attempts.iter().map(one).collect()
}

/// What a merchant's developer does about it, and the command for it.
fn advice(case: Case) -> Option<(&'static str, &'static str)> {
    Some(match case {
        Case::InsufficientFunds => ("what the customer has", "balance"),
        Case::InvalidCustomerToken => ("link the customer again", "bind"),
        Case::TransactionNotPermitted => ("a linked customer is unlinked by", "unbind"),
        Case::InvalidTransactionStatus | Case::InvalidAmount => {
            ("how the payment stands", "status")
        }
        Case::TransactionExpired => ("begin a new one, under a new reference", "pay"),
        _ => return None,
    })
}
