//! The tester's hand on the bank: move the clock, unlink a customer as the bank's own app would, reset, look at
//! every row, arm faults. JSON over HTTP under `/control`, for this machine or with the control secret.

pub(crate) mod faults;

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use serde::Deserialize;
use serde_json::{Value, json};
use snap::{Amount, Case, PhoneNo, Service};

use crate::bank::Bank;
use crate::links::{self, Reason};
use crate::payments::{self, Ending};
use crate::{Error, customers, dump, loopback};

/// A hundred years: more is a typing error.
const MAX_ADVANCE_MS: i64 = 100 * 366 * 24 * 3_600_000;

pub(crate) fn routes(bank: Arc<Bank>) -> Router<Arc<Bank>> {
    Router::new()
        .route("/control/clock", post(clock).get(show_clock))
        .route("/control/unlink", post(unlink))
        .route("/control/reset", post(reset))
        .route("/control/limit", post(limit))
        .route("/control/dump", get(dump_all))
        .route(
            "/control/fault",
            post(faults::arm).get(faults::list).delete(faults::clear),
        )
        .layer(middleware::from_fn_with_state(bank, loopback::only_testers))
}

#[derive(Debug, Deserialize)]
struct Advance {
    advance_ms: i64,
}

#[derive(Debug, Deserialize)]
struct Who {
    phone_no: String,
}

#[derive(Debug, Deserialize)]
struct Limit {
    single_payment: String,
}

fn told(result: Result<Value, Error>) -> Response {
    match result {
        Ok(value) => Json(value).into_response(),
        Err(error) => {
            tracing::error!(error = error.chain(), "a control call failed");
            refused(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the bank failed; its log says why",
            )
        }
    }
}

fn refused(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "error": why }))).into_response()
}

fn clock_now(bank: &Bank) -> Value {
    json!({ "now_ms": bank.clock.now_ms(), "offset_ms": bank.clock.offset_ms() })
}

async fn show_clock(State(bank): State<Arc<Bank>>) -> Response {
    Json(clock_now(&bank)).into_response()
}

async fn clock(State(bank): State<Arc<Bank>>, Json(body): Json<Advance>) -> Response {
    if !(0..=MAX_ADVANCE_MS).contains(&body.advance_ms) {
        return refused(
            StatusCode::BAD_REQUEST,
            "advance_ms must be zero or more: the clock only goes forward",
        );
    }
    told(
        bank.advance(body.advance_ms)
            .await
            .map(|_| clock_now(&bank)),
    )
}

async fn unlink(State(bank): State<Arc<Bank>>, Json(body): Json<Who>) -> Response {
    let Some(phone) = PhoneNo::parse(&body.phone_no) else {
        return refused(StatusCode::BAD_REQUEST, "phone_no must be 9 to 16 digits");
    };
    match unlink_customer(&bank, &phone.normalised()).await {
        Ok(None) => refused(StatusCode::NOT_FOUND, "no customer has this phone number"),
        Ok(Some(unlinked)) => told(Ok(json!({ "unlinked": unlinked }))),
        Err(error) => told(Err(error)),
    }
}

/// As if the customer had removed every merchant in the bank's app: links and tokens end, open payments are cancelled.
async fn unlink_customer(bank: &Bank, phone_no: &str) -> Result<Option<usize>, Error> {
    let mut write = bank.db.write().await?;
    let Some(customer) = customers::by_phone(&mut *write, phone_no).await? else {
        return Ok(None);
    };
    let now_ms = bank.clock.now_ms();
    let linked = links::linked_of_account(&mut write, &customer.account_no).await?;
    let reason = Reason::new(Service::PAYMENT, Case::TransactionCancelled);
    for link in &linked {
        for payment in payments::pending_of_link(&mut write, &link.id).await? {
            payments::end(&mut write, &payment.id, Ending::Cancelled, &reason, now_ms).await?;
        }
        links::unlink(&mut write, &link.id, now_ms).await?;
        tracing::info!(
            reference = link.partner_reference_no,
            "unlinked in the bank's app"
        );
    }
    write.commit().await?;
    bank.wake.notify_one();
    Ok(Some(linked.len()))
}

async fn reset(State(bank): State<Arc<Bank>>) -> Response {
    let work = async {
        let mut write = bank.db.write().await?;
        customers::reset(&mut write, bank.clock.now_ms()).await?;
        write.commit().await?;
        Ok(json!({ "reset": true }))
    };
    told(work.await)
}

async fn limit(State(bank): State<Arc<Bank>>, Json(body): Json<Limit>) -> Response {
    match Amount::parse(&body.single_payment) {
        Ok(amount) => told(
            bank.set_payment_limit(amount.sen())
                .await
                .map(|()| json!({ "single_payment": amount.to_string() })),
        ),
        Err(error) => refused(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

async fn dump_all(State(bank): State<Arc<Bank>>) -> Response {
    let work = async {
        let mut read = bank.db.read().begin().await?;
        dump::dump(&mut read).await
    };
    match work.await {
        Ok(lines) => ([("content-type", "application/x-ndjson")], lines).into_response(),
        Err(error) => told(Err(error)),
    }
}
