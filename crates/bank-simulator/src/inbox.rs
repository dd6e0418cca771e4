//! Where the SMS arrive: a page for people, `/inbox.json` for programs.

use std::sync::Arc;

use axum::extract::{Query, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, middleware, routing::get};
use maud::html;
use serde::{Deserialize, Serialize};

use crate::bank::Bank;
use crate::hosted::{self, Look};
use crate::{Error, customers, loopback};

/// The newest messages that are shown.
const SHOWN: i64 = 50;

/// The page for people looks again this often.
const RELOAD_SECONDS: u32 = 5;

/// One SMS.
#[derive(Debug, Serialize, sqlx::FromRow)]
struct Message {
    id: String,
    phone_no: String,
    body: String,
    otp: String,
    reference: String,
    /// Unix milliseconds on the bank's clock.
    #[sqlx(rename = "at")]
    sent_at_ms: i64,
}

#[derive(Debug, Deserialize)]
struct Filter {
    phone: Option<String>,
}

pub(crate) fn routes(bank: Arc<Bank>) -> Router<Arc<Bank>> {
    Router::new()
        .route("/inbox", get(page))
        .route("/inbox.json", get(json))
        .layer(middleware::from_fn_with_state(bank, loopback::only_testers))
}

async fn messages(bank: &Bank, phone: Option<&str>) -> Result<Vec<Message>, Error> {
    const ALL: &str = "SELECT id, phone_no, body, otp, reference, at FROM inbox ORDER BY at DESC, rowid DESC LIMIT $1";
    const ONE: &str = "SELECT id, phone_no, body, otp, reference, at FROM inbox WHERE phone_no = $2 \
                       ORDER BY at DESC, rowid DESC LIMIT $1";
    let query = match phone {
        Some(phone) => sqlx::query_as(ONE).bind(SHOWN).bind(phone.to_owned()),
        None => sqlx::query_as(ALL).bind(SHOWN),
    };
    Ok(query.fetch_all(bank.db.read()).await?)
}

impl Filter {
    /// The phone number as customers have it.
    fn phone(&self) -> Option<String> {
        let phone = self.phone.as_deref().filter(|phone| !phone.is_empty())?;
        let national = phone.strip_prefix('0').map(|rest| format!("62{rest}"));
        Some(national.unwrap_or_else(|| phone.to_owned()))
    }
}

/// A phone number was given, and nobody has it.
async fn is_nobodys(bank: &Bank, phone: Option<&str>) -> Result<bool, Error> {
    match phone {
        Some(phone) => Ok(customers::by_phone(bank.db.read(), phone).await?.is_none()),
        None => Ok(false),
    }
}

/// `{"messages": […]}`, newest first; 404 for a phone number that nobody has.
async fn json(State(bank): State<Arc<Bank>>, Query(filter): Query<Filter>) -> Response {
    let phone = filter.phone();
    match is_nobodys(&bank, phone.as_deref()).await {
        Ok(false) => {}
        Ok(true) => {
            let why =
                "no customer has this phone number; the bank's front page shows who has which";
            let said = Json(serde_json::json!({ "error": why }));
            return (StatusCode::NOT_FOUND, said).into_response();
        }
        Err(error) => return failed(&error),
    }
    match messages(&bank, phone.as_deref()).await {
        Ok(messages) => {
            let headers = [("cache-control", "no-store")];
            (headers, Json(serde_json::json!({ "messages": messages }))).into_response()
        }
        Err(error) => failed(&error),
    }
}

async fn page(
    State(bank): State<Arc<Bank>>,
    Query(filter): Query<Filter>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let look = Look::choose(query.as_deref(), &headers);
    let messages = match messages(&bank, filter.phone().as_deref()).await {
        Ok(messages) => messages,
        Err(error) => return failed(&error),
    };
    let title = look.language.pick("Kotak masuk SMS", "SMS inbox");
    let main = html! {
        main {
            section.card {
                h1 { (title) }
                p.lead { (look.language.pick(
                    "Di sini SMS untuk pelanggan demo tiba. Halaman ini memuat ulang sendiri.",
                    "SMS for the demo customers arrive here. This page reloads by itself.",
                )) }
                @if messages.is_empty() {
                    p { (look.language.pick("Belum ada pesan.", "No messages yet.")) }
                }
                @for message in &messages {
                    div.sms data-phone=(message.phone_no) data-otp=(message.otp) {
                        b.mono { (message.otp) }
                        p { (message.body) }
                        p.code { (message.phone_no) " · " (snap::timestamp::format_jakarta(message.sent_at_ms)) }
                    }
                }
                p { a href="/" { (look.language.pick("Semua pelanggan", "All customers")) } }
            }
        }
    };
    let again = again(filter.phone.as_deref(), look);
    hosted::html(
        StatusCode::OK,
        hosted::layout(look, title, Some((RELOAD_SECONDS, &again)), &main),
    )
}

/// The same page, asked for again.
fn again(phone: Option<&str>, look: Look) -> String {
    let lang = look.language.tag();
    match phone.filter(|phone| phone.bytes().all(|byte| byte.is_ascii_digit())) {
        Some(phone) => format!("/inbox?phone={phone}&lang={lang}"),
        None => format!("/inbox?lang={lang}"),
    }
}

fn failed(error: &Error) -> Response {
    tracing::error!(error = error.chain(), "the inbox could not be read");
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        "the inbox could not be read\n",
    )
        .into_response()
}
