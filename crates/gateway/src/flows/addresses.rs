//! The addresses that we give away: our landing pages to merchants, our return page to the bank. Built
//! from the configured `public_url` and values that only we can make, never from a request.

use crate::app::App;
use crate::derive;

/// Where a customer links an account: `redirectUrl`.
pub fn binding_page(app: &App, binding_id: &str) -> String {
    format!(
        "{}/direct-debit/ui/binding/core/{}",
        base(app),
        page_id(app, binding_id)
    )
}

/// Where a customer pays: `webRedirectUrl`.
pub fn payment_page(app: &App, payment_id: &str) -> String {
    format!(
        "{}/direct-debit/ui/payment/core/{}",
        base(app),
        page_id(app, payment_id)
    )
}

/// Where the bank sends the browser back to.
pub fn return_page(app: &App, bank: &str, id: &str) -> String {
    format!(
        "{}/direct-debit/ui/return/{bank}?state={}",
        base(app),
        state(app, id)
    )
}

/// The page id of a binding or a payment.
pub fn page_id(app: &App, id: &str) -> String {
    derive::page_id(app.keys.derive(), id)
}

/// The `state` of a binding or a payment.
pub fn state(app: &App, id: &str) -> String {
    derive::state(app.keys.derive(), id)
}

/// The authCode of a binding.
pub fn auth_code(app: &App, binding_id: &str) -> String {
    derive::auth_code(app.keys.derive(), binding_id)
}

fn base(app: &App) -> &str {
    app.config.public_url.trim_end_matches('/')
}
