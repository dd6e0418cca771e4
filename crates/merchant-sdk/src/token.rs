//! The B2B token: fetched when first needed, kept, renewed ahead of its end, one request at a time.

use reqwest::Method;
use serde::Deserialize;
use snap::{Secret, paths};
use tokio::sync::Mutex;

use crate::sending::{RawOptions, Signature};
use crate::{Client, Error, Outcome, clock, outcome};

/// How long before its end a token is no longer used, so that it does not expire on its way.
const AHEAD_MS: i64 = 60_000;

/// The token in use. The lock is held while one is fetched, so that many calls that find none
/// make one request and not many: at some gateways the newest token ends the older ones.
#[derive(Default)]
pub(crate) struct TokenCache {
    current: Mutex<Option<Kept>>,
}

struct Kept {
    token: Secret,
    use_until_ms: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenBody {
    access_token: String,
    expires_in: Lifetime,
}

/// The standard types it as text, DOKU sends a number; both are read.
#[derive(Deserialize)]
#[serde(untagged)]
enum Lifetime {
    Number(i64),
    Text(String),
}

impl Client {
    /// The B2B token, fetched or renewed if it must be. Typed calls do this themselves.
    ///
    /// # Errors
    /// When the gateway refuses to give one or cannot be asked.
    pub async fn b2b_token(&self) -> Result<Secret, Error> {
        self.b2b_token_at(clock::now_ms()).await
    }

    pub(crate) async fn b2b_token_at(&self, now_ms: i64) -> Result<Secret, Error> {
        let mut current = self.shared.token.current.lock().await;
        if let Some(kept) = current.as_ref()
            && now_ms < kept.use_until_ms
        {
            return Ok(kept.token.clone());
        }
        let fresh = self.fetch_b2b_token(now_ms).await?;
        let token = fresh.token.clone();
        *current = Some(fresh);
        Ok(token)
    }

    /// Forgets the token in use, so that the next call fetches another. If another call has
    /// renewed it meanwhile, the newer one stays.
    pub async fn forget_b2b_token(&self, token: &Secret) {
        let mut current = self.shared.token.current.lock().await;
        if current.as_ref().is_some_and(|kept| kept.token == *token) {
            *current = None;
        }
    }

    async fn fetch_b2b_token(&self, now_ms: i64) -> Result<Kept, Error> {
        let body = br#"{"grantType":"client_credentials"}"#.to_vec();
        let options = RawOptions {
            signature: Signature::Asymmetric,
            ..RawOptions::default()
        };
        let path = paths::TOKEN_B2B;
        let answer = self
            .send_at(now_ms, Method::POST, path, None, body, &options)
            .await;
        match outcome::read::<TokenBody>(answer) {
            Ok(Outcome::Done(body)) => Ok(keep(body, now_ms)),
            Ok(Outcome::Refused { code, meaning }) => Err(Error::TokenRefused {
                code,
                message: meaning.message,
            }),
            Ok(Outcome::Unknown(unresolved)) => Err(Error::TokenUnavailable(unresolved.cause)),
            Err(Error::Unreachable(cause)) => Err(Error::TokenUnavailable(cause)),
            Err(error) => Err(error),
        }
    }
}

/// A token of a very short life is used for half of it.
fn keep(body: TokenBody, now_ms: i64) -> Kept {
    let life_s = match body.expires_in {
        Lifetime::Number(seconds) => seconds,
        Lifetime::Text(text) => text.trim().parse().unwrap_or(0),
    };
    let life_ms = life_s.clamp(0, 86_400) * 1_000;
    Kept {
        token: Secret::new(body.access_token),
        use_until_ms: now_ms + (life_ms - AHEAD_MS).max(life_ms / 2),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn body(text: &str) -> TokenBody {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_token_is_given_up_a_minute_before_its_end() {
        let kept = keep(body(r#"{"accessToken":"t","expiresIn":900}"#), 1_000);
        assert_eq!(kept.use_until_ms, 1_000 + 840_000);
    }

    #[test]
    fn a_lifetime_written_as_text_is_read_too() {
        let kept = keep(body(r#"{"accessToken":"t","expiresIn":"900"}"#), 0);
        assert_eq!(kept.use_until_ms, 840_000);
    }

    #[test]
    fn a_token_of_a_short_life_is_used_for_half_of_it() {
        let kept = keep(body(r#"{"accessToken":"t","expiresIn":30}"#), 0);
        assert_eq!(kept.use_until_ms, 15_000);
    }
}
