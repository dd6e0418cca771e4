//! A merchant: what it remembers of every answer it got, and what it was notified of.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use gateway::network::{Incoming, Outgoing};
use http::HeaderMap;
use serde_json::{Value, json};
use snap::{Secret, signature};

use crate::world::World;

/// The token that a merchant gives the gateway.
const TOKEN: &str = "token-of-the-gateway";

/// One merchant.
#[derive(Debug)]
pub struct Shop {
    /// Its host, for its notifications.
    pub host: String,
    /// Its client id.
    pub client_id: String,
    /// Signs what it sends.
    pub secret: Secret,
    /// Signs what it is sent.
    pub inbound_secret: Secret,
    /// Whether notifications need a token of its own.
    pub wants_token: bool,
    book: Mutex<Book>,
}

/// Everything that a merchant was told.
#[derive(Debug, Default)]
pub struct Book {
    /// Its B2B token, while it has one.
    pub b2b: Option<String>,
    /// Definite answers to what changes something.
    pub answers: Vec<Told>,
    /// Payments by reference.
    pub payments: BTreeMap<String, Paying>,
    /// Bindings by authCode.
    pub bindings: BTreeMap<String, Link>,
    /// Notifications of payments in the order in which they came: reference and status.
    pub heard: Vec<(String, String)>,
    /// What must never be said to a merchant.
    pub oddities: Vec<String>,
    seen: Vec<String>,
    counter: u64,
}

/// One request as it was sent, so that it can be sent again to the byte.
#[derive(Clone, Debug)]
pub struct Wire {
    /// The path.
    pub path: &'static str,
    /// The body.
    pub body: Bytes,
    /// X-EXTERNAL-ID.
    pub external_id: String,
    /// X-TIMESTAMP.
    pub timestamp: String,
    /// The authCode of the binding whose token it carries.
    pub code: Option<String>,
}

/// A definite answer with its request.
#[derive(Clone, Debug)]
pub struct Told {
    /// The request.
    pub wire: Wire,
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Bytes,
    /// Its responseCode.
    pub code: String,
    /// Whether it is a yes.
    pub done: bool,
    /// How often it was asked for.
    pub tries: u32,
}

/// A payment as its merchant knows it.
#[derive(Clone, Debug, Default)]
pub struct Paying {
    /// How much, in sen.
    pub sen: i64,
    /// The authCode of its binding.
    pub code: String,
    /// Whether it was accepted (2005400).
    pub accepted: bool,
    /// Whether it was refused for good.
    pub refused: bool,
    /// Final statuses that inquiries gave.
    pub statuses: Vec<String>,
    /// Refunds: number, sen, and what was said.
    pub refunds: Vec<(String, i64, Option<bool>)>,
}

/// A binding as its merchant knows it.
#[derive(Clone, Debug, Default)]
pub struct Link {
    /// The merchant's name for the customer.
    pub customer: String,
    /// The customer's latest token.
    pub token: Option<String>,
    /// Whether its end was asked for.
    pub ending: bool,
    /// Whether its end was confirmed.
    pub ended: bool,
}

impl Shop {
    /// All merchants, in the order of their numbers.
    pub fn all(count: usize) -> Vec<Self> {
        (0..count)
            .map(|number| Self {
                host: format!("shop-{number}"),
                client_id: format!("BRN-{number:04}"),
                secret: Secret::new(format!("secret of shop {number}")),
                inbound_secret: Secret::new(format!("inbound secret of shop {number}")),
                wants_token: number == 0,
                book: Mutex::default(),
            })
            .collect()
    }

    /// What it remembers.
    pub fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An id that this merchant has not used.
    pub fn fresh(&self, prefix: &str) -> String {
        let mut book = self.book();
        book.counter = book.counter.saturating_add(1);
        format!("{prefix}{:06}", book.counter)
    }

    /// Takes in what a gateway sends.
    pub fn hear(&self, world: &World, request: &Outgoing) -> Incoming {
        match request.url.path() {
            "/token" => answer(
                200,
                json!({
                    "responseCode": "2007300",
                    "accessToken": TOKEN,
                    "tokenType": "Bearer",
                    "expiresIn": 900,
                }),
            ),
            path => self.notified(world, path, request),
        }
    }

    fn notified(&self, world: &World, path: &str, request: &Outgoing) -> Incoming {
        let header = |name| text(&request.headers, name);
        let token = if self.wants_token { TOKEN } else { "" };
        let verified = signature::verify(
            &self.inbound_secret,
            "POST",
            path,
            token,
            &request.body,
            &header("x-timestamp"),
            &header("x-signature"),
        );
        let mut book = self.book();
        if verified.is_none() {
            let line = format!("a notification to {} does not verify", self.host);
            book.oddities.push(line);
            return answer(401, json!({"responseCode": "4015600"}));
        }
        let trouble = world.weather().troubled;
        if world.strikes(trouble) {
            return answer(500, json!({"responseCode": "5005600"}));
        }
        let id = header("x-external-id");
        if book.seen.contains(&id) && world.strikes(500) {
            return answer(409, json!({"responseCode": "4095600"}));
        }
        book.seen.push(id);
        if path == "/notify" {
            let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
            let member = |name| body.get(name).and_then(Value::as_str).unwrap_or_default();
            let one = (
                member("originalPartnerReferenceNo").to_owned(),
                member("latestTransactionStatus").to_owned(),
            );
            book.heard.push(one);
        }
        if world.strikes(trouble) {
            return answer(500, json!({"responseCode": "5005600"}));
        }
        answer(
            200,
            json!({"responseCode": "2005600", "responseMessage": "Successful"}),
        )
    }
}

fn answer(status: u16, body: Value) -> Incoming {
    Incoming {
        status,
        body: body.to_string().into(),
    }
}

fn text(headers: &HeaderMap, name: &str) -> String {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_owned()
}
