//! What merchants are owed: notifications, written in the transaction of what they tell.
//!
//! The body is made here once and sent unchanged on every try. It never holds a customer's token, a
//! phone number or a name.

use direct_debit::{
    Binding, BindingState, BindingStateName, NotificationId, Payment, Refund, RefundKind,
};
use serde::Serialize;
use snap::messages::notify::{BindingNotifyInfo, BindingNotifyRequest, NotifyInfo, NotifyRequest};
use snap::messages::payment::LineItem;
use storage::merchants::NotifyRefunds;
use storage::notifications::{self, NewNotification, NotificationKind};
use storage::{Session, bindings, merchants};

use super::{Trouble, addresses, bank_of};
use crate::app::App;
use crate::listeners;

/// What DOKU calls a payment from a linked bank account.
const ACCOUNT_TYPE: &str = "DIRECT_DEBIT";

/// A payment came to an end, or all of it went back.
pub async fn payment(
    app: &App,
    s: &Session,
    payment: &Payment,
    now_ms: i64,
) -> Result<(), Trouble> {
    let message = about(app, s, payment).await?;
    write(app, s, payment, NotificationKind::Payment, &message, now_ms).await
}

/// A refund that did not change the payment's state, where the merchant wants to hear of each.
pub async fn refund(
    app: &App,
    s: &Session,
    payment: &Payment,
    refund: &Refund,
    now_ms: i64,
) -> Result<(), Trouble> {
    let merchant = merchants::by_id(s, &payment.merchant).await?;
    let wanted =
        merchant.is_some_and(|merchant| merchant.settings.notify_refunds == NotifyRefunds::All);
    if !wanted || refund.kind != RefundKind::Merchant {
        return Ok(());
    }
    let mut message = about(app, s, payment).await?;
    let info = &mut message.additional_info;
    info.refund_no = Some(refund.refund_no.clone());
    info.partner_refund_no = Some(refund.partner_refund_no.clone());
    info.refund_amount = Some(refund.amount);
    info.refund_status = Some(refund.state.name().refund_status().to_owned());
    write(app, s, payment, NotificationKind::Refund, &message, now_ms).await
}

/// A binding became active, failed or ended, where the merchant has a URL or a listener for that.
pub async fn binding(
    app: &App,
    s: &Session,
    binding: &Binding,
    now_ms: i64,
) -> Result<(), Trouble> {
    let mut wanted = merchants::by_id(s, &binding.merchant).await?;
    listeners::stand_in(app, s, wanted.as_mut_slice()).await?;
    if wanted.is_none_or(|merchant| merchant.binding_notification_url.is_none()) {
        return Ok(());
    }
    let is = binding.state.name();
    let status = match &binding.state {
        BindingState::Active => "SUCCESS",
        BindingState::Failed { .. } | BindingState::Ended { .. } => "FAILED",
        _ => "PENDING",
    };
    let message = BindingNotifyRequest {
        original_external_id: Some(binding.external_id.clone()),
        additional_info: BindingNotifyInfo {
            status: status.to_owned(),
            cust_id_merchant: binding.cust_id_merchant.clone(),
            auth_code: (is == BindingStateName::Active)
                .then(|| addresses::auth_code(app, binding.id.as_str())),
        },
    };
    let new = NewNotification {
        id: NotificationId::new(app.entropy.id(now_ms)),
        merchant: binding.merchant.clone(),
        kind: NotificationKind::Binding,
        subject: binding.id.to_string(),
        external_id: app.entropy.digits(32),
        body: serde_json::to_string(&message)?,
        ip_address: None,
        device_id: None,
        due_at_ms: now_ms,
        created_at_ms: now_ms,
    };
    Ok(notifications::insert(s, &new).await?)
}

async fn about(app: &App, s: &Session, payment: &Payment) -> Result<NotifyRequest, Trouble> {
    let binding = bindings::by_id(s, &payment.merchant, &payment.binding).await?;
    let status = payment.state.name().transaction_status();
    let items = payment.details.items.iter().map(|item| LineItem {
        name: item.name.clone(),
        price: item.price,
        quantity: item.quantity,
    });
    let acquirer = bank_of(app, &payment.details.channel)?
        .profile()
        .acquirer_id
        .clone();
    Ok(NotifyRequest {
        original_partner_reference_no: payment.partner_reference_no.clone(),
        original_reference_no: Some(payment.reference_no.clone()),
        original_external_id: Some(payment.external_id.clone()),
        latest_transaction_status: status.code().to_owned(),
        transaction_status_desc: Some(status.description().to_owned()),
        amount: payment.amount,
        additional_info: NotifyInfo {
            cust_id_merchant: binding.map(|binding| binding.cust_id_merchant),
            account_type: Some(ACCOUNT_TYPE.to_owned()),
            channel_id: Some(payment.details.channel.clone()),
            acquirer_id: Some(acquirer),
            line_items: items.collect(),
            ..NotifyInfo::default()
        },
    })
}

async fn write(
    app: &App,
    s: &Session,
    payment: &Payment,
    kind: NotificationKind,
    message: &impl Serialize,
    now_ms: i64,
) -> Result<(), Trouble> {
    let new = NewNotification {
        id: NotificationId::new(app.entropy.id(now_ms)),
        merchant: payment.merchant.clone(),
        kind,
        subject: payment.id.to_string(),
        external_id: app.entropy.digits(32),
        body: serde_json::to_string(message)?,
        ip_address: payment.details.ip_address.clone(),
        device_id: payment.details.device_id.clone(),
        due_at_ms: now_ms,
        created_at_ms: now_ms,
    };
    Ok(notifications::insert(s, &new).await?)
}
