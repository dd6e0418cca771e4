//! Refund (service 58): gives money back, wholly or in part, and repeats until it is known.

use snap::messages::refund::RefundResponse;
use snap::{Case, Service, paths};

use super::payments::not_asked;
use crate::outcome::{refused, unknown};
use crate::resolving::Tries;
use crate::{Attempt, Client, Customer, Error, NewRefund, Outcome};

/// A refund that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// The gateway's answer.
    pub answer: RefundResponse,
    /// What was asked, in order; more than one only when an answer was missing.
    pub attempts: Vec<Attempt>,
}

impl Client {
    /// Refunds a payment, also one whose link has ended since. DOKU wants the customer's token
    /// with it: use [`Customer::refund`] there.
    ///
    /// When the answer is missing, the same request is made again under the same refund reference,
    /// as far as the client's [`crate::RetryPolicy`] goes; it is never refunded twice.
    ///
    /// # Errors
    /// When nothing was sent.
    pub async fn refund(&self, refund: &NewRefund) -> Result<Outcome<Refund>, Error> {
        let send = || self.operation(paths::REFUND, &refund.message);
        insist(self, refund, send).await
    }
}

impl Customer {
    /// As [`Client::refund`], with the customer's token.
    ///
    /// # Errors
    /// When nothing was sent.
    pub async fn refund(&self, refund: &NewRefund) -> Result<Outcome<Refund>, Error> {
        let send = || self.operation(paths::REFUND, &refund.message);
        insist(&self.client, refund, send).await
    }
}

async fn insist<F>(
    client: &Client,
    refund: &NewRefund,
    send: impl Fn() -> F,
) -> Result<Outcome<Refund>, Error>
where
    F: Future<Output = Result<Outcome<RefundResponse>, Error>>,
{
    let mut tries = Tries::new(client, refund.reference());
    let mut outcome = first(send().await?);
    tries.heard(Service::REFUND, &outcome);
    while let (Outcome::Unknown(_), true) = (&outcome, tries.may_go_on()) {
        tries.wait().await;
        let again = send().await.unwrap_or_else(not_asked);
        tries.heard(Service::REFUND, &again);
        outcome = repeated(again);
    }
    let outcome = outcome.map(|answer| Refund {
        answer,
        attempts: Vec::new(),
    });
    Ok(tries.report(outcome, |refund, attempts| refund.attempts = attempts))
}

/// `404 18` says that the reference was used before. The standard counts that as done, which holds
/// for a repeat; for a first request it was another refund's.
fn first(outcome: Outcome<RefundResponse>) -> Outcome<RefundResponse> {
    match outcome {
        Outcome::Done(answer) if answer.response_code == "4045818" => refused(
            answer.response_code,
            Case::InconsistentRequest.message().to_owned(),
        ),
        other => other,
    }
}

/// A repeat may be refused for a reason of its own (a token, a header, a limit), which says
/// nothing of the first request; a refusal by the rules of refunds does.
fn repeated(outcome: Outcome<RefundResponse>) -> Outcome<RefundResponse> {
    match outcome {
        Outcome::Refused { code, meaning }
            if !code.starts_with("403") && !code.starts_with("404") =>
        {
            unknown(Some(code), meaning.message)
        }
        other => other,
    }
}
