//! A linked customer, with the token that stands for them and for nobody else.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use snap::messages::token::B2b2cResponse;
use snap::{Secret, Timestamp};
use tokio::sync::Mutex;

use crate::operations::{Grant, refused_with};
use crate::outcome::Outcome;
use crate::{Client, Device, Error, clock};

/// How long before its end a token is renewed, so that it does not expire on its way.
const AHEAD_MS: i64 = 60_000;

/// What a merchant keeps of a linked customer, in its own database, encrypted.
#[derive(Clone, PartialEq, Eq)]
pub struct CustomerTokens {
    /// The customer's token (B2B2C).
    pub access_token: Secret,
    /// When it ends, in Unix milliseconds, if the gateway said so.
    pub ends_at_ms: Option<i64>,
    /// Renews it, if the gateway gave one.
    pub refresh_token: Option<Secret>,
    /// The binding's code, which may be exchanged again for as long as the binding lives.
    pub auth_code: Option<Secret>,
}

/// A linked customer: asks for the balance, takes payments, ends the link.
///
/// Each handle carries the token of its own customer and no other; there is no way to give it
/// another's. Clones share the token. It is renewed when it runs out, by one call at a time, so a
/// handle may be used from many tasks at once.
#[derive(Clone)]
pub struct Customer {
    pub(crate) client: Client,
    tokens: Arc<Mutex<CustomerTokens>>,
}

impl Client {
    /// A customer who was linked before, from what was kept: see [`Customer::tokens`].
    #[must_use]
    pub fn customer(&self, tokens: CustomerTokens) -> Customer {
        Customer {
            client: self.clone(),
            tokens: Arc::new(Mutex::new(tokens)),
        }
    }
}

impl Customer {
    /// The same customer, on this device.
    #[must_use]
    pub fn on_device(&self, device: Device) -> Self {
        Self {
            client: self.client.on_device(device),
            tokens: Arc::clone(&self.tokens),
        }
    }

    /// What to keep, to make this handle again with [`Client::customer`].
    pub async fn tokens(&self) -> CustomerTokens {
        self.tokens.lock().await.clone()
    }

    /// Renews the token now, although it may still be good. Calls do this themselves when they
    /// must. Refused with `4017400` when the link has ended.
    ///
    /// # Errors
    /// When the gateway could not be asked.
    pub async fn refresh(&self) -> Result<Outcome<()>, Error> {
        let mut tokens = self.tokens.lock().await;
        let renewed = self.renew(&tokens).await?;
        Ok(renewed.map(|fresh| *tokens = fresh))
    }

    /// Sends one message with the customer's token, renewed before or, if the gateway says that it
    /// no longer takes it, once after: such a refusal claims nothing there.
    pub(crate) async fn operation<B: Serialize, A: DeserializeOwned>(
        &self,
        path: &str,
        message: &B,
    ) -> Result<Outcome<A>, Error> {
        let body = serde_json::to_vec(message)?;
        let token = match self.token(None).await? {
            Outcome::Done(token) => token,
            Outcome::Refused { code, meaning } => return Ok(Outcome::Refused { code, meaning }),
            Outcome::Unknown(lost) => return Err(Error::CustomerTokenUnavailable(lost.cause)),
        };
        let first = self.client.send(path, body.clone(), Some(&token)).await?;
        if !refused_with(&first, "02") {
            return Ok(first);
        }
        match self.token(Some(&token)).await {
            Ok(Outcome::Done(token)) => self.client.send(path, body, Some(&token)).await,
            Ok(_) | Err(_) => Ok(first),
        }
    }

    /// The token to use: the one kept, or another if it runs out or is the one that was refused.
    /// The lock is held while it is renewed, so that many calls that need it make one request.
    async fn token(&self, refused: Option<&Secret>) -> Result<Outcome<Secret>, Error> {
        let mut tokens = self.tokens.lock().await;
        let now_ms = clock::now_ms();
        let renewable = tokens.refresh_token.is_some() || tokens.auth_code.is_some();
        let runs_out = tokens
            .ends_at_ms
            .is_some_and(|end| renewable && now_ms >= end - AHEAD_MS);
        if !runs_out && refused != Some(&tokens.access_token) {
            return Ok(Outcome::Done(tokens.access_token.clone()));
        }
        let renewed = self.renew(&tokens).await?;
        Ok(renewed.map(|fresh| {
            *tokens = fresh;
            tokens.access_token.clone()
        }))
    }

    /// By the refresh token; where there is none or it is refused, by the binding's code.
    async fn renew(&self, tokens: &CustomerTokens) -> Result<Outcome<CustomerTokens>, Error> {
        let code = tokens.auth_code.as_ref();
        let by_refresh = (tokens.refresh_token.as_ref()).map(|token| Grant::RefreshToken {
            refresh_token: token.expose(),
        });
        let by_code = code.map(|code| Grant::AuthorizationCode {
            auth_code: code.expose(),
        });
        let mut outcome = None;
        for grant in by_refresh.iter().chain(&by_code) {
            if matches!(outcome, None | Some(Outcome::Refused { .. })) {
                outcome = Some(self.client.grant(grant).await?);
            }
        }
        let nothing = "neither a refresh token nor an authCode is kept";
        let outcome = outcome.ok_or_else(|| Error::CustomerTokenUnavailable(nothing.to_owned()))?;
        let given = outcome.complete(|answer| CustomerTokens::read(answer, code.cloned()));
        Ok(given.map(|fresh| CustomerTokens {
            refresh_token: fresh.refresh_token.or_else(|| tokens.refresh_token.clone()),
            ..fresh
        }))
    }
}

impl CustomerTokens {
    /// `None` where the answer has no token.
    pub(crate) fn read(answer: B2b2cResponse, auth_code: Option<Secret>) -> Option<Self> {
        let ends_at = answer.access_token_expiry_time.as_deref();
        let ends_at_ms = ends_at.and_then(|text| Timestamp::parse(text).ok());
        (!answer.access_token.is_empty()).then(|| Self {
            access_token: Secret::new(answer.access_token),
            ends_at_ms: ends_at_ms.map(|time| time.unix_ms()),
            refresh_token: answer.refresh_token.map(Secret::new),
            auth_code,
        })
    }
}

impl fmt::Debug for CustomerTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomerTokens")
            .field("ends_at_ms", &self.ends_at_ms)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Customer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Customer")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}
