//! The hosted pages: what a customer's browser opens before the bank's page and after it.
//!
//! They show where a binding or a payment stands and lead on to the bank or back to the merchant. A GET
//! of a landing page changes nothing, because messengers open links by themselves. OTP and PIN are never
//! asked for here.

mod drawing;
mod labels;
mod landing;
mod language;
mod look;
mod returning;
mod view;
mod way_back;
mod words;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::app::App;

/// The paths of the hosted pages.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route(
            "/direct-debit/ui/binding/core/{page_id}",
            get(landing::binding),
        )
        .route(
            "/direct-debit/ui/payment/core/{page_id}",
            get(landing::payment),
        )
        .route("/direct-debit/ui/return/{bank}", get(returning::returned))
}
