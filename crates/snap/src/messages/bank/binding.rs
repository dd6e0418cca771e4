//! Linking at the bank: binding (07), inquiry (08), unbinding (09) and balance (11).

use serde::{Deserialize, Serialize};

use super::{read_http_url, read_time};
use crate::{
    Fields, Refusal, Request, Rules, Service,
    messages::{
        binding::{read_date_of_birth, read_phone_no},
        hidden_debug, lenient,
    },
    paths,
};

/// Asks the bank to link a customer.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BankBindingRequest {
    /// Our binding id.
    pub partner_reference_no: String,
    /// The customer's number, normalised.
    pub phone_no: String,
    /// The merchant, by our id.
    pub merchant_id: String,
    /// Where the bank sends the browser back, with our state in it.
    pub redirect_url: String,
    /// The rest.
    pub additional_info: BankBindingInfo,
}

/// `additionalInfo` of a binding at the bank. What the merchant told of the customer passes through, unstored.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BankBindingInfo {
    /// What the customer knows the merchant by.
    pub merchant_name: String,
    /// The merchant's channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The merchant's name for the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cust_id_merchant: Option<String>,
    /// At most 70.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_name: Option<String>,
    /// At most 256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// At most 20.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_card: Option<String>,
    /// At most 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// At most 255.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// `YYYYMMDD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_of_birth: Option<String>,
    /// At most 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_model: Option<String>,
    /// `ios` or `android`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_type: Option<String>,
    /// Until when the customer may finish.
    pub valid_up_to: String,
}

impl Request for BankBindingRequest {
    const SERVICE: Service = Service::BINDING;
    const PATH: &'static str = paths::BANK_BINDING;

    fn read(body: &Fields<'_>, _rules: Rules<'_>) -> Result<Self, Refusal> {
        body.require_filled(&["partnerReferenceNo"])?;
        body.require(&["phoneNo", "merchantId", "redirectUrl", "additionalInfo"])?;
        Ok(Self {
            partner_reference_no: body.text("partnerReferenceNo", 1..=64)?,
            phone_no: read_phone_no(body)?,
            merchant_id: body.text("merchantId", 1..=64)?,
            redirect_url: read_http_url(body, "redirectUrl")?,
            additional_info: BankBindingInfo::read(&body.object("additionalInfo")?)?,
        })
    }
}

impl BankBindingInfo {
    fn read(info: &Fields<'_>) -> Result<Self, Refusal> {
        info.require(&["merchantName", "validUpTo"])?;
        Ok(Self {
            merchant_name: info.text("merchantName", 1..=128)?,
            channel: info.opt_text("channel", 1..=64)?,
            cust_id_merchant: info.opt_text("custIdMerchant", 1..=64)?,
            customer_name: info.opt_text("customerName", 1..=70)?,
            email: info.opt_text("email", 1..=256)?,
            id_card: info.opt_text("idCard", 1..=20)?,
            country: info.opt_text("country", 1..=60)?,
            address: info.opt_text("address", 1..=255)?,
            date_of_birth: read_date_of_birth(info)?,
            device_model: info.opt_text("deviceModel", 1..=64)?,
            os_type: info.opt_text("osType", 1..=16)?,
            valid_up_to: read_time(info, "validUpTo")?,
        })
    }
}

/// The bank's answer: its page.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BankBindingResponse {
    /// `2000700`.
    #[serde(deserialize_with = "lenient::text")]
    pub response_code: String,
    /// `Successful`.
    #[serde(deserialize_with = "lenient::text")]
    pub response_message: String,
    /// Our binding id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner_reference_no: Option<String>,
    /// The bank's reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_no: Option<String>,
    /// The bank's page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_url: Option<String>,
}

/// Asks the bank what became of a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BankBindingInquiryRequest {
    /// Our binding id.
    pub original_partner_reference_no: String,
}

impl Request for BankBindingInquiryRequest {
    const SERVICE: Service = Service::BINDING_INQUIRY;
    const PATH: &'static str = paths::BANK_BINDING_INQUIRY;

    fn read(body: &Fields<'_>, _rules: Rules<'_>) -> Result<Self, Refusal> {
        body.require_filled(&["originalPartnerReferenceNo"])?;
        Ok(Self {
            original_partner_reference_no: body.text("originalPartnerReferenceNo", 1..=64)?,
        })
    }
}

/// What became of a link.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BankBindingInquiryResponse {
    /// `2000800`.
    #[serde(deserialize_with = "lenient::text")]
    pub response_code: String,
    /// `Successful`.
    #[serde(deserialize_with = "lenient::text")]
    pub response_message: String,
    /// The bank's reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_no: Option<String>,
    /// The bank's stable, opaque id of the account, once linked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_no: Option<String>,
    /// The rest.
    #[serde(deserialize_with = "lenient::object_or_default")]
    pub additional_info: LinkInfo,
}

/// `additionalInfo` of an inquiry's answer.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LinkInfo {
    /// How far it is.
    pub link_status: LinkStatus,
    /// The account as it may be shown, once linked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_masked: Option<String>,
    /// For the customer's token at the bank, once linked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_code: Option<String>,
    /// Why it failed: a response code such as `4030711`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<String>,
    /// Why it failed, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_message: Option<String>,
}

/// How far a link is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LinkStatus {
    /// The customer has not finished.
    Pending,
    /// Linked.
    Linked,
    /// It will not be linked.
    Failed,
    /// It was linked and is no more.
    Unlinked,
    /// Something we do not know; ask again.
    #[default]
    #[serde(other)]
    Unknown,
}

/// Asks the bank to end a link. Repeating it is a success.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BankUnbindingRequest {
    /// Our id of this request.
    pub partner_reference_no: String,
    /// Our binding id.
    pub link_id: String,
    /// The customer's token at the bank, if we have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_id: Option<String>,
}

impl Request for BankUnbindingRequest {
    const SERVICE: Service = Service::UNBINDING;
    const PATH: &'static str = paths::BANK_UNBINDING;

    fn read(body: &Fields<'_>, _rules: Rules<'_>) -> Result<Self, Refusal> {
        body.require_filled(&["partnerReferenceNo", "linkId"])?;
        Ok(Self {
            partner_reference_no: body.text("partnerReferenceNo", 1..=64)?,
            link_id: body.text("linkId", 1..=64)?,
            token_id: body.opt_text("tokenId", 1..=2048)?,
        })
    }
}

/// Asks the bank for the balances of the customer whom the token names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BankBalanceRequest {
    /// Our id of this request.
    pub partner_reference_no: String,
    /// The account, by the bank's opaque id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_no: Option<String>,
}

impl Request for BankBalanceRequest {
    const SERVICE: Service = Service::BALANCE;
    const PATH: &'static str = paths::BANK_BALANCE;

    fn read(body: &Fields<'_>, _rules: Rules<'_>) -> Result<Self, Refusal> {
        body.require_filled(&["partnerReferenceNo"])?;
        Ok(Self {
            partner_reference_no: body.text("partnerReferenceNo", 1..=64)?,
            account_no: body.opt_text("accountNo", 1..=64)?,
        })
    }
}

hidden_debug!(
    BankBindingRequest,
    BankBindingInfo,
    BankBindingResponse,
    BankBindingInquiryResponse,
    LinkInfo,
    BankUnbindingRequest,
);
