//! A careful merchant: what got no definite answer is asked again under the same reference, at whichever
//! gateway answers, until there is one or time is up.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use merchant_sdk::{Answer, Authorization, Client, Error, RawOptions, Signature};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;
use snap::{Outcome, ReceivedCode, paths, timestamp};

use crate::hours::Hours;

/// So long a merchant asks about one thing while others wait. What a killed process had claimed is nobody's
/// for a minute, and is looked at again at the end.
const PATIENCE: Duration = Duration::from_secs(3);

/// One request as it was sent, so that it can be sent again to the byte.
#[derive(Clone, Debug)]
pub struct Wire {
    /// The path.
    pub path: &'static str,
    /// The body.
    pub body: Vec<u8>,
    /// X-EXTERNAL-ID.
    pub external_id: String,
    /// X-TIMESTAMP.
    pub timestamp: String,
}

/// A definite answer, with the request that it answered.
#[derive(Clone, Debug)]
pub struct Said {
    /// The request.
    pub wire: Wire,
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// Its responseCode.
    pub code: String,
    /// Whether it is a yes.
    pub done: bool,
    /// How often it was asked for.
    pub tries: u32,
}

/// One of a merchant's programs.
pub struct Caller {
    /// Its connections, one for each gateway.
    pub clients: Vec<Client>,
    /// Its randomness.
    pub rng: StdRng,
    prefix: usize,
    counter: u64,
    /// When it gives up.
    pub hours: Arc<Hours>,
}

impl Caller {
    /// A program with a number of its own, which is the same in every run of a seed.
    pub fn new(clients: Vec<Client>, seed: u64, prefix: usize, hours: Arc<Hours>) -> Self {
        let mixed = seed
            .wrapping_mul(1_000_003)
            .wrapping_add(u64::try_from(prefix).unwrap_or(0));
        Self {
            clients,
            rng: StdRng::seed_from_u64(mixed),
            prefix,
            counter: 0,
            hours,
        }
    }

    /// An id that nobody has used.
    pub fn fresh(&mut self) -> String {
        self.counter += 1;
        format!("{:03}{:09}", self.prefix, self.counter)
    }

    /// A request that was never sent.
    pub fn wire(&mut self, path: &'static str, body: Vec<u8>) -> Wire {
        Wire {
            path,
            body,
            external_id: self.fresh(),
            timestamp: timestamp::format_jakarta(now_ms()),
        }
    }

    /// Asks until there is a definite answer; none if patience or time was over before.
    pub async fn insist(&mut self, mut wire: Wire, customer: Option<&str>) -> Option<Said> {
        let (mut tries, begun) = (0, Instant::now());
        loop {
            tries += 1;
            let answer = self.once(&wire, customer).await;
            if let Some(said) = answer.and_then(|answer| definite(&wire, answer, tries)) {
                self.hours.progress();
                return Some(said);
            }
            if self.hours.are_over() || begun.elapsed() > PATIENCE {
                return None;
            }
            let pause = self.rng.random_range(20..120);
            tokio::time::sleep(Duration::from_millis(pause)).await;
            // Some programs repeat to the byte, some begin a new request about the same reference.
            if self.rng.random_ratio(2, 3) {
                wire = self.wire(wire.path, wire.body);
            }
        }
    }

    /// Asks once, at any gateway.
    pub async fn once(&mut self, wire: &Wire, customer: Option<&str>) -> Option<Answer> {
        let at = self.rng.random_range(0..self.clients.len());
        send(self.clients.get(at)?, wire, customer).await
    }
}

/// Sends a request as it is; none if no answer came. A B2B token that has run out is renewed once.
pub async fn send(client: &Client, wire: &Wire, customer: Option<&str>) -> Option<Answer> {
    let first = send_with(client, wire, customer).await.ok()?;
    let code = first.code().unwrap_or_default();
    if !(code.starts_with("401") && code.ends_with("01")) {
        return Some(first);
    }
    let token = client.b2b_token().await.ok()?;
    client.forget_b2b_token(&token).await;
    send_with(client, wire, customer).await.ok()
}

async fn send_with(client: &Client, wire: &Wire, customer: Option<&str>) -> Result<Answer, Error> {
    let signature = if wire.path == paths::TOKEN_B2B2C {
        Signature::Asymmetric
    } else {
        Signature::Symmetric
    };
    let options = RawOptions {
        authorization: Authorization::Cached,
        signature,
        customer_token: customer.map(str::to_owned),
        external_id: Some(wire.external_id.clone()),
        timestamp: Some(wire.timestamp.clone()),
        ..RawOptions::default()
    };
    client
        .send_raw("POST", wire.path, wire.body.clone(), &options)
        .await
}

fn definite(wire: &Wire, answer: Answer, tries: u32) -> Option<Said> {
    let code = answer.code()?;
    let outcome = ReceivedCode::parse(&code)?.outcome();
    let said = |done| Said {
        wire: wire.clone(),
        status: answer.status,
        body: answer.body.clone(),
        code: code.clone(),
        done,
        tries,
    };
    match outcome {
        Outcome::Done => Some(said(true)),
        Outcome::Refused => Some(said(false)),
        Outcome::Unknown => None,
    }
}

/// A text in an answer's body, by its path.
pub fn text_in(body: &[u8], path: &str) -> Option<String> {
    let json: Value = serde_json::from_slice(body).ok()?;
    Some(json.pointer(path)?.as_str()?.to_owned())
}

/// The wall clock, in Unix milliseconds.
pub fn now_ms() -> i64 {
    #[allow(clippy::disallowed_methods)] // a merchant's own clock
    let now = std::time::SystemTime::now();
    let since = now
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
