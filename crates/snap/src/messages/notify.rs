//! Notifications to merchants: of payments (56) and of bindings (07).

use serde::{Deserialize, Serialize};

use super::{hidden_debug, lenient, payment::LineItem};
use crate::{Amount, Fields, Refusal, Request, Rules, Service, TransactionStatus, paths};

/// Tells a merchant what became of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NotifyRequest {
    /// The merchant's reference.
    pub original_partner_reference_no: String,
    /// Our reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_reference_no: Option<String>,
    /// The X-EXTERNAL-ID of the payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_external_id: Option<String>,
    /// See [`NotifyRequest::status`].
    pub latest_transaction_status: String,
    /// The same in a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction_status_desc: Option<String>,
    /// The payment's amount.
    pub amount: Amount,
    /// The rest.
    pub additional_info: NotifyInfo,
}

/// `additionalInfo` of a notification.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NotifyInfo {
    /// The merchant's name for the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cust_id_merchant: Option<String>,
    /// `DIRECT_DEBIT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_type: Option<String>,
    /// The channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel_id: Option<String>,
    /// The bank.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acquirer_id: Option<String>,
    /// What was bought.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub line_items: Vec<LineItem>,
    /// Of a refund: our reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_no: Option<String>,
    /// Of a refund: the merchant's reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner_refund_no: Option<String>,
    /// Of a refund: how much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_amount: Option<Amount>,
    /// Of a refund: its state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_status: Option<String>,
}

impl NotifyRequest {
    /// The state; `None` for one we do not know, which is not final.
    #[must_use]
    pub fn status(&self) -> Option<TransactionStatus> {
        TransactionStatus::parse(&self.latest_transaction_status)
    }
}

impl Request for NotifyRequest {
    const SERVICE: Service = Service::NOTIFY;
    const PATH: &'static str = paths::NOTIFY;

    /// Lenient, because DOKU's own samples differ: only what identifies the payment and its state must be there.
    fn read(body: &Fields<'_>, _rules: Rules<'_>) -> Result<Self, Refusal> {
        body.require_filled(&["originalPartnerReferenceNo"])?;
        body.require(&["latestTransactionStatus", "amount"])?;
        let additional_info = match body.opt_object("additionalInfo")? {
            Some(info) => NotifyInfo::read(&info)?,
            None => NotifyInfo::default(),
        };
        Ok(Self {
            original_partner_reference_no: body.text("originalPartnerReferenceNo", 1..=64)?,
            original_reference_no: body.opt_text("originalReferenceNo", 1..=64)?,
            original_external_id: body.opt_text("originalExternalId", 1..=64)?,
            latest_transaction_status: body.text("latestTransactionStatus", 1..=2)?,
            transaction_status_desc: body.opt_text("transactionStatusDesc", 1..=150)?,
            amount: body.amount("amount")?,
            additional_info,
        })
    }
}

impl NotifyInfo {
    /// DOKU's Java SDK says `channel`, the others `channelId`. Items are not checked: they are the merchant's own.
    fn read(info: &Fields<'_>) -> Result<Self, Refusal> {
        let channel_id = match info.opt_text("channelId", 1..=64)? {
            Some(channel) => Some(channel),
            None => info.opt_text("channel", 1..=64)?,
        };
        let line_items =
            super::payment::read_line_items(info, Rules::default()).unwrap_or_default();
        Ok(Self {
            cust_id_merchant: info.opt_text("custIdMerchant", 1..=64)?,
            account_type: info.opt_text("accountType", 1..=64)?,
            channel_id,
            acquirer_id: info.opt_text("acquirerId", 1..=64)?,
            line_items,
            refund_no: info.opt_text("refundNo", 1..=64)?,
            partner_refund_no: info.opt_text("partnerRefundNo", 1..=64)?,
            refund_amount: info.opt_amount("refundAmount")?,
            refund_status: info.opt_text("refundStatus", 1..=2)?,
        })
    }
}

/// The merchant's answer to a notification.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NotifyResponse {
    /// `2005600`.
    #[serde(deserialize_with = "lenient::text")]
    pub response_code: String,
    /// `Successful`.
    #[serde(deserialize_with = "lenient::text")]
    pub response_message: String,
    /// Some SDKs send one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_code: Option<String>,
}

/// Tells a merchant what became of a binding, at the address set for that.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BindingNotifyRequest {
    /// The X-EXTERNAL-ID of the binding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_external_id: Option<String>,
    /// The rest.
    pub additional_info: BindingNotifyInfo,
}

/// `additionalInfo` of a binding's notification.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BindingNotifyInfo {
    /// `SUCCESS`, `PENDING` or `FAILED`.
    pub status: String,
    /// The merchant's name for the customer.
    pub cust_id_merchant: String,
    /// For the customer's token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_code: Option<String>,
}

impl Request for BindingNotifyRequest {
    const SERVICE: Service = Service::BINDING;
    const PATH: &'static str = paths::BINDING_NOTIFY;

    fn read(body: &Fields<'_>, _rules: Rules<'_>) -> Result<Self, Refusal> {
        let info = body.object("additionalInfo")?;
        info.require(&["status", "custIdMerchant"])?;
        Ok(Self {
            original_external_id: body.opt_text("originalExternalId", 1..=64)?,
            additional_info: BindingNotifyInfo {
                status: info.text("status", 1..=64)?,
                cust_id_merchant: info.text("custIdMerchant", 1..=64)?,
                auth_code: info.opt_text("authCode", 1..=256)?,
            },
        })
    }
}

hidden_debug!(BindingNotifyRequest, BindingNotifyInfo);
