//! Account binding (07), as merchants send it.

use serde::{Deserialize, Serialize};

use super::{CHANNEL, channel_of, hidden_debug, lenient};
use crate::{Fields, PhoneNo, Refusal, Request, Rules, Service, paths, timestamp};

/// Links a customer's account to a merchant.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BindingRequest {
    /// Nine to sixteen digits, as given; see [`BindingRequest::normalised_phone_no`].
    pub phone_no: String,
    /// The rest.
    pub additional_info: BindingInfo,
}

/// `additionalInfo` of a binding.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BindingInfo {
    /// [`CHANNEL`].
    pub channel: String,
    /// The merchant's name for the customer, 1 to 64.
    pub cust_id_merchant: String,
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
    /// Where the browser goes when it went well.
    pub success_registration_url: String,
    /// Where the browser goes otherwise.
    pub failed_registration_url: String,
    /// 1 to 64.
    pub device_model: String,
    /// `ios` or `android`.
    pub os_type: String,
    /// `app` or `web`.
    pub channel_id: String,
}

impl BindingRequest {
    /// The number for look-ups: a leading `0` becomes `62`.
    #[must_use]
    pub fn normalised_phone_no(&self) -> String {
        PhoneNo::parse(&self.phone_no)
            .map_or_else(|| self.phone_no.clone(), |phone| phone.normalised())
    }
}

impl Default for BindingInfo {
    /// The channel, a device in a web page, and nothing else.
    fn default() -> Self {
        Self {
            channel: CHANNEL.to_owned(),
            cust_id_merchant: String::new(),
            customer_name: None,
            email: None,
            id_card: None,
            country: None,
            address: None,
            date_of_birth: None,
            success_registration_url: String::new(),
            failed_registration_url: String::new(),
            device_model: String::new(),
            os_type: "android".to_owned(),
            channel_id: "web".to_owned(),
        }
    }
}

impl Request for BindingRequest {
    const SERVICE: Service = Service::BINDING;
    const PATH: &'static str = paths::BINDING;

    fn read(body: &Fields<'_>, rules: Rules<'_>) -> Result<Self, Refusal> {
        body.require(&["phoneNo", "additionalInfo"])?;
        let phone_no = read_phone_no(body)?;
        let additional_info = BindingInfo::read(&body.object("additionalInfo")?, rules)?;
        Ok(Self {
            phone_no,
            additional_info,
        })
    }
}

impl BindingInfo {
    fn read(info: &Fields<'_>, rules: Rules<'_>) -> Result<Self, Refusal> {
        info.require(&[
            "channel",
            "custIdMerchant",
            "successRegistrationUrl",
            "failedRegistrationUrl",
            "deviceModel",
            "osType",
            "channelId",
        ])?;
        Ok(Self {
            channel: channel_of(info)?,
            cust_id_merchant: info.text("custIdMerchant", 1..=64)?,
            customer_name: info.opt_text("customerName", 1..=70)?,
            email: info.opt_text("email", 1..=if rules.strict { 64 } else { 256 })?,
            id_card: info.opt_text("idCard", 1..=20)?,
            country: info.opt_text("country", 1..=60)?,
            address: info.opt_text("address", 1..=255)?,
            date_of_birth: read_date_of_birth(info)?,
            success_registration_url: info.url("successRegistrationUrl", rules)?,
            failed_registration_url: info.url("failedRegistrationUrl", rules)?,
            device_model: info.text("deviceModel", 1..=64)?,
            os_type: info.one_of("osType", &["ios", "android"])?.to_owned(),
            channel_id: info.one_of("channelId", &["app", "web"])?.to_owned(),
        })
    }
}

/// Reads `phoneNo`.
pub(super) fn read_phone_no(body: &Fields<'_>) -> Result<String, Refusal> {
    let phone_no = body.text("phoneNo", 9..=16)?;
    body.describe("phoneNo", || serde_json::json!({ "pattern": "^[0-9]+$" }));
    if PhoneNo::parse(&phone_no).is_some() {
        Ok(phone_no)
    } else {
        Err(body.malformed("phoneNo"))
    }
}

/// Reads `dateOfBirth`.
pub(super) fn read_date_of_birth(info: &Fields<'_>) -> Result<Option<String>, Refusal> {
    info.describe(
        "dateOfBirth",
        || serde_json::json!({ "pattern": "^([0-9]{8})?$" }),
    );
    match info.opt_text("dateOfBirth", 8..=8)? {
        Some(day) if !timestamp::is_calendar_day(&day) => Err(info.malformed("dateOfBirth")),
        day => Ok(day),
    }
}

/// The answer: where to send the customer.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BindingResponse {
    /// `2000700`.
    #[serde(deserialize_with = "lenient::text")]
    pub response_code: String,
    /// `Successful`.
    #[serde(deserialize_with = "lenient::text")]
    pub response_message: String,
    /// Our reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_no: Option<String>,
    /// The page to open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_url: Option<String>,
    /// The rest.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "lenient::object"
    )]
    pub additional_info: Option<BindingResult>,
}

/// `additionalInfo` of a binding's answer. The state is written under both names that DOKU's SDKs read.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BindingResult {
    /// The merchant's name for the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cust_id_merchant: Option<String>,
    /// `PENDING`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_status: Option<String>,
    /// The same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// For the customer's token, once the customer has finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_code: Option<String>,
}

impl BindingResult {
    /// A binding that waits for the customer.
    pub fn pending(cust_id_merchant: impl Into<String>, auth_code: impl Into<String>) -> Self {
        Self {
            cust_id_merchant: Some(cust_id_merchant.into()),
            account_status: Some("PENDING".to_owned()),
            status: Some("PENDING".to_owned()),
            auth_code: Some(auth_code.into()),
        }
    }

    /// The state under whichever name it was given.
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        self.account_status.as_deref().or(self.status.as_deref())
    }
}

hidden_debug!(BindingRequest, BindingInfo, BindingResponse, BindingResult);
