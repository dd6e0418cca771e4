//! One request to a bank and its answer, on the wire: the headers, the signature, the deadline, and how
//! far it came where there is no answer. What an answer means is decided in `asked.rs`.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use snap::{PrivateKey, Secret, signature};
use tokio::time::{Instant, timeout_at};

use super::asked::Answer;
use super::profile::BankProfile;
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::network::{Cut, Network, Outgoing};
use crate::token_keeper::HeldToken;

/// An answer may be this long; SNAP's are a few kilobytes, a day's statement page some more.
const LONGEST_ANSWER: usize = 256 * 1024;
/// A connection that is not made in this time is given up: nothing was sent yet.
const CONNECT_TIMEOUT_MS: u64 = 3_000;
/// Idle connections are dropped before the bank's side drops them: a request that meets a closing
/// connection is one whose outcome is unknown. Five seconds is the shortest patience among common servers.
const IDLE_CONNECTION: Duration = Duration::from_secs(4);
/// `CHANNEL-ID` of everything that this gateway sends.
const CHANNEL_ID: &str = "GTWAY";

/// Names the customer of a call.
const AUTHORIZATION_CUSTOMER: HeaderName = HeaderName::from_static("authorization-customer");

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
    /// Our client id cannot stand in a header.
    #[error("our client id at bank {bank} has characters that cannot be sent")]
    ClientId {
        /// The bank's id.
        bank: String,
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

/// What stands in the headers besides the signature.
pub(super) enum Credentials<'a> {
    /// Tokens: signed with our RSA key.
    Key,
    /// Everything else: our B2B token, and the customer's where the call is about one.
    Token(&'a HeldToken, Option<&'a Secret>),
}

/// How far a call came when it brought no answer.
pub(super) enum Fault {
    /// No byte of the request has left.
    NotSent(String),
    /// It may have arrived.
    Lost(String),
}

/// The way to one bank: where it is, who we are there, and one pool of connections.
pub(super) struct Wire {
    base: url::Url,
    way: Way,
    client_id: String,
    secret: Secret,
    key: Arc<PrivateKey>,
    clock: Clock,
    entropy: Entropy,
}

enum Way {
    Http(reqwest::Client),
    Given(Arc<dyn Network>),
}

impl Wire {
    /// Nothing is connected yet. Without a given network the machine's is used.
    pub fn new(
        profile: &BankProfile,
        key: Arc<PrivateKey>,
        clock: Clock,
        entropy: Entropy,
        network: Option<Arc<dyn Network>>,
    ) -> Result<Self, BankError> {
        HeaderValue::from_str(&profile.client_id).map_err(|_| BankError::ClientId {
            bank: profile.id.clone(),
        })?;
        Ok(Self {
            base: base_url(profile)?,
            way: match network {
                None => Way::Http(http_client(profile)?),
                Some(network) => Way::Given(network),
            },
            client_id: profile.client_id.clone(),
            secret: profile.secret.clone(),
            key,
            clock,
            entropy,
        })
    }

    /// Signs and sends one request and reads its answer.
    pub async fn send(
        &self,
        path: &str,
        body: Bytes,
        credentials: Credentials<'_>,
        deadline: Instant,
    ) -> Result<Answer, Fault> {
        let Outgoing { url, headers, body } = self.signed(path, body, credentials);
        let http = match &self.way {
            Way::Http(http) => http,
            Way::Given(network) => {
                let answer = network.post(Outgoing { url, headers, body }).await;
                return answer.map_err(cut).map(|answer| Answer {
                    http: answer.status,
                    body: answer.body,
                });
            }
        };
        let exchange = async {
            let request = http.post(url).headers(headers).body(body);
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

    fn signed(&self, path: &str, body: Bytes, credentials: Credentials<'_>) -> Outgoing {
        let mut url = self.base.clone();
        let whole_path = format!("{}{path}", self.base.path().trim_end_matches('/'));
        url.set_path(&whole_path);
        let timestamp = snap::timestamp::format_jakarta(self.clock.wall_now_ms());
        let client_id = self.client_id.as_str();
        let mut headers = HeaderMap::new();
        let mut put = |name, text: &str| headers.insert(HeaderName::from_static(name), value(text));
        put("content-type", "application/json");
        let signature = match &credentials {
            Credentials::Key => {
                put("x-client-key", client_id);
                self.key.sign_token(client_id, &timestamp)
            }
            Credentials::Token(token, _) => {
                put("x-partner-id", client_id);
                put("x-external-id", &self.entropy.digits(20));
                put("channel-id", CHANNEL_ID);
                let text = token.text.expose();
                signature::sign(&self.secret, "POST", &whole_path, text, &body, &timestamp)
            }
        };
        put("x-timestamp", &timestamp);
        put("x-signature", &signature);
        if let Credentials::Token(token, customer) = credentials {
            headers.insert(AUTHORIZATION, bearer(&token.text));
            if let Some(customer) = customer {
                headers.insert(AUTHORIZATION_CUSTOMER, bearer(customer));
            }
        }
        Outgoing { url, headers, body }
    }
}

/// The client id was looked at when the client was made, and all else is letters and digits of our own.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

fn cut(cut: Cut) -> Fault {
    match cut {
        Cut::NotSent => Fault::NotSent("not sent".to_owned()),
        Cut::Lost => Fault::Lost("the answer was lost".to_owned()),
        Cut::Late => Fault::Lost("no answer within the deadline".to_owned()),
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

fn http_client(profile: &BankProfile) -> Result<reqwest::Client, BankError> {
    let client_error = |source| BankError::Client {
        bank: profile.id.clone(),
        source,
    };
    let mut builder = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(Duration::from_millis(
            CONNECT_TIMEOUT_MS.min(profile.timeout_ms),
        ))
        .pool_idle_timeout(IDLE_CONNECTION)
        .tcp_nodelay(true)
        .user_agent("gerbang");
    if let Some(pem) = &profile.extra_ca_pem {
        let authority = reqwest::Certificate::from_pem(pem.as_bytes()).map_err(client_error)?;
        builder = builder.tls_certs_merge([authority]);
    }
    builder.build().map_err(client_error)
}

fn bearer(token: &Secret) -> HeaderValue {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose()))
        .unwrap_or_else(|_| HeaderValue::from_static("Bearer"));
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
