//! A refund (58): money of a payment going back, in full or in part.
//!
//! Commit 1 claims the ids, reserves the amount in the payment and writes the refund. Then the bank is
//! asked. Commit 2 stores what the bank said and the answer. What the bank leaves open keeps its
//! reservation, and `settle` asks again under the same refund id.

use std::sync::Arc;

use direct_debit::{
    MerchantId, Payment, Refund, RefundCommand, RefundId, RefundKind, RefundState, Refusal as Rule,
    Step,
};
use snap::messages::bank::BankRefundRequest;
use snap::messages::refund::{RefundRequest, RefundResponse};
use snap::timestamp::format_jakarta;
use snap::{Case, ResponseCode, Service, Timestamp};
use storage::merchants::RefundSuccessCode;
use storage::{Session, payments, refunds};

use super::once::{Once, Turn};
use super::{Trouble, bank_of, reason, record, refusal_of};
use crate::api::answer::Answer;
use crate::api::signed::Signed;
use crate::app::App;
use crate::bank::{Asked, Bank};

/// How long after an open answer the bank is asked again.
const ASK_AGAIN_MS: i64 = 5_000;

enum Begun {
    Answered(Answer),
    Started {
        refund: Box<Refund>,
        payment: Box<Payment>,
    },
}

/// Answers a refund request.
pub async fn refund(app: Arc<App>, signed: Signed<RefundRequest>) -> Result<Answer, Trouble> {
    let app = app.as_ref();
    let bank = bank_of(app, &signed.request.channel)?;
    if !bank.would_ask() {
        return Ok(Answer::case(Service::REFUND, Case::Timeout));
    }
    let once = Once::of(app, Service::REFUND, &signed, bank.timeout_ms());
    let ids = (app.entropy.id(once.now_ms()), app.entropy.digits(32));
    let begun = app
        .store
        .transact_or_find(
            "refund: begin",
            |s| {
                let (once, signed, ids) = (&once, &signed, ids.clone());
                async move { begin(&s, once, signed, ids, bank.timeout_ms()).await }
            },
            |s, begun| find_begun(s, &once, begun),
        )
        .await?;
    let (refund, payment) = match begun {
        Begun::Answered(answer) => return Ok(answer),
        Begun::Started { refund, payment } => (refund, payment),
    };
    let said = bank.refund(&at_bank(&refund)).await;
    let answer = app
        .store
        .transact_or_find(
            "refund: end",
            |s| {
                let (once, signed, refund, payment, said) =
                    (&once, &signed, &refund, &payment, &said);
                async move {
                    let refund = apply(app, &s, refund, said).await?;
                    let answer = told(signed, payment, &refund);
                    once.answer(&s, &answer, Some(refund.id.as_str())).await
                }
            },
            |s, answer| once.find(s, answer),
        )
        .await?;
    app.workers.poke();
    Ok(answer)
}

/// Whether commit 1 happened, when that is not known.
async fn find_begun(s: Session, once: &Once, begun: Begun) -> Result<Option<Begun>, Trouble> {
    match begun {
        Begun::Answered(answer) => Ok(once.find(s, answer).await?.map(Begun::Answered)),
        Begun::Started { refund, payment } => {
            let stored = refunds::by_id(&s, &refund.merchant, &refund.id).await?;
            Ok(stored.map(|_| Begun::Started { refund, payment }))
        }
    }
}

async fn begin(
    s: &Session,
    once: &Once,
    signed: &Signed<RefundRequest>,
    (id, refund_no): (String, String),
    bank_timeout_ms: i64,
) -> Result<Begun, Trouble> {
    let request = &signed.request;
    let merchant = MerchantId::new(signed.merchant.id());
    let found = find(s, &merchant, request).await?;
    // Step 8: a customer's token, if there is one, must be of the payment's binding.
    if let (Some(token), Some(payment)) = (&signed.customer, &found)
        && token.binding_id != payment.binding.as_str()
    {
        return Err(Rule::BindingNotActive.into());
    }
    if let Turn::Repeat(answer) = once.claim(s).await? {
        return Ok(Begun::Answered(answer));
    }
    let before = refunds::by_partner_refund_no(s, &merchant, &request.partner_refund_no).await?;
    let (payment, before) = match (found, before) {
        (found, Some(before)) => match found {
            Some(payment)
                if payment.id == before.payment && before.amount == request.refund_amount =>
            {
                (payment, Some(before))
            }
            _ => {
                return Ok(Begun::Answered(
                    once.refuse(s, Rule::InconsistentRequest).await?,
                ));
            }
        },
        (Some(payment), None) => (payment, None),
        (None, None) => {
            return Ok(Begun::Answered(
                once.refuse(s, Rule::PaymentNotFound).await?,
            ));
        }
    };
    if let Some(before) = before {
        let truth = told(signed, &payment, &before);
        let answer = once.answer(s, &truth, Some(before.id.as_str())).await?;
        return Ok(Begun::Answered(answer));
    }
    let reserved = match payment.clone().reserve_refund(request.refund_amount) {
        Ok(reserved) => reserved,
        Err(rule) => return Ok(Begun::Answered(once.refuse(s, rule).await?)),
    };
    let refund = Refund {
        id: RefundId::new(id),
        merchant,
        payment: payment.id.clone(),
        partner_refund_no: request.partner_refund_no.clone(),
        refund_no,
        kind: RefundKind::Merchant,
        amount: request.refund_amount,
        reason: request.reason.clone(),
        created_at_ms: once.now_ms(),
        state: RefundState::Created,
        version: 1,
    };
    let due_ms = once
        .now_ms()
        .saturating_add(bank_timeout_ms)
        .saturating_add(ASK_AGAIN_MS);
    payments::update(s, &reserved, None, "refund reserved", once.now_ms()).await?;
    refunds::insert(s, &refund, due_ms).await?;
    Ok(Begun::Started {
        refund: Box::new(refund),
        payment: Box::new(payment),
    })
}

/// The payment that all of the ids given name; none when they disagree.
async fn find(
    s: &Session,
    merchant: &MerchantId,
    request: &RefundRequest,
) -> Result<Option<Payment>, Trouble> {
    let found =
        payments::by_partner_reference_no(s, merchant, &request.original_partner_reference_no)
            .await?;
    Ok(found.filter(|payment| {
        let agrees = |given: &Option<String>, known: &str| {
            given.as_deref().is_none_or(|given| given == known)
        };
        agrees(&request.original_reference_no, &payment.reference_no)
            && agrees(&request.original_external_id, &payment.external_id)
    }))
}

/// The refund as the bank is asked for it; the same bytes for the same refund, however often.
pub fn at_bank(refund: &Refund) -> BankRefundRequest {
    BankRefundRequest {
        original_partner_reference_no: refund.payment.to_string(),
        partner_refund_no: refund.id.to_string(),
        refund_amount: refund.amount,
        reason: refund.reason.clone(),
    }
}

/// Asks the bank for a refund again under its own id and stores what it says: `settle`'s way. An earlier
/// request for it may have been done, so it fails only by a no to the refund itself.
pub async fn ask_again(app: &App, bank: &Bank, refund: &Refund) -> Result<Refund, Trouble> {
    let said = match bank.refund(&at_bank(refund)).await {
        Asked::Refused(no) if no.is_at_the_door() => {
            tracing::warn!(refund = %refund.id, code = %no.code, message = no.message,
                "the bank refuses to be asked for a refund again");
            Asked::Unknown(no.message)
        }
        said => said,
    };
    let refund = app
        .store
        .transact("refund: again", |s| {
            let said = &said;
            async move { apply(app, &s, refund, said).await }
        })
        .await?;
    app.workers.poke();
    Ok(refund)
}

async fn apply(
    app: &App,
    s: &Session,
    refund: &Refund,
    said: &Asked<RefundResponse>,
) -> Result<Refund, Trouble> {
    let gone = |table, id: &str| storage::Error::corrupt(table, id, "gone");
    let now = refunds::by_id(s, &refund.merchant, &refund.id)
        .await?
        .ok_or_else(|| gone("refunds", refund.id.as_str()))?;
    let payment = payments::by_id(s, &refund.merchant, &refund.payment)
        .await?
        .ok_or_else(|| gone("payments", refund.payment.as_str()))?;
    let now_ms = app.clock.business_now_ms();
    let (command, cause) = match said {
        Asked::Done(response) => {
            let time = response
                .refund_time
                .as_deref()
                .and_then(|text| Timestamp::parse(text).ok());
            let refunded_at_ms = time.map_or(now_ms, |time| time.unix_ms());
            (
                RefundCommand::Succeed { refunded_at_ms },
                "the bank refunded",
            )
        }
        Asked::Refused(no) | Asked::Unlinked(no) => (
            RefundCommand::Fail { reason: reason(no) },
            "the bank refused",
        ),
        Asked::InProgress => (RefundCommand::LoseSight, "the bank left it open"),
        Asked::Unknown(_) | Asked::NotAsked => {
            (RefundCommand::LoseSight, "the bank's answer is missing")
        }
    };
    match now.clone().apply(command) {
        Ok(Step::Changed(changed)) => {
            let due_ms = Some(now_ms.saturating_add(ASK_AGAIN_MS));
            record::refund(app, s, Step::Changed(changed), payment, cause, due_ms).await
        }
        Ok(Step::Unchanged(same) | Step::LateDebit(same)) => Ok(same),
        Err(impossible) => {
            let detail = impossible.to_string();
            record::alarm(
                s,
                &now.merchant,
                "the bank contradicts itself",
                now.id.as_str(),
                &detail,
                now_ms,
            )
            .await?;
            Ok(now)
        }
    }
}

fn told(signed: &Signed<RefundRequest>, payment: &Payment, refund: &Refund) -> Answer {
    let refunded_at_ms = match &refund.state {
        RefundState::Succeeded { refunded_at_ms } => *refunded_at_ms,
        RefundState::Failed { reason } => {
            return Answer::refusal(Service::REFUND, &refusal_of(reason));
        }
        RefundState::Created | RefundState::Unknown => {
            return Answer::case(Service::REFUND, Case::InProgress);
        }
    };
    // DOKU's own samples answer a refund with the code of a binding.
    let service = match signed.merchant.settings().refund_success_code {
        RefundSuccessCode::Standard => Service::REFUND,
        RefundSuccessCode::Doku => Service::BINDING,
    };
    let response = RefundResponse {
        response_code: ResponseCode::new(service, Case::Successful).to_string(),
        response_message: Case::Successful.message().to_owned(),
        refund_amount: Some(refund.amount),
        original_partner_reference_no: Some(payment.partner_reference_no.clone()),
        original_reference_no: Some(payment.reference_no.clone()),
        refund_no: Some(refund.refund_no.clone()),
        partner_refund_no: Some(refund.partner_refund_no.clone()),
        refund_time: Some(format_jakarta(refunded_at_ms)),
    };
    Answer::success(Service::REFUND, Case::Successful, &response)
}
