//! Access tokens: for a merchant's server (73) and for one customer (74). The bank speaks the same.

use serde::{Deserialize, Serialize};

use super::{hidden_debug, lenient};
use crate::{Fields, Refusal, Request, Rules, Service, paths};

/// `grantType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// 73: the merchant's server itself.
    ClientCredentials,
    /// 74: with the `authCode` of a binding.
    AuthorizationCode,
    /// 74: with a refresh token.
    RefreshToken,
}

/// Asks for a B2B token. `additionalInfo` may be of any type and is not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct B2bRequest {
    /// Always [`GrantType::ClientCredentials`].
    pub grant_type: GrantType,
}

impl Default for B2bRequest {
    fn default() -> Self {
        Self {
            grant_type: GrantType::ClientCredentials,
        }
    }
}

impl Request for B2bRequest {
    const SERVICE: Service = Service::TOKEN_B2B;
    const PATH: &'static str = paths::TOKEN_B2B;

    fn read(body: &Fields<'_>, _rules: Rules<'_>) -> Result<Self, Refusal> {
        body.one_of("grantType", &["client_credentials"])?;
        Ok(Self::default())
    }
}

/// A B2B token.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct B2bResponse {
    /// `2007300`.
    #[serde(deserialize_with = "lenient::text")]
    pub response_code: String,
    /// `Successful`.
    #[serde(deserialize_with = "lenient::text")]
    pub response_message: String,
    /// The token.
    pub access_token: String,
    /// `Bearer`.
    pub token_type: String,
    /// Seconds; written as a number because two of DOKU's SDKs fail on a text.
    #[serde(deserialize_with = "lenient::whole_number")]
    pub expires_in: u64,
}

/// Asks for a customer's token.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct B2b2cRequest {
    /// Which of the two codes is given.
    pub grant_type: GrantType,
    /// For [`GrantType::AuthorizationCode`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_code: Option<String>,
    /// For [`GrantType::RefreshToken`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
}

impl B2b2cRequest {
    /// With the `authCode` of a binding.
    pub fn with_auth_code(auth_code: impl Into<String>) -> Self {
        Self {
            grant_type: GrantType::AuthorizationCode,
            auth_code: Some(auth_code.into()),
            refresh_token: None,
        }
    }

    /// With a refresh token.
    pub fn with_refresh_token(refresh_token: impl Into<String>) -> Self {
        Self {
            grant_type: GrantType::RefreshToken,
            auth_code: None,
            refresh_token: Some(refresh_token.into()),
        }
    }
}

impl Request for B2b2cRequest {
    const SERVICE: Service = Service::TOKEN_B2B2C;
    const PATH: &'static str = paths::TOKEN_B2B2C;

    /// Only the code that the grant type asks for is read.
    fn read(body: &Fields<'_>, _rules: Rules<'_>) -> Result<Self, Refusal> {
        match body.one_of("grantType", &["authorization_code", "refresh_token"])? {
            "refresh_token" => {
                body.require_filled(&["refreshToken"])?;
                Ok(Self::with_refresh_token(
                    body.text("refreshToken", 1..=512)?,
                ))
            }
            _ => {
                body.require_filled(&["authCode"])?;
                Ok(Self::with_auth_code(body.text("authCode", 1..=256)?))
            }
        }
    }
}

/// A customer's token.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct B2b2cResponse {
    /// `2007400`.
    #[serde(deserialize_with = "lenient::text")]
    pub response_code: String,
    /// `Successful`.
    #[serde(deserialize_with = "lenient::text")]
    pub response_message: String,
    /// The token.
    pub access_token: String,
    /// `Bearer`.
    pub token_type: String,
    /// ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_expiry_time: Option<String>,
    /// For [`GrantType::RefreshToken`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token_expiry_time: Option<String>,
}

hidden_debug!(B2bResponse, B2b2cRequest, B2b2cResponse);
