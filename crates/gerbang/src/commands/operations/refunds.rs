//! `gerbang refund`: gives a payment back, all that is left of it or a part.

use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use merchant_sdk::{Amount, NewRefund, Outcome, Reference, RefundStatus, StatusResponse};
use serde_json::json;

use super::live::Live;
use super::{Session, amounts, ended, quoted, statuses};
use crate::cli::RefundArgs;
use crate::screen;

/// Refunds.
pub async fn run(args: RefundArgs) -> anyhow::Result<ExitCode> {
    let session = Session::open(&args.operation)?;
    let payment = statuses::reference(&session, args.reference.as_ref())?;
    let amount = match &args.amount {
        Some(amount) => amounts::amount(amount)?,
        None => match statuses::ask(&session, &payment).await? {
            Outcome::Done(status) => left(&status)?,
            other => return Ok(statuses::not_told(&session, &payment, other)),
        },
    };
    let reference = match &args.refund_reference {
        Some(text) => Reference::new(text)?,
        None => Reference::random(),
    };
    let mut request = NewRefund::new(&Reference::new(&payment)?, amount, &reference)?;
    if let Some(reason) = &args.reason {
        request = request.reason(reason)?;
    }
    let live = Live::show("asking for the refund")?;
    let outcome = send(&session, &request).await;
    drop(live);
    match outcome? {
        Outcome::Done(refund) => {
            if session.json {
                screen::json(&json!({
                    "outcome": "done",
                    "reference": payment,
                    "refund_reference": reference.as_str(),
                    "refund_no": refund.answer.refund_no,
                    "amount": amount.to_string(),
                    "attempts": ended::attempts(&refund.attempts),
                }));
                return Ok(ExitCode::SUCCESS);
            }
            screen::good(format!("refunded: {}", amount.rupiah_text()));
            screen::value("payment", &payment);
            screen::value("refund", reference);
            Ok(ExitCode::SUCCESS)
        }
        Outcome::Refused { code, meaning } => {
            Ok(ended::refused(&session, "the refund", &code, &meaning))
        }
        Outcome::Unknown(lost) => {
            let again = format!(
                "refund {} --amount {amount} --refund-reference {reference}",
                quoted(&payment)
            );
            let next = [format!("status {}", quoted(&payment)), again];
            Ok(ended::unknown(
                &session,
                "the refund",
                reference.as_str(),
                &lost,
                &next,
            ))
        }
    }
}

/// DOKU wants the customer's token with it; Gerbang refunds also when the link has ended.
async fn send(
    session: &Session,
    request: &NewRefund,
) -> anyhow::Result<Outcome<merchant_sdk::Refund>> {
    let outcome = if session.profile.is_doku() {
        let (linked, customer) = session.customer(None)?;
        let outcome = customer.refund(request).await;
        session.keep(&linked, &customer).await?;
        outcome
    } else {
        session.profile.client().refund(request).await
    };
    outcome.map_err(|error| session.explain(error))
}

/// What was paid and not refunded; refunds that are not known yet count as refunded.
fn left(status: &StatusResponse) -> anyhow::Result<Amount> {
    let history = status.refund_history.iter();
    let refunded: Option<Amount> = history
        .filter(|refund| refund.status() != Some(RefundStatus::Failed))
        .map(|refund| refund.refund_amount.unwrap_or(Amount::ZERO))
        .sum();
    let paid = status
        .trans_amount
        .context("the gateway does not tell the amount; give --amount")?;
    let left = refunded.and_then(|refunded| paid.checked_sub(refunded));
    let left = left.unwrap_or(Amount::ZERO);
    ensure!(
        !left.is_zero(),
        "all of this payment is refunded already; `gerbang status` shows its refunds"
    );
    Ok(left)
}
