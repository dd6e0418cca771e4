//! The client of one bank: every call is signed, sent and read here.
//!
//! A call has one deadline from its first byte to the last of its answer. Nothing is ever sent twice,
//! except when the bank said that it did nothing because our token was stale. Tokens, codes and bodies
//! are never logged.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use serde::Serialize;
use serde::de::DeserializeOwned;
use snap::messages::token::{B2bRequest, B2bResponse};
use snap::{PrivateKey, Secret, Service, paths, signature};
use tokio::time::timeout_at;

use super::asked::{Answer, Asked, Meaning};
use super::breaker::{Breaker, Sign};
use super::counts::CallCounts;
use super::profile::BankProfile;
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::token_keeper::{HeldToken, TokenKeeper};

/// An answer may be this long; SNAP's are a few kilobytes, a day's statement page some more.
const LONGEST_ANSWER: usize = 256 * 1024;
/// A connection that is not made in this time is given up: nothing was sent yet.
const CONNECT_TIMEOUT_MS: u64 = 3_000;
/// Connections are dropped before the bank's side grows tired of them.
const IDLE_CONNECTION: Duration = Duration::from_secs(50);
/// `CHANNEL-ID` of everything that this gateway sends.
const CHANNEL_ID: &str = "GTWAY";

/// Why a bank's client could not be made from its profile.
#[derive(Debug, thiserror::Error)]
pub enum BankError {
    /// The base URL is not an `http` or `https` URL with a host.
    #[error("the base URL of bank {bank} is not usable: {url}")]
    BaseUrl {
        /// The bank's id.
        bank: String,
        /// The URL as configured.
        url: String,
    },
    /// The HTTP client or the extra certificate authority.
    #[error("the HTTP client for bank {bank} cannot be made")]
    Client {
        /// The bank's id.
        bank: String,
        /// What reqwest says.
        source: reqwest::Error,
    },
}

/// One bank, ready to be asked. Shared by all requests of this gateway.
pub struct Bank {
    profile: BankProfile,
    base: url::Url,
    http: reqwest::Client,
    key: Arc<PrivateKey>,
    clock: Clock,
    entropy: Entropy,
    token: TokenKeeper,
    breaker: Breaker,
    counts: CallCounts,
}

/// What stands in the headers besides the signature.
enum Credentials<'a> {
    /// Tokens: signed with our RSA key.
    Key,
    /// Everything else: our B2B token, and the customer's where the call is about one.
    Token(&'a HeldToken, Option<&'a Secret>),
}

/// How far a call came when it brought no answer.
enum Fault {
    /// No byte of the request has left.
    NotSent(String),
    /// It may have arrived.
    Lost(String),
}

impl Bank {
    /// A client for the bank of this profile, signing token requests with `key`.
    pub fn new(
        profile: BankProfile,
        key: Arc<PrivateKey>,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, BankError> {
        let base = base_url(&profile)?;
        let client_error = |source| BankError::Client {
            bank: profile.id.clone(),
            source,
        };
        let timeout_ms = CONNECT_TIMEOUT_MS.min(profile.timeout_ms);
        let mut builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(Duration::from_millis(timeout_ms))
            .pool_idle_timeout(IDLE_CONNECTION)
            .tcp_nodelay(true)
            .user_agent("gerbang");
        if let Some(pem) = &profile.extra_ca_pem {
            let authority = reqwest::Certificate::from_pem(pem.as_bytes()).map_err(client_error)?;
            builder = builder.tls_certs_merge([authority]);
        }
        let http = builder.build().map_err(client_error)?;
        let breaker = Breaker::new(profile.breaker);
        let (token, counts) = (TokenKeeper::default(), CallCounts::default());
        Ok(Self {
            profile,
            base,
            http,
            key,
            clock,
            entropy,
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
                outcome(service, customer_token.is_some(), heard)
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
            return self.send(path, body, Credentials::Key, deadline).await;
        }
        let token = self.b2b_token(deadline).await?;
        let credentials = Credentials::Token(&token, customer_token);
        let answer = self.send(path, body.clone(), credentials, deadline).await?;
        if answer.meaning(service, customer_token.is_some()) != Meaning::StaleToken {
            return Ok(answer);
        }
        self.token.forget(&token);
        let token = self.b2b_token(deadline).await?;
        self.send(
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

    /// Signs and sends one request and reads its answer.
    async fn send(
        &self,
        path: &str,
        body: Bytes,
        credentials: Credentials<'_>,
        deadline: tokio::time::Instant,
    ) -> Result<Answer, Fault> {
        let request = self.signed(path, body, credentials);
        let exchange = async {
            let response = request.send().await.map_err(fault)?;
            let http = response.status().as_u16();
            read_bounded(response)
                .await
                .map(|body| Answer { http, body })
        };
        match timeout_at(deadline, exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(Fault::Lost("no answer within the deadline".to_owned())),
        }
    }

    fn signed(
        &self,
        path: &str,
        body: Bytes,
        credentials: Credentials<'_>,
    ) -> reqwest::RequestBuilder {
        let mut url = self.base.clone();
        let whole_path = format!("{}{path}", self.base.path().trim_end_matches('/'));
        url.set_path(&whole_path);
        let timestamp = snap::timestamp::format_jakarta(self.clock.wall_now_ms());
        let request = self
            .http
            .post(url)
            .header("Content-Type", "application/json");
        let client_id = self.profile.client_id.as_str();
        let (request, signature) = match credentials {
            Credentials::Key => (
                request.header("X-CLIENT-KEY", client_id),
                self.key.sign_token(client_id, &timestamp),
            ),
            Credentials::Token(token, customer) => {
                let text = token.text.expose();
                let signature = signature::sign(
                    &self.profile.secret,
                    "POST",
                    &whole_path,
                    text,
                    &body,
                    &timestamp,
                );
                let request = request
                    .header("X-PARTNER-ID", client_id)
                    .header("X-EXTERNAL-ID", self.entropy.digits(20))
                    .header("CHANNEL-ID", CHANNEL_ID)
                    .header("Authorization", bearer(&token.text));
                let request = match customer {
                    Some(customer) => request.header("Authorization-Customer", bearer(customer)),
                    None => request,
                };
                (request, signature)
            }
        };
        request
            .header("X-TIMESTAMP", timestamp)
            .header("X-SIGNATURE", signature)
            .body(body)
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

fn base_url(profile: &BankProfile) -> Result<url::Url, BankError> {
    let usable = |url: &url::Url| matches!(url.scheme(), "http" | "https") && url.query().is_none();
    url::Url::parse(&profile.base_url)
        .ok()
        .filter(usable)
        .ok_or_else(|| BankError::BaseUrl {
            bank: profile.id.clone(),
            url: profile.base_url.clone(),
        })
}

fn deadline(begun: Instant, timeout_ms: u64) -> tokio::time::Instant {
    tokio::time::Instant::from_std(begun) + Duration::from_millis(timeout_ms)
}

fn bearer(token: &Secret) -> http::HeaderValue {
    let mut value = http::HeaderValue::from_str(&format!("Bearer {}", token.expose()))
        .unwrap_or_else(|_| http::HeaderValue::from_static("Bearer"));
    value.set_sensitive(true);
    value
}

/// reqwest's own words may hold the URL, which is ours; never a header or a body.
fn fault(error: reqwest::Error) -> Fault {
    let never_sent = error.is_connect() || error.is_builder();
    let why = root_cause(&error);
    if never_sent {
        Fault::NotSent(why)
    } else {
        Fault::Lost(why)
    }
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

async fn read_bounded(mut response: reqwest::Response) -> Result<Bytes, Fault> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| Fault::Lost(root_cause(&error)))?
    {
        if body.len().saturating_add(chunk.len()) > LONGEST_ANSWER {
            return Err(Fault::Lost(format!(
                "the answer is longer than {LONGEST_ANSWER} bytes"
            )));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
