//! A balance (11): what the customer has, straight from the bank. Nothing is claimed and nothing
//! stored, so that two customers' balances in one second under one id never meet.

use std::sync::Arc;

use direct_debit::{BindingId, BindingStateName, MerchantId, Refusal as Rule};
use snap::messages::balance::{AccountInfo, BalanceRequest, BalanceResponse};
use snap::messages::bank::BankBalanceRequest;
use snap::{Case, ResponseCode, Service};
use storage::bindings;

use super::once::Once;
use super::{Trouble, bank_of, customer, reason, refusal_of};
use crate::api::answer::Answer;
use crate::api::signed::Signed;
use crate::app::App;
use crate::bank::Asked;

/// Answers a balance request.
pub async fn balance(app: Arc<App>, signed: Signed<BalanceRequest>) -> Result<Answer, Trouble> {
    let app = app.as_ref();
    let merchant = MerchantId::new(signed.merchant.id());
    let named = signed.customer.as_ref().ok_or(Rule::BindingNotActive)?;
    let id = BindingId::new(&named.binding_id);
    let binding = bindings::by_id(&app.store.reader(), &merchant, &id)
        .await?
        .filter(|binding| binding.state.name() == BindingStateName::Active)
        .ok_or(Rule::BindingNotActive)?;
    let bank = bank_of(app, &binding.channel)?;
    Once::of(app, Service::BALANCE, &signed, bank.timeout_ms())
        .claim_if_strict(app)
        .await?;
    if !bank.would_ask() {
        return Ok(Answer::case(Service::BALANCE, Case::Timeout));
    }
    let said = match customer::token(app, bank, &binding).await? {
        Asked::Done(token) => {
            let request = BankBalanceRequest {
                partner_reference_no: app.entropy.id(app.clock.business_now_ms()),
                account_no: binding.account.as_ref().map(|account| account.id.clone()),
            };
            bank.balance(&request, &token).await
        }
        other => other.without_answer(),
    };
    Ok(match said {
        Asked::Done(response) => told(response),
        Asked::Refused(no) => Answer::refusal(Service::BALANCE, &refusal_of(&reason(&no))),
        Asked::Unlinked(_) => {
            customer::left(app, &merchant, &id).await?;
            Answer::refused(Service::BALANCE, Rule::BindingNotActive)
        }
        Asked::InProgress | Asked::Unknown(_) | Asked::NotAsked => {
            Answer::case(Service::BALANCE, Case::Timeout)
        }
    })
}

fn told(response: BalanceResponse) -> Answer {
    let account_infos = response
        .account_infos
        .into_iter()
        .map(AccountInfo::with_both_spellings)
        .collect();
    let response = BalanceResponse {
        response_code: ResponseCode::new(Service::BALANCE, Case::Successful).to_string(),
        response_message: Case::Successful.message().to_owned(),
        account_infos,
    };
    Answer::success(Service::BALANCE, Case::Successful, &response)
}
