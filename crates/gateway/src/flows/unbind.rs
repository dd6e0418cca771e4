//! An unbinding (09): the merchant ends a link.
//!
//! Commit 1 makes the binding end: its tokens are dead and no payment can start. Then its open payments
//! are cancelled at the bank, and the link itself. Commit 2 stores that the bank confirmed, and the
//! answer. `settle` goes on where the bank did not.

use std::sync::Arc;

use direct_debit::{
    Binding, BindingCommand, BindingEnd, BindingId, BindingStateName, CancelCause, MerchantId, Step,
};
use snap::messages::bank::BankUnbindingRequest;
use snap::messages::unbinding::{UnbindingRequest, UnbindingResponse};
use snap::{Case, Refusal, ResponseCode, Service};
use storage::{Session, bindings, payments};

use super::once::{Once, Turn};
use super::{Trouble, bank_of, customer, outbox, settle};
use crate::api::answer::Answer;
use crate::api::signed::Signed;
use crate::app::App;
use crate::bank::{Asked, Bank};
use crate::tokens::Kind;

enum Begun {
    Answered(Answer),
    Started(Box<Binding>),
}

/// Answers an unbinding request.
pub async fn unbind(app: Arc<App>, signed: Signed<UnbindingRequest>) -> Result<Answer, Trouble> {
    let app = app.as_ref();
    let bank = bank_of(app, &signed.request.channel)?;
    let foreign = || Trouble::Refused(Refusal::new(Case::InvalidCustomerToken));
    // The token only names the binding: expired or revoked is fine, if it is ours for this merchant.
    let claims = app
        .tokens
        .verify_ended_too(Kind::B2b2c, &signed.request.token_id, signed.merchant.id())
        .map_err(|_| foreign())?;
    let id = BindingId::new(claims.binding_id.ok_or_else(foreign)?);
    let merchant = MerchantId::new(signed.merchant.id());
    let once = Once::of(app, Service::UNBINDING, &signed, bank.timeout_ms());
    let begun = app
        .store
        .transact_or_find(
            "unbind: begin",
            |s| {
                let (once, merchant, id) = (&once, &merchant, &id);
                async move { begin(&s, once, merchant, id).await }
            },
            |s, begun| find(s, &once, begun),
        )
        .await?;
    let binding = match begun {
        Begun::Answered(answer) => return Ok(answer),
        Begun::Started(binding) => *binding,
    };
    let ended = ask_to_end(app, bank, binding).await?;
    let answer = told(&ended);
    let answer = app
        .store
        .transact_or_find(
            "unbind: end",
            |s| {
                let (once, answer, ended) = (&once, answer.clone(), &ended);
                async move { once.answer(&s, &answer, Some(ended.id.as_str())).await }
            },
            |s, answer| once.find(s, answer),
        )
        .await?;
    app.workers.poke();
    Ok(answer)
}

/// Whether commit 1 happened, when that is not known: the binding ends since the claim was first stored.
async fn find(s: Session, once: &Once, begun: Begun) -> Result<Option<Begun>, Trouble> {
    match begun {
        Begun::Answered(answer) => Ok(once.find(s, answer).await?.map(Begun::Answered)),
        Begun::Started(binding) => {
            let claimed = once.is_claimed(&s).await?;
            Ok(claimed.then_some(Begun::Started(binding)))
        }
    }
}

async fn begin(
    s: &Session,
    once: &Once,
    merchant: &MerchantId,
    id: &BindingId,
) -> Result<Begun, Trouble> {
    if let Turn::Repeat(answer) = once.claim(s).await? {
        return Ok(Begun::Answered(answer));
    }
    let binding = bindings::by_id(s, merchant, id)
        .await?
        .ok_or_else(|| Trouble::Refused(Refusal::new(Case::InvalidCustomerToken)))?;
    match binding.apply(BindingCommand::End)? {
        Step::Changed(ending) => {
            let due_ms = Some(once.now_ms().saturating_add(15_000));
            bindings::update(s, &ending, due_ms, "the merchant unbinds", once.now_ms()).await?;
            payments::hasten_open(s, merchant, id, once.now_ms().saturating_add(15_000)).await?;
            let version = ending.version.saturating_add(1);
            Ok(Begun::Started(Box::new(Binding { version, ..ending })))
        }
        Step::Unchanged(binding) | Step::LateDebit(binding) => {
            if binding.state.name() == BindingStateName::Ending {
                return Ok(Begun::Started(Box::new(binding)));
            }
            let id = Some(binding.id.as_str());
            Ok(Begun::Answered(once.answer(s, &told(&binding), id).await?))
        }
    }
}

async fn cancel_open_payments(app: &App, bank: &Bank, binding: &Binding) -> Result<(), Trouble> {
    let open =
        payments::open_of_binding(&app.store.reader(), &binding.merchant, &binding.id).await?;
    for payment in open {
        settle::cancel_at_bank(app, bank, payment, CancelCause::BindingEnded).await?;
    }
    Ok(())
}

/// Asks the bank to cancel the open payments (57) and then to end the link (09), and stores that it did:
/// also `settle`'s way.
pub async fn ask_to_end(app: &App, bank: &Bank, binding: Binding) -> Result<Binding, Trouble> {
    cancel_open_payments(app, bank, &binding).await?;
    if !end_at_bank(app, bank, &binding).await? {
        return Ok(binding);
    }
    let ended = app
        .store
        .transact("unbind: ended", |s| {
            let binding = &binding;
            async move {
                let now_ms = app.clock.business_now_ms();
                let now = bindings::by_id(&s, &binding.merchant, &binding.id)
                    .await?
                    .ok_or_else(|| storage::Error::corrupt("bindings", &binding.id, "gone"))?;
                let was = now.state.name();
                match now.apply(BindingCommand::Finish {
                    cause: BindingEnd::Merchant,
                })? {
                    Step::Changed(ended) => {
                        bindings::update(&s, &ended, None, "the bank unlinked", now_ms).await?;
                        if ended.state.name() != was {
                            outbox::binding(app, &s, &ended, now_ms).await?;
                        }
                        Ok::<_, Trouble>(ended)
                    }
                    Step::Unchanged(same) | Step::LateDebit(same) => Ok(same),
                }
            }
        })
        .await?;
    app.workers.poke();
    Ok(ended)
}

/// True when the bank confirms that there is no link any more.
async fn end_at_bank(app: &App, bank: &Bank, binding: &Binding) -> Result<bool, Trouble> {
    let token = match customer::token(app, bank, binding).await? {
        Asked::Done(token) => Some(token.expose().to_owned()),
        Asked::Unlinked(_) => return Ok(true),
        // There is none where the link was never ours; where it could not be renewed the link's id must do.
        Asked::Refused(_) | Asked::InProgress | Asked::Unknown(_) | Asked::NotAsked => None,
    };
    let request = BankUnbindingRequest {
        partner_reference_no: app.entropy.id(app.clock.business_now_ms()),
        link_id: binding.id.to_string(),
        token_id: token,
    };
    Ok(match bank.unbind(&request).await {
        Asked::Done(_) | Asked::Unlinked(_) => true,
        // The bank knows no such link: there is nothing to end, unless our request for it (07) may still be on
        // its way to the bank.
        Asked::Refused(no) => {
            let unknown = matches!(
                no.code.case(),
                Some(Case::InvalidAccount | Case::TransactionNotFound)
            );
            let sure_at_ms = binding
                .created_at_ms
                .saturating_add(bank.profile().not_found_window_ms);
            let was_linked = binding.state.name() == BindingStateName::Ending;
            unknown && (was_linked || app.clock.business_now_ms() >= sure_at_ms)
        }
        Asked::InProgress | Asked::Unknown(_) | Asked::NotAsked => false,
    })
}

fn told(binding: &Binding) -> Answer {
    let case = match binding.state.name() {
        BindingStateName::Ending => Case::InProgress,
        _ => Case::Successful,
    };
    let response = UnbindingResponse {
        response_code: ResponseCode::new(Service::UNBINDING, case).to_string(),
        response_message: case.message().to_owned(),
        reference_no: Some(binding.reference_no.clone()),
    };
    Answer::success(Service::UNBINDING, case, &response)
}
