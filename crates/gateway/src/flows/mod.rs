//! The stories: each operation from its first check to its last commit, in the order in which things
//! happen. A flow is the only place that knows that order.
//!
//! A flow writes down what it is about to do (commit 1), asks the bank with no transaction open, and
//! writes down what came of it together with the answer (commit 2). A crash anywhere between leaves a
//! row that [`settle`] finishes, through the last steps of the flow that began it. What flows share stands
//! in `once`, `record`, `customer`, `confirm`, `link` and `outbox`.

pub mod addresses;
pub mod balance;
pub mod bind;
pub mod confirm;
pub mod customer;
pub mod exchange;
pub mod ledger;
pub mod link;
pub mod once;
pub mod outbox;
pub mod pay;
pub mod reconcile;
pub mod record;
pub mod refund;
pub mod settle;
pub mod status;
pub mod unbind;

use direct_debit::BankReason;
use snap::{Case, ReceivedCode, Refusal, Service};
use thiserror::Error;

use crate::api::answer::Answer;
use crate::app::App;
use crate::bank::{Bank, BankRefusal};

/// Why a flow could not come to its own end.
#[derive(Debug, Error)]
pub enum Trouble {
    /// A refusal in steps 1 to 9: nothing is stored, the transaction is rolled back.
    #[error("refused: {0}")]
    Refused(Refusal),
    /// The database failed.
    #[error("the database failed")]
    Store(#[from] storage::Error),
    /// The rules were asked for something that cannot be: a bug, or a lying bank.
    #[error("the rules forbid it")]
    Impossible(#[from] direct_debit::Impossible),
    /// A message could not be written.
    #[error("a message could not be written")]
    Message(#[from] serde_json::Error),
    /// The configuration names no bank for this.
    #[error("no bank {0} is configured")]
    NoBank(String),
}

impl From<direct_debit::Refusal> for Trouble {
    fn from(refusal: direct_debit::Refusal) -> Self {
        Self::Refused(crate::api::answer::snap_refusal(refusal))
    }
}

/// The bank that serves a channel.
pub fn bank_of<'a>(app: &'a App, channel: &str) -> Result<&'a Bank, Trouble> {
    let bank = app.bank_by_channel(channel);
    bank.map(std::convert::AsRef::as_ref)
        .ok_or_else(|| Trouble::NoBank(channel.to_owned()))
}

/// The answer to a flow, whatever became of it. The chain of causes is logged here, once.
pub fn answered(service: Service, result: Result<Answer, Trouble>) -> Answer {
    match result {
        Ok(answer) => answer,
        Err(Trouble::Refused(refusal)) => Answer::refusal(service, &refusal),
        Err(trouble) => {
            tracing::error!(service = service.number(), error = %chain(&trouble), "an operation failed");
            Answer::internal_error(service)
        }
    }
}

/// An error and all its causes in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

/// A bank's refusal as it is kept with a payment, a refund or a binding.
pub fn reason(refusal: &BankRefusal) -> BankReason {
    BankReason {
        code: refusal.code.to_string(),
        message: refusal.message.clone(),
    }
}

/// A kept refusal in our own words: the bank's case under our service, or Do Not Honor where the bank
/// used a case that means nothing to a merchant.
pub fn refusal_of(reason: &BankReason) -> Refusal {
    let case = ReceivedCode::parse(&reason.code).and_then(|code| code.case());
    Refusal::new(match case {
        Some(case) if case.is_about_the_customer() => case,
        _ => Case::DoNotHonor,
    })
}
