//! Hearing from the bank what became of a payment: from its notify (56), from the browser's return, or
//! because somebody asked.
//!
//! Only the bank's word, server to server, moves a state here. What a browser brings only says whom to
//! ask about.

use direct_debit::{
    BankReason, Binding, CancelCause, MerchantId, Payment, PaymentCommand, PaymentId,
    PaymentStateName,
};
use snap::messages::bank::{BankNotifyRequest, BankStatusRequest};
use snap::messages::status::StatusResponse;
use snap::{Amount, Case, Refusal, Timestamp, TransactionStatus};
use storage::{bindings, payments};

use super::{Trouble, bank_of, link, record};
use crate::app::App;
use crate::bank::{Asked, Bank};
use crate::derive;

/// The bank's word on a payment.
#[derive(Clone, Debug)]
pub struct Told {
    /// The status as the bank wrote it.
    pub status: Option<TransactionStatus>,
    /// How much, where the bank said so.
    pub amount: Option<Amount>,
    /// The bank's reference.
    pub bank_reference_no: Option<String>,
    /// When it was paid.
    pub paid_at_ms: Option<i64>,
    /// The bank's words for a refusal.
    pub reason: Option<BankReason>,
}

/// Whom a browser came back for.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A payment.
    Payment(Payment),
    /// A binding.
    Binding(Binding),
}

/// The bank notifies (56). What it says must be about a payment of ours, with its amount and reference; otherwise
/// nothing is booked, an alarm is raised, and the bank is asked.
pub async fn notified(app: &App, bank_id: &str, notice: BankNotifyRequest) -> Result<(), Refusal> {
    let outcome = notified_by(app, bank_id, &notice).await;
    app.workers.poke();
    match outcome {
        Ok(()) => Ok(()),
        Err(Trouble::Refused(refusal)) => Err(refusal),
        Err(trouble) => {
            tracing::error!(error = %super::chain(&trouble), "a notify of the bank could not be taken in");
            Err(Refusal::new(Case::InternalServerError))
        }
    }
}

async fn notified_by(app: &App, bank_id: &str, notice: &BankNotifyRequest) -> Result<(), Trouble> {
    let id = PaymentId::new(&notice.original_partner_reference_no);
    let unknown = || Trouble::Refused(Refusal::new(Case::TransactionNotFound));
    let payment = payments::by_id_anywhere(&app.store.reader(), &id)
        .await?
        .ok_or_else(unknown)?;
    if bank_of(app, &payment.details.channel)?.profile().id != bank_id {
        return Err(unknown());
    }
    if !notice.amount.is(payment.amount) || names_another_reference(notice, &payment) {
        let detail = "a notify of the bank named another amount, currency or reference";
        alarm(app, &payment, "notify differs", detail).await?;
        ask_later(app, &payment).await?;
        return Err(Trouble::Refused(Refusal::new(Case::InvalidAmount)));
    }
    let told = Told {
        status: notice.status(),
        amount: Some(payment.amount),
        bank_reference_no: notice.original_reference_no.clone(),
        paid_at_ms: time(notice.additional_info.paid_time.as_deref()),
        reason: words(
            notice.additional_info.original_response_code.as_deref(),
            notice.additional_info.original_response_message.as_deref(),
        ),
    };
    payment_told(
        app,
        &payment.merchant,
        &payment.id,
        &told,
        CancelCause::Customer,
        "the bank's notify",
    )
    .await?;
    Ok(())
}

/// The bank's own reference is compared where both sides have told it.
fn names_another_reference(notice: &BankNotifyRequest, payment: &Payment) -> bool {
    match (&notice.original_reference_no, &payment.bank_reference_no) {
        (Some(named), Some(known)) => named != known,
        _ => false,
    }
}

/// Applies the bank's word to a payment. `cancelled` says why, where the bank says that it is cancelled.
pub async fn payment_told(
    app: &App,
    merchant: &MerchantId,
    id: &PaymentId,
    told: &Told,
    cancelled: CancelCause,
    cause: &str,
) -> Result<Payment, Trouble> {
    let payment = app
        .store
        .transact("confirm: payment", |s| async move {
            let payment = payments::by_id(&s, merchant, id)
                .await?
                .ok_or_else(|| storage::Error::corrupt("payments", id, "gone"))?;
            let Some(command) = command(app, told, cancelled) else {
                return Ok(payment);
            };
            let was = payment.state.name();
            match payment.clone().apply(command) {
                Ok(step) => record::payment(app, &s, was, step, cause, None).await,
                Err(impossible) => {
                    let now_ms = app.clock.business_now_ms();
                    let detail = impossible.to_string();
                    record::alarm(
                        &s,
                        merchant,
                        "the bank contradicts itself",
                        id.as_str(),
                        &detail,
                        now_ms,
                    )
                    .await?;
                    Ok(payment)
                }
            }
        })
        .await?;
    app.workers.poke();
    Ok(payment)
}

/// What the bank's word means; nothing while it is still going on.
fn command(app: &App, told: &Told, cancelled: CancelCause) -> Option<PaymentCommand> {
    match told.status? {
        TransactionStatus::Success | TransactionStatus::Refunded => Some(PaymentCommand::Pay {
            paid_at_ms: told
                .paid_at_ms
                .unwrap_or_else(|| app.clock.business_now_ms()),
            bank_reference_no: told.bank_reference_no.clone(),
        }),
        TransactionStatus::Cancelled => Some(PaymentCommand::Cancel { cause: cancelled }),
        TransactionStatus::Failed => Some(PaymentCommand::Fail {
            reason: told.reason.clone().unwrap_or_else(|| BankReason {
                code: "4035405".to_owned(),
                message: Case::DoNotHonor.message().to_owned(),
            }),
        }),
        TransactionStatus::Initiated
        | TransactionStatus::Paying
        | TransactionStatus::Pending
        | TransactionStatus::NotFound => None,
    }
}

/// The bank's answer to 55 as its word on the payment.
pub fn told_by_status(response: &StatusResponse) -> Told {
    Told {
        status: response.status(),
        amount: response.trans_amount,
        bank_reference_no: response.original_reference_no.clone(),
        paid_at_ms: time(response.paid_time.as_deref()),
        reason: words(
            response.original_response_code.as_deref(),
            response.original_response_message.as_deref(),
        ),
    }
}

/// Asks the bank about a payment (55) and applies what it says. The second value is the bank's word,
/// where there was one.
pub async fn ask_about_payment(
    app: &App,
    bank: &Bank,
    payment: Payment,
    cancelled: CancelCause,
    cause: &str,
) -> Result<(Payment, Asked<Told>), Trouble> {
    let said = bank
        .status(&BankStatusRequest::of(payment.id.as_str()))
        .await;
    let told = match said {
        Asked::Done(response) => told_by_status(&response),
        other => return Ok((payment, other.without_answer())),
    };
    if told.amount.is_some_and(|amount| amount != payment.amount) {
        alarm(
            app,
            &payment,
            "status differs",
            "the bank's status named another amount",
        )
        .await?;
        return Ok((
            payment,
            Asked::Unknown("the bank named another amount".to_owned()),
        ));
    }
    let payment =
        payment_told(app, &payment.merchant, &payment.id, &told, cancelled, cause).await?;
    Ok((payment, Asked::Done(told)))
}

/// The browser came back with `state`. It is good once, for its own payment or binding at its own
/// bank; whether it was used before or not, the bank is asked and the present truth is returned.
pub async fn returned(app: &App, bank_id: &str, state: &str) -> Result<Option<Subject>, Trouble> {
    let hash = derive::hash(state);
    let now_ms = app.clock.business_now_ms();
    let found = app
        .store
        .transact("confirm: returned", |s| {
            let hash = hash.as_str();
            async move {
                if let Some(payment) = payments::by_state(&s, hash).await? {
                    let first =
                        payments::use_state(&s, &payment.merchant, &payment.id, now_ms).await?;
                    return Ok::<_, Trouble>(Some((Subject::Payment(payment), first)));
                }
                let Some(binding) = bindings::by_state(&s, hash).await? else {
                    return Ok(None);
                };
                let first = bindings::use_state(&s, &binding.merchant, &binding.id, now_ms).await?;
                Ok(Some((Subject::Binding(binding), first)))
            }
        })
        .await?;
    let Some((subject, first)) = found else {
        return Ok(None);
    };
    let channel = match &subject {
        Subject::Payment(payment) => payment.details.channel.as_str(),
        Subject::Binding(binding) => binding.channel.as_str(),
    };
    let bank = bank_of(app, channel)?;
    if bank.profile().id != bank_id {
        return Ok(None);
    }
    if !first {
        tracing::info!("a browser came back a second time");
    }
    Ok(Some(match subject {
        Subject::Payment(payment) if payment.state.name().is_final() => Subject::Payment(payment),
        Subject::Payment(payment) => {
            let cancelled = CancelCause::Customer;
            let (payment, _) =
                ask_about_payment(app, bank, payment, cancelled, "the browser came back").await?;
            Subject::Payment(payment)
        }
        Subject::Binding(binding) => {
            Subject::Binding(link::ask_about_binding(app, bank, binding).await?)
        }
    }))
}

async fn alarm(app: &App, payment: &Payment, kind: &str, detail: &str) -> Result<(), Trouble> {
    app.store
        .transact("confirm: alarm", |s| async move {
            let now_ms = app.clock.business_now_ms();
            record::alarm(
                &s,
                &payment.merchant,
                kind,
                payment.id.as_str(),
                detail,
                now_ms,
            )
            .await?;
            Ok(())
        })
        .await
}

/// Lets `settle` look at the payment now. One that was only created has a request on its way, which is looked at when
/// that is over.
async fn ask_later(app: &App, payment: &Payment) -> Result<(), Trouble> {
    if payment.state.name() == PaymentStateName::Created {
        return Ok(());
    }
    app.store
        .transact("confirm: ask", |s| async move {
            payments::hasten(
                &s,
                &payment.merchant,
                &payment.id,
                app.clock.business_now_ms(),
            )
            .await?;
            Ok(())
        })
        .await
}

fn time(text: Option<&str>) -> Option<i64> {
    text.and_then(|text| Timestamp::parse(text).ok())
        .map(|time| time.unix_ms())
}

pub(super) fn words(code: Option<&str>, message: Option<&str>) -> Option<BankReason> {
    code.map(|code| BankReason {
        code: code.to_owned(),
        message: message.unwrap_or_default().to_owned(),
    })
}
