//! Customer tokens (service 74, B2B2C): a binding's key for balance and payment.

use reqwest::Method;
use serde::Serialize;
use snap::messages::token::B2b2cResponse;
use snap::{Secret, paths};

use crate::customer::CustomerTokens;
use crate::sending::{RawOptions, Signature};
use crate::{Client, Customer, Error, Outcome, clock, outcome};

/// Written here and not taken from the server's side of the message: a client sends one of the
/// two codes and never the other member at all.
#[derive(Serialize)]
#[serde(
    tag = "grantType",
    rename_all = "snake_case",
    rename_all_fields = "camelCase"
)]
pub(crate) enum Grant<'a> {
    AuthorizationCode { auth_code: &'a str },
    RefreshToken { refresh_token: &'a str },
}

impl Client {
    /// Exchanges a binding's `auth_code` for the customer who was linked. Refused with `4017400`
    /// before the customer has finished and after the link has ended.
    ///
    /// # Errors
    /// When nothing was sent.
    pub async fn exchange_code(&self, auth_code: &Secret) -> Result<Outcome<Customer>, Error> {
        let grant = Grant::AuthorizationCode {
            auth_code: auth_code.expose(),
        };
        let given = self.grant(&grant).await?;
        let tokens = given.complete(|answer| CustomerTokens::read(answer, Some(auth_code.clone())));
        Ok(tokens.map(|tokens| self.customer(tokens)))
    }

    pub(crate) async fn grant(&self, grant: &Grant<'_>) -> Result<Outcome<B2b2cResponse>, Error> {
        let options = RawOptions {
            signature: Signature::Asymmetric,
            ..RawOptions::default()
        };
        let (body, path) = (serde_json::to_vec(grant)?, paths::TOKEN_B2B2C);
        let now_ms = clock::now_ms();
        let sent = self.send_at(now_ms, Method::POST, path, None, body, &options);
        outcome::read(sent.await)
    }
}
