//! Our access tokens: JSON Web Tokens that are issued and verified without the database.
//!
//! The key's id decides the algorithm, and there is exactly one: HS256. A token says for whom it is, of
//! which kind, until when on the *business* clock, and of which epoch of its merchant; a token of another
//! kind, merchant or epoch is as good as forged. The caller never learns why a token was refused from
//! the answer; the reason is for logs. Token texts are never logged.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::config;
use crate::entropy::Entropy;

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A merchant's own calls (73).
    B2b,
    /// One customer's binding at one merchant (74).
    B2b2c,
    /// Getting another B2B2C token.
    Refresh,
    /// The bank's calls to us.
    Bank,
}

/// What a token of ours says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claims {
    /// What it is for.
    pub typ: Kind,
    /// The merchant's client id, or the bank's.
    pub client_id: String,
    /// Who issued it.
    pub iss: String,
    /// Whom it is for.
    pub aud: String,
    /// Unix seconds of its issue, business time.
    pub iat: i64,
    /// Unix seconds of its end, business time.
    pub exp: i64,
    /// The key that signed it.
    pub kid: String,
    /// The merchant's epoch at its issue.
    pub epoch: i64,
    /// Makes two tokens of one second differ.
    pub jti: String,
    /// The binding that a customer's token names.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub binding_id: Option<String>,
}

/// A fresh token and when it ends, in business milliseconds.
#[derive(Clone)]
pub struct Issued {
    /// The token's text.
    pub token: String,
    /// Unix milliseconds of its end.
    pub expires_at_ms: i64,
}

/// Why a token is refused. For logs: the answer is the same for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// We did not sign it, or not for this.
    #[error("the token is not one of ours")]
    Forged,
    /// It is of another kind.
    #[error("the token is of another kind")]
    OtherKind,
    /// It was issued to another client.
    #[error("the token belongs to another client")]
    OtherClient,
    /// The client's tokens were revoked since.
    #[error("the token was revoked")]
    Revoked,
    /// Its time is over.
    #[error("the token is expired")]
    Expired,
}

/// A key that tokens are signed with.
#[derive(Clone)]
pub struct TokenKey {
    /// Its id: the `kid` of what it signs.
    pub id: String,
    /// Its secret bytes.
    pub secret: Vec<u8>,
    /// Whether it signs; the others are only believed.
    pub signs: bool,
    /// When it was made, in Unix milliseconds.
    pub made_at_ms: i64,
}

/// A new key signs only when it is this old: by then every gateway has read it.
pub(crate) const SPREAD_MS: i64 = 60_000;

/// Issues and verifies the tokens of all gateways on one database.
pub struct Tokens {
    keys: RwLock<Arc<Keys>>,
    settings: config::Tokens,
    validation: Validation,
    entropy: Entropy,
}

impl Tokens {
    /// With these keys, which may be replaced later.
    #[must_use]
    pub fn new(keys: &[TokenKey], settings: config::Tokens, entropy: Entropy) -> Self {
        let keys = RwLock::new(Arc::new(Keys::new(keys)));
        let validation = validation(&settings);
        Self {
            keys,
            settings,
            validation,
            entropy,
        }
    }

    /// Goes on with these keys: another gateway may have added one.
    pub fn replace(&self, keys: &[TokenKey]) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Keys::new(keys));
    }

    fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A merchant's B2B token; `None` when no key can sign.
    #[must_use]
    pub fn b2b(&self, client_id: &str, epoch: i64, now_ms: i64) -> Option<Issued> {
        self.issue(Kind::B2b, client_id, epoch, None, now_ms)
    }

    /// A customer's token of one binding.
    #[must_use]
    pub fn b2b2c(
        &self,
        client_id: &str,
        epoch: i64,
        binding_id: &str,
        now_ms: i64,
    ) -> Option<Issued> {
        self.issue(Kind::B2b2c, client_id, epoch, Some(binding_id), now_ms)
    }

    /// A refresh token of one binding.
    #[must_use]
    pub fn refresh(
        &self,
        client_id: &str,
        epoch: i64,
        binding_id: &str,
        now_ms: i64,
    ) -> Option<Issued> {
        self.issue(Kind::Refresh, client_id, epoch, Some(binding_id), now_ms)
    }

    /// A bank's token for its calls to us.
    #[must_use]
    pub fn bank(&self, client_id: &str, now_ms: i64) -> Option<Issued> {
        self.issue(Kind::Bank, client_id, 0, None, now_ms)
    }

    /// How long a B2B token lives: `expiresIn`.
    #[must_use]
    pub fn b2b_life_s(&self) -> u32 {
        self.settings.b2b_s
    }

    /// Verifies a token that has to be alive.
    ///
    /// # Errors
    /// When it is forged, of another kind or client, revoked or expired.
    pub fn verify(
        &self,
        kind: Kind,
        token: &str,
        client_id: &str,
        epoch: i64,
        now_ms: i64,
    ) -> Result<Claims, TokenError> {
        let claims = self.verify_ended_too(kind, token, client_id)?;
        if claims.epoch != epoch {
            return Err(TokenError::Revoked);
        }
        if claims.exp.saturating_mul(1_000) <= now_ms {
            return Err(TokenError::Expired);
        }
        Ok(claims)
    }

    /// Verifies that we signed this token for this client, expired and revoked ones included: it only
    /// names a binding (unbinding, refund).
    ///
    /// # Errors
    /// When it is forged or of another kind or client.
    pub fn verify_ended_too(
        &self,
        kind: Kind,
        token: &str,
        client_id: &str,
    ) -> Result<Claims, TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Forged)?;
        let kid = header.kid.ok_or(TokenError::Forged)?;
        let keys = self.keys();
        let (_, key) = keys.by_id.get(&kid).ok_or(TokenError::Forged)?;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &self.validation)
            .map_err(|_| TokenError::Forged)?
            .claims;
        if claims.kid != kid {
            return Err(TokenError::Forged);
        }
        if claims.typ != kind {
            return Err(TokenError::OtherKind);
        }
        if claims.client_id != client_id {
            return Err(TokenError::OtherClient);
        }
        Ok(claims)
    }

    fn issue(
        &self,
        typ: Kind,
        client_id: &str,
        epoch: i64,
        binding_id: Option<&str>,
        now_ms: i64,
    ) -> Option<Issued> {
        let life_s = i64::from(match typ {
            Kind::B2b | Kind::Bank => self.settings.b2b_s,
            Kind::B2b2c => self.settings.b2b2c_s,
            Kind::Refresh => self.settings.refresh_s,
        });
        let keys = self.keys();
        let kid = keys.signing(now_ms)?;
        let (key, _) = keys.by_id.get(kid)?;
        let iat = now_ms.div_euclid(1_000);
        let exp = iat.saturating_add(life_s);
        let claims = Claims {
            typ,
            client_id: client_id.to_owned(),
            iss: self.settings.issuer.clone(),
            aud: self.settings.audience.clone(),
            iat,
            exp,
            kid: kid.to_owned(),
            epoch,
            jti: self.entropy.trace_id(),
            binding_id: binding_id.map(str::to_owned),
        };
        let header = Header {
            kid: Some(kid.to_owned()),
            ..Header::new(Algorithm::HS256)
        };
        let token = jsonwebtoken::encode(&header, &claims, key).ok()?;
        Some(Issued {
            token,
            expires_at_ms: exp.saturating_mul(1_000),
        })
    }
}

/// The keys that are believed, by id, and those that sign, newest first.
struct Keys {
    by_id: BTreeMap<String, (EncodingKey, DecodingKey)>,
    signing: Vec<(i64, String)>,
}

impl Keys {
    fn new(keys: &[TokenKey]) -> Self {
        let pair = |key: &TokenKey| {
            (
                EncodingKey::from_secret(&key.secret),
                DecodingKey::from_secret(&key.secret),
            )
        };
        let signs = keys.iter().filter(|key| key.signs);
        let mut signing: Vec<_> = signs.map(|key| (key.made_at_ms, key.id.clone())).collect();
        signing.sort_by(|one, other| other.cmp(one));
        Self {
            by_id: keys.iter().map(|key| (key.id.clone(), pair(key))).collect(),
            signing,
        }
    }

    /// The newest key that every gateway knows by now.
    fn signing(&self, now_ms: i64) -> Option<&str> {
        let known = |made_at_ms: i64| made_at_ms.saturating_add(SPREAD_MS) <= now_ms;
        let newest = self
            .signing
            .iter()
            .find(|(made_at_ms, _)| known(*made_at_ms));
        newest
            .or_else(|| self.signing.last())
            .map(|(_, id)| id.as_str())
    }
}

fn validation(settings: &config::Tokens) -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_issuer(&[&settings.issuer]);
    validation.set_audience(&[&settings.audience]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    // Tokens end on the business clock, which this library cannot read.
    validation.validate_exp = false;
    validation
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued")
            .field("expires_at_ms", &self.expires_at_ms)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}
