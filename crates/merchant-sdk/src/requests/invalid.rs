//! Why a request cannot be made.

use snap::Refusal;

/// A value in a request is not what the API allows. The value itself is not repeated here: it may
/// be personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {rule}")]
pub struct Invalid {
    /// The field's name on the wire, with its path.
    pub field: String,
    /// What the field must be.
    pub rule: &'static str,
}

impl Invalid {
    pub(crate) fn new(field: impl Into<String>) -> Self {
        let field = field.into();
        let rule = rule_of(field.rsplit('.').next().unwrap_or_default());
        Self { field, rule }
    }
}

impl From<Refusal> for Invalid {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.detail.unwrap_or_else(|| "the message".to_owned()))
    }
}

/// The rule of a field, in words.
fn rule_of(name: &str) -> &'static str {
    match name {
        "phoneNo" => "must be 9 to 16 digits",
        "custIdMerchant" | "deviceModel" => "must have 1 to 64 characters",
        "customerName" => "must have at most 70 characters",
        "email" => "must have at most 256 characters",
        "idCard" => "must have at most 20 characters",
        "country" => "must have at most 60 characters",
        "address" => "must have at most 255 characters",
        "reason" => "must have at most 256 characters",
        "dateOfBirth" => "must be a day written YYYYMMDD",
        "remarks" => "must have 1 to 40 characters",
        "lineItems" => "must list at least one item",
        "name" => "must have 1 to 32 characters",
        "quantity" => "must be a whole number from 1 to 999999999",
        "value" => "must be above zero",
        "payOptionDetails" => "must add up to the amount",
        "payMethod" => "must be there once for each method",
        "originalReferenceNo" | "originalExternalId" => "must have 1 to 64 characters",
        "tokenId" => "must have 1 to 2048 characters",
        "partnerReferenceNo" | "originalPartnerReferenceNo" | "partnerRefundNo" => {
            "must have 32 to 64 characters"
        }
        _ if name.ends_with("Url") => {
            "must be an https URL, http to this machine, or one of your app's own scheme"
        }
        _ => "is not what the API allows (control characters are never allowed)",
    }
}
