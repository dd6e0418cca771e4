//! The gateway's token at each merchant that has a token URL: fetched there, signed with our RSA key,
//! and kept for its life. Never logged, never stored.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use serde_json::Value;
use snap::Secret;
use storage::merchants::Merchant;
use tokio::time::{Instant, timeout_at};

use super::receipt::Said;
use crate::app::App;
use crate::keys::{NotifyKey, order};
use crate::token_keeper::{HeldToken, TokenKeeper};

/// The life of a token whose end is not told: DOKU's.
const UNTOLD_LIFE_S: u64 = 900;
/// No token is kept longer than this, whatever the merchant says.
const LONGEST_LIFE_S: u64 = 24 * 60 * 60;
/// No token is longer.
const LONGEST_TOKEN: usize = 8 * 1024;
/// Merchants whose tokens are kept; over that all are fetched again.
const KEPT: usize = 20_000;

const BODY: &[u8] = br#"{"grantType":"client_credentials"}"#;

/// The tokens of all merchants.
#[derive(Debug, Default)]
pub(super) struct MerchantTokens {
    keepers: Mutex<HashMap<(String, String), Arc<TokenKeeper>>>,
}

/// A token, and where it is kept.
pub(super) struct Lent {
    keeper: Arc<TokenKeeper>,
    token: Arc<HeldToken>,
}

impl Lent {
    /// The token's text.
    pub fn text(&self) -> &Secret {
        &self.token.text
    }

    /// The fingerprint of our key that signed the request for it.
    pub fn asked_with(&self) -> &str {
        &self.token.asked_with
    }

    /// The merchant no longer knows it.
    pub fn forget(&self) {
        self.keeper.forget(&self.token);
    }
}

impl MerchantTokens {
    /// The token for the merchant, fetched when there is none; otherwise why there is none.
    pub async fn get(
        &self,
        app: &App,
        merchant: &Merchant,
        token_url: &str,
        deadline: Instant,
    ) -> Result<Lent, String> {
        let keeper = self.keeper(merchant.id.as_str(), token_url);
        // A merchant's clock is the wall's, however far the business has moved on.
        let now_ms = app.clock.wall_now_ms();
        let got = keeper.get(now_ms, async || {
            fetch(app, merchant, token_url, now_ms, deadline).await
        });
        match timeout_at(deadline, got).await {
            Ok(Ok(token)) => Ok(Lent { keeper, token }),
            Ok(Err(why)) => Err(why),
            Err(_) => Err("no token in time".to_owned()),
        }
    }

    /// A merchant whose token URL was changed has another keeper.
    fn keeper(&self, client_id: &str, token_url: &str) -> Arc<TokenKeeper> {
        let mut keepers = self.keepers.lock().unwrap_or_else(PoisonError::into_inner);
        if keepers.len() >= KEPT {
            keepers.clear();
        }
        let key = (client_id.to_owned(), token_url.to_owned());
        Arc::clone(keepers.entry(key).or_default())
    }
}

/// Asks with the key that signs now and, while one replaces another, with the others where the merchant
/// does not believe it: it may know only the old one yet, or only the new one already.
async fn fetch(
    app: &App,
    merchant: &Merchant,
    token_url: &str,
    now_ms: i64,
    deadline: Instant,
) -> Result<HeldToken, String> {
    let target = app
        .notifier
        .policy()
        .check(token_url)
        .map_err(|error| format!("token: {error}"))?;
    let keys = app.keys.notify();
    let mut refused = None;
    for key in order(&keys, app.clock.business_now_ms()) {
        let headers = headers(merchant.id.as_str(), key, now_ms)?;
        let body = Bytes::from_static(BODY);
        let sending = app.notifier.sending();
        let authority = merchant.extra_ca.as_deref();
        let heard = sending
            .post(&target, authority, headers, body, deadline)
            .await;
        let heard = heard.map_err(|silence| format!("token: {}", silence.why))?;
        match read(heard.status, &heard.body) {
            Ok((text, life_s)) => {
                let mut token = HeldToken::new(text, now_ms, life_s);
                token.asked_with = key.public.fingerprint();
                return Ok(token);
            }
            Err(why) if Said::read(heard.status, &heard.body).is_wrong_signature() => {
                refused.get_or_insert(why);
            }
            Err(why) => return Err(why),
        }
    }
    Err(refused.unwrap_or_default())
}

fn headers(client_id: &str, key: &NotifyKey, now_ms: i64) -> Result<HeaderMap, String> {
    let timestamp = snap::timestamp::format_jakarta(now_ms);
    let signature = key.private.sign_token(client_id, &timestamp);
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    for (name, text) in [
        ("x-client-key", client_id),
        ("x-timestamp", &timestamp),
        ("x-signature", &signature),
    ] {
        let value =
            HeaderValue::from_str(text).map_err(|_| format!("token: {name} cannot be a header"))?;
        headers.insert(name, value);
    }
    Ok(headers)
}

/// The token and its life in seconds. What the merchant said is repeated only where it is a refusal:
/// anything else may hold the token.
fn read(status: u16, body: &[u8]) -> Result<(Secret, u64), String> {
    let said = Said::read(status, body);
    let refused = said
        .code
        .as_deref()
        .is_some_and(|code| !code.starts_with('2'));
    if refused || !(200..300).contains(&status) {
        return Err(format!("token: {said}"));
    }
    let Ok(Value::Object(answer)) = serde_json::from_slice(body) else {
        return Err(format!("token: answered {status} without a JSON object"));
    };
    let text = answer
        .get("accessToken")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let sendable = text.bytes().all(|byte| byte.is_ascii_graphic());
    if text.is_empty() || text.len() > LONGEST_TOKEN || !sendable {
        return Err(format!(
            "token: answered {status} without a usable accessToken"
        ));
    }
    let life_s = match answer.get("expiresIn") {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    Ok((
        Secret::new(text),
        life_s.unwrap_or(UNTOLD_LIFE_S).min(LONGEST_LIFE_S),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(body: &str) -> Result<u64, String> {
        read(200, body.as_bytes()).map(|(token, life_s)| {
            assert_eq!(token.expose(), "abc.def");
            life_s
        })
    }

    #[test]
    fn a_tokens_life_is_a_number_or_a_text_and_bounded() {
        assert_eq!(
            life(r#"{"responseCode":"2007300","accessToken":"abc.def","expiresIn":900}"#),
            Ok(900)
        );
        assert_eq!(
            life(r#"{"accessToken":"abc.def","expiresIn":"600"}"#),
            Ok(600)
        );
        assert_eq!(
            life(r#"{"accessToken":"abc.def","expiresIn":" 600 "}"#),
            Ok(600)
        );
        for odd in ["null", "-5", "1.5", r#""soon""#, "[]", "true"] {
            assert_eq!(
                life(&format!(r#"{{"accessToken":"abc.def","expiresIn":{odd}}}"#)),
                Ok(900),
                "{odd}"
            );
        }
        assert_eq!(life(r#"{"accessToken":"abc.def","expiresIn":0}"#), Ok(0));
        assert_eq!(
            life(r#"{"accessToken":"abc.def","expiresIn":99999999999999}"#),
            Ok(86_400)
        );
    }

    #[test]
    fn what_is_no_token_is_refused_without_repeating_what_may_hold_one() {
        for (status, body) in [
            (200, "SECRET"),
            (200, r#"["SECRET"]"#),
            (200, r#"{"accessToken":""}"#),
            (200, r#"{"accessToken":["SECRET"]}"#),
            (200, r#"{"accessToken":"SECRET\r\nX-Evil: 1"}"#),
            (200, r#"{"responseCode":"4017300","accessToken":"SECRET"}"#),
            (401, r#"{"accessToken":"SECRET"}"#),
            (302, ""),
        ] {
            let error = read(status, body.as_bytes()).err().unwrap();
            assert!(
                error.starts_with("token: answered") && !error.contains("SECRET"),
                "{error}"
            );
        }
        let long = format!(r#"{{"accessToken":"{}"}}"#, "x".repeat(LONGEST_TOKEN + 1));
        assert!(read(200, long.as_bytes()).is_err());
        let refusal =
            br#"{"responseCode":"4017300","responseMessage":"Unauthorized. Invalid Signature"}"#;
        let error = read(401, refusal).err().unwrap();
        assert_eq!(
            error,
            "token: answered 401 4017300 Unauthorized. Invalid Signature"
        );
    }
}
