//! Hearing from the bank what became of a binding: the bank is asked (08), and a link is taken over only
//! with the bank's token for it.

use direct_debit::{
    BankAccount, BankLink, BankReason, Binding, BindingCommand, BindingFailure, BindingStateName,
    Step,
};
use snap::messages::bank::{BankBindingInquiryRequest, BankBindingInquiryResponse, LinkStatus};
use snap::messages::token::B2b2cRequest;
use snap::{Case, ReceivedCode};
use storage::bindings;

use super::confirm::words;
use super::{Trouble, customer, outbox};
use crate::app::App;
use crate::bank::{Asked, Bank};

/// Asks the bank about a binding that waits for its customer (08) and applies what it says.
pub async fn ask_about_binding(
    app: &App,
    bank: &Bank,
    binding: Binding,
) -> Result<Binding, Trouble> {
    use BindingStateName as Is;
    if !matches!(
        binding.state.name(),
        Is::Created | Is::AwaitingCustomer | Is::Unknown
    ) {
        return Ok(binding);
    }
    let request = BankBindingInquiryRequest {
        original_partner_reference_no: binding.id.to_string(),
    };
    let Asked::Done(link) = bank.binding_inquiry(&request).await else {
        return Ok(binding);
    };
    binding_told(app, bank, binding, link).await
}

/// Applies the bank's answer to 08. A link is taken over only with the bank's token for it.
pub async fn binding_told(
    app: &App,
    bank: &Bank,
    binding: Binding,
    link: BankBindingInquiryResponse,
) -> Result<Binding, Trouble> {
    let info = link.additional_info;
    let failed = match info.link_status {
        LinkStatus::Pending | LinkStatus::Unknown => return Ok(binding),
        LinkStatus::Linked => None,
        LinkStatus::Unlinked => Some(BindingFailure::Cancelled),
        LinkStatus::Failed => Some(why_not(words(
            info.reason_code.as_deref(),
            info.reason_message.as_deref(),
        ))),
    };
    if let Some(failure) = failed {
        return fail(app, &binding, &failure, "the bank did not link").await;
    }
    let (Some(account_id), Some(code)) = (link.account_no, info.auth_code) else {
        return fail(
            app,
            &binding,
            &BindingFailure::CodeLost,
            "the bank gave no code",
        )
        .await;
    };
    let tokens = match bank
        .customer_token(&B2b2cRequest::with_auth_code(code))
        .await
    {
        Asked::Done(response) => customer::tokens_of(app, &response, None),
        Asked::Refused(_) | Asked::Unlinked(_) => {
            return fail(
                app,
                &binding,
                &BindingFailure::CodeLost,
                "the bank refused its own code",
            )
            .await;
        }
        // Asked again at the next occasion: the code may still be good.
        Asked::InProgress | Asked::Unknown(_) | Asked::NotAsked => return Ok(binding),
    };
    let masked = info.account_masked.unwrap_or_default();
    let account = BankAccount {
        id: account_id,
        masked,
    };
    let linked = app
        .store
        .transact("confirm: binding", |s| {
            let (binding, account, tokens) = (&binding, account.clone(), &tokens);
            async move {
                let now_ms = app.clock.business_now_ms();
                let now = bindings::by_id(&s, &binding.merchant, &binding.id)
                    .await?
                    .ok_or_else(|| storage::Error::corrupt("bindings", &binding.id, "gone"))?;
                let Step::Changed(linked) = now.clone().apply(BindingCommand::Link { account })?
                else {
                    return Ok::<_, Trouble>(now);
                };
                if !bindings::activate(&s, &linked, tokens, "the customer linked", now_ms).await? {
                    let taken = BindingCommand::Fail {
                        failure: BindingFailure::AccountTaken,
                    };
                    let failed = now.apply(taken)?.into_inner();
                    bindings::update(&s, &failed, Some(now_ms), "the account is taken", now_ms)
                        .await?;
                    outbox::binding(app, &s, &failed, now_ms).await?;
                    return Ok(failed);
                }
                outbox::binding(app, &s, &linked, now_ms).await?;
                Ok(linked)
            }
        })
        .await?;
    app.workers.poke();
    Ok(linked)
}

/// Ends a binding that will not be linked.
pub async fn fail(
    app: &App,
    binding: &Binding,
    failure: &BindingFailure,
    cause: &'static str,
) -> Result<Binding, Trouble> {
    let failed = app
        .store
        .transact("confirm: binding failed", |s| async move {
            let now_ms = app.clock.business_now_ms();
            let now = bindings::by_id(&s, &binding.merchant, &binding.id)
                .await?
                .ok_or_else(|| storage::Error::corrupt("bindings", &binding.id, "gone"))?;
            match now.apply(BindingCommand::Fail {
                failure: failure.clone(),
            })? {
                Step::Changed(failed) => {
                    let unwanted = failed.bank_link == BankLink::Unwanted;
                    bindings::update(&s, &failed, unwanted.then_some(now_ms), cause, now_ms)
                        .await?;
                    outbox::binding(app, &s, &failed, now_ms).await?;
                    Ok::<_, Trouble>(failed)
                }
                Step::Unchanged(same) | Step::LateDebit(same) => Ok(same),
            }
        })
        .await?;
    app.workers.poke();
    Ok(failed)
}

/// The bank's reason for not linking, as a failure of the binding.
fn why_not(reason: Option<BankReason>) -> BindingFailure {
    let Some(reason) = reason else {
        return BindingFailure::Cancelled;
    };
    match ReceivedCode::parse(&reason.code).and_then(ReceivedCode::case) {
        Some(Case::TransactionCancelled) => BindingFailure::Cancelled,
        Some(Case::TransactionExpired) => BindingFailure::Expired,
        _ => BindingFailure::Refused(reason),
    }
}
