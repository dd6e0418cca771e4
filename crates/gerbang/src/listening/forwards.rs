//! Hands notifications on to the merchant's own application, as they came.
//!
//! Body and headers stay. Only `X-SIGNATURE` is made again, because the path is part of what is signed, and
//! the application has another one; so it can verify what it gets.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName};
use serde::Deserialize;
use snap::{Secret, signature};
use url::Url;

use super::events::Pattern;
use crate::files;

/// The gateway waits for 30 seconds.
const TIMEOUT: Duration = Duration::from_secs(20);
/// As much of an answer is read, and shown.
const READ: usize = 64 * 1024;
const SHOWN: usize = 120;
/// Headers that belong to the connection.
const OF_THE_CONNECTION: &[&str] = &[
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// Which events go where.
pub struct Forwards {
    rules: Vec<(Pattern, Url)>,
    http: reqwest::Client,
    secret: Secret,
}

/// What became of one.
pub struct Forwarded {
    /// Where it went.
    pub url: String,
    /// The status of the answer and its beginning, or why there was none.
    pub answer: Result<(u16, String), String>,
    /// How long it took.
    pub took_ms: u128,
}

/// One URL or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Urls {
    One(String),
    Many(Vec<String>),
}

impl Forwarded {
    /// Whether the application took it.
    pub fn is_taken(&self) -> bool {
        matches!(&self.answer, Ok((status, _)) if (200..300).contains(status))
    }
}

impl Forwards {
    /// Everything to `all`, and what the file says: a TOML file of lines `"payment.*" = "http://…"`.
    pub fn new(all: &[String], file: Option<&Path>, secret: Secret) -> anyhow::Result<Self> {
        let mut rules = Vec::new();
        for url in all {
            rules.push(("*".parse()?, web_url(url).context("--forward")?));
        }
        if let Some(file) = file {
            rules.extend(rules_of(file)?);
        }
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .context("the HTTP client cannot be set up")?;
        Ok(Self {
            rules,
            http,
            secret,
        })
    }

    /// Sends one to every URL that wants such an event, once each, all at the same time.
    pub async fn send(&self, event: &str, headers: &HeaderMap, body: &Bytes) -> Vec<Forwarded> {
        let wanted = self
            .rules
            .iter()
            .filter(|(pattern, _)| pattern.matches(event));
        let mut urls: Vec<&Url> = wanted.map(|(_, url)| url).collect();
        urls.sort();
        urls.dedup();
        let mut sending = tokio::task::JoinSet::new();
        for (place, url) in urls.into_iter().enumerate() {
            let request = self
                .http
                .post(url.clone())
                .headers(self.headers(url, headers, body))
                .body(body.clone());
            let shown = shown_url(url);
            sending.spawn(async move {
                let began = Instant::now();
                let answer = answer(request).await;
                let forwarded = Forwarded {
                    url: shown,
                    answer,
                    took_ms: began.elapsed().as_millis(),
                };
                (place, forwarded)
            });
        }
        let mut all = sending.join_all().await;
        all.sort_by_key(|(place, _)| *place);
        all.into_iter().map(|(_, forwarded)| forwarded).collect()
    }

    fn headers(&self, url: &Url, headers: &HeaderMap, body: &[u8]) -> HeaderMap {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let token = text("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let target = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let signed = signature::sign(
            &self.secret,
            "POST",
            &target,
            token.unwrap_or_default(),
            body,
            text("x-timestamp").unwrap_or_default(),
        );
        let mut sent = headers.clone();
        for name in OF_THE_CONNECTION {
            sent.remove(*name);
        }
        if let Ok(signed) = signed.parse() {
            sent.insert(HeaderName::from_static("x-signature"), signed);
        }
        sent
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Result<(u16, String), String> {
    let why = |error: reqwest::Error| {
        if error.is_connect() {
            "nothing answers there".to_owned()
        } else if error.is_timeout() {
            format!("no answer within {} seconds", TIMEOUT.as_secs())
        } else {
            "the connection broke".to_owned()
        }
    };
    let mut answer = request.send().await.map_err(why)?;
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(why)? {
        body.extend_from_slice(&chunk);
        if body.len() > READ {
            break;
        }
    }
    let text = String::from_utf8_lossy(&body);
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    let shown = text.chars().filter(|c| !c.is_control()).take(SHOWN);
    Ok((answer.status().as_u16(), shown.collect()))
}

fn rules_of(file: &Path) -> anyhow::Result<Vec<(Pattern, Url)>> {
    let shown = file.display();
    let table: std::collections::BTreeMap<String, Urls> = toml::from_str(&files::read_text(file)?)
        .with_context(|| {
            format!(
                "{shown} has to be lines such as \"payment.*\" = \"http://localhost:3000/paid\""
            )
        })?;
    let mut rules = Vec::new();
    for (pattern, urls) in table {
        let pattern: Pattern = pattern.parse().with_context(|| shown.to_string())?;
        let urls = match urls {
            Urls::One(url) => vec![url],
            Urls::Many(urls) => urls,
        };
        for url in urls {
            let url = web_url(&url).with_context(|| shown.to_string())?;
            rules.push((pattern.clone(), url));
        }
    }
    Ok(rules)
}

fn web_url(text: &str) -> anyhow::Result<Url> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        _ => bail!("`{text}` is no URL to forward to; one is http://localhost:3000/notifications"),
    }
}

/// A URL without what may be secret in it.
fn shown_url(url: &Url) -> String {
    let mut shown = url.clone();
    if shown.password().is_some() {
        let _ = shown.set_password(Some("***"));
    }
    shown.to_string()
}
