//! The gateway's B2B token at one other party, a bank or a merchant: fetched once for all calls, renewed
//! before it ends, and renewed at once when the other side no longer knows it. It must never be logged
//! or stored.

use std::sync::{Arc, PoisonError, RwLock};

use snap::Secret;

/// A token is renewed this long before its end, by one call, while the others still use it.
const RENEW_AHEAD_MS: i64 = 60_000;

/// A token and its times.
#[derive(Debug)]
pub(crate) struct HeldToken {
    pub text: Secret,
    /// Which of our keys signed the request for it, where there are several.
    pub asked_with: String,
    renew_at_ms: i64,
    ends_at_ms: i64,
}

impl HeldToken {
    /// A token fetched at `now_ms` for `expires_in_s` seconds.
    pub fn new(text: Secret, now_ms: i64, expires_in_s: u64) -> Self {
        let life_ms = i64::try_from(expires_in_s)
            .unwrap_or(i64::MAX)
            .saturating_mul(1_000);
        // A short life is renewed at its middle, so that renewing ahead does not mean always.
        let ahead_ms = RENEW_AHEAD_MS.min(life_ms / 2);
        let ends_at_ms = now_ms.saturating_add(life_ms);
        Self {
            text,
            asked_with: String::new(),
            renew_at_ms: ends_at_ms.saturating_sub(ahead_ms),
            ends_at_ms,
        }
    }
}

/// The token shared by all calls to one party.
#[derive(Debug, Default)]
pub(crate) struct TokenKeeper {
    held: RwLock<Option<Arc<HeldToken>>>,
    renewing: tokio::sync::Mutex<()>,
}

impl TokenKeeper {
    /// The token to use now; `fetch` is called by one caller at a time, and only when needed.
    pub async fn get<E>(
        &self,
        now_ms: i64,
        fetch: impl AsyncFnOnce() -> Result<HeldToken, E>,
    ) -> Result<Arc<HeldToken>, E> {
        let held = self.held();
        if let Some(token) = &held
            && now_ms < token.renew_at_ms
        {
            return Ok(Arc::clone(token));
        }
        let usable = held.filter(|token| now_ms < token.ends_at_ms);
        let _turn = match (&usable, self.renewing.try_lock()) {
            (_, Ok(turn)) => turn,
            (Some(token), Err(_)) => return Ok(Arc::clone(token)),
            (None, Err(_)) => self.renewing.lock().await,
        };
        // Another caller may have renewed it while this one waited for its turn.
        if let Some(token) = self.held()
            && now_ms < token.renew_at_ms
        {
            return Ok(token);
        }
        match (fetch().await, usable) {
            (Ok(token), _) => {
                let token = Arc::new(token);
                self.hold(Some(Arc::clone(&token)));
                Ok(token)
            }
            (Err(_), Some(token)) => Ok(token),
            (Err(error), None) => Err(error),
        }
    }

    /// Drops a token that was refused, unless it was replaced meanwhile.
    pub fn forget(&self, refused: &Arc<HeldToken>) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if held
            .as_ref()
            .is_some_and(|token| Arc::ptr_eq(token, refused))
        {
            *held = None;
        }
    }

    fn held(&self) -> Option<Arc<HeldToken>> {
        self.held
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn hold(&self, token: Option<Arc<HeldToken>>) {
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = token;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get(
        keeper: &TokenKeeper,
        now_ms: i64,
        fetched: Result<&str, &'static str>,
    ) -> Result<String, &'static str> {
        let token = keeper
            .get(now_ms, async || {
                fetched.map(|text| HeldToken::new(Secret::new(text), now_ms, 900))
            })
            .await?;
        Ok(token.text.expose().to_owned())
    }

    #[tokio::test]
    async fn a_token_is_kept_until_a_minute_before_its_end() {
        let keeper = TokenKeeper::default();
        assert_eq!(get(&keeper, 0, Ok("first")).await, Ok("first".to_owned()));
        assert_eq!(
            get(&keeper, 839_999, Ok("second")).await,
            Ok("first".to_owned())
        );
        assert_eq!(
            get(&keeper, 840_000, Ok("third")).await,
            Ok("third".to_owned())
        );
    }

    #[tokio::test]
    async fn a_renewal_that_fails_leaves_the_living_token_in_use() {
        let keeper = TokenKeeper::default();
        assert_eq!(get(&keeper, 0, Ok("first")).await, Ok("first".to_owned()));
        assert_eq!(
            get(&keeper, 899_999, Err("down")).await,
            Ok("first".to_owned())
        );
        assert_eq!(get(&keeper, 900_000, Err("down")).await, Err("down"));
    }

    #[tokio::test]
    async fn while_one_renews_ahead_the_others_use_the_old_token() {
        let keeper = Arc::new(TokenKeeper::default());
        get(&keeper, 0, Ok("first")).await.unwrap();
        let _turn = keeper.renewing.lock().await;
        assert_eq!(
            get(&keeper, 850_000, Err("must not fetch")).await,
            Ok("first".to_owned())
        );
    }

    #[tokio::test]
    async fn only_the_refused_token_is_forgotten() {
        let keeper = TokenKeeper::default();
        get(&keeper, 0, Ok("first")).await.unwrap();
        let first = keeper.held().unwrap();
        keeper.forget(&first);
        assert_eq!(get(&keeper, 1, Ok("second")).await, Ok("second".to_owned()));
        keeper.forget(&first);
        assert_eq!(get(&keeper, 2, Ok("third")).await, Ok("second".to_owned()));
    }

    #[tokio::test]
    async fn a_token_of_short_life_is_renewed_at_its_middle() {
        let token = HeldToken::new(Secret::new("short"), 0, 20);
        assert_eq!((token.renew_at_ms, token.ends_at_ms), (10_000, 20_000));
    }
}
