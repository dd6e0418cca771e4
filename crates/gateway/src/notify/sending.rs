//! One request to a merchant and its answer, bounded in time, size and place.
//!
//! Redirects are not followed, proxies of the environment are not used, nothing is decompressed, no
//! cookie is kept. Only the first 64 KiB of an answer are read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use reqwest::dns::Resolve;
use tokio::time::{Instant, timeout_at};

use super::policy::{CheckedNames, Forbidden, Policy, Target, Transport};
use crate::network::{Cut, Network, Outgoing};

/// As much of an answer is read.
const LONGEST_ANSWER: usize = 64 * 1024;
/// A connection that is not made in this time is given up, so that an address which swallows packets
/// costs less than a whole try.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Connections are dropped before most servers grow tired of them.
const IDLE_CONNECTION: Duration = Duration::from_secs(20);
/// Connections kept to one merchant.
const IDLE_CONNECTIONS: usize = 16;

/// Authorities of merchants whose connections are kept.
const AUTHORITIES: usize = 1_000;

/// Whether a text is one or more certificates as PEM that connections can be verified by.
///
/// # Errors
/// Says what is wrong with it.
pub(super) fn check_authority(pem: &str) -> Result<(), String> {
    let certificates = reqwest::Certificate::from_pem_bundle(pem.as_bytes());
    let certificates = certificates.map_err(|error| root_cause(&error))?;
    if certificates.is_empty() {
        return Err("there is no certificate in it".to_owned());
    }
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only(certificates);
    client.build().map(drop).map_err(|error| root_cause(&error))
}

/// A merchant's answer.
#[derive(Debug)]
pub(super) struct Heard {
    /// The HTTP status.
    pub status: u16,
    /// At most the first 64 KiB of the body.
    pub body: Bytes,
    /// What stood in `Retry-After`.
    pub retry_after: Option<String>,
    /// The address that answered.
    pub address: Option<String>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) struct Silence {
    /// How far the request came.
    pub reach: Reach,
    /// In words, without URL, headers or body.
    pub why: String,
    /// The HTTP status, where the answer broke off after it.
    pub status: Option<u16>,
    /// The addresses that the host stood for.
    pub address: Option<String>,
}

/// How far a request came that brought no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// It must not be sent there.
    Forbidden,
    /// No byte of it has left.
    NotSent,
    /// It may have arrived.
    Lost,
    /// It may have arrived, and there was no time left to wait.
    Late,
}

/// The HTTP clients: one for https and one for http, each with its own rules for addresses.
#[derive(Debug)]
pub(super) struct Sending {
    secure: Line,
    plain: Line,
    policy: Arc<Policy>,
    /// By the authority that is trusted besides.
    trusting: Mutex<HashMap<String, Arc<Line>>>,
    given: Option<Arc<dyn Network>>,
}

#[derive(Debug)]
struct Line {
    names: Arc<CheckedNames>,
    transport: Transport,
    authority: Option<String>,
    // Made when first needed: reading the machine's certificate authorities takes time and memory.
    client: OnceLock<Result<reqwest::Client, String>>,
}

impl Sending {
    /// Without a given network the machine's is used.
    pub fn new(policy: &Arc<Policy>, given: Option<Arc<dyn Network>>) -> Self {
        Self {
            secure: Line::new(policy, Transport::Secure, None),
            plain: Line::new(policy, Transport::Plain, None),
            policy: Arc::clone(policy),
            trusting: Mutex::default(),
            given,
        }
    }

    /// Posts `body` and reads the answer, all before `deadline`. `authority` is a certificate authority
    /// that is trusted besides the machine's, as PEM.
    pub async fn post(
        &self,
        target: &Target,
        authority: Option<&str>,
        headers: HeaderMap,
        body: Bytes,
        deadline: Instant,
    ) -> Result<Heard, Silence> {
        if let Some(network) = &self.given {
            let url = target.url.clone();
            let answer = network.post(Outgoing { url, headers, body }).await;
            return answer.map_err(Silence::from).map(|answer| Heard {
                status: answer.status,
                body: answer.body,
                retry_after: None,
                address: None,
            });
        }
        let trusting;
        let line = match (target.transport, authority) {
            (Transport::Plain, _) => &self.plain,
            (Transport::Secure, None) => &self.secure,
            (Transport::Secure, Some(authority)) => {
                trusting = self.trusting(authority);
                &*trusting
            }
        };
        let client = line.client.get_or_init(|| line.build()).as_ref();
        let client = client.map_err(|why| Silence::new(Reach::NotSent, why.clone()))?;
        let request = client.post(target.url.clone()).headers(headers).body(body);
        let answer = match timeout_at(deadline, request.send()).await {
            Ok(Ok(response)) => read(response, deadline).await,
            Ok(Err(error)) => Err(silence(&error)),
            Err(_) => Err(Silence::new(Reach::Late, "no answer in time")),
        };
        answer.map_err(|silence| {
            let host = target.url.host_str().unwrap_or_default();
            let address = silence.address.or_else(|| line.names.seen(host));
            Silence { address, ..silence }
        })
    }
}

impl Sending {
    /// The line to merchants with this authority, which no other merchant's requests go through.
    fn trusting(&self, authority: &str) -> Arc<Line> {
        let mut lines = self.trusting.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() >= AUTHORITIES && !lines.contains_key(authority) {
            lines.clear();
        }
        let new = || Arc::new(Line::new(&self.policy, Transport::Secure, Some(authority)));
        Arc::clone(lines.entry(authority.to_owned()).or_insert_with(new))
    }
}

impl Line {
    fn new(policy: &Arc<Policy>, transport: Transport, authority: Option<&str>) -> Self {
        Self {
            names: Arc::new(CheckedNames::new(Arc::clone(policy), transport)),
            transport,
            authority: authority.map(str::to_owned),
            client: OnceLock::new(),
        }
    }

    fn build(&self) -> Result<reqwest::Client, String> {
        let names: Arc<dyn Resolve> = self.names.clone();
        let builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .http1_only()
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_CONNECTION)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .tcp_nodelay(true)
            .user_agent("gerbang")
            .dns_resolver(names);
        let builder = match self.transport {
            Transport::Secure => match &self.authority {
                None => builder.https_only(true),
                Some(pem) => {
                    let certificates = reqwest::Certificate::from_pem_bundle(pem.as_bytes());
                    let certificates = certificates.map_err(|error| root_cause(&error))?;
                    builder.https_only(true).tls_certs_merge(certificates)
                }
            },
            // It never speaks TLS, so it needs no authorities.
            Transport::Plain => builder.tls_certs_only([]),
        };
        builder.build().map_err(|error| root_cause(&error))
    }
}

impl From<Cut> for Silence {
    fn from(cut: Cut) -> Self {
        match cut {
            Cut::NotSent => Self::new(Reach::NotSent, "not sent"),
            Cut::Lost => Self::new(Reach::Lost, "the answer was lost"),
            Cut::Late => Self::new(Reach::Late, "no answer in time"),
        }
    }
}

impl Silence {
    fn new(reach: Reach, why: impl Into<String>) -> Self {
        Self {
            reach,
            why: why.into(),
            status: None,
            address: None,
        }
    }
}

async fn read(mut response: reqwest::Response, deadline: Instant) -> Result<Heard, Silence> {
    let status = response.status().as_u16();
    let address = response.remote_addr().map(|at| at.ip().to_string());
    let retry_after = response.headers().get(http::header::RETRY_AFTER);
    let retry_after = retry_after
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let broken = |reach, why: String| Silence {
        reach,
        why,
        status: Some(status),
        address: address.clone(),
    };
    let mut body = BytesMut::new();
    while body.len() < LONGEST_ANSWER {
        match timeout_at(deadline, response.chunk()).await {
            Ok(Ok(Some(chunk))) => {
                let room = LONGEST_ANSWER.saturating_sub(body.len()).min(chunk.len());
                body.extend_from_slice(&chunk.slice(..room));
            }
            Ok(Ok(None)) => break,
            Ok(Err(error)) => {
                return Err(broken(
                    Reach::Lost,
                    format!("the answer broke off: {}", root_cause(&error)),
                ));
            }
            Err(_) => {
                return Err(broken(
                    Reach::Late,
                    "the answer did not end in time".to_owned(),
                ));
            }
        }
    }
    Ok(Heard {
        status,
        body: body.freeze(),
        retry_after,
        address,
    })
}

/// The words of reqwest's causes hold no header and no body; its own may hold the URL and are left out.
fn silence(error: &reqwest::Error) -> Silence {
    let reach = if forbidden(error) {
        Reach::Forbidden
    } else if error.is_connect() || error.is_builder() {
        Reach::NotSent
    } else {
        Reach::Lost
    };
    Silence::new(reach, root_cause(error))
}

fn forbidden(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if inner.is::<Forbidden>() {
            return true;
        }
        cause = inner.source();
    }
    false
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
