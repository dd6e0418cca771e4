//! Where a bank calls us: its token (73), and its notifications of payments (56).
//!
//! The order of checks is the one for merchants: who, when, token, signature, the other headers, the
//! body. Until the signature is found right nothing touches the database. What a notification means is
//! decided in `flows/confirm.rs`; here a bank's bytes become a request, and an outcome bytes.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request as HttpRequest, State};
use axum::response::Response;
use axum::routing::post;
use http::HeaderName;
use snap::messages::bank::{BankNotifyRequest, NotifyResponse};
use snap::messages::token::{B2bRequest, B2bResponse};
use snap::{Case, PublicKey, Refusal, ResponseCode, Rules, Service, paths, signature};

use crate::api::answer::Answer;
use crate::api::headers::{Headers, bearer};
use crate::api::router::{Call, answered};
use crate::api::signed::{invalid_signature, peer, timestamp};
use crate::app::App;
use crate::config;
use crate::flows::confirm;
use crate::tokens::Kind;

/// The paths that banks call.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route(paths::INBOUND_TOKEN_B2B, post(token))
        .route(paths::INBOUND_NOTIFY, post(notify))
}

/// 73: a token for the bank's calls.
async fn token(
    State(app): State<Arc<App>>,
    Path(bank): Path<String>,
    request: HttpRequest,
) -> Response {
    let service = Service::TOKEN_B2B;
    answered(app, service, request, async move |mut call: Call| {
        let answer = match token_for(&bank, &mut call) {
            Ok(response) => Answer::success(service, Case::Successful, &response),
            Err(refusal) => Answer::refusal(service, &counted(&call, refusal)),
        };
        let client_key = call
            .parts
            .headers
            .get("x-client-key")
            .and_then(|value| value.to_str().ok());
        let answer = match client_key {
            Some(key) => answer.with_header(HeaderName::from_static("x-client-key"), key),
            None => answer,
        };
        (answer, call)
    })
    .await
}

/// 56: what became of a payment.
async fn notify(
    State(app): State<Arc<App>>,
    Path(bank): Path<String>,
    request: HttpRequest,
) -> Response {
    let service = Service::NOTIFY;
    answered(app, service, request, async move |mut call: Call| {
        let outcome = match authenticate(&bank, &mut call) {
            Ok(()) => taken_in(&bank, &call).await,
            Err(refusal) => Err(counted(&call, refusal)),
        };
        let answer = match outcome {
            Ok(()) => Answer::success(service, Case::Successful, &receipt()),
            Err(refusal) => Answer::refusal(service, &refusal),
        };
        (answer, call)
    })
    .await
}

fn token_for(bank: &str, call: &mut Call) -> Result<B2bResponse, Refusal> {
    let app = Arc::clone(&call.app);
    let headers = Headers::new(&call.parts.headers);
    let client_key = headers.mandatory("X-CLIENT-KEY")?;
    let configured = known(&app, bank, client_key);
    let timestamp = timestamp(&app, &headers)?;
    let signature = headers.mandatory("X-SIGNATURE")?;
    // A stranger's signature is checked as well, against a key that cannot have made it.
    let verified = match configured {
        Some(configured) => PublicKey::from_pem(&configured.public_key)
            .is_ok_and(|key| key.verify_token(client_key, timestamp.text(), signature)),
        None => {
            let _ = app
                .keys
                .nobody_public()
                .verify_token(client_key, timestamp.text(), signature);
            false
        }
    };
    if !verified {
        call.trail.finding = Some(match configured {
            Some(_) => "the signature does not match the bank's public key".to_owned(),
            None => "unknown bank or X-CLIENT-KEY".to_owned(),
        });
        return Err(invalid_signature());
    }
    snap::read::<B2bRequest>(&call.body, Rules::default())?;
    let issued = app.tokens.bank(bank, app.clock.business_now_ms());
    let issued = issued.ok_or_else(|| Refusal::new(Case::InternalServerError))?;
    Ok(B2bResponse {
        response_code: code(Service::TOKEN_B2B),
        response_message: Case::Successful.message().to_owned(),
        access_token: issued.token,
        token_type: "Bearer".to_owned(),
        expires_in: u64::from(app.tokens.b2b_life_s()),
    })
}

/// Steps 2 to 6 of a notification.
fn authenticate(bank: &str, call: &mut Call) -> Result<(), Refusal> {
    let app = Arc::clone(&call.app);
    let headers = Headers::new(&call.parts.headers);
    let partner = headers.mandatory("X-PARTNER-ID")?;
    let configured = known(&app, bank, partner);
    let timestamp = timestamp(&app, &headers)?;
    let authorization = headers.optional("Authorization")?;
    let authorization = authorization.ok_or_else(|| Refusal::new(Case::TokenNotFoundB2b))?;
    let token = bearer(authorization).ok_or_else(|| Refusal::new(Case::InvalidTokenB2b))?;
    if let Err(error) = app
        .tokens
        .verify(Kind::Bank, token, bank, 0, app.clock.business_now_ms())
    {
        call.trail.finding = Some(error.to_string());
        return Err(Refusal::new(Case::InvalidTokenB2b));
    }
    let signature = headers.mandatory("X-SIGNATURE")?;
    let target = call
        .parts
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let secret = configured.map_or_else(|| app.keys.nobody_secret(), |bank| &bank.inbound_secret);
    let form = signature::verify(
        secret,
        "POST",
        target,
        token,
        &call.body,
        timestamp.text(),
        signature,
    );
    if configured.is_none() || form.is_none() {
        call.trail.finding =
            Some("unknown X-PARTNER-ID, or the signature does not match".to_owned());
        return Err(invalid_signature());
    }
    headers.external_id(false)?;
    Ok(())
}

/// Step 7, and then what the notification says. Repeats and late ones are a success.
async fn taken_in(bank: &str, call: &Call) -> Result<(), Refusal> {
    let request = snap::read::<BankNotifyRequest>(&call.body, Rules::default())?;
    confirm::notified(&call.app, bank, request).await
}

/// The configuration of the bank, if the caller names itself rightly.
fn known<'a>(app: &'a App, bank: &str, client_id: &str) -> Option<&'a config::Bank> {
    app.config
        .banks
        .get(bank)
        .filter(|configured| configured.inbound_client_id == client_id)
}

/// Who has not proved to be the bank is counted by address.
fn counted(call: &Call, refusal: Refusal) -> Refusal {
    call.app.count_stranger(peer(&call.parts), refusal)
}

fn receipt() -> NotifyResponse {
    NotifyResponse {
        response_code: code(Service::NOTIFY),
        response_message: Case::Successful.message().to_owned(),
        approval_code: None,
    }
}

fn code(service: Service) -> String {
    ResponseCode::new(service, Case::Successful).to_string()
}
