//! The simulator's control API and inbox, as its client.

use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;
use snap::Secret;
use url::Url;

use crate::cli::BankTarget;
use crate::files;
use crate::sandbox::Addresses;

/// A running simulator.
pub struct Control {
    http: reqwest::Client,
    base: String,
    secret: Option<Secret>,
}

impl Control {
    /// The simulator that is meant: the sandbox's of a data folder, or the one at a URL.
    pub fn of(target: &BankTarget) -> anyhow::Result<Self> {
        let base = match &target.url {
            Some(url) => url.clone(),
            None => Addresses::read(&target.data)?.bank_url,
        };
        let secret = target
            .control_secret
            .as_deref()
            .map(files::read_secret)
            .transpose()?;
        Self::at(&base, secret)
    }

    /// The simulator at this address.
    pub fn at(base: &str, secret: Option<Secret>) -> anyhow::Result<Self> {
        Url::parse(base).with_context(|| format!("`{base}` is not a URL"))?;
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .context("the HTTP client cannot be set up")?;
        Ok(Self {
            http,
            base: base.trim_end_matches('/').to_owned(),
            secret,
        })
    }

    /// Asks for something to be done.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send(self.http.post(format!("{}{path}", self.base)).json(body))
            .await
    }

    /// Reads something.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.send(self.http.get(format!("{}{path}", self.base)))
            .await
    }

    /// Removes something.
    pub async fn delete(&self, path: &str, which: &[(&str, &str)]) -> anyhow::Result<Value> {
        let mut url = Url::parse(&format!("{}{path}", self.base))
            .with_context(|| format!("`{}` is not a URL", self.base))?;
        url.query_pairs_mut().extend_pairs(which);
        self.send(self.http.delete(url)).await
    }

    async fn send(&self, mut request: reqwest::RequestBuilder) -> anyhow::Result<Value> {
        if let Some(secret) = &self.secret {
            request = request.bearer_auth(secret.expose());
        }
        let answer = request
            .send()
            .await
            .map_err(reqwest::Error::without_url)
            .with_context(|| {
                format!(
                    "no simulator answers at {}; is the sandbox still running?",
                    self.base
                )
            })?;
        let status = answer.status();
        let text = answer.text().await.unwrap_or_default();
        if status.is_success() {
            return Ok(serde_json::from_str(&text).unwrap_or(Value::Null));
        }
        let said: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        let said = said.get("error").and_then(Value::as_str).unwrap_or(&text);
        bail!("the simulator refused: {} {}", status.as_u16(), said.trim());
    }
}
