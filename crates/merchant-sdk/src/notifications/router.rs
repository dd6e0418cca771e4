//! The endpoints as an axum router (feature `axum`).

use std::fmt::Display;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use snap::paths;
use tokio::sync::mpsc;

use super::{Incoming, Notification, Rejected, Reply, Settings, Verifier};
use crate::clock;

/// Where the endpoints are.
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

type Taking = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

struct Endpoints {
    verifier: Verifier,
    receive: Box<dyn Fn(Notification) -> Taking + Send + Sync>,
}

/// A router with the token endpoint and the notification endpoints. Each verified notification is
/// handed to `receive`; `Ok` means that it is kept, and answers so. On `Err`, which is logged, the
/// answer is `5005600` and the gateway sends the notification again later.
pub fn router<F, E>(
    settings: Settings,
    paths: &Paths,
    receive: impl Fn(Notification) -> F + Send + Sync + 'static,
) -> Router
where
    F: Future<Output = Result<(), E>> + Send + 'static,
    E: Display,
{
    let receive = move |notification| -> Taking {
        let taking = receive(notification);
        Box::pin(async move { taking.await.map_err(|error| error.to_string()) })
    };
    let endpoints = Arc::new(Endpoints {
        verifier: Verifier::new(settings),
        receive: Box::new(receive),
    });
    Router::new()
        .route(&paths.token, post(give_token))
        .route(&paths.notification, post(take_payment))
        .route(&paths.binding_notification, post(take_binding))
        .with_state(endpoints)
}

/// A receiver for [`router()`] that hands notifications on to a channel. It answers that they are
/// kept as soon as the channel has them: for tests and tools, not for a merchant's orders.
pub fn to_channel(
    deliver: mpsc::Sender<Notification>,
) -> impl Fn(Notification) -> std::future::Ready<Result<(), &'static str>> + Send + Sync + 'static {
    move |notification| {
        let sent = deliver.try_send(notification);
        std::future::ready(sent.map_err(|_| "the channel is full or closed"))
    }
}

async fn give_token(
    State(endpoints): State<Arc<Endpoints>>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Reply {
    let incoming = incoming(&method, &uri, &headers, &body);
    let given = endpoints.verifier.give_token(&incoming);
    given.unwrap_or_else(|rejected| rejected.reply(incoming.now_ms))
}

async fn take_payment(
    State(endpoints): State<Arc<Endpoints>>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Reply {
    let incoming = incoming(&method, &uri, &headers, &body);
    let verified = endpoints.verifier.verify_notification(&incoming);
    take(&endpoints, verified, incoming.now_ms).await
}

async fn take_binding(
    State(endpoints): State<Arc<Endpoints>>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Reply {
    let incoming = incoming(&method, &uri, &headers, &body);
    let verified = endpoints.verifier.verify_binding_notification(&incoming);
    take(&endpoints, verified, incoming.now_ms).await
}

async fn take(
    endpoints: &Endpoints,
    verified: Result<Notification, Rejected>,
    now_ms: i64,
) -> Reply {
    let notification = match verified {
        Ok(notification) => notification,
        Err(rejected) => return rejected.reply(now_ms),
    };
    let (taken, not_taken) = (notification.taken(now_ms), notification.not_taken(now_ms));
    let external_id = notification.external_id.clone();
    match (endpoints.receive)(notification).await {
        Ok(()) => taken,
        Err(error) => {
            tracing::warn!(external_id, error, "a notification was not taken");
            not_taken
        }
    }
}

fn incoming<'a>(
    method: &'a Method,
    uri: &'a Uri,
    headers: &'a HeaderMap,
    body: &'a Bytes,
) -> Incoming<'a> {
    Incoming {
        method: method.as_str(),
        path_and_query: uri.path_and_query().map_or("/", |path| path.as_str()),
        headers,
        body,
        now_ms: clock::now_ms(),
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers: HeaderMap = self
            .headers
            .into_iter()
            .filter_map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?)))
            .collect();
        (status, headers, self.body).into_response()
    }
}
