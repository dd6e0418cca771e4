//! What was booked for the gateway between two times (14), for reconciliation.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use snap::messages::bank::{EntryType, StatementEntry, StatementRequest, StatementResponse};
use snap::{Amount, Refusal, Service, Timestamp, timestamp};

use super::Failure;
use super::answer::successful;
use super::call::Call;
use super::faulty::answered;
use crate::Error;
use crate::bank::Bank;
use crate::faults::Operation;

/// Bookings on one page of the statement.
const PAGE: i64 = 100;

#[derive(sqlx::FromRow)]
struct Booking {
    id: String,
    kind: String,
    amount: i64,
    at: i64,
    reference_no: String,
    partner_reference_no: String,
    remark: Option<String>,
}

pub(super) async fn list(State(bank): State<Arc<Bank>>, call: Call) -> Response {
    answered(&bank, Operation::Statement, &call, statement(&bank, &call)).await
}

async fn statement(bank: &Bank, call: &Call) -> Result<StatementResponse, Failure> {
    let request: StatementRequest = call.read(bank).await?;
    let from = Timestamp::parse(&request.from_date_time)
        .map_err(|_| Refusal::format("fromDateTime"))?
        .unix_ms();
    let to = Timestamp::parse(&request.to_date_time)
        .map_err(|_| Refusal::format("toDateTime"))?
        .unix_ms();
    if to < from {
        return Err(Refusal::format("toDateTime").into());
    }
    let page = request.page_number.map_or(1, i64::from);
    let mut read = bank.db.read().begin().await?;
    let count: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM movements WHERE at >= $1 AND at < $2 AND kind IN ('payment', 'refund')",
    )
    .bind(from)
    .bind(to)
    .fetch_one(&mut *read)
    .await?;
    let bookings: Vec<Booking> = sqlx::query_as(
        "SELECT m.id, m.kind, COALESCE(r.amount, p.amount) AS amount, m.at, COALESCE(r.id, p.id) AS reference_no, \
         COALESCE(r.partner_refund_no, p.partner_reference_no) AS partner_reference_no, \
         COALESCE(r.reason, p.remarks) AS remark FROM movements m JOIN payments p ON p.id = m.payment_id \
         LEFT JOIN refunds r ON r.id = m.refund_id \
         WHERE m.at >= $1 AND m.at < $2 AND m.kind IN ('payment', 'refund') ORDER BY m.at, m.id LIMIT $3 OFFSET $4",
    )
    .bind(from)
    .bind(to)
    .bind(PAGE)
    .bind((page - 1).saturating_mul(PAGE))
    .fetch_all(&mut *read)
    .await?;
    let (response_code, response_message) = successful(Service::BANK_STATEMENT);
    Ok(StatementResponse {
        response_code,
        response_message,
        detail_data: bookings.into_iter().map(entry).collect::<Result<_, _>>()?,
        page_number: u64::try_from(page).unwrap_or(1),
        total_pages: u64::try_from((count + PAGE - 1) / PAGE).unwrap_or_default(),
    })
}

fn entry(booking: Booking) -> Result<StatementEntry, Failure> {
    let amount = Amount::from_sen(booking.amount).ok_or(Error::Corrupt("movements", booking.id))?;
    Ok(StatementEntry {
        amount,
        kind: if booking.kind == "refund" {
            EntryType::Credit
        } else {
            EntryType::Debit
        },
        remark: booking.remark,
        transaction_date: timestamp::format_jakarta(booking.at),
        partner_reference_no: Some(booking.partner_reference_no),
        reference_no: Some(booking.reference_no),
    })
}
