//! What leaves the gateway: the only place where an outcome becomes a SNAP code and a body.
//!
//! A success is a message of `snap` that carries its own `responseCode`. Everything else is
//! `responseCode` and `responseMessage` and nothing more, because DOKU's Python SDK raises on any other
//! member; a payment also carries `webRedirectUrl: null`, which DOKU's PHP SDK reads.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use snap::{Case, ErrorBody, PaymentErrorBody, Refusal, Service};

/// One answer: status, body and headers of its own.
#[derive(Clone, Debug)]
pub struct Answer {
    status: u16,
    body: Bytes,
    headers: HeaderMap,
}

/// What an answer says in its body.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Said {
    /// The `responseCode`.
    pub response_code: Option<String>,
    /// The `responseMessage`.
    pub response_message: Option<String>,
}

impl Answer {
    /// A message of `snap` under the status of its case; the message names the same code in its body.
    #[must_use]
    pub fn success(service: Service, case: Case, message: &impl Serialize) -> Self {
        match serde_json::to_vec(message) {
            Ok(body) => Self::stored(case.http_status(), body),
            Err(error) => {
                tracing::error!(%error, "an answer could not be written");
                Self::case(service, Case::InternalServerError)
            }
        }
    }

    /// A refusal, as SNAP says it.
    #[must_use]
    pub fn refusal(service: Service, refusal: &Refusal) -> Self {
        Self::stored(refusal.case.http_status(), said(service, refusal))
    }

    /// A refusal without a detail.
    #[must_use]
    pub fn case(service: Service, case: Case) -> Self {
        Self::refusal(service, &Refusal::new(case))
    }

    /// What the rules refused.
    #[must_use]
    pub fn refused(service: Service, refusal: direct_debit::Refusal) -> Self {
        Self::refusal(service, &snap_refusal(refusal))
    }

    /// Something of ours broke: 500 xx 01, which a merchant may repeat.
    #[must_use]
    pub fn internal_error(service: Service) -> Self {
        Self::case(service, Case::InternalServerError)
    }

    /// Bytes that were an answer before, under a status that may be another one.
    #[must_use]
    pub fn stored(status: u16, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            body: body.into(),
            headers: HeaderMap::new(),
        }
    }

    /// The same answer with one more header; a value that no header can hold is left out.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The body.
    #[must_use]
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// What the body says, for logs.
    #[must_use]
    pub fn said(&self) -> Said {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The answer with the headers that every answer carries.
    #[must_use]
    pub fn into_response(self, timestamp: &str, trace_id: &str) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        *response.headers_mut() = self.headers;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in [("x-timestamp", timestamp), ("x-request-id", trace_id)] {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

/// How SNAP says what the rules refused.
#[must_use]
pub fn snap_refusal(refusal: direct_debit::Refusal) -> Refusal {
    use direct_debit::Refusal as Rule;
    match refusal {
        Rule::ExternalIdUsed => Refusal::new(Case::Conflict),
        Rule::InconsistentRequest => Refusal::new(Case::InconsistentRequest),
        Rule::BindingNotActive => Refusal::new(Case::InvalidCustomerToken),
        Rule::AuthCodeNotUsable => Refusal::unauthorized("Invalid Authorization Code"),
        Rule::AlreadyRegistered => {
            Refusal::with(Case::TransactionNotPermitted, "Account Already Registered")
        }
        Rule::TooManyBindings => Refusal::new(Case::ActivityCountLimitExceeded),
        Rule::PaymentNotFound => Refusal::new(Case::TransactionNotFound),
        Rule::PaymentNotPaid => Refusal::new(Case::InvalidTransactionStatus),
        Rule::RefundAboveLimit | Rule::PartsDoNotAddUp => Refusal::new(Case::InvalidAmount),
        Rule::PaymentEnded => Refusal::new(Case::TransactionExpired),
        // Nothing was done and nothing is claimed: SNAP's "repeat it" is 500 01.
        Rule::Overtaken => Refusal::new(Case::InternalServerError),
    }
}

fn said(service: Service, refusal: &Refusal) -> Vec<u8> {
    let body = if service == Service::PAYMENT {
        serde_json::to_vec(&PaymentErrorBody::new(refusal))
    } else {
        serde_json::to_vec(&ErrorBody::new(service, refusal))
    };
    body.unwrap_or_default()
}
