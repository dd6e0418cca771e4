//! The customer at the bank: the token that the bank gave us for a binding, what we ask with it, and
//! what follows when the bank says that the customer has gone.

use direct_debit::{Binding, BindingCommand, BindingEnd, BindingId, MerchantId, Payment, Step};
use snap::messages::bank::{
    BankBindingInquiryRequest, BankPaymentInfo, BankPaymentRequest, LinkStatus, UrlParam,
};
use snap::messages::payment::{LineItem, PayOption};
use snap::messages::token::{B2b2cRequest, B2b2cResponse};
use snap::timestamp::format_jakarta;
use snap::{Case, Secret, Timestamp};
use storage::bindings::{self, BankTokens};
use storage::payments;

use super::{Trouble, addresses, outbox};
use crate::app::App;
use crate::bank::{Asked, Bank, BankRefusal};

/// A token is renewed this long before its end.
const RENEW_AHEAD_MS: i64 = 60_000;
/// A bank that does not say how long its token lives: SNAP's own fifteen days.
const SNAP_TOKEN_LIFE_MS: i64 = 15 * 24 * 60 * 60 * 1_000;

/// The bank's token for a binding, renewed where its time is over. No transaction may be open.
pub async fn token(app: &App, bank: &Bank, binding: &Binding) -> Result<Asked<Secret>, Trouble> {
    let now_ms = app.clock.business_now_ms();
    let Some(held) = bindings::bank_tokens(&app.store.reader(), binding).await? else {
        return Ok(Asked::Unknown(
            "the binding has no token of the bank".to_owned(),
        ));
    };
    if held.expires_at_ms.saturating_sub(RENEW_AHEAD_MS) > now_ms {
        return Ok(Asked::Done(held.access));
    }
    let Some(refresh) = held.refresh else {
        return Ok(Asked::Done(held.access));
    };
    let request = B2b2cRequest::with_refresh_token(refresh.expose());
    let renewed = match bank.customer_token(&request).await {
        Asked::Done(response) => tokens_of(app, &response, Some(refresh)),
        Asked::InProgress => {
            return Ok(Asked::Unknown(
                "the bank has not renewed its token".to_owned(),
            ));
        }
        Asked::Refused(no) | Asked::Unlinked(no) => match anew(app, bank, binding, no).await {
            Asked::Done(tokens) => tokens,
            other => return Ok(other.without_answer()),
        },
        Asked::Unknown(why) => return Ok(Asked::Unknown(why)),
        Asked::NotAsked => return Ok(Asked::NotAsked),
    };
    let stored = &renewed;
    app.store
        .transact("customer: token", |s| async move {
            bindings::set_bank_tokens(&s, &binding.merchant, &binding.id, stored).await?;
            Ok::<_, Trouble>(())
        })
        .await?;
    Ok(Asked::Done(renewed.access))
}

/// Tokens for a link whose refresh token the bank no longer takes: it may have expired, or been used up by another
/// gateway. Whether the customer has gone is what 08 says; it also gives the code for new tokens.
async fn anew(app: &App, bank: &Bank, binding: &Binding, no: BankRefusal) -> Asked<BankTokens> {
    let request = BankBindingInquiryRequest {
        original_partner_reference_no: binding.id.to_string(),
    };
    let link = match bank.binding_inquiry(&request).await {
        Asked::Done(link) => link.additional_info,
        Asked::Refused(why) if why.code.case() == Some(Case::TransactionNotFound) => {
            return Asked::Unlinked(no);
        }
        other => return other.without_answer(),
    };
    match (link.link_status, link.auth_code) {
        (LinkStatus::Linked, Some(code)) => {
            match bank
                .customer_token(&B2b2cRequest::with_auth_code(code))
                .await
            {
                Asked::Done(response) => Asked::Done(tokens_of(app, &response, None)),
                other => other.without_answer(),
            }
        }
        (LinkStatus::Unlinked | LinkStatus::Failed, _) => Asked::Unlinked(no),
        (LinkStatus::Linked | LinkStatus::Pending | LinkStatus::Unknown, _) => {
            Asked::Unknown("the bank renews no token for a link that it has".to_owned())
        }
    }
}

/// What the bank's answer to 74 gives us, with times on the business clock.
pub fn tokens_of(app: &App, response: &B2b2cResponse, older_refresh: Option<Secret>) -> BankTokens {
    let told = response.access_token_expiry_time.as_deref();
    let expires_at_ms = told
        .and_then(|text| Timestamp::parse(text).ok())
        .map_or_else(
            || {
                app.clock
                    .business_now_ms()
                    .saturating_add(SNAP_TOKEN_LIFE_MS)
            },
            |time| time.unix_ms(),
        );
    BankTokens {
        access: Secret::new(response.access_token.clone()),
        refresh: response
            .refresh_token
            .clone()
            .map(Secret::new)
            .or(older_refresh),
        expires_at_ms,
    }
}

/// The customer unlinked in the bank's own app: the binding ends, and with it its tokens and its open
/// payments, and the merchant is told.
pub async fn left(app: &App, merchant: &MerchantId, id: &BindingId) -> Result<(), Trouble> {
    app.store
        .transact("customer: left", |s| async move {
            let now_ms = app.clock.business_now_ms();
            let Some(binding) = bindings::by_id(&s, merchant, id).await? else {
                return Ok(());
            };
            let command = BindingCommand::Finish {
                cause: BindingEnd::Bank,
            };
            if let Step::Changed(ended) = binding.apply(command)? {
                tracing::info!(binding = %ended.id, "the customer unlinked at the bank");
                bindings::update(&s, &ended, None, "unlinked at the bank", now_ms).await?;
                payments::hasten_open(&s, merchant, id, now_ms).await?;
                outbox::binding(app, &s, &ended, now_ms).await?;
            }
            Ok::<_, Trouble>(())
        })
        .await?;
    app.workers.poke();
    Ok(())
}

/// The payment as the bank is asked for it; the same bytes for the same payment, however often.
pub fn payment_at_bank(
    app: &App,
    bank: &Bank,
    payment: &Payment,
    merchant_name: &str,
) -> BankPaymentRequest {
    let options = payment.parts.iter().map(|part| PayOption {
        pay_method: part.method,
        trans_amount: Some(part.amount),
        fee_amount: part.fee_amount,
    });
    let items = payment.details.items.iter().map(|item| LineItem {
        name: item.name.clone(),
        price: item.price,
        quantity: item.quantity,
    });
    BankPaymentRequest {
        partner_reference_no: payment.id.to_string(),
        amount: payment.amount,
        pay_option_details: options.collect(),
        valid_up_to: format_jakarta(payment.valid_until_ms),
        url_params: vec![UrlParam::pay_return(addresses::return_page(
            app,
            &bank.profile().id,
            payment.id.as_str(),
        ))],
        additional_info: BankPaymentInfo {
            merchant_name: merchant_name.to_owned(),
            remarks: payment.details.remarks.clone(),
            line_items: items.collect(),
        },
    }
}
