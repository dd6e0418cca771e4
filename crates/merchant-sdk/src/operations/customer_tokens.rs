//! Customer tokens (service 74, B2B2C): a binding's key for balance and payment.

use serde::Serialize;
use snap::messages::token::B2b2cResponse;
use snap::paths;

use crate::sending::{RawOptions, Signature};
use crate::{Client, Error, Outcome, outcome};

/// Written here and not taken from the server's side of the message: a client sends one of the
/// two codes and never the other member at all.
#[derive(Serialize)]
#[serde(
    tag = "grantType",
    rename_all = "snake_case",
    rename_all_fields = "camelCase"
)]
enum Grant<'a> {
    AuthorizationCode { auth_code: &'a str },
    RefreshToken { refresh_token: &'a str },
}

impl Client {
    /// Exchanges a binding's `authCode` for a customer token. Refused with `4017400` before the
    /// customer has finished and after the binding has ended.
    pub async fn exchange_code(&self, auth_code: &str) -> Result<Outcome<B2b2cResponse>, Error> {
        self.customer_token(&Grant::AuthorizationCode { auth_code })
            .await
    }

    /// Exchanges a refresh token for another customer token.
    pub async fn refresh(&self, refresh_token: &str) -> Result<Outcome<B2b2cResponse>, Error> {
        self.customer_token(&Grant::RefreshToken { refresh_token })
            .await
    }

    async fn customer_token(&self, grant: &Grant<'_>) -> Result<Outcome<B2b2cResponse>, Error> {
        let options = RawOptions {
            signature: Signature::Asymmetric,
            ..RawOptions::default()
        };
        let body = serde_json::to_vec(grant)?;
        outcome::read(
            self.send_raw("POST", paths::TOKEN_B2B2C, body, &options)
                .await,
        )
    }
}
