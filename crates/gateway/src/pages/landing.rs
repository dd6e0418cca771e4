//! The landing pages: what a merchant's `redirectUrl` and `webRedirectUrl` open.
//!
//! A GET changes nothing. Where the bank's page is open the browser is sent on to it; otherwise the page
//! says where the journey stands. Page ids are looked up by their hash.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use direct_debit::{Binding, MerchantId, Payment};
use serde::Deserialize;
use storage::merchants::{self, Merchant};
use storage::{bindings, payments};

use super::language::Language;
use super::look::{self, Showing};
use super::view::{End, View};
use crate::api::signed::peer;
use crate::app::App;
use crate::derive;

/// What may stand after the `?` of a landing page.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    /// The language that the customer chose.
    #[serde(default)]
    lang: Option<String>,
    /// The customer has just come back from the bank.
    #[serde(default)]
    returned: Option<String>,
}

/// `GET /direct-debit/ui/binding/core/{page_id}`.
pub async fn binding(
    State(app): State<Arc<App>>,
    page_id: Result<Path<String>, PathRejection>,
    parts: Parts,
) -> Response {
    let visit = Visit::of(&parts);
    if !app.limits.address(peer(&parts)) {
        return look::trouble(visit.language);
    }
    visit.answer(match page_id {
        Ok(Path(page_id)) if is_page_id(&page_id) => find_binding(&app, &page_id).await,
        _ => Ok(None),
    })
}

/// `GET /direct-debit/ui/payment/core/{page_id}`.
pub async fn payment(
    State(app): State<Arc<App>>,
    page_id: Result<Path<String>, PathRejection>,
    parts: Parts,
) -> Response {
    let visit = Visit::of(&parts);
    if !app.limits.address(peer(&parts)) {
        return look::trouble(visit.language);
    }
    visit.answer(match page_id {
        Ok(Path(page_id)) if is_page_id(&page_id) => find_payment(&app, &page_id).await,
        _ => Ok(None),
    })
}

/// A page to show, and the merchant's own URL schemes.
struct Found {
    view: View,
    url_schemes: Vec<String>,
}

async fn find_binding(app: &App, page_id: &str) -> Result<Option<Found>, storage::Error> {
    let session = app.store.reader();
    let Some(binding) = bindings::by_page(&session, &derive::hash(page_id)).await? else {
        return Ok(None);
    };
    let (name, url_schemes) = merchant(app, &binding.merchant).await?;
    let now_ms = app.clock.business_now_ms();
    let view = View::of_binding(&binding, &name, now_ms, bank_answers(app, &binding));
    Ok(Some(Found { view, url_schemes }))
}

async fn find_payment(app: &App, page_id: &str) -> Result<Option<Found>, storage::Error> {
    let session = app.store.reader();
    let Some(payment) = payments::by_page(&session, &derive::hash(page_id)).await? else {
        return Ok(None);
    };
    let Payment {
        merchant: owner,
        binding,
        ..
    } = &payment;
    let binding = bindings::by_id(&session, owner, binding)
        .await?
        .ok_or_else(|| storage::Error::corrupt("payments", &payment.id, "its binding is gone"))?;
    let (name, url_schemes) = merchant(app, owner).await?;
    let view = View::of_payment(&payment, &binding, &name, bank_answers(app, &binding));
    Ok(Some(Found { view, url_schemes }))
}

/// The merchant's name and URL schemes, a disabled merchant's too: its customers still want an answer.
async fn merchant(app: &App, id: &MerchantId) -> Result<(String, Vec<String>), storage::Error> {
    let stored = merchants::by_id(&app.store.reader(), id).await?;
    Ok(
        stored.map_or_else(Default::default, |Merchant { name, settings, .. }| {
            (name, settings.allowed_url_schemes)
        }),
    )
}

fn bank_answers(app: &App, binding: &Binding) -> bool {
    app.banks
        .get(&binding.bank)
        .is_some_and(|bank| bank.would_ask())
}

/// How the customer opened the page.
#[derive(Debug, Clone, Copy)]
struct Visit {
    language: Language,
    returning: bool,
}

impl Visit {
    fn of(parts: &Parts) -> Self {
        let asked: Asked = Query::try_from_uri(&parts.uri)
            .map(|Query(asked)| asked)
            .unwrap_or_default();
        let language = language(asked.lang.as_deref(), &parts.headers);
        Self {
            language,
            returning: asked.returned.is_some(),
        }
    }

    fn answer(self, found: Result<Option<Found>, storage::Error>) -> Response {
        let found = match found {
            Ok(Some(found)) => found,
            Ok(None) => return look::no_page(self.language),
            Err(error) => {
                tracing::error!(error = %crate::flows::chain(&error), "a page could not be looked up");
                return look::trouble(self.language);
            }
        };
        // Who comes from the bank is not sent there again by itself: the two pages could go in circles.
        if let (End::Open { bank_page }, false) = (&found.view.end, self.returning)
            && let Some(redirect) = look::see_other(bank_page)
        {
            return redirect;
        }
        let Self {
            language,
            returning,
        } = self;
        look::page(
            &found.view,
            Showing {
                language,
                url_schemes: &found.url_schemes,
                returning,
            },
        )
    }
}

/// The language of a request.
pub fn language(asked: Option<&str>, headers: &HeaderMap) -> Language {
    let accepted = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    Language::choose(asked, accepted)
}

/// Whether a text can be a page id or a state: 24 bytes in base64url. Anything else is not looked up.
pub fn is_page_id(text: &str) -> bool {
    text.len() == 32
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
