//! Payments: start (54), status (55), cancel (57).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use snap::messages::bank::{
    BankCancelRequest, BankCancelResponse, BankPaymentRequest, BankStatusRequest, PaymentResponse,
    RefundHistory, StatusResponse,
};
use snap::{
    Amount, Case, PayMethod, RefundStatus, Refusal, Service, Timestamp, TransactionStatus,
    timestamp,
};
use sqlx::SqliteConnection;

use super::Failure;
use super::answer::successful;
use super::call::Call;
use super::faulty::answered;
use crate::bank::Bank;
use crate::faults::{Operation, Outcome, armed, magic};
use crate::links::{Link, Reason};
use crate::payments::{self, Ending, Part, Payment};
use crate::refunds::{self, Refund};
use crate::{Error, customers, entropy, notify, pages};

pub(super) async fn start(State(bank): State<Arc<Bank>>, call: Call) -> Response {
    answered(
        &bank,
        Operation::Payment,
        &call,
        start_payment(&bank, &call),
    )
    .await
}

/// The page for a payment: a new one, or the same again for the same reference with the same content.
async fn start_payment(bank: &Bank, call: &Call) -> Result<PaymentResponse, Failure> {
    let request: BankPaymentRequest = call.read(bank).await?;
    let parts = parts(&request)?;
    let mut write = bank.db.write().await?;
    let link = call.customer(&mut write, bank).await?;
    let fingerprint = fingerprint(&request, &parts, &link);
    if let Some(payment) = payments::by_reference(&mut write, &request.partner_reference_no).await?
    {
        // Waits for the commit of the call that made it.
        write.commit().await?;
        return if payment.fingerprint == fingerprint {
            Ok(started(bank, &payment))
        } else {
            Err(Case::InconsistentRequest.into())
        };
    }
    check(bank, &mut write, &link, request.amount, &parts).await?;
    let return_url = request
        .return_url()
        .ok_or_else(|| Refusal::format("urlParams"))?
        .to_owned();
    let valid_up_to =
        Timestamp::parse(&request.valid_up_to).map_err(|_| Refusal::format("validUpTo"))?;
    let payment = Payment {
        id: entropy::id("PY")?,
        partner_reference_no: request.partner_reference_no,
        fingerprint,
        link_id: link.id,
        account_no: link.account_no,
        amount: request.amount.sen(),
        state: "pending".to_owned(),
        merchant_name: request.additional_info.merchant_name,
        remarks: request.additional_info.remarks,
        return_url,
        expires_at: valid_up_to.unix_ms(),
        created_at: bank.clock.now_ms(),
        ended_at: None,
        reason_code: None,
        reason_message: None,
    };
    payments::insert(&mut write, &payment, &parts).await?;
    pages::insert_for_payment(&mut write, &bank.page_id(&payment.id), &payment.id).await?;
    let fault = notification_fault(&mut write, payment.amount).await?;
    match fault {
        Some(Outcome::Early) => payments::pay(&mut write, &payment, payment.created_at).await?,
        Some(Outcome::Forged) => payments::forge(&mut write, &payment).await?,
        _ => {}
    }
    write.commit().await?;
    tracing::info!(reference = payment.partner_reference_no, "payment started");
    if fault.is_some() {
        bank.wake.notify_one();
    }
    if fault == Some(Outcome::Early) {
        notify::wait_for(bank, &payment.id).await?;
    }
    Ok(started(bank, &payment))
}

/// What goes wrong with the notification before the customer has seen a page.
async fn notification_fault(
    conn: &mut SqliteConnection,
    sen: i64,
) -> Result<Option<Outcome>, Error> {
    let now = |outcome| matches!(outcome, Outcome::Early | Outcome::Forged);
    match magic::of_notification(sen) {
        Some(outcome) => Ok(Some(outcome).filter(|outcome| now(*outcome))),
        None => armed::take(conn, Operation::Notify, now).await,
    }
}

/// What each account pays; nothing said means all of it from the balance.
fn parts(request: &BankPaymentRequest) -> Result<Vec<Part>, Failure> {
    let part = |method: PayMethod, amount: Amount| Part {
        kind: method.as_str().to_owned(),
        amount: amount.sen(),
        refunded: 0,
    };
    let parts: Vec<Part> = match request.pay_option_details.as_slice() {
        [] => vec![part(PayMethod::Balance, request.amount)],
        options => options
            .iter()
            .map(|option| {
                part(
                    option.pay_method,
                    option.trans_amount.unwrap_or(request.amount),
                )
            })
            .collect(),
    };
    let sum = parts
        .iter()
        .try_fold(0i64, |sum, part| sum.checked_add(part.amount));
    if sum != Some(request.amount.sen()) || parts.iter().any(|part| part.amount == 0) {
        return Err(Case::InvalidAmount.into());
    }
    Ok(parts)
}

/// What must be the same for a repeat to be a repeat. When it expires and where it returns to may differ.
fn fingerprint(request: &BankPaymentRequest, parts: &[Part], link: &Link) -> String {
    let mut parts: Vec<String> = parts
        .iter()
        .map(|part| format!("{}={}", part.kind, part.amount))
        .collect();
    parts.sort();
    entropy::hash(&format!(
        "{}|{}|{}",
        link.id,
        request.amount,
        parts.join("|")
    ))
}

/// What is known before the customer has seen a page.
async fn check(
    bank: &Bank,
    conn: &mut SqliteConnection,
    link: &Link,
    amount: Amount,
    parts: &[Part],
) -> Result<(), Failure> {
    if let Some(case) = magic::refusal(amount) {
        return Err(case.into());
    }
    let customer = customers::by_account(&mut *conn, &link.account_no).await?;
    match customer.state.as_str() {
        "blocked" => return Err(Case::DoNotHonor.into()),
        "dormant" => return Err(Case::DormantAccount.into()),
        _ => {}
    }
    if amount.sen() > bank.payment_limit() {
        return Err(Case::ExceedsAmountLimit.into());
    }
    if !payments::is_covered(conn, &link.account_no, parts).await? {
        return Err(Case::InsufficientFunds.into());
    }
    Ok(())
}

fn started(bank: &Bank, payment: &Payment) -> PaymentResponse {
    let (response_code, response_message) = successful(Service::PAYMENT);
    PaymentResponse {
        response_code,
        response_message,
        web_redirect_url: Some(bank.page_url(&payment.id)),
        partner_reference_no: Some(payment.partner_reference_no.clone()),
        reference_no: Some(payment.id.clone()),
    }
}

pub(super) async fn status(State(bank): State<Arc<Bank>>, call: Call) -> Response {
    answered(
        &bank,
        Operation::Status,
        &call,
        payment_status(&bank, &call),
    )
    .await
}

async fn payment_status(bank: &Bank, call: &Call) -> Result<StatusResponse, Failure> {
    let request: BankStatusRequest = call.read(bank).await?;
    let mut read = bank.db.read().begin().await?;
    let payment = payments::by_reference(&mut read, &request.original_partner_reference_no)
        .await?
        .ok_or(Failure::from(Case::TransactionNotFound))?;
    let refunds = refunds::of_payment(&mut read, &payment.id).await?;
    let status = state_of(&payment, &refunds, bank.clock.now_ms());
    let (response_code, response_message) = successful(Service::STATUS);
    let paid = payment.state == "paid";
    let expired = status == TransactionStatus::Cancelled && payment.reason_code.is_none();
    let reason = expired.then(|| Reason::new(Service::PAYMENT, Case::TransactionExpired));
    let (code, message) = match reason {
        Some(reason) => (Some(reason.code), Some(reason.message)),
        None => (payment.reason_code, payment.reason_message),
    };
    Ok(StatusResponse {
        response_code,
        response_message,
        original_partner_reference_no: Some(payment.partner_reference_no),
        original_reference_no: Some(payment.id),
        service_code: Some(request.service_code),
        latest_transaction_status: status.code().to_owned(),
        transaction_status_desc: Some(status.description().to_owned()),
        original_response_code: code,
        original_response_message: message,
        refund_history: refunds.iter().map(history).collect::<Result<_, _>>()?,
        trans_amount: Amount::from_sen(payment.amount),
        paid_time: payment
            .ended_at
            .filter(|_| paid)
            .map(timestamp::format_jakarta),
        ..StatusResponse::default()
    })
}

/// SNAP's word for where a payment is. One whose time is up is cancelled, whether or not that was written down yet.
fn state_of(payment: &Payment, refunds: &[Refund], now_ms: i64) -> TransactionStatus {
    let refunded: i64 = refunds.iter().map(|refund| refund.amount).sum();
    match payment.state.as_str() {
        "pending" if now_ms < payment.expires_at => TransactionStatus::Paying,
        "pending" | "cancelled" => TransactionStatus::Cancelled,
        "paid" if refunded == payment.amount => TransactionStatus::Refunded,
        "paid" => TransactionStatus::Success,
        _ => TransactionStatus::Failed,
    }
}

fn history(refund: &Refund) -> Result<RefundHistory, Failure> {
    let amount = Amount::from_sen(refund.amount)
        .ok_or_else(|| Error::Corrupt("refunds", refund.id.clone()))?;
    Ok(RefundHistory {
        refund_no: Some(refund.id.clone()),
        refund_date: Some(timestamp::format_jakarta(refund.at)),
        reason: refund.reason.clone(),
        ..RefundHistory::new(
            refund.partner_refund_no.clone(),
            amount,
            RefundStatus::Success,
        )
    })
}

pub(super) async fn cancel(State(bank): State<Arc<Bank>>, call: Call) -> Response {
    answered(
        &bank,
        Operation::Cancel,
        &call,
        cancel_payment(&bank, &call),
    )
    .await
}

/// Unpaid → cancelled; what has ended without money stays as it is and that is a success; paid cannot be cancelled.
async fn cancel_payment(bank: &Bank, call: &Call) -> Result<BankCancelResponse, Failure> {
    let request: BankCancelRequest = call.read(bank).await?;
    let mut write = bank.db.write().await?;
    let now_ms = bank.clock.now_ms();
    let payment = payments::by_reference(&mut write, &request.original_partner_reference_no)
        .await?
        .ok_or(Failure::from(Case::TransactionNotFound))?;
    if payment.state == "paid" {
        write.commit().await?;
        return Err(Case::InvalidTransactionStatus.into());
    }
    let in_time = now_ms < payment.expires_at;
    let case = if in_time {
        Case::TransactionCancelled
    } else {
        Case::TransactionExpired
    };
    let reason = Reason::new(Service::PAYMENT, case);
    let now = payments::end(&mut write, &payment.id, Ending::Cancelled, &reason, now_ms).await?;
    write.commit().await?;
    bank.wake.notify_one();
    if now {
        tracing::info!(
            reference = payment.partner_reference_no,
            "payment cancelled"
        );
    }
    let (response_code, response_message) = successful(Service::CANCEL);
    Ok(BankCancelResponse {
        response_code,
        response_message,
        original_partner_reference_no: Some(payment.partner_reference_no),
        original_reference_no: Some(payment.id),
        cancel_time: Some(timestamp::format_jakarta(
            payment.ended_at.unwrap_or(now_ms),
        )),
    })
}
