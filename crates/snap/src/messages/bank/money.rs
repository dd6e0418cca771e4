//! Moving money at the bank: payment (54), status (55), cancel (57) and refund (58).

use serde::{Deserialize, Serialize};

use super::{LineItem, PayOption, read_http_url, read_time};
use crate::{
    Amount, Fields, Refusal, Request, Rules, Service,
    messages::{
        lenient,
        payment::{read_line_items, read_pay_options},
        status::read_service_code,
    },
    paths,
};

/// Asks the bank for money from the customer whom the token names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BankPaymentRequest {
    /// Our payment id.
    pub partner_reference_no: String,
    /// How much.
    pub amount: Amount,
    /// From where.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pay_option_details: Vec<PayOption>,
    /// Until when the customer may finish.
    pub valid_up_to: String,
    /// Where the bank sends the browser back, with our state in it.
    pub url_params: Vec<UrlParam>,
    /// The rest.
    pub additional_info: BankPaymentInfo,
}

/// A URL of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UrlParam {
    /// The URL.
    pub url: String,
    /// `PAY_RETURN`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `N`.
    pub is_deeplink: String,
}

impl UrlParam {
    /// Where the browser returns to.
    pub fn pay_return(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            kind: "PAY_RETURN".to_owned(),
            is_deeplink: "N".to_owned(),
        }
    }
}

/// `additionalInfo` of a payment at the bank.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BankPaymentInfo {
    /// What the customer knows the merchant by.
    pub merchant_name: String,
    /// What the customer reads.
    pub remarks: String,
    /// What is bought.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub line_items: Vec<LineItem>,
}

impl BankPaymentRequest {
    /// Where the browser returns to.
    #[must_use]
    pub fn return_url(&self) -> Option<&str> {
        self.url_params
            .iter()
            .find(|param| param.kind == "PAY_RETURN")
            .map(|param| param.url.as_str())
    }
}

impl Request for BankPaymentRequest {
    const SERVICE: Service = Service::PAYMENT;
    const PATH: &'static str = paths::BANK_PAYMENT;

    fn read(body: &Fields<'_>, rules: Rules<'_>) -> Result<Self, Refusal> {
        body.require_filled(&["partnerReferenceNo"])?;
        body.require(&["amount", "validUpTo", "urlParams", "additionalInfo"])?;
        Ok(Self {
            partner_reference_no: body.text("partnerReferenceNo", 1..=64)?,
            amount: body.amount("amount")?,
            pay_option_details: read_pay_options(body)?,
            valid_up_to: read_time(body, "validUpTo")?,
            url_params: read_url_params(body)?,
            additional_info: BankPaymentInfo::read(&body.object("additionalInfo")?, rules)?,
        })
    }
}

fn read_url_params(body: &Fields<'_>) -> Result<Vec<UrlParam>, Refusal> {
    let params = body.array("urlParams")?.unwrap_or_default();
    if params.is_empty() {
        return Err(body.malformed("urlParams"));
    }
    let read = |param: &Fields<'_>| {
        param.require(&["url", "type", "isDeeplink"])?;
        Ok(UrlParam {
            url: read_http_url(param, "url")?,
            kind: param.text("type", 1..=32)?,
            is_deeplink: param.one_of("isDeeplink", &["N", "Y"])?.to_owned(),
        })
    };
    params.iter().map(read).collect()
}

impl BankPaymentInfo {
    fn read(info: &Fields<'_>, rules: Rules<'_>) -> Result<Self, Refusal> {
        info.require(&["merchantName", "remarks"])?;
        Ok(Self {
            merchant_name: info.text("merchantName", 1..=128)?,
            remarks: info.text("remarks", 1..=40)?,
            line_items: match info.get("lineItems") {
                Some(_) => read_line_items(info, rules)?,
                None => Vec::new(),
            },
        })
    }
}

/// Asks the bank what became of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BankStatusRequest {
    /// Our payment id.
    pub original_partner_reference_no: String,
    /// `54`.
    pub service_code: String,
}

impl BankStatusRequest {
    /// For a payment of ours.
    pub fn of(original_partner_reference_no: impl Into<String>) -> Self {
        Self {
            original_partner_reference_no: original_partner_reference_no.into(),
            service_code: Service::PAYMENT.to_string(),
        }
    }
}

impl Request for BankStatusRequest {
    const SERVICE: Service = Service::STATUS;
    const PATH: &'static str = paths::BANK_STATUS;

    fn read(body: &Fields<'_>, _rules: Rules<'_>) -> Result<Self, Refusal> {
        body.require_filled(&["originalPartnerReferenceNo"])?;
        body.require(&["serviceCode"])?;
        Ok(Self {
            original_partner_reference_no: body.text("originalPartnerReferenceNo", 1..=64)?,
            service_code: read_service_code(body)?,
        })
    }
}

/// Asks the bank to end a payment that has not moved money. Repeating it is a success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BankCancelRequest {
    /// Our payment id.
    pub original_partner_reference_no: String,
    /// Why, at most 256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Request for BankCancelRequest {
    const SERVICE: Service = Service::CANCEL;
    const PATH: &'static str = paths::BANK_CANCEL;

    fn read(body: &Fields<'_>, _rules: Rules<'_>) -> Result<Self, Refusal> {
        body.require_filled(&["originalPartnerReferenceNo"])?;
        Ok(Self {
            original_partner_reference_no: body.text("originalPartnerReferenceNo", 1..=64)?,
            reason: body.opt_text("reason", 1..=256)?,
        })
    }
}

/// The payment will not move money.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BankCancelResponse {
    /// `2005700`.
    #[serde(deserialize_with = "lenient::text")]
    pub response_code: String,
    /// `Successful`.
    #[serde(deserialize_with = "lenient::text")]
    pub response_message: String,
    /// Our payment id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_partner_reference_no: Option<String>,
    /// The bank's reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_reference_no: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_time: Option<String>,
}

/// Asks the bank to give money back. The same refund id with the same content is the same refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BankRefundRequest {
    /// Our payment id.
    pub original_partner_reference_no: String,
    /// Our refund id.
    pub partner_refund_no: String,
    /// How much.
    pub refund_amount: Amount,
    /// Why, at most 256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Request for BankRefundRequest {
    const SERVICE: Service = Service::REFUND;
    const PATH: &'static str = paths::BANK_REFUND;

    fn read(body: &Fields<'_>, _rules: Rules<'_>) -> Result<Self, Refusal> {
        body.require_filled(&["originalPartnerReferenceNo", "partnerRefundNo"])?;
        body.require(&["refundAmount"])?;
        Ok(Self {
            original_partner_reference_no: body.text("originalPartnerReferenceNo", 1..=64)?,
            partner_refund_no: body.text("partnerRefundNo", 1..=64)?,
            refund_amount: body.amount("refundAmount")?,
            reason: body.opt_text("reason", 1..=256)?,
        })
    }
}
