//! From outcome to HTTP: the only place that makes a response of the API.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use snap::{Case, ErrorBody, Refusal, ResponseCode, Service, timestamp};

use crate::Error;
use crate::bank::Bank;

/// Why there is no answer: the bank says no, or the bank broke.
pub(super) enum Failure {
    Refused(Refusal),
    Broken(Error),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Case> for Failure {
    fn from(case: Case) -> Self {
        Self::Refused(Refusal::new(case))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Broken(Error::Database(error))
    }
}

/// `responseCode` and `responseMessage` of a success.
pub(super) fn successful(service: Service) -> (String, String) {
    (
        ResponseCode::new(service, Case::Successful).to_string(),
        Case::Successful.message().to_owned(),
    )
}

/// The response for an outcome.
pub(super) fn answer<T: Serialize>(
    bank: &Bank,
    service: Service,
    outcome: Result<T, Failure>,
) -> Response {
    match outcome {
        Ok(body) => respond(bank, StatusCode::OK, &body),
        Err(Failure::Refused(refusal)) => refused(bank, service, &refusal),
        Err(Failure::Broken(error)) => {
            tracing::error!(service = %service, error = error.chain(), "the bank failed");
            refused(bank, service, &Refusal::new(Case::InternalServerError))
        }
    }
}

/// The response for a refusal.
pub(super) fn refused(bank: &Bank, service: Service, refusal: &Refusal) -> Response {
    tracing::debug!(service = %service, code = %refusal.code(service), "refused");
    let status = StatusCode::from_u16(refusal.case.http_status())
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    respond(bank, status, &ErrorBody::new(service, refusal))
}

fn respond<T: Serialize>(bank: &Bank, status: StatusCode, body: &T) -> Response {
    let now = timestamp::format_jakarta(bank.clock.wall_ms());
    match serde_json::to_vec(body) {
        Ok(bytes) => (
            status,
            [
                (CONTENT_TYPE.as_str(), "application/json"),
                ("x-timestamp", now.as_str()),
            ],
            bytes,
        )
            .into_response(),
        Err(error) => {
            tracing::error!(error = %error, "an answer could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
