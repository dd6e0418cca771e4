//! The two endpoints as an axum router. Verified notifications go to a channel; the answer is
//! given when the channel has taken them.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use snap::{Case, Refusal, ResponseCode, Service, paths, timestamp};
use tokio::sync::mpsc;

use super::{Incoming, Notification, Rejected, Settings, Verifier};
use crate::clock;

/// Where the two endpoints are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The path of the merchant's token URL.
    pub token: String,
    /// The path of the merchant's notification URL.
    pub notification: String,
    /// The path of the merchant's URL for notifications of bindings.
    pub binding_notification: String,
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            token: paths::BANK_TOKEN_B2B.to_owned(),
            notification: paths::NOTIFY.to_owned(),
            binding_notification: paths::BINDING_NOTIFY.to_owned(),
        }
    }
}

struct Endpoints {
    verifier: Verifier,
    deliver: mpsc::Sender<Notification>,
}

/// A router with the token endpoint and the notification endpoint. When the channel is full or
/// closed the answer is `5005600`, and the gateway sends the notification again later.
pub fn router(settings: Settings, paths: &Paths, deliver: mpsc::Sender<Notification>) -> Router {
    let endpoints = Arc::new(Endpoints {
        verifier: Verifier::new(settings),
        deliver,
    });
    Router::new()
        .route(&paths.token, post(give_token))
        .route(&paths.notification, post(take_payment))
        .route(&paths.binding_notification, post(take_binding))
        .with_state(endpoints)
}

async fn give_token(
    State(endpoints): State<Arc<Endpoints>>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let now_ms = clock::now_ms();
    let verifier = &endpoints.verifier;
    let incoming = incoming(&method, &uri, &headers, &body, now_ms);
    if let Err(rejected) = verifier.verify_token_request(&incoming) {
        return refuse(&rejected, now_ms);
    }
    let code = ResponseCode::new(Service::TOKEN_B2B, Case::Successful);
    let body = json!({
        "responseCode": code.to_string(),
        "responseMessage": Case::Successful.message(),
        "accessToken": verifier.issue_token(now_ms),
        "tokenType": "Bearer",
        "expiresIn": verifier.settings.token_life_s,
    });
    let client_key = [("X-CLIENT-KEY", verifier.settings.client_id.clone())];
    (client_key, answer(Case::Successful, &body, now_ms)).into_response()
}

async fn take_payment(
    State(endpoints): State<Arc<Endpoints>>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let now_ms = clock::now_ms();
    let incoming = incoming(&method, &uri, &headers, &body, now_ms);
    let verified = endpoints.verifier.verify_notification(&incoming);
    take(&endpoints, Service::NOTIFY, verified, now_ms)
}

async fn take_binding(
    State(endpoints): State<Arc<Endpoints>>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let now_ms = clock::now_ms();
    let incoming = incoming(&method, &uri, &headers, &body, now_ms);
    let verified = endpoints.verifier.verify_binding_notification(&incoming);
    take(&endpoints, Service::BINDING, verified, now_ms)
}

fn take(
    endpoints: &Endpoints,
    service: Service,
    verified: Result<Notification, Rejected>,
    now_ms: i64,
) -> Response {
    let notification = match verified {
        Ok(notification) => notification,
        Err(rejected) => return refuse(&rejected, now_ms),
    };
    let external_id = notification.external_id.clone();
    if endpoints.deliver.try_send(notification).is_err() {
        tracing::warn!(external_id, "a notification found no receiver");
        let refusal = Refusal::new(Case::GeneralError);
        return refuse(&Rejected { service, refusal }, now_ms);
    }
    let code = ResponseCode::new(service, Case::Successful);
    let body = json!({
        "responseCode": code.to_string(),
        "responseMessage": "Request has been processed successfully",
    });
    answer(Case::Successful, &body, now_ms)
}

fn incoming<'a>(
    method: &'a Method,
    uri: &'a axum::http::Uri,
    headers: &'a HeaderMap,
    body: &'a Bytes,
    now_ms: i64,
) -> Incoming<'a> {
    Incoming {
        method: method.as_str(),
        path_and_query: uri.path_and_query().map_or("/", |path| path.as_str()),
        headers,
        body,
        now_ms,
    }
}

fn refuse(rejected: &Rejected, now_ms: i64) -> Response {
    let code = ResponseCode::new(rejected.service, rejected.refusal.case);
    let body = json!({
        "responseCode": code.to_string(),
        "responseMessage": rejected.refusal.message(),
    });
    answer(rejected.refusal.case, &body, now_ms)
}

fn answer(case: Case, body: &Value, now_ms: i64) -> Response {
    let status =
        StatusCode::from_u16(case.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = [
        ("Content-Type", "application/json".to_owned()),
        ("X-TIMESTAMP", timestamp::format_jakarta(now_ms)),
    ];
    (status, headers, body.to_string()).into_response()
}
