//! The client of one bank: every call is signed, sent and read here.
//!
//! A call has one deadline from its first byte to the last of its answer. Nothing is ever sent twice,
//! except when the bank said that it did nothing because our token was stale. Tokens, codes and bodies
//! are never logged.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use snap::messages::token::{B2bRequest, B2bResponse};
use snap::{PrivateKey, Secret, Service, paths};
use tokio::time::timeout_at;

use super::asked::{Answer, Asked, Meaning};
use super::breaker::{Breaker, Sign};
use super::counts::CallCounts;
use super::profile::BankProfile;
use super::wire::{BankError, Credentials, Fault, Wire};
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::network::Network;
use crate::token_keeper::{HeldToken, TokenKeeper};

/// One bank, ready to be asked. Shared by all requests of this gateway.
pub struct Bank {
    profile: BankProfile,
    wire: Wire,
    clock: Clock,
    token: TokenKeeper,
    breaker: Breaker,
    counts: CallCounts,
}

impl Bank {
    /// A client for the bank of this profile, signing token requests with `key`. Without a given network
    /// the machine's is used.
    pub fn new(
        profile: BankProfile,
        key: Arc<PrivateKey>,
        clock: Clock,
        entropy: Entropy,
        network: Option<Arc<dyn Network>>,
    ) -> Result<Self, BankError> {
        let wire = Wire::new(&profile, key, clock.clone(), entropy, network)?;
        let breaker = Breaker::new(profile.breaker);
        let (token, counts) = (TokenKeeper::default(), CallCounts::default());
        Ok(Self {
            profile,
            wire,
            clock,
            token,
            breaker,
            counts,
        })
    }

    /// The deadline of one call, in milliseconds.
    pub fn timeout_ms(&self) -> i64 {
        i64::try_from(self.profile.timeout_ms).unwrap_or(i64::MAX)
    }

    /// What is configured of the bank.
    pub fn profile(&self) -> &BankProfile {
        &self.profile
    }

    /// Whether a call made now would be sent. Asked before anything is claimed or written, so that a
    /// request refused by the breaker leaves no trace.
    pub fn would_ask(&self) -> bool {
        self.breaker.would_permit(self.clock.wall_now_ms())
    }

    /// The counters of the calls so far.
    pub fn counts(&self) -> &CallCounts {
        &self.counts
    }

    /// Sends `request` to the bank and says what became of it.
    pub async fn ask<Q, A>(
        &self,
        service: Service,
        path: &str,
        request: &Q,
        customer_token: Option<&Secret>,
    ) -> Asked<A>
    where
        Q: Serialize + Sync + ?Sized,
        A: DeserializeOwned,
    {
        let begun = Instant::now();
        let asked = match serde_json::to_vec(request) {
            Err(error) => {
                tracing::error!(bank = %self.profile.id, %error, "a request to the bank cannot be written");
                Asked::NotAsked
            }
            Ok(_) if !self.breaker.permit(self.clock.wall_now_ms()) => {
                tracing::debug!(bank = %self.profile.id, service = service.number(), "breaker open: bank not asked");
                Asked::NotAsked
            }
            Ok(body) => {
                let deadline = deadline(begun, self.profile.timeout_ms);
                let heard = self
                    .converse(service, path, body.into(), customer_token, deadline)
                    .await;
                self.note(service, &heard);
                let for_customer = customer_token.is_some() || service == Service::TOKEN_B2B2C;
                outcome(service, for_customer, heard)
            }
        };
        let took_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.counts.add(service, asked.outcome(), took_us);
        tracing::debug!(
            bank = %self.profile.id,
            service = service.number(),
            outcome = asked.outcome(),
            took_us,
            "bank asked"
        );
        asked
    }

    /// One question, repeated once with a new token where the bank no longer knew the old one.
    async fn converse(
        &self,
        service: Service,
        path: &str,
        body: Bytes,
        customer_token: Option<&Secret>,
        deadline: tokio::time::Instant,
    ) -> Result<Answer, Fault> {
        if service == Service::TOKEN_B2B2C {
            return self.wire.send(path, body, Credentials::Key, deadline).await;
        }
        let token = self.b2b_token(deadline).await?;
        let credentials = Credentials::Token(&token, customer_token);
        let answer = self
            .wire
            .send(path, body.clone(), credentials, deadline)
            .await?;
        if answer.meaning(service, customer_token.is_some()) != Meaning::StaleToken {
            return Ok(answer);
        }
        self.token.forget(&token);
        let token = self.b2b_token(deadline).await?;
        self.wire
            .send(
                path,
                body,
                Credentials::Token(&token, customer_token),
                deadline,
            )
            .await
    }

    /// The B2B token, fetched when there is none. Without one nothing of the question was sent.
    async fn b2b_token(&self, deadline: tokio::time::Instant) -> Result<Arc<HeldToken>, Fault> {
        let now_ms = self.clock.wall_now_ms();
        let token = self
            .token
            .get(now_ms, async || self.fetch_token(now_ms, deadline).await);
        match timeout_at(deadline, token).await {
            Ok(Ok(token)) => Ok(token),
            Ok(Err(why)) => Err(Fault::NotSent(why)),
            Err(_) => Err(Fault::NotSent("no token within the deadline".to_owned())),
        }
    }

    async fn fetch_token(
        &self,
        now_ms: i64,
        deadline: tokio::time::Instant,
    ) -> Result<HeldToken, String> {
        let body = serde_json::to_vec(&B2bRequest::default()).map_err(|error| error.to_string())?;
        let answer = match self
            .wire
            .send(
                paths::BANK_TOKEN_B2B,
                body.into(),
                Credentials::Key,
                deadline,
            )
            .await
        {
            Ok(answer) => answer,
            Err(Fault::NotSent(why) | Fault::Lost(why)) => return Err(format!("token: {why}")),
        };
        match answer.meaning(Service::TOKEN_B2B, false) {
            Meaning::Done => {
                let token: B2bResponse = answer.read()?;
                Ok(HeldToken::new(
                    Secret::new(token.access_token),
                    now_ms,
                    token.expires_in,
                ))
            }
            other => Err(format!("token: {other:?}")),
        }
    }

    /// Tells the breaker, and the log where the bank did not answer as a bank should.
    fn note(&self, service: Service, heard: &Result<Answer, Fault>) {
        let (sign, why) = match heard {
            Ok(answer) => (answer.sign(), None),
            Err(Fault::NotSent(why) | Fault::Lost(why)) => (Sign::Silent, Some(why)),
        };
        self.breaker.note(sign, self.clock.wall_now_ms());
        if let Some(why) = why {
            tracing::warn!(bank = %self.profile.id, service = service.number(), why, "the bank gave no answer");
        }
    }
}

impl std::fmt::Debug for Bank {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bank")
            .field("id", &self.profile.id)
            .finish_non_exhaustive()
    }
}

fn outcome<A: DeserializeOwned>(
    service: Service,
    for_customer: bool,
    heard: Result<Answer, Fault>,
) -> Asked<A> {
    let answer = match heard {
        Ok(answer) => answer,
        Err(Fault::NotSent(_)) => return Asked::NotAsked,
        Err(Fault::Lost(why)) => return Asked::Unknown(why),
    };
    match answer.meaning(service, for_customer) {
        Meaning::Done => answer.read().map_or_else(Asked::Unknown, Asked::Done),
        Meaning::InProgress => Asked::InProgress,
        Meaning::Refused(refusal) => Asked::Refused(refusal),
        Meaning::Unlinked(refusal) => Asked::Unlinked(refusal),
        // Twice in a row: the bank did nothing either time, and we cannot ask it anything.
        Meaning::StaleToken => Asked::NotAsked,
        Meaning::Unknown(why) => Asked::Unknown(why),
    }
}

fn deadline(begun: Instant, timeout_ms: u64) -> tokio::time::Instant {
    tokio::time::Instant::from_std(begun) + Duration::from_millis(timeout_ms)
}
