//! Payment status (55), as merchants send it. The bank answers the same.

use serde::{Deserialize, Serialize};

use super::lenient;
use crate::{
    Amount, Fields, RefundStatus, Refusal, Request, Rules, Service, Timestamp, TransactionStatus,
    paths,
};

/// Asks what became of a payment, by any of three ids.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusRequest {
    /// The merchant's reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_partner_reference_no: Option<String>,
    /// Our reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_reference_no: Option<String>,
    /// The X-EXTERNAL-ID of the payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_external_id: Option<String>,
    /// `54` or `55`.
    pub service_code: String,
    /// When the payment was asked for; tells equal external ids apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction_date: Option<String>,
    /// The payment's amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Amount>,
    /// At most 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant_id: Option<String>,
    /// At most 32.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_merchant_id: Option<String>,
    /// At most 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_store_id: Option<String>,
}

impl StatusRequest {
    /// By the merchant's reference.
    pub fn of(original_partner_reference_no: impl Into<String>) -> Self {
        Self {
            original_partner_reference_no: Some(original_partner_reference_no.into()),
            service_code: "54".to_owned(),
            ..Self::default()
        }
    }
}

impl Request for StatusRequest {
    const SERVICE: Service = Service::STATUS;
    const PATH: &'static str = paths::STATUS;

    fn read(body: &Fields<'_>, _rules: Rules<'_>) -> Result<Self, Refusal> {
        const IDS: [&str; 3] = [
            "originalPartnerReferenceNo",
            "originalReferenceNo",
            "originalExternalId",
        ];
        let [partner, _, _] = IDS;
        body.require_any(&IDS)?;
        body.require(&["serviceCode"])?;
        Ok(Self {
            original_partner_reference_no: body.opt_text(partner, 1..=64)?,
            original_reference_no: body.opt_text("originalReferenceNo", 1..=64)?,
            original_external_id: body.opt_text("originalExternalId", 1..=64)?,
            service_code: read_service_code(body)?,
            transaction_date: read_transaction_date(body)?,
            amount: body.opt_amount("amount")?,
            merchant_id: body.opt_text("merchantId", 1..=64)?,
            sub_merchant_id: body.opt_text("subMerchantId", 1..=32)?,
            external_store_id: body.opt_text("externalStoreId", 1..=64)?,
        })
    }
}

/// Reads `serviceCode`: the payment's (the standard) or this one's (DOKU's SDKs), text or number.
pub(super) fn read_service_code(body: &Fields<'_>) -> Result<String, Refusal> {
    body.describe(
        "serviceCode",
        || serde_json::json!({ "enum": ["54", "55", 54, 55] }),
    );
    match body.text_or_number("serviceCode")? {
        code @ ("54" | "55") => Ok(code.to_owned()),
        _ => Err(body.malformed("serviceCode")),
    }
}

fn read_transaction_date(body: &Fields<'_>) -> Result<Option<String>, Refusal> {
    body.describe(
        "transactionDate",
        || serde_json::json!({ "format": "date-time" }),
    );
    match body.opt_text("transactionDate", 1..=29)? {
        Some(text) if Timestamp::parse(&text).is_err() => Err(body.malformed("transactionDate")),
        text => Ok(text),
    }
}

/// What became of a payment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatusResponse {
    /// `2005500`.
    #[serde(deserialize_with = "lenient::text")]
    pub response_code: String,
    /// `Successful`.
    #[serde(deserialize_with = "lenient::text")]
    pub response_message: String,
    /// The merchant's reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_partner_reference_no: Option<String>,
    /// Our reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_reference_no: Option<String>,
    /// The bank's approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_code: Option<String>,
    /// The X-EXTERNAL-ID of the payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_external_id: Option<String>,
    /// As asked.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::opt_text"
    )]
    pub service_code: Option<String>,
    /// See [`StatusResponse::status`].
    #[serde(deserialize_with = "lenient::text")]
    pub latest_transaction_status: String,
    /// The same in a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction_status_desc: Option<String>,
    /// Why it failed.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::opt_text"
    )]
    pub original_response_code: Option<String>,
    /// Why it failed, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_response_message: Option<String>,
    /// Not used here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// DOKU's spelling.
    #[serde(
        rename = "requestID",
        alias = "requestId",
        skip_serializing_if = "Option::is_none"
    )]
    pub request_id: Option<String>,
    /// Of the newest refund.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_no: Option<String>,
    /// Of the newest refund.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner_refund_no: Option<String>,
    /// Of the newest refund.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::amount"
    )]
    pub refund_amount: Option<Amount>,
    /// Of the newest refund.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_status: Option<String>,
    /// Of the newest refund.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_date: Option<String>,
    /// Of the newest refund.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Every refund.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "lenient::list"
    )]
    pub refund_history: Vec<RefundHistory>,
    /// The payment's amount.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::amount"
    )]
    pub trans_amount: Option<Amount>,
    /// The fee.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::amount"
    )]
    pub fee_amount: Option<Amount>,
    /// When the money moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_time: Option<String>,
    /// The rest.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::object"
    )]
    pub additional_info: Option<StatusInfo>,
}

impl StatusResponse {
    /// The state; `None` for one we do not know, which is not final.
    #[must_use]
    pub fn status(&self) -> Option<TransactionStatus> {
        TransactionStatus::parse(&self.latest_transaction_status)
    }
}

/// `additionalInfo` of a status answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatusInfo {
    /// The device of the payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    /// [`super::CHANNEL`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
}

/// One refund. The merchant's reference is written under both names that DOKU's SDKs read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RefundHistory {
    /// Our reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_no: Option<String>,
    /// The merchant's reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner_refund_no: Option<String>,
    /// The same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner_reference_no: Option<String>,
    /// How much.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::amount"
    )]
    pub refund_amount: Option<Amount>,
    /// See [`RefundHistory::status`].
    #[serde(deserialize_with = "lenient::text")]
    pub refund_status: String,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_date: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl RefundHistory {
    /// A refund under the merchant's reference.
    pub fn new(partner_refund_no: impl Into<String>, amount: Amount, status: RefundStatus) -> Self {
        let partner_refund_no = partner_refund_no.into();
        Self {
            partner_reference_no: Some(partner_refund_no.clone()),
            partner_refund_no: Some(partner_refund_no),
            refund_amount: Some(amount),
            refund_status: status.code().to_owned(),
            ..Self::default()
        }
    }

    /// The merchant's reference under whichever name it was given.
    #[must_use]
    pub fn partner_refund_no(&self) -> Option<&str> {
        self.partner_refund_no
            .as_deref()
            .or(self.partner_reference_no.as_deref())
    }

    /// The state; `None` for one we do not know, which is not final.
    #[must_use]
    pub fn status(&self) -> Option<RefundStatus> {
        RefundStatus::parse(&self.refund_status)
    }
}
