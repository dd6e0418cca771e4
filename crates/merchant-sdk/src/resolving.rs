//! The attempts of one call: counted against the policy, paused between, reported at the end.

use snap::Service;

use crate::{Attempt, Client, Outcome};

/// One call's attempts.
pub(crate) struct Tries<'a> {
    client: &'a Client,
    reference: &'a str,
    attempts: Vec<Attempt>,
}

impl<'a> Tries<'a> {
    pub fn new(client: &'a Client, reference: &'a str) -> Self {
        Self {
            client,
            reference,
            attempts: Vec::new(),
        }
    }

    /// Notes what a request came to.
    pub fn heard<T>(&mut self, service: Service, outcome: &Outcome<T>) {
        let heard = outcome.heard();
        tracing::info!(
            reference = self.reference,
            attempt = self.attempts.len() + 1,
            %service,
            heard,
            "asked"
        );
        self.attempts.push(Attempt { service, heard });
    }

    /// Whether the policy allows another request.
    pub fn may_go_on(&self) -> bool {
        let allowed = usize::try_from(self.client.shared.retry.attempts).unwrap_or(usize::MAX);
        self.attempts.len() < allowed
    }

    /// Whether an open payment may be repeated now.
    pub fn may_repeat_payment(&self) -> bool {
        self.client.shared.retry.repeat_payment && self.may_go_on()
    }

    /// Waits before the next request.
    pub async fn wait(&self) {
        let pause = self.client.shared.retry.pause_after(self.attempts.len());
        (self.client.shared.wait)(pause).await;
    }

    /// Waits before the next question for the status: at least as long as the policy wants before
    /// the first one.
    pub async fn wait_for_status(&self, asked: bool) {
        let retry = &self.client.shared.retry;
        let mut pause = retry.pause_after(self.attempts.len());
        if !asked {
            pause = pause.max(retry.status_after);
        }
        (self.client.shared.wait)(pause).await;
    }

    /// The outcome with the attempts in it.
    pub fn report<T>(
        self,
        outcome: Outcome<T>,
        done: impl FnOnce(&mut T, Vec<Attempt>),
    ) -> Outcome<T> {
        match outcome {
            Outcome::Done(mut answer) => {
                done(&mut answer, self.attempts);
                Outcome::Done(answer)
            }
            Outcome::Unknown(mut unresolved) => {
                unresolved.attempts = self.attempts;
                Outcome::Unknown(unresolved)
            }
            refused @ Outcome::Refused { .. } => refused,
        }
    }
}
