//! The customer's token (74): an authCode or a refresh token of a binding becomes a B2B2C token.
//!
//! A code may be exchanged as often as the merchant likes while its binding is active, and an exchange
//! never ends an earlier token: DOKU's Python SDK exchanges before every call.

use direct_debit::{Binding, BindingId, BindingStateName, MerchantId, Refusal as Rule};
use snap::messages::token::B2b2cResponse;
use snap::timestamp::format_jakarta;
use snap::{Case, ResponseCode, Service};
use storage::bindings;

use super::{Trouble, bank_of, link};
use crate::api::answer::Answer;
use crate::app::App;
use crate::derive;
use crate::merchants::Merchant;
use crate::tokens::Kind;

/// Exchanges an authCode. Where the customer has finished at the bank and the browser never came back,
/// the bank is asked first.
pub async fn by_auth_code(app: &App, merchant: &Merchant, code: &str) -> Result<Answer, Trouble> {
    let id = MerchantId::new(merchant.id());
    let found = bindings::by_auth_code(&app.store.reader(), &id, &derive::hash(code)).await?;
    let mut binding = found.ok_or(Rule::AuthCodeNotUsable)?;
    if matches!(
        binding.state.name(),
        BindingStateName::AwaitingCustomer | BindingStateName::Unknown
    ) {
        let bank = bank_of(app, &binding.channel)?;
        if bank.would_ask() {
            binding = link::ask_about_binding(app, bank, binding).await?;
        }
    }
    issue(app, merchant, &binding)
}

/// Exchanges a refresh token, which stays good until its own end.
pub async fn by_refresh_token(
    app: &App,
    merchant: &Merchant,
    token: &str,
) -> Result<Answer, Trouble> {
    let now_ms = app.clock.business_now_ms();
    let claims = app
        .tokens
        .verify(
            Kind::Refresh,
            token,
            merchant.id(),
            merchant.epoch(),
            now_ms,
        )
        .map_err(|_| Rule::AuthCodeNotUsable)?;
    let id = BindingId::new(claims.binding_id.ok_or(Rule::AuthCodeNotUsable)?);
    let binding =
        bindings::by_id(&app.store.reader(), &MerchantId::new(merchant.id()), &id).await?;
    issue(app, merchant, &binding.ok_or(Rule::AuthCodeNotUsable)?)
}

fn issue(app: &App, merchant: &Merchant, binding: &Binding) -> Result<Answer, Trouble> {
    if binding.state.name() != BindingStateName::Active {
        return Err(Rule::AuthCodeNotUsable.into());
    }
    let (now_ms, id) = (app.clock.business_now_ms(), binding.id.as_str());
    let access = app
        .tokens
        .b2b2c(merchant.id(), merchant.epoch(), id, now_ms);
    let refresh = app
        .tokens
        .refresh(merchant.id(), merchant.epoch(), id, now_ms);
    let (Some(access), Some(refresh)) = (access, refresh) else {
        return Ok(Answer::internal_error(Service::TOKEN_B2B2C));
    };
    let response = B2b2cResponse {
        response_code: ResponseCode::new(Service::TOKEN_B2B2C, Case::Successful).to_string(),
        response_message: Case::Successful.message().to_owned(),
        access_token: access.token,
        token_type: "Bearer".to_owned(),
        access_token_expiry_time: Some(format_jakarta(access.expires_at_ms)),
        refresh_token: Some(refresh.token),
        refresh_token_expiry_time: Some(format_jakarta(refresh.expires_at_ms)),
    };
    Ok(Answer::success(
        Service::TOKEN_B2B2C,
        Case::Successful,
        &response,
    ))
}
