//! A payment's status (55), from what the gateway knows. Nothing is claimed and nothing stored.

use std::sync::Arc;

use direct_debit::{
    MerchantId, Payment, PaymentState, Refund, RefundKind, RefundState, Refusal as Rule,
};
use snap::messages::status::{RefundHistory, StatusInfo, StatusRequest, StatusResponse};
use snap::timestamp::{self, format_jakarta};
use snap::{Case, ResponseCode, Service};
use storage::{Session, payments, refunds};

use super::once::Once;
use super::{Trouble, refusal_of};
use crate::api::answer::Answer;
use crate::api::signed::Signed;
use crate::app::App;

/// Answers a status request.
pub async fn status(app: Arc<App>, signed: Signed<StatusRequest>) -> Result<Answer, Trouble> {
    let app = app.as_ref();
    Once::of(app, Service::STATUS, &signed, 0)
        .claim_if_strict(app)
        .await?;
    let merchant = MerchantId::new(signed.merchant.id());
    let s = app.store.reader();
    let Some(payment) = find(&s, &merchant, &signed.request).await? else {
        return Ok(Answer::refused(Service::STATUS, Rule::PaymentNotFound));
    };
    let refunds = refunds::of_payment(&s, &merchant, &payment.id).await?;
    Ok(told(&signed.request, &payment, &refunds))
}

/// The payment that all of the ids given name; none when they disagree.
async fn find(
    s: &Session,
    merchant: &MerchantId,
    request: &StatusRequest,
) -> Result<Option<Payment>, Trouble> {
    let mut found: Option<Payment> = None;
    if let Some(no) = &request.original_partner_reference_no {
        found = payments::by_partner_reference_no(s, merchant, no).await?;
        if found.is_none() {
            return Ok(None);
        }
    }
    if let Some(no) = &request.original_reference_no {
        let payment = payments::by_reference_no(s, merchant, no).await?;
        if !agrees(&mut found, payment) {
            return Ok(None);
        }
    }
    if let Some(id) = &request.original_external_id {
        if let Some(payment) = &found {
            return Ok((payment.external_id == *id).then(|| payment.clone()));
        }
        let day = request.transaction_date.as_deref().and_then(day_of);
        found = payments::by_external_id(s, merchant, id, day.as_deref()).await?;
    }
    Ok(found)
}

fn agrees(found: &mut Option<Payment>, other: Option<Payment>) -> bool {
    match (&found, other) {
        (_, None) => false,
        (Some(one), Some(other)) => one.id == other.id,
        (None, Some(other)) => {
            *found = Some(other);
            true
        }
    }
}

/// The Jakarta day of a `transactionDate`; one that is no time says nothing.
fn day_of(text: &str) -> Option<String> {
    snap::Timestamp::parse(text)
        .ok()
        .map(|time| timestamp::jakarta_day(time.unix_ms()))
}

fn told(request: &StatusRequest, payment: &Payment, refunds: &[Refund]) -> Answer {
    let name = payment.state.name();
    let status = name.transaction_status();
    let (code, message) = original(payment);
    let history = refunds
        .iter()
        .filter(|refund| refund.kind == RefundKind::Merchant)
        .map(refunded);
    let response = StatusResponse {
        response_code: ResponseCode::new(Service::STATUS, Case::Successful).to_string(),
        response_message: Case::Successful.message().to_owned(),
        original_partner_reference_no: Some(payment.partner_reference_no.clone()),
        original_reference_no: Some(payment.reference_no.clone()),
        original_external_id: Some(payment.external_id.clone()),
        service_code: Some(request.service_code.clone()),
        latest_transaction_status: status.code().to_owned(),
        transaction_status_desc: Some(status.description().to_owned()),
        original_response_code: Some(code),
        original_response_message: Some(message),
        refund_history: history.collect(),
        trans_amount: Some(payment.amount),
        fee_amount: Some(payment.fee),
        paid_time: paid_at_ms(payment).map(format_jakarta),
        additional_info: Some(StatusInfo {
            channel: Some(payment.details.channel.clone()),
            ..StatusInfo::default()
        }),
        ..StatusResponse::default()
    };
    Answer::success(Service::STATUS, Case::Successful, &response)
}

/// What the payment itself was answered, or would be now.
fn original(payment: &Payment) -> (String, String) {
    let said = |case: Case| {
        (
            ResponseCode::new(Service::PAYMENT, case).to_string(),
            case.message().to_owned(),
        )
    };
    match &payment.state {
        PaymentState::Failed { reason } => {
            let refusal = refusal_of(reason);
            (
                refusal.code(Service::PAYMENT).to_string(),
                refusal.message(),
            )
        }
        PaymentState::Cancelled { .. } => said(Case::TransactionCancelled),
        PaymentState::Created | PaymentState::Unknown => said(Case::InProgress),
        PaymentState::AwaitingCustomer
        | PaymentState::Succeeded { .. }
        | PaymentState::Refunded { .. } => said(Case::Successful),
    }
}

fn paid_at_ms(payment: &Payment) -> Option<i64> {
    match payment.state {
        PaymentState::Succeeded { paid_at_ms } | PaymentState::Refunded { paid_at_ms } => {
            Some(paid_at_ms)
        }
        _ => None,
    }
}

fn refunded(refund: &Refund) -> RefundHistory {
    let date_ms = match refund.state {
        RefundState::Succeeded { refunded_at_ms } => refunded_at_ms,
        _ => refund.created_at_ms,
    };
    RefundHistory {
        refund_no: Some(refund.refund_no.clone()),
        partner_refund_no: Some(refund.partner_refund_no.clone()),
        partner_reference_no: Some(refund.partner_refund_no.clone()),
        refund_amount: Some(refund.amount),
        refund_status: refund.state.name().refund_status().to_owned(),
        refund_date: Some(format_jakarta(date_ms)),
        reason: refund.reason.clone(),
    }
}
