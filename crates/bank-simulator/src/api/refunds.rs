//! Refunds (58): needs no customer token, so that past payments can be refunded after unbinding.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use snap::messages::bank::{BankRefundRequest, RefundResponse};
use snap::{Amount, Case, Refusal, Service, timestamp};

use super::Failure;
use super::answer::successful;
use super::call::Call;
use super::faulty::answered;
use crate::bank::Bank;
use crate::entropy;
use crate::faults::{Operation, magic};
use crate::payments::{self, Payment};
use crate::refunds::{self, Refund};

pub(super) async fn refund(State(bank): State<Arc<Bank>>, call: Call) -> Response {
    answered(&bank, Operation::Refund, &call, give_back(&bank, &call)).await
}

/// The same refund id with the same content is the same refund, however often it is asked for.
async fn give_back(bank: &Bank, call: &Call) -> Result<RefundResponse, Failure> {
    let request: BankRefundRequest = call.read(bank).await?;
    if request.refund_amount.is_zero() {
        return Err(Refusal::format("refundAmount.value").into());
    }
    let fingerprint = entropy::hash(&format!(
        "{}|{}",
        request.original_partner_reference_no, request.refund_amount
    ));
    let mut write = bank.db.write().await?;
    let payment = payments::by_reference(&mut write, &request.original_partner_reference_no)
        .await?
        .ok_or(Failure::from(Case::TransactionNotFound))?;
    if let Some(refund) = refunds::by_reference(&mut write, &request.partner_refund_no).await? {
        // Waits for the commit of the call that made it.
        write.commit().await?;
        return if refund.fingerprint == fingerprint {
            Ok(done(&payment, &refund))
        } else {
            Err(Case::InconsistentRequest.into())
        };
    }
    if payment.state != "paid" {
        write.commit().await?;
        return Err(Case::InvalidTransactionStatus.into());
    }
    if let Some(case) = magic::refusal(request.refund_amount) {
        return Err(case.into());
    }
    let refund = Refund {
        id: entropy::id("RF")?,
        partner_refund_no: request.partner_refund_no,
        fingerprint,
        payment_id: payment.id.clone(),
        amount: request.refund_amount.sen(),
        reason: request.reason,
        at: bank.clock.now_ms(),
    };
    if !refunds::give_back(&mut write, &payment, &refund).await? {
        write.commit().await?;
        return Err(Case::InvalidAmount.into());
    }
    write.commit().await?;
    tracing::info!(reference = refund.partner_refund_no, "refund made");
    Ok(done(&payment, &refund))
}

fn done(payment: &Payment, refund: &Refund) -> RefundResponse {
    let (response_code, response_message) = successful(Service::REFUND);
    RefundResponse {
        response_code,
        response_message,
        refund_amount: Amount::from_sen(refund.amount),
        original_partner_reference_no: Some(payment.partner_reference_no.clone()),
        original_reference_no: Some(payment.id.clone()),
        refund_no: Some(refund.id.clone()),
        partner_refund_no: Some(refund.partner_refund_no.clone()),
        refund_time: Some(timestamp::format_jakarta(refund.at)),
    }
}
