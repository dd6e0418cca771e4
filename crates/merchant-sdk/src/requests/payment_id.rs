//! Naming a payment that was made before.

use snap::messages::status::StatusRequest;

use super::{Invalid, Reference, checked};

/// Which payment is meant. The merchant's own reference names it best: it is known before the
/// first call, whatever became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentId {
    /// The merchant's `partnerReferenceNo`.
    Reference(String),
    /// The gateway's `referenceNo`.
    ReferenceNo(String),
    /// The payment's `X-EXTERNAL-ID`.
    ExternalId(String),
}

impl PaymentId {
    pub(crate) fn into_message(self) -> Result<StatusRequest, Invalid> {
        let mut message = StatusRequest {
            service_code: "54".to_owned(),
            ..StatusRequest::default()
        };
        match self {
            Self::Reference(id) => message.original_partner_reference_no = Some(id),
            Self::ReferenceNo(id) => message.original_reference_no = Some(id),
            Self::ExternalId(id) => message.original_external_id = Some(id),
        }
        checked(message)
    }
}

impl From<&Reference> for PaymentId {
    fn from(reference: &Reference) -> Self {
        Self::Reference(reference.to_string())
    }
}

impl From<&str> for PaymentId {
    /// Any reference of the merchant's, of whatever length: it may be an older one.
    fn from(reference: &str) -> Self {
        Self::Reference(reference.to_owned())
    }
}
