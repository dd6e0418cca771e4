//! What the gateway can ask: SNAP over HTTP, with ASPI's paths and this bank's own signatures and tokens.
//!
//! One file a noun. An operation reads its request through [`call::Call::read`], which answers everything that is wrong with
//! it, and returns its answer or a refusal; only `answer` makes HTTP of that.

mod answer;
mod balances;
mod bindings;
mod call;
mod faulty;
mod payments;
mod refunds;
mod statements;
mod tokens;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use axum::routing::{MethodRouter, post};
use snap::{Case, Refusal, Request, Service, messages::bank, paths};

use self::answer::{Failure, refused};
use crate::bank::Bank;

/// Bodies are small; what is larger is not read.
const MAX_BODY: usize = 64 * 1024;

/// The gateway's routes.
pub(crate) fn routes() -> Router<Arc<Bank>> {
    Router::new()
        .route(
            paths::BANK_TOKEN_B2B,
            only_post(Service::TOKEN_B2B, post(tokens::b2b)),
        )
        .route(
            paths::BANK_TOKEN_B2B2C,
            only_post(Service::TOKEN_B2B2C, post(tokens::b2b2c)),
        )
        .route(
            bank::BankBindingRequest::PATH,
            only_post(Service::BINDING, post(bindings::start)),
        )
        .route(
            bank::BankBindingInquiryRequest::PATH,
            only_post(Service::BINDING_INQUIRY, post(bindings::inquire)),
        )
        .route(
            bank::BankUnbindingRequest::PATH,
            only_post(Service::UNBINDING, post(bindings::end)),
        )
        .route(
            bank::BankBalanceRequest::PATH,
            only_post(Service::BALANCE, post(balances::inquire)),
        )
        .route(
            bank::BankPaymentRequest::PATH,
            only_post(Service::PAYMENT, post(payments::start)),
        )
        .route(
            bank::BankStatusRequest::PATH,
            only_post(Service::STATUS, post(payments::status)),
        )
        .route(
            bank::BankCancelRequest::PATH,
            only_post(Service::CANCEL, post(payments::cancel)),
        )
        .route(
            bank::BankRefundRequest::PATH,
            only_post(Service::REFUND, post(refunds::refund)),
        )
        .route(
            bank::StatementRequest::PATH,
            only_post(Service::BANK_STATEMENT, post(statements::list)),
        )
        .layer(DefaultBodyLimit::max(MAX_BODY))
}

/// Another method on a path of ours is refused in the words of that path's service.
fn only_post(service: Service, route: MethodRouter<Arc<Bank>>) -> MethodRouter<Arc<Bank>> {
    route.fallback(move |State(bank): State<Arc<Bank>>| async move {
        refused(&bank, service, &Refusal::new(Case::FunctionNotSupported))
    })
}

/// A path that nobody serves.
pub(crate) async fn unknown_path(State(bank): State<Arc<Bank>>) -> Response {
    refused(&bank, Service::NONE, &Refusal::new(Case::RouteNotFound))
}
