//! Access tokens: B2B (73), issued here, and B2B2C (74), which `flows/exchange.rs` finds the binding for.
//!
//! Both are signed with the merchant's RSA key over `X-CLIENT-KEY|X-TIMESTAMP`. There is no replay cache:
//! DOKU's Python SDK signs identical strings within a second. Nothing here touches the database beyond
//! the cached merchant.

use std::sync::Arc;

use axum::extract::{Request as HttpRequest, State};
use axum::response::Response;
use http::HeaderName;
use http::request::Parts;
use snap::messages::token::{B2b2cRequest, B2bRequest, B2bResponse, GrantType};
use snap::mistakes::{Known, TokenRequest};
use snap::{Case, Refusal, ResponseCode, Service};

use super::answer::Answer;
use super::headers::Headers;
use super::router::{Call, answered};
use super::signed::{invalid_signature, may_guess, peer, read, timestamp, told};
use crate::app::App;
use crate::flows::{self, exchange};
use crate::merchants::Merchant;
use crate::request_log::Trail;

/// 73: a merchant's own token.
pub async fn b2b(State(app): State<Arc<App>>, request: HttpRequest) -> Response {
    answered(
        app,
        Service::TOKEN_B2B,
        request,
        async move |mut call: Call| {
            let answer = match known::<B2bRequest>(&mut call).await {
                Ok((merchant, _)) => issue(&call.app, &merchant),
                Err(refusal) => Answer::refusal(Service::TOKEN_B2B, &refusal),
            };
            (with_client_key(answer, &call), call)
        },
    )
    .await
}

/// 74: a customer's token.
pub async fn b2b2c(State(app): State<Arc<App>>, request: HttpRequest) -> Response {
    answered(
        app,
        Service::TOKEN_B2B2C,
        request,
        async move |mut call: Call| {
            let answer = match known::<B2b2cRequest>(&mut call).await {
                Ok((merchant, request)) => exchange(&call.app, &merchant, &request).await,
                Err(refusal) => Answer::refusal(Service::TOKEN_B2B2C, &refusal),
            };
            (with_client_key(answer, &call), call)
        },
    )
    .await
}

fn issue(app: &App, merchant: &Merchant) -> Answer {
    let now_ms = app.clock.business_now_ms();
    let Some(issued) = app.tokens.b2b(merchant.id(), merchant.epoch(), now_ms) else {
        return Answer::internal_error(Service::TOKEN_B2B);
    };
    let message = B2bResponse {
        response_code: ResponseCode::new(Service::TOKEN_B2B, Case::Successful).to_string(),
        response_message: Case::Successful.message().to_owned(),
        access_token: issued.token,
        token_type: "Bearer".to_owned(),
        expires_in: u64::from(app.tokens.b2b_life_s()),
    };
    Answer::success(Service::TOKEN_B2B, Case::Successful, &message)
}

async fn exchange(app: &App, merchant: &Merchant, request: &B2b2cRequest) -> Answer {
    let text = |member: &Option<String>| member.clone().unwrap_or_default();
    let result = match request.grant_type {
        GrantType::RefreshToken => {
            exchange::by_refresh_token(app, merchant, &text(&request.refresh_token)).await
        }
        GrantType::AuthorizationCode | GrantType::ClientCredentials => {
            exchange::by_auth_code(app, merchant, &text(&request.auth_code)).await
        }
    };
    flows::answered(Service::TOKEN_B2B2C, result)
}

/// The merchant behind a token request, and what it asks for.
async fn known<R: snap::Request>(call: &mut Call) -> Result<(Arc<Merchant>, R), Refusal> {
    let merchant = match authenticate(&call.app, &call.parts, &call.body, &mut call.trail).await {
        Ok(merchant) => merchant,
        Err(refusal) => return Err(call.app.count_stranger(peer(&call.parts), refusal)),
    };
    if !call.app.limits.merchant(merchant.id(), merchant.own_rate()) {
        return Err(Refusal::new(Case::TooManyRequests));
    }
    let request = read::<R>(&call.app, &merchant, &call.body)?;
    Ok((merchant, request))
}

async fn authenticate(
    app: &App,
    parts: &Parts,
    body: &[u8],
    trail: &mut Trail,
) -> Result<Arc<Merchant>, Refusal> {
    let headers = Headers::new(&parts.headers);
    let client_key = headers.mandatory("X-CLIENT-KEY")?;
    let Some(merchant) = app.merchants.find(app, client_key, peer(parts)).await? else {
        // The same work as for a known client, so that the time does not tell them apart.
        let given = |name| headers.optional(name).ok().flatten().unwrap_or_default();
        let key = app.keys.nobody_public();
        let _ = key.verify_token(client_key, given("X-TIMESTAMP"), given("X-SIGNATURE"));
        trail.finding = Some("unknown or inactive X-CLIENT-KEY".to_owned());
        return Err(invalid_signature());
    };
    trail.is_from(merchant.id());
    let timestamp = timestamp(app, &headers)?;
    let signature = headers.mandatory("X-SIGNATURE")?;
    let verifies =
        |key: &snap::PublicKey| key.verify_token(client_key, timestamp.text(), signature);
    if merchant.public_keys().iter().any(verifies) {
        return Ok(merchant);
    }
    let request = TokenRequest {
        client_key,
        timestamp: timestamp.text(),
        body,
        signature,
    };
    trail.string_to_sign = Some(request.string_to_sign());
    let mistakes = || {
        request.mistakes(&Known {
            secret: Some(merchant.secret()),
            public_keys: merchant.public_keys(),
            ..Known::default()
        })
    };
    trail.finding = if merchant.public_keys().is_empty() {
        Some("no public key is registered for this merchant".to_owned())
    } else if may_guess(app, &merchant) {
        let unexplained = || "the signature does not match any registered public key".to_owned();
        Some(told(mistakes()).unwrap_or_else(unexplained))
    } else {
        None
    };
    Err(invalid_signature())
}

fn with_client_key(answer: Answer, call: &Call) -> Answer {
    let client_key = call
        .parts
        .headers
        .get("x-client-key")
        .and_then(|value| value.to_str().ok());
    match client_key {
        Some(client_key) => answer.with_header(HeaderName::from_static("x-client-key"), client_key),
        None => answer,
    }
}
