//! Refund (58), as merchants send it. The bank answers the same.

use serde::{Deserialize, Serialize};

use super::{channel_object, lenient, read_channel, reference_length};
use crate::{Amount, Fields, Refusal, Request, Rules, Service, paths};

/// Gives money back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundRequest {
    /// The payment, by the merchant's reference.
    pub original_partner_reference_no: String,
    /// The payment, by our reference; read, and sent by no SDK.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_reference_no: Option<String>,
    /// The X-EXTERNAL-ID of the payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_external_id: Option<String>,
    /// How much.
    pub refund_amount: Amount,
    /// The merchant's reference of the refund, unique for ever.
    pub partner_refund_no: String,
    /// Why, at most 256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// [`super::CHANNEL`].
    #[serde(rename = "additionalInfo", serialize_with = "channel_object")]
    pub channel: String,
}

impl Request for RefundRequest {
    const SERVICE: Service = Service::REFUND;
    const PATH: &'static str = paths::REFUND;

    fn read(body: &Fields<'_>, rules: Rules<'_>) -> Result<Self, Refusal> {
        body.require_filled(&["originalPartnerReferenceNo"])?;
        body.require(&["refundAmount"])?;
        body.require_filled(&["partnerRefundNo"])?;
        body.require(&["additionalInfo"])?;
        let external_id_max = if rules.strict { 36 } else { 64 };
        Ok(Self {
            original_partner_reference_no: body
                .text("originalPartnerReferenceNo", reference_length(rules))?,
            original_reference_no: body.opt_text("originalReferenceNo", 1..=64)?,
            original_external_id: body.opt_text("originalExternalId", 1..=external_id_max)?,
            refund_amount: body.amount("refundAmount")?,
            partner_refund_no: body.text("partnerRefundNo", reference_length(rules))?,
            reason: body.opt_text("reason", 1..=256)?,
            channel: read_channel(&body.object("additionalInfo")?)?,
        })
    }
}

/// The money went back, or is on its way (`2025800`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RefundResponse {
    /// `2005800`; DOKU's own is `2000700`.
    #[serde(deserialize_with = "lenient::text")]
    pub response_code: String,
    /// `Successful`.
    #[serde(deserialize_with = "lenient::text")]
    pub response_message: String,
    /// How much.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::amount"
    )]
    pub refund_amount: Option<Amount>,
    /// The payment, by the merchant's reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_partner_reference_no: Option<String>,
    /// The payment, by our reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_reference_no: Option<String>,
    /// Our reference of the refund.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_no: Option<String>,
    /// The merchant's reference of the refund.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner_refund_no: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_time: Option<String>,
}
