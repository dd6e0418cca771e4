//! The browser's return from the bank.
//!
//! What the browser brings only says whom to ask about; the bank is asked, server to server, and the
//! customer is led to the landing page, which says what became of it and leads on to the merchant. So
//! reloading, going back and a second tab all meet a page that changes nothing.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, State};
use axum::http::request::Parts;
use axum::response::Response;
use serde::Deserialize;

use super::landing::{is_page_id, language};
use super::look;
use crate::api::signed::peer;
use crate::app::App;
use crate::flows::confirm::{self, Subject};
use crate::flows::{self, addresses};

/// What the bank's page appends nothing to: our own `state`.
#[derive(Debug, Default, Deserialize)]
struct Brought {
    #[serde(default)]
    state: Option<String>,
}

/// `GET /direct-debit/ui/return/{bank}?state=…`.
pub async fn returned(
    State(app): State<Arc<App>>,
    bank: Result<Path<String>, PathRejection>,
    parts: Parts,
) -> Response {
    let language = language(None, &parts.headers);
    if !app.limits.address(peer(&parts)) {
        return look::trouble(language);
    }
    let brought = Query::<Brought>::try_from_uri(&parts.uri)
        .ok()
        .and_then(|Query(brought)| brought.state);
    let (Ok(Path(bank)), Some(state)) = (bank, brought.filter(|state| is_page_id(state))) else {
        return look::no_page(language);
    };
    let subject = match confirm::returned(&app, &bank, &state).await {
        Ok(Some(subject)) => subject,
        Ok(None) => return look::no_page(language),
        Err(error) => {
            tracing::error!(error = %flows::chain(&error), "a returning browser could not be answered");
            return look::trouble(language);
        }
    };
    let page = match &subject {
        Subject::Binding(binding) => addresses::binding_page(&app, binding.id.as_str()),
        Subject::Payment(payment) => addresses::payment_page(&app, payment.id.as_str()),
    };
    look::see_other(&format!("{page}?returned=1")).unwrap_or_else(|| look::trouble(language))
}
