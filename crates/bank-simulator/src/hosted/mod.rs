//! The pages that customers see: routes, headers, and which page is shown when.
//!
//! GET changes nothing and sends nothing. A step is a POST; it answers with 303 back to the page while there is more
//! to do, and with 200 when all is done, because the way out leads to another origin, which `form-action` forbids to
//! a redirect.

mod cookies;
mod form;
mod language;
mod steps;
mod view;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use maud::Markup;

use self::steps::{Act, Told};
use self::words::End;
use crate::bank::Bank;
use crate::pages::{self, Browser};
use crate::{Error, otp};

pub(crate) use self::language::Language;
pub(crate) use self::view::{Look, layout};

const STYLE: &str = include_str!("style.css");
pub(crate) const STYLE_PATH: &str = "/assets/bank.css";

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";

/// The customers' routes.
pub(crate) fn routes() -> Router<Arc<Bank>> {
    Router::new()
        .route("/pages/{id}", get(show))
        .route("/pages/{id}/{step}", post(step).get(back_to_page))
        .route(STYLE_PATH, get(style))
        .layer(DefaultBodyLimit::max(form::MAX_BYTES))
}

impl Look {
    pub(crate) fn choose(query: Option<&str>, headers: &HeaderMap) -> Self {
        let sticky = query.is_some_and(|query| query.contains("lang="));
        Self {
            language: Language::choose(query, headers),
            sticky,
        }
    }
}

/// HTML that is kept nowhere, framed nowhere and runs nothing.
pub(crate) fn html(status: StatusCode, markup: Markup) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
    ];
    (status, headers, markup.into_string()).into_response()
}

async fn style() -> Response {
    let headers = [
        (CONTENT_TYPE, "text/css; charset=utf-8"),
        (CACHE_CONTROL, "public, max-age=300"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, STYLE).into_response()
}

async fn show(
    State(bank): State<Arc<Bank>>,
    Path(page_id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let look = Look::choose(query.as_deref(), &headers);
    let session = cookies::session(&headers, &page_id);
    match current(&bank, look, &page_id, session.as_deref(), false).await {
        Ok(response) => response,
        Err(error) => broken(look, &page_id, &error),
    }
}

/// The page as it is now.
async fn current(
    bank: &Bank,
    look: Look,
    page_id: &str,
    session: Option<&str>,
    leave: bool,
) -> Result<Response, Error> {
    let mut read = bank.db.read().begin().await?;
    let now_ms = bank.clock.now_ms();
    let Some(page) = pages::find(&mut read, page_id).await? else {
        return Ok(html(
            StatusCode::NOT_FOUND,
            view::astray(look, End::Unknown, None),
        ));
    };
    if let Some(end) = End::of(&page.subject, now_ms) {
        return Ok(html(StatusCode::OK, view::ended(look, end, &page, leave)));
    }
    let browser = page.browser(session, now_ms);
    if page.row.otp_accepted && browser != Browser::Same {
        return Ok(html(
            StatusCode::CONFLICT,
            view::ended(look, End::Elsewhere, &page, false),
        ));
    }
    let otp = match page.row.step.as_str() {
        "otp" => otp::live(&mut read, &page.row.hash).await?,
        _ => None,
    };
    let reference = otp.as_ref().map(|otp| otp.reference.as_str());
    let via = &bank.partner.name;
    let open = view::Open {
        page: &page,
        page_id,
        browser,
        otp_reference: reference,
        via,
    };
    Ok(html(StatusCode::OK, view::open(look, &open)))
}

/// Somebody reloads or bookmarks the address of a step.
async fn back_to_page(
    Path((page_id, _)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    see_page(&page_id, Look::choose(query.as_deref(), &headers), None)
}

/// Where a page stands; nothing for an id that cannot be ours, because it goes into a header.
fn address(page_id: &str, look: Look) -> Option<String> {
    let fits = page_id
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    fits.then(|| format!("/pages/{page_id}{}", look.query()))
}

fn see_page(page_id: &str, look: Look, session: Option<String>) -> Response {
    let Some(address) = address(page_id, look) else {
        return html(
            StatusCode::NOT_FOUND,
            view::astray(look, End::Unknown, None),
        );
    };
    let headers = [
        (LOCATION, address.as_str()),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    let mut response = (StatusCode::SEE_OTHER, headers).into_response();
    if let Some(cookie) = session.and_then(|session| cookies::keep(page_id, session).parse().ok()) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

async fn step(
    State(bank): State<Arc<Bank>>,
    Path((page_id, step)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Response {
    let look = Look::choose(query.as_deref(), &headers);
    let Some(typed) = body
        .ok()
        .and_then(|body| form::field(&headers, &body, &step))
    else {
        let again = address(&page_id, look);
        return html(
            StatusCode::BAD_REQUEST,
            view::astray(look, End::BadRequest, again.as_deref()),
        );
    };
    let session = cookies::session(&headers, &page_id);
    let act = Act {
        bank: &bank,
        page_id: &page_id,
        session: session.as_deref(),
    };
    let told = match step.as_str() {
        "start" => act.start().await,
        "otp" => act.otp(&typed).await,
        "resend" => act.resend().await,
        "pin" => act.pin(&typed).await,
        "cancel" => act.cancel().await,
        _ => Ok(Told::Unknown),
    };
    let shown = match told {
        Ok(Told::See { session }) => Ok(see_page(&page_id, look, session)),
        Ok(Told::Ended) => current(&bank, look, &page_id, act.session, true).await,
        Ok(Told::Elsewhere) => current(&bank, look, &page_id, act.session, false).await,
        Ok(Told::Unknown) => Ok(html(
            StatusCode::NOT_FOUND,
            view::astray(look, End::Unknown, None),
        )),
        Err(error) => Err(error),
    };
    shown.unwrap_or_else(|error| broken(look, &page_id, &error))
}

fn broken(look: Look, page_id: &str, error: &Error) -> Response {
    tracing::error!(error = error.chain(), "a page could not be shown");
    html(
        StatusCode::INTERNAL_SERVER_ERROR,
        view::astray(look, End::Broken, address(page_id, look).as_deref()),
    )
}
