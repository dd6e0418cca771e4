//! The management API of a gateway, as its client: an operator with a key, or a merchant with its token and
//! signature.

use std::time::Duration;

use anyhow::{Context as _, bail};
use merchant_sdk::{Client, RawOptions};
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;
use snap::Secret;
use url::Url;

use crate::cli::NotificationArgs;
use crate::files;
use crate::profiles::Profile;
use crate::sandbox::Addresses;

const BASE: &str = "/management/v1";

/// Where the key of a gateway may stand besides a file.
const VARIABLE: &str = "GERBANG_MANAGEMENT_KEY";

/// A running gateway and who asks it.
pub struct Management {
    base: Url,
    caller: Caller,
}

enum Caller {
    Operator { http: reqwest::Client, key: Secret },
    Merchant(Client),
}

/// The gateway said no.
#[derive(Debug)]
pub struct Refused {
    /// The HTTP status.
    status: u16,
    what: String,
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

    /// As the merchant of a profile, for itself.
    pub fn of_merchant(profile: &Profile) -> anyhow::Result<Self> {
        Ok(Self {
            base: parsed(&profile.base_url)?,
            caller: Caller::Merchant(profile.client()),
        })
    }

    fn at(base: &str, key: Secret) -> anyhow::Result<Self> {
        let base = parsed(base)?;
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(60))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .context("the HTTP client cannot be set up")?;
        let caller = Caller::Operator { http, key };
        Ok(Self { base, caller })
    }

    /// Asks something.
    pub async fn get(&self, path: &str, query: &[(&str, String)]) -> anyhow::Result<Value> {
        said(self.send(Method::GET, path, query, None).await?)
    }

    /// Wants something done.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Answered> {
        self.send(Method::POST, path, &[], Some(body)).await
    }

    /// Ends something.
    pub async fn delete(&self, path: &str) -> anyhow::Result<Value> {
        said(self.send(Method::DELETE, path, &[], None).await?)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: Option<&Value>,
    ) -> anyhow::Result<Answered> {
        let mut url = self.base.clone();
        url.set_path(&format!("{BASE}/{path}"));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        let answer = match &self.caller {
            Caller::Operator { http, key } => operators(http, key, method, url, body).await,
            Caller::Merchant(client) => merchants(client, &method, &url, body).await,
        };
        let (status, headers, body) = answer.with_context(|| {
            let base = self.base.as_str().trim_end_matches('/');
            format!("no gateway answers at {base}; is it running?")
        })?;
        let wait_s = headers
            .get(reqwest::header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        match (status, wait_s) {
            (200, _) => Ok(Answered::Said(body)),
            (429, Some(wait_s)) => Ok(Answered::Wait(Duration::from_secs(wait_s))),
            _ => Err(Refused::new(status, &body, &self.caller).into()),
        }
    }
}

type Answer = (u16, HeaderMap, Vec<u8>);

async fn operators(
    http: &reqwest::Client,
    key: &Secret,
    method: Method,
    url: Url,
    body: String,
) -> anyhow::Result<Answer> {
    let request = http
        .request(method, url)
        .header("content-type", "application/json")
        .body(body)
        .bearer_auth(key.expose());
    let answer = request.send().await.map_err(reqwest::Error::without_url)?;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let body = answer.bytes().await.map_err(reqwest::Error::without_url)?;
    Ok((status, headers, body.to_vec()))
}

async fn merchants(
    client: &Client,
    method: &Method,
    url: &Url,
    body: String,
) -> anyhow::Result<Answer> {
    let target = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let options = RawOptions::default();
    let answer = client
        .send_raw(method.as_str(), &target, body.into_bytes(), &options)
        .await?;
    Ok((answer.status, answer.headers, answer.body))
}

fn parsed(base: &str) -> anyhow::Result<Url> {
    Url::parse(base).with_context(|| format!("`{base}` is not a URL"))
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

impl Refused {
    /// The HTTP status, if that is what went wrong.
    pub fn status_of(error: &anyhow::Error) -> Option<u16> {
        error.downcast_ref::<Self>().map(|refused| refused.status)
    }

    fn new(status: u16, body: &Value, caller: &Caller) -> Self {
        let text = |member| body.get(member).and_then(Value::as_str).unwrap_or_default();
        let hint = match (status, caller) {
            (401, Caller::Operator { .. }) => {
                "; `gerbang management-key list` shows which keys are accepted"
            }
            (403, Caller::Operator { .. }) => "; `gerbang management-key add` makes a key that may",
            (404, Caller::Operator { .. }) => "; `gerbang notification list` shows what there is",
            (401, Caller::Merchant(_)) => "; `gerbang profile show` says with what it was signed",
            _ => "",
        };
        let (code, message) = (text("responseCode"), text("responseMessage"));
        let what = format!("the gateway refused: {status} {code} {message}{hint}");
        Self { status, what }
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Refused {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_refusal_says_what_to_do_next() {
        let body =
            serde_json::json!({"responseCode": "4010000", "responseMessage": "Unauthorized"});
        let http = reqwest::Client::builder().build().unwrap();
        let key = Secret::new("gbk_");
        let refused = Refused::new(401, &body, &Caller::Operator { http, key });
        assert_eq!(
            refused.to_string(),
            "the gateway refused: 401 4010000 Unauthorized; `gerbang management-key list` shows \
             which keys are accepted"
        );
    }
}
