//! The walk itself: who walks, and how a step is shown.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use merchant_sdk::notifications::Notification;
use merchant_sdk::pages::{self, Ending, Script, Visit};
use merchant_sdk::{Client, Error, Outcome};
use snap::PrivateKey;
use snap::messages::notify::NotifyRequest;
use tokio::sync::mpsc;

use super::seen::Seen;
use crate::sandbox::{Addresses, Customer};
use crate::{files, screen};

/// How long a notification may take: two tries may be lost before one is heard.
const NOTIFIED_WITHIN: Duration = Duration::from_secs(60);

/// A step did not go as it should; it has been shown.
pub struct Stopped;

/// A demo merchant with a customer, on the way.
pub struct Walk<'a> {
    /// The merchant.
    pub client: Client,
    /// The customer.
    pub customer: Customer,
    /// Where customers come back to.
    pub merchant_url: String,
    /// What no log may show.
    pub seen: Seen,
    inbox_url: String,
    notifications: &'a mut mpsc::Receiver<Notification>,
    steps: usize,
}

impl<'a> Walk<'a> {
    /// At the beginning, with the first demo customer.
    pub fn new(
        addresses: &Addresses,
        notifications: &'a mut mpsc::Receiver<Notification>,
    ) -> anyhow::Result<Self> {
        let key = files::read_text(&addresses.merchant_private_key)?;
        let key = PrivateKey::from_pem(&key).context("the demo merchant's key is damaged")?;
        let secret = addresses.client_secret.clone();
        let client =
            Client::builder(&addresses.base_url, &addresses.client_id, secret, key).build()?;
        let customer = addresses
            .customers
            .first()
            .context("there is no demo customer")?
            .clone();
        let merchant_url = url::Url::parse(&addresses.notification_url)?
            .origin()
            .ascii_serialization();
        let mut seen = Seen::default();
        seen.note("client secret", addresses.client_secret.expose());
        seen.note(
            "notification secret",
            addresses.notification_secret.expose(),
        );
        for customer in &addresses.customers {
            seen.note("phone number", &customer.phone_no);
        }
        seen.note("PIN", customer.pin.expose());
        Ok(Self {
            client,
            customer,
            merchant_url,
            seen,
            inbox_url: addresses.inbox_url.clone(),
            notifications,
            steps: 0,
        })
    }

    /// What was met on the way.
    pub fn finish(self) -> Seen {
        self.seen
    }

    /// The customer's number as it may be shown.
    pub fn masked_phone(&self) -> String {
        let phone = &self.customer.phone_no;
        let end = phone
            .get(phone.len().saturating_sub(3)..)
            .unwrap_or_default();
        format!("{}•••{end}", phone.get(..4).unwrap_or_default())
    }

    /// Shows a step that should be done.
    pub fn done<T>(
        &mut self,
        started: Instant,
        request: &str,
        outcome: Result<Outcome<T>, Error>,
        say: impl FnOnce(&T) -> String,
    ) -> Result<T, Stopped> {
        match outcome {
            Ok(Outcome::Done(answer)) => {
                let said = say(&answer);
                self.show(started, true, request, &said);
                Ok(answer)
            }
            other => {
                self.show(started, false, request, &unexpected(other));
                Err(Stopped)
            }
        }
    }

    /// Shows a step that should be refused, with this code.
    pub fn refused<T>(
        &mut self,
        started: Instant,
        request: &str,
        outcome: Result<Outcome<T>, Error>,
        expected: &str,
    ) -> Result<(), Stopped> {
        match outcome {
            Ok(Outcome::Refused { code, meaning }) if code == expected => {
                self.show(
                    started,
                    true,
                    request,
                    &format!("{code} {meaning}, as it should be"),
                );
                Ok(())
            }
            other => {
                let said = format!("expected {expected}, got {}", unexpected(other));
                self.show(started, false, request, &said);
                Err(Stopped)
            }
        }
    }

    /// Plays the customer on a hosted page.
    pub async fn visit(&mut self, url: &str, request: &str) -> Result<Visit, Stopped> {
        let started = Instant::now();
        self.note_page(url);
        let script = Script {
            inbox_url: Some(self.inbox_url.clone()),
            customers: vec![pages::Customer {
                phone_no: self.customer.phone_no.clone(),
                pin: self.customer.pin.clone(),
            }],
            ..Script::default()
        };
        match pages::complete(url, &script).await {
            Ok(visit) if visit.ending == Ending::Completed => {
                for otp in &visit.otps {
                    self.seen.note("OTP", otp.expose());
                }
                let sent_to = visit.sent_to.as_deref().unwrap_or("nowhere");
                self.show(
                    started,
                    true,
                    request,
                    &format!("completed, sent to {sent_to}"),
                );
                Ok(visit)
            }
            Ok(visit) => {
                let end = visit.end.as_deref().unwrap_or_default();
                self.show(
                    started,
                    false,
                    request,
                    &format!("{} {end}", visit.ending.word()),
                );
                Err(Stopped)
            }
            Err(error) => {
                self.show(started, false, request, &chain(&error));
                Err(Stopped)
            }
        }
    }

    /// Waits for the verified notification of a payment.
    pub async fn notified(&mut self, reference: &str) -> Result<(), Stopped> {
        let started = Instant::now();
        let request = format!(
            "notification    the gateway calls the merchant about {}",
            short(reference)
        );
        let wait = async {
            while let Some(notification) = self.notifications.recv().await {
                if let Some(payment) = notification.payment()
                    && payment.original_partner_reference_no == reference
                {
                    return Some(payment.clone());
                }
            }
            None
        };
        let received: Option<NotifyRequest> = tokio::time::timeout(NOTIFIED_WITHIN, wait)
            .await
            .ok()
            .flatten();
        let said = match &received {
            Some(payment) => format!(
                "signature verified: status {} {}, {}",
                payment.latest_transaction_status,
                payment
                    .transaction_status_desc
                    .as_deref()
                    .unwrap_or_default(),
                payment.amount.rupiah_text()
            ),
            None => "none came".to_owned(),
        };
        let paid = received.is_some_and(|payment| payment.latest_transaction_status == "00");
        self.show(started, paid, &request, &said);
        if paid { Ok(()) } else { Err(Stopped) }
    }

    /// A step that came out wrong although the answer was a success.
    pub fn wrong(&mut self, started: Instant, request: &str, said: &str) -> Stopped {
        self.show(started, false, request, said);
        Stopped
    }

    /// Shows a step.
    pub fn show(&mut self, started: Instant, ok: bool, request: &str, answer: &str) {
        self.steps += 1;
        screen::step(
            self.steps,
            ok,
            request,
            answer,
            started.elapsed().as_millis(),
        );
    }

    fn note_page(&mut self, url: &str) {
        if let Some(page) = url.rsplit('/').next().filter(|page| page.len() >= 16) {
            self.seen.note("page id", page);
        }
    }
}

/// The end of a reference, which is what differs.
pub fn short(reference: &str) -> String {
    let start = reference.len().saturating_sub(8);
    format!("…{}", reference.get(start..).unwrap_or(reference))
}

fn unexpected<T>(outcome: Result<Outcome<T>, Error>) -> String {
    match outcome {
        Ok(Outcome::Done(_)) => "a success".to_owned(),
        Ok(Outcome::Refused { code, meaning }) => format!("{code} {meaning}"),
        Ok(Outcome::Unknown(unresolved)) => {
            format!(
                "no definite answer: {} {}",
                unresolved.code.unwrap_or_default(),
                unresolved.cause
            )
        }
        Err(error) => chain(&error),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}
