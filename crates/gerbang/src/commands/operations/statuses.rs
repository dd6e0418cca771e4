//! `gerbang status`: how a payment stands, and waiting until that is final.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use merchant_sdk::{
    Case, Outcome, PaymentId, RefundHistory, RefundStatus, StatusResponse, TransactionStatus,
};
use serde_json::json;
use snap::{Amount, ReceivedCode, openapi};
use tokio::time::{Instant, sleep, sleep_until};

use super::live::Live;
use super::return_page::{ReturnPage, came_back};
use super::{Session, ended, quoted};
use crate::cli::StatusArgs;
use crate::commands::span;
use crate::screen;

/// Asks and shows.
pub async fn run(args: StatusArgs) -> anyhow::Result<ExitCode> {
    let session = Session::open(&args.operation)?;
    let timeout = span::duration(&args.timeout)?;
    let reference = reference(&session, args.reference.as_ref())?;
    if args.wait {
        return wait(&session, &reference, &mut None, timeout).await;
    }
    match ask(&session, &reference).await? {
        Outcome::Done(status) => tell(&session, &status, false),
        other => Ok(not_told(&session, &reference, other)),
    }
}

/// The reference that is meant: the named one, or the latest payment's.
pub fn reference(session: &Session, named: Option<&String>) -> anyhow::Result<String> {
    match named {
        Some(reference) => Ok(reference.clone()),
        None => session.kept()?.last_payment.context(
            "no payment was begun here yet; `gerbang pay` begins one, or name one by its reference",
        ),
    }
}

/// Asks once.
pub async fn ask(session: &Session, reference: &str) -> anyhow::Result<Outcome<StatusResponse>> {
    let client = session.profile.client();
    let outcome = client.status(PaymentId::from(reference)).await;
    outcome.map_err(|error| session.explain(error))
}

/// A status that could not be had.
pub fn not_told(session: &Session, reference: &str, outcome: Outcome<StatusResponse>) -> ExitCode {
    match outcome {
        Outcome::Refused { code, meaning } => {
            ended::refused(session, "the status", &code, &meaning)
        }
        Outcome::Unknown(lost) => {
            let again = format!("status {}", quoted(reference));
            ended::unknown(session, "the payment", reference, &lost, &[again])
        }
        Outcome::Done(_) => ExitCode::SUCCESS,
    }
}

/// Asks until it is final, earlier where the customer comes back, and tells how it ended.
pub async fn wait(
    session: &Session,
    reference: &str,
    page: &mut Option<ReturnPage>,
    timeout: Duration,
) -> anyhow::Result<ExitCode> {
    let live = Live::show("waiting for the customer")?;
    let policy = session.profile.client().retry_policy().clone();
    let deadline = Instant::now() + timeout;
    let mut pause = policy.status_after;
    loop {
        tokio::select! {
            _ = came_back(page) => {}
            () = sleep(pause) => {}
            () = sleep_until(deadline) => break,
        }
        pause = policy.pause;
        match ask(session, reference).await {
            Ok(Outcome::Done(status)) => {
                if status.status().is_some_and(TransactionStatus::is_final) {
                    drop(live);
                    return tell(session, &status, true);
                }
                live.say(format!("{}: waiting for the customer", state(&status)));
            }
            Ok(refused @ Outcome::Refused { .. }) => {
                drop(live);
                return Ok(not_told(session, reference, refused));
            }
            Ok(Outcome::Unknown(lost)) => live.say(format!("not known yet: {}", lost.cause)),
            Err(error) => live.say(format!("not asked: {error}")),
        }
    }
    drop(live);
    if session.json {
        screen::json(&json!({ "outcome": "unknown", "reference": reference }));
    } else {
        screen::bad("the payment is not over");
        screen::value("reference", reference);
        screen::note("  it may still be paid; this goes on:");
        session.next(&format!("status {} --wait", quoted(reference)));
    }
    Ok(ended::not_over())
}

/// Tells how it stands; the exit status says so too where somebody waited for the end.
pub fn tell(session: &Session, status: &StatusResponse, waited: bool) -> anyhow::Result<ExitCode> {
    use TransactionStatus as S;
    if session.json {
        screen::json(&object(status));
    } else {
        show(session, status);
    }
    Ok(match status.status() {
        _ if !waited => ExitCode::SUCCESS,
        Some(S::Success | S::Refunded) => ExitCode::SUCCESS,
        Some(S::Cancelled | S::Failed) => ended::ended_badly(),
        _ => ended::not_over(),
    })
}

fn show(session: &Session, status: &StatusResponse) {
    use TransactionStatus as S;
    let amount = status
        .trans_amount
        .map(Amount::rupiah_text)
        .unwrap_or_default();
    match status.status() {
        Some(S::Success) => screen::good(format!("paid: {amount}")),
        Some(S::Refunded) => screen::good(format!("paid, and all of it refunded: {amount}")),
        Some(S::Cancelled | S::Failed) => screen::bad(format!("not paid: {amount}")),
        _ => screen::line(format!("not over yet: {amount}")),
    }
    screen::value(
        "reference",
        status
            .original_partner_reference_no
            .as_deref()
            .unwrap_or_default(),
    );
    screen::value("state", state(status));
    if let Some(why) = why(status) {
        screen::value("why", why);
    }
    if let Some(paid) = &status.paid_time {
        screen::value("paid at", paid);
    }
    if !status.refund_history.is_empty() {
        let rows: Vec<Vec<String>> = status.refund_history.iter().map(refund_row).collect();
        screen::table(&["refund", "amount", "state", "at"], &rows);
    }
    match status.status() {
        Some(S::Success) => {
            screen::note("all of it, or with --amount a part, is given back by:");
            session.next("refund");
        }
        Some(S::Cancelled | S::Failed) => {
            screen::note("nothing was charged; a new payment gets a new reference:");
            session.next("pay --wait");
        }
        _ => {}
    }
}

/// The state with its code.
fn state(status: &StatusResponse) -> String {
    let known = status.status().map(TransactionStatus::description);
    let words = status.transaction_status_desc.as_deref().or(known);
    format!(
        "{} {}",
        status.latest_transaction_status,
        words.unwrap_or_default()
    )
}

/// Why it was not paid.
fn why(status: &StatusResponse) -> Option<String> {
    let code = status.original_response_code.as_deref()?;
    let message = status
        .original_response_message
        .as_deref()
        .unwrap_or_default();
    let case = ReceivedCode::parse(code).and_then(ReceivedCode::case);
    let words = case
        .filter(|case| *case != Case::Successful)
        .and_then(openapi::meaning)?;
    Some(format!("{code} {message}: {words}"))
}

fn refund_row(refund: &RefundHistory) -> Vec<String> {
    let state = match refund.status() {
        Some(RefundStatus::Success) => "refunded",
        Some(RefundStatus::Pending) => "not known yet",
        Some(RefundStatus::Failed) => "refused",
        None => &refund.refund_status,
    };
    vec![
        refund.partner_refund_no().unwrap_or_default().to_owned(),
        refund
            .refund_amount
            .map(Amount::rupiah_text)
            .unwrap_or_default(),
        state.to_owned(),
        refund.refund_date.clone().unwrap_or_default(),
    ]
}

fn object(status: &StatusResponse) -> serde_json::Value {
    let refund = |refund: &RefundHistory| {
        json!({
            "reference": refund.partner_refund_no(),
            "amount": refund.refund_amount.map(|amount| amount.to_string()),
            "status": refund.refund_status,
            "at": refund.refund_date,
        })
    };
    json!({
        "outcome": "done",
        "reference": status.original_partner_reference_no,
        "reference_no": status.original_reference_no,
        "status": status.latest_transaction_status,
        "description": status.transaction_status_desc,
        "final": status.status().is_some_and(TransactionStatus::is_final),
        "amount": status.trans_amount.map(|amount| amount.to_string()),
        "paid_at": status.paid_time,
        "code": status.original_response_code,
        "message": status.original_response_message,
        "refunds": status.refund_history.iter().map(refund).collect::<Vec<_>>(),
    })
}
