//! One call by the gateway, and the checks that every call must pass, in the order of precedence: size and media
//! type, partner, time, B2B token, signature, other headers, body.
//!
//! Nothing is stored of a call that fails here, and a stranger costs no write.

use std::convert::Infallible;

use axum::body::Bytes;
use axum::extract::{FromRequest, OriginalUri, Request as HttpRequest};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use serde_json::Value;
use snap::{Case, Refusal, Request, Rules, Timestamp, headers, signature};
use sqlx::SqliteConnection;

use super::answer::Failure;
use crate::bank::Bank;
use crate::links::Link;
use crate::tokens;

/// How far a caller's clock may be off.
const WINDOW_MS: i64 = 300_000;

const RULES: Rules<'static> = Rules {
    strict: false,
    allow_loopback_http: true,
    url_schemes: &[],
};

/// A call as it came in.
pub(super) struct Call {
    path_and_query: String,
    headers: HeaderMap,
    body: Result<Bytes, Case>,
}

impl<S: Send + Sync> FromRequest<S> for Call {
    type Rejection = Infallible;

    async fn from_request(request: HttpRequest, state: &S) -> Result<Self, Infallible> {
        let uri = request
            .extensions()
            .get::<OriginalUri>()
            .map_or_else(|| request.uri().clone(), |uri| uri.0.clone());
        let path_and_query = uri
            .path_and_query()
            .map_or_else(|| "/".to_owned(), ToString::to_string);
        let headers = request.headers().clone();
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| match rejection.status().as_u16() {
                413 => Case::PayloadTooLarge,
                _ => Case::BadRequest,
            });
        Ok(Self {
            path_and_query,
            headers,
            body,
        })
    }
}

impl Call {
    /// The request, if the call is the partner's and the body says what it must.
    pub async fn read<R: Request>(&self, bank: &Bank) -> Result<R, Failure> {
        let body = self.body()?;
        let partner_id = self.header("X-PARTNER-ID")?;
        let known = partner_id == bank.partner.client_id;
        let timestamp = self.timestamp(bank)?;
        let token = self.b2b_token()?;
        if !tokens::is_b2b(bank.db.read(), token, bank.clock.now_ms()).await? {
            return Err(Case::InvalidTokenB2b.into());
        }
        let signature = self.header("X-SIGNATURE")?;
        let secret = &bank.partner.secret;
        let path = &self.path_and_query;
        let verified = signature::verify(
            secret,
            "POST",
            path,
            token,
            body,
            timestamp.text(),
            signature,
        );
        if !known || verified.is_none() {
            return Err(Refusal::unauthorized("Invalid Signature").into());
        }
        let external_id = self.header("X-EXTERNAL-ID")?;
        if !headers::is_external_id(external_id, true) {
            return Err(Refusal::format("X-EXTERNAL-ID").into());
        }
        Ok(snap::read(body, RULES)?)
    }

    /// A token request: signed with the partner's RSA key instead.
    pub fn read_for_token<R: Request>(&self, bank: &Bank) -> Result<R, Failure> {
        let body = self.body()?;
        let client_key = self.header("X-CLIENT-KEY")?;
        let known = client_key == bank.partner.client_id;
        let timestamp = self.timestamp(bank)?;
        let signature = self.header("X-SIGNATURE")?;
        let verified =
            bank.partner
                .public_key
                .verify_token(client_key, timestamp.text(), signature);
        if !known || !verified {
            return Err(Refusal::unauthorized("Invalid Signature").into());
        }
        Ok(snap::read(body, RULES)?)
    }

    /// The body as JSON, unchecked: enough to see whether it is to go wrong.
    pub fn said(&self) -> Option<Value> {
        serde_json::from_slice(self.body.as_ref().ok()?).ok()
    }

    /// Whether the caller says that it is the partner. Proves nothing.
    pub fn names_partner(&self, bank: &Bank) -> bool {
        ["X-PARTNER-ID", "X-CLIENT-KEY"]
            .iter()
            .filter_map(|name| self.headers.get(*name))
            .any(|value| value.as_bytes() == bank.partner.client_id.as_bytes())
    }

    /// The link that the customer's token stands for.
    pub async fn customer(
        &self,
        conn: &mut SqliteConnection,
        bank: &Bank,
    ) -> Result<Link, Failure> {
        let Some(text) = self.optional("Authorization-Customer")? else {
            return Err(Case::CustomerTokenNotFound.into());
        };
        let token = headers::customer_token(text);
        let link = tokens::link(conn, "customer", token, bank.clock.now_ms()).await?;
        link.ok_or_else(|| Case::InvalidCustomerToken.into())
    }

    fn body(&self) -> Result<&[u8], Refusal> {
        let body = self.body.as_ref().map_err(|case| Refusal::new(*case))?;
        let media_type = self
            .headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        if media_type.eq_ignore_ascii_case("application/json") {
            Ok(body)
        } else {
            Err(Refusal::new(Case::UnsupportedMediaType))
        }
    }

    fn timestamp(&self, bank: &Bank) -> Result<Timestamp, Refusal> {
        let text = self.header("X-TIMESTAMP")?;
        let timestamp = Timestamp::parse(text).map_err(|_| Refusal::format("X-TIMESTAMP"))?;
        if (timestamp.unix_ms() - bank.clock.wall_ms()).abs() > WINDOW_MS {
            return Err(Refusal::unauthorized("X-TIMESTAMP out of range"));
        }
        Ok(timestamp)
    }

    fn b2b_token(&self) -> Result<&str, Refusal> {
        let Some(text) = self.optional("Authorization")? else {
            return Err(Refusal::new(Case::TokenNotFoundB2b));
        };
        headers::bearer(text).ok_or_else(|| Refusal::new(Case::InvalidTokenB2b))
    }

    /// A header that must be there once.
    fn header(&self, name: &str) -> Result<&str, Refusal> {
        self.optional(name)?.ok_or_else(|| Refusal::mandatory(name))
    }

    fn optional(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut values = self.headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => {
                let text = value.to_str().map_err(|_| Refusal::format(name))?;
                Ok(Some(text).filter(|text| !text.is_empty()))
            }
            _ => Err(Refusal::format(name)),
        }
    }
}
