//! Payment (service 54): asks the customer's bank for money, and finds out what became of it when
//! the answer is missing.

use snap::messages::payment::PaymentResponse;
use snap::messages::status::StatusResponse;
use snap::{Service, TransactionStatus, paths};

use crate::outcome::{refused, unknown};
use crate::resolving::Tries;
use crate::{Attempt, Customer, Error, NewPayment, Outcome, PaymentId};

/// A payment that was accepted. That is not yet paid: see [`Payment::next`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// What comes next.
    pub next: Next,
    /// The gateway's reference.
    pub reference_no: Option<String>,
    /// The responseCode: `2005400`, or `2005500` where the status told of it.
    pub response_code: String,
    /// What was asked, in order; more than one only when an answer was missing.
    pub attempts: Vec<Attempt>,
}

/// What comes after an accepted payment.
#[derive(Clone, PartialEq, Eq)]
pub enum Next {
    /// Open this page in the customer's browser. The notification, or the status, tells how it
    /// ended.
    Page(String),
    /// Nothing: an earlier request under this reference was paid already.
    Paid(Box<StatusResponse>),
}

impl Payment {
    /// The page for the customer (`webRedirectUrl`), unless it is paid already.
    #[must_use]
    pub fn page(&self) -> Option<&str> {
        match &self.next {
            Next::Page(url) => Some(url),
            Next::Paid(_) => None,
        }
    }

    fn accepted(answer: PaymentResponse) -> Option<Self> {
        Some(Self {
            next: Next::Page(answer.web_redirect_url?),
            reference_no: answer.reference_no,
            response_code: answer.response_code,
            attempts: Vec::new(),
        })
    }

    fn paid(status: StatusResponse) -> Self {
        Self {
            reference_no: status.original_reference_no.clone(),
            response_code: status.response_code.clone(),
            next: Next::Paid(Box::new(status)),
            attempts: Vec::new(),
        }
    }
}

impl Customer {
    /// Begins a payment. Done means accepted, not paid: send the customer to the page.
    ///
    /// When the answer is missing, this asks for the status, and where that says that the payment
    /// is open, makes the same request again for its page, as far as the client's
    /// [`crate::RetryPolicy`] goes. Making the same call again yourself, under the same reference,
    /// never pays twice.
    ///
    /// # Errors
    /// When nothing was sent.
    pub async fn pay(&self, payment: &NewPayment) -> Result<Outcome<Payment>, Error> {
        let mut tries = Tries::new(&self.client, payment.reference());
        let first = self.send_payment(payment).await?;
        tries.heard(Service::PAYMENT, &first);
        let mut outcome = first;
        let mut asked = false;
        while let (Outcome::Unknown(_), true) = (&outcome, tries.may_go_on()) {
            tries.wait_for_status(asked).await;
            asked = true;
            let status = self.client.status(PaymentId::from(payment.reference()));
            // Something was sent before, so a question that was not sent leaves that unknown.
            let status = status.await.unwrap_or_else(not_asked);
            tries.heard(Service::STATUS, &status);
            outcome = match verdict(status) {
                Verdict::Settled(settled) => settled,
                Verdict::Open(_) if tries.may_repeat_payment() => {
                    let again = self.send_payment(payment).await.unwrap_or_else(not_asked);
                    tries.heard(Service::PAYMENT, &again);
                    only_a_yes(again)
                }
                Verdict::Open(cause) => unknown(None, cause),
                Verdict::NotSettled(cause) => cause,
            };
        }
        Ok(tries.report(outcome, |payment, attempts| payment.attempts = attempts))
    }

    async fn send_payment(&self, payment: &NewPayment) -> Result<Outcome<Payment>, Error> {
        let answer: Outcome<PaymentResponse> =
            self.operation(paths::PAYMENT, &payment.message).await?;
        Ok(answer.complete(Payment::accepted))
    }
}

/// What a status says about a payment whose answer is missing.
enum Verdict {
    /// It is paid, or never will be.
    Settled(Outcome<Payment>),
    /// It waits for the customer, whose page is not known.
    Open(String),
    /// It may be anything. "Not found" is no proof of failure either.
    NotSettled(Outcome<Payment>),
}

fn verdict(status: Outcome<StatusResponse>) -> Verdict {
    let status = match status {
        Outcome::Done(status) => status,
        Outcome::Refused { code, meaning } => {
            return Verdict::NotSettled(unknown(Some(code), meaning.message));
        }
        Outcome::Unknown(unresolved) => {
            return Verdict::NotSettled(Outcome::Unknown(unresolved));
        }
    };
    let code = status.latest_transaction_status.clone();
    match status.status() {
        Some(TransactionStatus::Success | TransactionStatus::Refunded) => {
            Verdict::Settled(Outcome::Done(Payment::paid(status)))
        }
        Some(ended @ (TransactionStatus::Cancelled | TransactionStatus::Failed)) => {
            let why = status
                .original_response_message
                .or(status.transaction_status_desc);
            let why = why.unwrap_or_else(|| ended.description().to_owned());
            Verdict::Settled(refused(status.original_response_code.unwrap_or(code), why))
        }
        Some(open @ (TransactionStatus::Initiated | TransactionStatus::Paying)) => {
            Verdict::Open(format!(
                "the payment is open ({code} {}), its page is not known",
                open.description()
            ))
        }
        Some(TransactionStatus::Pending | TransactionStatus::NotFound) | None => {
            let words = status.transaction_status_desc.unwrap_or_default();
            Verdict::NotSettled(unknown(None, format!("status {code} {words}")))
        }
    }
}

/// A repeat that is refused says nothing certain of the first request: the status will.
fn only_a_yes(again: Outcome<Payment>) -> Outcome<Payment> {
    match again {
        Outcome::Refused { code, meaning } => unknown(Some(code), meaning.message),
        other => other,
    }
}

pub(super) fn not_asked<T>(error: Error) -> Outcome<T> {
    unknown(None, error.to_string())
}

impl std::fmt::Debug for Next {
    /// Without the page: whoever has it can go on in the customer's place.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Page(_) => "Page(…)",
            Self::Paid(_) => "Paid(…)",
        })
    }
}
