//! A payment (54): from the merchant's wish to the page on which the customer verifies it.
//!
//! Commit 1 claims the ids, writes the payment and touches its binding, so that an unbinding at the
//! same moment meets it. Then the bank is asked. Commit 2 stores what the bank said and the answer.

use std::sync::Arc;

use direct_debit::{
    Binding, BindingId, BindingStateName, FirstAnswer, Item, MerchantId, PayPart, Payment,
    PaymentCommand, PaymentDetails, PaymentId, PaymentState, PaymentStateName, Refusal as Rule,
    Step,
};
use snap::messages::payment::{PaymentRequest, PaymentResponse};
use snap::{Amount, Case, PayMethod, ResponseCode, Service};
use storage::{Session, bindings, payments};

use super::once::{Once, Turn};
use super::{Trouble, addresses, bank_of, customer, reason, record, refusal_of, settle};
use crate::api::answer::Answer;
use crate::api::signed::Signed;
use crate::app::App;
use crate::bank::{Asked, Bank};

/// How long after an open answer the bank is asked what became of it.
const ASK_AGAIN_MS: i64 = 5_000;

/// What commit 1 came to.
enum Begun {
    Answered(Answer),
    Started {
        payment: Box<Payment>,
        binding: Box<Binding>,
    },
}

/// Answers a payment request.
pub async fn pay(app: Arc<App>, signed: Signed<PaymentRequest>) -> Result<Answer, Trouble> {
    let app = app.as_ref();
    let bank = bank_of(app, &signed.request.additional_info.channel)?;
    if !bank.would_ask() {
        return Ok(Answer::case(Service::PAYMENT, Case::Timeout));
    }
    let once = Once::of(app, Service::PAYMENT, &signed, bank.timeout_ms());
    let wish = wished(app, &signed, &once)?;
    let begun = app
        .store
        .transact_or_find(
            "pay: begin",
            |s| {
                let (once, wish) = (&once, wish.clone());
                async move { begin(app, &s, once, wish, bank.timeout_ms()).await }
            },
            |s, begun| find(s, &once, begun),
        )
        .await?;
    let (payment, binding) = match begun {
        Begun::Answered(answer) => return Ok(answer),
        Begun::Started { payment, binding } => (payment, binding),
    };
    let said = ask(app, bank, &payment, &binding, &signed.merchant.stored.name).await?;
    if let Asked::Unlinked(_) = said {
        customer::left(app, &payment.merchant, &payment.binding).await?;
    }
    let answer = app
        .store
        .transact_or_find(
            "pay: end",
            |s| {
                let (once, payment, said) = (&once, &payment, &said);
                async move { end(app, &s, once, payment, said).await }
            },
            |s, answer| once.find(s, answer),
        )
        .await?;
    if matches!(said, Asked::Refused(_) | Asked::Unlinked(_)) {
        app.workers.poke();
    }
    Ok(answer)
}

/// Whether commit 1 happened, when that is not known.
async fn find(s: Session, once: &Once, begun: Begun) -> Result<Option<Begun>, Trouble> {
    match begun {
        Begun::Answered(answer) => Ok(once.find(s, answer).await?.map(Begun::Answered)),
        Begun::Started { payment, binding } => {
            let stored = payments::by_id(&s, &payment.merchant, &payment.id).await?;
            Ok(stored.map(|_| Begun::Started { payment, binding }))
        }
    }
}

/// The payment as the merchant wishes it, not yet stored.
fn wished(app: &App, signed: &Signed<PaymentRequest>, once: &Once) -> Result<Payment, Trouble> {
    let request = &signed.request;
    let info = &request.additional_info;
    let binding = signed.customer.as_ref().ok_or(Rule::BindingNotActive)?;
    let now_ms = once.now_ms();
    let life_ms = i64::from(app.config.page_life_s).saturating_mul(1_000);
    Ok(Payment {
        id: PaymentId::new(app.entropy.id(now_ms)),
        merchant: MerchantId::new(signed.merchant.id()),
        binding: BindingId::new(&binding.binding_id),
        partner_reference_no: request.partner_reference_no.clone(),
        reference_no: app.entropy.digits(32),
        external_id: signed.external_id.clone(),
        amount: request.amount,
        parts: parts(request),
        fee: signed.merchant.settings().fee().of(request.amount),
        details: PaymentDetails {
            channel: info.channel.clone(),
            remarks: info.remarks.clone(),
            success_url: info.success_payment_url.clone(),
            failed_url: info.failed_payment_url.clone(),
            items: info
                .line_items
                .iter()
                .map(|item| Item {
                    name: item.name.clone(),
                    price: item.price,
                    quantity: item.quantity,
                })
                .collect(),
            ip_address: signed.ip.map(|ip| ip.to_string()),
            device_id: signed.device_id.clone(),
        },
        first_answer: FirstAnswer::None,
        created_at_ms: now_ms,
        valid_until_ms: now_ms.saturating_add(life_ms),
        bank_reference_no: None,
        bank_page: None,
        refunded: Amount::ZERO,
        refund_reserved: Amount::ZERO,
        state: PaymentState::Created,
        version: 1,
    })
}

/// Where the money comes from: as given, or all of it from the balance.
fn parts(request: &PaymentRequest) -> Vec<PayPart> {
    if request.pay_option_details.is_empty() {
        return vec![PayPart {
            method: PayMethod::Balance,
            amount: request.amount,
            fee_amount: None,
        }];
    }
    request
        .pay_option_details
        .iter()
        .map(|option| PayPart {
            method: option.pay_method,
            amount: option.trans_amount.unwrap_or(request.amount),
            fee_amount: option.fee_amount,
        })
        .collect()
}

async fn begin(
    app: &App,
    s: &Session,
    once: &Once,
    wish: Payment,
    bank_timeout_ms: i64,
) -> Result<Begun, Trouble> {
    let binding = bindings::by_id(s, &wish.merchant, &wish.binding)
        .await?
        .filter(|binding| binding.state.name() == BindingStateName::Active)
        .ok_or(Rule::BindingNotActive)?;
    if let Turn::Repeat(answer) = once.claim(s).await? {
        return Ok(Begun::Answered(answer));
    }
    let before =
        payments::by_partner_reference_no(s, &wish.merchant, &wish.partner_reference_no).await?;
    if let Some(before) = before {
        let truth = repeated(app, &wish, &before);
        let answer = once.answer(s, &truth, Some(before.id.as_str())).await?;
        return Ok(Begun::Answered(answer));
    }
    if let Err(rule) = wish.check_parts() {
        return Ok(Begun::Answered(once.refuse(s, rule).await?));
    }
    let due_ms = once
        .now_ms()
        .saturating_add(bank_timeout_ms)
        .saturating_add(5_000);
    let hashes = payments::Hashes {
        page: app.page_hash(wish.id.as_str()),
        state: app.state_hash(wish.id.as_str()),
    };
    payments::insert(s, &wish, &hashes, due_ms).await?;
    bindings::touch_active(s, &binding).await?;
    Ok(Begun::Started {
        payment: Box::new(wish),
        binding: Box::new(binding),
    })
}

/// What a second request under the same reference hears.
fn repeated(app: &App, wish: &Payment, before: &Payment) -> Answer {
    let same = wish.amount == before.amount
        && wish.binding == before.binding
        && same_parts(&wish.parts, &before.parts);
    if !same {
        return Answer::refused(Service::PAYMENT, Rule::InconsistentRequest);
    }
    match (before.first_answer, &before.state) {
        (FirstAnswer::Accepted, _) => accepted(app, before),
        (FirstAnswer::Refused, PaymentState::Failed { reason }) => {
            Answer::refusal(Service::PAYMENT, &refusal_of(reason))
        }
        _ => truth(app, before),
    }
}

/// The same parts in any order; the fee named with a part is only recorded.
fn same_parts(one: &[PayPart], other: &[PayPart]) -> bool {
    let sorted = |parts: &[PayPart]| {
        let mut parts: Vec<_> = parts
            .iter()
            .map(|part| (part.method.as_str(), part.amount))
            .collect();
        parts.sort_unstable();
        parts
    };
    sorted(one) == sorted(other)
}

/// The payment's present truth, for a merchant that never heard a definite answer.
fn truth(app: &App, payment: &Payment) -> Answer {
    match payment.state.name() {
        PaymentStateName::AwaitingCustomer => accepted(app, payment),
        PaymentStateName::Created | PaymentStateName::Unknown => {
            Answer::case(Service::PAYMENT, Case::InProgress)
        }
        PaymentStateName::Succeeded
        | PaymentStateName::Refunded
        | PaymentStateName::Cancelled
        | PaymentStateName::Failed => Answer::refused(Service::PAYMENT, Rule::PaymentEnded),
    }
}

/// Accepted: the customer is to be sent to the page.
fn accepted(app: &App, payment: &Payment) -> Answer {
    let response = PaymentResponse {
        response_code: ResponseCode::new(Service::PAYMENT, Case::Successful).to_string(),
        response_message: Case::Successful.message().to_owned(),
        web_redirect_url: Some(addresses::payment_page(app, payment.id.as_str())),
        partner_reference_no: Some(payment.partner_reference_no.clone()),
        reference_no: Some(payment.reference_no.clone()),
    };
    Answer::success(Service::PAYMENT, Case::Successful, &response)
}

async fn ask(
    app: &App,
    bank: &Bank,
    payment: &Payment,
    binding: &Binding,
    merchant_name: &str,
) -> Result<Asked<PaymentResponse>, Trouble> {
    let token = match customer::token(app, bank, binding).await? {
        Asked::Done(token) => token,
        other => return Ok(other.without_answer()),
    };
    let request = customer::payment_at_bank(app, bank, payment, merchant_name);
    Ok(bank.pay(&request, &token).await)
}

async fn end(
    app: &App,
    s: &Session,
    once: &Once,
    payment: &Payment,
    said: &Asked<PaymentResponse>,
) -> Result<Answer, Trouble> {
    let now = payments::by_id(s, &payment.merchant, &payment.id)
        .await?
        .ok_or_else(|| storage::Error::corrupt("payments", &payment.id, "gone"))?;
    let was = now.state.name();
    let (command, cause, due_ms) = meaning(&now, said, once.now_ms());
    let mut after = now.apply(command)?.into_inner();
    let (told, first_answer) = match said {
        // The binding ended while the bank was asked.
        _ if after.state.name() == PaymentStateName::Cancelled => {
            (truth(app, &after), after.first_answer)
        }
        Asked::Refused(no) | Asked::Unlinked(no) => (
            Answer::refusal(Service::PAYMENT, &refusal_of(&reason(no))),
            FirstAnswer::Refused,
        ),
        _ if after.bank_page.is_some() || after.state.name().is_final() => {
            (accepted(app, &after), FirstAnswer::Accepted)
        }
        Asked::InProgress => (
            Answer::case(Service::PAYMENT, Case::InProgress),
            FirstAnswer::Open,
        ),
        Asked::Done(_) | Asked::Unknown(_) | Asked::NotAsked => (
            Answer::case(Service::PAYMENT, Case::Timeout),
            FirstAnswer::Open,
        ),
    };
    let answer = once.answer(s, &told, Some(after.id.as_str())).await?;
    // Otherwise a repeat was told the truth before the bank had spoken, and so will the next one be.
    if answer.body() == told.body() {
        after.first_answer = first_answer;
    }
    record::payment(app, s, was, Step::Changed(after), cause, Some(due_ms)).await?;
    Ok(answer)
}

/// What the bank's answer does to the payment, in a few words, and when to look at it again.
fn meaning(
    payment: &Payment,
    said: &Asked<PaymentResponse>,
    now_ms: i64,
) -> (PaymentCommand, &'static str, i64) {
    let soon_ms = now_ms.saturating_add(ASK_AGAIN_MS);
    match said {
        Asked::Done(PaymentResponse {
            web_redirect_url: Some(page),
            reference_no,
            ..
        }) => {
            let open = PaymentCommand::OpenPage {
                bank_reference_no: reference_no.clone(),
                bank_page: page.clone(),
            };
            (
                open,
                "the bank opened its page",
                settle::page_is_over_ms(payment),
            )
        }
        Asked::Refused(no) | Asked::Unlinked(no) => (
            PaymentCommand::Fail { reason: reason(no) },
            "the bank refused",
            soon_ms,
        ),
        Asked::InProgress => (PaymentCommand::LoseSight, "the bank left it open", soon_ms),
        Asked::Done(_) | Asked::Unknown(_) | Asked::NotAsked => (
            PaymentCommand::LoseSight,
            "the bank's answer is missing",
            soon_ms,
        ),
    }
}
