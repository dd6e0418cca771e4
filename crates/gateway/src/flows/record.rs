//! Writing down what happened to a payment or a refund: the row, its history, the journal and the
//! message that the merchant is owed, always together in the caller's transaction.

use direct_debit::{
    MerchantId, Payment, PaymentStateName, Posting, Refund, RefundId, RefundKind, RefundState,
    RefundStateName, Step, postings_of_late_debit, postings_of_late_refund, postings_of_payment,
    postings_of_refund,
};
use storage::alarms::{self, Alarm};
use storage::postings::{self, Entry};
use storage::{Session, payments, refunds};

use super::{Trouble, outbox};
use crate::app::App;

/// Stores a payment's step. `was` is its state before; `cause` a few words for its history; `due_ms`
/// when `settle` is to look at it, if nothing else happens.
pub async fn payment(
    app: &App,
    s: &Session,
    was: PaymentStateName,
    step: Step<Payment>,
    cause: &str,
    due_ms: Option<i64>,
) -> Result<Payment, Trouble> {
    let now_ms = app.clock.business_now_ms();
    let payment = match step {
        Step::Unchanged(payment) => return Ok(payment),
        Step::LateDebit(payment) => {
            late_debit(s, &payment, now_ms).await?;
            return Ok(payment);
        }
        Step::Changed(payment) => payment,
    };
    let is = payment.state.name();
    let due_ms = if is.is_final() { None } else { due_ms };
    payments::update(s, &payment, due_ms, cause, now_ms).await?;
    if is != was && is.is_final() {
        tracing::info!(payment = %payment.id, state = is.as_str(), cause, "a payment ended");
        if is == PaymentStateName::Succeeded {
            let lines = postings_of_payment(payment.amount, payment.fee);
            enter(
                s,
                &payment.merchant,
                format!("payment-{}", payment.id),
                payment.id.as_str(),
                lines,
                now_ms,
            )
            .await?;
        }
        outbox::payment(app, s, &payment, now_ms).await?;
    }
    // The caller goes on with the row as it now is.
    Ok(Payment {
        version: payment.version.saturating_add(1),
        ..payment
    })
}

/// Stores a refund's step together with what it means for its payment.
pub async fn refund(
    app: &App,
    s: &Session,
    step: Step<Refund>,
    payment: Payment,
    cause: &str,
    due_ms: Option<i64>,
) -> Result<Refund, Trouble> {
    let now_ms = app.clock.business_now_ms();
    let refund = match step {
        Step::Unchanged(refund) | Step::LateDebit(refund) => return Ok(refund),
        Step::Changed(refund) => refund,
    };
    let is = refund.state.name();
    let open = matches!(is, RefundStateName::Created | RefundStateName::Unknown);
    refunds::update(s, &refund, if open { due_ms } else { None }, cause, now_ms).await?;
    match (is, refund.kind) {
        (RefundStateName::Created | RefundStateName::Unknown, _) => {}
        (RefundStateName::Succeeded, RefundKind::LateDebit) => {
            let lines = postings_of_late_refund(refund.amount);
            enter(
                s,
                &refund.merchant,
                format!("refund-{}", refund.id),
                refund.id.as_str(),
                lines,
                now_ms,
            )
            .await?;
        }
        (RefundStateName::Failed, RefundKind::LateDebit) => {
            let detail = "the bank refused to take back the money of a payment that had ended";
            alarm(
                s,
                &refund.merchant,
                "late refund refused",
                refund.id.as_str(),
                detail,
                now_ms,
            )
            .await?;
        }
        (RefundStateName::Succeeded, RefundKind::Merchant) => {
            let lines = postings_of_refund(refund.amount);
            enter(
                s,
                &refund.merchant,
                format!("refund-{}", refund.id),
                refund.id.as_str(),
                lines,
                now_ms,
            )
            .await?;
            let was = payment.state.name();
            let step = Step::Changed(payment.settle_refund(refund.amount)?);
            let payment = self::payment(app, s, was, step, "refunded", None).await?;
            if payment.state.name() == was {
                outbox::refund(app, s, &payment, &refund, now_ms).await?;
            }
        }
        (RefundStateName::Failed, RefundKind::Merchant) => {
            let was = payment.state.name();
            let step = Step::Changed(payment.release_refund(refund.amount)?);
            let payment = self::payment(app, s, was, step, "refund refused", None).await?;
            outbox::refund(app, s, &payment, &refund, now_ms).await?;
        }
    }
    Ok(Refund {
        version: refund.version.saturating_add(1),
        ..refund
    })
}

/// Raises an alarm, once per kind and subject.
pub async fn alarm(
    s: &Session,
    merchant: &MerchantId,
    kind: &str,
    subject: &str,
    detail: &str,
    now_ms: i64,
) -> Result<bool, Trouble> {
    tracing::error!(kind, subject, detail, "alarm");
    let alarm = Alarm {
        merchant: merchant.clone(),
        id: format!("{kind}-{subject}"),
        subject: subject.to_owned(),
        kind: kind.to_owned(),
        detail: detail.to_owned(),
        created_at_ms: now_ms,
    };
    Ok(alarms::insert(s, &alarm).await?)
}

/// The bank debited a customer for a payment that had ended. Both legs are booked, and the money goes
/// back under a refund id that follows from the payment, so that it goes back once.
async fn late_debit(s: &Session, payment: &Payment, now_ms: i64) -> Result<(), Trouble> {
    let detail = "the bank debited a customer for a payment that had ended; the money is sent back";
    if !alarm(
        s,
        &payment.merchant,
        "late debit",
        payment.id.as_str(),
        detail,
        now_ms,
    )
    .await?
    {
        return Ok(());
    }
    let id = format!("late-{}", payment.id);
    let lines = postings_of_late_debit(payment.amount);
    enter(
        s,
        &payment.merchant,
        id.clone(),
        payment.id.as_str(),
        lines,
        now_ms,
    )
    .await?;
    let refund = Refund {
        id: RefundId::new(&id),
        merchant: payment.merchant.clone(),
        payment: payment.id.clone(),
        partner_refund_no: id.clone(),
        refund_no: id,
        kind: RefundKind::LateDebit,
        amount: payment.amount,
        reason: None,
        created_at_ms: now_ms,
        state: RefundState::Created,
        version: 1,
    };
    refunds::insert(s, &refund, now_ms).await?;
    Ok(())
}

async fn enter(
    s: &Session,
    merchant: &MerchantId,
    id: String,
    subject: &str,
    postings: Vec<Posting>,
    now_ms: i64,
) -> Result<(), Trouble> {
    let entry = Entry {
        merchant: merchant.clone(),
        id,
        subject: subject.to_owned(),
        created_at_ms: now_ms,
        postings,
    };
    Ok(postings::insert(s, &entry).await?)
}
