//! A binding (07): from the merchant's wish to the page on which the customer links an account.
//!
//! Commit 1 claims the id, ends an older unfinished binding of the same customer, and writes the new
//! one. Then the bank is asked. Commit 2 stores what the bank said and the answer.

use std::sync::Arc;

use direct_debit::{
    BankLink, Binding, BindingCommand, BindingFailure, BindingId, BindingState, BindingStateName,
    MerchantId, Refusal as Rule, Step,
};
use snap::messages::bank::{BankBindingInfo, BankBindingRequest, BankBindingResponse};
use snap::messages::binding::{BindingRequest, BindingResponse, BindingResult};
use snap::timestamp::format_jakarta;
use snap::{Case, ResponseCode, Service};
use storage::{Session, bindings};

use super::once::{Once, Turn};
use super::{Trouble, addresses, bank_of, outbox, reason, refusal_of};
use crate::api::answer::Answer;
use crate::api::signed::Signed;
use crate::app::App;
use crate::bank::{Asked, Bank};
use crate::derive;

/// The window of the limit on bindings started for one phone number.
const PHONE_WINDOW_MS: i64 = 60_000;

enum Begun {
    Answered(Answer),
    Started,
}

/// Answers a binding request.
pub async fn bind(app: Arc<App>, signed: Signed<BindingRequest>) -> Result<Answer, Trouble> {
    let app = app.as_ref();
    let bank = bank_of(app, &signed.request.additional_info.channel)?;
    if !bank.would_ask() {
        return Ok(Answer::case(Service::BINDING, Case::Timeout));
    }
    let once = Once::of(app, Service::BINDING, &signed, bank.timeout_ms());
    let wish = wished(app, bank, &signed, &once);
    let begun = app
        .store
        .transact_or_find(
            "bind: begin",
            |s| {
                let (once, wish) = (&once, &wish);
                async move { begin(app, &s, once, wish, bank.timeout_ms()).await }
            },
            |s, begun| find(s, &once, &wish, begun),
        )
        .await?;
    if let Begun::Answered(answer) = begun {
        return Ok(answer);
    }
    let said = bank.bind(&at_bank(app, bank, &signed, &wish)).await;
    let answer = app
        .store
        .transact_or_find(
            "bind: end",
            |s| {
                let (once, wish, said) = (&once, &wish, &said);
                async move { end(app, &s, once, wish, said).await }
            },
            |s, answer| once.find(s, answer),
        )
        .await?;
    app.workers.poke();
    Ok(answer)
}

/// Whether commit 1 happened, when that is not known.
async fn find(
    s: Session,
    once: &Once,
    wish: &Binding,
    begun: Begun,
) -> Result<Option<Begun>, Trouble> {
    Ok(match begun {
        Begun::Answered(answer) => once.find(s, answer).await?.map(Begun::Answered),
        Begun::Started => bindings::by_id(&s, &wish.merchant, &wish.id)
            .await?
            .map(|_| Begun::Started),
    })
}

fn wished(app: &App, bank: &Bank, signed: &Signed<BindingRequest>, once: &Once) -> Binding {
    let info = &signed.request.additional_info;
    let now_ms = once.now_ms();
    Binding {
        id: BindingId::new(app.entropy.id(now_ms)),
        merchant: MerchantId::new(signed.merchant.id()),
        bank: bank.profile().id.clone(),
        cust_id_merchant: info.cust_id_merchant.clone(),
        channel: info.channel.clone(),
        phone_no: signed.request.normalised_phone_no(),
        reference_no: app.entropy.digits(32),
        external_id: signed.external_id.clone(),
        success_url: info.success_registration_url.clone(),
        failed_url: info.failed_registration_url.clone(),
        created_at_ms: now_ms,
        expires_at_ms: now_ms
            .saturating_add(i64::from(app.config.page_life_s).saturating_mul(1_000)),
        bank_reference_no: None,
        bank_page: None,
        account: None,
        bank_link: BankLink::None,
        state: BindingState::Created,
        version: 1,
    }
}

async fn begin(
    app: &App,
    s: &Session,
    once: &Once,
    wish: &Binding,
    bank_timeout_ms: i64,
) -> Result<Begun, Trouble> {
    match once.claim(s).await? {
        Turn::First => {}
        Turn::Repeat(answer) => return Ok(Begun::Answered(answer)),
        // There is no reference in a binding: the newest one of this customer is the one asked for.
        Turn::Abandoned => return abandoned(app, s, once, wish).await,
    }
    let customer = (
        &wish.merchant,
        wish.cust_id_merchant.as_str(),
        wish.channel.as_str(),
    );
    if bindings::active_of_customer(s, customer.0, customer.1, customer.2)
        .await?
        .is_some()
    {
        return Ok(Begun::Answered(
            once.refuse(s, Rule::AlreadyRegistered).await?,
        ));
    }
    let since_ms = once.now_ms().saturating_sub(PHONE_WINDOW_MS);
    let phone_hash = app.keys.phone_hash(&wish.phone_no);
    let started = bindings::started_since(s, &wish.merchant, &phone_hash, since_ms).await?;
    if started >= i64::from(app.config.limits.phone_per_minute) {
        return Ok(Begun::Answered(
            once.refuse(s, Rule::TooManyBindings).await?,
        ));
    }
    for older in bindings::unfinished_of_customer(s, customer.0, customer.1, customer.2).await? {
        let command = BindingCommand::Fail {
            failure: BindingFailure::Superseded,
        };
        if let Step::Changed(older) = older.apply(command)? {
            bindings::update(
                s,
                &older,
                Some(once.now_ms()),
                "a newer binding",
                once.now_ms(),
            )
            .await?;
            outbox::binding(app, s, &older, once.now_ms()).await?;
        }
    }
    let due_ms = once
        .now_ms()
        .saturating_add(bank_timeout_ms)
        .saturating_add(5_000);
    bindings::insert(s, wish, &hashes(app, wish), due_ms).await?;
    Ok(Begun::Started)
}

fn hashes(app: &App, wish: &Binding) -> bindings::Hashes {
    let id = wish.id.as_str();
    bindings::Hashes {
        page: app.page_hash(id),
        state: app.state_hash(id),
        auth_code: derive::hash(&addresses::auth_code(app, id)),
        phone: app.keys.phone_hash(&wish.phone_no),
    }
}

async fn abandoned(app: &App, s: &Session, once: &Once, wish: &Binding) -> Result<Begun, Trouble> {
    let newest = bindings::by_external_id(s, &wish.merchant, &wish.external_id).await?;
    let answer = match newest {
        Some(binding) if binding.state.name() == BindingStateName::AwaitingCustomer => {
            accepted(app, &binding)
        }
        Some(binding) => match &binding.state {
            BindingState::Failed {
                failure: BindingFailure::Refused(reason),
            } => Answer::refusal(Service::BINDING, &refusal_of(reason)),
            _ => Answer::case(Service::BINDING, Case::Timeout),
        },
        None => Answer::case(Service::BINDING, Case::Timeout),
    };
    Ok(Begun::Answered(once.answer(s, &answer, None).await?))
}

fn at_bank(
    app: &App,
    bank: &Bank,
    signed: &Signed<BindingRequest>,
    wish: &Binding,
) -> BankBindingRequest {
    let info = &signed.request.additional_info;
    BankBindingRequest {
        partner_reference_no: wish.id.to_string(),
        phone_no: wish.phone_no.clone(),
        merchant_id: wish.merchant.to_string(),
        redirect_url: addresses::return_page(app, &bank.profile().id, wish.id.as_str()),
        additional_info: BankBindingInfo {
            merchant_name: signed.merchant.stored.name.clone(),
            channel: Some(info.channel.clone()),
            cust_id_merchant: Some(info.cust_id_merchant.clone()),
            customer_name: info.customer_name.clone(),
            email: info.email.clone(),
            id_card: info.id_card.clone(),
            country: info.country.clone(),
            address: info.address.clone(),
            date_of_birth: info.date_of_birth.clone(),
            device_model: Some(info.device_model.clone()),
            os_type: Some(info.os_type.clone()),
            valid_up_to: format_jakarta(wish.expires_at_ms),
        },
    }
}

async fn end(
    app: &App,
    s: &Session,
    once: &Once,
    wish: &Binding,
    said: &Asked<BankBindingResponse>,
) -> Result<Answer, Trouble> {
    let now = bindings::by_id(s, &wish.merchant, &wish.id)
        .await?
        .ok_or_else(|| storage::Error::corrupt("bindings", &wish.id, "gone"))?;
    let (command, cause) = match said {
        Asked::Done(BankBindingResponse {
            redirect_url: Some(page),
            reference_no,
            ..
        }) => {
            let page = BindingCommand::OpenPage {
                bank_reference_no: reference_no.clone(),
                bank_page: page.clone(),
            };
            (page, "the bank opened its page")
        }
        Asked::Refused(no) | Asked::Unlinked(no) => (
            BindingCommand::Fail {
                failure: BindingFailure::Refused(reason(no)),
            },
            "the bank refused",
        ),
        Asked::Done(_) | Asked::InProgress | Asked::Unknown(_) | Asked::NotAsked => {
            (BindingCommand::LoseSight, "the bank's answer is missing")
        }
    };
    let step = now.apply(command)?;
    let answer = match (said, &step) {
        (Asked::Refused(no) | Asked::Unlinked(no), _) => {
            Answer::refusal(Service::BINDING, &refusal_of(&reason(no)))
        }
        (_, Step::Changed(after)) if after.state.name() == BindingStateName::AwaitingCustomer => {
            accepted(app, after)
        }
        _ => Answer::case(Service::BINDING, Case::Timeout),
    };
    if let Step::Changed(after) = step {
        let due_ms = match after.state.name() {
            BindingStateName::AwaitingCustomer => Some(after.expires_at_ms),
            BindingStateName::Unknown => Some(once.now_ms()),
            _ => (after.bank_link == BankLink::Unwanted).then(|| once.now_ms()),
        };
        bindings::update(s, &after, due_ms, cause, once.now_ms()).await?;
        if after.state.name() == BindingStateName::Failed {
            outbox::binding(app, s, &after, once.now_ms()).await?;
        }
    }
    once.answer(s, &answer, Some(wish.id.as_str())).await
}

/// Accepted: the customer is to be sent to the page.
fn accepted(app: &App, binding: &Binding) -> Answer {
    let id = binding.id.as_str();
    let code = ResponseCode::new(Service::BINDING, Case::Successful);
    let response = BindingResponse {
        response_code: code.to_string(),
        response_message: Case::Successful.message().to_owned(),
        reference_no: Some(binding.reference_no.clone()),
        redirect_url: Some(addresses::binding_page(app, id)),
        additional_info: Some(BindingResult::pending(
            binding.cust_id_merchant.clone(),
            addresses::auth_code(app, id),
        )),
    };
    Answer::success(Service::BINDING, Case::Successful, &response)
}
