//! The management API of a gateway, as its client.

use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;
use snap::Secret;
use url::Url;

use crate::cli::NotificationArgs;
use crate::files;
use crate::sandbox::Addresses;

/// Where the key of a gateway may stand besides a file.
const VARIABLE: &str = "GERBANG_MANAGEMENT_KEY";

/// A running gateway and the key to ask it with.
pub struct Management {
    http: reqwest::Client,
    base: String,
    key: Secret,
}

/// What became of a call that may be answered with "later".
pub enum Answered {
    /// This was said.
    Said(Value),
    /// The rate is used up for so long.
    Wait(Duration),
}

impl Management {
    /// The gateway that is meant: the sandbox's of a data folder, or the one at a URL.
    pub fn of(args: &NotificationArgs) -> anyhow::Result<Self> {
        match &args.url {
            Some(url) => Self::at(url, key_of(args)?),
            None => {
                let addresses = Addresses::read(&args.data)?;
                Self::at(&addresses.base_url, addresses.management_key)
            }
        }
    }

    fn at(base: &str, key: Secret) -> anyhow::Result<Self> {
        Url::parse(base).with_context(|| format!("`{base}` is not a URL"))?;
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(60))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .context("the HTTP client cannot be set up")?;
        Ok(Self {
            http,
            base: format!("{}/management/v1", base.trim_end_matches('/')),
            key,
        })
    }

    /// Asks something.
    pub async fn get(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Value> {
        let mut url = Url::parse(&format!("{}/{path}", self.base))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        said(self.send(self.http.get(url)).await?)
    }

    /// Wants something done.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Answered> {
        let url = format!("{}/{path}", self.base);
        self.send(self.http.post(url).json(body)).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> anyhow::Result<Answered> {
        let answer = request
            .bearer_auth(self.key.expose())
            .send()
            .await
            .map_err(reqwest::Error::without_url)
            .with_context(|| format!("no gateway answers at {}; is it running?", self.base))?;
        let status = answer.status().as_u16();
        let wait_s = answer
            .headers()
            .get(reqwest::header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let text = answer.text().await.unwrap_or_default();
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        match (status, wait_s) {
            (200, _) => Ok(Answered::Said(body)),
            (429, Some(wait_s)) => Ok(Answered::Wait(Duration::from_secs(wait_s))),
            _ => bail!(refused(status, &body)),
        }
    }
}

/// The answer, where "later" is a refusal.
pub fn said(answered: Answered) -> anyhow::Result<Value> {
    match answered {
        Answered::Said(body) => Ok(body),
        Answered::Wait(wait) => bail!(
            "the gateway refuses more for now; try again in {} seconds",
            wait.as_secs()
        ),
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "a key in an argument would be seen by everybody on the machine"
)]
fn key_of(args: &NotificationArgs) -> anyhow::Result<Secret> {
    match &args.management_key_file {
        Some(file) => files::read_secret(file),
        None => std::env::var(VARIABLE).map(Secret::new).ok().with_context(|| {
            format!(
                "a gateway at --url wants a management key: give --management-key-file FILE or {VARIABLE}; \
                 `gerbang management-key add` makes one"
            )
        }),
    }
}

fn refused(status: u16, body: &Value) -> String {
    let text = |member| body.get(member).and_then(Value::as_str).unwrap_or_default();
    let what = match status {
        401 => "; `gerbang management-key list` shows which keys are accepted",
        403 => "; `gerbang management-key add` makes a key that may",
        404 => "; `gerbang notification list` shows what there is",
        _ => "",
    };
    format!(
        "the gateway refused: {status} {} {}{what}",
        text("responseCode"),
        text("responseMessage")
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_refusal_says_what_to_do_next() {
        let body =
            serde_json::json!({"responseCode": "4010000", "responseMessage": "Unauthorized"});
        assert_eq!(
            refused(401, &body),
            "the gateway refused: 401 4010000 Unauthorized; `gerbang management-key list` shows \
             which keys are accepted"
        );
    }
}
