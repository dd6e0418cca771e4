//! Which path is answered by what, and what is the same for every request: its size, its media type, its
//! name in the logs, its entry in the request log, and what a bug looks like from outside.
//!
//! Paths match exactly; nothing is normalised. An operation runs as a task of its own, so that a client
//! that hangs up does not leave half a payment behind.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request as HttpRequest, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use bytes::Bytes;
use http::Method;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use snap::{Case, Refusal, Request, Service, paths};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument;

use super::answer::Answer;
use super::headers::Headers;
use super::signed::{self, Signed};
use super::{described, health, management, requests, tokens};
use crate::app::App;
use crate::bank::inbound;
use crate::flows::{self, Trouble, balance, bind, pay, refund, status, unbind};
use crate::pages;
use crate::request_log::{Entry, Trail, masked};

/// Every path of the gateway.
pub fn router(app: Arc<App>) -> Router {
    let api = Router::new()
        .route(paths::TOKEN_B2B, post(tokens::b2b))
        .route(paths::TOKEN_B2B2C, post(tokens::b2b2c))
        .route(paths::BINDING, signed(bind::bind))
        .route(paths::UNBINDING, signed(unbind::unbind))
        .route(paths::UNBINDING_WITHOUT_CORE, signed(unbind::unbind))
        .route(paths::BALANCE, signed(balance::balance))
        .route(paths::PAYMENT, signed(pay::pay))
        .route(paths::STATUS, signed(status::status))
        .route(paths::REFUND, signed(refund::refund))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/openapi.json", get(described::json))
        .route("/openapi", get(described::html_page))
        .route("/sandbox/requests", get(requests::latest));
    api.merge(inbound::routes())
        .merge(management::routes())
        .merge(pages::routes())
        .method_not_allowed_fallback(wrong_method)
        .fallback(unknown_path)
        .layer(CatchPanicLayer::custom(|_| bug()))
        .with_state(app)
}

/// The route of an operation that a merchant signs.
pub fn signed<R, F, Fut>(flow: F) -> MethodRouter<Arc<App>>
where
    R: Request + Send + 'static,
    F: Fn(Arc<App>, Signed<R>) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<Answer, Trouble>> + Send + 'static,
{
    post(move |State(app): State<Arc<App>>, request: HttpRequest| {
        answered(app, R::SERVICE, request, async move |mut call: Call| {
            let app = Arc::clone(&call.app);
            let answer =
                match signed::receive::<R>(&app, &call.parts, &call.body, &mut call.trail).await {
                    Ok(signed) => flows::answered(R::SERVICE, flow(app, signed).await),
                    Err(refusal) => Answer::refusal(R::SERVICE, &refusal),
                };
            (answer, call)
        })
    })
}

/// A request whose size and media type are fine, on its way through an operation.
#[derive(Debug)]
pub struct Call {
    /// The gateway.
    pub app: Arc<App>,
    /// Method, target, headers and the peer.
    pub parts: Parts,
    /// The whole body.
    pub body: Bytes,
    /// What is gathered for the request log.
    pub trail: Trail,
}

/// Answers one request of `service` by `work`, as a task of its own, and records it.
pub async fn answered<F, Fut>(
    app: Arc<App>,
    service: Service,
    request: HttpRequest,
    work: F,
) -> Response
where
    F: FnOnce(Call) -> Fut,
    Fut: Future<Output = (Answer, Call)> + Send + 'static,
{
    let started_us = app.clock.monotonic_us();
    let trail = Trail {
        trace_id: app.entropy.trace_id(),
        ..Trail::default()
    };
    let trace_id = trail.trace_id.clone();
    let (parts, body) = request.into_parts();
    let (method, path) = (parts.method.to_string(), parts.uri.path().to_owned());
    let span = tracing::info_span!("request", %trace_id, service = service.name(), merchant = tracing::field::Empty);
    let (answer, trail, body) = match whole_body(&app, &parts, body).await {
        Err(refusal) => (Answer::refusal(service, &refusal), trail, Bytes::new()),
        Ok(body) => {
            let busy = app.in_flight.enter();
            let call = Call {
                app: Arc::clone(&app),
                parts,
                body,
                trail,
            };
            let work = work(call);
            let done = tokio::spawn(
                async move {
                    let done = work.await;
                    drop(busy);
                    done
                }
                .instrument(span.clone()),
            );
            match done.await {
                Ok((answer, call)) => (answer, call.trail, call.body),
                Err(_) => {
                    tracing::error!(parent: &span, "the request ended by a bug");
                    let trail = Trail {
                        trace_id: trace_id.clone(),
                        ..Trail::default()
                    };
                    (Answer::internal_error(service), trail, Bytes::new())
                }
            }
        }
    };
    let took_us = app.clock.monotonic_us().saturating_sub(started_us);
    span.in_scope(|| {
        record(
            &app,
            Seen {
                method,
                path,
                took_us,
            },
            &answer,
            trail,
            &body,
        )
    });
    answer.into_response(
        &snap::timestamp::format_jakarta(app.clock.wall_now_ms()),
        &trace_id,
    )
}

struct Seen {
    method: String,
    path: String,
    took_us: u64,
}

fn record(app: &App, seen: Seen, answer: &Answer, trail: Trail, body: &[u8]) {
    let Seen {
        method,
        path,
        took_us,
    } = seen;
    let status = answer.status();
    let said = answer.said();
    tracing::info!(
        finding = trail.finding.as_deref(),
        method,
        path,
        status,
        code = said.response_code.as_deref(),
        took_us,
        "answered"
    );
    // Whoever looks into the log does not look for the looking.
    if status < 400 && path.starts_with(management::BASE) {
        return;
    }
    let shown = app.config.sandbox || status >= 400;
    app.request_log.record(Entry {
        at_ms: app.clock.wall_now_ms(),
        trace_id: trail.trace_id,
        merchant_id: trail.merchant_id,
        method,
        path,
        status,
        response_code: said.response_code,
        response_message: said.response_message,
        took_us,
        string_to_sign: trail.string_to_sign,
        finding: trail.finding,
        body: if shown { masked(body) } else { None },
    });
}

/// Step 1: the size and the media type, and then the body itself.
async fn whole_body(app: &App, parts: &Parts, body: Body) -> Result<Bytes, Refusal> {
    let limit = app.config.limits.body_bytes;
    let announced = parts
        .headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| u64::try_from(limit).is_ok_and(|limit| length > limit)) {
        return Err(Refusal::new(Case::PayloadTooLarge));
    }
    let has_body = !matches!(parts.method, Method::GET | Method::DELETE);
    if has_body && !is_json(&Headers::new(&parts.headers))? {
        return Err(Refusal::new(Case::UnsupportedMediaType));
    }
    let patience = Duration::from_secs(u64::from(app.config.limits.read_timeout_s));
    match tokio::time::timeout(patience, Limited::new(body, limit).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(Refusal::new(Case::PayloadTooLarge))
        }
        // The client went away or was too slow; whoever still listens hears that it was unreadable.
        Ok(Err(_)) | Err(_) => Err(Refusal::new(Case::BadRequest)),
    }
}

fn is_json(headers: &Headers<'_>) -> Result<bool, Refusal> {
    let value = headers.optional("Content-Type")?.unwrap_or_default();
    let media_type = value.split(';').next().unwrap_or_default();
    Ok(media_type.trim().eq_ignore_ascii_case("application/json"))
}

pub(super) async fn unknown_path(State(app): State<Arc<App>>) -> Response {
    plain(&app, &Answer::case(Service::NONE, Case::RouteNotFound))
}

async fn wrong_method(State(app): State<Arc<App>>) -> Response {
    plain(
        &app,
        &Answer::case(Service::NONE, Case::FunctionNotSupported),
    )
}

/// An answer outside every operation.
fn plain(app: &App, answer: &Answer) -> Response {
    let timestamp = snap::timestamp::format_jakarta(app.clock.wall_now_ms());
    answer
        .clone()
        .into_response(&timestamp, &app.entropy.trace_id())
}

/// What a bug outside an operation looks like; there is no clock to ask here.
fn bug() -> Response {
    tracing::error!("a request ended by a bug");
    Answer::refusal(Service::NONE, &Refusal::new(Case::InternalServerError)).into_response("", "")
}
