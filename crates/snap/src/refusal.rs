//! Saying no in SNAP's words.

use serde::{Deserialize, Serialize};

use crate::{Case, ResponseCode, Service};

/// The longest message the standard allows, in characters.
const MESSAGE_MAX: usize = 150;

/// A case and what it is about: a field's name or a reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which case.
    pub case: Case,
    /// The field's path or the reason. Never text that came from the caller.
    pub detail: Option<String>,
}

impl Refusal {
    /// A case without further words.
    #[must_use]
    pub const fn new(case: Case) -> Self {
        Self { case, detail: None }
    }

    /// A case with a reason or field.
    pub fn with(case: Case, detail: impl Into<String>) -> Self {
        Self {
            case,
            detail: Some(detail.into()),
        }
    }

    /// `Invalid Field Format {field}`.
    pub fn format(field: impl Into<String>) -> Self {
        Self::with(Case::InvalidFieldFormat, field)
    }

    /// `Invalid Mandatory Field {field}`.
    pub fn mandatory(field: impl Into<String>) -> Self {
        Self::with(Case::InvalidMandatoryField, field)
    }

    /// `Unauthorized. [{reason}]`.
    pub fn unauthorized(reason: impl Into<String>) -> Self {
        Self::with(Case::Unauthorized, reason)
    }

    /// The code for a service.
    #[must_use]
    pub const fn code(&self, service: Service) -> ResponseCode {
        ResponseCode::new(service, self.case)
    }

    /// The message, at most 150 characters.
    #[must_use]
    pub fn message(&self) -> String {
        let words = self.case.message();
        let text = match (self.case, &self.detail) {
            (_, None) => words.trim_end_matches('.').to_owned(),
            (Case::InvalidFieldFormat | Case::InvalidMandatoryField, Some(field)) => {
                format!("{words} {field}")
            }
            (Case::InvalidAccount, Some(reason)) => {
                format!("Invalid Card/Account/Customer [{reason}]/Virtual Account")
            }
            (_, Some(reason)) => format!("{words} [{reason}]"),
        };
        text.chars().take(MESSAGE_MAX).collect()
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message())
    }
}

impl std::error::Error for Refusal {}

impl From<Case> for Refusal {
    fn from(case: Case) -> Self {
        Self::new(case)
    }
}

/// The body of a refusal: these two members and no other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// Seven digits.
    pub response_code: String,
    /// At most 150 characters.
    #[serde(default)]
    pub response_message: String,
}

impl ErrorBody {
    /// The body for a refusal of a service.
    #[must_use]
    pub fn new(service: Service, refusal: &Refusal) -> Self {
        Self {
            response_code: refusal.code(service).to_string(),
            response_message: refusal.message(),
        }
    }
}

/// The body of a refused payment: as [`ErrorBody`], with the `webRedirectUrl: null` that DOKU's PHP SDK reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentErrorBody {
    /// Seven digits.
    pub response_code: String,
    /// At most 150 characters.
    pub response_message: String,
    /// Always null.
    pub web_redirect_url: (),
}

impl PaymentErrorBody {
    /// The body for a refused payment.
    #[must_use]
    pub fn new(refusal: &Refusal) -> Self {
        let ErrorBody {
            response_code,
            response_message,
        } = ErrorBody::new(Service::PAYMENT, refusal);
        Self {
            response_code,
            response_message,
            web_redirect_url: (),
        }
    }
}
